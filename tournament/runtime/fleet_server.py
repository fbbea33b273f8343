"""One server of a fleet: its client, what it did so far, and whether it is up."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from tournament.errors import JudgeUnreachableError
from tournament.runtime.addresses import Place
from tournament.runtime.client import JsonClient
from tournament.runtime.faults import BrokenConnectionError, HttpStatusError
from tournament.runtime.retry import RetryPolicy
from tournament.runtime.throttle import Throttle

_PROBE_TIMEOUT_S = 30.0
_GATEWAY_ERRORS = frozenset({502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStats:
    """What one server did so far; `failed` counts requests that it did not answer well, after the client's retries."""

    address: str
    answered: int
    failed: int
    in_flight: int
    live: bool


class FleetServer:
    """A server of a fleet. It is `listed` for as long as new requests are meant for it, and `live` while it is not out.

    `joins` says that it was listed while the fleet was at work and has not been found well since.
    """

    def __init__(self, place: Place, key: str, timeout_s: float, retry: RetryPolicy) -> None:
        self.place = place
        self.throttle = Throttle(max_hold_s=retry.cap_s)
        self.client = JsonClient(place.url, key=key, timeout_s=timeout_s, retry=retry, throttle=self.throttle)
        # Probes hold no slot: they must get through to a server whose requests are held back.
        once = RetryPolicy(attempts=1)
        self.probe = JsonClient(place.url, key=key, timeout_s=min(timeout_s, _PROBE_TIMEOUT_S), retry=once)
        self.answered = self.failed = self.in_flight = self.outages = 0
        self.out_since: float | None = None
        self.listed, self.joins = True, False
        self.flaw = ""
        self.watch: asyncio.Task[None] | None = None

    @property
    def live(self) -> bool:
        """Whether requests may go there."""
        return self.out_since is None

    @property
    def load(self) -> float:
        """What one more request would make of its requests in flight, a unit of weight."""
        return (self.in_flight + 1) / self.place.weight

    def may_keep(self, other: FleetServer, slack: int) -> bool:
        """Whether it has at most `slack` more in flight than another, by their weights."""
        return self.in_flight <= other.in_flight * self.place.weight / other.place.weight + slack

    def stats(self) -> ServerStats:
        """What it did so far."""
        return ServerStats(
            address=self.client.address,
            answered=self.answered,
            failed=self.failed,
            in_flight=self.in_flight,
            live=self.live,
        )

    async def close(self) -> None:
        """Give back the connections; the next request opens new ones."""
        await self.client.close()
        await self.probe.close()


def is_lost(failure: BaseException) -> bool:
    """Whether a failure says that nobody is there, rather than that a request was no good."""
    if isinstance(failure, HttpStatusError):
        return failure.status in _GATEWAY_ERRORS
    return isinstance(failure, JudgeUnreachableError | BrokenConnectionError)
