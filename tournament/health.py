"""The judge on trial: position bias, inconsistency, and how often there was no verdict."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tournament.calibration import Calibration
from tournament.ratings import wilson
from tournament.strategy import preference
from tournament.types import Outcome, Verdict


@dataclass(slots=True)
class Health:
    """Counts over judgments as they were used, whether paid for now or earlier."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    first_slot: int = 0
    decided: int = 0
    both_orders: int = 0
    inconsistent: int = 0
    cut: int = 0
    thinking_tokens: int = 0
    calibration: Calibration = field(default_factory=Calibration)

    def add(self, verdict: Verdict) -> None:
        """Count the judgments of one match."""
        sides: dict[int, float] = {}
        for comparison, judgment in zip(verdict.comparisons, verdict.judgments, strict=True):
            self.outcomes[judgment.outcome] += 1
            self.cut += judgment.cut
            self.thinking_tokens += judgment.thinking_tokens
            self.calibration.add(judgment)
            p_first = judgment.p_first
            if p_first is not None and p_first != 0.5:
                self.decided += 1
                self.first_slot += p_first > 0.5
            p_a = preference(verdict.match, comparison, judgment)
            if p_a is not None:
                sides[comparison.first] = sides.get(comparison.first, 0.0) + p_a - 0.5
        if len(sides) == 2:
            self.both_orders += 1
            one, other = sides.values()
            self.inconsistent += one * other < 0

    def to_json(self) -> dict[str, Any]:
        """Shares with 95 % Wilson intervals, and the counts behind them."""
        total = sum(self.outcomes.values())
        return {
            "comparisons": total,
            "first_slot": share(self.first_slot, self.decided),
            "inconsistent": share(self.inconsistent, self.both_orders),
            **{outcome.value: share(self.outcomes[outcome], total) for outcome in Outcome},
            "cut": share(self.cut, total),
            "thinking_tokens": self.thinking_tokens,
            "calibration": self.calibration.to_json(),
        }


def share(part: int, whole: int) -> dict[str, Any]:
    """A share with its counts and 95 % Wilson interval; None where nothing was counted."""
    interval = wilson(part, whole)
    return {
        "count": part,
        "of": whole,
        "share": part / whole if whole else None,
        "interval": [float(interval.low), float(interval.high)],
    }
