"""Single elimination: N - 1 matches, the loser leaves (the RRM paper's way to pick the best of N)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tournament.strategy import Play, Ranking, Record, longer, ranked
from tournament.types import Match, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Knockout:
    """Single elimination; `draw` is "random", "given" (file order) or entrant numbers such as "3,7,0,1".

    Numbers that a field does not have are passed over; entrants that are not named follow in file order.
    A field that is no power of two gives byes in the first round to the last of the draw. Where a match brings no
    preference, the seeded lots say who goes on, and the ranking names them as a tie-break; where the pair was too long
    for the judge, the shorter one does. Candidates are ranked by the round they reached, then by rating.
    """

    draw: str = "random"

    def __post_init__(self) -> None:
        if self.draw not in ("random", "given"):
            _numbers(self.draw)

    def matches(self, n: int, limit: int | None = None) -> tuple[int, int]:
        """Every match sends one entrant home."""
        return max(n - 1, 0), max(n - 1, 0)

    def play(self, record: Record, rng: np.random.Generator) -> Play:
        """Play round after round until one entrant is left."""
        alive = self._bracket(record, rng)
        playing = 2 * len(alive) - (1 << (len(alive) - 1).bit_length())
        while len(alive) > 1:
            verdicts = yield [Match(a, b) for a, b in zip(alive[:playing:2], alive[1:playing:2], strict=True)]
            alive = [_goes_on(verdict, record) for verdict in verdicts] + alive[playing:]
            playing = len(alive)

    def rank(self, record: Record) -> Ranking:
        """By round reached, then by rating; those still in when the budget ended count as having reached the last."""
        ranking = ranked(record, self._reached(record))
        drawn = [verdict for verdict in record.verdicts if verdict.winner is None and verdict.comparisons]
        if not drawn:
            return ranking
        champion_drew = any(ranking.order[0] in verdict.match for verdict in drawn)
        return replace(
            ranking,
            tie_breaks=tuple(sorted({*ranking.tie_breaks, "draw"})),
            best_by="draw" if champion_drew else ranking.best_by,
        )

    def best(self, record: Record) -> int:
        """The champion of a whole bracket; else the first of the ranking."""
        if record.complete and record.rounds:
            return _goes_on(record.rounds[-1][0], record)
        return self.rank(record).order[0]

    def _bracket(self, record: Record, rng: np.random.Generator) -> list[int]:
        n = len(record.field)
        if self.draw == "random":
            return record.seats(rng)
        named = [] if self.draw == "given" else [i for i in _numbers(self.draw) if i < n]
        return named + [i for i in range(n) if i not in set(named)]

    def _reached(self, record: Record) -> NDArray[np.float64]:
        """The number of rounds each entrant came through; all of them for those who have not lost."""
        reached = np.full(len(record.field), float(len(record.rounds)))
        for number, verdicts in enumerate(record.rounds):
            for verdict in verdicts:
                if verdict.p_a is None and not verdict.comparisons:
                    continue  # the budget ended before this match: both are still in
                reached[sum(verdict.match) - _goes_on(verdict, record)] = number
        return reached


def _goes_on(verdict: Verdict, record: Record) -> int:
    winner = verdict.winner
    if winner is not None:
        return winner
    a, b = verdict.match
    too_long = longer(verdict, record.field)
    if too_long is not None:
        return a + b - too_long
    return a if record.lots[a] > record.lots[b] else b


def _numbers(draw: str) -> list[int]:
    try:
        numbers = [int(part) for part in draw.split(",")]
    except ValueError:
        numbers = [-1]
    if min(numbers) < 0 or len(set(numbers)) < len(numbers):
        raise ValueError(f'draw={draw!r}: give "random", "given", or entrant numbers from 0, each once, with commas')
    return numbers
