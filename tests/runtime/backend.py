"""A server that keeps its answers back until told, and that goes down and comes back at the same address."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

import pytest
from aiohttp import web

from tournament.runtime.fleet import Fleet
from tournament.runtime.retry import RetryPolicy

QUICK = RetryPolicy(attempts=5, base_s=0.001, cap_s=0.05)
# Probes that come at once, and probes that never come within a test.
EAGER, LAZY = RetryPolicy(base_s=0.001, cap_s=0.001), RetryPolicy(base_s=1e6, cap_s=1e6)


class Backend:
    """One server. `script` gives the status and headers of the next answers, `always` that of all others."""

    def __init__(self) -> None:
        self.script: list[tuple[int, Mapping[str, str]]] = []
        self.always = 200
        self.healthy = True
        self.seen: list[Any] = []
        self.paths: list[str] = []
        self.now = self.peak = 0
        self._gate = asyncio.Event()
        self._gate.set()
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def connections(self) -> int:
        """How many clients' connections are open."""
        assert self._runner is not None
        assert self._runner.server is not None
        return len(self._runner.server.connections)

    async def up(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]

    async def down(self) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    def hold(self) -> asyncio.Event:
        """Keep back the answers to what comes from now on, until `release` or what this gives is set."""
        self._gate = asyncio.Event()
        return self._gate

    def release(self) -> None:
        """Answer what came since the last `hold`, and what comes next."""
        self._gate.set()

    async def _handle(self, request: web.Request) -> web.Response:
        self.paths.append(request.path)
        if request.path == "/health":
            return web.Response(status=200 if self.healthy else 503)
        self.seen.append(await request.json() if request.method == "POST" else None)
        self.now += 1
        self.peak = max(self.peak, self.now)
        try:
            await self._gate.wait()
        finally:
            self.now -= 1
        status, headers = self.script.pop(0) if self.script else (self.always, {})
        return web.json_response({"at": self.url}, status=status, headers=headers)


def look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every fleet that is made from here on look at its file more often than a person would."""
    defaults = Fleet.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "look_s", 0.002)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that is bound to happen."""
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0.001)


def with_backends(count: int, test: Callable[[Sequence[Backend]], Coroutine[Any, Any, None]]) -> None:
    """Run a test with so many servers; it must leave no task behind."""

    async def run() -> None:
        backends = [Backend() for _ in range(count)]
        for backend in backends:
            await backend.up()
        try:
            async with asyncio.timeout(60):
                await test(backends)
        finally:
            for backend in backends:
                backend.release()
                await backend.down()
        # The servers' own connection tasks take a turn of the loop to end.
        async with asyncio.timeout(10):
            await until(lambda: asyncio.all_tasks() == {asyncio.current_task()})

    asyncio.run(run())
