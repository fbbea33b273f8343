"""Swiss rounds: no rematches, equals meet, and byes for odd fields."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.helpers import Story, always_tie, always_void, entrants, erratic, perfect, tell
from tests.strategies.held import SINGLE
from tournament.errors import UsageError
from tournament.registry import pairing


def _gaps(story: Story, n: int) -> list[list[float]]:
    """By round and match, how many points the two are apart; a bye and a match without a winner are half a point."""
    points, gaps = [0.0] * n, []
    for verdicts in story.record.rounds:
        gaps.append([abs(points[v.match.a] - points[v.match.b]) for v in verdicts])
        for out in set(range(n)) - {entrant for v in verdicts for entrant in v.match}:
            points[out] += 0.5
        for v in verdicts:
            p_a = 0.5 if v.p_a is None else v.p_a
            points[v.match.a] += p_a
            points[v.match.b] += 1.0 - p_a
    return gaps


@given(n=st.integers(2, 13), rounds=st.integers(1, 12), seed=st.integers(0, 99))
def test_nobody_meets_the_same_twice_or_plays_twice_in_a_round(n: int, rounds: int, seed: int) -> None:
    story = tell(entrants(n), pairing("swiss", {"rounds": rounds}), SINGLE, erratic(seed), seed=seed)
    met = [frozenset(v.match) for v in story.record.verdicts]
    assert len(set(met)) == len(met)
    assert len(story.record.rounds) <= rounds
    for verdicts in story.record.rounds:
        playing = [entrant for v in verdicts for entrant in v.match]
        assert len(set(playing)) == len(playing)


@given(n=st.integers(6, 16), seed=st.integers(0, 99))
def test_those_who_meet_are_about_equal_in_points(n: int, seed: int) -> None:
    """In the first rounds, while there are enough left to meet, nobody goes further than to the next score group."""
    for answer in (perfect, erratic(seed)):
        gaps = _gaps(tell(entrants(n), pairing("swiss"), SINGLE, answer, seed=seed), n)
        assert max(gaps[0]) == 0.0
        assert max(max(part) for part in gaps[:2]) <= 1.0


def test_winners_meet_winners_in_a_field_of_eight() -> None:
    rounds = tell(entrants(8), pairing("swiss"), SINGLE, perfect).record.rounds
    first = {v.winner for v in rounds[0]}
    assert [len({*v.match} & first) for v in rounds[1]] == [2, 2, 0, 0]


@given(n=st.integers(2, 12), seed=st.integers(0, 20))
def test_plays_as_many_rounds_as_the_budget_pays_for(n: int, seed: int) -> None:
    each = n // 2
    for rounds in (1, 2, 3):
        story = tell(entrants(n), pairing("swiss"), SINGLE, perfect, seed=seed, limit=rounds * each + each - 1)
        assert len(story.record.rounds) <= rounds
        assert len(story.record.rounds[0]) == each
        assert story.record.complete


def test_without_a_budget_it_plays_three_rounds_more_than_the_logarithm() -> None:
    for n, rounds in ((9, 7), (16, 7), (17, 8)):
        assert len(tell(entrants(n), pairing("swiss"), SINGLE, perfect).record.rounds) == rounds


@pytest.mark.parametrize("n", [2, 3, 4])
def test_a_small_field_ends_when_everybody_has_met(n: int) -> None:
    story = tell(entrants(n), pairing("swiss", {"rounds": 50}), SINGLE, perfect)
    met = {frozenset(v.match) for v in story.record.verdicts}
    assert met <= {frozenset(pair) for pair in combinations(range(n), 2)}
    assert story.record.complete
    assert len(story.record.rounds) <= n


def test_in_an_odd_field_somebody_sits_out_each_round() -> None:
    for verdicts in tell(entrants(7), pairing("swiss"), SINGLE, perfect).record.rounds[:3]:
        assert len(verdicts) == 3


def test_a_perfect_judge_gives_points_in_the_order_of_strength_at_both_ends() -> None:
    for rating in ("bradley-terry", "wins"):
        order = tell(entrants(16), pairing("swiss", {"rating": rating}), SINGLE, perfect).rankings[-1].order
        assert (order[0], order[1], order[-1]) == (15, 14, 0)


def test_matches_without_a_winner_keep_all_together() -> None:
    for answer in (always_tie, always_void):
        story = tell(entrants(8), pairing("swiss", {"rounds": 3}), SINGLE, answer)
        assert [max(part) for part in _gaps(story, 8)] == [0.0, 0.0, 0.0]
        assert Counter(len(part) for part in story.record.rounds) == {4: 3}


@pytest.mark.parametrize(("options", "name"), [({"rounds": -1}, "rounds"), ({"rating": "elo"}, "rating")])
def test_parameters_out_of_range_are_refused(options: dict[str, object], name: str) -> None:
    with pytest.raises(UsageError, match=f"swiss: {name}="):
        pairing("swiss", options)
