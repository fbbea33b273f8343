"""The throttle under a clock that the tests turn."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Coroutine
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tournament.runtime.throttle import Throttle


class Clock:
    """A time that passes only when told to, and sleepers that wake by it."""

    def __init__(self) -> None:
        self.now = 100.0
        self._moved = asyncio.Event()

    def read(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds
        self._moved.set()
        self._moved = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until:
            await self._moved.wait()


class Crowd:
    """Numbered requests that hold their slot until they are told to leave it."""

    def __init__(self, **options: Any) -> None:
        self.clock = Clock()
        self.throttle = Throttle(clock=self.clock.read, sleep=self.clock.sleep, **options)
        self.tasks: list[asyncio.Task[None]] = []
        self.entered: list[int] = []
        self.sent: dict[int, int] = {}
        self._leave: list[asyncio.Event] = []

    def come(self, count: int = 1) -> None:
        for _ in range(count):
            self._leave.append(asyncio.Event())
            self.tasks.append(asyncio.create_task(self._hold(len(self.tasks))))

    async def _hold(self, number: int) -> None:
        async with self.throttle.slot() as sent:
            assert self.throttle.limit is None or self.throttle.in_flight <= self.throttle.limit
            self.entered.append(number)
            self.sent[number] = sent
            try:
                await self._leave[number].wait()
            finally:
                del self.sent[number]

    def leave(self, *numbers: int) -> None:
        for number in numbers:
            self._leave[number].set()

    def overload(self, number: int, wanted_s: float | None = None) -> None:
        self.throttle.overloaded(wanted_s, self.sent[number])

    async def settle(self) -> None:
        for _ in range(4 * len(self.tasks) + 8):
            await asyncio.sleep(0)

    async def finish(self) -> None:
        """Let everybody through, however long the line."""
        for event in self._leave:
            event.set()
        for _ in range(len(self.tasks) + 1):
            self.clock.advance(1e6)
            await self.settle()
        ends = await asyncio.gather(*self.tasks, return_exceptions=True)
        assert [end for end in ends if end is not None and not isinstance(end, asyncio.CancelledError)] == []
        assert self.throttle.in_flight == 0


def run(test: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(30):
            await test

    asyncio.run(bounded())


def test_there_is_no_limit_before_the_first_overload() -> None:
    async def test() -> None:
        crowd = Crowd()
        crowd.come(50)
        await crowd.settle()
        assert (crowd.throttle.in_flight, crowd.throttle.limit) == (50, None)
        await crowd.finish()
        assert crowd.throttle.peak == 50

    run(test())


def test_an_overload_halves_once_an_episode_and_never_below_one() -> None:
    async def test() -> None:
        crowd = Crowd()
        crowd.come(8)
        await crowd.settle()
        for number in range(8):
            crowd.overload(number)
        assert crowd.throttle.limit == 4
        crowd.come(8)
        crowd.leave(*range(8))
        await crowd.settle()
        assert crowd.entered == list(range(12))
        for expected in (2, 2, 2):
            crowd.overload(11)
            assert crowd.throttle.limit == expected
        crowd.leave(8, 9, 10, 11)
        await crowd.settle()
        crowd.overload(12)
        crowd.leave(12, 13)
        await crowd.settle()
        crowd.overload(14)
        assert crowd.throttle.limit == 1
        await crowd.finish()

    run(test())


def test_good_answers_let_the_limit_grow_by_one_a_round_and_past_the_peak_lift_it() -> None:
    async def test() -> None:
        crowd = Crowd()
        crowd.come(20)
        await crowd.settle()
        crowd.overload(0)
        limit = 10.0
        while crowd.throttle.limit is not None:
            assert math.isclose(crowd.throttle.limit, limit)
            assert limit <= 20
            limit += 1 / limit
            crowd.throttle.answered()
        assert limit > 20
        await crowd.finish()

    run(test())


def test_a_good_answer_lets_in_who_waits() -> None:
    async def test() -> None:
        crowd = Crowd()
        crowd.come(2)
        await crowd.settle()
        crowd.overload(0)
        crowd.leave(0)
        crowd.come()
        await crowd.settle()
        assert crowd.entered == [0, 1]
        crowd.throttle.answered()
        await crowd.settle()
        assert crowd.entered == [0, 1, 2]
        await crowd.finish()

    run(test())


def test_nothing_is_sent_before_the_time_that_the_server_asks_for_is_over() -> None:
    async def test() -> None:
        crowd = Crowd(max_hold_s=60.0)
        crowd.come(4)
        await crowd.settle()
        crowd.overload(0, 10.0)
        crowd.overload(1, 5.0)
        crowd.leave(0, 1, 2, 3)
        crowd.come(2)
        crowd.clock.advance(9.0)
        await crowd.settle()
        assert crowd.entered == [0, 1, 2, 3]
        crowd.clock.advance(1.0)
        await crowd.settle()
        assert crowd.entered == [0, 1, 2, 3, 4, 5]
        crowd.overload(5, 86400.0)
        crowd.leave(4, 5)
        crowd.come()
        crowd.clock.advance(60.0)
        await crowd.settle()
        assert crowd.entered[-1] == 6
        await crowd.finish()

    run(test())


def test_who_gives_up_leaves_no_slot_taken_wherever_it_stood() -> None:
    async def test() -> None:
        crowd = Crowd()
        crowd.come(2)
        await crowd.settle()
        crowd.overload(0)
        crowd.come(4)
        await crowd.settle()
        crowd.tasks[2].cancel()
        crowd.tasks[4].cancel()
        crowd.leave(0)
        await crowd.settle()
        # The limit is one: it is free the moment that the holder is cancelled, and the first in line is told with it.
        crowd.tasks[1].cancel()
        crowd.tasks[3].cancel()
        await crowd.settle()
        assert crowd.entered == [0, 1, 5]
        assert crowd.throttle.in_flight == 1
        await crowd.finish()

    run(test())


def test_after_a_reset_it_serves_another_event_loop() -> None:
    throttles = []

    async def contended() -> None:
        crowd = Crowd()
        throttles.append(crowd.throttle)
        crowd.throttle = throttles[0]
        crowd.come(2)
        await crowd.settle()
        crowd.overload(0)
        crowd.come(2)
        await crowd.settle()
        assert crowd.entered == [0, 1]
        await crowd.finish()
        crowd.throttle.reset()
        assert crowd.throttle.limit is None

    run(contended())
    run(contended())


STEPS = st.lists(
    st.tuples(st.sampled_from(["come", "leave", "overload", "answer", "cancel", "wait"]), st.integers(0, 30)),
    max_size=60,
)


@given(STEPS)
def test_the_limit_holds_and_the_line_moves_whatever_happens(steps: list[tuple[str, int]]) -> None:
    async def test() -> None:
        crowd = Crowd()
        for step, number in steps:
            inside = sorted(crowd.sent)
            if step == "come":
                crowd.come(1 + number % 5)
            elif step == "wait":
                crowd.clock.advance(number)
            elif step == "cancel" and crowd.tasks:
                crowd.tasks[number % len(crowd.tasks)].cancel()
            elif inside and step == "leave":
                crowd.leave(inside[number % len(inside)])
            elif inside and step == "overload":
                crowd.overload(inside[number % len(inside)], float(number) if number % 2 else None)
            elif inside and step == "answer":
                crowd.throttle.answered()
            # Every third step follows at once, so that wakings and cancellations meet in one turn of the loop.
            if number % 3:
                await crowd.settle()
        await crowd.finish()
        assert crowd.entered == sorted(crowd.entered)
        assert {number for number, task in enumerate(crowd.tasks) if not task.cancelled()} <= set(crowd.entered)

    run(test())
