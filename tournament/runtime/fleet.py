"""One client over several servers of the same model: shares requests out, and goes round servers that are lost."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from tournament.errors import JudgeUnreachableError
from tournament.runtime.client import JsonClient
from tournament.runtime.faults import BrokenConnectionError, HttpStatusError, RequestError
from tournament.runtime.fleet_file import LOOK_S, Complete, FleetFile
from tournament.runtime.fleet_server import FleetServer, ServerStats, is_lost
from tournament.runtime.retry import RETRYABLE, RetryPolicy
from tournament.runtime.roster import Roster, Vet, listing

# With others to turn to, a server gets so many attempts at a request before another is asked.
ATTEMPTS_EACH = 2
PROBES = RetryPolicy(base_s=1.0, cap_s=30.0)
_KEYS_KEPT = 4096
_Send = Callable[[JsonClient], Awaitable[Any]]


@dataclass(slots=True, kw_only=True, eq=False)
class _Journey:
    """Where one request has been: `tried` in this round, `broke` at any time."""

    near: Hashable | None = None
    tried: set[FleetServer] = field(default_factory=set)
    broke: set[FleetServer] = field(default_factory=set)
    refusals: int = 0
    last_round: bool = False
    failure: Exception | None = None


class Fleet:
    """What `JsonClient` is, over one or more servers of one model.

    `base_url` gives their addresses with commas, or @FILE that lists them and is followed while requests are made
    (`tournament.runtime.fleet_file`); `complete` makes whole addresses of those that are written there. A request goes
    to the live server with the least in flight, by weight. One that cannot be reached, breaks the connection or has a
    gateway's error is out until `health_path` answers, and its requests go to the others. With one address this is a
    `JsonClient` with a throttle, and no server is ever out.
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
        complete: Complete = str,
        look_s: float = LOOK_S,
    ) -> None:
        whole, places = retry or RetryPolicy(), listing(base_url, complete)
        one = not isinstance(places, FleetFile) and len(places) == 1
        own = whole if one else replace(whole, attempts=min(whole.attempts, ATTEMPTS_EACH))
        self._roster = Roster(
            places,
            partial(FleetServer, key=key, timeout_s=timeout_s, retry=own),
            health_path=health_path,
            probes=probes,
            patience_s=patience_s,
            join_patience_s=timeout_s,
            look_s=look_s,
        )
        self._max_refusals = math.ceil(whole.attempts / own.attempts)
        self._slack = slack
        self._next = 0
        self._homes: dict[Hashable, FleetServer] = {}
        self.failovers = 0

    @property
    def address(self) -> str:
        """The addresses of all servers, for messages."""
        return self._roster.address

    @property
    def retries(self) -> int:
        """The attempts after the first at one server, of all requests so far."""
        return self._roster.retries

    def stats(self) -> list[ServerStats]:
        """What each server did so far, in the order of the addresses."""
        return [server.stats() for server in self._roster.servers]

    def vet(self, vet: Vet) -> None:
        """From now on, ask this of a server that returns or is taken in: it gives what is wrong with it, or nothing."""
        self._roster.vet = vet

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
        self._roster.follow()
        asked = [server for server in self._roster.servers if server.live]
        if not asked:
            raise self._roster.all_out()
        answers = await asyncio.gather(*(self._at(s, lambda c: c.get(path)) for s in asked), return_exceptions=True)
        good = {s.client.address: a for s, a in zip(asked, answers, strict=True) if not isinstance(a, BaseException)}
        bad = sorted((answer for answer in answers if isinstance(answer, BaseException)), key=is_lost)
        if bad and not (good and is_lost(bad[0])):
            raise bad[0]
        return good

    async def close(self) -> None:
        """Give back the connections and end the probes; the next request finds every server live."""
        await self._roster.close()

    async def _anywhere(self, send: _Send, near: Hashable | None = None) -> Any:
        self._roster.follow()
        if self._roster.alone:
            return await self._at(self._roster.servers[0], send)
        journey = _Journey(near=near)
        while True:
            server = await self._stop(journey)
            try:
                return await self._at(server, send)
            except (JudgeUnreachableError, RequestError) as failure:
                self._note(journey, server, failure)

    async def _at(self, server: FleetServer, send: _Send) -> Any:
        outages = server.outages
        server.in_flight += 1
        try:
            answer = await send(server.client)
        except (JudgeUnreachableError, RequestError) as failure:
            server.failed += 1
            # One that was sent before the last outage says nothing about a server that has returned since.
            if not self._roster.alone and is_lost(failure) and server.outages == outages:
                self._roster.take_out(server, failure)
            raise
        finally:
            server.in_flight -= 1
        server.answered += 1
        return answer

    async def _stop(self, journey: _Journey) -> FleetServer:
        """The server to ask next.

        When all have been tried, those that live or return in time get one more round, but not those where the
        connection broke: they may have computed the answer already, and would be paid twice for it.
        """
        server = self._least_busy(journey)
        if server is None and not journey.last_round:
            await self._roster.one_live()
            journey.last_round, journey.tried = True, set(journey.broke)
            server = self._least_busy(journey)
        if server is None:
            raise journey.failure if journey.failure is not None and self._roster.any_live else self._roster.all_out()
        if journey.failure is not None:
            self.failovers += 1
        return server

    def _note(self, journey: _Journey, server: FleetServer, failure: Exception) -> None:
        """Note a failure for the next stop, or raise it where no other server would do better."""
        if isinstance(failure, BrokenConnectionError):
            journey.broke.add(server)
        if not is_lost(failure):
            # One that is overloaded stays in. All servers together get the attempts that one alone would have had.
            journey.refusals += 1
            passing = isinstance(failure, HttpStatusError) and failure.status in RETRYABLE
            if not passing or journey.refusals >= self._max_refusals:
                raise failure
        journey.tried.add(server)
        journey.failure = failure

    def _least_busy(self, journey: _Journey) -> FleetServer | None:
        servers = self._roster.servers
        turns = (servers[(self._next + step) % len(servers)] for step in range(len(servers)))
        open_to = [server for server in turns if server.live and server not in journey.tried]
        if not open_to:
            return None
        first = min(server.place.priority for server in open_to)
        open_to = [server for server in open_to if server.place.priority == first]
        chosen = self._home(journey, open_to, min(open_to, key=lambda server: server.load))
        self._next = (servers.index(chosen) + 1) % len(servers)
        return chosen

    def _home(self, journey: _Journey, open_to: Sequence[FleetServer], least: FleetServer) -> FleetServer:
        """The server where the beginning of a prompt was read, unless it is too busy beside the least busy one."""
        if journey.near is None:
            return least
        # Taken out and put back, so that the first of the dictionary is the one that was used longest ago.
        home = self._homes.pop(journey.near, least)
        chosen = home if home in open_to and home.may_keep(least, self._slack) else least
        self._homes[journey.near] = chosen
        if len(self._homes) > _KEYS_KEPT:
            del self._homes[next(iter(self._homes))]
        return chosen
