"""A limit on how many comparisons are in flight, which lets the problems begun first go first."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Gate:
    """At most `capacity` comparisons at once; those who wait go by priority, lowest number first, then by arrival."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.used = 0
        self._arrivals = 0
        self._queue: list[tuple[int, int, int, asyncio.Future[None]]] = []

    @property
    def waiting(self) -> bool:
        """Whether somebody waits."""
        return bool(self._queue)

    @asynccontextmanager
    async def slot(self, priority: int, weight: int = 1) -> AsyncIterator[None]:
        """Hold `weight` places; a weight above the capacity takes all of it."""
        weight = min(weight, self.capacity)
        await self._enter(priority, weight)
        try:
            yield
        finally:
            self._leave(weight)

    async def _enter(self, priority: int, weight: int) -> None:
        if not self._queue and self.used + weight <= self.capacity:
            self.used += weight
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._arrivals += 1
        heapq.heappush(self._queue, (priority, self._arrivals, weight, turn))
        try:
            await turn
        except asyncio.CancelledError:
            # Let in and cancelled in the same moment: the places have to go back.
            if turn.done() and not turn.cancelled():
                self._leave(weight)
            raise

    def _leave(self, weight: int) -> None:
        self.used -= weight
        while self._queue:
            _, _, wanted, turn = self._queue[0]
            if turn.cancelled():
                heapq.heappop(self._queue)
                continue
            if self.used + wanted > self.capacity:
                return
            heapq.heappop(self._queue)
            self.used += wanted
            turn.set_result(None)
