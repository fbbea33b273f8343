"""Swiss rounds: every round pairs candidates of about equal points that have not met; nobody leaves."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tournament.strategy import Play, Ranking, Record, posterior, ranked_by
from tournament.types import Match, Verdict

_PATIENCE = 2000
"""Pairs that are tried in one round before somebody who could be paired may sit out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swiss:
    """Score groups without rematches. Where a field is odd, one sits out and gets half a point.

    Who sits out is the lowest of those who rested least.

    Attributes:
        rounds: How many rounds are played; 0 takes as many as the budget pays for, or, where nothing limits it, the
            logarithm of N to base 2 and three more.
        rating: "bradley-terry", or "wins" to rank by points.
    """

    rounds: int = 0
    rating: str = "bradley-terry"

    def __post_init__(self) -> None:
        if self.rounds < 0:
            raise ValueError(f"rounds={self.rounds}: give the number of rounds, or 0 to leave it to the budget")
        if self.rating not in ("bradley-terry", "wins"):
            raise ValueError(f"rating={self.rating!r}: choose bradley-terry or wins")

    def matches(self, n: int, limit: int | None = None) -> tuple[int, int]:
        """Half the field in each round; fewer where somebody has met all who are left."""
        each = n // 2
        most = each * self._rounds(n, limit)
        return min(each, most), most

    def play(self, record: Record, rng: np.random.Generator) -> Play:
        """Pair neighbours by points, round by round."""
        n, seats = len(record.field), record.seats(rng)
        limit = None if record.limit is None else record.limit // record.calls
        points, met, rests = [0.0] * n, set[tuple[int, int]](), [0] * n
        for _ in range(self._rounds(n, limit)):
            standing = sorted(range(n), key=lambda seat: -points[seat])
            if n % 2:
                out = min(reversed(standing), key=lambda seat: rests[seat])
                standing.remove(out)
                rests[out] += 1
            pairs = _pairs(standing, met)
            if not pairs:
                return
            met.update(pairs)
            verdicts = yield [Match(seats[a], seats[b]) for a, b in pairs]
            _award(points, pairs, verdicts)

    def rank(self, record: Record) -> Ranking:
        """By rating or by points; equal ones by head-to-head, then by rating, then by the seeded lots."""
        fitted = posterior(record)
        by_points = self.rating == "wins"
        return ranked_by(fitted, record, record.wins().sum(axis=1) if by_points else fitted.rating)

    def best(self, record: Record) -> int:
        """The first of the ranking."""
        return self.rank(record).order[0]

    def _rounds(self, n: int, limit: int | None) -> int:
        if n < 2:
            return 0
        fitting = math.ceil(math.log2(n)) + 3 if limit is None else max(limit // (n // 2), 1)
        return min(self.rounds or fitting, n - 1 if n % 2 == 0 else n)


def _pairs(standing: list[int], met: set[tuple[int, int]]) -> list[tuple[int, int]]:
    """Pair seats from the top down with the next one not met, taking a pair back where the rest could not be paired.

    Who finds nobody sits out, once `_PATIENCE` pairs have been tried in vain.
    """
    pairs: list[tuple[int, int]] = []
    left, tried = list(standing), 0
    stack: list[tuple[list[int], int]] = [(left, 1)]
    while stack and tried < _PATIENCE:
        left, place = stack.pop()
        del pairs[len(stack) :]
        if not left:
            return pairs
        fitting = (k for k in range(place, len(left)) if not {(left[0], left[k]), (left[k], left[0])} & met)
        if (partner := next(fitting, None)) is not None:
            tried += 1
            stack.append((left, partner + 1))
            pairs.append((left[0], left[partner]))
            rest = left[1:partner] + left[partner + 1 :]
            if not rest:
                return pairs
            stack.append((rest, 1))
    return _greedy(standing, met)


def _greedy(standing: list[int], met: set[tuple[int, int]]) -> list[tuple[int, int]]:
    left, pairs = list(standing), []
    while left:
        one = left.pop(0)
        for place, other in enumerate(left):
            if (one, other) not in met and (other, one) not in met:
                pairs.append((one, left.pop(place)))
                break
    return pairs


def _award(points: list[float], pairs: list[tuple[int, int]], verdicts: list[Verdict]) -> None:
    """A win is a point; a tie, a match without a preference and sitting out are half a point."""
    out = set(range(len(points))).difference(*pairs)
    for seat in out:
        points[seat] += 0.5
    for (a, b), verdict in zip(pairs, verdicts, strict=True):
        p_a = 0.5 if verdict.p_a is None else verdict.p_a
        points[a] += p_a
        points[b] += 1.0 - p_a
