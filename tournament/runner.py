"""Many problems at once under one budget: dispatch, ledger, interrupt, and results in the order of the file."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tournament.budget import Account, Limits, Prices
from tournament.calls import INTERRUPTED, Allowance, Calls, Seat
from tournament.comparison_keys import Keys
from tournament.engine import Wave, open_record, play
from tournament.errors import JudgeUnreachableError, TourneyError, UsageError
from tournament.garbage import rare_collections
from tournament.gate import Gate
from tournament.judge import Judge, TokenEstimate
from tournament.ledger import Ledger
from tournament.memory_ledger import MemoryLedger
from tournament.pool import Pool
from tournament.progress import Progress
from tournament.result import Result, make_result
from tournament.strategy import MatchStrategy, PairingStrategy, Record
from tournament.types import Comparison, Field, Judgment, Outcome, Problem, Spend, Verdict

WINDOW = 4096
"""How many problems may be finished ahead of the oldest unfinished one, since results are given out in order."""

_IN_PROCESS_PROBLEMS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Everything that a run is made of.

    `fallback` answers where no comparison could be had. `limits_of` tells the limits of a problem where they differ
    from one to the next; else `limits` hold for each. More failed comparisons than `max_failures` end the run.
    """

    judge: Judge
    pairing: PairingStrategy
    matching: MatchStrategy
    fallback: PairingStrategy
    limits: Limits = field(default_factory=Limits)
    limits_of: Callable[[Problem], Limits] | None = None
    prices: Prices = field(default_factory=Prices)
    seed: int = 0
    in_flight: int = 64
    run_seconds: float | None = None
    max_failures: int | None = None

    def __post_init__(self) -> None:
        if self.in_flight < 1:
            raise UsageError(f"in_flight={self.in_flight}: allow at least one comparison at a time")


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A problem that has been played: its verdicts and what they cost.

    `note` says what ended it early; `pairing` is what ranks it, the fallback's where `fallback`.
    """

    problem: Problem
    record: Record
    spend: Spend
    note: str
    pairing: PairingStrategy
    fallback: bool

    @property
    def result(self) -> Result:
        """The result by what the problem's own judgments say; a run ranks again by what all of them say together."""
        return make_result(self.problem, self.record, self.pairing.rank(self.record), self.spend, self.note)


