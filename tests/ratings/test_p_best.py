"""The chance of being best against closed forms and sampling."""

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tournament.ratings import fit, p_best

Floats = NDArray[np.float64]


def posterior(n: int, seed: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(n, n))
    return rng.normal(size=n), root @ root.T / n + 0.2 * np.eye(n)


def sampled(rating: Floats, covariance: Floats, draws: int = 200_000) -> Floats:
    rng = np.random.default_rng(12345)
    ratings = rng.multivariate_normal(rating, covariance, size=draws, method="eigh")
    return np.bincount(ratings.argmax(axis=1), minlength=len(rating)) / draws


@given(
    st.floats(-3.0, 3.0),
    st.floats(-3.0, 3.0),
    st.floats(0.05, 3.0),
    st.floats(0.05, 3.0),
    st.floats(-0.9, 0.9),
)
def test_two_candidates_follow_the_closed_form(a: float, b: float, sa: float, sb: float, rho: float) -> None:
    covariance = [[sa * sa, rho * sa * sb], [rho * sa * sb, sb * sb]]
    expected = NormalDist().cdf((a - b) / math.sqrt(sa * sa + sb * sb - 2.0 * rho * sa * sb))
    np.testing.assert_allclose(p_best([a, b], covariance), [expected, 1.0 - expected], atol=0.01)


@pytest.mark.parametrize("seed", range(6))
def test_five_candidates_agree_with_sampling(seed: int) -> None:
    rating, covariance = posterior(5, seed)
    np.testing.assert_allclose(p_best(rating, covariance), sampled(rating, covariance), atol=0.03)
    fine = p_best(rating, covariance, nodes=2**16)
    np.testing.assert_allclose(fine, sampled(rating, covariance), atol=0.006)


@pytest.mark.parametrize("seed", range(3))
def test_a_full_field_agrees_with_sampling(seed: int) -> None:
    rating, covariance = posterior(32, seed)
    np.testing.assert_allclose(p_best(rating, covariance), sampled(rating, covariance), atol=0.04)


@pytest.mark.parametrize("n", [2, 3, 5, 8, 16, 32])
@pytest.mark.parametrize("shared", [0.0, 0.9])
def test_exchangeable_candidates_are_near_equal(n: int, shared: float) -> None:
    covariance = shared * np.ones((n, n)) + (1.0 - shared) * np.eye(n)
    np.testing.assert_allclose(p_best(np.zeros(n), covariance), np.full(n, 1.0 / n), atol=0.015)


@given(st.integers(2, 6), st.integers(0, 50), st.floats(-100.0, 100.0), st.floats(0.0, 100.0))
def test_only_differences_matter(n: int, seed: int, shift: float, common: float) -> None:
    rating, covariance = posterior(n, seed)
    moved = p_best(rating + shift, covariance + common)
    np.testing.assert_allclose(moved, p_best(rating, covariance), atol=0.005)


@given(st.integers(2, 6), st.integers(0, 50), st.integers(2, 300))
def test_is_a_distribution(n: int, seed: int, nodes: int) -> None:
    share = p_best(*posterior(n, seed), nodes=nodes)
    assert (share >= 0.0).all()
    assert share.sum() == pytest.approx(1.0, abs=1e-12)


@given(st.integers(2, 6), st.integers(0, 50), st.floats(0.1, 3.0))
def test_a_higher_rating_is_never_less_likely_best(n: int, seed: int, gain: float) -> None:
    rating, covariance = posterior(n, seed)
    for i in range(n):
        raised = rating.copy()
        raised[i] += gain
        assert p_best(raised, covariance)[i] >= p_best(rating, covariance)[i]


def test_relabelling_moves_the_answer_within_its_error() -> None:
    rating, covariance = posterior(6, 3)
    label = np.array([4, 2, 0, 5, 1, 3])
    relabelled = p_best(rating[label], covariance[np.ix_(label, label)])
    np.testing.assert_allclose(relabelled, p_best(rating, covariance)[label], atol=0.03)


def test_batch_equals_loop() -> None:
    problems = [posterior(4, seed) for seed in range(300)]
    rating = np.array([mean for mean, _ in problems]).reshape(3, 100, 4)
    covariance = np.array([spread for _, spread in problems]).reshape(3, 100, 4, 4)
    alone = np.array([p_best(mean, spread) for mean, spread in problems]).reshape(3, 100, 4)
    np.testing.assert_allclose(p_best(rating, covariance), alone, atol=1e-12)


def test_certain_ratings_pick_the_highest() -> None:
    np.testing.assert_array_equal(p_best([0.0, 2.0, 1.0], np.zeros((3, 3))), [0.0, 1.0, 0.0])
    np.testing.assert_array_equal(p_best([0.0, 0.0], np.zeros((2, 2))), [0.5, 0.5])


def test_copies_of_one_rating_share() -> None:
    np.testing.assert_allclose(p_best([0.0, 0.0, -9.0], np.diag([0.0, 0.0, 1e-4])), [0.5, 0.5, 0.0], atol=0.01)


def test_small_fields() -> None:
    np.testing.assert_array_equal(p_best([3.0], [[2.0]]), [1.0])
    np.testing.assert_array_equal(p_best(np.zeros((2, 1)), np.ones((2, 1, 1))), [[1.0], [1.0]])
    assert p_best(np.zeros(0), np.zeros((0, 0))).shape == (0,)
    assert p_best(np.zeros((0, 3)), np.zeros((0, 3, 3))).shape == (0, 3)


def test_takes_what_a_fit_returns() -> None:
    fitted = fit([[0.0, 3.0, 4.0], [1.0, 0.0, 2.0], [0.0, 2.0, 0.0]])
    share = p_best(fitted.rating, fitted.covariance)
    np.testing.assert_allclose(share, sampled(fitted.rating, fitted.covariance), atol=0.02)
    assert share.argmax() == 0


@pytest.mark.parametrize(
    ("rating", "covariance", "said"),
    [
        ([0.0, 0.0], np.eye(3), "shape"),
        (0.0, [[1.0]], "shape"),
        ([0.0, np.nan], np.eye(2), "NaN"),
        ([0.0, 0.0], np.diag([1.0, -2.0]), "semi-definite"),
    ],
)
def test_impossible_posteriors_are_refused(rating: object, covariance: Floats, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        p_best(rating, covariance)  # type: ignore[arg-type]


def test_one_node_is_too_few() -> None:
    with pytest.raises(ValueError, match="nodes"):
        p_best([0.0, 0.0], np.eye(2), nodes=1)
