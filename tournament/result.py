"""What a problem came out as: the same object in results.jsonl, on stdout with --json, and from the API."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from tournament.strategy import Ranking, Record
from tournament.types import Problem, Spend


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One candidate's place. Ratings are on the log-odds scale, None where nothing was compared.

    Wins, losses and ties count matches. Identical candidates share the place of the entrant they were merged into.
    """

    id: str
    rank: int
    rating: float | None
    stderr: float | None
    wins: int
    losses: int
    ties: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The best candidate of a problem, how sure that is, the whole ranking, and what it cost.

    `partial` says that a budget, an interrupt or a lost judge ended the play early; `note` says why in words. `best_by`
    names the tie-break that decided the first place, None where none was needed.
    """

    id: str
    best: str
    p_best: float | None
    ranking: tuple[Standing, ...]
    spend: Spend
    partial: bool
    note: str = ""
    best_by: str | None = None
    tie_breaks: tuple[str, ...] = ()

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
        }


def make_result(problem: Problem, record: Record, ranking: Ranking, spend: Spend, note: str = "") -> Result:
    """Put a ranking of entrants into the terms of the problem's candidates."""
    field = record.field
    counts = _counts(record)
    standings = []
    place = 1
    for entrant in ranking.order:
        members = field.members[entrant]
        for member in members:
            standings.append(
                Standing(
                    id=problem.candidates[member].id,
                    rank=place,
                    rating=_known(ranking.rating[entrant]),
                    stderr=_known(ranking.stderr[entrant]),
                    **dict(zip(("wins", "losses", "ties"), counts[entrant], strict=True)),
                )
            )
        place += len(members)
    best = ranking.order[0]
    return Result(
        id=problem.id,
        best=field.ids[best],
        p_best=_known(ranking.p_best[best]),
        ranking=tuple(standings),
        spend=spend,
        partial=not record.complete,
        note=note,
        best_by=ranking.best_by,
        tie_breaks=ranking.tie_breaks,
    )


def _known(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 6)


def _counts(record: Record) -> list[list[int]]:
    counts = [[0, 0, 0] for _ in record.field.texts]
    for verdict in record.verdicts:
        if verdict.p_a is None:
            continue
        winner = verdict.winner
        for entrant in verdict.match:
            counts[entrant][2 if winner is None else 0 if winner == entrant else 1] += 1
    return counts
