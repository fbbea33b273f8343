"""Judges for the tests of adapters: they prefer the longer text, and say what was done to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tournament.judge import JudgeIdentity, TokenEstimate
from tournament.types import Comparison, Field, Judgment, Outcome

LONGER = JudgeIdentity(kind="longer", label="longer")


def longer(entrants: Field, comparison: Comparison) -> Judgment:
    """The longer text is the better one; what says "broken" cannot be judged."""
    first, second = entrants.texts[comparison.first], entrants.texts[comparison.second]
    if "broken" in first + second:
        return Judgment(Outcome.FAILED, None, detail="broken")
    if len(first) == len(second):
        return Judgment(Outcome.TIE, 0.5)
    return Judgment(Outcome.DECIDED, float(len(first) > len(second)))


@dataclass
class Longer:
    """A judge with a start and an end, both of which are counted; `asked` holds who was shown first and second."""

    batch_size: int | None = 1
    identity: JudgeIdentity = LONGER
    starts: int = 0
    closes: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def start(self) -> None:
        self.starts += 1

    async def close(self) -> None:
        self.closes += 1

    def plan(self, field: Field, comparisons: Sequence[Comparison]) -> TokenEstimate:
        return TokenEstimate()

    async def judge(self, field: Field, comparisons: Sequence[Comparison]) -> Sequence[Judgment]:
        assert self.starts > self.closes, "asked while it is closed"
        self.asked += [(field.texts[c.first], field.texts[c.second]) for c in comparisons]
        return [longer(field, comparison) for comparison in comparisons]
