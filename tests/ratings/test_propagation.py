"""Expectation propagation against integrals done the plain way, and what `learn` gains by it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import quad

from tournament.ratings import PRIOR_SD, Evidence, JudgeModel, learn
from tournament.ratings.evidence import stacked
from tournament.ratings.judged import Fitter
from tournament.ratings.propagation import Propagation

Floats = NDArray[np.float64]


def posterior(problems: list[Evidence], model: JudgeModel, times: int = 40) -> Propagation:
    """The posterior of some problems, brought to rest."""
    fitter = Fitter(stacked(problems), model, np.zeros(len(problems[0])))
    fitter.climb(free_bias=False)
    found = Propagation(fitter)
    found.update(times)
    return found


def likelihood(evidence: Evidence, model: JudgeModel, strengths: Floats) -> Floats:
    """The log-likelihood at many strengths, (points, n): Davidson's model with an order effect, written out."""
    total = np.zeros(len(strengths))
    for i in range(len(evidence)):
        for j in range(len(evidence)):
            if i == j or not evidence.count[i, j]:
                continue
            first = np.exp(strengths[:, i] - strengths[:, j] + model.first_bias)
            tie = model.tie * np.sqrt(first)
            wins = evidence.count[i, j] / 2 + evidence.lead[i, j]
            worth = 1.0 / (1.0 + (evidence.met[i, j] - 1.0) * model.repeat_correlation)
            losses = evidence.count[i, j] - wins
            # A preference of one half is half a win for both, which is what a tie is to this likelihood.
            whole = np.log(first + tie + 1.0)
            total += worth * (wins * (np.log(first) - whole) + losses * -whole)
    return total


@settings(max_examples=25, deadline=None)
@given(
    wins=st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 6), st.integers(0, 6)),
    bias=st.floats(-2, 2),
    tie=st.floats(0, 2),
    spread=st.floats(0.3, 3),
)
def test_of_one_pair_it_is_the_integral(wins: tuple[int, ...], bias: float, tie: float, spread: float) -> None:
    """With one pair nothing is approximated but the sum over nodes."""
    evidence = Evidence.none(2)
    for first, second, p_first, number in zip((0, 0, 1, 1), (1, 1, 0, 0), (1.0, 0.0, 1.0, 0.0), wins, strict=True):
        evidence.add([first] * number, [second] * number, [p_first] * number)
    if not evidence.count.any():
        evidence.add([0], [1], [1.0])
    model = JudgeModel(first_bias=bias, first_bias_sd=0.0, tie=tie, spread=spread, problems=1)
    found = posterior([evidence], model)

    def weigh(apart: float, power: int) -> float:
        at = np.array([[0.5 * apart, -0.5 * apart]])
        return float(apart**power * np.exp(likelihood(evidence, model, at)[0] - apart**2 / (4 * spread**2)))

    parts = [quad(weigh, -12 * spread, 12 * spread, args=(power,), limit=200)[0] for power in (0, 1, 2)]
    mean = parts[1] / parts[0]
    variance = parts[2] / parts[0] - mean**2
    assert found.mean[0, 0] - found.mean[0, 1] == pytest.approx(mean, abs=0.01 * variance**0.5)
    own = found.covariance[0]
    assert own[0, 0] + own[1, 1] - 2 * own[0, 1] == pytest.approx(variance, rel=0.02)


def test_means_and_variances_are_those_of_the_true_posterior() -> None:
    """Against a weighted sample from the prior, for sparse comparisons with bias and ties, some pairs met twice."""
    model = JudgeModel(first_bias=0.7, first_bias_sd=0.0, tie=0.3, repeat_correlation=0.2, spread=1.5, problems=1)
    rng = np.random.default_rng(4)
    strengths = rng.normal(0.0, 1.5, (400_000, 4))
    for first, second, p_first in (
        ([0, 1, 2, 3], [1, 2, 3, 0], [1.0, 1.0, 1.0, 0.0]),
        ([0, 1, 0, 0], [1, 0, 2, 3], [1.0, 0.0, 0.5, 1.0]),
    ):
        evidence = Evidence.none(4)
        evidence.add(first, second, p_first)
        found = posterior([evidence], model)
        weight = np.exp(likelihood(evidence, model, strengths))
        weight /= weight.sum()
        mean = weight @ strengths
        variance = weight @ (strengths - mean) ** 2
        np.testing.assert_allclose(found.mean[0], mean, atol=0.03)
        np.testing.assert_allclose(found.covariance[0].diagonal(), variance, rtol=0.03)


