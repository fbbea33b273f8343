"""Ratings under a judge, against the posterior written out and scipy's optimiser."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from tests.ratings.judged_oracle import Judged, evidence, mode, objective, random_judged
from tournament.ratings import PRIOR_SD, JudgeModel, fit, fit_judged, wins_matrix

LEARNED = JudgeModel(problems=9)
"""Learned elsewhere: the repeat correlation is taken as it is."""
MODELS = {
    "assumed": LEARNED,
    "known-bias": replace(LEARNED, first_bias=0.7, first_bias_sd=0.0),
    "guessed-bias": replace(LEARNED, first_bias=-0.4, first_bias_sd=0.2),
    "ties": replace(LEARNED, tie=1.5),
    "one-look-is-all": replace(LEARNED, repeat_correlation=0.9),
    "independent": replace(LEARNED, repeat_correlation=0.0),
    "wide": replace(LEARNED, spread=4.0, tie=0.3),
}
each_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


def _judged(seed: int, n: int = 4, many: int = 14, *, soft: bool = True) -> list[Judged]:
    return random_judged(np.random.default_rng(seed), n, many, soft=soft)


@each_model
@pytest.mark.parametrize("seed", range(4))
def test_is_the_mode_that_scipy_finds(model: JudgeModel, seed: int) -> None:
    judged, prior = _judged(seed), np.random.default_rng(seed).normal(size=4)
    for given_prior in (None, prior):
        rating, bias = mode(4, judged, model, given_prior)
        found = fit_judged(evidence(4, judged), model, prior=given_prior)
        np.testing.assert_allclose(found.rating, rating, atol=2e-5)
        assert found.first_bias == pytest.approx(bias, abs=2e-5)


@pytest.mark.parametrize("seed", range(3))
def test_a_judge_that_nobody_knows_has_its_repeats_looked_at(seed: int) -> None:
    judged = _judged(seed)
    found = fit_judged(evidence(4, judged))
    rating, bias = mode(4, judged, JudgeModel(), repeat=float(found.repeat_correlation))
    np.testing.assert_allclose(found.rating, rating, atol=2e-5)
    assert found.first_bias == pytest.approx(bias, abs=2e-5)


def test_repeats_that_agree_are_found_and_those_that_do_not() -> None:
    pairs = list(permutations(range(5), 2))
    rng = np.random.default_rng(0)
    stubborn = [(a, b, float((a < b) == (opinion(a, b)))) for a, b in pairs for _ in range(4)]
    fickle = [(a, b, float(rng.integers(2))) for a, b in pairs for _ in range(4)]
    one, other = (float(fit_judged(evidence(5, judged)).repeat_correlation) for judged in (stubborn, fickle))
    assert one > 0.5
    assert other < 0.15


def opinion(a: int, b: int) -> bool:
    """A standing opinion of a pair that no strengths explain."""
    return ((a + b) * (1 + abs(a - b))) % 3 == 0


@given(seed=st.integers(0, 500), n=st.integers(2, 8))
def test_without_bias_ties_and_repeats_it_is_bradley_terry(seed: int, n: int) -> None:
    judged = _judged(seed, n, 3 * n)
    model = JudgeModel(first_bias_sd=0.0, repeat_correlation=0.0, problems=1)
    found = fit_judged(evidence(n, judged), model)
    wins = wins_matrix(np.array([[a, b] for a, b, _ in judged]), np.array([p for *_, p in judged]), n)
    expected = fit(wins)
    np.testing.assert_allclose(found.rating, expected.rating, atol=1e-6)
    np.testing.assert_allclose(found.covariance, expected.covariance, atol=1e-6)
    np.testing.assert_allclose(found.field_stderr, expected.field_stderr, atol=1e-6)


@each_model
def test_the_covariance_is_the_inverse_of_the_curvature(model: JudgeModel) -> None:
    judged = _judged(7)
    found = fit_judged(evidence(4, judged), model)
    at = np.append(found.rating, found.first_bias)

    def of(unknown: np.ndarray) -> float:
        return objective(unknown, judged, model, np.zeros(4), model.repeat_correlation)

    def slope(unknown: np.ndarray) -> np.ndarray:
        steps = 1e-5 * np.eye(5)
        return np.array([(of(unknown + step) - of(unknown - step)) / 2e-5 for step in steps])

    assert slope(at)[: 4 if model.first_bias_sd == 0 else 5] == pytest.approx(0.0, abs=1e-5)
    curvature = approx_fprime(at, slope, 1e-4)
    if model.first_bias_sd == 0:
        curvature = curvature[:4, :4]
    np.testing.assert_allclose(found.covariance, np.linalg.inv(curvature)[:4, :4], atol=2e-3)


@settings(max_examples=20)
@given(seed=st.integers(0, 500), names=st.permutations(range(5)), label=st.sampled_from(sorted(MODELS)))
def test_names_are_no_evidence(seed: int, names: list[int], label: str) -> None:
    judged = _judged(seed, 5, 20)
    found = fit_judged(evidence(5, judged), MODELS[label])
    renamed = fit_judged(evidence(5, [(names[a], names[b], p) for a, b, p in judged]), MODELS[label])
    np.testing.assert_allclose(renamed.rating[names], found.rating, atol=1e-7)
    np.testing.assert_allclose(renamed.covariance[np.ix_(names, names)], found.covariance, atol=1e-7)
    assert renamed.first_bias == pytest.approx(float(found.first_bias), abs=1e-7)


@settings(max_examples=20)
@given(seed=st.integers(0, 500), label=st.sampled_from(sorted(MODELS)))
def test_the_mirror_has_the_opposite_bias(seed: int, label: str) -> None:
    """All shown the other way round by a judge with the opposite bias: the same ratings."""
    judged, model = _judged(seed, 5, 20), MODELS[label]
    mirrored = replace(model, first_bias=-model.first_bias)
    found = fit_judged(evidence(5, judged), model)
    other = fit_judged(evidence(5, [(b, a, 1.0 - p) for a, b, p in judged]), mirrored)
    np.testing.assert_allclose(other.rating, found.rating, atol=1e-7)
    np.testing.assert_allclose(other.covariance, found.covariance, atol=1e-7)
    assert other.first_bias == pytest.approx(-float(found.first_bias), abs=1e-7)


@pytest.mark.parametrize("repeat", [0.0, 0.3, 0.9])
def test_five_looks_at_one_pair_weigh_what_kish_says(repeat: float) -> None:
    """Five equal judgments of one pair against 5 / (1 + 4 r) independent ones; five pairs keep all five."""
    model = JudgeModel(first_bias_sd=0.0, repeat_correlation=repeat, problems=1)
    again = fit_judged(evidence(2, [(0, 1, 1.0)] * 5), model)
    effective = evidence(2, [])
    effective.add([0], [1], [1.0], weight=5 / (1 + 4 * repeat))
    expected = fit_judged(effective, replace(model, repeat_correlation=0.0))
    np.testing.assert_allclose(again.rating, expected.rating, atol=1e-7)
    np.testing.assert_allclose(again.covariance, expected.covariance, atol=1e-7)


def test_five_looks_at_one_pair_count_less_than_one_at_each_of_five() -> None:
    """One candidate wins five times, against five equals or against one of them."""
    model = JudgeModel(first_bias_sd=0.0, repeat_correlation=0.4, problems=1)
    many = fit_judged(evidence(6, [(0, i, 1.0) for i in range(1, 6)]), model)
    one = fit_judged(evidence(6, [(0, 1, 1.0)] * 5), model)
    assert many.rating[0] > one.rating[0]
    assert many.field_stderr[0] < one.field_stderr[0]


def test_a_bias_is_not_taken_for_strength() -> None:
    """Whoever is shown first wins, in both orders: the bias says it all."""
    both = evidence(3, [(a, b, 1.0) for a, b in permutations(range(3), 2)])
    found = fit_judged(both)
    np.testing.assert_allclose(found.rating, 0.0, atol=1e-7)
    assert found.first_bias > 0.4
    assert fit_judged(both, JudgeModel(first_bias=3.0, first_bias_sd=0.0)).rating == pytest.approx(0.0, abs=1e-7)


def test_a_win_against_the_bias_tells_more() -> None:
    model = JudgeModel(first_bias=1.5, first_bias_sd=0.0)
    against = fit_judged(evidence(2, [(0, 1, 0.0)]), model).rating
    along = fit_judged(evidence(2, [(1, 0, 1.0)]), model).rating
    assert against[1] > along[1] > 0.0


def test_without_comparisons_there_is_the_prior() -> None:
    prior = np.array([1.0, 0.0, -1.0])
    found = fit_judged(evidence(3, []), prior=prior)
    np.testing.assert_allclose(found.rating, prior)
    np.testing.assert_allclose(found.covariance, PRIOR_SD**2 * np.eye(3))


@settings(max_examples=20)
@given(seed=st.integers(0, 200), n=st.integers(2, 8))
def test_a_few_steps_from_an_earlier_fit_come_close(seed: int, n: int) -> None:
    judged = _judged(seed, n, 4 * n)
    earlier = fit_judged(evidence(n, judged[: 3 * n]))
    close = fit_judged(evidence(n, judged), start=earlier)
    np.testing.assert_allclose(close.rating, fit_judged(evidence(n, judged)).rating, atol=0.05)


EXTREMES: dict[str, list[Judged]] = {
    "everyone beats one": [(i, 0, 1.0) for i in range(1, 8)],
    "one beats everyone often": [(0, i, 1.0) for i in range(1, 8) for _ in range(200)],
    "all ties": [(a, b, 0.5) for a, b in permutations(range(8), 2)],
    "a long chain": [(i, i + 1, 1.0) for i in range(7) for _ in range(50)],
    "first always": [(a, b, 1.0) for a, b in permutations(range(8), 2) for _ in range(30)],
    "two islands": [(0, 1, 1.0), (2, 3, 1.0)],
}


@each_model
@pytest.mark.parametrize("judged", EXTREMES.values(), ids=EXTREMES)
def test_extreme_records_have_a_finite_mode(model: JudgeModel, judged: list[Judged]) -> None:
    found = fit_judged(evidence(8, judged), model)
    assert np.isfinite(found.rating).all()
    assert np.linalg.eigvalsh(found.covariance).min() > 0.0
    at = np.append(found.rating, found.first_bias)
    best = objective(at, judged, model, np.zeros(8), model.repeat_correlation)
    rng = np.random.default_rng(0)
    for size in (1e-3, 1e-1, 1.0):
        step = size * rng.normal(size=9) * (np.arange(9) < 8)
        assert objective(at + step, judged, model, np.zeros(8), model.repeat_correlation) > best


def test_huge_counts_do_not_overflow() -> None:
    huge = evidence(3, [])
    huge.add([0, 1, 0], [1, 2, 2], [1.0, 1.0, 1.0], weight=1e9)
    for model in MODELS.values():
        found = fit_judged(huge, model)
        assert np.isfinite(found.rating).all()
        assert np.isfinite(found.covariance).all()
        assert found.rating[0] > found.rating[1] > found.rating[2]


def test_same_evidence_same_fit() -> None:
    one, other = (fit_judged(evidence(5, _judged(3, 5, 40))) for _ in range(2))
    assert one.rating.tobytes() == other.rating.tobytes()
    assert one.covariance.tobytes() == other.covariance.tobytes()


def test_the_tie_rate_is_that_of_equals() -> None:
    assert JudgeModel().tie_rate == 0.0
    # Weights 1, 2 and 1 of a win, a tie and a loss.
    assert JudgeModel(tie=2.0).tie_rate == 0.5
