"""A ring, then everyone against the leaders of the ring (the schedule of llm-verifier's pivot tournament)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tournament.strategy import Play, Record
from tournament.types import Match

from .by_rating import ByRating
from .narrowing import Seats


@dataclass(frozen=True, slots=True, kw_only=True)
class Pivot(ByRating):
    """Everyone meets two neighbours in a ring; then everyone meets the candidates that did best there.

    Nobody meets the same candidate twice. Ranked by Bradley-Terry over all matches.

    Attributes:
        pivots: How many leaders of the ring everyone meets; 0 for the ring alone.
    """

    pivots: int = 2

    def __post_init__(self) -> None:
        if self.pivots < 0:
            raise ValueError(f"pivots={self.pivots}: give 0 for the ring alone, or the number of leaders to meet")

    def matches(self, n: int, limit: int | None = None) -> tuple[int, int]:
        """The ring, and what the leaders have not met yet: a little less where leaders are neighbours."""
        ring = n if n > 2 else n - 1
        leaders = min(self.pivots, n)
        among, most = leaders * (leaders - 1) // 2, leaders * (n - 1)
        every = n * (n - 1) // 2
        fewest = max(ring, min(every, ring + most - among - 2 * leaders))
        return min(fewest, every), min(every, ring + most - among)

    def play(self, record: Record, rng: np.random.Generator) -> Play:
        """The ring in one round, the leaders' matches in another."""
        seats = record.seats(rng)
        n = len(seats)
        ring = [(k, (k + 1) % n) for k in range(n if n > 2 else n - 1)]
        yield [Match(seats[a], seats[b]) for a, b in ring]
        # By seats: in the file's order, rounding would decide between equals.
        rating = Seats(record, [[entrant] for entrant in seats]).posterior().rating
        leaders = np.argsort(-rating, kind="stable")[: self.pivots].tolist()
        met = {frozenset(pair) for pair in ring}
        more = []
        for leader in leaders:
            for other in range(n):
                pair = frozenset((leader, other))
                if other != leader and pair not in met:
                    met.add(pair)
                    more.append(Match(seats[leader], seats[other]))
        if more:
            yield more
