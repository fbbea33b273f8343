"""Bradley-Terry against closed forms, two other implementations, and its own promises."""

import math

import choix
import evalica
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from tournament.ratings import PRIOR_SD, fit

Floats = NDArray[np.float64]


@st.composite
def tournaments(draw: st.DrawFn, smallest: int = 1, largest: int = 7) -> Floats:
    """Any summed preferences: sparse, lopsided, disconnected or empty."""
    n = draw(st.integers(smallest, largest))
    entry = st.one_of(st.just(0.0), st.sampled_from([0.5, 1.0, 2.0]), st.floats(0.0, 20.0))
    wins = np.array(draw(st.lists(entry, min_size=n * n, max_size=n * n))).reshape(n, n)
    np.fill_diagonal(wins, 0.0)
    return wins


def connected(n: int, seed: int) -> NDArray[np.int64]:
    """Whole wins in which everyone beat, and lost to, the next in a ring: the likelihood has one maximum."""
    rng = np.random.default_rng(seed)
    wins = rng.integers(0, 5, size=(n, n)) * (rng.random((n, n)) < 0.5)
    ring = np.arange(n)
    wins[ring, (ring + 1) % n] += 1
    wins[(ring + 1) % n, ring] += 1
    np.fill_diagonal(wins, 0)
    return wins.astype(np.int64)


def listed(wins: NDArray[np.int64]) -> list[tuple[int, int]]:
    return [(int(i), int(j)) for i, j in np.argwhere(wins) for _ in range(int(wins[i, j]))]


def gradient(wins: Floats, rating: Floats, prior_sd: float) -> Floats:
    """How the log-posterior rises with each rating, written out pair by pair."""
    slope = -rating / prior_sd**2
    for i, j in np.argwhere(wins):
        missed = wins[i, j] / (1.0 + math.exp(rating[i] - rating[j]))
        slope[i] += missed
        slope[j] -= missed
    return np.asarray(slope)


def transitive(n: int) -> Floats:
    return np.triu(np.ones((n, n)), 1)


@pytest.mark.parametrize(("won", "lost"), [(3.0, 1.0), (1.0, 1.0), (0.5, 7.25), (40.0, 2.0)])
def test_two_candidates_without_a_prior_follow_the_log_odds(won: float, lost: float) -> None:
    fitted = fit([[0.0, won], [lost, 0.0]], prior_sd=1e4)
    assert fitted.rating[0] - fitted.rating[1] == pytest.approx(math.log(won / lost), abs=1e-6)
    of_difference = fitted.covariance[0, 0] + fitted.covariance[1, 1] - 2.0 * fitted.covariance[0, 1]
    assert of_difference == pytest.approx(1.0 / won + 1.0 / lost, rel=1e-5)
    np.testing.assert_allclose(fitted.field_stderr, math.sqrt(of_difference) / 2.0, rtol=1e-5)


def test_two_candidates_with_a_prior_have_the_textbook_error() -> None:
    fitted = fit([[0.0, 5.0], [2.0, 0.0]], prior_sd=1.5)
    p = 1.0 / (1.0 + math.exp(fitted.rating[1] - fitted.rating[0]))
    information = 7.0 * p * (1.0 - p)
    hessian = information * np.array([[1.0, -1.0], [-1.0, 1.0]]) + np.eye(2) / 1.5**2
    np.testing.assert_allclose(fitted.covariance, np.linalg.inv(hessian), atol=1e-10)
    np.testing.assert_allclose(fitted.stderr, np.sqrt(np.diag(np.linalg.inv(hessian))), atol=1e-10)


@pytest.mark.parametrize("n", [2, 5, 12])
@pytest.mark.parametrize("alpha", [0.05, 0.5])
def test_agrees_with_choix(n: int, alpha: float) -> None:
    wins = connected(n, seed=n)
    # choix penalises alpha * sum(rating**2): a prior variance of 1 / (2 * alpha).
    theirs = choix.opt_pairwise(n, listed(wins), alpha=alpha, tol=1e-12)
    np.testing.assert_allclose(fit(wins, prior_sd=(2.0 * alpha) ** -0.5).rating, theirs, atol=1e-6)


