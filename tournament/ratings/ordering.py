"""From strengths to an order, with tie-breaks that say what they decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

TieBreak = Literal["head-to-head", "rating", "draw", "index"]

_SAME = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordering:
    """Candidates from best to worst, and how ties were broken.

    Attributes:
        order: Candidate indices, best first; every candidate once.
        tie_breaks: The tie-breaks that decided at least one place, in the order they were tried.
        tie_break_for_best: The tie-break that decided the first place, or None if no tie was in its way.
    """

    order: tuple[int, ...]
    tie_breaks: tuple[TieBreak, ...]
    tie_break_for_best: TieBreak | None


def order(primary: ArrayLike, wins: ArrayLike, lots: ArrayLike, *, rating: ArrayLike | None = None) -> Ordering:
    """Sort candidates by one number and break ties openly.

    Candidates whose numbers differ by at most 1e-9 are tied, and so is a chain of such neighbours. A tie is
    broken by the preference won against the others in the tie ("head-to-head"), then by `rating` where given
    ("rating"), then by lot ("draw"). Only equal lots leave a tie to the lower index ("index").

    Args:
        primary: The number to sort by, higher first, in any unit, shape `(n,)`.
        wins: Summed preference, shape `(n, n)`: entry `[i, j]` is how much `i` was preferred to `j`. The
            diagonal is ignored.
        lots: Uniform draws from a seeded generator, higher first, shape `(n,)`.
        rating: Ratings in log-odds, higher first, shape `(n,)`.

    Returns:
        The order and the tie-breaks that were needed.

    Raises:
        ValueError: If the shapes disagree or an entry is NaN.
    """
    keys = [_column(primary, "primary"), _column(lots, "lots")]
    n = len(keys[0])
    if rating is not None:
        keys.append(_column(rating, "rating"))
    matrix = np.array(wins, dtype=np.float64)
    if any(len(key) != n for key in keys) or matrix.shape != (n, n):
        raise ValueError(f"primary is of {n} candidates; give lots and rating as ({n},), wins as ({n}, {n})")
    np.fill_diagonal(matrix, 0.0)
    if np.isnan(matrix).any():
        raise ValueError("wins holds NaN; leave undecided matches out of the sums")
    return _resolve(keys[0], matrix, keys[1], keys[2] if rating is not None else None)


def _column(values: ArrayLike, name: str) -> list[float]:
    """Return one number a candidate as plain floats, whose infinities compare without warnings."""
    column = np.asarray(values, dtype=np.float64)
    if column.ndim != 1 or np.isnan(column).any():
        raise ValueError(f"{name}, of shape {column.shape}, must be one number a candidate, never NaN")
    return [float(value) for value in column]


def _resolve(
    primary: Sequence[float], wins: NDArray[np.float64], lots: Sequence[float], rating: Sequence[float] | None
) -> Ordering:
    """Split the field by each key in turn, and note which keys split anything."""
    groups = _split(list(range(len(primary))), primary, _SAME)
    used: list[TieBreak] = []
    decided_best: TieBreak | None = None
    names: tuple[TieBreak, ...] = ("head-to-head", "rating", "draw", "index")
    for name in names:
        finer = [part for group in groups for part in _break(name, group, wins, lots, rating)]
        if len(finer) > len(groups):
            used.append(name)
            if len(groups[0]) > 1 and len(finer[0]) == 1:
                decided_best = name
        groups = finer
    flat = tuple(index for group in groups for index in group)
    return Ordering(order=flat, tie_breaks=tuple(used), tie_break_for_best=decided_best)


def _break(
    name: TieBreak,
    group: list[int],
    wins: NDArray[np.float64],
    lots: Sequence[float],
    rating: Sequence[float] | None,
) -> list[list[int]]:
    """Split one tied group by one tie-break."""
    if len(group) == 1:
        return [group]
    if name == "head-to-head":
        won = wins[np.ix_(group, group)].sum(axis=1).tolist()
        return _split(group, dict(zip(group, won, strict=True)), _SAME)
    if name == "rating":
        return [group] if rating is None else _split(group, rating, _SAME)
    if name == "draw":
        return _split(group, lots, 0.0)
    return [[index] for index in sorted(group)]


def _split(group: list[int], key: Sequence[float] | dict[int, float], same: float) -> list[list[int]]:
    """Sort a group by a key, highest first, and cut it wherever the key falls by more than `same`."""
    parts: list[list[int]] = []
    for index in sorted(group, key=lambda i: key[i], reverse=True):
        if parts and not key[parts[-1][-1]] - key[index] > same:
            parts[-1].append(index)
        else:
            parts.append([index])
    return parts
