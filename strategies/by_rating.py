"""What most strategies answer with: the ranking by the posterior's rating."""

from __future__ import annotations

from tournament.strategy import Ranking, Record, posterior, ranked_by


class ByRating:
    """Ranks by the rating of the posterior over all judgments."""

    __slots__ = ()

    def rank(self, record: Record) -> Ranking:
        """By rating; equal ones by head-to-head, then by the seeded lots."""
        fitted = posterior(record)
        return ranked_by(fitted, record, fitted.rating)

    def best(self, record: Record) -> int:
        """The first of the ranking."""
        return self.rank(record).order[0]