class Runner:
    """Plays problems side by side and hands each to `sink` in the order in which they came.

    Runners that go on at once with one judge and one ledger share their `calls`, so that none pays for what another has
    asked already; an interrupt, or the loss of the judge, then stops them all.
    """

    def __init__(
        self,
        setup: Setup,
        ledger: Ledger | MemoryLedger,
        sink: Callable[[Played], None],
        calls: Calls | None = None,
    ) -> None:
        self.setup = setup
        self.progress = Progress()
        self.pool = Pool(setup.seed)
        self._sink = sink
        self._calls = calls or Calls(setup.judge, ledger, Gate(setup.in_flight), Allowance(setup.max_failures))
        self._tasks: set[asyncio.Task[None]] = set()
        self._finished: dict[int, Played] = {}
        self._delivered = 0
        self._deadline: float | None = None

    @property
    def stopped(self) -> str:
        """Why no more calls are made, "" while they are."""
        return self._calls.stopped

    @property
    def lost_judge(self) -> JudgeUnreachableError | None:
        """The error of a judge that stopped answering, None for one that did not."""
        return self._calls.lost_judge

    async def run(self, problems: Iterable[Problem]) -> None:
        """Play every problem, or as many as the interrupt, the clock and the judge allow.

        Raises:
            TourneyError: where the ledger breaks; what was played until then has been handed to `sink`.
        """
        if self.setup.run_seconds is not None:
            self._deadline = time.monotonic() + self.setup.run_seconds
        try:
            with rare_collections():
                await self._dispatch(problems)
        except* TourneyError as errors:
            raise first_of(errors) from None

    async def _dispatch(self, problems: Iterable[Problem]) -> None:
        async with asyncio.TaskGroup() as group:
            for number, problem in enumerate(problems):
                await self._wait_for_room(number)
                if self.stopped:
                    break
                task = group.create_task(self._play(number, problem))
                self._tasks.add(task)
                task.add_done_callback(self._leave)

    def interrupt(self) -> None:
        """Once: finish what is in flight and stop. Twice: stop now, with the verdicts at hand."""
        if self.stopped == INTERRUPTED:
            for task in self._tasks:
                task.cancel()
        self._calls.stop(INTERRUPTED)

    def _leave(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._calls.gate.room.set()

    async def _wait_for_room(self, number: int) -> None:
        most = self.setup.in_flight if self.setup.judge.batch_size is not None else _IN_PROCESS_PROBLEMS
        while not self.stopped and (
            len(self._tasks) >= most or number - self._delivered >= WINDOW or self._calls.gate.waiting
        ):
            self._calls.gate.room.clear()
            await self._calls.gate.room.wait()

    async def _play(self, number: int, problem: Problem) -> None:
        setup, entrants = self.setup, Field.of(problem)
        limits = setup.limits if setup.limits_of is None else setup.limits_of(problem)
        planned = self._planned(entrants, limits)
        record = open_record(entrants, seed=setup.seed, limit=planned, calls=setup.matching.calls[1])
        seat = Seat(
            number=number,
            field=entrants,
            keys=Keys(setup.judge.identity, entrants),
            account=Account(limits, setup.prices),
            progress=self.progress,
            deadline=self._problem_deadline(limits),
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
            if self.stopped != INTERRUPTED:
                raise
            seat.why = self.stopped
        self._deliver(number, self._conclude(problem, record, seat))

    def _planned(self, entrants: Field, limits: Limits) -> int | None:
        """The comparisons that a strategy may plan with: the limit on them, or what tokens and money should buy.

        It is an estimate from the texts, so that a strategy can spread its matches; the account keeps to the limits.
        """
        n = len(entrants)
        if not limits.needs_estimates or n < 2:
            return limits.comparisons
        pairs = [Comparison(i, (i + 1) % n) for i in range(n)]
        sum_of = self.setup.judge.plan(entrants, pairs)
        each = TokenEstimate(
            expected_prompt=sum_of.expected_prompt // n,
            expected_completion=sum_of.expected_completion // n,
            worst_prompt=sum_of.worst_prompt // n,
            worst_completion=sum_of.worst_completion // n,
        )
        return limits.planned(each, self.setup.prices)

    def _problem_deadline(self, limits: Limits) -> float | None:
        own = None if limits.seconds is None else time.monotonic() + limits.seconds
        return own if self._deadline is None else self._deadline if own is None else min(own, self._deadline)

    def _conclude(self, problem: Problem, record: Record, seat: Seat) -> Played:
        known = any(verdict.p_a is not None for verdict in record.verdicts)
        note = seat.why
        pairing = self.setup.pairing
        if not known and (record.rounds or not record.complete):
            pairing = self.setup.fallback
            said = seat.why or "no comparison brought a preference"
            note = f"{said}; picked without the judge, by {type(pairing).__name__.lower()}"
        self.progress.finish(partial=not record.complete, failed=came_to_nothing(record.verdicts))
        self.pool.add(record)
        return Played(
            problem=problem,
            record=record,
            spend=seat.account.spent,
            note=note,
            pairing=pairing,
            fallback=pairing is not self.setup.pairing,
        )

    def _deliver(self, number: int, played: Played) -> None:
        self._finished[number] = played
        while self._delivered in self._finished:
            self._sink(self._finished.pop(self._delivered))
            self._delivered += 1

    async def _answer(self, seat: Seat, wave: Wave) -> list[Judgment | None]:
        """Judge a wave as far as the budget goes: what fits is judged and settled, then the rest is looked at again."""
        answers: list[Judgment | None] = []
        while len(answers) < len(wave):
            count = self._reserve(seat, wave[len(answers) :])
            if not count:
                break
            part = await self._calls.judge(seat, wave[len(answers) : len(answers) + count])
            seat.account.settle(part)
            answers += part
            if None in part:
                break
        return answers + [None] * (len(wave) - len(answers))

    def _reserve(self, seat: Seat, wave: Wave) -> int:
        """How many of the next comparisons may go out now; the rest of the reason is left with the seat."""
        late = seat.deadline is not None and time.monotonic() >= seat.deadline
        if self.stopped or late:
            seat.why = self.stopped or "time spent"
            return 0
        limits = seat.account.limits
        if limits.needs_estimates:
            estimates = (self.setup.judge.plan(seat.field, [comparison]) for comparison in wave)
            count = next((i for i, e in enumerate(estimates) if not seat.account.reserve(e)), len(wave))
        elif limits.comparisons is not None:
            count = next((i for i in range(len(wave)) if not seat.account.reserve(TokenEstimate())), len(wave))
        else:
            return len(wave)
        seat.why = "" if count else "budget spent"
        return count


def came_to_nothing(verdicts: Iterable[Verdict]) -> bool:
    """Whether a problem got no preference at all and at least one comparison of it failed."""
    judgments = [judgment for verdict in verdicts for judgment in verdict.judgments]
    return any(j.outcome is Outcome.FAILED for j in judgments) and all(j.p_first is None for j in judgments)


def first_of(errors: BaseExceptionGroup[TourneyError]) -> TourneyError:
    """The first error of a group, however deep it lies."""
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, TourneyError)
    return error
