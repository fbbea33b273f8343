"""What is learned of a judge is what the judge is like, within its error, and nothing runs away."""

from __future__ import annotations

import math
from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ratings.judged_oracle import Floats, davidson, evidence, random_judged
from tournament.judges.synthetic import SyntheticJudge, SyntheticSettings
from tournament.ratings import Evidence, JudgeModel, fit_judged, learn
from tournament.types import Comparison, Field


def _drawn(
    seed: int, problems: int, *, n: int = 8, spread: float = 1.3, bias: float = 0.0, tie: float = 0.0, each: int = 1
) -> list[Evidence]:
    """Problems drawn from the model: every pair of `n` candidates, `each` times in a random order."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(problems):
        pairs = [(a, b) if rng.integers(2) else (b, a) for a, b in combinations(range(n), 2) for _ in range(each)]
        found.append(evidence(n, davidson(rng, spread * rng.normal(size=n), bias, tie, pairs)))
    return found


def _synthetic(settings: SyntheticSettings, problems: int, n: int, repeats: int) -> list[Evidence]:
    """Every pair judged in both orders, `repeats` times in each."""
    judge = SyntheticJudge(settings)
    asked = [Comparison(a, b, k) for a, b in permutations(range(n), 2) for k in range(repeats)]
    texts = tuple(map(str, range(n)))
    found = []
    for number in range(problems):
        field = Field(problem_id=f"{number}", prompt=f"{number}", ids=texts, texts=texts, members=())
        judgments = judge.judge_now(field, asked)
        found.append(
            evidence(
                n,
                [
                    (c.first, c.second, j.p_first)
                    for c, j in zip(asked, judgments, strict=True)
                    if j.p_first is not None
                ],
            )
        )
    return found


@pytest.mark.parametrize("bias", [-0.8, 0.0, 0.5, 1.5])
def test_finds_the_position_bias(bias: float) -> None:
    problems = 60
    found = learn(_drawn(1, problems, bias=bias))
    # A comparison tells at most a quarter about the bias, less where it is lopsided; four standard errors.
    information = problems * 28 * 0.12
    assert abs(found.first_bias - bias) < 4 / math.sqrt(information)
    assert 0.0 < found.first_bias_sd < 0.1
    assert found.problems == problems


@pytest.mark.parametrize("tie", [0.0, 0.4, 2.0])
def test_finds_the_ties(tie: float) -> None:
    found = learn(_drawn(2, 60, tie=tie, bias=0.3))
    assert found.tie == pytest.approx(tie, rel=0.2)
    if tie == 0.0:
        assert found.tie_rate == 0.0


@pytest.mark.parametrize("spread", [0.5, 1.3, 2.5])
def test_finds_the_spread_of_strengths(spread: float) -> None:
    found = learn(_drawn(3, 60, spread=spread))
    # 480 strengths of seven judgments each; the few that stand for the assumed spread make narrow ones look wider.
    assert 0.85 * spread < found.spread < 1.15 * spread + 0.1


@pytest.mark.parametrize("self_repeat", [0.0, 0.3, 0.6])
def test_finds_how_much_a_judge_repeats_itself(self_repeat: float) -> None:
    """Two judgments share the standing opinion with the square of the chance that one does."""
    judge = SyntheticSettings(sd=1.0, self_repeat=self_repeat, seed=4)
    found = learn(_synthetic(judge, 60, 6, 3))
    assert found.repeat_correlation == pytest.approx(self_repeat**2, abs=0.06)


def test_finds_all_of_them_in_a_synthetic_judge() -> None:
    judge = SyntheticSettings(sd=1.5, position_bias=0.6, seed=5, unparsable_rate=0.1)
    found = learn(_synthetic(judge, 60, 6, 1))
    assert found.first_bias == pytest.approx(0.6, abs=0.25)
    assert found.spread == pytest.approx(1.5, rel=0.2)
    assert found.tie == 0.0
    assert found.repeat_correlation < 0.15


def test_problems_of_all_sizes_teach_together() -> None:
    mixed = [*_drawn(6, 40, n=4, bias=0.7), *_drawn(7, 20, n=9, bias=0.7), *_drawn(8, 60, n=2, bias=0.7)]
    found = learn(mixed)
    assert found.problems == 120
    assert found.first_bias == pytest.approx(0.7, abs=0.3)


def test_what_is_learned_makes_better_ratings() -> None:
    """Strengths of new problems, found by a few comparisons of a biased judge, are nearer to the truth."""
    known = learn(_drawn(9, 60, n=8, bias=1.5))
    rng = np.random.default_rng(10)
    errors: list[list[float]] = [[], []]
    for _ in range(80):
        strength: Floats = 1.3 * rng.normal(size=6)
        pairs = [tuple(rng.choice(6, size=2, replace=False).tolist()) for _ in range(8)]
        found = evidence(6, davidson(rng, strength, 1.5, 0.0, pairs))
        for error, model in zip(errors, (None, known), strict=True):
            error.append(float(((fit_judged(found, model).rating - strength + strength.mean()) ** 2).sum()))
    assert sum(errors[1]) < sum(errors[0])


def test_nothing_teaches_nothing() -> None:
    assert learn([]) == JudgeModel()
    assert learn([Evidence.none(3), Evidence.none(5)]) == JudgeModel()


def test_problems_without_a_comparison_do_not_count() -> None:
    problems = _drawn(11, 5)
    assert learn([*problems, Evidence.none(4)]) == learn(problems)


@settings(max_examples=30)
@given(seed=st.integers(0, 999), n=st.integers(2, 5), many=st.integers(1, 6))
def test_one_tiny_problem_does_not_run_away(seed: int, n: int, many: int) -> None:
    assumed = JudgeModel()
    found = learn([evidence(n, random_judged(np.random.default_rng(seed), n, many))])
    assert abs(found.first_bias) < 2 * assumed.first_bias_sd
    assert 0.5 * assumed.spread < found.spread < 2 * assumed.spread
    assert 0.0 <= found.repeat_correlation < 0.6
    assert 0.0 <= found.tie <= 50.0
    assert 0.0 < found.first_bias_sd <= assumed.first_bias_sd
    assert found.problems == 1


@pytest.mark.parametrize("p_first", [0.0, 0.5, 1.0])
def test_a_judge_of_one_answer_has_a_finite_model(p_first: float) -> None:
    same = [evidence(5, [(a, b, p_first) for a, b in permutations(range(5), 2)]) for _ in range(30)]
    found = learn(same)
    assert all(map(math.isfinite, (found.first_bias, found.tie, found.repeat_correlation, found.spread)))
    assert np.sign(round(found.first_bias, 6)) == np.sign(p_first - 0.5)
    assert np.isfinite(fit_judged(same[0], found).rating).all()


def test_the_mirror_of_all_comparisons_has_the_opposite_bias() -> None:
    rng = np.random.default_rng(12)
    judged = [random_judged(rng, 5, 20) for _ in range(10)]
    one = learn(evidence(5, part) for part in judged)
    other = learn(evidence(5, [(b, a, 1.0 - p) for a, b, p in part]) for part in judged)
    assert other.first_bias == pytest.approx(-one.first_bias, abs=1e-3)
    assert other.spread == pytest.approx(one.spread, rel=1e-3)
    assert other.tie == pytest.approx(one.tie, rel=1e-2, abs=1e-3)


def test_same_problems_same_model() -> None:
    problems = _drawn(13, 20, tie=0.5, bias=0.3)
    assert learn(problems) == learn(problems)
    turned = learn(reversed(problems))
    assert turned.first_bias == pytest.approx(learn(problems).first_bias, abs=1e-6)
