"""Candidates that end in the same final answer stand together; only different answers meet.

Two responses with one answer are equally right, so a comparison between them decides nothing. What one of them wins or
loses speaks for the answer, and so does the number of candidates that came to it (self-consistency; Wang et al., 2023).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tournament.answers import final_answer, group
from tournament.ratings import p_best
from tournament.strategy import Play, Ranking, Record, posterior, ranked_by

from .narrowing import Narrowing, Seats, narrow


@dataclass(frozen=True, slots=True, kw_only=True)
class Teams(Narrowing):
    """Teams by final answer, narrowed as by `adaptive`; the team's best-rated member stands for it.

    A team starts ahead by its size. Candidates without a readable answer stand alone. A field with a single answer
    needs no match. Ratings are the teams', and P(best) is the team's, given to the member that stands for it; `effort`
    counts matches a team.

    Attributes:
        size: A team of k candidates starts `size * log(k)` ahead of a lone one: with 1 as if each candidate were as
            likely as any other to be the right one; 0 leaves the number out.
    """

    size: float = 1.0

    def __post_init__(self) -> None:
        Narrowing.__post_init__(self)
        if not 0 <= self.size <= 10:
            raise ValueError(f"size={self.size}: give what a team's size weighs, from 0 to 10")

    def matches(self, n: int, limit: int | None = None) -> tuple[int, int]:
        """None where all agree; at the most as many as without teams."""
        return 0, Narrowing.matches(self, n, limit)[1]

    def play(self, record: Record, rng: np.random.Generator) -> Play:
        """Rounds between teams."""
        teams = _teams(record)
        order = rng.permutation(len(teams))
        seated = [teams[int(i)] for i in order]
        yield from narrow(record, Seats(record, seated, self._prior(record, seated)), rng, self)

    def rank(self, record: Record) -> Ranking:
        """By the team's rating, inside a team by the members' own, then by the seeded lots."""
        teams = _teams(record)
        seats = Seats(record, teams, self._prior(record, teams))
        fitted = seats.posterior()
        chance = p_best(fitted.rating, fitted.covariance)
        rating = fitted.rating[seats.of]
        ranking = ranked_by(posterior(record), record, rating, rating=rating)
        best = np.zeros(len(rating))
        for number, members in enumerate(teams):
            best[min(members, key=ranking.order.index)] = chance[number]
        return replace(ranking, stderr=fitted.field_stderr[seats.of], p_best=best)

    def best(self, record: Record) -> int:
        """The first of the ranking."""
        return self.rank(record).order[0]

    def _prior(self, record: Record, teams: list[list[int]]) -> NDArray[np.float64]:
        sizes = [sum(len(record.field.members[entrant]) for entrant in team) for team in teams]
        ahead = self.size * np.log(sizes)
        prior: NDArray[np.float64] = ahead - ahead.mean()
        return prior


def _teams(record: Record) -> list[list[int]]:
    """Entrants by final answer; teams, and entrants inside them, in the order of their lots."""
    by_lot = [int(i) for i in np.argsort(record.lots, kind="stable")]
    groups = group([final_answer(text) for text in record.field.texts])
    teams: dict[int, list[int]] = {}
    for entrant in by_lot:
        name = groups[entrant]
        teams.setdefault(name if name >= 0 else -1 - entrant, []).append(entrant)
    return list(teams.values())
