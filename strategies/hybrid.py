"""A knockout to begin with, and the posterior decides among those it leaves standing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tournament.strategy import Play, Record

from .by_rating import ByRating
from .knockout import Knockout
from .narrowing import Narrowing, Seats, narrow


@dataclass(frozen=True, slots=True, kw_only=True)
class Hybrid(Narrowing, ByRating):
    """N - 1 matches of a knockout; what the budget leaves goes to the candidates that may still be the best.

    The parameters are those of `adaptive`. A budget that ends with the knockout or before it leaves a knockout's
    record, ranked by rating.
    """

    effort: float = 3.0

    def matches(self, n: int, limit: int | None = None) -> tuple[int, int]:
        """From the knockout to all that are paid for; `effort` a candidate without a limit."""
        fewest = max(n - 1, 0)
        most = max(Narrowing.matches(self, n, limit)[1], fewest)
        return (most if self.confidence == 1 else fewest), most

    def play(self, record: Record, rng: np.random.Generator) -> Play:
        """The bracket, then rounds among the leaders."""
        yield from Knockout().play(record, rng)
        yield from narrow(record, Seats(record, [[i] for i in record.seats(rng)]), rng, self)
