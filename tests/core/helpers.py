"""Fields, problems and judges for tests: everything that a promise is checked with."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from tournament import registry
from tournament.engine import Wave, open_record, play
from tournament.judge import Judge, JudgeIdentity, TokenEstimate
from tournament.ledger import Ledger
from tournament.memory_ledger import MemoryLedger
from tournament.ratings import JudgeModel
from tournament.runner import Played, Runner, Setup
from tournament.strategy import MatchStrategy, PairingStrategy, Ranking, Record
from tournament.types import Candidate, Comparison, Field, Judgment, Outcome, Problem

Answer = Callable[[Field, Comparison], Judgment]

FIRST = Judgment(Outcome.DECIDED, 1.0)
SECOND = Judgment(Outcome.DECIDED, 0.0)
TIE = Judgment(Outcome.TIE, 0.5)
VOID = Judgment(Outcome.UNPARSABLE, None)
FAILED = Judgment(Outcome.FAILED, None, detail="broken")


def entrants(n: int, *, name: str = "p") -> Field:
    """A field whose texts end in their true strength: a higher number is better."""
    texts = tuple(f"answer {i}" for i in range(n))
    return Field(
        problem_id=name, prompt="q", ids=tuple(map(str, range(n))), texts=texts, members=tuple((i,) for i in range(n))
    )


def problem(number: int, n: int = 5) -> Problem:
    """A problem whose candidates are its own and differ."""
    texts = (f"answer {number}.{i}" for i in range(n))
    candidates = tuple(Candidate(id=f"c{i}", text=text) for i, text in enumerate(texts))
    return Problem(id=f"p{number}", prompt=f"question {number}", candidates=candidates)


def strength(text: str) -> float:
    """The true strength of a text of `entrants` or `problem`."""
    return float(text.split()[-1])


def perfect(entrants: Field, comparison: Comparison) -> Judgment:
    """Always prefers the stronger."""
    first, second = (strength(entrants.texts[i]) for i in (comparison.first, comparison.second))
    return TIE if first == second else FIRST if first > second else SECOND


def always_first(entrants: Field, comparison: Comparison) -> Judgment:
    return FIRST


def always_tie(entrants: Field, comparison: Comparison) -> Judgment:
    return TIE


def always_void(entrants: Field, comparison: Comparison) -> Judgment:
    return VOID


def by_text(seed: int) -> Answer:
    """A judge with opinions of its own on every pair of texts, neither transitive nor free of ties, equal both ways."""

    def answer(entrants: Field, comparison: Comparison) -> Judgment:
        first, second = entrants.texts[comparison.first], entrants.texts[comparison.second]
        luck = hashlib.sha256("|".join([str(seed), *sorted((first, second))]).encode()).digest()[0] % 5
        if luck == 0:
            return TIE
        if luck == 1:
            return VOID
        return FIRST if (luck < 4) == (first < second) else SECOND

    return answer


def erratic(seed: int) -> Answer:
    """A judge whose every answer is a function of the comparison, with every kind of answer in it."""

    def answer(entrants: Field, comparison: Comparison) -> Judgment:
        data = repr((seed, entrants.problem_id, comparison[:4], comparison.continues)).encode()
        luck = hashlib.sha256(data).digest()[0]
        if luck < 40:
            return (TIE, VOID, FAILED, Judgment(Outcome.TRUNCATED, None, text="thinking"))[luck % 4]
        return Judgment(Outcome.DECIDED, float(luck % 2), text=f"said {luck}")

    return answer


@dataclass
class Story:
    """A problem that was played: its record, its waves, and the ranking after every round."""

    record: Record
    waves: list[Wave]
    rankings: list[Ranking]

    @property
    def asked(self) -> int:
        """How many comparisons were answered."""
        return sum(len(verdict.comparisons) for verdict in self.record.verdicts)


def tell(
    entrants: Field,
    pairing: PairingStrategy,
    matching: MatchStrategy,
    answer: Answer,
    *,
    seed: int = 0,
    limit: int | None = None,
    judge: Callable[[], JudgeModel] | None = None,
) -> Story:
    """Drive the engine by hand; `limit` is how many comparisons are answered before the budget ends.

    `judge` tells strategies what is known of the judge.
    """
    record = open_record(entrants, seed=seed, limit=limit, calls=matching.calls[1])
    record.judge = judge
    story = Story(record, [], [pairing.rank(record)])
    game = play(record, pairing, matching, seed=seed)
    left = limit
    try:
        wave = next(game)
        while True:
            story.waves.append(wave)
            granted = wave if left is None else wave[:left]
            left = None if left is None else left - len(granted)
            answers = [answer(entrants, comparison) for comparison in granted]
            wave = game.send([*answers, *[None] * (len(wave) - len(granted))])
            story.rankings.append(pairing.rank(record))
    except StopIteration:
        story.rankings.append(pairing.rank(record))
    return story


STUB = JudgeIdentity(kind="stub", label="stub")


@dataclass
class StubJudge:
    """A judge on an event loop that answers by a function, a little later, and counts what it is asked.

    `delays` is the seed of latencies of a few milliseconds, None to answer without waiting. `before` is called with
    the number of comparisons judged so far and may interrupt the run or raise. `gate` names what holds an
    answer back until it is set.
    """

    answer: Answer = perfect
    delays: int | None = 0
    before: Callable[[int], None] | None = None
    batch_size: int | None = 1
    tokens: int = 0
    identity: JudgeIdentity = STUB
    gate: Callable[[Field, Comparison], asyncio.Event | None] = lambda entrants, comparison: None
    judged: Counter[tuple[str, str, str, int]] = field(default_factory=Counter)
    under_way: int = 0
    most_under_way: int = 0

    async def start(self) -> None:
        """Nothing to check."""

    async def close(self) -> None:
        """Nothing to give back."""

    def plan(self, field: Field, comparisons: Sequence[Comparison]) -> TokenEstimate:
        """As much again as the answers take."""
        worst = self.tokens * len(comparisons)
        return TokenEstimate(worst_prompt=worst, worst_completion=2 * worst)

    async def judge(self, field: Field, comparisons: Sequence[Comparison]) -> Sequence[Judgment]:
        """Answer after a while."""
        self.under_way += len(comparisons)
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            if self.delays is not None:
                await asyncio.sleep(self._delay(field, comparisons[0]))
            for comparison in comparisons:
                held = self.gate(field, comparison)
                if held is not None:
                    await held.wait()
            if self.before is not None:
                self.before(sum(self.judged.values()))
        finally:
            self.under_way -= len(comparisons)
        for c in comparisons:
            self.judged[str(field.prompt), field.texts[c.first], field.texts[c.second], c.repeat] += 1
        answers = (self.answer(field, comparison) for comparison in comparisons)
        return [a._replace(prompt_tokens=self.tokens, completion_tokens=self.tokens) for a in answers]

    def _delay(self, field: Field, comparison: Comparison) -> float:
        data = repr((self.delays, field.problem_id, comparison[:3])).encode()
        return hashlib.sha256(data).digest()[0] / 256 * 0.004


def setup(
    judge: Judge, pairing: str | PairingStrategy = "knockout", matching: MatchStrategy | None = None, **rest: object
) -> Setup:
    """A run of a judge; the fallback takes the first candidate, so that it is told from a judged pick."""
    return Setup(
        judge=judge,
        pairing=registry.pairing(pairing) if isinstance(pairing, str) else pairing,
        matching=matching or registry.matching("single"),
        fallback=registry.pairing("first"),
        **rest,  # type: ignore[arg-type]  # the other fields of Setup, by name
    )


def start(
    problems: Sequence[Problem],
    setup: Setup,
    ledger: Ledger | MemoryLedger | None = None,
    meet: Callable[[Runner], None] | None = None,
) -> tuple[list[Played], Runner]:
    """Run problems to the end and give back what was delivered, in the order of delivery, and the runner.

    A run that hangs fails after half a minute instead of never.
    """
    delivered: list[Played] = []

    async def go() -> Runner:
        runner = Runner(setup, ledger or MemoryLedger(), delivered.append)
        if meet is not None:
            meet(runner)
        async with asyncio.timeout(30):
            await runner.run(problems)
        return runner

    return delivered, asyncio.run(go())


def by_id(delivered: Sequence[Played]) -> dict[str, object]:
    """Results by problem id, whole: picks, rankings, ratings, spend and notes."""
    return {played.problem.id: played.result.to_json() for played in delivered}


PROBLEMS = [problem(i, 2 + i % 5) for i in range(12)]
KINDS = pytest.mark.parametrize(
    ("pairs", "match"), [("knockout", "single"), ("knockout", "rethinking"), ("round-robin", "voting")]
)


def paid(seed: int = 0) -> Answer:
    """An erratic judge that never fails, so that every answer is there to stay."""
    answer = erratic(seed)

    def sound(field: Field, comparison: Comparison) -> Judgment:
        judgment = answer(field, comparison)
        return judgment if judgment.outcome is not Outcome.FAILED else Judgment(Outcome.TIE, 0.5)

    return sound


def undisturbed(pairs: str, match: str, **rest: object) -> dict[str, object]:
    delivered, _ = start(PROBLEMS, setup(StubJudge(paid()), pairs, registry.matching(match), **rest))
    return by_id(delivered)


def never(judged: int) -> None:
    raise AssertionError("nothing had to be judged")
