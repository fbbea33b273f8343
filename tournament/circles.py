"""How often preferences go in circles over a whole run, and how often one candidate beats all others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tournament.health import share
from tournament.ratings import wilson
from tournament.result import Result


@dataclass(slots=True)
class Circles:
    """Counts over problems.

    Triads of one field share pairs, so they are no independent trials: the interval is that of the number of
    independent triads that would vary as much between problems (the design effect of Kish, "Survey Sampling", 1965).
    """

    problems: int = 0
    cyclic: int = 0
    triads: int = 0
    condorcet: int = 0
    all_met: int = 0
    _squares: int = 0
    _products: int = 0
    _sizes: int = 0

    def add(self, result: Result, *, all_met: bool) -> None:
        """Count a problem; `all_met` says that every pair of its candidates was compared with a preference."""
        cyclic, triads = result.non_transitive.cyclic, result.non_transitive.triads
        self.problems += triads > 0
        self.cyclic += cyclic
        self.triads += triads
        self._squares += cyclic * cyclic
        self._products += cyclic * triads
        self._sizes += triads * triads
        if all_met:
            self.all_met += 1
            self.condorcet += result.condorcet is not None

    def to_json(self) -> dict[str, Any]:
        """Shares with 95 % intervals, and the counts behind them."""
        found = share(self.cyclic, self.triads)
        effect = self._effect()
        interval = wilson(self.cyclic / effect, self.triads / effect)
        return {
            "non_transitive": {**found, "interval": [float(interval.low), float(interval.high)]},
            "condorcet": share(self.condorcet, self.all_met),
        }

    def _effect(self) -> float:
        """How many triads there are to an independent one, at least one."""
        if self.problems < 2 or not 0 < self.cyclic < self.triads:
            return 1.0
        rate = self.cyclic / self.triads
        between = self._squares - 2.0 * rate * self._products + rate * rate * self._sizes
        return max(1.0, self.problems / (self.problems - 1) * between / (rate * (1.0 - rate) * self.triads))
