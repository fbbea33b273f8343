"""Sequential halving: a fixed budget, the weaker part of the field sits out, stage by stage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tournament.strategy import Play, Record

from .by_rating import ByRating
from .narrowing import Narrowing, Seats, narrow


@dataclass(frozen=True, slots=True, kw_only=True)
class Halving(ByRating):
    """Stages with ever fewer candidates, ranked by the posterior over all judgments; few rounds, any budget.

    With a budget, all of it is used.

    Attributes:
        keep: Share of the candidates that a stage hands to the next; 0.5 is halving proper.
        effort: Matches a candidate, where no budget limits them.
    """

    keep: float = 0.7
    effort: float = 3.0

    def __post_init__(self) -> None:
        self._how()

    def matches(self, n: int, limit: int | None = None) -> tuple[int, int]:
        """All that are paid for; `effort` a candidate without a limit."""
        return self._how().matches(n, limit)

    def play(self, record: Record, rng: np.random.Generator) -> Play:
        """One round a stage."""
        yield from narrow(record, Seats(record, [[i] for i in record.seats(rng)]), rng, self._how())

    def _how(self) -> Narrowing:
        return Narrowing(keep=self.keep, effort=self.effort, confidence=1.0, elimination=0.0, looks=0)
