"""Adaptive matches: it stops when it is sure, not before, and spends on those who may be the best."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.helpers import Story, always_tie, entrants, erratic, perfect, tell
from tests.strategies.held import SINGLE
from tournament.errors import UsageError
from tournament.ratings import JudgeModel, p_best
from tournament.registry import pairing
from tournament.strategy import Record, posterior

_ERROR = 0.04
"""The play goes by a quicker fit and fewer nodes of P(best) than the answer: within this of each other."""


def _known() -> JudgeModel:
    """A judge known from other problems, whose repeat correlation no fit refines on its way."""
    return JudgeModel(problems=1)


def _chances(story: Story) -> list[float]:
    """The leader's chance to be the best after each round, by the whole posterior."""
    chances = []
    for number in range(1, len(story.record.rounds) + 1):
        record = Record(field=story.record.field, lot_key=0, rounds=story.record.rounds[:number], judge=_known)
        fitted = posterior(record)
        chances.append(float(p_best(fitted.rating, fitted.covariance, nodes=4096).max()))
    return chances


@settings(max_examples=20)
@given(n=st.integers(2, 8), confidence=st.sampled_from([0.6, 0.8, 0.95]), seed=st.integers(0, 99))
def test_stops_at_the_confidence_and_not_before(n: int, confidence: float, seed: int) -> None:
    for answer in (perfect, erratic(seed)):
        strategy = pairing("adaptive", {"confidence": confidence})
        story = tell(entrants(n), strategy, SINGLE, answer, seed=seed, limit=60, judge=_known)
        *before, last = _chances(story)
        assert story.record.complete
        assert all(chance < confidence + _ERROR for chance in before)
        assert last >= confidence - _ERROR or story.asked == 60


def test_a_clear_case_leaves_budget_over() -> None:
    asked = [
        tell(entrants(6), pairing("adaptive", {"confidence": c}), SINGLE, perfect, limit=80).asked
        for c in (0.6, 0.8, 1.0)
    ]
    assert asked[0] < asked[1] < asked[2] == 80


def test_an_open_case_takes_all_of_it() -> None:
    assert tell(entrants(6), pairing("adaptive"), SINGLE, always_tie, limit=40).asked == 40


@given(n=st.integers(2, 9), limit=st.integers(1, 50), seed=st.integers(0, 99))
def test_never_stopping_uses_the_whole_budget(n: int, limit: int, seed: int) -> None:
    for answer in (perfect, erratic(seed)):
        strategy = pairing("adaptive", {"confidence": 1.0})
        assert tell(entrants(n), strategy, SINGLE, answer, seed=seed, limit=limit).asked == limit


def test_the_matches_go_to_the_strong() -> None:
    played: Counter[int] = Counter()
    for seed in range(5):
        story = tell(entrants(12), pairing("adaptive", {"confidence": 1.0}), SINGLE, perfect, seed=seed, limit=48)
        played.update(entrant for v in story.record.verdicts for entrant in v.match)
    assert min(played[11], played[10]) > 2 * max(played[0], played[1])


def test_who_has_little_chance_sits_out() -> None:
    """With stages that let nearly all go on, only the share of the leader's chance tells who plays."""
    played = []
    for elimination in (0.0, 0.5):
        options = {"confidence": 1.0, "keep": 0.95, "elimination": elimination}
        story = tell(entrants(10), pairing("adaptive", options), SINGLE, perfect, limit=40)
        played.append(sum(min(v.match) < 5 for v in story.record.verdicts))
    assert played[1] < played[0]


def test_nobody_is_left_out_before_playing() -> None:
    for seed in range(10):
        story = tell(entrants(9), pairing("adaptive"), SINGLE, erratic(seed), seed=seed, limit=27)
        assert {entrant for v in story.record.verdicts for entrant in v.match} == set(range(9))


def test_more_looks_are_more_rounds() -> None:
    rounds = [
        len(tell(entrants(8), pairing("adaptive", {"looks": looks}), SINGLE, always_tie, limit=64).record.rounds)
        for looks in (4, 16, 64)
    ]
    assert rounds[0] < rounds[1] < rounds[2]


def test_a_record_of_old_matches_is_used_and_not_forgotten() -> None:
    """The rating counts every judgment, those of candidates that sat out later too."""
    story = tell(entrants(8), pairing("adaptive"), SINGLE, perfect, limit=16)
    late = replace(story.record, rounds=story.record.rounds[-1:])
    assert sum(story.record.evidence.count.ravel()) == story.asked > sum(late.evidence.count.ravel())
    assert list(story.rankings[-1].rating) == pytest.approx(list(posterior(story.record).rating))


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"confidence": 0.5}, "confidence"),
        ({"confidence": 1.1}, "confidence"),
        ({"effort": 0}, "effort"),
        ({"effort": 1001}, "effort"),
        ({"keep": 0}, "keep"),
        ({"keep": 1}, "keep"),
        ({"elimination": -0.1}, "elimination"),
        ({"elimination": 1}, "elimination"),
        ({"looks": -1}, "looks"),
    ],
)
@pytest.mark.parametrize("strategy", ["adaptive", "hybrid", "teams"])
def test_parameters_out_of_range_are_refused(strategy: str, options: dict[str, object], name: str) -> None:
    with pytest.raises(UsageError, match=f"{strategy}: {name}="):
        pairing(strategy, options)
