"""Servers of a fleet that go down and come back: who answers instead and who waits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import pytest

from tests.fake_server import FakeServer, Scripted
from tests.runtime.backend import EAGER, LAZY, QUICK, Backend, until, with_backends
from tournament.errors import JudgeUnreachableError
from tournament.runtime.faults import BrokenConnectionError, HttpStatusError
from tournament.runtime.fleet import Fleet


def over(backends: Sequence[Backend], **options: Any) -> Fleet:
    return Fleet(",".join(backend.url for backend in backends), **{"retry": QUICK, "probes": LAZY} | options)


def live(fleet: Fleet) -> list[bool]:
    return [stats.live for stats in fleet.stats()]


def test_what_is_in_flight_at_a_server_that_dies_is_answered_by_the_others(caplog: pytest.LogCaptureFixture) -> None:
    async def test(backends: Sequence[Backend]) -> None:
        for backend in backends:
            backend.hold()
        fleet = over(backends)
        tasks = [asyncio.create_task(fleet.post("/x", number)) for number in range(9)]
        await until(lambda: all(backend.now == 3 for backend in backends))
        dead, *others = backends
        lost = list(dead.seen)
        await dead.down()
        await until(lambda: sum(backend.now for backend in others) == 9)
        for backend in others:
            backend.release()
        assert {answer["at"] for answer in await asyncio.gather(*tasks)} == {backend.url for backend in others}
        assert live(fleet) == [False, True, True]
        assert [stats.failed for stats in fleet.stats()] == [3, 0, 0]
        assert fleet.failovers == 3
        again = [number for backend in others for number in backend.seen]
        assert sorted(again) == list(range(9))
        assert set(lost) < set(again)
        assert [record.getMessage().startswith(f"{dead.url} is out (") for record in caplog.records] == [True]
        await fleet.close()

    with caplog.at_level(logging.WARNING, logger="tournament"):
        with_backends(3, test)


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateways_error_takes_a_server_out(status: int) -> None:
    async def test(backends: Sequence[Backend]) -> None:
        backends[0].always = status
        fleet = over(backends)
        at = {(await fleet.post("/x", number))["at"] for number in range(4)}
        assert at == {backends[1].url}
        assert backends[0].seen == [0, 0]
        assert live(fleet) == [False, True]
        await fleet.close()

    with_backends(2, test)


def test_a_server_that_is_back_gets_requests_again() -> None:
    async def test(backends: Sequence[Backend]) -> None:
        fleet = over(backends, probes=EAGER, health_path="/health")
        first = backends[0]
        await first.down()
        for number in range(3):
            await fleet.post("/x", number)
        assert live(fleet) == [False, True]
        first.healthy = False
        await first.up()
        await until(lambda: first.paths.count("/health") >= 3)
        assert live(fleet) == [False, True]
        first.healthy = True
        await until(lambda: live(fleet) == [True, True])
        probes = first.paths.count("/health")
        at = {(await fleet.post("/x", number))["at"] for number in range(4)}
        assert at == {backend.url for backend in backends}
        assert first.paths.count("/health") == probes
        await fleet.close()

    with_backends(2, test)


def test_a_failure_of_before_an_outage_does_not_take_a_server_out_after_it() -> None:
    async def test(backends: Sequence[Backend]) -> None:
        first, second = backends
        first.always = 502
        answer_slow = first.hold()
        fleet = over(backends, probes=EAGER)
        slow = asyncio.create_task(fleet.post("/x", "slow", "p"))
        await until(lambda: first.now == 1)
        first.hold()
        first.release()
        assert (await fleet.post("/x", "quick", "p"))["at"] == second.url
        await until(lambda: live(fleet) == [True, True])
        probes = first.paths.count("/health")
        answer_slow.set()
        assert (await slow)["at"] == second.url
        assert first.seen == ["slow", "quick", "quick", "slow"]
        assert live(fleet) == [True, True]
        assert (first.paths.count("/health"), fleet.failovers) == (probes, 2)
        await fleet.close()

    with_backends(2, test)


def test_when_all_are_gone_the_error_names_them_all() -> None:
    async def test(backends: Sequence[Backend]) -> None:
        for backend in backends:
            await backend.down()
        # Servers that never answered are not waited for.
        fleet = over(backends, patience_s=600.0)
        for request in (fleet.ping("/health"), fleet.get("/x"), fleet.post("/x", 0), fleet.each("/x")):
            with pytest.raises(JudgeUnreachableError) as caught:
                await request
            said = str(caught.value)
            assert all(backend.url in said for backend in backends)
            assert "the last error: no server answers at" in said
        # Only the first of the requests had to find out.
        assert [stats.failed for stats in fleet.stats()] == [1, 1]
        await fleet.close()

    with_backends(2, test)


def test_a_request_waits_for_a_server_that_was_there_just_now() -> None:
    async def test(backends: Sequence[Backend]) -> None:
        fleet = over(backends, probes=EAGER, patience_s=600.0)
        for number in range(2):
            await fleet.post("/x", number)
        await backends[0].down()
        for outage in range(2):
            await backends[1].down()
            first = asyncio.create_task(fleet.post("/x", outage))
            await until(lambda: live(fleet) == [False, False])
            later = asyncio.create_task(fleet.post("/x", outage))
            await asyncio.sleep(0.02)
            assert not first.done()
            assert not later.done()
            await backends[1].up()
            assert [answer["at"] for answer in await asyncio.gather(first, later)] == [backends[1].url] * 2
        await fleet.close()

    with_backends(2, test)


@pytest.mark.parametrize("patience_s", [0.0, 0.05])
def test_it_does_not_wait_for_long(patience_s: float) -> None:
    async def test(backends: Sequence[Backend]) -> None:
        fleet = over(backends, patience_s=patience_s)
        for number in range(2):
            await fleet.post("/x", number)
        for backend in backends:
            await backend.down()
        for number in range(3):
            with pytest.raises(JudgeUnreachableError, match="none of the servers answers"):
                await fleet.post("/x", number)
        await fleet.close()

    with_backends(2, test)


def test_a_request_that_breaks_every_connection_is_not_asked_a_second_round() -> None:
    async def run() -> None:
        broken = {"/poison": Scripted(reset=True)}
        async with FakeServer(fixed=broken) as first, FakeServer(fixed=broken) as second:
            fleet = Fleet(f"{first.base_url},{second.base_url}", retry=QUICK, probes=EAGER, patience_s=600.0)
            for number in range(2):
                await fleet.post("/x", number)
            with pytest.raises(BrokenConnectionError):
                await fleet.post("/poison", {})
            for server in (first, second):
                assert [seen.path for seen in server.seen].count("/poison") == 2
            # It cost the others nothing but a wait.
            assert (await fleet.post("/x", 3))["body"] == 3
            await fleet.close()

    asyncio.run(run())


def test_servers_that_are_healthy_and_answer_nothing_get_two_rounds() -> None:
    async def test(backends: Sequence[Backend]) -> None:
        fleet = over(backends, probes=EAGER, patience_s=600.0)
        for number in range(2):
            await fleet.post("/x", number)
        for backend in backends:
            backend.always = 502
        with pytest.raises((HttpStatusError, JudgeUnreachableError), match="HTTP 502"):
            await fleet.post("/x", 2)
        assert all(backend.seen.count(2) in (2, 4) for backend in backends)
        await fleet.close()

    with_backends(2, test)


def test_each_asks_every_live_server_and_takes_out_those_that_are_lost(caplog: pytest.LogCaptureFixture) -> None:
    async def test(backends: Sequence[Backend]) -> None:
        fleet = over(backends)
        assert await fleet.each("/info") == {backend.url: {"at": backend.url} for backend in backends}
        await backends[1].down()
        expected = {backend.url: {"at": backend.url} for backend in (backends[0], backends[2])}
        assert await fleet.each("/info") == expected
        assert live(fleet) == [True, False, True]
        assert await fleet.each("/info") == expected
        assert len(caplog.records) == 1
        backends[2].always = 401
        with pytest.raises(HttpStatusError, match="HTTP 401"):
            await fleet.each("/info")
        assert live(fleet) == [True, False, True]
        await fleet.close()

    with caplog.at_level(logging.WARNING, logger="tournament"):
        with_backends(3, test)


@pytest.mark.parametrize("count", [1, 2])
def test_each_without_an_answer_raises_the_error_of_one_server(count: int) -> None:
    async def test(backends: Sequence[Backend]) -> None:
        for backend in backends:
            await backend.down()
        fleet = over(backends)
        with pytest.raises(JudgeUnreachableError, match=f"no server answers at {backends[0].url} .*start one with"):
            await fleet.each("/info")
        await fleet.close()

    with_backends(count, test)
