"""Intervals against scipy, published values and what they promise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tournament.ratings import normal, wilson


@given(st.integers(1, 500), st.floats(0.0, 1.0), st.sampled_from([0.5, 0.9, 0.95, 0.999]))
def test_wilson_agrees_with_scipy(trials: int, share: float, level: float) -> None:
    successes = round(trials * share)
    ours = wilson(successes, trials, level)
    theirs = stats.binomtest(successes, trials).proportion_ci(confidence_level=level, method="wilson")
    assert float(ours.low) == pytest.approx(theirs.low, abs=1e-12)
    assert float(ours.high) == pytest.approx(theirs.high, abs=1e-12)


@given(st.floats(0.0, 1e6), st.floats(0.0, 1.0), st.floats(0.01, 0.99))
def test_wilson_holds_the_share_and_stays_a_probability(trials: float, share: float, level: float) -> None:
    interval = wilson(trials * share, trials, level)
    assert 0.0 <= interval.low <= interval.high <= 1.0
    if trials > 1e-6:
        assert interval.low <= share + 1e-9
        assert interval.high >= share - 1e-9


@given(st.floats(0.0, 100.0), st.floats(0.0, 100.0))
def test_wilson_mirrors_when_success_and_failure_swap(won: float, lost: float) -> None:
    one, other = wilson(won, won + lost), wilson(lost, won + lost)
    assert float(one.low) == pytest.approx(1.0 - float(other.high), abs=1e-9)
    assert float(one.high) == pytest.approx(1.0 - float(other.low), abs=1e-9)


def test_wilson_without_trials_knows_nothing() -> None:
    interval = wilson([0.0, 1.0], [0.0, 2.0])
    assert (interval.low[0], interval.high[0]) == (0.0, 1.0)
    assert 0.0 < interval.low[1] < 0.5 < interval.high[1] < 1.0


def test_wilson_reaches_the_ends_when_all_trials_agree() -> None:
    interval = wilson([0.0, 7.0, 0.0, 13.0], [7.0, 7.0, 13.0, 13.0])
    assert interval.low[[0, 2]].tolist() == [0.0, 0.0]
    assert interval.high[[1, 3]].tolist() == [1.0, 1.0]


def test_wilson_broadcasts() -> None:
    interval = wilson([[1.0], [2.5]], [5.0, 10.0, 20.0])
    assert interval.low.shape == interval.high.shape == (2, 3)
    assert float(interval.high[1, 2]) == float(wilson(2.5, 20.0).high)


@pytest.mark.parametrize(("won", "of"), [(-1.0, 5.0), (6.0, 5.0), (np.nan, 5.0), (1.0, np.inf), (0.0, -1.0)])
def test_wilson_refuses_impossible_counts(won: float, of: float) -> None:
    with pytest.raises(ValueError, match="successes"):
        wilson(won, of)


def test_normal_reaches_the_textbook_number_of_standard_errors() -> None:
    interval = normal([1.0, -2.0], [0.5, 0.0])
    np.testing.assert_allclose(interval.low, [1.0 - 0.5 * 1.959963984540054, -2.0])
    np.testing.assert_allclose(interval.high, [1.0 + 0.5 * 1.959963984540054, -2.0])
    assert interval.level == 0.95


@given(st.floats(-50.0, 50.0), st.floats(0.0, 10.0), st.floats(0.01, 0.98))
def test_normal_widens_with_the_level(mean: float, stderr: float, level: float) -> None:
    narrow, wide = normal(mean, stderr, level), normal(mean, stderr, level + 0.01)
    assert wide.low <= narrow.low <= mean <= narrow.high <= wide.high


@pytest.mark.parametrize("stderr", [-0.1, np.nan])
def test_normal_refuses_impossible_errors(stderr: float) -> None:
    with pytest.raises(ValueError, match="stderr"):
        normal(0.0, stderr)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0, float("nan")])
def test_level_is_a_share(level: float) -> None:
    with pytest.raises(ValueError, match="level"):
        normal(0.0, 1.0, level)
    with pytest.raises(ValueError, match="level"):
        wilson(1.0, 2.0, level)
