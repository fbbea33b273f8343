"""A sweep, simulated: one row for each world, number of candidates, budget and strategy."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from itertools import islice, product
from typing import Any

from tournament import registry
from tournament.budget import Limits
from tournament.experiments.budgets import comparisons_of
from tournament.experiments.paired import Mark, marks
from tournament.experiments.sweep import Entry, Sweep
from tournament.simulation import Simulation, simulate

_THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
"""How numpy's libraries of linear algebra are told their number of threads; they ask when they are loaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one strategy came to.

    Attributes:
        world: Name of the world.
        n: Candidates a problem.
        strategy: Label of the strategy.
        budget: The budget in the sweep's words.
        limit: The budget in comparisons a problem.
        comparisons: Comparisons used a problem, on average; fewer than the limit where the strategy ends before it.
        accuracy: Share of problems whose best candidate was picked.
        low: Lower end of its 95 % Wilson interval.
        high: Upper end of it.
        correct: Problems whose best candidate was picked.
        problems: Problems played.
        seed: Random seed.
        place: "best" or "level" or "worse" among the strategies of this world, N and budget; see `paired.Mark`.
        p_value: Of the exact McNemar test against the best of them.
    """

    world: str
    n: int
    strategy: str
    budget: str
    limit: int
    comparisons: float
    accuracy: float
    low: float
    high: float
    correct: int
    problems: int
    seed: int
    place: str
    p_value: float | None

    def to_json(self) -> dict[str, Any]:
        """The row by column names."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One simulation of a sweep, in plain data that can be sent to another process."""

    world: str
    settings: Mapping[str, Any]
    n: int
    budget: str
    limit: int
    entry: Entry
    problems: int
    seed: int

    def simulate(self) -> Simulation:
        """Play its problems."""
        return simulate(
            n=self.n,
            problems=self.problems,
            judge=self.settings,
            strategy=registry.pairing(self.entry.name, self.entry.parameters),
            votes=self.entry.votes,
            limits=Limits(comparisons=self.limit),
            seed=self.seed,
        )


def cells(sweep: Sweep) -> list[Cell]:
    """Every simulation of a sweep; the strategies of a world, N and budget stand together."""
    return [
        Cell(
            world=world,
            settings=sweep.worlds[world],
            n=n,
            budget=budget,
            limit=comparisons_of(budget, n),
            entry=entry,
            problems=sweep.problems,
            seed=sweep.seed,
        )
        for world, n, budget, entry in product(sweep.worlds, sweep.n, sweep.budgets, sweep.strategies)
    ]


def simulated(sweep: Sweep, *, jobs: int = 1, tick: Callable[[], None] = lambda: None) -> Iterator[list[Row]]:
    """Simulate a sweep and yield the rows of one world, N and budget after the other.

    No simulation depends on another, so the number of processes changes nothing but the time.

    Args:
        sweep: What to simulate; it has been checked.
        jobs: Processes to use.
        tick: Called after each simulation.
    """
    todo, size = cells(sweep), len(sweep.strategies)
    with closing(_results(todo, jobs)) as results:
        for start in range(0, len(todo), size):
            together: list[Simulation] = []
            for result in islice(results, size):
                together.append(result)
                tick()
            yield _rows(todo[start : start + size], together)


def _results(todo: Sequence[Cell], jobs: int) -> Generator[Simulation, None, None]:
    if jobs == 1:
        yield from map(Cell.simulate, todo)
        return
    # Spawned, since a fork would copy whatever threads and locks the caller has.
    context = multiprocessing.get_context("spawn")
    workers = min(jobs, len(todo))
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_end_on_interrupt) as pool:
        try:
            with _one_thread_each():
                results = pool.map(Cell.simulate, todo)
            yield from results
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let the processes that start meanwhile solve with one thread: more would only wait for each other's cores."""
    unset = [name for name in _THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(unset, "1"))
    try:
        yield
    finally:
        for name in unset:
            del os.environ[name]


def _end_on_interrupt() -> None:
    """Ctrl-C reaches every process of the terminal; a worker just ends, and the command says what there is to say."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _rows(together: Sequence[Cell], results: Sequence[Simulation]) -> list[Row]:
    return [
        Row(
            world=cell.world,
            n=cell.n,
            strategy=cell.entry.label,
            budget=cell.budget,
            limit=cell.limit,
            comparisons=result.comparisons / result.problems,
            accuracy=result.accuracy,
            low=result.interval[0],
            high=result.interval[1],
            correct=result.correct,
            problems=result.problems,
            seed=cell.seed,
            place=mark.place,
            p_value=mark.p_value,
        )
        for cell, result, mark in zip(together, results, _marks(results), strict=True)
    ]


def _marks(results: Sequence[Simulation]) -> list[Mark]:
    return marks([result.correct_each for result in results], [result.comparisons for result in results])
