"""Orders and the tie-breaks that made them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tournament.ratings import Ordering, order

NO_WINS = np.zeros((3, 3))
LOTS = (0.3, 0.1, 0.2)
Field = tuple[list[int], NDArray[np.float64], list[float], list[int]]


@st.composite
def fields(draw: st.DrawFn) -> Field:
    n = draw(st.integers(1, 7))
    few = st.lists(st.integers(0, 2), min_size=n, max_size=n)
    wins = np.array(draw(st.lists(few, min_size=n, max_size=n)), dtype=np.float64)
    lots = draw(st.lists(st.floats(0.0, 1.0, exclude_max=True), min_size=n, max_size=n, unique=True))
    return draw(few), wins, lots, draw(few)


def test_without_ties_only_the_primary_counts() -> None:
    result = order([1.0, 3.0, 2.0], [[0, 9, 9], [0, 0, 0], [0, 0, 0]], LOTS, rating=[9.0, 0.0, 0.0])
    assert result == Ordering(order=(1, 2, 0), tie_breaks=(), tie_break_for_best=None)


def test_head_to_head_counts_only_the_tied() -> None:
    # 0 beat 1; 1 beat 2 by more, but 2 is not in the tie.
    result = order([2.0, 2.0, 1.0], [[0, 1, 0], [0, 0, 5], [0, 0, 0]], LOTS)
    assert result == Ordering(order=(0, 1, 2), tie_breaks=("head-to-head",), tie_break_for_best="head-to-head")


def test_rating_comes_after_head_to_head() -> None:
    result = order([1.0, 1.0, 1.0], [[0, 2, 0], [2, 0, 0], [0, 0, 0]], LOTS, rating=[0.1, 0.2, 9.0])
    assert result.order == (1, 0, 2)
    assert result.tie_breaks == ("head-to-head", "rating")
    assert result.tie_break_for_best == "rating"


def test_the_draw_comes_last_and_higher_goes_first() -> None:
    result = order([1.0, 1.0, 1.0], NO_WINS, LOTS, rating=[0.0, 0.0, 0.0])
    assert result == Ordering(order=(0, 2, 1), tie_breaks=("draw",), tie_break_for_best="draw")


def test_a_tie_below_the_top_does_not_decide_the_best() -> None:
    result = order([0.0, 1.0, 0.0], NO_WINS, LOTS)
    assert result == Ordering(order=(1, 0, 2), tie_breaks=("draw",), tie_break_for_best=None)


def test_equal_lots_fall_back_to_the_index_and_say_so() -> None:
    result = order([1.0, 1.0], np.zeros((2, 2)), [0.5, 0.5])
    assert result == Ordering(order=(0, 1), tie_breaks=("index",), tie_break_for_best="index")


def test_rounding_is_a_tie_and_more_is_not() -> None:
    assert order([0.1 + 0.2, 0.3, 0.0], NO_WINS, (0.1, 0.9, 0.5)).order == (1, 0, 2)
    assert order([0.3 + 1e-8, 0.3, 0.0], NO_WINS, (0.1, 0.9, 0.5)).order == (0, 1, 2)


def test_the_unplayed_may_be_minus_infinity() -> None:
    result = order([-math.inf, 0.0, -math.inf], NO_WINS, (0.1, 0.2, 0.3))
    assert result.order == (1, 2, 0)
    assert result.tie_break_for_best is None


def test_the_diagonal_is_ignored() -> None:
    assert order([1.0, 1.0], [[math.nan, 0.0], [1.0, math.nan]], [0.9, 0.1]).order == (1, 0)


def test_an_empty_field_has_an_empty_order() -> None:
    assert order([], np.zeros((0, 0)), []).order == ()


@given(fields())
def test_is_a_permutation_sorted_by_the_documented_keys(field: Field) -> None:
    primary, wins, lots, rating = field
    result = order(primary, wins, lots, rating=rating)
    assert sorted(result.order) == list(range(len(primary)))

    def key(i: int) -> tuple[float, ...]:
        rivals = [j for j in range(len(primary)) if j != i and primary[j] == primary[i]]
        return (primary[i], sum(wins[i, j] for j in rivals), rating[i], lots[i])

    assert list(result.order) == sorted(range(len(primary)), key=key, reverse=True)


@given(fields(), st.data())
def test_relabelling_candidates_relabels_the_order(field: Field, data: st.DataObject) -> None:
    primary, wins, lots, rating = (np.array(part, dtype=np.float64) for part in field)
    old = np.array(data.draw(st.permutations(range(len(primary)))), dtype=np.intp)
    before = order(primary, wins, lots, rating=rating)
    after = order(primary[old], wins[np.ix_(old, old)], lots[old], rating=rating[old])
    assert tuple(int(old[i]) for i in after.order) == before.order
    assert (after.tie_breaks, after.tie_break_for_best) == (before.tie_breaks, before.tie_break_for_best)


@given(fields())
def test_a_tie_break_is_named_exactly_when_a_tie_existed(field: Field) -> None:
    primary, wins, lots, rating = field
    result = order(primary, wins, lots, rating=rating)
    assert bool(result.tie_breaks) == (len(set(primary)) < len(primary))
    assert (result.tie_break_for_best is not None) == (primary.count(max(primary)) > 1)


@pytest.mark.parametrize(
    ("primary", "wins", "lots", "said"),
    [
        ([math.nan, 1.0], np.zeros((2, 2)), [0.1, 0.2], "primary"),
        ([0.0, 1.0], np.zeros((2, 2)), [0.1, math.nan], "lots"),
        ([0.0, 1.0], np.zeros((2, 2)), [0.1], "lots"),
        ([0.0, 1.0], np.zeros((3, 3)), [0.1, 0.2], "wins"),
        ([0.0, 1.0], np.array([[0.0, math.nan], [0.0, 0.0]]), [0.1, 0.2], "wins"),
    ],
)
def test_unsortable_arguments_are_refused(
    primary: list[float], wins: NDArray[np.float64], lots: list[float], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        order(primary, wins, lots)
