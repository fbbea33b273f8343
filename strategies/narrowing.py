"""The common part of the strategies that narrow the field: who is still in the running, and who meets whom next.

Sequential halving (Karnin, Koren and Somekh, "Almost Optimal Exploration in Multi-Armed Bandits", ICML 2013) splits a
budget over stages with ever fewer candidates. Here every stage is ranked by the posterior over all judgments so far, so
nothing paid for is forgotten, and who falls behind by bad luck can come back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tournament.ratings import JudgedFit, fit_judged, p_best
from tournament.strategy import Play, Record
from tournament.types import Match

Floats = NDArray[np.float64]

_NODES = 256
_REMATCH, _UNEVEN, _CHANCE, _FAR = 4.0, 2.0, 0.4, 0.5
"""What keeps a pair from being chosen: each comparison it had, each match of this round, luck, each unit of rating."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """How a field is narrowed.

    Attributes:
        confidence: Chance to be the best at which the leader has won and the play stops; 1 for never.
        effort: The most matches a candidate, where no budget in comparisons limits them.
        keep: Share of the candidates that a stage hands to the next.
        elimination: Who has less than this share of the leader's chance to be the best sits out; 0 for nobody.
        looks: How often the posterior is looked at, about: into how many rounds the budget is split at the most where
            candidates are few. 0 plays each stage in one round.
    """

    confidence: float = 0.95
    effort: float = 5.0
    keep: float = 0.7
    elimination: float = 0.1
    looks: int = 16

    def __post_init__(self) -> None:
        if not 0.5 < self.confidence <= 1:
            raise ValueError(
                f"confidence={self.confidence}: give a chance above 0.5 and up to 1, which never stops early"
            )
        if not 0 < self.effort <= 1000:
            raise ValueError(f"effort={self.effort}: give the matches a candidate, above 0 and up to 1000")
        if not 0 < self.keep < 1:
            raise ValueError(f"keep={self.keep}: give the share of candidates that goes on, above 0 and below 1")
        if not 0 <= self.elimination < 1:
            raise ValueError(f"elimination={self.elimination}: give a share of the leader's chance, from 0 to below 1")
        if self.looks < 0:
            raise ValueError(f"looks={self.looks}: give how often to look at the posterior, or 0 for once a stage")

    def matches(self, n: int, limit: int | None = None) -> tuple[int, int]:
        """From one round to all that are paid for; `effort` a candidate without a limit."""
        most = 0 if n < 2 else self.total(n) if limit is None else limit
        return (most if self.confidence == 1 else min(n // 2, most)), most

    def total(self, n: int) -> int:
        """The matches of a field of `n` where nothing limits them: no pair would meet more than once in each order."""
        return max(n - 1, min(math.ceil(self.effort * n - 1e-9), n * (n - 1)))

    def stage(self, n: int, used: int, total: int) -> tuple[int, int]:
        """How many candidates are in the running once `used` of `total` matches are played, and when that changes.

        A stage of m candidates gets a share of the matches in proportion to the square root of m: between the equal
        shares of sequential halving and a knockout's, in which every candidate of a stage plays once.
        """
        sizes = [n]
        while sizes[-1] > 2:
            sizes.append(max(2, min(sizes[-1] - 1, math.ceil(self.keep * sizes[-1]))))
        roots = np.sqrt(sizes)
        ends = np.round(np.cumsum(roots) / roots.sum() * total).astype(int).tolist()
        return next(((size, end) for size, end in zip(sizes, ends, strict=True) if used < end), (sizes[-1], total))


class Seats:
    """Who sits where: one entrant a seat, or several that stand together; strategies reason about seats.

    The order of the seats is drawn at random and independent of the file, so that nothing depends on the file's order.
    `of` is the seat of each entrant, shape (n,).
    """

    def __init__(self, record: Record, seats: list[list[int]], prior: Floats | None = None) -> None:
        self._record, self._seats = record, seats
        self._prior = np.zeros(len(seats)) if prior is None else prior
        self.of = np.empty(len(record.field), dtype=np.intp)
        for seat, members in enumerate(seats):
            self.of[members] = seat

    def __len__(self) -> int:
        return len(self._seats)

    def posterior(self, start: JudgedFit | None = None) -> JudgedFit:
        """Ratings of the seats, by all comparisons between different seats."""
        evidence, judge = self._record.evidence.grouped(self.of, len(self)), self._record.judge
        return fit_judged(evidence, judge and judge(), prior=self._prior, start=start)

    def met(self) -> Floats:
        """How often any two seats met, shape (seats, seats), symmetric; matches without a preference count too."""
        pairs, _ = self._record.pairs()
        met = np.zeros((len(self), len(self)))
        np.add.at(met, tuple(self.of[pairs].T), 1.0)
        return met + met.T

    def matches(self, pairs: list[tuple[int, int]]) -> list[Match]:
        """A match for each pair of seats, between those members who were compared least so far."""
        played = self._record.evidence.met.sum(axis=1).tolist()
        chosen = []
        for pair in pairs:
            a, b = (min(self._seats[seat], key=lambda entrant: played[entrant]) for seat in pair)
            played[a] += 1
            played[b] += 1
            chosen.append(Match(a, b))
        return chosen


def narrow(record: Record, seats: Seats, rng: np.random.Generator, how: Narrowing) -> Play:
    """Play until the budget ends or the leader is sure enough; a round at a time."""
    n, fitted = len(seats), None
    luck = rng.random((n, n))
    luck = _CHANCE * (luck + luck.T)
    while n > 1:
        used, left = len(record.verdicts), record.matches_left(how.total(n))
        if not left and used:
            return
        left = max(left, 1)  # a budget for less than a match shows when the first one is asked for
        fitted = seats.posterior(fitted)
        size, end = how.stage(n, used, used + left)
        if how.elimination > 0 or how.confidence < 1:
            chance = p_best(fitted.rating, fitted.covariance, nodes=_NODES)
            if used and how.confidence < 1 and chance.max() >= how.confidence:
                return
            size = min(size, max(2, int((chance >= how.elimination * chance.max()).sum())))
        count = max(1, size // 2, (used + left) // how.looks) if how.looks else end - used
        count = min(count, left)
        running = np.argsort(-fitted.rating, kind="stable")[:size]
        pairs = paired(running, fitted.rating, seats.met(), luck, count)
        yield seats.matches(pairs)


def paired(running: NDArray[np.intp], rating: Floats, met: Floats, luck: Floats, count: int) -> list[tuple[int, int]]:
    """Choose pairs among those in the running: least met first, evenly, near each other in rating.

    Between equals a comparison tells most; `luck`, symmetric, breaks ties. Where few are left, pairs come up again.
    """
    inner = np.ix_(running, running)
    near = np.abs(rating[running][:, None] - rating[running][None, :])
    cost = _REMATCH * met[inner] + _FAR * near + luck[inner]
    np.fill_diagonal(cost, np.inf)
    pairs = []
    for _ in range(count):
        a, b = divmod(int(cost.argmin()), len(running))
        pairs.append((int(running[a]), int(running[b])))
        for place in (a, b):
            cost[place, :] += _UNEVEN
            cost[:, place] += _UNEVEN
        cost[a, b] += _REMATCH
        cost[b, a] = cost[a, b]
    return pairs
