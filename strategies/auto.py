"""The strategy that chooses a strategy, by what a problem looks like and what may be spent on it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tournament.answers import final_answer, group
from tournament.strategy import PairingStrategy, Play, Ranking, Record

from .adaptive import Adaptive
from .halving import Halving
from .hybrid import Hybrid
from .teams import Teams

_ROOM = 1.5
"""Matches a candidate from which looking at the posterior after every round pays; docs/strategies.md has figures."""

_PLENTY = 8.0
"""Matches a candidate from which even shares for whole stages do better than looking again and again."""

_FEW = 24
"""Candidates up to which a knockout makes the most of a budget below that; with more, stages of ever fewer do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Auto:
    """`teams` where final answers can be compared; else `adaptive`, on a small budget `hybrid` or `halving`.

    A budget is small below one and a half matches a candidate; `hybrid` is then a knockout, for up to 24 candidates.
    From eight matches a candidate on it is `halving` again.

    Attributes:
        effort: Matches a candidate, where no budget limits them; 0 for as many as a knockout, N - 1.
        confidence: Chance to be the best at which the leader has won and the play stops; 1 for never.
    """

    effort: float = 0.0
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if self.effort < 0:
            raise ValueError(f"effort={self.effort}: give the matches a candidate, or 0 for as many as a knockout")
        Adaptive(confidence=self.confidence)

    def matches(self, n: int, limit: int | None = None) -> tuple[int, int]:
        """None where all answers agree; at the most all that are paid for."""
        return 0, self._total(n) if limit is None else limit if n > 1 else 0

    def play(self, record: Record, rng: np.random.Generator) -> Play:
        """As the chosen strategy plays."""
        yield from self.choice(record)[0].play(record, rng)

    def rank(self, record: Record) -> Ranking:
        """As the chosen strategy ranks."""
        strategy, why = self.choice(record)
        return replace(strategy.rank(record), chosen=why)

    def best(self, record: Record) -> int:
        """The first of the ranking."""
        return self.choice(record)[0].best(record)

    def choice(self, record: Record) -> tuple[PairingStrategy, str]:
        """The strategy for a problem, and why in words. It depends on the field and the limits alone."""
        n = len(record.field)
        total = self._total(n) if record.limit is None else record.limit // record.calls
        effort = total / max(n, 1) or 1.0
        answers, alike = _answers(record)
        if alike:
            why = f"teams: {n} candidates end in {answers} different answers"
            return Teams(confidence=self.confidence, effort=effort), why
        what = f"{total} matches for {n} candidates whose answers cannot be compared"
        if total < _ROOM * n:
            if n - 1 <= total and n <= _FEW:
                return Hybrid(confidence=self.confidence, effort=effort), f"hybrid: {what}"
            return Halving(effort=effort), f"halving: {what}"
        if total >= _PLENTY * n:
            return Halving(effort=effort), f"halving: {what}"
        return Adaptive(confidence=self.confidence, effort=effort), f"adaptive: {what}"

    def _total(self, n: int) -> int:
        return max(n - 1, int(np.ceil(self.effort * n))) if n > 1 else 0


def _answers(record: Record) -> tuple[int, bool]:
    """How many different answers there are, and whether teams make sense: most have one, and some agree."""
    groups = group([final_answer(text) for text in record.field.texts])
    known = [name for name in groups if name >= 0]
    different = len(set(known))
    return different, 2 * len(known) > len(groups) and different < len(known)
