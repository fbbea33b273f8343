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

    Who has less than `elimination` of the leader's chance sits out, and the budget sets how many may be in the running
    at all (`keep` from stage to stage, as in halving). `effort` is the most matches a candidate where no budget in
    comparisons limits them. `confidence=1` never stops early. `looks` is about how many rounds there are at the most.
    """

    def play(self, record: Record, rng: np.random.Generator) -> Play:
        """A look at the posterior each time everybody who is left has played once."""
        yield from narrow(record, Seats(record, [[i] for i in record.seats(rng)]), rng, self)
