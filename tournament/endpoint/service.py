"""What becomes of a request: its turn, its candidates, its tournament, its answer. Nothing here knows HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tournament.budget import Limits, Prices
from tournament.endpoint.admission import Admission
from tournament.endpoint.asked import Asked
from tournament.endpoint.bench import Bench
from tournament.endpoint.drawn import Drawn, Order, Sampler, Until
from tournament.endpoint.fair import WHO, Who
from tournament.endpoint.faults import no_candidates, too_late
from tournament.endpoint.job import Job, Phase
from tournament.endpoint.metrics import Metrics
from tournament.experiments.sampling.settings import digest
from tournament.progress import Progress
from tournament.result import Result
from tournament.runner import Played
from tournament.types import Problem

SAMPLING_SHARE = 2 / 3
"""The part of a deadline after which two candidates are enough, so that there is time to compare them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The end of a request that was answered: its candidates, and what the tournament came to."""

    asked: Asked
    drawn: Drawn
    problem: Problem
    played: Played
    result: Result
    job: Job
    prices: Prices

    @property
    def progress(self) -> Progress:
        """What the judge was paid for."""
        return self.job.progress

    @property
    def partial(self) -> bool:
        """Whether a deadline, a budget, a failure or a lost judge left something out."""
        return self.result.partial or bool(self.drawn.late or self.drawn.failures) or self.played.fallback


class Service:
    """Answers requests with the best of their candidates."""

    def __init__(self, sampler: Sampler, benches: Mapping[str, Bench], admission: Admission, metrics: Metrics) -> None:
        self._sampler, self._benches = sampler, benches
        self.admission, self.metrics = admission, metrics
        self._requests = 0

    @property
    def lost(self) -> int:
        """How many judges stopped answering, and have not been seen since."""
        return sum(bench.lost for bench in self._benches.values())

    def look_for_lost(self) -> int:
        """As `lost`; looks in the meantime whether they are back."""
        for bench in self._benches.values():
            bench.look()
        return self.lost

    async def close(self) -> None:
        """Look for lost judges no more."""
        for bench in self._benches.values():
            await bench.close()

    def job(self, asked: Asked, client: str) -> Job:
        """Note a request, on behalf of a client: what is done for it in this task is booked on that client."""
        self._requests += 1
        WHO.set(Who(client, self._requests))
        return Job(number=self._requests, wanted=asked.samples)

    async def answer(self, asked: Asked, job: Job) -> Answer:
        """Wait for a turn, sample, compare; what it took is in the metrics.

        Raises:
            ApiError: where there is no room, the endpoint ends, or there is nothing to answer with.
            TourneyError: where the ledger breaks.
        """
        deadline_s = asked.wishes.deadline_s
        end = None if deadline_s is None else job.arrived + deadline_s
        self.admission.check()  # in one step with taking the place, so that no other takes it in between
        try:
            async with self.admission.turn(end):
                job.enter(Phase.SAMPLING)
                return await self._answer(asked, job, end)
        finally:
            job.enter(None)
            self.metrics.took(job)

    async def _answer(self, asked: Asked, job: Job, end: float | None) -> Answer:
        bench = self._benches[asked.wishes.judge]
        if asked.samples > 1:  # one candidate needs no judge
            await bench.ready(end)
        order = _order(asked)
        drawn = await self._draw(order, job, end)
        problem = drawn.problem(order.name, asked.prompt)
        job.enter(Phase.JUDGING)
        job.planned = _planned(asked, problem)
        try:
            played, result = await bench.play(problem, asked.wishes, _within(asked, end), job.progress)
        finally:
            self.metrics.compared(job.progress)
        return Answer(
            asked=asked, drawn=drawn, problem=problem, played=played, result=result, job=job, prices=bench.prices
        )

    async def _draw(self, order: Order, job: Job, end: float | None) -> Drawn:

        def tell(there: int) -> None:
            job.sampled = there

        drawn = await self._sampler.draw(order, _until(job, end), tell, self.metrics.drawn)
        if drawn.samples:
            return drawn
        if drawn.failures:
            raise no_candidates(drawn.failures)
        raise too_late("the deadline passed before any candidate was there")


def _order(asked: Asked) -> Order:
    return Order(
        name=digest(asked.messages),
        messages=asked.messages,
        sampling=asked.sampling,
        seed=asked.wishes.seed,
        n=asked.samples,
    )


def _until(job: Job, end: float | None) -> Until:
    if end is None:
        return Until()
    shift = asyncio.get_running_loop().time() - time.monotonic()
    soft = job.arrived + SAMPLING_SHARE * (end - job.arrived)
    return Until(soft=soft + shift, hard=end + shift)


def _within(asked: Asked, end: float | None) -> Limits:
    limits = asked.limits
    if end is None:
        return limits
    left = max(end - time.monotonic(), 1e-6)
    return replace(limits, seconds=left if limits.seconds is None else min(left, limits.seconds))


def _planned(asked: Asked, problem: Problem) -> int:
    """The most comparisons that the tournament can take."""
    entrants = len({candidate.text for candidate in problem.candidates})
    if entrants < 2:
        return 0
    each, limit = asked.wishes.matching.calls[1], asked.limits.comparisons
    most = asked.wishes.pairing.matches(entrants, None if limit is None else limit // each)[1] * each
    return most if limit is None else min(most, limit)
