"""What users call from Python: `rank`, `select`, `simulate`, and the awaitable `arank` and `aselect`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from typing import TypedDict, Unpack

from tournament import registry
from tournament.background import blocking
from tournament.budget import Budget
from tournament.drafts import Row, draft
from tournament.drafts import results as ranked_rows
from tournament.errors import JudgeUnreachableError, UsageError
from tournament.judge import Judge
from tournament.judge_use import in_use
from tournament.memory_ledger import MemoryLedger
from tournament.result import Result, Results
from tournament.runner import Played, Runner, Setup
from tournament.showing import live_line
from tournament.simulation import Simulation, simulate
from tournament.strategy import MatchStrategy, PairingStrategy
from tournament.types import Candidate, Problem, Prompt

FALLBACK = "majority"
"""The baseline that answers where no comparison could be had."""


class RankOptions(TypedDict, total=False):
    """The keyword arguments of `arank`, all of which may be left out."""

    judge: str | Judge
    strategy: str | PairingStrategy
    match: MatchStrategy | None
    votes: int
    rethinks: int
    budget: Budget | None
    seed: int
    in_flight: int
    progress: bool


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
    progress: bool = False,
) -> Results:
    """Rank the candidates of every problem.

    Several calls may go on at once, with one judge too. To cancel the call ends its comparisons and closes the judge.

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
        progress: Whether to draw a live line: on stderr where that is a terminal, or under the cell of a notebook.

    Returns:
        One result a problem, in the same order: a list that a notebook shows as a table.

    Raises:
        JudgeUnreachableError: where the judge's server does not answer, before or during the run.
        UsageError: for names and parameters that do not exist, and for a judge with connections that another event
            loop uses at the same time.
    """
    problems = list(problems)  # looked at more than once, and an iterator would be empty by then
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
    drawn = live_line(runner.progress, problems, budget.prices) if progress else nullcontext()
    async with in_use(judge), drawn:
        await runner.run(problems)
    if runner.lost_judge is not None:
        raise JudgeUnreachableError(str(runner.lost_judge))
    return Results(ranked_rows(problems, rows, setup.pairing, setup.fallback, runner.pool.learn))


def rank(problems: Sequence[Problem], **options: Unpack[RankOptions]) -> Results:
    """`arank` for programs that do not await; takes the same arguments.

    Where an event loop runs already, as in a notebook, the work is done in a thread with a loop of its own, and the
    caller's loop stands still until it is done: await `arank` there to let other tasks go on.
    """
    return blocking(arank(problems, **options))


async def aselect(prompt: Prompt, candidates: Sequence[str], **options: Unpack[RankOptions]) -> Result:
    """Pick the best of some responses to one prompt; candidate ids are their positions, "0", "1", ...

    The other arguments are those of `arank`.
    """
    entrants = tuple(Candidate(id=str(i), text=text) for i, text in enumerate(candidates))
    if not entrants:
        raise UsageError("select needs at least one candidate")
    return (await arank([Problem(id="0", prompt=prompt, candidates=entrants)], **options))[0]


def select(prompt: Prompt, candidates: Sequence[str], **options: Unpack[RankOptions]) -> Result:
    """`aselect` for programs that do not await, in the way of `rank`; takes the same arguments."""
    return blocking(aselect(prompt, candidates, **options))


__all__ = [
    "Played",
    "RankOptions",
    "Results",
    "Simulation",
    "arank",
    "aselect",
    "contested",
    "rank",
    "select",
    "simulate",
]
