"""Picks that need no judge: first, random, longest, and the majority's final answer (self-consistency)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tournament.answers import final_answer, group
from tournament.strategy import Play, Ranking, Record
from tournament.types import Round


class _Baseline:
    """No matches; a ranking by a value that the candidates themselves show."""

    __slots__ = ()

    def matches(self, n: int, limit: int | None = None) -> tuple[int, int]:
        """None."""
        return 0, 0

    def play(self, record: Record, rng: np.random.Generator) -> Play:
        """Ask for nothing."""
        nothing: list[Round] = []
        yield from nothing

    def rank(self, record: Record) -> Ranking:
        """By value, equal ones by the seeded lots; ratings are unknown (NaN)."""
        value = self.value(record)
        unknown = np.full(len(value), np.nan)
        places = np.lexsort((-record.lots, -value))
        tied = len(np.unique(value)) < len(value)
        top = bool((value == value[places[0]]).sum() > 1)
        return Ranking(
            order=tuple(int(i) for i in places),
            rating=unknown,
            stderr=unknown,
            p_best=unknown,
            tie_breaks=("draw",) if tied else (),
            best_by="draw" if top else None,
        )

    def best(self, record: Record) -> int:
        """The first of the ranking."""
        return self.rank(record).order[0]

    def value(self, record: Record) -> NDArray[np.float64]:
        """What entrants are ranked by, (n,), higher first."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class First(_Baseline):
    """The candidate that comes first in the file."""

    def value(self, record: Record) -> NDArray[np.float64]:
        """Earlier is better."""
        return -np.arange(len(record.field), dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Random(_Baseline):
    """A candidate at random: the chance level that a judge has to beat."""

    def value(self, record: Record) -> NDArray[np.float64]:
        """The number of identical candidates weighs as many draws: the highest of as many lots."""
        copies = np.array([len(group) for group in record.field.members])
        return record.lots ** (1.0 / copies)


@dataclass(frozen=True, slots=True, kw_only=True)
class Longest(_Baseline):
    """The longest candidate, in characters."""

    def value(self, record: Record) -> NDArray[np.float64]:
        """Longer is better."""
        return np.array([len(text) for text in record.field.texts], dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Majority(_Baseline):
    """A candidate with the most frequent final answer (self-consistency; Wang et al., 2023)."""

    def value(self, record: Record) -> NDArray[np.float64]:
        """The number of candidates, identical ones counted, that end in the same answer; 0 without an answer."""
        groups = group([final_answer(text) for text in record.field.texts])
        sizes: Counter[int] = Counter()
        for name, members in zip(groups, record.field.members, strict=True):
            sizes[name] += len(members)
        return np.array([0.0 if name < 0 else sizes[name] for name in groups], dtype=np.float64)
