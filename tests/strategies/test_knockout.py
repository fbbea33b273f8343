"""Single elimination: brackets by hand, byes, and matches without a preference."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.helpers import FIRST, SECOND, VOID, Answer, always_tie, always_void, entrants, erratic, perfect, tell
from tournament.errors import UsageError
from tournament.registry import matching, pairing
from tournament.types import Comparison, Field, Judgment, Match

SINGLE = matching("single")


def _bracket(n: int, draw: str, answer: Answer = perfect) -> list[list[tuple[int, int]]]:
    story = tell(entrants(n), pairing("knockout", {"draw": draw}), SINGLE, answer)
    return [[(v.match.a, v.match.b) for v in verdicts] for verdicts in story.record.rounds]


def _weakest(field: Field, comparison: Comparison) -> Judgment:
    return SECOND if perfect(field, comparison) is FIRST else FIRST


def test_five_as_given() -> None:
    # Three byes for the last of the draw, then a bracket of four.
    assert _bracket(5, "given") == [[(0, 1)], [(1, 2), (3, 4)], [(2, 4)]]


def test_eight_as_given() -> None:
    assert _bracket(8, "given") == [[(0, 1), (2, 3), (4, 5), (6, 7)], [(1, 3), (5, 7)], [(3, 7)]]
    assert _bracket(8, "given", _weakest) == [[(0, 1), (2, 3), (4, 5), (6, 7)], [(0, 2), (4, 6)], [(0, 4)]]


def test_six_in_a_draw_by_numbers() -> None:
    assert _bracket(6, "3,5,0,1,2,4") == [[(3, 5), (0, 1)], [(5, 1), (2, 4)], [(5, 4)]]


def test_a_draw_by_numbers_serves_fields_of_every_size() -> None:
    assert _bracket(4, "9,2,0") == [[(2, 0), (1, 3)], [(2, 3)]]


@pytest.mark.parametrize("draw", ["given", "random"])
def test_byes_are_only_in_the_first_round(draw: str) -> None:
    for n in range(2, 34):
        rounds = _bracket(n, draw)
        sizes = [len(matches) for matches in rounds]
        assert sum(sizes) == n - 1
        assert sizes[1:] == [1 << i for i in reversed(range(len(sizes) - 1))]
        assert len(rounds) == (n - 1).bit_length()
        assert len({entrant for matches in rounds[:2] for match in matches for entrant in match}) == n


def test_the_loser_leaves() -> None:
    story = tell(entrants(13), pairing("knockout"), SINGLE, erratic(0))
    gone: set[int] = set()
    for verdicts in story.record.rounds:
        for verdict in verdicts:
            assert not gone & {*verdict.match}
        gone |= {sum(v.match) - v.winner for v in verdicts if v.winner is not None}


def test_a_match_without_a_preference_is_no_win() -> None:
    for answer in (always_void, always_tie):
        story = tell(entrants(8), pairing("knockout"), SINGLE, answer)
        assert [verdict.winner for verdict in story.record.verdicts] == [None] * 7
        assert "draw" in story.rankings[-1].tie_breaks
        assert story.rankings[-1].best_by == "draw"
        assert story.rankings[-1].order[0] in story.record.rounds[-1][0].match


def test_who_goes_on_from_a_draw_is_chance() -> None:
    stories = [tell(entrants(2), pairing("knockout"), SINGLE, always_void, seed=seed) for seed in range(20)]
    assert {story.rankings[-1].order[0] for story in stories} == {0, 1}


def test_a_champion_who_won_every_match_needs_no_draw() -> None:
    def void_between_the_weak(field: Field, comparison: Comparison) -> Judgment:
        return VOID if max(comparison.first, comparison.second) < 7 else perfect(field, comparison)

    ranking = tell(entrants(8), pairing("knockout"), SINGLE, void_between_the_weak).rankings[-1]
    assert (ranking.order[0], ranking.best_by) == (7, None)
    assert "draw" in ranking.tie_breaks
    assert tell(entrants(8), pairing("knockout"), SINGLE, perfect).rankings[-1].tie_breaks.count("draw") == 0


def test_ranks_by_the_round_reached() -> None:
    story = tell(entrants(8), pairing("knockout", {"draw": "given"}), SINGLE, perfect)
    order = story.rankings[-1].order
    assert order[:2] == (7, 3)
    assert {*order[2:4]} == {1, 5}
    assert {*order[4:]} == {0, 2, 4, 6}


@given(n=st.integers(2, 16), seed=st.integers(0, 50), data=st.data())
def test_those_still_in_stand_before_those_who_lost_when_the_budget_ends(
    n: int, seed: int, data: st.DataObject
) -> None:
    limit = data.draw(st.integers(0, n - 1))
    story = tell(entrants(n), pairing("knockout"), SINGLE, perfect, seed=seed, limit=limit)
    lost = {sum(v.match) - v.winner for v in story.record.verdicts if v.winner is not None}
    places = story.rankings[-1].order
    assert {*places[n - len(lost) :]} == lost
    assert {*places[: n - len(lost)]} == {*range(n)} - lost


@pytest.mark.parametrize("draw", ["", "1,x", "0,1,1", "-1,0", "backwards"])
def test_a_draw_that_means_nothing_is_refused_before_the_run(draw: str) -> None:
    with pytest.raises(UsageError, match="draw"):
        pairing("knockout", {"draw": draw})


def test_matches_name_the_two_of_the_bracket_in_its_order() -> None:
    story = tell(entrants(4), pairing("knockout", {"draw": "3,1,2,0"}), SINGLE, perfect)
    assert [v.match for v in story.record.rounds[0]] == [Match(3, 1), Match(2, 0)]