@pytest.mark.parametrize("n", [2, 5, 12])
def test_agrees_with_maximum_likelihood_under_a_weak_prior(n: int) -> None:
    wins = connected(n, seed=n)
    weak = fit(wins, prior_sd=1e4)
    assert weak.converged
    spectral = choix.ilsr_pairwise(n, listed(wins), alpha=0.0, tol=1e-10)
    np.testing.assert_allclose(weak.rating, spectral - spectral.mean(), atol=1e-6)
    pairs = listed(wins)
    winners, losers = [str(i) for i, _ in pairs], [str(j) for _, j in pairs]
    won = [evalica.Winner.X] * len(pairs)
    scores = evalica.bradley_terry(winners, losers, won, tolerance=1e-12, limit=10_000).scores
    logs = np.log([scores[str(i)] for i in range(n)])
    np.testing.assert_allclose(weak.rating, logs - logs.mean(), atol=1e-6)


@given(tournaments(), st.sampled_from([0.3, PRIOR_SD, 5.0]))
def test_stands_where_the_posterior_is_flat(wins: Floats, prior_sd: float) -> None:
    fitted = fit(wins, prior_sd=prior_sd)
    assert fitted.converged
    assert 1 <= fitted.iterations < 100
    np.testing.assert_allclose(gradient(wins, fitted.rating, prior_sd), 0.0, atol=1e-6)
    assert fitted.rating.mean() == pytest.approx(0.0, abs=1e-9)


@given(tournaments())
def test_covariance_is_a_covariance(wins: Floats) -> None:
    fitted = fit(wins)
    np.testing.assert_allclose(fitted.covariance, fitted.covariance.T, atol=1e-9)
    assert np.linalg.eigvalsh(fitted.covariance).min() > 0.0
    np.testing.assert_allclose(fitted.stderr, np.sqrt(np.diag(fitted.covariance)))
    assert (fitted.stderr <= PRIOR_SD + 1e-9).all()
    assert (fitted.field_stderr <= fitted.stderr).all()


@given(tournaments(smallest=2), st.data())
def test_relabelling_candidates_relabels_ratings(wins: Floats, data: st.DataObject) -> None:
    old = np.array(data.draw(st.permutations(range(len(wins)))))
    before, after = fit(wins), fit(wins[np.ix_(old, old)])
    np.testing.assert_allclose(after.rating, before.rating[old], atol=1e-7)
    np.testing.assert_allclose(after.covariance, before.covariance[np.ix_(old, old)], atol=1e-6)


@given(tournaments())
def test_turning_every_outcome_around_turns_the_signs(wins: Floats) -> None:
    np.testing.assert_allclose(fit(wins.T).rating, -fit(wins).rating, atol=1e-7)


@given(tournaments())
def test_even_outcomes_give_zero(wins: Floats) -> None:
    np.testing.assert_allclose(fit(wins + wins.T).rating, 0.0, atol=1e-9)


@given(tournaments(smallest=2), st.floats(0.1, 5.0), st.data())
def test_another_win_raises_the_winner_and_lowers_the_loser(wins: Floats, gain: float, data: st.DataObject) -> None:
    winner, loser = data.draw(st.permutations(range(len(wins))))[:2]
    more = wins.copy()
    more[winner, loser] += gain
    change = fit(more).rating - fit(wins).rating
    assert change[winner] >= -1e-7
    assert change[loser] <= 1e-7


@settings(max_examples=30)
@given(st.lists(tournaments(smallest=4, largest=4), min_size=1, max_size=6))
def test_batch_equals_loop(problems: list[Floats]) -> None:
    together = fit(np.array(problems))
    for i, wins in enumerate(problems):
        alone = fit(wins)
        np.testing.assert_allclose(together.rating[i], alone.rating, atol=1e-12)
        np.testing.assert_allclose(together.covariance[i], alone.covariance, atol=1e-12)
        np.testing.assert_allclose(together.stderr[i], alone.stderr, atol=1e-12)
        assert together.iterations[i] == alone.iterations
        assert together.converged[i] == alone.converged


def test_a_batch_larger_than_a_chunk_keeps_its_shape_and_order() -> None:
    rng = np.random.default_rng(3)
    wins = rng.integers(0, 4, size=(5, 60, 16, 16)).astype(np.float64)
    fitted = fit(wins)
    assert fitted.rating.shape == fitted.stderr.shape == (5, 60, 16)
    assert fitted.covariance.shape == (5, 60, 16, 16)
    assert fitted.converged.shape == fitted.iterations.shape == (5, 60)
    for place in [(0, 0), (2, 31), (4, 59)]:
        np.testing.assert_allclose(fitted.rating[place], fit(wins[place]).rating, atol=1e-12)
    assert fit(np.zeros((0, 3, 3))).covariance.shape == (0, 3, 3)


