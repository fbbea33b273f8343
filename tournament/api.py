"""What users call from Python: `rank`, `select`, `simulate`, and the awaitable `arank` and `aselect`."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from tournament import registry
from tournament.budget import Budget, Limits
from tournament.engine import open_record, play
from tournament.errors import JudgeUnreachableError, UsageError
from tournament.judge import InstantJudge, Judge
from tournament.memory_ledger import MemoryLedger
from tournament.ratings import wilson
from tournament.result import Result
from tournament.runner import Played, Runner, Setup
from tournament.strategy import MatchStrategy, PairingStrategy
from tournament.types import Candidate, Field, Problem, Prompt

FALLBACK = "majority"
"""The baseline that answers where no comparison could be had."""


def match_strategy(votes: int = 1, rethinks: int = 0, options: Mapping[str, Any] | None = None) -> MatchStrategy:
    """One comparison, a vote over several, or a vote whose open matches are thought over again."""
    if votes < 1 or rethinks < 0:
        raise UsageError(
            f"votes={votes}, rethinks={rethinks}: give at least one vote and no negative number of re-thinks"
        )
    if rethinks:
        return registry.matching("rethinking", {"votes": max(votes, 2), "rethinks": rethinks, **(options or {})})
    if votes > 1:
        return registry.matching("voting", {"votes": votes, **(options or {})})
    return registry.matching("single", options)


def contested(problems: Iterable[Problem]) -> int:
    """How many problems have at least two different candidates, and so need a judge."""
    return sum(len({candidate.text for candidate in problem.candidates}) > 1 for problem in problems)


async def arank(
    problems: Sequence[Problem],
    *,
    judge: str | Judge = "checks",
    strategy: str | PairingStrategy = "knockout",
    match: MatchStrategy | None = None,
    votes: int = 1,
    rethinks: int = 0,
    budget: Budget | None = None,
    seed: int = 0,
    in_flight: int = 64,
) -> list[Result]:
    """Rank the candidates of every problem.

    Args:
        problems: What to rank.
        judge: A judge, or the name of one.
        strategy: Who meets whom: a pairing strategy, or the name of one.
        match: How one match is decided; made from `votes` and `rethinks` where it is not given.
        votes: Parallel samples a match.
        rethinks: How often an open match is thought over again.
        budget: Limits and prices; none by default.
        seed: Random seed: the same seed gives the same matches and the same result.
        in_flight: The most comparisons under way at once.

    Returns:
        One result a problem, in the same order.

    Raises:
        JudgeUnreachableError: where the judge's server does not answer, before or during the run.
        UsageError: for names and parameters that do not exist.
    """
    budget = budget or Budget()
    judge = registry.judge(judge) if isinstance(judge, str) else judge
    setup = Setup(
        judge=judge,
        pairing=registry.pairing(strategy) if isinstance(strategy, str) else strategy,
        matching=match or match_strategy(votes, rethinks),
        fallback=registry.pairing(FALLBACK),
        limits=budget.share(contested(problems)),
        prices=budget.prices,
        seed=seed,
        in_flight=in_flight,
        run_seconds=budget.run.seconds,
    )
    results: list[Result] = []
    runner = Runner(setup, MemoryLedger(), lambda played: results.append(played.result))
    await judge.start()
    try:
        await runner.run(problems)
    finally:
        await judge.close()
    if runner.lost_judge is not None:
        raise JudgeUnreachableError(str(runner.lost_judge))
    return results


def rank(problems: Sequence[Problem], **options: Any) -> list[Result]:
    """`arank` for programs without an event loop; takes the same arguments."""
    return asyncio.run(arank(problems, **options))


async def aselect(prompt: Prompt, candidates: Sequence[str], **options: Any) -> Result:
    """Pick the best of some responses to one prompt; candidate ids are their positions, "0", "1", ...

    The other arguments are those of `arank`.
    """
    entrants = tuple(Candidate(id=str(i), text=text) for i, text in enumerate(candidates))
    if not entrants:
        raise UsageError("select needs at least one candidate")
    return (await arank([Problem(id="0", prompt=prompt, candidates=entrants)], **options))[0]


def select(prompt: Prompt, candidates: Sequence[str], **options: Any) -> Result:
    """`aselect` for programs without an event loop; takes the same arguments."""
    return asyncio.run(aselect(prompt, candidates, **options))


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """How often a strategy picked the truly best candidate, with a 95 % Wilson interval, and what it took."""

    problems: int
    correct: int
    comparisons: int
    interval: tuple[float, float] = field(default=(0.0, 1.0))

    @property
    def accuracy(self) -> float:
        """The share of problems whose best candidate was picked."""
        return self.correct / self.problems if self.problems else math.nan


def simulate(
    *,
    n: int = 8,
    problems: int = 1000,
    judge: Judge | Mapping[str, Any] | None = None,
    strategy: str | PairingStrategy = "knockout",
    match: MatchStrategy | None = None,
    votes: int = 1,
    limits: Limits | None = None,
    seed: int = 0,
) -> Simulation:
    """Play problems of `n` synthetic candidates without an event loop, a ledger or a clock.

    The matches are those of a live run with the same seed, because both drive `engine.play`.

    Args:
        n: Candidates a problem.
        problems: How many problems.
        judge: A synthetic judge, or its settings; it must be able to answer at once and to tell its strengths.
        strategy: Who meets whom.
        match: How one match is decided; made from `votes` where it is not given.
        votes: Parallel samples a match.
        limits: Only the limit on comparisons counts.
        seed: Random seed of judge and strategy.

    Returns:
        Accuracy of the pick and comparisons used. A pick is correct where no candidate is truly stronger.
    """
    if n < 1 or problems < 0:
        raise UsageError(f"n={n}, problems={problems}: simulate needs at least one candidate a problem")
    if judge is None or isinstance(judge, Mapping):
        judge = registry.judge("synthetic", {"seed": seed, **(judge or {})})
    if not isinstance(judge, InstantJudge) or not hasattr(judge, "strengths"):
        raise UsageError(f"judge {judge.identity.label!r} cannot simulate; use the synthetic judge")
    pairing = registry.pairing(strategy) if isinstance(strategy, str) else strategy
    matching = match or match_strategy(votes)
    limit = None if limits is None else limits.comparisons
    texts = tuple(str(i) for i in range(n))
    members = tuple((i,) for i in range(n))
    correct = comparisons = 0
    for name in (f"simulated-{number}" for number in range(problems)):
        entrants = Field(problem_id=name, prompt=name, ids=texts, texts=texts, members=members)
        pick, used = _simulate_one(entrants, cast(InstantJudge, judge), pairing, matching, limit, seed)
        strengths = judge.strengths(entrants)
        correct += bool(strengths[pick] >= strengths.max())
        comparisons += used
    interval = wilson(correct, problems)
    return Simulation(
        problems=problems,
        correct=correct,
        comparisons=comparisons,
        interval=(float(interval.low), float(interval.high)),
    )


def _simulate_one(
    entrants: Field,
    judge: InstantJudge,
    pairing: PairingStrategy,
    matching: MatchStrategy,
    limit: int | None,
    seed: int,
) -> tuple[int, int]:
    """The pick and the number of comparisons of one problem."""
    record = open_record(entrants, seed=seed, limit=limit)
    game, used = play(record, pairing, matching, seed=seed), 0
    try:
        wave = next(game)
        while True:
            granted = wave if limit is None else wave[: limit - used]
            used += len(granted)
            answers = [*judge.judge_now(entrants, granted), *[None] * (len(wave) - len(granted))]
            wave = game.send(answers)
    except StopIteration:
        return pairing.best(record), used


__all__ = [
    "Played",
    "Simulation",
    "arank",
    "aselect",
    "contested",
    "match_strategy",
    "rank",
    "select",
    "simulate",
]
