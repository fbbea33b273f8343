"""Many problems at once under one budget: dispatch, ledger, interrupt, and results in the order of the file."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from tournament.budget import Account, Limits, Prices
from tournament.engine import Wave, open_record, play
from tournament.errors import JudgeUnreachableError, TourneyError, UsageError
from tournament.gate import Gate
from tournament.judge import Judge, TokenEstimate
from tournament.ledger import Entry, Keys, Ledger
from tournament.memory_ledger import MemoryLedger
from tournament.progress import Progress
from tournament.result import Result, make_result
from tournament.strategy import MatchStrategy, PairingStrategy, Record
from tournament.types import Comparison, Field, Judgment, Outcome, Problem

log = logging.getLogger(__name__)

WINDOW = 4096
"""How many problems may be finished ahead of the oldest unfinished one, since results are given out in order."""

_IN_PROCESS_PROBLEMS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Everything that a run is made of. `fallback` answers where no comparison could be had."""

    judge: Judge
    pairing: PairingStrategy
    matching: MatchStrategy
    fallback: PairingStrategy
    limits: Limits = field(default_factory=Limits)
    prices: Prices = field(default_factory=Prices)
    seed: int = 0
    in_flight: int = 64
    run_seconds: float | None = None

    def __post_init__(self) -> None:
        if self.in_flight < 1:
            raise UsageError(f"in_flight={self.in_flight}: allow at least one comparison at a time")


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A problem that has been played: its verdicts and its result."""

    problem: Problem
    record: Record
    result: Result


@dataclass(slots=True, kw_only=True)
class _Seat:
    """One problem under way."""

    number: int
    field: Field
    keys: Keys
    account: Account
    deadline: float | None
    why: str = ""


class Runner:
    """Plays problems side by side and hands each to `sink` in the order in which they came."""

    def __init__(self, setup: Setup, ledger: Ledger | MemoryLedger, sink: Callable[[Played], None]) -> None:
        self.setup = setup
        self.progress = Progress()
        self.lost_judge: JudgeUnreachableError | None = None
        self.stopped = ""
        self._ledger = ledger
        self._sink = sink
        self._gate = Gate(setup.in_flight)
        self._room = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._pending: dict[bytes, asyncio.Future[Judgment | None]] = {}
        self._finished: dict[int, Played] = {}
        self._delivered = 0
        self._deadline: float | None = None

    async def run(self, problems: Iterable[Problem]) -> None:
        """Play every problem, or as many as the interrupt, the clock and the judge allow.

        Raises:
            TourneyError: where the ledger breaks; what was played until then has been handed to `sink`.
        """
        if self.setup.run_seconds is not None:
            self._deadline = time.monotonic() + self.setup.run_seconds
        try:
            async with asyncio.TaskGroup() as group:
                for number, problem in enumerate(problems):
                    await self._wait_for_room(number)
                    if self.stopped:
                        break
                    task = group.create_task(self._play(number, problem))
                    self._tasks.add(task)
                    task.add_done_callback(self._leave)
        except* TourneyError as errors:
            raise _first(errors) from None

    def interrupt(self) -> None:
        """Once: finish what is in flight and stop. Twice: stop now, with the verdicts at hand."""
        if self.stopped == "interrupted":
            for task in self._tasks:
                task.cancel()
        self._stop("interrupted")

    def _leave(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._room.set()

    def _stop(self, why: str) -> None:
        self.stopped = why
        self._room.set()

    async def _wait_for_room(self, number: int) -> None:
        most = self.setup.in_flight if self.setup.judge.batch_size is not None else _IN_PROCESS_PROBLEMS
        while not self.stopped and (
            len(self._tasks) >= most or number - self._delivered >= WINDOW or self._gate.waiting
        ):
            self._room.clear()
            await self._room.wait()

    async def _play(self, number: int, problem: Problem) -> None:
        setup, entrants = self.setup, Field.of(problem)
        record = open_record(entrants, seed=setup.seed, limit=setup.limits.comparisons)
        seat = _Seat(
            number=number,
            field=entrants,
            keys=Keys(setup.judge.identity, entrants),
            account=Account(setup.limits, setup.prices),
            deadline=self._problem_deadline(),
        )
        self.progress.begun += 1
        game = play(record, setup.pairing, setup.matching, seed=setup.seed)
        try:
            wave = next(game)
            while True:
                wave = game.send(await self._answer(seat, wave))
        except StopIteration:
            pass
        except asyncio.CancelledError:
            if self.stopped != "interrupted":
                raise
            seat.why = self.stopped
        self._deliver(number, self._conclude(problem, record, seat))

    def _problem_deadline(self) -> float | None:
        seconds = self.setup.limits.seconds
        own = None if seconds is None else time.monotonic() + seconds
        return own if self._deadline is None else self._deadline if own is None else min(own, self._deadline)

    def _conclude(self, problem: Problem, record: Record, seat: _Seat) -> Played:
        known = any(verdict.p_a is not None for verdict in record.verdicts)
        note = seat.why
        pairing = self.setup.pairing
        if not known and (record.rounds or not record.complete):
            pairing = self.setup.fallback
            said = seat.why or "no comparison brought a preference"
            note = f"{said}; picked without the judge, by {type(pairing).__name__.lower()}"
        result = make_result(problem, record, pairing.rank(record), seat.account.spent, note)
        self.progress.finish(partial=result.partial, failed=_failed(record))
        return Played(problem=problem, record=record, result=result)

    def _deliver(self, number: int, played: Played) -> None:
        self._finished[number] = played
        while self._delivered in self._finished:
            self._sink(self._finished.pop(self._delivered))
            self._delivered += 1

    async def _answer(self, seat: _Seat, wave: Wave) -> list[Judgment | None]:
        """Judge a wave as far as the budget goes: what fits is judged and settled, then the rest is looked at again."""
        answers: list[Judgment | None] = []
        while len(answers) < len(wave):
            count = self._reserve(seat, wave[len(answers) :])
            if not count:
                break
            part = await self._judge(seat, wave[len(answers) : len(answers) + count])
            seat.account.settle([judgment for judgment in part if judgment is not None])
            answers += part
            if None in part:
                break
        return answers + [None] * (len(wave) - len(answers))

    def _reserve(self, seat: _Seat, wave: Wave) -> int:
        """How many of the next comparisons may go out now; the rest of the reason is left with the seat."""
        late = seat.deadline is not None and time.monotonic() >= seat.deadline
        if self.stopped or late:
            seat.why = self.stopped or "time spent"
            return 0
        limits = self.setup.limits
        if limits.needs_estimates:
            estimates = (self.setup.judge.plan(seat.field, [comparison]) for comparison in wave)
            count = next((i for i, e in enumerate(estimates) if not seat.account.reserve(e)), len(wave))
        elif limits.comparisons is not None:
            count = next((i for i in range(len(wave)) if not seat.account.reserve(TokenEstimate())), len(wave))
        else:
            return len(wave)
        seat.why = "" if count else "budget spent"
        return count

    async def _judge(self, seat: _Seat, wave: Wave) -> list[Judgment | None]:
        """Judgments from the ledger, from a call already under way, or from a call of our own."""
        keys = [seat.keys.of(comparison) for comparison in wave]
        answers: dict[bytes, Judgment | None] = dict(self._ledger.find(keys))
        self.progress.reused += sum(key in answers for key in keys)
        missing = {key: comparison for key, comparison in zip(keys, wave, strict=True) if key not in answers}
        others = {key: self._pending[key] for key in missing if key in self._pending}
        own = {key: comparison for key, comparison in missing.items() if key not in others}
        if own:
            answers.update(await self._pay(seat, own))
        if others:
            answers.update(await self._wait(seat, missing, others))
        return [answers[key] for key in keys]

    async def _wait(
        self, seat: _Seat, missing: dict[bytes, Comparison], others: dict[bytes, asyncio.Future[Judgment | None]]
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
        if lost and not self.stopped:
            answers.update(zip(lost, await self._judge(seat, [missing[key] for key in lost]), strict=True))
        return answers

    async def _pay(self, seat: _Seat, own: dict[bytes, Comparison]) -> dict[bytes, Judgment | None]:
        loop = asyncio.get_running_loop()
        futures = {key: loop.create_future() for key in own}
        self._pending.update(futures)
        items = list(own.items())
        size = self.setup.judge.batch_size or len(items)
        try:
            if len(items) <= size:
                await self._call(seat, items)
            else:
                async with asyncio.TaskGroup() as calls:
                    for start in range(0, len(items), size):
                        calls.create_task(self._call(seat, items[start : start + size]))
        except asyncio.CancelledError:
            # Stopped at once: what came back before that still counts.
            if self.stopped != "interrupted":
                raise
            seat.why = self.stopped
        finally:
            for key, future in futures.items():
                del self._pending[key]
                if not future.done():
                    future.set_result(None)
        return {key: future.result() for key, future in futures.items()}

    async def _call(self, seat: _Seat, items: list[tuple[bytes, Comparison]]) -> None:
        """One judge call and its way into the ledger; what does not come back is left without an answer."""
        comparisons = [comparison for _, comparison in items]
        try:
            async with asyncio.timeout_at(_loop_time(seat.deadline)):
                judgments = await self._call_judge(seat, comparisons)
        except TimeoutError:
            seat.why = "time spent"
            return
        except JudgeUnreachableError as error:
            self.lost_judge = error
            seat.why = "judge lost"
            self._stop("judge lost")
            return
        if not judgments:
            seat.why = self.stopped
            return
        ids, name = seat.field.ids, seat.field.problem_id
        await self._ledger.put(
            [
                Entry(key, name, ids[comparison.first], ids[comparison.second], comparison, judgment)
                for (key, comparison), judgment in zip(items, judgments, strict=True)
            ]
        )
        self.progress.count(judgments)
        for (key, _), judgment in zip(items, judgments, strict=True):
            self._pending[key].set_result(judgment)

    async def _call_judge(self, seat: _Seat, comparisons: list[Comparison]) -> Sequence[Judgment]:
        judge = self.setup.judge
        if judge.batch_size is None:
            return await _ask(judge, seat.field, comparisons)
        async with self._gate.slot(seat.number, len(comparisons)):
            if self.stopped:
                return []
            judgments = await _ask(judge, seat.field, comparisons)
        if not self._gate.waiting:
            self._room.set()
        return judgments


async def _ask(judge: Judge, field: Field, comparisons: list[Comparison]) -> Sequence[Judgment]:
    """Judge, and turn what a judge should never do into failed comparisons: raise, or answer too few or too many."""
    try:
        judgments = await judge.judge(field, comparisons)
    except TourneyError:
        raise
    except Exception as error:
        log.warning("the judge raised an error", exc_info=True)
        judgments, said = [], f"{type(error).__name__}: {error}"
    else:
        said = f"the judge answered {len(judgments)} of {len(comparisons)} comparisons"
    if len(judgments) != len(comparisons):
        return [Judgment(Outcome.FAILED, None, detail=said)] * len(comparisons)
    return judgments


def _failed(record: Record) -> bool:
    """Whether a problem got no preference at all and at least one comparison of it failed."""
    judgments = [judgment for verdict in record.verdicts for judgment in verdict.judgments]
    return any(j.outcome is Outcome.FAILED for j in judgments) and all(j.p_first is None for j in judgments)


def _loop_time(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    return asyncio.get_running_loop().time() + deadline - time.monotonic()


def _first(errors: BaseExceptionGroup[TourneyError]) -> TourneyError:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, TourneyError)
    return error
