"""pairsort 0.3.0, through `pairsort.sort` and its own adapter for a callable judge.

Its budget counts pairs. A pair asked in both orders, its default, costs two judge calls; in one order, a random one,
one call. Its default schedule asks for the pairs of most expected information; where the budget pays for all pairs it
plays them all. It stops early where its ranking settles, which is switched off: the question is what a budget buys.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from benchmarks.peers.asking import Asking

QUESTION = "Which response is better?"
_TOGETHER = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PairSort:
    """Both orders of a pair or one, with one of its schedules."""

    name: str
    both_orders: bool
    schedule: str = "auto"

    def fits(self, n: int, budget: int) -> bool:
        """One pair is the least."""
        return budget >= 1 + self.both_orders

    def pick(self, asking: Asking, seed: int) -> int:
        """Sort the field's texts and take the first."""
        theirs, texts = import_module("pairsort"), asking.field.texts
        number = {text: index for index, text in enumerate(texts)}

        def prefer(question: str, a: str, b: str) -> float:
            return asking(number[a], number[b])

        judge = theirs.FunctionJudge(prefer)
        # All questions of a round in one request: otherwise each round starts threads, which only costs time here.
        judge.max_questions_per_request = _TOGETHER
        result = theirs.sort(
            list(texts),
            QUESTION,
            judge=judge,
            budget=asking.budget // (1 + self.both_orders),
            both_orders=self.both_orders,
            pair_strategy=self.schedule,
            adaptive=False,
            refine_rounds=0,
            seed=seed,
        )
        return number[result.best]
