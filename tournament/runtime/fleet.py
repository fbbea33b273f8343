"""One client over several servers of the same model: shares requests out, and goes round servers that are lost."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Any

from tournament.errors import JudgeUnreachableError, UsageError
from tournament.runtime.client import JsonClient
from tournament.runtime.faults import BrokenConnectionError, HttpStatusError, RequestError
from tournament.runtime.retry import RETRYABLE, RetryPolicy
from tournament.runtime.throttle import Throttle

log = logging.getLogger(__name__)

# With others to turn to, a server gets so many attempts at a request before another is asked.
ATTEMPTS_EACH = 2
PROBES = RetryPolicy(base_s=1.0, cap_s=30.0)
_PROBE_TIMEOUT_S = 30.0
_KEYS_KEPT = 4096
_GATEWAY_ERRORS = frozenset({502, 503, 504})
_Send = Callable[[JsonClient], Awaitable[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStats:
    """What one server did so far; `failed` counts requests that it did not answer well, after the client's retries."""

    address: str
    answered: int
    failed: int
    in_flight: int
    live: bool


class _Server:
    def __init__(self, url: str, key: str, timeout_s: float, retry: RetryPolicy) -> None:
        self.throttle = Throttle(max_hold_s=retry.cap_s)
        self.client = JsonClient(url, key=key, timeout_s=timeout_s, retry=retry, throttle=self.throttle)
        # Probes hold no slot: they must get through to a server whose requests are held back.
        once = RetryPolicy(attempts=1)
        self.probe = JsonClient(url, key=key, timeout_s=min(timeout_s, _PROBE_TIMEOUT_S), retry=once)
        self.answered = self.failed = self.in_flight = self.outages = 0
        self.out_since: float | None = None
        self.watch: asyncio.Task[None] | None = None

    @property
    def live(self) -> bool:
        return self.out_since is None

    def stats(self) -> ServerStats:
        return ServerStats(
            address=self.client.address,
            answered=self.answered,
            failed=self.failed,
            in_flight=self.in_flight,
            live=self.live,
        )


@dataclass(slots=True, kw_only=True, eq=False)
class _Journey:
    """Where one request has been: `tried` in this round, `broke` at any time."""

    near: Hashable | None = None
    tried: set[_Server] = field(default_factory=set)
    broke: set[_Server] = field(default_factory=set)
    refusals: int = 0
    last_round: bool = False
    failure: Exception | None = None


