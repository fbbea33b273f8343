"""llm-verifier 0.3.0: the pivot tournament of its `llm_verifier.pivot_tournament`, through its public functions.

`select_best` makes a ring of all candidates, takes the `k` with the best mean preference as pivots and compares
everyone with them: N + k(N - k) + k(k - 1)/2 directed pairs. Each pair is shown in one order only; the ring shows
everybody once first and once second. It needs a `score` that gives two rewards: the preference and its complement rank
candidates as the judge's probability would. A judge without a preference gives 0.5 to both, as their own
`on_error="tie"` does.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from importlib import import_module

from benchmarks.peers.asking import Asking


@dataclass(frozen=True, slots=True, kw_only=True)
class PivotTournament:
    """As many pivots as the budget pays for, or two pivots (their default) and as many evaluations of each pair."""

    name: str
    pivots: int | None = None

    def fits(self, n: int, budget: int) -> bool:
        """The ring and one pivot are the least."""
        return _calls(n, self.pivots or 1) <= budget

    def pick(self, asking: Asking, seed: int) -> int:
        """Run the tournament on a ring drawn by their own function."""
        theirs = import_module("llm_verifier.pivot_tournament")
        n, budget = len(asking.field), asking.budget
        pivots = self.pivots or max(k for k in range(1, n + 1) if _calls(n, k) <= budget)
        evaluations = budget // _calls(n, pivots) if self.pivots else 1

        def score(first: int, second: int) -> tuple[float, float]:
            preference = sum(asking(first, second) for _ in range(evaluations)) / evaluations
            return preference, 1.0 - preference

        best, _ = theirs.select_best(n, theirs.ring_cycle(n, random.Random(seed)), pivots, score)
        return int(best)


def _calls(n: int, pivots: int) -> int:
    return n + pivots * (n - pivots) + pivots * (pivots - 1) // 2
