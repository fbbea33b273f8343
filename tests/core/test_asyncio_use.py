"""Ranking inside programs with an event loop: cancelled cleanly, several at once, and where the loop runs already."""

from __future__ import annotations

import asyncio
import gc
import inspect
import signal
import threading
from collections.abc import Callable
from typing import Any, get_type_hints

import pytest

from tests.core.helpers import StubJudge, problem
from tournament import arank, aselect, rank, select, showing
from tournament.api import RankOptions
from tournament.background import Background
from tournament.budget import Prices
from tournament.errors import JudgeUnreachableError
from tournament.garbage import rare_collections
from tournament.judges.calling import CallableJudge
from tournament.progress import Progress

PROBLEMS = [problem(i) for i in range(6)]


class Counting(StubJudge):
    starts = closes = 0

    async def start(self) -> None:
        self.starts += 1

    async def close(self) -> None:
        self.closes += 1


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while True:
            if happened():
                return
            await asyncio.sleep(0.001)


async def cancelled(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_to_cancel_the_caller_leaves_nothing_running_and_closes_the_judge() -> None:
    async def go() -> None:
        never = asyncio.Event()
        judge = Counting(gate=lambda entrants, comparison: never)
        task = asyncio.create_task(arank(PROBLEMS, judge=judge))
        await until(lambda: bool(judge.under_way))
        await cancelled(task)
        assert (judge.under_way, judge.starts, judge.closes) == (0, 1, 1)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        never.set()
        assert (await arank(PROBLEMS[:1], judge=judge))[0].best == "c4"
        assert (judge.starts, judge.closes) == (2, 2)

    asyncio.run(go())


def test_a_judge_whose_start_is_cancelled_is_closed() -> None:
    class Slow(Counting):
        async def start(self) -> None:
            self.starts += 1
            await asyncio.Event().wait()

    async def go() -> None:
        judge = Slow()
        task = asyncio.create_task(arank(PROBLEMS, judge=judge))
        await until(lambda: bool(judge.starts))
        await cancelled(task)
        assert judge.closes == 1
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(go())


def test_a_function_is_not_called_again_once_nobody_waits_for_it() -> None:
    entered, may_end, calls = threading.Event(), threading.Event(), []

    def function(prompt: object, first: str, second: str) -> float:
        calls.append((first, second))
        entered.set()
        may_end.wait(20)
        return 1.0

    async def go() -> None:
        judge = CallableJudge.of(function)
        task = asyncio.create_task(arank(PROBLEMS[:1], judge=judge, strategy="round-robin"))
        await until(entered.is_set)
        await cancelled(task)
        may_end.set()
        await asyncio.get_running_loop().shutdown_default_executor()

    asyncio.run(go())
    assert len(calls) == 1


def test_one_call_that_is_cancelled_takes_no_other_down() -> None:
    async def go() -> None:
        held = asyncio.Event()
        judge = Counting(gate=lambda entrants, comparison: held)
        one, other = (asyncio.create_task(arank(PROBLEMS, judge=judge)) for _ in range(2))
        await until(lambda: judge.under_way >= 4)
        await cancelled(one)
        assert judge.closes == 0
        held.set()
        assert {result.best for result in await other} == {"c4"}
        assert (judge.starts, judge.closes) == (1, 1)

    asyncio.run(go())


def test_other_tasks_go_on_beside_a_ranking() -> None:
    async def go() -> None:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0)

        ticking = asyncio.create_task(tick())
        await arank(PROBLEMS, judge=StubJudge())
        assert ticks > 20
        await cancelled(ticking)

    asyncio.run(go())


def test_problems_may_come_from_an_iterator() -> None:
    assert rank(iter(PROBLEMS), judge=StubJudge()) == rank(PROBLEMS, judge=StubJudge())  # type: ignore[arg-type]


# Where an event loop runs already, as in a notebook


def test_rank_and_select_work_where_an_event_loop_runs() -> None:
    async def cell() -> None:
        awaited = await arank(PROBLEMS, judge=StubJudge())
        assert rank(PROBLEMS, judge=StubJudge()) == awaited
        assert select("q", ["answer 1", "answer 2"], judge=StubJudge()) == await aselect(
            "q", ["answer 1", "answer 2"], judge=StubJudge()
        )
        with pytest.raises(JudgeUnreachableError):
            rank(PROBLEMS, judge=StubJudge(before=gone))

    def gone(judged: int) -> None:
        raise JudgeUnreachableError("nobody answers")

    before = threading.active_count()
    asyncio.run(cell())
    assert threading.active_count() == before


def test_ctrl_c_in_a_cell_cancels_the_work_and_waits_until_it_has_cleaned_up() -> None:
    events: list[str] = []
    main = threading.get_ident()

    async def work() -> None:
        try:
            # A signal, since it is what ends a wait of the main thread.
            signal.pthread_kill(main, signal.SIGINT)
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            events.append("cleaned up")

    with Background() as background:
        with pytest.raises(KeyboardInterrupt):
            background.run(work())
        assert events == ["cleaned up"]
        assert background.run(asyncio.sleep(0, "goes on")) == "goes on"


def test_a_background_loop_ends_what_is_left_in_it() -> None:
    ended = threading.Event()

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def begin() -> asyncio.Task[None]:
        task = asyncio.create_task(forever())
        await asyncio.sleep(0)
        return task

    with Background() as background:
        background.run(begin())
    assert ended.is_set()
    background.close()


def test_to_cancel_a_wait_for_shared_work_cancels_the_work() -> None:
    ended, begun = threading.Event(), threading.Event()

    async def forever() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def go(background: Background) -> None:
        task = asyncio.create_task(background.share(forever()))
        await until(begun.is_set)
        await cancelled(task)
        assert await asyncio.to_thread(ended.wait, 20)

    with Background() as background:
        asyncio.run(go(background))


def test_runs_that_overlap_leave_the_garbage_collector_as_it_was() -> None:
    before = gc.get_threshold()
    one, other = rare_collections(), rare_collections()
    one.__enter__()
    other.__enter__()
    one.__exit__(None, None, None)
    assert gc.get_threshold()[0] > before[0]
    other.__exit__(None, None, None)
    assert gc.get_threshold() == before


# Progress


def test_progress_is_drawn_only_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[tuple[Progress, int]] = []

    async def watch(progress: Progress, *, problems: int, planned: int, prices: Prices) -> None:
        drawn.append((progress, problems))
        await asyncio.Event().wait()

    monkeypatch.setattr(showing, "drawer", lambda name: {"live line": watch}[name])
    rank(PROBLEMS, judge=StubJudge())
    assert drawn == []
    rank(PROBLEMS, judge=StubJudge(), progress=True)
    [(progress, problems)] = drawn
    assert (progress.done, problems) == (6, 6)


def test_options_are_the_arguments_of_arank() -> None:
    arguments = inspect.signature(arank).parameters
    assert list(RankOptions.__annotations__) == [name for name in arguments if name != "problems"]
    hints = get_type_hints(arank)
    assert get_type_hints(RankOptions) == {name: hints[name] for name in RankOptions.__annotations__}


def test_a_live_line_that_cannot_be_drawn_costs_no_results(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def watch(progress: Progress, *, problems: int, planned: int, prices: Prices) -> None:
        raise OSError("stderr is closed")

    monkeypatch.setattr(showing, "drawer", lambda name: watch)
    assert [result.best for result in rank(PROBLEMS, judge=StubJudge(), progress=True)] == ["c4"] * 6
    assert "live line" in caplog.text
