"""What a problem came out as: the same object in results.jsonl, on stdout with --json, and from the API."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tournament.ratings import normal
from tournament.ratings.graph import NonTransitivity, condorcet_winner, non_transitivity, top_cycle
from tournament.showing import html
from tournament.strategy import Ranking, Record
from tournament.types import Problem, Spend


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One candidate's place. Ratings are on the log-odds scale, None where nothing was compared.

    `low` and `high` are the ends of the rating's 95 % interval, and `p_best` is the probability that this candidate is
    the best. Wins, losses and ties count matches. Identical candidates share the place of the entrant they were merged
    into, and all its numbers.
    """

    id: str
    rank: int
    rating: float | None
    stderr: float | None
    low: float | None
    high: float | None
    p_best: float | None
    wins: int
    losses: int
    ties: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The best candidate of a problem, how sure that is, the whole ranking, and what it cost.

    `partial` says that a budget, an interrupt or a lost judge ended the play early; `note` says why in words. `best_by`
    names the tie-break that decided the first place, None where none was needed. `chosen` says what a strategy that
    chooses chose, and why.

    `condorcet` is the candidate that met all others and beat each of them, None where there is none. `top_cycle` are
    the candidates that lead, best first: a minimal set that nobody outside beats (`ratings.graph.top_cycle`).
    `non_transitive` counts the triads in which preferences go in a circle. All three name entrants, by the id of the
    first of identical candidates.
    """

    id: str
    best: str
    p_best: float | None
    ranking: tuple[Standing, ...]
    spend: Spend
    partial: bool
    condorcet: str | None
    top_cycle: tuple[str, ...]
    non_transitive: NonTransitivity
    note: str = ""
    best_by: str | None = None
    tie_breaks: tuple[str, ...] = ()
    chosen: str = ""

    def to_json(self) -> dict[str, Any]:
        """The result as a JSON object."""
        return {
            "id": self.id,
            "best": self.best,
            "p_best": self.p_best,
            "ranking": [{name: getattr(s, name) for name in Standing.__slots__} for s in self.ranking],
            "spend": self.spend.to_json(),
            "partial": self.partial,
            "note": self.note,
            "best_by": self.best_by,
            "tie_breaks": list(self.tie_breaks),
            "chosen": self.chosen,
            "condorcet": self.condorcet,
            "top_cycle": list(self.top_cycle),
            "non_transitive": {"cyclic": self.non_transitive.cyclic, "triads": self.non_transitive.triads},
        }

    def _repr_html_(self) -> str:
        """The ranking as a notebook shows it."""
        return html("result", self)


class Results(list[Result]):
    """Results in the order of their problems: a list, which a notebook shows as a table."""

    def _repr_html_(self) -> str:
        """One row a problem, as a notebook shows it."""
        return html("results", self)


def make_result(problem: Problem, record: Record, ranking: Ranking, spend: Spend, note: str = "") -> Result:
    """Put a ranking of entrants into the terms of the problem's candidates."""
    field, best, wins = record.field, ranking.order[0], record.wins()
    champion, leaders = condorcet_winner(wins), set(top_cycle(wins))
    return Result(
        id=problem.id,
        best=field.ids[best],
        p_best=_known(float(ranking.p_best[best])),
        ranking=_standings(problem, record, ranking),
        spend=spend,
        partial=not record.complete,
        condorcet=None if champion is None else field.ids[champion],
        top_cycle=tuple(field.ids[entrant] for entrant in ranking.order if entrant in leaders),
        non_transitive=non_transitivity(wins),
        note=note,
        best_by=ranking.best_by,
        tie_breaks=ranking.tie_breaks,
        chosen=ranking.chosen,
    )


def _standings(problem: Problem, record: Record, ranking: Ranking) -> tuple[Standing, ...]:
    """Every candidate's place, best first; who shares a place comes in the order of the file."""
    counts = _counts(record)
    columns = (ranking.rating, ranking.stderr, *_interval(ranking), ranking.p_best)
    known = [[_known(value) for value in row] for row in np.array(columns).T.tolist()]
    standings = []
    place = 1
    for entrant in ranking.order:
        (rating, stderr, low, high, p_best), (wins, losses, ties) = known[entrant], counts[entrant]
        members = record.field.members[entrant]
        for member in members:
            standing = Standing(
                id=problem.candidates[member].id,
                rank=place,
                rating=rating,
                stderr=stderr,
                low=low,
                high=high,
                p_best=p_best,
                wins=wins,
                losses=losses,
                ties=ties,
            )
            standings.append(standing)
        place += len(members)
    return tuple(standings)


def _interval(ranking: Ranking) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The ends of the ratings' 95 % intervals, (n,) each, NaN where the standard error is unknown."""
    unknown = np.isnan(ranking.stderr)
    ends = normal(ranking.rating, np.where(unknown, 0.0, ranking.stderr))
    return np.where(unknown, np.nan, ends.low), np.where(unknown, np.nan, ends.high)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 6) + 0.0  # no minus zero


def _counts(record: Record) -> list[list[int]]:
    counts = [[0, 0, 0] for _ in record.field.texts]
    for verdict in record.verdicts:
        if verdict.p_a is None:
            continue
        winner = verdict.winner
        for entrant in verdict.match:
            counts[entrant][2 if winner is None else 0 if winner == entrant else 1] += 1
    return counts
