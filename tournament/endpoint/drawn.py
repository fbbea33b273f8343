"""The candidates of one request: sampled side by side from the policy, as many as come before the deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from tournament.endpoint.kept import KeptSamples
from tournament.errors import JudgeSetupError, JudgeUnreachableError
from tournament.experiments.sampling.policy import Policy
from tournament.experiments.sampling.sample import STOP, Answer, Sample
from tournament.gate import Gate
from tournament.records.write import as_json
from tournament.runtime.faults import RequestError
from tournament.seeding import key
from tournament.types import Candidate, Message, Problem, Prompt

_SEED_BITS = (1 << 31) - 1
_ENOUGH = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be sampled: `n` answers to a chat, each with a seed of its own; `name` stands for the chat."""

    name: str
    messages: tuple[Message, ...]
    sampling: Mapping[str, Any]
    seed: int
    n: int

    def body(self, model: str, number: int) -> dict[str, Any]:
        """The request for one candidate."""
        return {
            "model": model,
            "messages": as_json(self.messages),
            **self.sampling,
            "seed": self.seed_of(number),
        }

    def seed_of(self, number: int) -> int:
        """The 31-bit seed of one candidate; it depends on the request's seed, the chat and the number alone."""
        return key(self.seed, self.name, "sample", str(number)) & _SEED_BITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Until:
    """When sampling ends, on the event loop's clock: at `soft` once there are two candidates, at `hard` in any case."""

    soft: float | None = None
    hard: float | None = None

    def next(self, now: float, there: int) -> float | None:
        """Seconds until sampling ends as things are, 0 or less where it does so now; None for no such time."""
        end = self.soft if there >= _ENOUGH and self.soft is not None else self.hard
        return None if end is None else end - now


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What came of it: samples by number, why others came to nothing, and how many were still on their way.

    `paid` are the numbers of those that the policy was asked for now; others were kept from an equal request.
    """

    samples: tuple[Sample, ...]
    failures: tuple[Exception, ...] = ()
    late: int = 0
    paid: frozenset[int] = frozenset()

    @property
    def tokens(self) -> tuple[int, int]:
        """Prompt and completion tokens that were paid for now, as the policy's server counts them."""
        paid = [sample for sample in self.samples if sample.number in self.paid]
        return sum(sample.prompt_tokens for sample in paid), sum(sample.tokens for sample in paid)

    def problem(self, name: str, prompt: Prompt) -> Problem:
        """The candidates as a problem: those with a text, or all where none has one."""
        texts = self.texts()
        some = {number: text for number, text in texts.items() if text.strip()} or texts
        candidates = tuple(Candidate(id=str(number), text=text) for number, text in some.items())
        return Problem(id=name, prompt=prompt, candidates=candidates)

    def texts(self) -> dict[int, str]:
        """The texts without thinking, by number."""
        return {sample.number: sample.parts(opened=self.opened)[1] for sample in self.samples}

    @property
    def opened(self) -> bool:
        """Whether the chat template opens the think block: most samples that ended by themselves look like that."""
        ended = [sample.closes_unopened for sample in self.samples if sample.finish == STOP]
        return 2 * sum(ended) > len(ended)


class Sampler:
    """Asks the policy for candidates, at most as many at once as `gate` lets in; `kept` remembers what was paid for."""

    def __init__(self, policy: Policy, gate: Gate, kept: KeptSamples) -> None:
        self.policy = policy
        self._gate, self._kept = gate, kept

    async def draw(
        self, order: Order, until: Until, tell: Callable[[int], None], ended: Callable[[Drawn], None]
    ) -> Drawn:
        """Sample until all is there or the time is over; `tell` hears how many are there.

        What a single candidate fails of is among the failures. Cancelled, it takes back every request under way; what
        was paid for until then `ended` hears all the same.
        """
        found = self._kept.find([self._place(order, number) for number in range(order.n)])
        samples = {number: _sample(order, number, answer) for number, answer in found.items()}
        missing = [number for number in range(order.n) if number not in samples]
        tasks = {asyncio.create_task(self._one(order, number)): number for number in missing}
        failures: list[Exception] = []
        tell(len(samples))
        waiting = set(tasks)
        try:
            while waiting and (left := self._left(until, len(samples))) > 0:
                done, waiting = await asyncio.wait(
                    waiting, timeout=None if left == float("inf") else left, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    _book(task, tasks[task], samples, failures)
                tell(len(samples))
        finally:
            there, paid = tuple(samples[number] for number in sorted(samples)), frozenset(samples.keys() - found.keys())
            drawn = Drawn(samples=there, failures=tuple(failures), late=len(waiting), paid=paid)
            ended(drawn)
            await _cancelled(tasks)
        return drawn

    def _left(self, until: Until, there: int) -> float:
        left = until.next(asyncio.get_running_loop().time(), there)
        return float("inf") if left is None else left

    def _place(self, order: Order, number: int) -> tuple[int, bytes]:
        return number, self._kept.key(order.body(self.policy.model, number))

    async def _one(self, order: Order, number: int) -> Sample:
        body = order.body(self.policy.model, number)
        async with self._gate.slot(0):
            answer = await self.policy.ask(body, near=order.name)
        await self._kept.put(self._kept.key(body), answer)
        return _sample(order, number, answer)


def _sample(order: Order, number: int, answer: Answer) -> Sample:
    seed = order.seed_of(number)
    return Sample(problem=order.name, number=number, prompt=order.name, seed=seed, **answer._asdict())


def _book(task: asyncio.Task[Sample], number: int, samples: dict[int, Sample], failures: list[Exception]) -> None:
    error = task.exception()
    if error is None:
        samples[number] = task.result()
    elif isinstance(error, RequestError | JudgeUnreachableError | JudgeSetupError):
        failures.append(error)
    else:
        raise error


async def _cancelled(tasks: Collection[asyncio.Task[Sample]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
