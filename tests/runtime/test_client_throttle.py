"""What the client tells its throttle, and when it holds a slot."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.fake_server import FakeServer, Scripted
from tests.runtime.backend import LAZY, until
from tournament.runtime.client import JsonClient
from tournament.runtime.faults import HttpStatusError, RequestTimeoutError
from tournament.runtime.retry import RetryPolicy
from tournament.runtime.throttle import Throttle


def told(server: FakeServer, error: type[Exception], **options: Any) -> Throttle:
    """The throttle of a client after a request that failed."""
    throttle = Throttle(max_hold_s=0.001)

    async def run() -> None:
        async with server:
            client = JsonClient(server.base_url, throttle=throttle, **options)
            try:
                with pytest.raises(error):
                    await client.post("/echo", {})
            finally:
                await client.close()

    asyncio.run(run())
    return throttle


@pytest.mark.parametrize(("status", "limit"), [(429, 1), (503, 1), (500, None), (400, None)])
def test_the_client_tells_it_of_overload(status: int, limit: int | None) -> None:
    server = FakeServer(script=[Scripted(status=status)])
    assert told(server, HttpStatusError, retry=RetryPolicy(attempts=1)).limit == limit


def test_the_client_tells_it_of_a_request_that_timed_out() -> None:
    assert told(FakeServer(script=[Scripted(delay_s=5)]), RequestTimeoutError, timeout_s=0.05).limit == 1


def test_good_answers_lift_the_limit_again() -> None:
    async def run() -> None:
        throttle = Throttle()
        async with FakeServer(script=[Scripted(status=429)]) as server:
            client = JsonClient(server.base_url, retry=RetryPolicy(base_s=0.001), throttle=throttle)
            await client.post("/echo", {})
            assert (throttle.limit, throttle.in_flight, throttle.peak) == (None, 0, 1)
            await client.close()

    asyncio.run(run())


def test_a_client_that_waits_for_its_next_attempt_holds_no_slot() -> None:
    async def run() -> None:
        throttle = Throttle()
        async with FakeServer(script=[Scripted(status=429)]) as server:
            client = JsonClient(server.base_url, retry=LAZY, throttle=throttle)
            first = asyncio.create_task(client.post("/echo", {"x": 1}))
            await until(lambda: client.retries == 1)
            assert throttle.in_flight == 0
            assert await client.post("/echo", {"x": 2}) == {"path": "/echo", "body": {"x": 2}}
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            await client.close()

    asyncio.run(run())
