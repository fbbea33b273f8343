"""Judgments for one problem's comparisons: from the ledger, from a call under way, or paid for now."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tournament.asking import Item, ask, by_prefix
from tournament.budget import Account
from tournament.comparison_keys import Keys
from tournament.engine import Wave
from tournament.errors import JudgeUnreachableError
from tournament.gate import Gate
from tournament.judge import Judge, PrefixJudge
from tournament.ledger import Ledger
from tournament.ledger_reader import Entry
from tournament.memory_ledger import MemoryLedger
from tournament.progress import Progress
from tournament.types import Comparison, Field, Judgment, Outcome
from tournament.waits import booked_on, kind_of_detail

INTERRUPTED = "interrupted"
TOO_MANY_FAILURES = "too many failures"
log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Seat:
    """One problem under way.

    `progress` is the run's. `why` says what ended the problem early, `paid` how many judgments were paid for, and
    `warm` holds the entrants that were shown first in a comparison whose prompt the judge's server has read.
    """

    number: int
    field: Field
    keys: Keys
    account: Account
    progress: Progress
    deadline: float | None
    why: str = ""
    paid: int = 0
    warm: set[int] = dataclasses.field(default_factory=set)


@dataclass(slots=True)
class Allowance:
    """How many comparisons may fail before no more are made: `most`, None for any number. `failed` counts them."""

    most: int | None = None
    failed: int = 0

    @property
    def spent(self) -> bool:
        """Whether more have failed than may."""
        return self.most is not None and self.failed > self.most


class Calls:
    """Makes the judge's calls of a run, or of several at once: never two for the same comparison, each recorded first.

    `stopped` says why no more calls are made, "" while they are; `lost_judge` is the error of a judge that is gone.
    Others that share its `allowance` count their failures together.
    """

    def __init__(
        self, judge: Judge, ledger: Ledger | MemoryLedger, gate: Gate, allowance: Allowance | None = None
    ) -> None:
        self.stopped = ""
        self.lost_judge: JudgeUnreachableError | None = None
        self.gate = gate
        self.allowance = allowance or Allowance()
        self._judge = judge
        self._ledger = ledger
        self._pending: dict[bytes, asyncio.Future[Judgment | None]] = {}

    def stop(self, why: str) -> None:
        """Make no more calls; those in flight are finished."""
        if self.stopped != why:
            log.info("no more calls are made", extra={"facts": {"why": why}})
        self.stopped = why
        self.gate.room.set()

    async def judge(self, seat: Seat, wave: Wave) -> list[Judgment | None]:
        """Judgments from the ledger, from a call already under way, or from a call of our own."""
        before = seat.paid
        answers = await self._answers(seat, wave)
        answered = sum(answer is not None for answer in answers)
        seat.progress.reused += answered - (seat.paid - before)
        return answers

    async def _answers(self, seat: Seat, wave: Wave) -> list[Judgment | None]:
        keys = [seat.keys.of(comparison) for comparison in wave]
        answers: dict[bytes, Judgment | None] = dict(self._ledger.find(keys))
        missing = {key: comparison for key, comparison in zip(keys, wave, strict=True) if key not in answers}
        others = {key: self._pending[key] for key in missing if key in self._pending}
        own = {key: comparison for key, comparison in missing.items() if key not in others}
        if own:
            answers.update(await self._pay(seat, own))
        if others:
            answers.update(await self._wait(seat, missing, others))
        return [answers[key] for key in keys]

    async def _wait(
        self, seat: Seat, missing: dict[bytes, Comparison], others: dict[bytes, asyncio.Future[Judgment | None]]
    ) -> dict[bytes, Judgment | None]:
        """Take over what another problem of the same content is paying for; pay for what comes to nothing there."""
        answers: dict[bytes, Judgment | None] = dict.fromkeys(others)
        try:
            async with asyncio.timeout_at(_loop_time(seat.deadline)):
                for key, future in others.items():
                    answers[key] = await asyncio.shield(future)
        except TimeoutError:
            seat.why = "time spent"
            return answers
        lost = [key for key, answer in answers.items() if answer is None]
        if lost and self.stopped:
            seat.why = self.stopped
        elif lost:
            answers.update(zip(lost, await self._answers(seat, [missing[key] for key in lost]), strict=True))
        return answers

    async def _pay(self, seat: Seat, own: dict[bytes, Comparison]) -> dict[bytes, Judgment | None]:
        loop = asyncio.get_running_loop()
        futures = {key: loop.create_future() for key in own}
        self._pending.update(futures)
        items = list(own.items())
        size = self._judge.batch_size or len(items)
        try:
            if len(items) <= size:
                await self._call(seat, items)
            elif size == 1 and isinstance(self._judge, PrefixJudge):
                await self._call_by_prefix(seat, items)
            else:
                async with asyncio.TaskGroup() as calls:
                    for start in range(0, len(items), size):
                        calls.create_task(self._call(seat, items[start : start + size]))
        except asyncio.CancelledError:
            # Stopped at once: what came back before that still counts.
            if self.stopped != INTERRUPTED:
                raise
            seat.why = self.stopped
        finally:
            for key, future in futures.items():
                del self._pending[key]
                if not future.done():
                    future.set_result(None)
        return {key: future.result() for key, future in futures.items()}

    async def _call_by_prefix(self, seat: Seat, items: list[Item]) -> None:
        """Calls whose prompts begin alike go out next to each other, the first of them alone until it has been read.

        A prompt begins with the problem and the candidate shown first. What continues an earlier judgment begins with
        a prompt that has been read before.
        """
        async with asyncio.TaskGroup() as calls:
            for first, group in by_prefix(items).items():
                leaders = 0 if len(group) == 1 or first in seat.warm else 1
                for item in group[:leaders]:
                    warm = asyncio.Event()
                    calls.create_task(self._call(seat, [item], warm))
                    await warm.wait()
                    seat.warm.add(first)
                for item in group[leaders:]:
                    calls.create_task(self._call(seat, [item]))

    async def _call(self, seat: Seat, items: list[Item], warm: asyncio.Event | None = None) -> None:
        """One judge call and its way into the ledger; what does not come back is left without an answer."""
        comparisons = [comparison for _, comparison in items]
        try:
            async with asyncio.timeout_at(_loop_time(seat.deadline)):
                judgments = await self._call_judge(seat, comparisons, warm)
        except TimeoutError:
            seat.why = "time spent"
            return
        except JudgeUnreachableError as error:
            self.lost_judge = error
            seat.why = "judge lost"
            self.stop("judge lost")
            return
        finally:
            if warm is not None:
                warm.set()
        if not judgments:
            seat.why = self.stopped
            return
        # Before anything is awaited, so that no other call slips through.
        self._look_for_failures(seat, items, judgments)
        ids, name = seat.field.ids, seat.field.problem_id
        await self._ledger.put(
            [
                Entry(key, name, ids[comparison.first], ids[comparison.second], comparison, judgment)
                for (key, comparison), judgment in zip(items, judgments, strict=True)
            ]
        )
        seat.paid += len(judgments)
        seat.progress.count(judgments)
        for (key, _), judgment in zip(items, judgments, strict=True):
            self._pending[key].set_result(judgment)

    def _look_for_failures(self, seat: Seat, items: list[Item], judgments: Sequence[Judgment]) -> None:
        for (_, comparison), judgment in zip(items, judgments, strict=True):
            if judgment.outcome is Outcome.FAILED:
                self.allowance.failed += 1
                log.info("a comparison failed", extra={"facts": _told(seat, comparison, judgment)})
            elif log.isEnabledFor(logging.DEBUG):
                log.debug("a comparison was judged", extra={"facts": _told(seat, comparison, judgment)})
        if self.allowance.spent and not self.stopped:
            self.stop(TOO_MANY_FAILURES)

    async def _call_judge(
        self, seat: Seat, comparisons: list[Comparison], warm: asyncio.Event | None
    ) -> Sequence[Judgment]:
        judge = self._judge
        if judge.batch_size is None:
            return await ask(judge, seat.field, comparisons)
        waits = seat.progress.waits
        async with self.gate.slot(seat.number, len(comparisons), waits):
            if self.stopped:
                return []
            with booked_on(waits):
                judgments = await ask(judge, seat.field, comparisons, warm)
        if not self.gate.waiting:
            self.gate.room.set()
        return judgments


def _told(seat: Seat, comparison: Comparison, judgment: Judgment) -> dict[str, object]:
    """What the log says of a comparison: ids and counts, and nothing that a candidate or the judge said."""
    ids = seat.field.ids
    return {
        "problem": seat.field.problem_id,
        "first": ids[comparison.first],
        "second": ids[comparison.second],
        "repeat": comparison.repeat,
        "outcome": judgment.outcome.value,
        "why": kind_of_detail(judgment.detail),
        "tokens": judgment.prompt_tokens + judgment.completion_tokens,
    }


def _loop_time(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    return asyncio.get_running_loop().time() + deadline - time.monotonic()
