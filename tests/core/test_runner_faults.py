"""What goes wrong in a run, and what costs nothing in it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.core.helpers import (
    FAILED,
    KINDS,
    PROBLEMS,
    StubJudge,
    by_id,
    by_text,
    entrants,
    never,
    paid,
    perfect,
    problem,
    setup,
    start,
    undisturbed,
)
from tournament.budget import Budget, Limits
from tournament.errors import JudgeUnreachableError, LedgerError
from tournament.judge import JudgeIdentity
from tournament.ledger import Ledger
from tournament.ledger_reader import Entry
from tournament.memory_ledger import MemoryLedger
from tournament.registry import matching
from tournament.runner import Played, Runner
from tournament.types import Candidate, Comparison, Field, Judgment, Outcome, Problem


@KINDS
@pytest.mark.parametrize("calls", [0, 7, 20])
def test_a_lost_judge_ends_in_the_best_known_and_the_rest_is_had_later(
    pairs: str, match: str, calls: int, tmp_path: Path
) -> None:
    def before(judged: int) -> None:
        if judged >= calls:
            raise JudgeUnreachableError("nobody answers at http://localhost")

    ledger = Ledger(tmp_path / "l")
    judge = StubJudge(paid(), before=before)
    lost, runner = start(PROBLEMS, setup(judge, pairs, matching(match), in_flight=4), ledger)
    assert runner.lost_judge is not None
    assert "nobody answers" in str(runner.lost_judge)
    assert [p.problem.id for p in lost] == [p.id for p in PROBLEMS[: len(lost)]]
    partial = [played.result for played in lost if played.result.partial]
    assert partial
    assert all(result.note.startswith("judge lost") for result in partial)
    kept = [c for played in lost for v in played.record.verdicts for c in v.comparisons]
    assert len(kept) == sum(judge.judged.values()) == ledger.count() == calls
    delivered, _ = start(PROBLEMS, setup(StubJudge(paid()), pairs, matching(match)), ledger)
    assert by_id(delivered) == undisturbed(pairs, match)
    ledger.close()


@pytest.mark.parametrize("batch", [None, 1, 4])
def test_a_failed_comparison_takes_nobody_along(batch: int | None) -> None:
    def answer(field: Field, comparison: Comparison) -> Judgment:
        return FAILED if {comparison.first, comparison.second} == {0, 1} else perfect(field, comparison)

    delivered, runner = start([problem(0), problem(1)], setup(StubJudge(answer, batch_size=batch), "round-robin"))
    for played in delivered:
        void = [v for v in played.record.verdicts if v.p_a is None]
        assert [{*v.match} for v in void] == [{0, 1}]
        assert (played.result.best, played.result.partial, played.result.note) == ("c4", False, "")
    assert (runner.progress.failed, runner.progress.invalid, runner.progress.outcomes[Outcome.FAILED]) == (0, 2, 2)


def test_a_problem_without_any_preference_is_answered_by_the_fallback() -> None:
    delivered, runner = start([problem(0), problem(1)], setup(StubJudge(lambda *_: FAILED), "round-robin"))
    for played in delivered:
        assert played.result.best == "c0"
        assert played.result.note == "no comparison brought a preference; picked without the judge, by first"
        assert played.result.p_best is None
    assert runner.progress.failed == 2


class BrokenLedger(MemoryLedger):
    async def put(self, entries: Sequence[Entry]) -> None:
        if len(self._judgments) >= 10:
            raise LedgerError("l.sqlite: the disk is full")
        await super().put(entries)


def test_a_broken_ledger_is_told_as_one_error() -> None:
    delivered: list[Played] = []

    async def go() -> None:
        async with asyncio.timeout(30):
            await Runner(setup(StubJudge(), in_flight=3), BrokenLedger(), delivered.append).run(PROBLEMS)

    with pytest.raises(LedgerError, match="disk is full"):
        asyncio.run(go())
    assert delivered
    assert not any(played.result.partial for played in delivered)


@pytest.mark.parametrize("whose", ["problem", "run"])
@pytest.mark.parametrize("batch", [None, 1])
def test_time_that_is_over_ends_in_the_best_known(whose: str, batch: int | None) -> None:
    """The judge never comes back on one pair; everything else is known by then."""

    async def go() -> list[Played]:
        for_ever = asyncio.Event()
        delivered: list[Played] = []

        def held(field: Field, comparison: Comparison) -> asyncio.Event | None:
            return for_ever if {comparison.first, comparison.second} == {0, 1} or batch is None else None

        judge = StubJudge(gate=held, batch_size=batch, delays=None)
        options = {"limits": Limits(seconds=0.3)} if whose == "problem" else {"run_seconds": 0.3}
        runner = Runner(setup(judge, "round-robin", **options), MemoryLedger(), delivered.append)
        async with asyncio.timeout(30):
            await runner.run([problem(0), problem(1)])
        return delivered

    delivered = asyncio.run(go())
    assert len(delivered) == 2
    for played in delivered:
        assert played.result.partial
        known = "time spent" if batch else "time spent; picked without the judge, by first"
        assert (played.result.best, played.result.note) == ("c4" if batch else "c0", known)


# What costs nothing


def twins(*orders: str, copies: int = 1) -> list[Problem]:
    """Problems of one prompt whose candidates have these texts."""
    return [
        Problem(
            id=f"twin{i}",
            prompt="the same",
            candidates=tuple(Candidate(id=f"{i}{text}{copy}", text=text) for text in texts for copy in range(copies)),
        )
        for i, texts in enumerate(orders)
    ]


@pytest.mark.parametrize("batch", [None, 1])
def test_the_same_problem_twice_is_paid_once(batch: int | None) -> None:
    judge = StubJudge(by_text(0), batch_size=batch)
    strategy = matching("voting", {"votes": 2})
    delivered, _ = start(twins("abcd", "abcd", "dcba", "abx"), setup(judge, "round-robin", strategy))
    assert set(judge.judged.values()) == {1}
    assert sum(judge.judged.values()) == 12 + 4
    assert {played.result.spend.comparisons for played in delivered[:3]} == {12}
    assert not any(played.result.partial for played in delivered)


def test_a_judge_that_repeats_itself_is_asked_once_an_order() -> None:
    judge = StubJudge(identity=JudgeIdentity(kind="stub", label="stub", deterministic=True))
    strategy = matching("voting", {"votes": 6, "stop": "none"})
    delivered, _ = start([problem(0, 3)], setup(judge, "round-robin", strategy))
    assert sum(judge.judged.values()) == 6
    assert delivered[0].result.spend.comparisons == 18


@pytest.mark.parametrize("texts", ["a", "aaaa"])
def test_where_there_is_no_choice_no_judge_is_asked(texts: str) -> None:
    judge = StubJudge(before=never)
    (played,), _ = start(twins(texts), setup(judge))
    assert (played.result.best, played.result.partial, played.result.note) == ("0a0", False, "")
    assert [standing.rank for standing in played.result.ranking] == [1] * len(texts)


def test_identical_candidates_are_one_entrant_and_share_its_place() -> None:
    judge = StubJudge(lambda field, c: perfect(entrants(3), c))
    (played,), _ = start(twins("abc", copies=2), setup(judge, "round-robin"))
    assert sum(judge.judged.values()) == 3
    ranks = {standing.id: (standing.rank, standing.wins, standing.losses) for standing in played.result.ranking}
    assert ranks == {
        "0c0": (1, 2, 0),
        "0c1": (1, 2, 0),
        "0b0": (3, 1, 1),
        "0b1": (3, 1, 1),
        "0a0": (5, 0, 2),
        "0a1": (5, 0, 2),
    }
    assert played.result.best == "0c0"


def test_a_share_too_small_for_one_comparison_is_answered_without_the_judge() -> None:
    limits = Budget(run=Limits(comparisons=len(PROBLEMS) - 1)).share(len(PROBLEMS))
    delivered, _ = start(PROBLEMS, setup(StubJudge(before=never), limits=limits))
    for played in delivered:
        assert played.result.partial
        assert re.fullmatch("budget spent; picked without the judge, by first", played.result.note)
        assert played.result.best == "c0"


@pytest.mark.parametrize("name", ["first", "random", "longest", "majority"])
def test_a_baseline_needs_no_judge(name: str) -> None:
    delivered, _ = start(PROBLEMS, setup(StubJudge(before=never), name))
    assert not any(played.result.partial or played.result.note for played in delivered)
    assert len(delivered) == len(PROBLEMS)
