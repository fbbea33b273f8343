"""Teams by final answer: those who agree never meet, and their number counts."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.helpers import always_tie, always_void, entrants, erratic, perfect, tell
from tests.strategies.held import SINGLE, answered
from tournament.errors import UsageError
from tournament.ratings import PRIOR_SD
from tournament.registry import pairing

answers = st.lists(st.integers(0, 4), min_size=1, max_size=9)


@given(answers=answers, seed=st.integers(0, 99), limit=st.none() | st.integers(0, 30))
def test_those_who_agree_never_meet(answers: list[int], seed: int, limit: int | None) -> None:
    story = tell(answered(*answers), pairing("teams"), SINGLE, erratic(seed), seed=seed, limit=limit)
    for verdict in story.record.verdicts:
        assert answers[verdict.match.a] != answers[verdict.match.b]
    assert story.record.complete or not limit


@pytest.mark.parametrize("n", [1, 2, 7])
def test_a_single_answer_needs_no_match(n: int) -> None:
    story = tell(answered(*[3] * n), pairing("teams"), SINGLE, perfect)
    assert (story.asked, story.record.complete) == (0, True)
    assert sorted(story.rankings[-1].order) == list(range(n))
    assert story.rankings[-1].p_best.max() == 1.0


@given(answers=answers, seed=st.integers(0, 99))
def test_chances_are_the_teams_and_sum_to_one(answers: list[int], seed: int) -> None:
    ranking = tell(answered(*answers), pairing("teams"), SINGLE, erratic(seed), seed=seed).rankings[-1]
    assert ranking.p_best.sum() == pytest.approx(1.0)
    for answer in set(answers):
        members = [i for i, its in enumerate(answers) if its == answer]
        assert len({float(ranking.rating[i]) for i in members}) == 1
        assert len({float(ranking.stderr[i]) for i in members}) == 1
        assert sum(ranking.p_best[i] > 0 for i in members) <= 1
        stands_for = min(members, key=ranking.order.index)
        assert all(ranking.p_best[i] == 0 for i in members if i != stands_for)


def test_members_of_a_team_stand_together_in_the_ranking() -> None:
    order = tell(answered(0, 1, 2, 0, 1, 2, 2), pairing("teams"), SINGLE, perfect).rankings[-1].order
    assert [{2, 5, 6}, {1, 4}, {0, 3}] == [set(order[:3]), set(order[3:5]), set(order[5:])]


@pytest.mark.parametrize("size", [0.0, 0.5, 1.0])
def test_a_team_starts_ahead_by_the_logarithm_of_its_size(size: float) -> None:
    """Before any match, and after matches that all are ties or void."""
    field = answered(1, 1, 1, 1, 2, 2, 3)
    ranking = tell(field, pairing("teams", {"size": size}), SINGLE, always_void, limit=5).rankings[-1]
    assert ranking.rating[0] - ranking.rating[6] == pytest.approx(size * math.log(4), abs=1e-6)
    assert ranking.rating[4] - ranking.rating[6] == pytest.approx(size * math.log(2), abs=1e-6)
    assert ranking.rating[[0, 4, 6]].mean() == pytest.approx(0.0, abs=1e-6)


def test_the_majority_wins_where_the_judge_has_nothing_to_say() -> None:
    field = answered(5, 2, 2, 2, 9)
    for answer in (always_tie, always_void):
        assert tell(field, pairing("teams"), SINGLE, answer).rankings[-1].order[0] in (1, 2, 3)
    winners = {
        tell(field, pairing("teams", {"size": 0}), SINGLE, always_void, seed=seed).rankings[-1].order[0]
        for seed in range(20)
    }
    assert winners & {0, 4}


def test_a_judge_that_is_sure_overrules_the_majority() -> None:
    assert tell(answered(5, 2, 2, 2, 9), pairing("teams"), SINGLE, perfect, limit=20).rankings[-1].order[0] == 4


def test_what_members_win_counts_for_their_team() -> None:
    """Each member plays less than a lone candidate would: the one who was compared least stands up."""
    story = tell(answered(1, 1, 1, 2, 2, 2), pairing("teams", {"confidence": 1.0}), SINGLE, perfect, limit=12)
    played = np.bincount([entrant for v in story.record.verdicts for entrant in v.match], minlength=6)
    assert played.tolist() == [4] * 6
    ranking = story.rankings[-1]
    assert set(ranking.order[:3]) == {3, 4, 5}
    assert ranking.rating[3] > 0.9


def test_candidates_without_a_readable_answer_stand_alone() -> None:
    texts = ("I cannot say", "nor can I", "answer 3", "also answer 3")
    field = replace(answered(0, 0, 0, 0), texts=texts)
    ranking = tell(field, pairing("teams"), SINGLE, always_void).rankings[-1]
    assert ranking.rating[2] == ranking.rating[3] > ranking.rating[0]
    assert ranking.rating[0] == pytest.approx(ranking.rating[1])
    assert sum(ranking.p_best > 0) == 3


def test_before_any_match_nothing_is_known_but_the_sizes() -> None:
    ranking = tell(entrants(4), pairing("teams"), SINGLE, perfect, limit=0).rankings[-1]
    assert ranking.rating == pytest.approx([0.0] * 4)
    assert ranking.p_best == pytest.approx([0.25] * 4, abs=0.02)
    # Against the mean of four, three quarters of the variance of one are left.
    assert ranking.stderr == pytest.approx([PRIOR_SD * math.sqrt(0.75)] * 4)


@pytest.mark.parametrize("size", [-1, 11])
def test_a_size_out_of_range_is_refused(size: float) -> None:
    with pytest.raises(UsageError, match="teams: size="):
        pairing("teams", {"size": size})
