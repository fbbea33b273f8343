"""One judge of an endpoint: its calls are shared by all requests, and it is taken up again after it was lost."""

from __future__ import annotations

import asyncio
import logging
import time

from tournament import registry
from tournament.api import FALLBACK, contested
from tournament.budget import Limits, Prices
from tournament.calls import Calls
from tournament.drafts import draft, results
from tournament.endpoint.faults import judge_lost
from tournament.endpoint.wishes import Wishes
from tournament.gate import Gate
from tournament.judge import Judge
from tournament.ledger import Ledger
from tournament.memory_ledger import MemoryLedger
from tournament.progress import Progress
from tournament.result import Result
from tournament.runner import Played, Runner, Setup
from tournament.types import Problem

PROBE_EVERY_S = 2.0
PATIENCE_S = 5.0
"""How long a request waits to hear whether a lost judge is back."""
log = logging.getLogger(__name__)


class Bench:
    """A judge with its name, and the places for its comparisons.

    A request that comes while the judge is lost first looks whether it is back, at most every `PROBE_EVERY_S`, so that
    no candidates are paid for that nobody could compare.
    """

    def __init__(self, name: str, judge: Judge, ledger: Ledger | MemoryLedger, gate: Gate, prices: Prices) -> None:
        self.name, self.judge = name, judge
        self._ledger, self._gate, self.prices = ledger, gate, prices
        self._calls = self._new_calls()
        self._probe: asyncio.Task[None] | None = None
        self._probed = float("-inf")

    @property
    def lost(self) -> bool:
        """Whether the judge stopped answering, and nobody has seen it since."""
        return bool(self._calls.stopped)

    async def ready(self, end: float | None = None) -> None:
        """Return where the judge is there as far as is known by `end` on the monotonic clock.

        Raises:
            ApiError: where it was lost and is not back.
        """
        self.look()
        if self._probe is not None:
            left = PATIENCE_S if end is None else min(PATIENCE_S, max(end - time.monotonic(), 0.0))
            await asyncio.wait({self._probe}, timeout=left)  # others wait for it too, so it goes on
        if self.lost:
            raise judge_lost(sampled=False)

    def look(self) -> None:
        """Begin to look whether a lost judge is back, where nobody has done so just now."""
        if self.lost and self._probe is None and time.monotonic() - self._probed >= PROBE_EVERY_S:
            self._probe = asyncio.create_task(self._asked())

    async def close(self) -> None:
        """Look no more."""
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.gather(self._probe, return_exceptions=True)

    async def _asked(self) -> None:
        try:
            await self.judge.start()
        except Exception as error:
            log.info("the judge %s is still lost (%s)", self.name, error)
        else:
            log.warning("the judge %s is back", self.name)
            self._calls = self._new_calls()
        finally:
            self._probe, self._probed = None, time.monotonic()

    def _new_calls(self) -> Calls:
        return Calls(self.judge, self._ledger, self._gate)

    async def play(self, problem: Problem, wishes: Wishes, limits: Limits, progress: Progress) -> tuple[Played, Result]:
        """Hold the tournament of one request; its counters are `progress`.

        Raises:
            ApiError: where the judge was lost before it had compared anything.
            TourneyError: where the ledger breaks.
        """
        setup = Setup(
            judge=self.judge,
            pairing=wishes.pairing,
            matching=wishes.matching,
            fallback=registry.pairing(FALLBACK),
            limits=limits,
            prices=self.prices,
            seed=wishes.seed,
        )
        taken: list[Played] = []
        # What needs no judge is answered though it is lost.
        runner = Runner(setup, self._ledger, taken.append, self._calls if contested([problem]) else None)
        runner.progress = progress
        await runner.run([problem])
        if runner.lost_judge is not None and (not taken or taken[0].fallback):
            log.warning("the judge %s is lost (%s)", self.name, runner.lost_judge)
            raise judge_lost(sampled=True)
        [played] = taken
        [result] = results([problem], [draft(played)], setup.pairing, setup.fallback, runner.pool.learn)
        return played, result
