"""How a fleet shares requests out among servers that are up, and that over one server it is the plain client."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from tests.fake_server import FakeServer, Scripted
from tests.runtime.backend import LAZY, QUICK, Backend, until, with_backends
from tournament.errors import JudgeUnreachableError, UsageError
from tournament.runtime.client import JsonClient
from tournament.runtime.faults import HttpStatusError, RequestTimeoutError
from tournament.runtime.fleet import Fleet


def over(backends: Sequence[Backend], **options: Any) -> Fleet:
    return Fleet(",".join(backend.url for backend in backends), **{"retry": QUICK, "probes": LAZY} | options)


def posts(fleet: Fleet, count: int, near: str | None = None) -> list[asyncio.Task[Any]]:
    return [asyncio.create_task(fleet.post("/x", number, near)) for number in range(count)]


def test_requests_go_to_the_server_with_the_least_in_flight() -> None:
    async def test(backends: Sequence[Backend]) -> None:
        first, second = backends
        first.hold()
        second.hold()
        fleet = over(backends)
        early = posts(fleet, 6)
        await until(lambda: (first.now, second.now) == (3, 3))
        assert [stats.in_flight for stats in fleet.stats()] == [3, 3]
        first.release()
        await until(lambda: [stats.in_flight for stats in fleet.stats()] == [0, 3])
        first.hold()
        late = posts(fleet, 3)
        await until(lambda: (first.now, second.now) == (3, 3))
        first.release()
        second.release()
        await asyncio.gather(*early, *late)
        assert [(s.answered, s.failed, s.in_flight, s.live) for s in fleet.stats()] == [
            (6, 0, 0, True),
            (3, 0, 0, True),
        ]
        assert (fleet.retries, fleet.failovers) == (0, 0)
        await fleet.close()

    with_backends(2, test)


def test_servers_that_are_equally_busy_take_turns() -> None:
    async def test(backends: Sequence[Backend]) -> None:
        fleet = over(backends)
        at = [(await fleet.post("/x", 0))["at"] for _ in range(6)]
        assert at == [backend.url for backend in backends] * 2
        await fleet.close()

    with_backends(3, test)


def test_requests_with_one_beginning_stay_at_one_server() -> None:
    async def test(backends: Sequence[Backend]) -> None:
        fleet = over(backends)
        at: dict[str, set[str]] = {"p": set(), "q": set()}
        for near in "pqqpqpppqq":
            at[near].add((await fleet.post("/x", 0, near))["at"])
        assert sorted(len(places) for places in at.values()) == [1, 1]
        assert at["p"] != at["q"]
        await fleet.close()

    with_backends(2, test)


def test_they_leave_it_when_it_is_busier_than_the_slack() -> None:
    async def test(backends: Sequence[Backend]) -> None:
        first, second = backends
        first.hold()
        second.hold()
        fleet = over(backends, slack=2)
        tasks = posts(fleet, 3, "p")
        await until(lambda: (first.now, second.now) == (3, 0))
        tasks += posts(fleet, 4, "p")
        # The fourth finds the first server three ahead and moves; the key stays where it went last.
        await until(lambda: (first.now, second.now) == (3, 4))
        first.release()
        second.release()
        await asyncio.gather(*tasks)
        await fleet.close()

    with_backends(2, test)


def test_only_the_keys_used_last_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tournament.runtime.fleet._KEYS_KEPT", 2)

    async def test(backends: Sequence[Backend]) -> None:
        fleet = over(backends)
        first, second = (backend.url for backend in backends)
        at = [(await fleet.post("/x", 0, near))["at"] for near in ("p", "q", "p", "r", None, "p")]
        # r puts out q, which was used before p. So p is at home at the first, though it is the second's turn.
        assert at == [first, second, first, second, first, first]
        at = [(await fleet.post("/x", 0, near))["at"] for near in ("s", "t", "p")]
        # s and t put out r and p. So p goes where the turn is.
        assert at == [second, first, second]
        await fleet.close()

    with_backends(2, test)


def test_a_server_that_is_overloaded_gets_half_and_the_other_as_before() -> None:
    async def test(backends: Sequence[Backend]) -> None:
        busy, other = backends
        busy.hold()
        other.hold()
        fleet = over(backends)
        tasks = posts(fleet, 16)
        await until(lambda: (busy.now, other.now) == (8, 8))
        busy.script = [(429, {"Retry-After": "3600"})] * 8
        busy.release()
        busy.hold()
        await until(lambda: not busy.script and busy.now == 4)
        await asyncio.sleep(0.02)
        assert (busy.now, other.now) == (4, 8)
        assert [(stats.in_flight, stats.live) for stats in fleet.stats()] == [(8, True), (8, True)]
        busy.release()
        other.release()
        await asyncio.gather(*tasks)
        assert Counter(busy.seen) + Counter(other.seen) == Counter([*range(16), *busy.seen[:8]])
        await fleet.close()

    with_backends(2, test)


@pytest.mark.parametrize("status", [429, 500])
def test_a_refusal_that_may_pass_goes_to_the_others_and_leaves_the_server_in(status: int) -> None:
    async def test(backends: Sequence[Backend]) -> None:
        backends[0].always = status
        fleet = over(backends)
        assert (await fleet.post("/x", 0))["at"] == backends[1].url
        assert (fleet.retries, fleet.failovers) == (1, 1)
        backends[1].always = status
        with pytest.raises(HttpStatusError, match=f"HTTP {status}"):
            await fleet.post("/x", 1)
        # Three servers' turns of two attempts, where one alone would have had five attempts.
        assert sum(backend.seen.count(1) for backend in backends) == 6
        assert all(stats.live for stats in fleet.stats())
        await fleet.close()

    with_backends(2, test)


def test_other_refusals_and_timeouts_are_final() -> None:
    async def test(backends: Sequence[Backend]) -> None:
        fleet = over(backends, timeout_s=0.2)
        for backend in backends:
            backend.always = 400
        with pytest.raises(HttpStatusError, match="HTTP 400"):
            await fleet.post("/x", 0)
        for backend in backends:
            backend.hold()
        with pytest.raises(RequestTimeoutError):
            await fleet.post("/x", 1)
        assert sum(len(backend.seen) for backend in backends) == 2
        assert all(stats.live for stats in fleet.stats())
        await fleet.close()

    with_backends(2, test)


def test_a_request_that_is_given_up_is_no_longer_in_flight() -> None:
    async def test(backends: Sequence[Backend]) -> None:
        for backend in backends:
            backend.hold()
        fleet = over(backends)
        tasks = posts(fleet, 4)
        await until(lambda: all(backend.now == 2 for backend in backends))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert [(stats.in_flight, stats.failed, stats.live) for stats in fleet.stats()] == [(0, 0, True)] * 2
        await fleet.close()

    with_backends(2, test)


@pytest.mark.parametrize("url", ["", "http://a:1,", "http://a:1,localhost", ",http://a:1", "http://a:1,ftp://x"])
def test_a_list_with_something_else_than_an_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="such as http"):
        Fleet(url)


def test_an_address_may_be_named_once() -> None:
    with pytest.raises(UsageError, match="twice"):
        Fleet("http://a:1, http://b:1, http://a:1/")
    assert Fleet("http://a:1, http://b:1/").address == "http://a:1, http://b:1"


async def _outcome(client: JsonClient | Fleet, url: str) -> tuple[Any, ...]:
    said: Any
    try:
        said = await client.post("/echo", {"x": 1})
    except Exception as error:
        said = (type(error), str(error).replace(url, "URL"))
    await client.close()
    return said, client.retries, client.address == url


@pytest.mark.parametrize(
    "script",
    [
        [],
        [Scripted(status=429, headers={"Retry-After": "3600"})] * 4,
        [Scripted(status=503, body=b"loading")] * 9,
        [Scripted(status=500)] * 2,
        [Scripted(status=404, body=b"nothing here")],
        [Scripted(reset=True)] * 9,
        [Scripted(cut=True, body=b'{"x":')] * 2,
        [Scripted(body=b"<html>")],
        [Scripted(delay_s=5)],
    ],
    ids=["good", "429", "503", "500", "404", "reset", "cut", "html", "silence"],
)
def test_over_one_server_it_is_the_plain_client(script: list[Scripted]) -> None:
    async def both() -> None:
        outcomes = []
        for kind in (JsonClient, Fleet):
            async with FakeServer(script=list(script)) as server:
                client = kind(server.base_url, retry=QUICK, timeout_s=0.2)
                outcomes.append((await _outcome(client, server.base_url), [seen.path for seen in server.seen]))
        assert outcomes[0] == outcomes[1]

    asyncio.run(both())


def test_one_server_that_is_not_there_is_reported_as_ever_and_never_out() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"

    async def both() -> None:
        fleet = Fleet(url, retry=QUICK)
        with pytest.raises(JudgeUnreachableError):
            await fleet.post("/echo", {})
        assert [(stats.failed, stats.live) for stats in fleet.stats()] == [(1, True)]
        await fleet.close()
        assert await _outcome(Fleet(url, retry=QUICK), url) == await _outcome(JsonClient(url, retry=QUICK), url)

    asyncio.run(both())
