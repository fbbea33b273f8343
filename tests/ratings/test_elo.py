"""Elo against a closed form, an independent implementation, and its own promises."""

import math
from random import Random

import evalica
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tournament.ratings import elo, to_log_odds

Matches = tuple[int, list[tuple[int, int]], list[float]]


@st.composite
def matches(draw: st.DrawFn, outcomes: st.SearchStrategy[float]) -> Matches:
    n = draw(st.integers(2, 6))
    pair = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda p: p[0] != p[1])
    pairs = draw(st.lists(pair, max_size=30))
    return n, pairs, [draw(outcomes) for _ in pairs]


def evalica_elo(n: int, pairs: list[tuple[int, int]], p_a: list[float]) -> NDArray[np.float64]:
    winner = {1.0: evalica.Winner.X, 0.0: evalica.Winner.Y, 0.5: evalica.Winner.Draw}
    result = evalica.elo(
        [str(a) for a, _ in pairs],
        [str(b) for _, b in pairs],
        [winner[p] for p in p_a],
        k=32.0,
        scale=400.0,
        initial=0.0,
    )
    return np.array([float(result.scores.get(str(i), 0.0)) for i in range(n)])


def test_one_match_between_equals_moves_half_of_k() -> None:
    np.testing.assert_allclose(elo([(0, 1)], [1.0], 3, k=32.0, initial=1000.0), [1016.0, 984.0, 1000.0])


def test_second_match_follows_the_closed_form() -> None:
    expected = 1.0 / (1.0 + 10.0 ** (-32.0 / 400.0))
    gain = 32.0 * (0.25 - expected)
    np.testing.assert_allclose(elo([(0, 1), (0, 1)], [1.0, 0.25], 2), [16.0 + gain, -16.0 - gain])


@given(matches(st.sampled_from([0.0, 0.5, 1.0])))
def test_agrees_with_evalica(played: Matches) -> None:
    n, pairs, p_a = played
    if pairs:
        np.testing.assert_allclose(elo(pairs, p_a, n), evalica_elo(n, pairs, p_a), atol=1e-9)


@given(matches(st.floats(0.0, 1.0)), st.randoms(use_true_random=False))
def test_relabelling_candidates_relabels_points(played: Matches, random: Random) -> None:
    n, pairs, p_a = played
    label = list(range(n))
    random.shuffle(label)
    relabelled = elo([(label[a], label[b]) for a, b in pairs], p_a, n)
    np.testing.assert_allclose(relabelled[label], elo(pairs, p_a, n), atol=1e-12)


@given(matches(st.one_of(st.floats(0.0, 1.0), st.just(math.nan))), st.floats(-500.0, 2000.0))
def test_mean_stays_and_initial_only_shifts(played: Matches, initial: float) -> None:
    n, pairs, p_a = played
    points = elo(pairs, p_a, n, initial=initial)
    assert points.mean() == pytest.approx(initial, abs=1e-8)
    np.testing.assert_allclose(points - initial, elo(pairs, p_a, n), atol=1e-8)


def test_undecided_matches_are_skipped() -> None:
    skipped = elo([(0, 1), (1, 2), (2, 0)], [1.0, math.nan, 0.0], 3)
    np.testing.assert_array_equal(skipped, elo([(0, 1), (2, 0)], [1.0, 0.0], 3))


def test_no_matches_leave_everyone_at_initial() -> None:
    np.testing.assert_array_equal(elo([], [], 2, initial=7.0), [7.0, 7.0])


def test_absurd_stakes_stay_finite() -> None:
    assert np.isfinite(elo([(0, 1)] * 3, [1.0, 0.0, 1.0], 2, k=1e9)).all()


def test_one_scale_of_points_is_odds_of_ten() -> None:
    np.testing.assert_allclose(
        to_log_odds([[0.0, 400.0], [-400.0, 200.0]]), np.log([[1.0, 10.0], [0.1, math.sqrt(10.0)]])
    )
    assert to_log_odds(173.0, scale=173.0) == pytest.approx(math.log(10.0))


def test_log_odds_of_elo_give_the_expected_preference() -> None:
    # At the points that make 0.8 expected, a match that ends 0.8 moves nobody.
    edge = 400.0 * math.log10(0.8 / 0.2)
    settled = elo([(0, 1)] * 4000, [0.8] * 4000, 2, k=8.0)
    assert settled[0] - settled[1] == pytest.approx(edge, abs=1e-6)
    rating = to_log_odds(settled)
    assert 1.0 / (1.0 + math.exp(rating[1] - rating[0])) == pytest.approx(0.8)


def test_scale_must_be_positive() -> None:
    with pytest.raises(ValueError, match="scale"):
        elo([(0, 1)], [1.0], 2, scale=0.0)
    with pytest.raises(ValueError, match="scale"):
        to_log_odds(1.0, scale=-1.0)
