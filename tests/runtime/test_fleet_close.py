"""What a fleet that is closed leaves behind: no task, no socket, and nothing that hinders its next use."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence
from typing import Any

from tests.runtime.backend import EAGER, LAZY, QUICK, Backend, until, with_backends
from tournament.runtime.fleet import Fleet


def over(backends: Sequence[Backend], **options: Any) -> Fleet:
    return Fleet(",".join(backend.url for backend in backends), **{"retry": QUICK, "probes": LAZY} | options)


def live(fleet: Fleet) -> list[bool]:
    return [stats.live for stats in fleet.stats()]


def test_close_ends_the_probes_and_the_next_request_begins_anew() -> None:
    async def test(backends: Sequence[Backend]) -> None:
        fleet = over(backends)
        await backends[0].down()
        before = asyncio.all_tasks()
        for number in range(2):
            await fleet.post("/x", number)
        assert live(fleet) == [False, True]
        assert len(asyncio.all_tasks() - before) >= 1
        await fleet.close()
        await fleet.close()
        await backends[1].down()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        for backend in backends:
            await backend.up()
        assert live(fleet) == [True, True]
        assert {(await fleet.post("/x", number))["at"] for number in range(2)} == {b.url for b in backends}
        await fleet.close()

    with_backends(2, test)
    gc.collect()


def test_what_was_sent_before_close_takes_out_no_server_after_it() -> None:
    async def test(backends: Sequence[Backend]) -> None:
        first, second = backends
        first.always = 502
        first.hold()
        fleet = over(backends)
        task = asyncio.create_task(fleet.post("/x", 0))
        await until(lambda: first.now == 1)
        await fleet.close()
        first.release()
        assert (await task)["at"] == second.url
        assert live(fleet) == [True, True]
        await fleet.close()

    with_backends(2, test)


def test_a_line_before_a_server_is_formed_in_one_event_loop_after_another() -> None:
    backend = Backend()
    fleets: list[Fleet] = []

    async def run() -> None:
        await backend.up()
        fleets.append(over([backend]))
        backend.hold()
        tasks = [asyncio.create_task(fleets[0].post("/x", number)) for number in range(4)]
        await until(lambda: backend.now == 4)
        backend.script = [(429, {})] * 4
        backend.release()
        backend.hold()
        await until(lambda: not backend.script and backend.now == 2)
        backend.release()
        await asyncio.gather(*tasks)
        await fleets[0].close()
        await backend.down()

    asyncio.run(run())
    asyncio.run(run())


def test_one_fleet_serves_one_event_loop_after_another() -> None:
    backends = [Backend(), Backend()]
    fleets: list[Fleet] = []

    async def run() -> None:
        for backend in backends:
            await backend.up()
        fleets.append(over(backends, patience_s=600.0, probes=EAGER))
        fleet = fleets[0]
        for number in range(2):
            await fleet.post("/x", number)
        for backend in backends:
            await backend.down()
        waiting = asyncio.create_task(fleet.post("/x", 2))
        await until(lambda: live(fleet) == [False, False])
        await backends[0].up()
        assert (await waiting)["at"] == backends[0].url
        await fleet.close()
        await backends[0].down()

    asyncio.run(run())
    asyncio.run(run())