@pytest.mark.parametrize("n", [2, 8, 32])
@pytest.mark.parametrize("prior_sd", [0.5, PRIOR_SD, 30.0, 1000.0])
def test_separation_stays_finite_and_ordered(n: int, prior_sd: float) -> None:
    fitted = fit(transitive(n), prior_sd=prior_sd)
    assert fitted.converged
    assert np.isfinite(fitted.stderr).all()
    assert (np.diff(fitted.rating) < 0.0).all()


def test_disconnected_groups_are_each_centred_on_the_prior() -> None:
    wins = np.zeros((4, 4))
    wins[0, 1], wins[1, 0], wins[2, 3] = 3.0, 1.0, 2.0
    fitted = fit(wins)
    assert fitted.converged
    assert fitted.rating[0] + fitted.rating[1] == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_allclose(fitted.rating[:2], fit(wins[:2, :2]).rating, atol=1e-9)
    np.testing.assert_allclose(fitted.rating[2:], fit(wins[2:, 2:]).rating, atol=1e-9)
    np.testing.assert_allclose(fitted.covariance[:2, 2:], 0.0, atol=1e-12)


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("prior_sd", [0.1, PRIOR_SD, 100.0])
def test_without_matches_the_prior_is_all_there_is(n: int, prior_sd: float) -> None:
    fitted = fit(np.zeros((n, n)), prior_sd=prior_sd)
    np.testing.assert_array_equal(fitted.rating, np.zeros(n))
    np.testing.assert_allclose(fitted.stderr, prior_sd)
    np.testing.assert_allclose(fitted.covariance, prior_sd**2 * np.eye(n), atol=1e-9 * prior_sd**2)
    np.testing.assert_allclose(fitted.field_stderr, prior_sd * math.sqrt(1.0 - 1.0 / n), atol=1e-6 * prior_sd)


def test_the_default_prior_leaves_every_preference_about_as_likely() -> None:
    ratings = np.random.default_rng(0).normal(scale=PRIOR_SD, size=(2, 200_000))
    deciles = np.quantile(1.0 / (1.0 + np.exp(ratings[1] - ratings[0])), np.arange(0.1, 1.0, 0.1))
    np.testing.assert_allclose(deciles, np.arange(0.1, 1.0, 0.1), atol=0.03)


def test_the_diagonal_is_ignored_and_the_argument_left_alone() -> None:
    wins = np.array([[math.nan, 2.0], [1.0, -7.0]])
    kept = wins.copy()
    np.testing.assert_array_equal(fit(wins).rating, fit([[0.0, 2.0], [1.0, 0.0]]).rating)
    np.testing.assert_array_equal(wins, kept)


def test_giving_up_is_reported() -> None:
    fitted = fit(transitive(6), prior_sd=100.0, max_iterations=2)
    assert not fitted.converged
    assert fitted.iterations == 2
    assert np.isfinite(fitted.rating).all()


def test_a_problem_that_stands_still_is_left_alone_while_its_neighbour_climbs() -> None:
    easy, hard = connected(6, seed=1).astype(np.float64), transitive(6)
    together = fit(np.stack([easy, hard]), prior_sd=100.0, tolerance=0.5)
    alone = fit(easy, prior_sd=100.0, tolerance=0.5)
    assert together.iterations[0] == alone.iterations < together.iterations[1]
    np.testing.assert_allclose(together.rating[0], alone.rating, atol=1e-12)


def test_one_hard_problem_does_not_hide_behind_easy_ones() -> None:
    fitted = fit(np.stack([np.zeros((6, 6)), transitive(6)]), prior_sd=100.0, max_iterations=3)
    np.testing.assert_array_equal(fitted.converged, [True, False])


@pytest.mark.parametrize(
    ("wins", "said"),
    [
        (np.zeros((2, 3)), "shape"),
        (np.zeros(4), "shape"),
        (np.zeros((0, 0)), "shape"),
        ([[0.0, -1.0], [0.0, 0.0]], "negative"),
        ([[0.0, math.nan], [0.0, 0.0]], "NaN"),
        ([[0.0, math.inf], [0.0, 0.0]], "infinite"),
    ],
)
def test_impossible_sums_are_refused(wins: ArrayLike, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        fit(wins)


@pytest.mark.parametrize("prior_sd", [0.0, -1.0, math.inf, math.nan])
def test_impossible_priors_are_refused(prior_sd: float) -> None:
    with pytest.raises(ValueError, match="prior_sd"):
        fit(transitive(2), prior_sd=prior_sd)


def test_impossible_goals_are_refused() -> None:
    with pytest.raises(ValueError, match="tolerance"):
        fit(transitive(2), tolerance=0.0)
    with pytest.raises(ValueError, match="max_iterations"):
        fit(transitive(2), max_iterations=0)
