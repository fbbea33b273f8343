"""What a judge is like, learned from the comparisons of many problems at once.

Position bias, tie weight and repeat correlation are common to all problems of a run, and so is the spread of strengths;
the ratings are each problem's own. The numbers are those that make the comparisons most likely (an empirical Bayes
estimate), drawn a little to the assumptions of `JudgeModel`, so that a single small problem does not run away with
them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from tournament.ratings.evidence import Evidence, stacked
from tournament.ratings.judged import Fitter, JudgeModel, correlation

_TURNS = 30
_SETTLED = 1e-3
_TIES = 1.0
"""Imaginary ties and expected ties that keep the tie weight of a judge that never calls one at zero, others finite."""
_SPREADS = (4.0, 0.03)
"""How many well-known candidates the assumed spread weighs: so many, and so many for each candidate of the run.

Where candidates met only once or twice, the comparisons hardly tell how far apart they are, and judgments of few bits
make them look closer than they are.
"""
_MOST_TIE = 50.0
_STACK_ELEMENTS = 2**19


def learn(problems: Iterable[Evidence]) -> JudgeModel:
    """Learn a judge from the comparisons of some problems.

    Args:
        problems: One `Evidence` each, of any sizes; those without a comparison teach nothing.

    Returns:
        The model, its `first_bias_sd` 0: every problem is then fitted with the common bias. The assumptions where
        nothing was compared.
    """
    groups: dict[int, list[Evidence]] = {}
    for evidence in problems:
        if evidence.count.any():
            groups.setdefault(len(evidence), []).append(evidence)
    model = replace(JudgeModel(), problems=sum(map(len, groups.values())))
    if not groups:
        return model
    fitters = [Fitter(stacked(part), model, np.zeros(n)) for n, group in groups.items() for part in _parts(n, group)]
    for _ in range(_TURNS):
        for fitter in fitters:
            _tell(fitter, model)
            fitter.climb(free_bias=False)
        better = _improved(model, fitters)
        still = _distance(model, better) < _SETTLED
        model = better
        if still:
            break
    return replace(model, first_bias_sd=0.0)


def _parts(n: int, group: list[Evidence]) -> Iterable[list[Evidence]]:
    """Stacks of problems of one size that fit into memory together."""
    size = max(1, _STACK_ELEMENTS // (n * n))
    return (group[start : start + size] for start in range(0, len(group), size))


def _tell(fitter: Fitter, model: JudgeModel) -> None:
    fitter.bias[:] = model.first_bias
    fitter.correlation[:] = model.repeat_correlation
    fitter.tie, fitter.spread = model.tie, model.spread


def _improved(model: JudgeModel, fitters: list[Fitter]) -> JudgeModel:
    """One turn at the present ratings: a Newton step for the bias, and the other numbers from their moments."""
    assumed = JudgeModel()
    pulls = np.array([fitter.pull() for fitter in fitters]).sum(axis=0)
    precision = assumed.first_bias_sd**-2
    step = (pulls[0] - precision * (model.first_bias - assumed.first_bias)) / (pulls[1] + precision)
    over, under = np.array([[part.sum() for part in fitter.repeats()] for fitter in fitters]).sum(axis=0)
    return replace(
        model,
        first_bias=model.first_bias + float(np.clip(step, -1.0, 1.0)),
        tie=_tie(model, fitters),
        repeat_correlation=float(correlation(over, under, assumed.repeat_correlation)),
        spread=_spread(model, fitters, assumed.spread),
    )


def _spread(model: JudgeModel, fitters: list[Fitter], assumed: float) -> float:
    """The spread that the ratings show, by the number of them that the comparisons determine.

    MacKay's update ("Bayesian Interpolation", Neural Computation 4, 1992), which ends where expectation and
    maximisation would, in far fewer turns.
    """
    squares = determined = 0.0
    candidates = 0
    for fitter in fitters:
        covariance = fitter.covariance(free_bias=False)
        squares += float((fitter.mean(covariance) ** 2).sum())
        determined += fitter.rating.size - float(np.trace(covariance.sum(0))) / model.spread**2
        candidates += fitter.rating.size
    weight = _SPREADS[0] + _SPREADS[1] * candidates
    return float(np.sqrt((squares + weight * assumed**2) / (determined + weight)))


def _tie(model: JudgeModel, fitters: list[Fitter]) -> float:
    """The tie weight scaled by how many more ties there were than it expected; none without a tie."""
    seen = sum(fitter.ties()[0] for fitter in fitters)
    if seen == 0.0:
        return 0.0
    if model.tie == 0.0:
        total = sum(float(fitter.evidence.count.sum()) for fitter in fitters)
        return min(2.0 * seen / max(total - seen, 1.0), _MOST_TIE)
    expected = sum(fitter.ties()[1] for fitter in fitters)
    return min(model.tie * (seen + _TIES) / (expected + _TIES), _MOST_TIE)


def _distance(one: JudgeModel, other: JudgeModel) -> float:
    return max(
        abs(one.first_bias - other.first_bias),
        abs(one.tie - other.tie) / (1.0 + one.tie),
        abs(one.repeat_correlation - other.repeat_correlation),
        abs(one.spread - other.spread),
    )
