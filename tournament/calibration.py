"""How far a cheap judge's preferences can be trusted, from comparisons that a reasoning judge decided as well."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tournament.ratings import wilson
from tournament.types import Judgment

BINS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
"""Edges of the classes of confidence; the last one is part of its class."""


@dataclass(slots=True)
class _Bin:
    count: int = 0
    agreed: int = 0
    confidence: float = 0.0


@dataclass(slots=True)
class Calibration:
    """Counts comparisons by how sure the cheap judge was and whether the reasoning judge agreed.

    Where neither has a preference, or one has a tie, there is nothing to agree about.
    """

    bins: list[_Bin] = field(default_factory=lambda: [_Bin() for _ in BINS[1:]])

    def add(self, judgment: Judgment) -> None:
        """Count one judgment, if both judges decided it."""
        cheap, p_first = judgment.p_cheap, judgment.p_first
        if cheap is None or p_first is None or 0.5 in (cheap, p_first):
            return
        sure = max(cheap, 1 - cheap)
        place = self.bins[next((i for i, edge in enumerate(BINS[1:]) if sure < edge), len(self.bins) - 1)]
        place.count += 1
        place.agreed += (cheap > 0.5) == (p_first > 0.5)
        place.confidence += sure

    def to_json(self) -> list[dict[str, Any]]:
        """For each class that has any: its edges, mean confidence, how many agreed, and a 95 % Wilson interval."""
        rows = []
        for low, high, place in zip(BINS, BINS[1:], self.bins, strict=False):
            if not place.count:
                continue
            interval = wilson(place.agreed, place.count)
            rows.append(
                {
                    "from": low,
                    "to": high,
                    "confidence": place.confidence / place.count,
                    "count": place.agreed,
                    "of": place.count,
                    "share": place.agreed / place.count,
                    "interval": [float(interval.low), float(interval.high)],
                }
            )
        return rows
