"""What users call from Python: `rank`, `select`, `simulate`, and the awaitable `arank` and `aselect`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from tournament import registry
from tournament.budget import Budget
from tournament.drafts import Row, draft
from tournament.drafts import results as ranked_rows
from tournament.errors import JudgeUnreachableError, UsageError
from tournament.judge import Judge
from tournament.memory_ledger import MemoryLedger
from tournament.result import Result
from tournament.runner import Played, Runner, Setup
from tournament.simulation import Simulation, simulate
from tournament.strategy import MatchStrategy, PairingStrategy
from tournament.types import Candidate, Problem, Prompt

FALLBACK = "majority"
"""The baseline that answers where no comparison could be had."""


def contested(problems: Iterable[Problem]) -> int:
    """How many problems have at least two different candidates, and so need a judge."""
    return sum(len({candidate.text for candidate in problem.candidates}) > 1 for problem in problems)


async def arank(
    problems: Sequence[Problem],
    *,
    judge: str | Judge = "checks",
    strategy: str | PairingStrategy = "auto",
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
        matching=match or registry.match_strategy(votes, rethinks),
        fallback=registry.pairing(FALLBACK),
        limits=budget.share(contested(problems)),
        prices=budget.prices,
        seed=seed,
        in_flight=in_flight,
        run_seconds=budget.run.seconds,
    )
    rows: list[Row] = []
    runner = Runner(setup, MemoryLedger(), lambda played: rows.append(draft(played)))
    await judge.start()
    try:
        await runner.run(problems)
    finally:
        await judge.close()
    if runner.lost_judge is not None:
        raise JudgeUnreachableError(str(runner.lost_judge))
    return list(ranked_rows(problems, rows, setup.pairing, setup.fallback, runner.pool.learn))


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


__all__ = [
    "Played",
    "Simulation",
    "arank",
    "aselect",
    "contested",
    "rank",
    "select",
    "simulate",
]
