"""A small load, watched from inside: nothing is left of it, the budget is kept, and it stops when it is told to."""

from __future__ import annotations

import asyncio
import dataclasses
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from benchmarks._common import problem
from benchmarks.faults.checker import Account, check, read_ledger
from benchmarks.faults.load import LIMIT_TOKENS, crowd
from benchmarks.faults.load_report import Findings, Scale, report
from benchmarks.faults.samples import Sample, growth, warm
from benchmarks.faults.witness import Note, Session, fairness, notes, overrun
from tests.fake_server import MODEL
from tournament import registry
from tournament.budget import Limits
from tournament.ledger import Ledger
from tournament.output import Output
from tournament.runner import Runner, Setup

PROBLEMS = [problem(number, 4) for number in range(400)]
IN_FLIGHT = 200
LATENCY_S = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """One session: what the server saw, what it cost, and what it left in this process."""

    session: Session
    account: Account
    over: int
    done: int
    tasks: int
    handles: int
    paid: int
    log: Path


async def _play(folder: Path, base_url: str, meet: Callable[[Runner], None]) -> tuple[int, int, int]:
    """A run as `tourney rank` has it: problems done, comparisons paid for, and tasks that are left."""
    options = {"base_url": base_url, "model": MODEL, "max_tokens": 64}
    judge = registry.judge("openai", options)
    setup = Setup(
        judge=judge,
        pairing=registry.pairing("knockout"),
        matching=registry.matching("single"),
        fallback=registry.pairing("majority"),
        limits=Limits(tokens=LIMIT_TOKENS),
        in_flight=IN_FLIGHT,
    )
    ledger = Ledger(folder / "ledger.sqlite")
    try:
        with Output(folder) as output:
            runner = Runner(setup, ledger, output.add)
            meet(runner)
            await judge.start()
            await runner.run(PROBLEMS)
            assert sum(1 for _ in output.conclude(PROBLEMS, setup.pairing, setup.fallback, runner.pool.learn)) > 0
    finally:
        ledger.close()
        await judge.close()
    return runner.progress.done, runner.progress.paid, len(asyncio.all_tasks()) - 1


def _run(folder: Path, *, interrupts: int = 0, session: int = 1) -> Ended:
    """A session before a server of its own, interrupted so often once every place is taken and some are back."""
    log, ledger = folder / f"{session}.log", folder / "ledger.sqlite"
    before = read_ledger(ledger)

    def meet(runner: Runner) -> None:
        def look() -> None:
            if runner.progress.paid < 300:
                asyncio.get_running_loop().call_later(0.01, look)
                return
            for _ in range(interrupts):
                runner.interrupt()

        if interrupts:
            asyncio.get_running_loop().call_soon(look)

    handles = len(os.listdir("/proc/self/fd"))
    with crowd(log, LATENCY_S) as base_url:
        opened = len(os.listdir("/proc/self/fd"))
        done, paid, tasks = asyncio.run(_play(folder, base_url, meet))
        left = len(os.listdir("/proc/self/fd")) - opened
    assert len(os.listdir("/proc/self/fd")) == handles
    seen, after = Session.of(notes(log)), read_ledger(ledger)
    account = check(before, seen.seen, after, killed=interrupts > 1)
    over, _ = overrun(Counter(), seen, LIMIT_TOKENS)
    return Ended(session=seen, account=account, over=over, done=done, tasks=tasks, handles=left, paid=paid, log=log)


def test_a_load_leaves_nothing_behind_and_keeps_every_budget(tmp_path: Path) -> None:
    ended = _run(tmp_path)
    assert (ended.done, ended.tasks, ended.handles) == (len(PROBLEMS), 0, 0)
    assert ended.session.peak == IN_FLIGHT
    assert ended.account == Account()
    assert ended.over == 0
    # The limit is one that ends problems early: else there would be nothing to keep.
    assert 2 * len(PROBLEMS) <= ended.paid < 3 * len(PROBLEMS)


