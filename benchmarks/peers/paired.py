"""Who is ahead on the same problems: an exact paired test, corrected for how often it is asked, and calls at par."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tournament.experiments.paired import mcnemar

_Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True, kw_only=True)
class Duel:
    """Two pickers on the same problems: the problems that only one got right, and the lead of the first.

    `lead` is the difference of the accuracies, `margin` half its 95 % interval, `p` McNemar's.
    """

    only_first: int
    only_second: int
    lead: float
    margin: float
    p: float


def duel(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> Duel:
    """Compare two rows of right and wrong picks, (problems,) each, problem by problem."""
    one, two = int((first & ~second).sum()), int((second & ~first).sum())
    count = len(first)
    spread = math.sqrt(max(one + two - (one - two) ** 2 / count, 0.0)) / count
    return Duel(
        only_first=one,
        only_second=two,
        lead=(one - two) / count,
        margin=_Z95 * spread,
        p=mcnemar(first.tolist(), second.tolist()),
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for their number by Holm's step-down method (Scandinavian Journal of Statistics 6, 1979)."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    corrected, highest = [0.0] * len(p_values), 0.0
    for place, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - place) * p_values[index]))
        corrected[index] = highest
    return corrected


def calls_for(target: float, calls: Sequence[float], accuracy: Sequence[float]) -> float | None:
    """The calls at which an accuracy is reached, by straight lines between measured points; None where it never is.

    More calls are taken to be at least as good as fewer: noise in a later point does not undo an earlier one. Where
    the first point is good enough, its calls are the answer, an upper bound.
    """
    points = sorted(zip(calls, accuracy, strict=True))
    before: tuple[float, float] | None = None
    for used, reached in points:
        if reached >= target:
            if before is None:
                return used
            share = (target - before[1]) / (reached - before[1])
            return before[0] + share * (used - before[0])
        if before is None or reached > before[1]:
            before = used, reached
    return None
