"""Every registered strategy, and how tests of them play: what a strategy is told is what the runner would tell it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from tests.core import helpers
from tests.core.helpers import Answer, Story, always_first, always_tie, always_void, erratic, perfect
from tournament import registry
from tournament.ratings import JudgeModel
from tournament.strategy import MatchStrategy, PairingStrategy, Play, Ranking, Record
from tournament.types import Field

PAIRINGS: dict[str, tuple[str, dict[str, object]]] = {
    "auto": ("auto", {}),
    "knockout": ("knockout", {}),
    "knockout-given": ("knockout", {"draw": "given"}),
    "round-robin": ("round-robin", {}),
    "round-robin-half": ("round-robin", {"share": 0.5}),
    "round-robin-elo": ("round-robin", {"rating": "elo"}),
    "round-robin-wins": ("round-robin", {"rating": "wins"}),
    "round-robin-sparse-elo": ("round-robin", {"rating": "elo", "share": 0.1}),
    "swiss": ("swiss", {}),
    "swiss-wins": ("swiss", {"rating": "wins"}),
    "halving": ("halving", {}),
    "pivot": ("pivot", {}),
    "adaptive": ("adaptive", {}),
    "adaptive-to-the-end": ("adaptive", {"confidence": 1.0}),
    "hybrid": ("hybrid", {}),
    "teams": ("teams", {}),
    "first": ("first", {}),
    "random": ("random", {}),
    "longest": ("longest", {}),
    "majority": ("majority", {}),
}
MATCHINGS: dict[str, tuple[str, dict[str, object]]] = {
    "single": ("single", {}),
    "voting-3": ("voting", {}),
    "voting-4": ("voting", {"votes": 4}),
    "voting-5": ("voting", {"votes": 5}),
    "voting-3-all": ("voting", {"votes": 3, "stop": "none"}),
    "voting-posterior": ("voting", {"votes": 6, "stop": "posterior", "confidence": 0.9}),
    "voting-sprt": ("voting", {"votes": 7, "stop": "sprt"}),
    "rethinking": ("rethinking", {}),
    "rethinking-3": ("rethinking", {"votes": 3, "rethinks": 1, "ladder": "own,100"}),
}
ANSWERS: dict[str, Answer] = {
    "perfect": perfect,
    "first": always_first,
    "tie": always_tie,
    "void": always_void,
    "erratic": erratic(1),
}
FIXED = ("knockout", "round-robin", "pivot", "first", "random", "longest", "majority")
"""Names of the strategies whose plan no budget changes; all others plan by it, and `hybrid` after its knockout."""

SINGLE = registry.matching("single")
each_pairing = pytest.mark.parametrize("pairing", [registry.pairing(*v) for v in PAIRINGS.values()], ids=PAIRINGS)
each_matching = pytest.mark.parametrize("matching", [registry.matching(*v) for v in MATCHINGS.values()], ids=MATCHINGS)


def tell(
    field: Field,
    pairing: PairingStrategy,
    matching: MatchStrategy,
    answer: Answer,
    *,
    seed: int = 0,
    limit: int | None = None,
    judge: Callable[[], JudgeModel] | None = None,
) -> Story:
    """Drive the engine by hand with a record that knows what a match costs, and the judge where it is given."""
    told = _Told(pairing, matching.calls[1], judge)
    return helpers.tell(field, told, matching, answer, seed=seed, limit=limit)


def answered(*answers: int) -> Field:
    """A field whose candidates end in the given answers; the judges of `helpers` take the higher for the better."""
    texts = tuple(f"way {number} leads to answer {answer}" for number, answer in enumerate(answers))
    ids = tuple(map(str, range(len(texts))))
    return Field(problem_id="p", prompt="q", ids=ids, texts=texts, members=tuple((i,) for i in range(len(texts))))


@dataclass(frozen=True)
class _Told:
    """A strategy whose record says what the runner's would."""

    pairing: PairingStrategy
    calls: int
    judge: Callable[[], JudgeModel] | None

    def matches(self, n: int, limit: int | None = None) -> tuple[int, int]:
        return self.pairing.matches(n, limit)

    def play(self, record: Record, rng: np.random.Generator) -> Play:
        return self.pairing.play(self._informed(record), rng)

    def rank(self, record: Record) -> Ranking:
        return self.pairing.rank(self._informed(record))

    def best(self, record: Record) -> int:
        return self.pairing.best(self._informed(record))

    def _informed(self, record: Record) -> Record:
        record.calls, record.judge = self.calls, self.judge
        return record