@pytest.mark.parametrize("interrupts", [1, 2])
def test_a_load_that_is_stopped_goes_on_where_it_was(tmp_path: Path, interrupts: int) -> None:
    stopped = _run(tmp_path, interrupts=interrupts)
    assert (stopped.tasks, stopped.handles) == (0, 0)
    assert 0 < stopped.done < len(PROBLEMS)
    assert bool(stopped.session.broken) == (interrupts > 1)
    again = _run(tmp_path, session=2)
    assert (again.done, again.tasks, again.handles) == (len(PROBLEMS), 0, 0)
    assert stopped.account == again.account == Account()
    kept = read_ledger(tmp_path / "ledger.sqlite")
    assert kept.total() == len(kept) == again.paid + stopped.session.judgments.total() - _untaken(stopped, again)
    known = Counter({pair: count for pair, count in stopped.session.tokens.items() if pair not in again.session.tokens})
    assert overrun(known, again.session, LIMIT_TOKENS)[0] == 0


def _untaken(stopped: Ended, again: Ended) -> int:
    """Answers of which the client had let go in the moment in which they went out: they were asked for once more."""
    return len(set(stopped.session.judgments) & set(again.session.judgments))


# What the figures are made of


def _log(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
    return path


def test_a_log_is_summed_up(tmp_path: Path) -> None:
    log = _log(
        tmp_path / "log",
        "r 1.000 1 0 p0 c0 c1", "r 1.500 2 0 p1 c0 c1", "j 2.000 1 30 p0 c0 c1", "b 4.000 0 50 p1 c0 c1",
    )  # fmt: skip
    assert next(notes(log)) == Note("r", 1.0, 1, 0, "p0 c0 c1")
    session = Session.of(notes(log))
    assert (session.peak, session.broken, session.last_s) == (2, 1, 4.0)
    assert session.judgments == Counter({"p0 c0 c1": 1})
    assert session.seen.tokens == 30


def test_a_problem_that_is_passed_by_shows(tmp_path: Path) -> None:
    fair = _log(tmp_path / "fair", *(f"{kind} {i} 0 1 p{i} c0 c1" for i in range(9) for kind in "rj"))
    assert fairness(fair).spread == 0
    late = [f"{kind} {i} 0 1 p{i} c0 c1" for i in range(1, 9) for kind in "rj"]
    starved = fairness(_log(tmp_path / "starved", "r 0 0 1 p0 c0 c1", *late, "j 9 0 1 p0 c0 c1"))
    assert (starved.spread, starved.median_s, starved.longest_s) == (8, 0.0, 9.0)


def test_one_token_over_the_limit_of_one_problem_is_noticed() -> None:
    session = Session(tokens=Counter({"p0 c0 c1": 60, "p1 c0 c1": 1}))
    known = Counter({"p0 c1 c2": 41})
    assert overrun(known, session, 101) == (0, 101)
    assert overrun(known, session, 100) == (1, 101)


def _sample(done: int, **others: Any) -> Sample:
    zeros: dict[str, Any] = {item.name: 0 for item in dataclasses.fields(Sample)}
    return Sample(**{**zeros, "how": "", "done": done, "begun": done, "tasks": 5, **others})


def test_growth_is_the_slope_of_what_is_seen() -> None:
    assert growth([0, 1, 2, 3], [5, 7, 9, 11]) == pytest.approx(2)
    assert growth([1, 1], [2, 3]) == growth([], []) == 0
    samples = [_sample(done) for done in (0, 10, 50, 100)]
    assert [found.done for found in warm(samples, 100, share=0.2)] == [50]


@pytest.mark.parametrize("leak", ["rss_mb", "handles", "tasks", ""])
def test_a_leak_misses_the_aim(leak: str, capsys: pytest.CaptureFixture[str]) -> None:
    samples = [_sample(done, **({leak: done / 10} if leak else {})) for done in range(0, 10_000, 100)]
    findings = Findings(samples=[samples], left=["left 0"], codes=[0], peaks=[7])
    scale = Scale(problems=10_000, in_flight=7, latency_s=1.0, stops=(), compared=False)
    assert report(findings, scale, 100) == (1 if leak else 0)
    assert ("MISSED" in capsys.readouterr().out) == bool(leak)
