"""Places that are shared fairly among clients: whoever holds the fewest gets the next one."""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter
from contextvars import ContextVar
from typing import NamedTuple

from tournament.gate import Gate
from tournament.waits import Wait, Waits


class Who(NamedTuple):
    """On whose behalf something is done: a client, and the number of its request."""

    client: str
    request: int


_NOBODY = Who("", 0)
WHO: ContextVar[Who] = ContextVar("who", default=_NOBODY)
"""Set where a request is taken in; the tasks that are begun for it inherit it."""


class _Waiting(NamedTuple):
    request: int
    arrival: int
    weight: int
    turn: asyncio.Future[None]


class FairGate(Gate):
    """A gate that lets in the client with the fewest places; of several with as few, the one let in longest ago.

    Those who wait for one client go by the number of their request, so that what was begun first is finished first.
    """

    def __init__(self, capacity: int) -> None:
        super().__init__(capacity)
        self._held: Counter[str] = Counter()
        # In the order in which the clients were let in last.
        self._lines: dict[str, list[_Waiting]] = {}

    @property
    def waiting(self) -> bool:
        """Never: new requests are not held back for old ones, since they may be another client's."""
        return False

    @property
    def queued(self) -> int:
        """How many wait."""
        return sum(map(len, self._lines.values()))

    async def enter(self, priority: int, weight: int, waits: Waits) -> None:
        """Wait for `weight` places and take them, on behalf of `WHO`."""
        who = WHO.get()
        if not self._lines and self.used + weight <= self.capacity:
            self._take(who.client, weight)
            return
        self._arrivals += 1
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        mine = _Waiting(who.request, self._arrivals, weight, turn)
        heapq.heappush(self._lines.setdefault(who.client, []), mine)
        try:
            with waits.during(Wait.QUEUE):
                await turn
        except BaseException:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.leave(weight)  # let in and cancelled in the same moment
            else:
                self._forget(who.client, mine)
            raise

    def leave(self, weight: int) -> None:
        """Give back `weight` places of `WHO`, and let in whom they suffice for."""
        client = WHO.get().client
        self.used -= weight
        self._held[client] -= weight
        if self._held[client] <= 0:
            del self._held[client]
        self._let_in()

    def turn_away(self, error: Exception) -> bool:
        """Let the last in the longest line fail with `error`, where that line is longer than `WHO`'s would become."""
        longest = max(self._lines, key=lambda client: len(self._lines[client]), default=None)
        own = len(self._lines.get(WHO.get().client, ()))
        if longest is None or len(self._lines[longest]) <= own + 1:
            return False
        last = max(self._lines[longest])
        last.turn.set_exception(error)
        self._forget(longest, last)
        return True

    def _take(self, client: str, weight: int) -> None:
        self.used += weight
        self._held[client] += weight

    def _forget(self, client: str, one: _Waiting) -> None:
        line = self._lines.get(client, [])
        if one in line:
            line.remove(one)
            heapq.heapify(line)
        if client in self._lines and not line:
            del self._lines[client]
        self._let_in()  # it may have been the one for whom there was no room

    def _let_in(self) -> None:
        while self._lines:
            client = min(self._lines, key=self._held.__getitem__)
            line = self._lines[client]
            if self.used + line[0].weight > self.capacity:
                return
            first = heapq.heappop(line)
            del self._lines[client]
            if line:
                self._lines[client] = line
            if not first.turn.done():
                self._take(client, first.weight)
                first.turn.set_result(None)
