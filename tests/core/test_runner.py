"""Many problems at once: the same results whatever happens, in order, and nothing paid twice."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.core.helpers import (
    FAILED,
    Answer,
    StubJudge,
    by_id,
    by_text,
    entrants,
    erratic,
    perfect,
    problem,
    setup,
    start,
    tell,
)
from tournament.budget import Budget, Limits
from tournament.errors import JudgeUnreachableError, LedgerError, UsageError
from tournament.judge import JudgeIdentity
from tournament.ledger import Entry, Ledger
from tournament.memory_ledger import MemoryLedger
from tournament.registry import matching, pairing
from tournament.runner import Played, Runner
from tournament.types import Candidate, Comparison, Field, Judgment, Outcome, Problem

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
    delivered, _ = start(PROBLEMS, setup(StubJudge(paid()), pairs, matching(match), **rest))
    return by_id(delivered)


# The same result


@KINDS
@pytest.mark.parametrize("budget", [None, 4])
def test_results_depend_on_nothing_that_happens_on_the_way(
    pairs: str, match: str, budget: int | None, tmp_path: Path
) -> None:
    limits = Limits(comparisons=budget)
    expected = undisturbed(pairs, match, limits=limits)
    assert len(expected) == len(PROBLEMS)
    ways = [(1, None, 1), (3, 1, 1), (64, 2, 1), (64, 3, 3), (2, 4, 5), (7, None, None)]
    for number, (in_flight, delays, batch) in enumerate(ways):
        judge = StubJudge(paid(), delays=delays, batch_size=batch)
        ledger = Ledger(tmp_path / f"{number}") if number % 2 else MemoryLedger()
        problems = PROBLEMS[::-1] if number % 3 else PROBLEMS
        options = {"limits": limits, "in_flight": in_flight}
        delivered, _ = start(problems, setup(judge, pairs, matching(match), **options), ledger)
        ledger.close()
        assert by_id(delivered) == expected
        assert [played.problem.id for played in delivered] == [p.id for p in problems]


@KINDS
def test_plays_what_the_engine_plays_by_hand(pairs: str, match: str) -> None:
    delivered, _ = start(PROBLEMS, setup(StubJudge(paid()), pairs, matching(match), seed=3))
    for played in delivered:
        story = tell(Field.of(played.problem), pairing(pairs), matching(match), paid(), seed=3)
        assert played.record.rounds == story.record.rounds
        assert played.result.best == played.problem.candidates[story.rankings[-1].order[0]].id


@pytest.mark.parametrize(
    ("in_flight", "batch", "count"), [(1, 1, 7), (1, None, 7), (3, 1, 40), (64, None, 150), (2, 9, 9)]
)
@pytest.mark.parametrize("delays", [None, 0])
def test_every_problem_gets_its_turn(in_flight: int, batch: int | None, count: int, delays: int | None) -> None:
    problems = [problem(i, 3) for i in range(count)]
    judge = StubJudge(delays=delays, batch_size=batch)
    delivered, runner = start(problems, setup(judge, in_flight=in_flight))
    assert [played.problem.id for played in delivered] == [p.id for p in problems]
    assert runner.progress.done == runner.progress.begun == count
    assert {played.result.best for played in delivered} == {"c2"}


@pytest.mark.parametrize("in_flight", [1, 2, 5])
def test_no_more_comparisons_under_way_than_allowed(in_flight: int) -> None:
    judge = StubJudge()
    start(PROBLEMS, setup(judge, "round-robin", in_flight=in_flight))
    assert judge.most_under_way == in_flight


@pytest.mark.parametrize("in_flight", [0, -1])
def test_nothing_under_way_is_refused_at_once(in_flight: int) -> None:
    with pytest.raises(UsageError, match="in_flight"):
        setup(StubJudge(), in_flight=in_flight)


def test_reads_no_further_ahead_than_it_plays() -> None:
    pulled = 0

    def stream() -> Iterator[Problem]:
        nonlocal pulled
        for i in range(60):
            pulled += 1
            yield problem(i, 3)

    runners: list[Runner] = []
    ahead: list[int] = []
    judge = StubJudge(before=lambda judged: ahead.append(pulled - runners[0].progress.done))
    delivered, _ = start(stream(), setup(judge, in_flight=4), meet=runners.append)  # type: ignore[arg-type]  # any iterable
    assert len(delivered) == 60
    assert max(ahead) <= 5


def test_a_slow_problem_holds_up_the_order_but_not_the_others() -> None:
    runners: list[Runner] = []
    seen: list[tuple[int, int]] = []

    async def go() -> list[Played]:
        delivered: list[Played] = []
        slow = asyncio.Event()

        def before(judged: int) -> None:
            if runners[0].progress.done == 8 and not slow.is_set():
                seen.append((len(delivered), runners[0].progress.done))
                slow.set()

        judge = StubJudge(gate=lambda field, _: slow if field.problem_id == "p0" else None, before=before)
        runners.append(Runner(setup(judge, in_flight=2), MemoryLedger(), delivered.append))
        async with asyncio.timeout(30):
            await runners[0].run([problem(i, 2) for i in range(10)])
        return delivered

    assert [played.problem.id for played in asyncio.run(go())] == [f"p{i}" for i in range(10)]
    assert seen == [(0, 8)]


# Resume


def stop_after(calls: int, times: int, runners: list[Runner]) -> Callable[[int], None]:
    def before(judged: int) -> None:
        if judged == calls:
            for _ in range(times):
                runners[0].interrupt()

    return before


@KINDS
@pytest.mark.parametrize("times", [1, 2], ids=["soft", "hard"])
@pytest.mark.parametrize("budget", [None, 5])
def test_the_same_run_again_ends_as_if_nothing_had_happened(
    pairs: str, match: str, times: int, budget: int | None, tmp_path: Path
) -> None:
    limits = Limits(comparisons=budget)
    expected = undisturbed(pairs, match, limits=limits)
    for calls in (0, 1, 5, 13, 22):
        judged: Counter[tuple[str, str, str, int]] = Counter()
        ledger = Ledger(tmp_path / f"{calls}")
        runners: list[Runner] = []
        judge = StubJudge(paid(), before=stop_after(calls, times, runners))
        options = {"limits": limits, "in_flight": 4}
        stopped, runner = start(PROBLEMS, setup(judge, pairs, matching(match), **options), ledger, runners.append)
        ledger.close()
        judged += judge.judged
        assert runner.stopped == "interrupted"
        assert any(played.result.partial for played in stopped) or len(stopped) < len(PROBLEMS)
        assert [played.problem.id for played in stopped] == [p.id for p in PROBLEMS[: len(stopped)]]
        ledger, judge = Ledger(tmp_path / f"{calls}"), StubJudge(paid(), delays=calls)
        assert ledger.count() == sum(judged.values())
        delivered, runner = start(PROBLEMS, setup(judge, pairs, matching(match), **options), ledger)
        judged += judge.judged
        assert by_id(delivered) == expected
        assert ledger.count() == sum(judged.values())
        assert runner.progress.paid == sum(judge.judged.values())
        # An order and a repeat name one comparison of a problem, so whatever was asked for twice shows here.
        assert set(judged.values()) == {1}
        ledger.close()


def test_a_finished_run_again_costs_nothing(tmp_path: Path) -> None:
    ledger, judge = Ledger(tmp_path / "l"), StubJudge(paid())
    first, _ = start(PROBLEMS, setup(judge, "round-robin"), ledger)
    again, runner = start(PROBLEMS, setup(StubJudge(before=_never), "round-robin"), ledger)
    ledger.close()
    assert by_id(again) == by_id(first)
    assert (runner.progress.paid, runner.progress.reused) == (0, sum(judge.judged.values()))


def test_another_strategy_pays_only_for_what_is_new(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l")
    start(PROBLEMS, setup(StubJudge(paid()), "round-robin"), ledger)
    start(PROBLEMS, setup(StubJudge(before=_never), "knockout"), ledger)
    ledger.close()


def _never(judged: int) -> None:
    raise AssertionError("nothing had to be judged")


def test_failed_comparisons_are_tried_again_by_the_next_run(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l")
    broken, _ = start(PROBLEMS, setup(StubJudge(lambda *_: FAILED)), ledger)
    assert all("picked without the judge" in played.result.note for played in broken)
    delivered, _ = start(PROBLEMS, setup(StubJudge(paid())), ledger)
    ledger.close()
    assert by_id(delivered) == undisturbed("knockout", "single")


# Interrupts


def test_one_interrupt_lets_what_is_in_flight_come_back() -> None:
    runners: list[Runner] = []
    ledger = MemoryLedger()
    judge = StubJudge(paid(), before=stop_after(3, 1, runners))
    delivered, runner = start(PROBLEMS, setup(judge, "round-robin", in_flight=6), ledger, runners.append)
    # Five were under way besides the one that was interrupted.
    assert 4 <= sum(judge.judged.values()) <= 3 + 6
    kept = [c for played in delivered for v in played.record.verdicts for c in v.comparisons]
    assert len(kept) == sum(judge.judged.values()) == runner.progress.paid
    assert {played.result.note for played in delivered if played.record.rounds} <= {
        "interrupted",
        "interrupted; picked without the judge, by first",
        "",
    }


@pytest.mark.parametrize("batch", [1, 3])
def test_two_interrupts_stop_at_once_and_keep_what_came_back(batch: int) -> None:
    async def go() -> tuple[list[Played], StubJudge]:
        for_ever = asyncio.Event()
        delivered: list[Played] = []

        def held(field: Field, comparison: Comparison) -> asyncio.Event | None:
            return for_ever if {comparison.first, comparison.second} == {0, 1} else None

        def hard() -> None:
            runner.interrupt()
            runner.interrupt()

        def before(judged: int) -> None:
            if judged >= 15 - 2 * batch:
                asyncio.get_running_loop().call_later(0.02, hard)

        judge = StubJudge(perfect, gate=held, before=before, batch_size=batch)
        runner = Runner(setup(judge, "round-robin"), MemoryLedger(), delivered.append)
        async with asyncio.timeout(30):
            await runner.run([problem(0, 6)])
        return delivered, judge

    (played,), judge = asyncio.run(go())
    known = [c for v in played.record.verdicts for c in v.comparisons]
    assert len(known) == sum(judge.judged.values()) == 15 - batch
    assert played.result.best == "c5"
    assert played.result.partial
    assert played.result.note == "interrupted"


def test_two_interrupts_end_a_run_that_hangs() -> None:
    async def go() -> tuple[list[Played], Runner]:
        delivered: list[Played] = []
        judge = StubJudge(gate=lambda *_: asyncio.Event())
        runner = Runner(setup(judge, in_flight=3), MemoryLedger(), delivered.append)
        for delay in (0.02, 0.04):
            asyncio.get_running_loop().call_later(delay, runner.interrupt)
        async with asyncio.timeout(30):
            await runner.run(PROBLEMS)
        return delivered, runner

    delivered, _ = asyncio.run(go())
    assert 0 < len(delivered) < len(PROBLEMS)
    assert all(played.result.partial and played.result.best == "c0" for played in delivered)
    assert {played.result.note for played in delivered} == {"interrupted; picked without the judge, by first"}


# What goes wrong


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
    strategy = matching("voting", {"votes": 6, "early_stop": False})
    delivered, _ = start([problem(0, 3)], setup(judge, "round-robin", strategy))
    assert sum(judge.judged.values()) == 6
    assert delivered[0].result.spend.comparisons == 18


@pytest.mark.parametrize("texts", ["a", "aaaa"])
def test_where_there_is_no_choice_no_judge_is_asked(texts: str) -> None:
    judge = StubJudge(before=_never)
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
    delivered, _ = start(PROBLEMS, setup(StubJudge(before=_never), limits=limits))
    for played in delivered:
        assert played.result.partial
        assert re.fullmatch("budget spent; picked without the judge, by first", played.result.note)
        assert played.result.best == "c0"


@pytest.mark.parametrize("name", ["first", "random", "longest", "majority"])
def test_a_baseline_needs_no_judge(name: str) -> None:
    delivered, _ = start(PROBLEMS, setup(StubJudge(before=_never), name))
    assert not any(played.result.partial or played.result.note for played in delivered)
    assert len(delivered) == len(PROBLEMS)
