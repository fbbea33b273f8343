"""Who is in a fleet, and who of them is up: outages and returns, and servers that a file takes in and lets go."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from tournament.errors import JudgeUnreachableError, UsageError
from tournament.runtime.addresses import Place, file_named
from tournament.runtime.client import JsonClient, checked
from tournament.runtime.faults import RequestError
from tournament.runtime.fleet_file import Complete, FleetFile
from tournament.runtime.fleet_server import FleetServer
from tournament.runtime.retry import RetryPolicy

log = logging.getLogger(__name__)

_SHOWN = 5

Make = Callable[[Place], FleetServer]
Vet = Callable[[JsonClient], Awaitable[str]]


class Roster:
    """The servers that `base_url` says, made with `make`.

    One that is out, or that the file names anew, is in once `health_path` answers and `vet`, where there is one, finds
    nothing wrong with it: what it gives is said, and the server is asked again later. One that the file no longer names
    gets nothing new and ends what it has.
    """

    def __init__(
        self,
        listing: FleetFile | Sequence[Place],
        make: Make,
        *,
        health_path: str,
        probes: RetryPolicy,
        patience_s: float,
        join_patience_s: float,
        look_s: float,
    ) -> None:
        self._make = make
        self._file = listing if isinstance(listing, FleetFile) else None
        places = listing.places if isinstance(listing, FleetFile) else listing
        self.servers = [make(place) for place in places]
        self._known = {server.place.url: server for server in self.servers}
        self._health_path, self._probes = health_path, probes
        self._patience_s, self._join_patience_s, self._look_s = patience_s, join_patience_s, look_s
        self._returned = asyncio.Event()
        self._last_loss: Exception | None = None
        self._follower: asyncio.Task[None] | None = None
        self.vet: Vet | None = None

    @property
    def alone(self) -> bool:
        """Whether there is one server, and never another."""
        return self._file is None and len(self.servers) == 1

    @property
    def address(self) -> str:
        """The addresses of all servers, for messages."""
        return ", ".join(server.client.address for server in self.servers)

    @property
    def retries(self) -> int:
        """The attempts after the first at one server, also at those that are gone."""
        return sum(server.client.retries for server in self._known.values())

    @property
    def any_live(self) -> bool:
        """Whether a request has somewhere to go."""
        return any(server.live for server in self.servers)

    def follow(self) -> None:
        """See to it that the file, where there is one, is looked at from now on.

        Raises:
            InputError: where it could not be read at first, with the line where one means nothing.
        """
        if self._file is not None and self._file.flaw is not None:
            raise self._file.flaw
        if self._file is not None and (self._follower is None or self._follower.done()):
            self._follower = asyncio.create_task(self._follow(self._file))

    def take_out(self, server: FleetServer, failure: Exception) -> None:
        """Send a server nothing until it is found well; one that is being let go has nothing to come anyway."""
        if not server.listed:
            return
        server.outages += 1
        server.out_since, self._last_loss = time.monotonic(), failure
        log.warning("%s is out (%s); the other servers get its requests", server.client.address, failure)
        server.watch = asyncio.create_task(self._watch(server))

    async def one_live(self) -> None:
        """Wait, while an outage is young, for a server to come in.

        Raises:
            JudgeUnreachableError: where none did in time.
        """
        while not self.any_live:
            self._returned.clear()
            left_s = self._patience_ends() - time.monotonic()
            if left_s <= 0:
                raise self.all_out()
            try:
                async with asyncio.timeout(left_s):
                    await self._returned.wait()
            except TimeoutError:
                continue  # in the meantime the file may have named others

    def all_out(self) -> JudgeUnreachableError:
        """The error of a request that has nowhere to go."""
        return JudgeUnreachableError(f"none of the servers answers: {self.address}; the last error: {self._last_loss}")

    async def close(self) -> None:
        """Give back the connections and end all tasks; the next request finds every server live."""
        tasks, self._follower = [self._follower], None
        for server in self._known.values():
            tasks.append(server.watch)
            server.watch = None
            # What fails from here on was sent before, and must take out no server of the time after.
            server.outages += 1
            server.out_since, server.joins = None, False
            server.throttle.reset()
        # Those of an event loop that has ended are done, and cannot be waited for in this one.
        ended = [task for task in tasks if task is not None and not task.done()]
        for task in ended:
            task.cancel()
        await asyncio.gather(*ended, return_exceptions=True)
        self._returned = asyncio.Event()
        for server in self._known.values():
            await server.close()

    def _patience_ends(self) -> float:
        # A server that never answered, as at the start with a wrong address, is not waited for; one that the file
        # named later may have its model to load.
        fell = [server for server in self.servers if server.out_since is not None and (server.answered or server.joins)]
        patience = ((s.out_since or 0.0) + (self._join_patience_s if s.joins else self._patience_s) for s in fell)
        return max(patience, default=-math.inf)

    async def _watch(self, server: FleetServer) -> None:
        failures = 0 if server.joins else 1
        while True:
            if failures:
                await asyncio.sleep(self._probes.delay(failures))
            failures += 1
            if await self._is_well(server):
                break
        server.out_since = server.watch = None
        self._returned.set()
        log.log(
            *((logging.INFO, "%s joins") if server.joins else (logging.WARNING, "%s is back")), server.client.address
        )
        server.joins = False

    async def _is_well(self, server: FleetServer) -> bool:
        try:
            await server.probe.ping(self._health_path)
            flaw = await self.vet(server.probe) if self.vet is not None else ""
        except (JudgeUnreachableError, RequestError):
            return False
        if flaw and flaw != server.flaw:
            log.warning("%s gets no requests: %s", server.client.address, flaw)
        server.flaw = flaw
        return not flaw

    async def _follow(self, file: FleetFile) -> None:
        while True:
            if await file.changed():
                self._relist(file.places, file.path)
            for server in self._known.values():
                if not server.listed and not server.in_flight:
                    await server.close()
            await asyncio.sleep(self._look_s)

    def _relist(self, places: Sequence[Place], file: Path) -> None:
        before = {server.place.url for server in self.servers}
        self.servers = [self._enlisted(place) for place in places]
        now = {place.url for place in places}
        for url in before - now:
            server = self._known[url]
            server.listed, server.joins = False, False
            if server.watch is not None:
                server.watch.cancel()
        changes = [
            f"{_some(urls)} {verb}" for urls, verb in ((now - before, "taken in"), (before - now, "let go")) if urls
        ]
        log.warning("%s has changed: %s", file, "; ".join(changes) or "other weights or another order")

    def _enlisted(self, place: Place) -> FleetServer:
        server = self._known.get(place.url)
        fresh = server is None or not server.listed
        if server is None:
            server = self._known[place.url] = self._make(place)
        server.place = place
        if fresh:
            server.listed = server.joins = True
            server.outages += 1
            server.out_since = time.monotonic()
            server.watch = asyncio.create_task(self._watch(server))
        return server


def listing(base_url: str, complete: Complete = str) -> FleetFile | tuple[Place, ...]:
    """What `base_url` says: a file to follow, or places.

    Raises:
        UsageError: where it holds something else than addresses, or one twice.
    """
    file = file_named(base_url)
    if file is not None:
        return FleetFile(file, complete)
    urls = [str(checked(complete(url))) for url in base_url.split(",")]
    if len(set(urls)) < len(urls):
        raise UsageError(f"base_url names a server twice: {', '.join(urls)}; name each one once")
    return tuple(Place(url=url) for url in urls)


def _some(urls: set[str]) -> str:
    shown = ", ".join(sorted(urls)[:_SHOWN])
    return shown if len(urls) <= _SHOWN else f"{shown} and {len(urls) - _SHOWN} more"
