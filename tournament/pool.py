"""What a run's problems together teach about its judge; a bounded sample of them, whatever their order."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tournament import seeding
from tournament.ratings import Evidence, JudgeModel, learn
from tournament.strategy import Record

MOST = 512
"""Problems that are kept: enough to know a position bias to about a hundredth, in a second or two."""

_ELEMENTS = 2**17
"""Pairs of candidates in all problems that are learned from, at the most."""


@dataclass(slots=True, order=True)
class _Sample:
    """One problem's comparisons: `n` candidates, and what stands in the cells of its evidence that hold anything."""

    place: int
    name: str
    n: int = field(compare=False)
    at: NDArray[np.int64] = field(compare=False)
    values: NDArray[np.float64] = field(compare=False)


@dataclass(slots=True)
class Pool:
    """Keeps the comparisons of up to `MOST` problems, those whose ids come first in a seeded shuffle."""

    seed: int = 0
    _kept: list[_Sample] = field(default_factory=list)
    _learned: JudgeModel | None = None

    @classmethod
    def of(cls, records: Iterable[Record], seed: int) -> Pool:
        """The pool of some played problems."""
        pool = cls(seed=seed)
        for record in records:
            pool.add(record)
        return pool

    def add(self, record: Record) -> None:
        """Take a played problem into the pool where there is room, or where it comes before one that is there."""
        self._learned = None
        evidence = record.evidence
        at = np.flatnonzero(evidence.count)
        if not len(at):
            return
        name = record.field.problem_id
        values = np.array([part.ravel()[at] for part in _parts(evidence)])
        sample = _Sample(-seeding.key(self.seed, "pool", name), name, len(evidence), at, values)
        if len(self._kept) < MOST:
            heapq.heappush(self._kept, sample)
        else:
            heapq.heappushpop(self._kept, sample)

    def learn(self) -> JudgeModel:
        """The judge as the pool shows it, worked out once; what `JudgeModel` assumes where nothing was compared."""
        if self._learned is not None:
            return self._learned
        chosen: list[Evidence] = []
        elements = 0
        for sample in sorted(self._kept, reverse=True):
            elements += sample.n**2
            if chosen and elements > _ELEMENTS:
                break
            chosen.append(_evidence(sample))
        self._learned = learn(chosen)
        return self._learned


def _parts(evidence: Evidence) -> tuple[NDArray[np.float64], ...]:
    return evidence.count, evidence.lead, evidence.square, evidence.tied


def _evidence(sample: _Sample) -> Evidence:
    evidence = Evidence.none(sample.n)
    for part, known in zip(_parts(evidence), sample.values, strict=True):
        part.ravel()[sample.at] = known
    return evidence
