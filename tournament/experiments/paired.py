"""Which of some strategies is best where all were tried on the same problems, and which are not shown to be worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LEVEL = 0.05
"""Chance that the truly best strategy is left out, at the most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How a strategy stands among others.

    Attributes:
        place: "best"; "level" where it is not worse than the best beyond noise; "worse"; "" where that is not known.
        p_value: Of the exact McNemar test against the best; None for the best itself, and where it is not known.
    """

    place: str
    p_value: float | None = None


def mcnemar(one: Sequence[bool], other: Sequence[bool]) -> float:
    """The two-sided p-value of the exact McNemar test (Psychometrika 12, 1947), the binomial test of disagreements.

    Args:
        one: Whether the first strategy was right, problem by problem.
        other: Whether the second was, on the same problems.

    Raises:
        ValueError: where the lengths differ.
    """
    wins = sum(a and not b for a, b in zip(one, other, strict=True))
    losses = sum(b and not a for a, b in zip(one, other, strict=True))
    total, term, tail = wins + losses, 1, 0
    for k in range(min(wins, losses) + 1):
        tail += term
        term = term * (total - k) // (k + 1)
    # Whole numbers up to here: powers of a half would be lost to rounding beyond a thousand disagreements.
    return min(1.0, 2 * tail / (1 << total))


def marks(right: Sequence[Sequence[bool]], spent: Sequence[float]) -> list[Mark]:
    """Mark the best of some strategies and those that are not worse beyond noise.

    The best is the one that was right most often; of equals, the one that spent less, then the first. Each other is
    tested against it, and the level is shared by the tests (Bonferroni), so that the truly best strategy is among those
    marked best or level with a chance of 95 % at least, however many there are.

    Args:
        right: For each strategy, whether it was right, problem by problem.
        spent: For each strategy, what it took.
    """
    best = max(range(len(right)), key=lambda i: (sum(right[i]), -spent[i], -i))
    level = LEVEL / max(len(right) - 1, 1)
    return [Mark(place="best") if i == best else _against(right[best], right[i], level) for i in range(len(right))]


def _against(best: Sequence[bool], other: Sequence[bool], level: float) -> Mark:
    p_value = mcnemar(best, other)
    return Mark(place="worse" if p_value < level else "level", p_value=p_value)
