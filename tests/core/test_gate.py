"""Who may go in, how many, and in which order."""

from __future__ import annotations

import asyncio
import random

import pytest

from tournament.gate import Gate


async def _turns(n: int = 5) -> None:
    for _ in range(n):
        await asyncio.sleep(0)


def test_lowest_number_first_then_by_arrival() -> None:
    async def go() -> list[str]:
        gate, seen = Gate(1), []

        async def enter(name: str, priority: int) -> None:
            async with gate.slot(priority):
                seen.append(name)

        async with asyncio.TaskGroup() as group, gate.slot(0):
            for name, priority in (("c", 3), ("a", 1), ("d", 3), ("b", 2)):
                group.create_task(enter(name, priority))
            await _turns()
            assert gate.waiting
            assert seen == []
        return seen

    assert asyncio.run(go()) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("capacity", [1, 3, 8])
def test_never_more_than_the_capacity_and_everybody_gets_in(capacity: int) -> None:
    async def go() -> tuple[int, int]:
        gate, luck = Gate(capacity), random.Random(capacity)
        inside = most = done = 0

        async def enter(weight: int, cancel: bool) -> None:
            nonlocal inside, most, done
            async with gate.slot(luck.randrange(3), weight):
                inside += min(weight, capacity)
                most = max(most, inside)
                await _turns(luck.randrange(4))
                inside -= min(weight, capacity)
                done += 1

        tasks = []
        for i in range(60):
            tasks.append(asyncio.create_task(enter(luck.randrange(1, 12), i % 4 == 0)))
            await _turns(luck.randrange(2))
        results = await asyncio.wait_for(asyncio.gather(*tasks), 30)
        assert len(results) == 60
        assert (gate.used, gate.waiting) == (0, False)
        return most, done

    most, done = asyncio.run(go())
    assert most <= capacity
    assert done == 60


def test_who_is_cancelled_gives_the_place_back() -> None:
    async def go() -> None:
        for moment in range(8):
            gate = Gate(2)

            async def hold(gate: Gate = gate) -> None:
                async with gate.slot(0, 2):
                    await _turns(3)

            first, second, third = (asyncio.create_task(hold()) for _ in range(3))
            await _turns(moment)
            second.cancel()
            await asyncio.wait_for(asyncio.gather(first, second, third, return_exceptions=True), 10)
            assert third.exception() is None
            assert (gate.used, gate.waiting) == (0, False)

    asyncio.run(go())


def test_a_weight_above_the_capacity_takes_all_of_it() -> None:
    async def go() -> None:
        gate = Gate(3)
        async with gate.slot(0, 100):
            assert gate.used == 3
            late = asyncio.create_task(_enter(gate))
            await _turns()
            assert not late.done()
        await asyncio.wait_for(late, 10)

    async def _enter(gate: Gate) -> None:
        async with gate.slot(0):
            pass

    asyncio.run(go())


def test_an_error_inside_gives_the_place_back() -> None:
    async def go() -> int:
        gate = Gate(1)
        with pytest.raises(KeyError):
            async with gate.slot(0):
                raise KeyError
        return gate.used

    assert asyncio.run(go()) == 0
