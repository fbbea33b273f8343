"""What a run learns about its judge, and that it ranks its problems by it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from tests.core.helpers import PROBLEMS, StubJudge, erratic, paid, problem, setup, start
from tournament import pool as pool_module
from tournament.api import rank
from tournament.drafts import draft, results
from tournament.errors import TourneyError
from tournament.judges.synthetic import SyntheticJudge, SyntheticSettings
from tournament.pool import Pool
from tournament.ratings import JudgeModel
from tournament.registry import matching, pairing
from tournament.runner import Played
from tournament.strategy import posterior, standing
from tournament.types import Comparison, Judgment, Outcome, Problem

MANY = [problem(i, 6) for i in range(60)]


def played(problems: Sequence[Problem] = PROBLEMS) -> list[Played]:
    judge = SyntheticJudge(SyntheticSettings(seed=2, position_bias=1.2, tie_rate=0.1))
    return start(problems, setup(judge, "round-robin"))[0]


@pytest.mark.parametrize("most", [512, 5])
def test_the_order_of_problems_teaches_nothing(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "MOST", most)
    records = [done.record for done in played()]
    learned = Pool.of(records, 3).learn()
    assert learned.problems == min(most, len(PROBLEMS))
    assert Pool.of(reversed(records), 3).learn() == learned
    if most < len(PROBLEMS):
        assert Pool.of(records, 4).learn() != learned


def test_problems_are_left_out_where_their_pairs_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    records = [done.record for done in played(MANY[:6])]
    monkeypatch.setattr(pool_module, "_ELEMENTS", 2 * 36)
    assert Pool.of(records, 0).learn().problems == 2
    monkeypatch.setattr(pool_module, "_ELEMENTS", 1)
    assert Pool.of(records, 0).learn().problems == 1


def test_nothing_compared_is_nothing_learned() -> None:
    done, _ = start(PROBLEMS[:2], setup(StubJudge(), "first"))
    pool = Pool.of([each.record for each in done], 0)
    assert pool.learn() == JudgeModel()


def test_a_pool_that_grows_learns_again() -> None:
    records = [done.record for done in played()]
    pool = Pool.of(records[:4], 0)
    before = pool.learn()
    pool.add(records[5])
    assert pool.learn() != before


def test_a_run_is_ranked_by_what_all_its_problems_say() -> None:
    judge = SyntheticSettings(seed=2, position_bias=1.2, tie_rate=0.1)
    together = rank(MANY, judge=SyntheticJudge(judge), strategy="round-robin")
    done = played(MANY)
    learned = Pool.of([each.record for each in done], 0).learn()
    assert learned.first_bias == pytest.approx(1.2, abs=0.25)
    for result, each in zip(together, done, strict=True):
        each.record.judge = lambda: learned
        fitted = posterior(each.record)
        ratings = {standing.id: standing.rating for standing in result.ranking}
        expected = dict(zip(each.record.field.ids, np.round(fitted.rating, 6).tolist(), strict=True))
        assert ratings == pytest.approx(expected, abs=2e-6)
        each.record.judge = None
    alone = [each.result for each in done]
    assert [result.ranking for result in alone] != [result.ranking for result in together]


@pytest.mark.parametrize("match", ["single", "voting", "rethinking"])
@pytest.mark.parametrize("strategy", ["knockout", "round-robin", "adaptive", "teams", "auto"])
def test_a_draft_ranks_as_its_problem_does(strategy: str, match: str) -> None:
    done, _ = start(PROBLEMS, setup(StubJudge(erratic(3)), strategy, matching(match)))
    rows = [json.loads(json.dumps(draft(each))) for each in done]
    judge = JudgeModel(first_bias=0.3, first_bias_sd=0.0, problems=9)
    again = list(results(PROBLEMS, rows, pairing(strategy), pairing("first"), lambda: judge))
    for each, result in zip(done, again, strict=True):
        each.record.judge = lambda: judge
        assert each.result == result


def test_a_draft_holds_no_texts() -> None:
    done, _ = start(PROBLEMS[:3], setup(StubJudge(paid()), "round-robin"))
    said = [j.text for each in done for v in each.record.verdicts for j in v.judgments if j.text]
    assert said
    rows = json.dumps([draft(each) for each in done])
    assert not any(text in rows for text in said)


def test_what_is_not_played_is_not_ranked() -> None:
    done, _ = start(PROBLEMS[:2], setup(StubJudge(), "knockout"))
    rows = [draft(each) for each in done]
    again = results(PROBLEMS, rows, pairing("knockout"), pairing("first"), JudgeModel)
    assert [result.id for result in again] == ["p0", "p1"]


def test_problems_of_one_name_are_all_welcome() -> None:
    same = [replace(made, id="same") for made in MANY[:4]]
    assert len(rank(same, judge=StubJudge(), strategy="round-robin")) == 4


def test_an_input_that_changed_meanwhile_is_refused() -> None:
    done, _ = start(PROBLEMS[:2], setup(StubJudge(), "knockout"))
    rows = [draft(each) for each in done]
    for other in (PROBLEMS[1:], [replace(PROBLEMS[0], candidates=PROBLEMS[0].candidates[::-1]), PROBLEMS[1]]):
        with pytest.raises(TourneyError, match="'p0' is another one than when the run began"):
            list(results(other, rows, pairing("knockout"), pairing("first"), JudgeModel))


def test_only_the_judgment_that_was_gone_on_from_is_superseded() -> None:
    """One that says the same again, word for word, is the latest word and stands."""
    earlier, again = (Judgment(Outcome.DECIDED, p, text="so it is") for p in (1.0, 1.0))
    asked = (Comparison(0, 1), Comparison(0, 1, 1, continues=earlier))
    assert [p for _, p in standing(asked, (earlier, again))] == [None, 1.0]