def test_problems_of_a_stack_keep_to_themselves() -> None:
    rng = np.random.default_rng(1)
    model = JudgeModel(first_bias_sd=0.0, problems=1)
    problems = [round_robin(rng, 5, 1.5, 0.0) for _ in range(3)]
    together = posterior(problems, model)
    for number, evidence in enumerate(problems):
        alone = posterior([evidence], model)
        np.testing.assert_allclose(together.mean[number], alone.mean[0], atol=1e-6)
        np.testing.assert_allclose(together.covariance[number], alone.covariance[0], atol=1e-6)


@pytest.mark.parametrize("times", [1, 1000, 1_000_000])
def test_any_amount_of_evidence_is_borne(times: int) -> None:
    evidence = Evidence.none(4)
    evidence.add([0, 0, 0, 1, 2], [1, 2, 3, 2, 3], [1.0, 1.0, 1.0, 0.5, 0.0], weight=times)
    found = posterior([evidence], JudgeModel(first_bias=1.0, first_bias_sd=0.0, tie=1.0, problems=1))
    assert np.isfinite(found.mean).all()
    assert (np.linalg.eigvalsh(found.covariance[0]) > 0).all()
    model = learn([evidence])
    assert all(np.isfinite((model.spread, model.first_bias, model.tie, model.repeat_correlation)))


def round_robin(rng: np.random.Generator, n: int, sd: float, bias: float, share: float = 1.0) -> Evidence:
    """One comparison of each pair, or of a share of the pairs, in a random order."""
    strengths, evidence = rng.normal(0.0, sd, n), Evidence.none(n)
    first, second = np.triu_indices(n, 1)
    chosen = rng.permutation(len(first))[: round(share * len(first))]
    turned = rng.random(len(chosen)) < 0.5
    one, other = np.where(turned, (second[chosen], first[chosen]), (first[chosen], second[chosen]))
    lead = strengths[one] - strengths[other] + bias
    evidence.add(one, other, (rng.random(len(chosen)) < 1.0 / (1.0 + np.exp(-lead))).astype(float))
    return evidence


@pytest.mark.parametrize(("sd", "bias"), [(0.5, 0.0), (1.5, 1.0), (2.5, 0.0)])
def test_the_spread_is_found_from_two_comparisons_a_candidate(sd: float, bias: float) -> None:
    """2 N comparisons a problem of 8 are four sevenths of all pairs; standard errors are about 0.1."""
    rng = np.random.default_rng(round(10 * sd))
    model = learn([round_robin(rng, 8, sd, bias, share=4 / 7) for _ in range(300)])
    assert model.spread == pytest.approx(sd, abs=0.25)
    assert model.first_bias == pytest.approx(bias, abs=0.2)


def test_a_knockout_says_nothing_of_the_spread() -> None:
    """Whatever the spread, all outcomes of a random bracket are equally likely, so the assumption stays."""
    rng, problems = np.random.default_rng(8), []
    for _ in range(200):
        strengths, evidence = rng.normal(0.0, 3.0, 4), Evidence.none(4)
        alive = [0, 1, 2, 3]
        while len(alive) > 1:
            pairs = list(zip(alive[::2], alive[1::2], strict=True))
            won = [rng.random() < 1.0 / (1.0 + np.exp(strengths[b] - strengths[a])) for a, b in pairs]
            for (a, b), first_won in zip(pairs, won, strict=True):
                turned = rng.random() < 0.5
                evidence.add([b if turned else a], [a if turned else b], [float(first_won != turned)])
            alive = [a if first_won else b for (a, b), first_won in zip(pairs, won, strict=True)]
        problems.append(evidence)
    assert learn(problems).spread == pytest.approx(PRIOR_SD, abs=0.1)
