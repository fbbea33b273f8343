"""Everybody against everybody, or a balanced share of it; ranked by Bradley-Terry, Elo or wins."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tournament.ratings import JudgedFit, elo, order, to_log_odds
from tournament.strategy import Play, Ranking, Record, posterior, ranked_by
from tournament.types import Match

RATINGS = ("bradley-terry", "elo", "wins")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundRobin:
    """All pairs, or the random regular `share` of them; `rating` is bradley-terry, elo or wins.

    Matches come in the rounds of the circle method over a random seating, so every entrant meets as many others as
    every other (one less where N is odd), and a budget that ends early has spent evenly. Elo depends on the order of
    matches; `elo_k` and `elo_scale` are its parameters (Elo, "The Rating of Chessplayers", 1978).
    """

    share: float = 1.0
    rating: str = "bradley-terry"
    elo_k: float = 32.0
    elo_scale: float = 400.0

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise ValueError(f"share={self.share}: give the part of all pairs to play, above 0 and up to 1")
        if self.rating not in RATINGS:
            raise ValueError(f"rating={self.rating!r}: choose {', '.join(RATINGS)}")
        if not (self.elo_k > 0 and self.elo_scale > 0):
            raise ValueError("elo_k and elo_scale must be positive")

    def matches(self, n: int, limit: int | None = None) -> tuple[int, int]:
        """The share of all N(N-1)/2 pairs, rounded up to whole rounds of the circle."""
        count = self._rounds(n) * (n // 2)
        return count, count

    def play(self, record: Record, rng: np.random.Generator) -> Play:
        """Ask for all matches together."""
        n = len(record.field)
        seats = record.seats(rng)
        yield [match for number in range(self._rounds(n)) for match in _circle(seats, number)]

    def rank(self, record: Record) -> Ranking:
        """By the rating asked for; equal ratings by head-to-head, then Bradley-Terry, then the lots."""
        fitted = posterior(record)
        primary = self._primary(record, fitted)
        shown = to_log_odds(primary, self.elo_scale) if self.rating == "elo" else None
        return ranked_by(fitted, record, primary, rating=shown)

    def best(self, record: Record) -> int:
        """The first of the ranking."""
        fitted = posterior(record)
        primary = self._primary(record, fitted)
        return order(primary, record.wins(), record.draw, rating=fitted.rating).order[0]

    def _rounds(self, n: int) -> int:
        whole = n - 1 if n % 2 == 0 else n
        return 0 if n < 2 else math.ceil(self.share * whole - 1e-9)

    def _primary(self, record: Record, fitted: JudgedFit) -> NDArray[np.float64]:
        if self.rating == "elo":
            pairs, p_a = record.pairs()
            return elo(pairs, p_a, len(record.field), k=self.elo_k, scale=self.elo_scale)
        return record.wins().sum(axis=1) if self.rating == "wins" else fitted.rating


def _circle(seats: list[int], number: int) -> list[Match]:
    """One round of the circle method: the first seat stays, the others move on by `number`; odd fields sit one out."""
    ring: list[int | None] = [*seats] if len(seats) % 2 == 0 else [None, *seats]
    rest = ring[1:]
    turned = [ring[0], *rest[number % len(rest) :], *rest[: number % len(rest)]]
    half = len(turned) // 2
    pairs = zip(turned[:half], reversed(turned[half:]), strict=True)
    return [Match(a, b) for a, b in pairs if a is not None and b is not None]
