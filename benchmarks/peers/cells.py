"""The cells of the comparison, world by size by budget, and playing them: every picker on the very same problems."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.asking import Asking, Picker
from benchmarks.peers.worlds import judge_of
from tournament import seeding
from tournament.types import Field

_BLOCK = 10


class Cell(NamedTuple):
    """A world, a number of candidates, and the judge calls allowed for a problem."""

    world: str
    n: int
    budget: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is played: all worlds at all sizes, `problems` of each, under the budgets of the size."""

    worlds: tuple[str, ...]
    sizes: tuple[int, ...]
    problems: int
    seed: int = 0
    quick: bool = False

    def budgets(self, n: int) -> tuple[int, ...]:
        """From the fewest calls that decide a knockout to one for each pair; fewer of them in a quick run."""
        every = (n - 1, 2 * n, n * (n - 1) // 2) if self.quick else (n - 1, 2 * n, 3 * n, 5 * n, n * (n - 1) // 2)
        return tuple(sorted(set(every)))

    def cells(self) -> list[Cell]:
        """All cells, in the order of the tables."""
        return [Cell(world, n, budget) for world in self.worlds for n in self.sizes for budget in self.budgets(n)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """How a picker did in a cell: for each problem whether its pick was right, and the calls it took, (problems,)."""

    right: NDArray[np.bool_]
    calls: NDArray[np.int64]

    @property
    def accuracy(self) -> float:
        """The share of right picks."""
        return float(self.right.mean())


Results = Mapping[Cell, Mapping[str, Tried]]


class _Block(NamedTuple):
    plan: Plan
    world: str
    n: int
    numbers: range
    pickers: Sequence[Picker]


_Scores = dict[tuple[Cell, str], list[tuple[bool, int]]]


def play_all(plan: Plan, pickers: Sequence[Picker], jobs: int = 1) -> Results:
    """Play every cell; the results are the same for any number of jobs."""
    blocks = [
        _Block(plan, world, n, range(start, min(start + _BLOCK, plan.problems)), pickers)
        for world in plan.worlds
        for n in plan.sizes
        for start in range(0, plan.problems, _BLOCK)
    ]
    together: _Scores = {}
    for block, found in zip(blocks, _played(blocks, jobs), strict=True):
        for key, picks in found.items():
            together.setdefault(key, []).extend(picks)
        if block.numbers.stop == plan.problems:
            print(f"{block.world}, N = {block.n}: {plan.problems} problems", file=sys.stderr, flush=True)
    results: dict[Cell, dict[str, Tried]] = {cell: {} for cell in plan.cells()}
    for (cell, name), picks in together.items():
        right, calls = zip(*picks, strict=True)
        results[cell][name] = Tried(right=np.array(right, dtype=bool), calls=np.array(calls, dtype=np.int64))
    return results


def field_of(number: int, n: int) -> Field:
    """A problem of `n` candidates; what they are worth is the judge's secret."""
    name, texts = f"peers-{number}", tuple(str(i) for i in range(n))
    return Field(problem_id=name, prompt=name, ids=texts, texts=texts, members=tuple((i,) for i in range(n)))


def _played(blocks: Sequence[_Block], jobs: int) -> Iterator[_Scores]:
    if jobs == 1:
        yield from map(_play, blocks)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(_play, blocks)


def _play(block: _Block) -> _Scores:
    judge, scores = judge_of(block.world, block.plan.seed), _Scores()
    for number in block.numbers:
        field = field_of(number, block.n)
        strengths = judge.strengths(field)
        own_seed = seeding.key(block.plan.seed, "peers", field.problem_id) % 2**32
        for budget in block.plan.budgets(block.n):
            for picker in block.pickers:
                if not picker.fits(block.n, budget):
                    continue
                asking = Asking(judge, field, budget)
                best = picker.pick(asking, own_seed)
                pick = bool(strengths[best] >= strengths.max()), asking.calls
                scores.setdefault((Cell(block.world, block.n, budget), picker.name), []).append(pick)
    return scores
