"""Who is let in: so many requests at once, a bounded line that is shared fairly, and an end that waits for them."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tournament.endpoint.fair import FairGate
from tournament.endpoint.faults import ApiError, too_late

_SMOOTH = 0.1
_LONGEST_S = 60
_FIRST_GUESS_S = 1.0


class Admission:
    """At most `most` requests at work and `queue` that wait, each client's alike.

    Where the line is full, the client that has the most in it loses its last one to a client that has fewer.
    """

    def __init__(self, most: int, queue: int) -> None:
        self._gate = FairGate(most)
        self._most_waiting = queue
        self._typical_s = _FIRST_GUESS_S
        self._inside = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.draining = False
        self.peak = 0

    @property
    def at_work(self) -> int:
        """Requests that have had their turn and are not done."""
        return self._gate.used

    @property
    def waiting(self) -> int:
        """Requests that wait for their turn."""
        return self._gate.queued

    def check(self) -> None:
        """See that one more request can be taken in.

        Raises:
            ApiError: 429 where the line is full, 503 where the endpoint is about to end.
        """
        if self.draining:
            message = "the endpoint is about to end and takes no more requests"
            raise ApiError(503, message, code="shutting_down", headers={"Retry-After": "5"})
        full = self._gate.used >= self._gate.capacity and self.waiting >= self._most_waiting
        if full and not self._gate.turn_away(self._too_many()):
            raise self._too_many()

    @asynccontextmanager
    async def turn(self, end: float | None) -> AsyncIterator[None]:
        """Wait for a turn until `end` on the monotonic clock, and have it for the length of the block.

        Raises:
            ApiError: 504 where there was none in time, 429 where another client's request took the place in line.
        """
        self._inside += 1
        self._idle.clear()
        self.peak = max(self.peak, self._inside)
        try:
            slot = self._gate.slot(0)
            try:
                async with asyncio.timeout(None if end is None else max(end - time.monotonic(), 0)):
                    await slot.__aenter__()
            except TimeoutError:
                raise too_late("the deadline passed before it was this request's turn") from None
            begun = time.monotonic()
            try:
                yield
                self._typical_s += _SMOOTH * (time.monotonic() - begun - self._typical_s)
            finally:
                await slot.__aexit__()
        finally:
            self._inside -= 1
            if not self._inside:
                self._idle.set()

    async def drained(self) -> None:
        """Take no more requests, and return when those that are there have ended."""
        self.draining = True
        await self._idle.wait()

    def _too_many(self) -> ApiError:
        ahead_s = self._typical_s * (1 + self.waiting) / self._gate.capacity
        wait_s = max(1, min(math.ceil(ahead_s), _LONGEST_S))
        message = f"too many requests: {self.at_work} at work and {self.waiting} waiting; try again in {wait_s} s"
        return ApiError(429, message, code="rate_limit_exceeded", headers={"Retry-After": str(wait_s)})
