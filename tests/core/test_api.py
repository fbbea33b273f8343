"""What users call from Python."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import numpy as np
import pytest

import tournament
from tests.core.helpers import StubJudge, perfect, problem
from tournament import Budget, Candidate, Limits, Message, Problem, arank, aselect, rank, select, simulate
from tournament.api import contested
from tournament.errors import JudgeUnreachableError, UnknownNameError, UsageError
from tournament.judges.synthetic import SyntheticJudge, SyntheticSettings
from tournament.registry import PAIRING, judge, match_strategy, matching, pairing
from tournament.strategy import Play, Ranking, Record, ranked
from tournament.types import Field, Match

PROBLEMS = [problem(i) for i in range(6)]


def test_every_exported_name_is_there() -> None:
    assert sorted(tournament.__all__) == tournament.__all__
    for name in tournament.__all__:
        assert getattr(tournament, name).__doc__
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = tournament.nothing_like_it


@pytest.mark.parametrize("strategy", ["knockout", "round-robin", pairing("round-robin", {"share": 1.0})])
def test_select_finds_the_best(strategy: str) -> None:
    found = select("q", ["answer 3", "answer 9", "answer 5"], judge=StubJudge(), strategy=strategy)
    assert (found.best, found.partial) == ("1", False)
    assert {standing.id for standing in found.ranking} == {"0", "1", "2"}
    assert found.spend.comparisons >= 2


def test_a_prompt_may_be_a_chat() -> None:
    chat = (Message(role="system", content="be brief"), Message(role="user", content="q"))
    assert select(chat, ["answer 1", "answer 2"], judge=StubJudge()).best == "1"


def test_select_needs_a_candidate() -> None:
    with pytest.raises(UsageError, match="at least one candidate"):
        select("q", [], judge=StubJudge())
    assert select("q", ["only"], judge=StubJudge()).best == "0"


def test_rank_answers_in_the_order_asked() -> None:
    results = rank(PROBLEMS, judge=StubJudge(), strategy="round-robin", in_flight=3)
    assert [result.id for result in results] == [p.id for p in PROBLEMS]
    assert {result.best for result in results} == {"c4"}
    assert {tuple(s.id for s in result.ranking) for result in results} == {("c4", "c3", "c2", "c1", "c0")}


def test_works_inside_an_event_loop() -> None:
    async def go() -> None:
        assert (await aselect("q", ["answer 1", "answer 2"], judge=StubJudge())).best == "1"
        assert (await arank([], judge=StubJudge())) == []

    asyncio.run(go())


def test_votes_and_rethinks_make_the_match() -> None:
    assert match_strategy() == matching("single")
    assert match_strategy(5) == matching("voting", {"votes": 5})
    assert match_strategy(5, options={"stop": "none"}) == matching("voting", {"votes": 5, "stop": "none"})
    assert match_strategy(1, 3) == matching("rethinking", {"votes": 2, "rethinks": 3})
    assert match_strategy(4, 1, {"ladder": "9"}) == matching("rethinking", {"votes": 4, "rethinks": 1, "ladder": "9"})
    for votes, rethinks in ((0, 0), (1, -1)):
        with pytest.raises(UsageError):
            match_strategy(votes, rethinks)
    judge = StubJudge()
    assert rank(PROBLEMS[:1], judge=judge, votes=3)[0].spend.comparisons == sum(judge.judged.values()) == 8


def test_a_budget_of_the_run_is_shared_by_the_problems_that_need_it() -> None:
    lone = Problem(id="lone", prompt="q", candidates=(Candidate(id="x", text="a"), Candidate(id="y", text="a")))
    assert contested([*PROBLEMS, lone]) == len(PROBLEMS)
    judge = StubJudge()
    results = rank([lone, *PROBLEMS], judge=judge, strategy="knockout", budget=Budget(run=Limits(comparisons=19)))
    assert sum(judge.judged.values()) == 18
    assert [result.spend.comparisons for result in results] == [0, 3, 3, 3, 3, 3, 3]
    assert [result.partial for result in results] == [False, *[True] * 6]


def test_names_and_numbers_that_mean_nothing_are_refused() -> None:
    with pytest.raises(UnknownNameError):
        rank(PROBLEMS, judge="syntetic")
    with pytest.raises(UnknownNameError):
        rank(PROBLEMS, judge=StubJudge(), strategy="knokout")
    with pytest.raises(UsageError, match="in_flight"):
        rank(PROBLEMS, judge=StubJudge(), in_flight=0)


def test_a_judge_that_is_lost_is_an_error() -> None:
    def before(judged: int) -> None:
        if judged >= 3:
            raise JudgeUnreachableError("nobody answers")

    with pytest.raises(JudgeUnreachableError, match="nobody answers"):
        rank(PROBLEMS, judge=StubJudge(before=before))


class Closing(StubJudge):
    closed = 0

    async def close(self) -> None:
        self.closed += 1


def test_the_judge_is_closed_whatever_happens() -> None:
    judge = Closing(perfect)
    rank(PROBLEMS, judge=judge)
    assert judge.closed == 1

    def before(judged: int) -> None:
        raise JudgeUnreachableError("nobody answers")

    judge = Closing(before=before)
    with pytest.raises(JudgeUnreachableError):
        rank(PROBLEMS, judge=judge)
    assert judge.closed == 1


def test_same_seed_same_results() -> None:
    def results(seed: int) -> list[object]:
        judge = SyntheticJudge(SyntheticSettings(sd=1.0, tie_rate=0.2))
        return [result.to_json() for result in rank(PROBLEMS, judge=judge, seed=seed)]

    assert results(1) == results(1)
    assert results(1) != results(2)


# Simulation


@pytest.mark.parametrize("strategy", ["knockout", "round-robin"])
@pytest.mark.parametrize("votes", [1, 3])
@pytest.mark.parametrize("limit", [None, 6])
def test_a_simulation_is_a_live_run(strategy: str, votes: int, limit: int | None) -> None:
    limits = Limits(comparisons=limit)
    found = simulate(n=7, problems=40, strategy=strategy, votes=votes, limits=limits, seed=5, judge={"tie_rate": 0.2})
    judge = SyntheticJudge(SyntheticSettings(seed=5, tie_rate=0.2))
    candidates = tuple(Candidate(id=str(i), text=str(i)) for i in range(7))
    names = [f"simulated-{i}" for i in range(40)]
    problems = [Problem(id=name, prompt=name, candidates=candidates) for name in names]
    results = rank(problems, judge=judge, strategy=strategy, votes=votes, seed=5, budget=Budget(problem=limits))
    assert found.comparisons == sum(result.spend.comparisons for result in results)
    correct = 0
    for each, result in zip(problems, results, strict=True):
        strengths = judge.strengths(Field.of(each))
        correct += bool(strengths[int(result.best)] == strengths.max())
    assert found.correct == correct
    assert 0 < correct < 40
    assert found.problems == 40


@pytest.mark.parametrize("accuracy", [0.6, 0.9])
def test_a_simulation_knows_how_good_the_judge_is(accuracy: float) -> None:
    # Of two candidates one in two problems has a right and a wrong one; in the others no pick is wrong.
    found = simulate(n=2, problems=4000, judge={"world": "math", "accuracy": accuracy}, seed=1)
    assert found.interval[0] < 0.5 + 0.5 * accuracy < found.interval[1]
    assert found.interval[0] < found.accuracy < found.interval[1]
    assert found.comparisons == 4000


def test_more_votes_and_a_better_judge_pick_better() -> None:
    one, five, sharp = (
        simulate(n=8, problems=400, votes=votes, judge={"sd": sd}) for votes, sd in ((1, 1.0), (5, 1.0), (1, 1000.0))
    )
    assert one.interval[1] < five.accuracy
    assert five.comparisons > one.comparisons == 400 * 7
    assert sharp.accuracy > 0.97


def test_chance_is_chance() -> None:
    found = simulate(n=4, problems=1500, strategy="random")
    assert found.interval[0] < 0.25 < found.interval[1]
    assert found.comparisons == 0


@pytest.mark.parametrize("strategy", ["knockout", "round-robin", "first"])
def test_small_simulations(strategy: str) -> None:
    assert simulate(n=1, problems=3, strategy=strategy).correct == 3
    nothing = simulate(problems=0, strategy=strategy)
    assert (nothing.correct, nothing.interval) == (0, (0.0, 1.0))
    assert nothing.accuracy != nothing.accuracy


def test_what_cannot_be_simulated_is_refused() -> None:
    with pytest.raises(UsageError, match="use the synthetic judge"):
        simulate(judge=StubJudge())
    for n, problems in ((0, 1), (2, -1)):
        with pytest.raises(UsageError, match="simulate needs"):
            simulate(n=n, problems=problems)
    with pytest.raises(UnknownNameError, match="accuracy"):
        simulate(judge={"acuracy": 0.5})


class _OneByOne:
    """A synthetic judge without its arrays."""

    def __init__(self, options: dict[str, object]) -> None:
        self._judge = judge("synthetic", options)
        self.identity, self.batch_size = self._judge.identity, None
        self.judge_now, self.strengths = self._judge.judge_now, self._judge.strengths  # type: ignore[attr-defined]


@pytest.mark.parametrize("strategy", sorted(set(PAIRING) - {"first", "random", "longest"}))
@pytest.mark.parametrize(("n", "limit"), [(1, None), (2, None), (5, None), (5, 4), (9, 0), (9, 20)])
@pytest.mark.parametrize(
    "options",
    [{}, {"world": "math", "tie_rate": 0.3, "unparsable_rate": 0.2, "self_repeat": 0.5, "position_bias": 0.8}],
)
def test_playing_side_by_side_changes_nothing_but_the_speed(
    strategy: str, n: int, limit: int | None, options: dict[str, object]
) -> None:
    limits = Limits(comparisons=limit)
    sizes = {"n": n, "problems": 40, "strategy": strategy, "seed": 3, "limits": limits}
    together = simulate(judge=judge("synthetic", options), **sizes)  # type: ignore[arg-type]
    alone = simulate(judge=_OneByOne(options), **sizes)  # type: ignore[arg-type]
    assert together == alone


def test_pairs_that_meet_again_are_fresh_comparisons_side_by_side_too() -> None:
    @dataclass(frozen=True)
    class Again:
        """The same two, five times."""

        def matches(self, n: int, limit: int | None = None) -> tuple[int, int]:
            return 5, 5

        def play(self, record: Record, rng: np.random.Generator) -> Play:
            for _ in range(5):
                yield [Match(0, 1)]

        def rank(self, record: Record) -> Ranking:
            return ranked(record, record.wins().sum(axis=1))

        def best(self, record: Record) -> int:
            return self.rank(record).order[0]

    together = simulate(n=2, problems=200, judge=judge("synthetic", {}), strategy=Again())
    alone = simulate(n=2, problems=200, judge=_OneByOne({}), strategy=Again())  # type: ignore[arg-type]
    assert together == alone
    assert together.comparisons == 1000
