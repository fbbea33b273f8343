"""A witness between `tourney` and a server: hands everything on, and counts what was asked and what came back."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web


@dataclass(slots=True)
class Relay:
    """A server that hands everything on to another, and counts what was asked of `/generate` and what came back.

    Attributes:
        target: Base URL of the other.
        base_url: Where the relay answers.
        asked: How often each body was sent.
        paid: How often each body's answer with status 200 reached the asker.
        statuses: How many answers had each status.
        tokens: Prompt and completion tokens of all answers in `paid`.
    """

    target: str
    base_url: str = ""
    asked: Counter[str] = field(default_factory=Counter)
    paid: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    tokens: int = 0
    _session: aiohttp.ClientSession | None = None
    _runner: web.AppRunner | None = None

    async def open(self) -> None:
        """Begin to answer."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._hand_on)
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        """Answer no more."""
        assert self._session is not None
        assert self._runner is not None
        await self._runner.cleanup()
        await self._session.close()

    async def _hand_on(self, request: web.Request) -> web.StreamResponse:
        assert self._session is not None
        body, url = await request.read(), self.target + request.path_qs
        if request.path != "/generate":
            return (await self._answer(request, url, body))[0]
        sent = hashlib.sha256(body).hexdigest()
        self.asked[sent] += 1
        response, content = await self._answer(request, url, body)
        # Sent from here, so that what is counted below has reached the asker.
        await response.prepare(request)
        await response.write_eof()
        self.statuses[response.status] += 1
        if response.status == 200:
            self.paid[sent] += 1
            self.tokens += _tokens(content)
        return response

    async def _answer(self, request: web.Request, url: str, body: bytes) -> tuple[web.Response, bytes]:
        assert self._session is not None
        headers = {"Content-Type": request.headers.get("Content-Type", "application/json")}
        async with self._session.request(request.method, url, data=body, headers=headers) as answer:
            content = await answer.read()
        kept = {name: answer.headers[name] for name in ("Content-Type", "Retry-After") if name in answer.headers}
        return web.Response(body=content, status=answer.status, headers=kept), content


def _tokens(content: bytes) -> int:
    meta = json.loads(content)["meta_info"]
    return int(meta["prompt_tokens"]) + int(meta["completion_tokens"])


@contextlib.contextmanager
def relayed(target: str) -> Iterator[Relay]:
    """A relay in a thread of its own for the length of a `with` block."""
    relay, loop = Relay(target), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="relay", daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(relay.open(), loop).result(10)
    try:
        yield relay
    finally:
        asyncio.run_coroutine_threadsafe(relay.close(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
