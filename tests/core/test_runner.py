"""Many problems at once: the same results whatever happens, in order, and nothing paid twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.core.helpers import (
    FAILED,
    KINDS,
    PROBLEMS,
    StubJudge,
    by_id,
    never,
    paid,
    perfect,
    problem,
    setup,
    start,
    tell,
    undisturbed,
)
from tournament.budget import Limits
from tournament.errors import UsageError
from tournament.ledger import Ledger
from tournament.memory_ledger import MemoryLedger
from tournament.registry import matching, pairing
from tournament.runner import Played, Runner
from tournament.types import Comparison, Field, Problem

# The same result


@KINDS
@pytest.mark.parametrize("budget", [None, 4])
def test_results_depend_on_nothing_that_happens_on_the_way(
    pairs: str, match: str, budget: int | None, tmp_path: Path
) -> None:
    limits = Limits(comparisons=budget)
    expected = undisturbed(pairs, match, limits=limits)
    assert len(expected) == len(PROBLEMS)
    ways = [(1, None, 1), (3, 1, 1), (64, 2, 1), (64, 3, 3), (2, 4, 5), (7, None, None)]
    for number, (in_flight, delays, batch) in enumerate(ways):
        judge = StubJudge(paid(), delays=delays, batch_size=batch)
        ledger = Ledger(tmp_path / f"{number}") if number % 2 else MemoryLedger()
        problems = PROBLEMS[::-1] if number % 3 else PROBLEMS
        options = {"limits": limits, "in_flight": in_flight}
        delivered, _ = start(problems, setup(judge, pairs, matching(match), **options), ledger)
        ledger.close()
        assert by_id(delivered) == expected
        assert [played.problem.id for played in delivered] == [p.id for p in problems]


@KINDS
def test_plays_what_the_engine_plays_by_hand(pairs: str, match: str) -> None:
    delivered, _ = start(PROBLEMS, setup(StubJudge(paid()), pairs, matching(match), seed=3))
    for played in delivered:
        story = tell(Field.of(played.problem), pairing(pairs), matching(match), paid(), seed=3)
        assert played.record.rounds == story.record.rounds
        assert played.result.best == played.problem.candidates[story.rankings[-1].order[0]].id


@pytest.mark.parametrize(
    ("in_flight", "batch", "count"), [(1, 1, 7), (1, None, 7), (3, 1, 40), (64, None, 150), (2, 9, 9)]
)
@pytest.mark.parametrize("delays", [None, 0])
def test_every_problem_gets_its_turn(in_flight: int, batch: int | None, count: int, delays: int | None) -> None:
    problems = [problem(i, 3) for i in range(count)]
    judge = StubJudge(delays=delays, batch_size=batch)
    delivered, runner = start(problems, setup(judge, in_flight=in_flight))
    assert [played.problem.id for played in delivered] == [p.id for p in problems]
    assert runner.progress.done == runner.progress.begun == count
    assert {played.result.best for played in delivered} == {"c2"}


@pytest.mark.parametrize("in_flight", [1, 2, 5])
def test_no_more_comparisons_under_way_than_allowed(in_flight: int) -> None:
    judge = StubJudge()
    start(PROBLEMS, setup(judge, "round-robin", in_flight=in_flight))
    assert judge.most_under_way == in_flight


@pytest.mark.parametrize("in_flight", [0, -1])
def test_nothing_under_way_is_refused_at_once(in_flight: int) -> None:
    with pytest.raises(UsageError, match="in_flight"):
        setup(StubJudge(), in_flight=in_flight)


def test_reads_no_further_ahead_than_it_plays() -> None:
    pulled = 0

    def stream() -> Iterator[Problem]:
        nonlocal pulled
        for i in range(60):
            pulled += 1
            yield problem(i, 3)

    runners: list[Runner] = []
    ahead: list[int] = []
    judge = StubJudge(before=lambda judged: ahead.append(pulled - runners[0].progress.done))
    delivered, _ = start(stream(), setup(judge, in_flight=4), meet=runners.append)  # type: ignore[arg-type]  # any iterable
    assert len(delivered) == 60
    assert max(ahead) <= 5


def test_a_slow_problem_holds_up_the_order_but_not_the_others() -> None:
    runners: list[Runner] = []
    seen: list[tuple[int, int]] = []

    async def go() -> list[Played]:
        delivered: list[Played] = []
        slow = asyncio.Event()

        def before(judged: int) -> None:
            if runners[0].progress.done == 8 and not slow.is_set():
                seen.append((len(delivered), runners[0].progress.done))
                slow.set()

        judge = StubJudge(gate=lambda field, _: slow if field.problem_id == "p0" else None, before=before)
        runners.append(Runner(setup(judge, in_flight=2), MemoryLedger(), delivered.append))
        async with asyncio.timeout(30):
            await runners[0].run([problem(i, 2) for i in range(10)])
        return delivered

    assert [played.problem.id for played in asyncio.run(go())] == [f"p{i}" for i in range(10)]
    assert seen == [(0, 8)]


# Resume


def stop_after(calls: int, times: int, runners: list[Runner]) -> Callable[[int], None]:
    def before(judged: int) -> None:
        if judged == calls:
            for _ in range(times):
                runners[0].interrupt()

    return before


@KINDS
@pytest.mark.parametrize("times", [1, 2], ids=["soft", "hard"])
@pytest.mark.parametrize("budget", [None, 5])
def test_the_same_run_again_ends_as_if_nothing_had_happened(
    pairs: str, match: str, times: int, budget: int | None, tmp_path: Path
) -> None:
    limits = Limits(comparisons=budget)
    expected = undisturbed(pairs, match, limits=limits)
    for calls in (0, 1, 5, 13, 22):
        judged: Counter[tuple[str, str, str, int]] = Counter()
        ledger = Ledger(tmp_path / f"{calls}")
        runners: list[Runner] = []
        judge = StubJudge(paid(), before=stop_after(calls, times, runners))
        options = {"limits": limits, "in_flight": 4}
        stopped, runner = start(PROBLEMS, setup(judge, pairs, matching(match), **options), ledger, runners.append)
        ledger.close()
        judged += judge.judged
        assert runner.stopped == "interrupted"
        assert any(played.result.partial for played in stopped) or len(stopped) < len(PROBLEMS)
        assert [played.problem.id for played in stopped] == [p.id for p in PROBLEMS[: len(stopped)]]
        ledger, judge = Ledger(tmp_path / f"{calls}"), StubJudge(paid(), delays=calls)
        assert ledger.count() == sum(judged.values())
        delivered, runner = start(PROBLEMS, setup(judge, pairs, matching(match), **options), ledger)
        judged += judge.judged
        assert by_id(delivered) == expected
        assert ledger.count() == sum(judged.values())
        assert runner.progress.paid == sum(judge.judged.values())
        # An order and a repeat name one comparison of a problem, so whatever was asked for twice shows here.
        assert set(judged.values()) == {1}
        ledger.close()


def test_a_finished_run_again_costs_nothing(tmp_path: Path) -> None:
    ledger, judge = Ledger(tmp_path / "l"), StubJudge(paid())
    first, _ = start(PROBLEMS, setup(judge, "round-robin"), ledger)
    again, runner = start(PROBLEMS, setup(StubJudge(before=never), "round-robin"), ledger)
    ledger.close()
    assert by_id(again) == by_id(first)
    assert (runner.progress.paid, runner.progress.reused) == (0, sum(judge.judged.values()))


def test_another_strategy_pays_only_for_what_is_new(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l")
    start(PROBLEMS, setup(StubJudge(paid()), "round-robin"), ledger)
    start(PROBLEMS, setup(StubJudge(before=never), "knockout"), ledger)
    ledger.close()


def test_failed_comparisons_are_tried_again_by_the_next_run(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l")
    broken, _ = start(PROBLEMS, setup(StubJudge(lambda *_: FAILED)), ledger)
    assert all("picked without the judge" in played.result.note for played in broken)
    delivered, _ = start(PROBLEMS, setup(StubJudge(paid())), ledger)
    ledger.close()
    assert by_id(delivered) == undisturbed("knockout", "single")


# Interrupts


def test_one_interrupt_lets_what_is_in_flight_come_back() -> None:
    runners: list[Runner] = []
    ledger = MemoryLedger()
    judge = StubJudge(paid(), before=stop_after(3, 1, runners))
    delivered, runner = start(PROBLEMS, setup(judge, "round-robin", in_flight=6), ledger, runners.append)
    # Five were under way besides the one that was interrupted.
    assert 4 <= sum(judge.judged.values()) <= 3 + 6
    kept = [c for played in delivered for v in played.record.verdicts for c in v.comparisons]
    assert len(kept) == sum(judge.judged.values()) == runner.progress.paid
    assert {played.result.note for played in delivered if played.record.rounds} <= {
        "interrupted",
        "interrupted; picked without the judge, by first",
        "",
    }


@pytest.mark.parametrize("batch", [1, 3])
def test_two_interrupts_stop_at_once_and_keep_what_came_back(batch: int) -> None:
    async def go() -> tuple[list[Played], StubJudge]:
        for_ever = asyncio.Event()
        delivered: list[Played] = []

        def held(field: Field, comparison: Comparison) -> asyncio.Event | None:
            return for_ever if {comparison.first, comparison.second} == {0, 1} else None

        def hard() -> None:
            runner.interrupt()
            runner.interrupt()

        def before(judged: int) -> None:
            if judged >= 15 - 2 * batch:
                asyncio.get_running_loop().call_later(0.02, hard)

        judge = StubJudge(perfect, gate=held, before=before, batch_size=batch)
        runner = Runner(setup(judge, "round-robin"), MemoryLedger(), delivered.append)
        async with asyncio.timeout(30):
            await runner.run([problem(0, 6)])
        return delivered, judge

    (played,), judge = asyncio.run(go())
    known = [c for v in played.record.verdicts for c in v.comparisons]
    assert len(known) == sum(judge.judged.values()) == 15 - batch
    assert played.result.best == "c5"
    assert played.result.partial
    assert played.result.note == "interrupted"


def test_two_interrupts_end_a_run_that_hangs() -> None:
    async def go() -> tuple[list[Played], Runner]:
        delivered: list[Played] = []
        judge = StubJudge(gate=lambda *_: asyncio.Event())
        runner = Runner(setup(judge, in_flight=3), MemoryLedger(), delivered.append)
        for delay in (0.02, 0.04):
            asyncio.get_running_loop().call_later(delay, runner.interrupt)
        async with asyncio.timeout(30):
            await runner.run(PROBLEMS)
        return delivered, runner

    delivered, _ = asyncio.run(go())
    assert 0 < len(delivered) < len(PROBLEMS)
    assert all(played.result.partial and played.result.best == "c0" for played in delivered)
    assert {played.result.note for played in delivered} == {"interrupted; picked without the judge, by first"}
