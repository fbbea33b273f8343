"""Sums of preference from lists of matches."""

import math

import numpy as np
import pytest

from tournament.ratings import wins_matrix


def test_each_match_gives_one_point_shared_between_its_sides() -> None:
    wins = wins_matrix([(0, 1), (1, 0), (2, 1)], [1.0, 0.25, 0.5], 4)
    expected = [[0.0, 1.75, 0.0, 0.0], [0.25, 0.0, 0.5, 0.0], [0.0, 0.5, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]
    np.testing.assert_allclose(wins, expected)


def test_undecided_matches_count_for_neither_side() -> None:
    with_gap = wins_matrix([(0, 1), (1, 2), (0, 2)], [0.8, math.nan, 0.3], 3)
    np.testing.assert_array_equal(with_gap, wins_matrix([(0, 1), (0, 2)], [0.8, 0.3], 3))


@pytest.mark.parametrize("n", [0, 1, 3])
def test_no_matches_give_zeros(n: int) -> None:
    np.testing.assert_array_equal(wins_matrix([], [], n), np.zeros((n, n)))


@pytest.mark.parametrize(
    ("pairs", "p_a", "said"),
    [
        ([(0, 3)], [0.5], "outside the field"),
        ([(-1, 0)], [0.5], "outside the field"),
        ([(1, 1)], [0.5], "meet itself"),
        ([(0, 1)], [1.5], "outside 0 to 1"),
        ([(0, 1)], [0.5, 0.5], "shape"),
        ([(0.0, 1.0)], [0.5], "integer"),
    ],
)
def test_matches_that_do_not_fit_the_field_are_refused(
    pairs: list[tuple[int, int]], p_a: list[float], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        wins_matrix(pairs, p_a, 3)
