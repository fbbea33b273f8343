"""Adaptive matches: the posterior over who is best says who plays next, and when it is sure enough to stop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tournament.strategy import Play, Record

from .by_rating import ByRating
from .narrowing import Narrowing, Seats, narrow


@dataclass(frozen=True, slots=True, kw_only=True)
class Adaptive(Narrowing, ByRating):
    """Candidates with a fair chance to be the best meet, near equals first, until P(best) reaches `confidence`.

    Who has too small a share of the leader's chance sits out, and the budget sets how many may be in the running at
    all, stage by stage as in `halving`. The parameters are those of `Narrowing`.
    """

    def play(self, record: Record, rng: np.random.Generator) -> Play:
        """A look at the posterior each time everybody who is left has played once."""
        yield from narrow(record, Seats(record, [[i] for i in record.seats(rng)]), rng, self)