class Fleet:
    """What `JsonClient` is, over one or more servers: `base_url` gives their addresses, separated by commas.

    A request goes to the live server with the least in flight. One that cannot be reached, breaks the connection or
    has a gateway's error is out until `health_path` answers, and its requests go to the others. With one address this
    is a `JsonClient` with a throttle, and no server is ever out.
    """

    def __init__(
        self,
        base_url: str,
        *,
        key: str = "",
        timeout_s: float = 600.0,
        retry: RetryPolicy | None = None,
        health_path: str = "/health",
        slack: int = 4,
        patience_s: float = 10.0,
        probes: RetryPolicy = PROBES,
    ) -> None:
        whole = retry or RetryPolicy()
        urls = base_url.split(",")
        own = whole if len(urls) == 1 else replace(whole, attempts=min(whole.attempts, ATTEMPTS_EACH))
        self._servers = [_Server(url, key, timeout_s, own) for url in urls]
        if len({server.client.address for server in self._servers}) < len(urls):
            raise UsageError(f"base_url names a server twice: {self.address}; name each one once")
        self._max_refusals = math.ceil(whole.attempts / own.attempts)
        self._health_path, self._probes = health_path, probes
        self._slack, self._patience_s = slack, patience_s
        self._next = 0
        self._homes: dict[Hashable, _Server] = {}
        self._returned = asyncio.Event()
        self._last_loss: Exception | None = None
        self.failovers = 0

    @property
    def address(self) -> str:
        """The addresses of all servers, for messages."""
        return ", ".join(server.client.address for server in self._servers)

    @property
    def retries(self) -> int:
        """The attempts after the first at one server, of all requests so far."""
        return sum(server.client.retries for server in self._servers)

    def stats(self) -> list[ServerStats]:
        """What each server did so far, in the order of the addresses."""
        return [server.stats() for server in self._servers]

    async def ping(self, path: str) -> None:
        """Ask one live server for a path whose answer matters by its status alone. Raises as `post` does."""
        await self._anywhere(lambda client: client.ping(path))

    async def get(self, path: str) -> Any:
        """The JSON that a path of one live server answers with. Raises as `post` does."""
        return await self._anywhere(lambda client: client.get(path))

    async def post(
        self, path: str, body: Any, near: Hashable | None = None, first: Callable[[], None] | None = None
    ) -> Any:
        """The JSON that a path of one live server answers a JSON body with; `first` as for a `JsonClient`.

        Requests with the same `near` share the beginning of their prompt. They go to one server for as long as it has
        at most `slack` more in flight than the least busy one, so that its prefix cache serves them.

        Raises:
            JudgeUnreachableError: where no server could be reached.
            RequestError: where there was no good answer.
        """
        return await self._anywhere(lambda client: client.post(path, body, first), near)

    async def each(self, path: str) -> dict[str, Any]:
        """The JSON that a path of every live server answers with, by address; those that are lost are out then.

        Raises as `post` does, where one server refuses or none answers.
        """
        asked = [server for server in self._servers if server.live]
        if not asked:
            raise self._all_out()
        answers = await asyncio.gather(*(self._at(s, lambda c: c.get(path)) for s in asked), return_exceptions=True)
        good = {s.client.address: a for s, a in zip(asked, answers, strict=True) if not isinstance(a, BaseException)}
        bad = sorted((answer for answer in answers if isinstance(answer, BaseException)), key=_is_lost)
        if bad and not (good and _is_lost(bad[0])):
            raise bad[0]
        return good

    async def close(self) -> None:
        """Give back the connections and end the probes; the next request finds every server live."""
        watches = [server.watch for server in self._servers if server.watch is not None and not server.watch.done()]
        for server in self._servers:
            # What fails from here on was sent before, and must take out no server of the time after.
            server.outages += 1
            server.out_since = server.watch = None
            server.throttle.reset()
        for watch in watches:
            watch.cancel()
        await asyncio.gather(*watches, return_exceptions=True)
        self._returned = asyncio.Event()
        for server in self._servers:
            await server.client.close()
            await server.probe.close()

    async def _anywhere(self, send: _Send, near: Hashable | None = None) -> Any:
        if len(self._servers) == 1:
            return await self._at(self._servers[0], send)
        journey = _Journey(near=near)
        while True:
            server = await self._stop(journey)
            try:
                return await self._at(server, send)
            except (JudgeUnreachableError, RequestError) as failure:
                self._note(journey, server, failure)

    async def _at(self, server: _Server, send: _Send) -> Any:
        outages = server.outages
        server.in_flight += 1
        try:
            answer = await send(server.client)
        except (JudgeUnreachableError, RequestError) as failure:
            server.failed += 1
            # One that was sent before the last outage says nothing about a server that has returned since.
            if len(self._servers) > 1 and _is_lost(failure) and server.outages == outages:
                self._take_out(server, failure)
            raise
        finally:
            server.in_flight -= 1
        server.answered += 1
        return answer

    async def _stop(self, journey: _Journey) -> _Server:
        """The server to ask next.

        When all have been tried, those that live or return in time get one more round, but not those where the
        connection broke: they may have computed the answer already, and would be paid twice for it.
        """
        server = self._least_busy(journey)
        if server is None and not journey.last_round:
            await self._one_live()
            journey.last_round, journey.tried = True, set(journey.broke)
            server = self._least_busy(journey)
        if server is None:
            raise journey.failure if journey.failure is not None and self._any_live else self._all_out()
        if journey.failure is not None:
            self.failovers += 1
        return server

    def _note(self, journey: _Journey, server: _Server, failure: Exception) -> None:
        """Note a failure for the next stop, or raise it where no other server would do better."""
        if isinstance(failure, BrokenConnectionError):
            journey.broke.add(server)
        if not _is_lost(failure):
            # One that is overloaded stays in. All servers together get the attempts that one alone would have had.
            journey.refusals += 1
            passing = isinstance(failure, HttpStatusError) and failure.status in RETRYABLE
            if not passing or journey.refusals >= self._max_refusals:
                raise failure
        journey.tried.add(server)
        journey.failure = failure

    def _least_busy(self, journey: _Journey) -> _Server | None:
        count = len(self._servers)
        turns = (self._servers[(self._next + step) % count] for step in range(count))
        open_to = [server for server in turns if server.live and server not in journey.tried]
        if not open_to:
            return None
        chosen = min(open_to, key=lambda server: server.in_flight)
        if journey.near is not None:
            # Taken out and put back, so that the first of the dictionary is the one that was used longest ago.
            home = self._homes.pop(journey.near, None)
            if home in open_to and home.in_flight <= chosen.in_flight + self._slack:
                chosen = home
            self._homes[journey.near] = chosen
            if len(self._homes) > _KEYS_KEPT:
                del self._homes[next(iter(self._homes))]
        self._next = (self._servers.index(chosen) + 1) % count
        return chosen

    def _take_out(self, server: _Server, failure: Exception) -> None:
        server.outages += 1
        server.out_since, self._last_loss = time.monotonic(), failure
        self._returned.clear()
        log.warning("%s is out (%s); the other servers get its requests", server.client.address, failure)
        server.watch = asyncio.create_task(self._watch(server))

    async def _watch(self, server: _Server) -> None:
        failures = 0
        while not server.live:
            failures += 1
            await asyncio.sleep(self._probes.delay(failures))
            try:
                await server.probe.ping(self._health_path)
            except (JudgeUnreachableError, RequestError):
                continue
            server.out_since = server.watch = None
            self._returned.set()
            log.warning("%s is back", server.client.address)

    @property
    def _any_live(self) -> bool:
        return any(server.live for server in self._servers)

    async def _one_live(self) -> None:
        """Wait, while an outage is young, for a server to return."""
        if self._any_live:
            return
        # A server that never answered, as at the start with a wrong address, is not waited for.
        fell = [server.out_since for server in self._servers if server.out_since is not None and server.answered]
        left_s = max(fell, default=-math.inf) + self._patience_s - time.monotonic()
        try:
            async with asyncio.timeout(left_s):
                await self._returned.wait()
        except TimeoutError:
            raise self._all_out() from None

    def _all_out(self) -> JudgeUnreachableError:
        return JudgeUnreachableError(f"none of the servers answers: {self.address}; the last error: {self._last_loss}")


def _is_lost(failure: BaseException) -> bool:
    if isinstance(failure, HttpStatusError):
        return failure.status in _GATEWAY_ERRORS
    return isinstance(failure, JudgeUnreachableError | BrokenConnectionError)
