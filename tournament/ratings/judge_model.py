"""What a judge is like, learned from the comparisons of many problems at once.

Position bias, tie weight and repeat correlation are common to all problems of a run, and so is the spread of strengths;
the ratings are each problem's own. The numbers are those that make the comparisons most likely whatever the ratings are
(an empirical Bayes estimate), drawn a little to the assumptions of `JudgeModel`, so that a single small problem does
not run away with them. Where candidates met only once or twice, their most likely ratings lie too close together, and
every number that goes by them comes out too small; so the ratings are averaged over, by `Propagation`.

A plain knockout says nothing of the spread: whatever it is, every outcome of the bracket is as likely as any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from tournament.ratings.evidence import Evidence, stacked
from tournament.ratings.judged import Fitter, JudgeModel, correlation
from tournament.ratings.propagation import Expected, Propagation

_TURNS = 60
_SETTLED = 1e-3
_UPDATES = 2
_LEAP = 4
"""After so many turns, one goes to where the last two were leading."""
_STEADY = 0.9
_TIES = 1.0
"""Imaginary ties and expected ties that keep the tie weight of a judge that never calls one at zero, others finite."""
_SPREADS = 4.0
"""How many well-known candidates the assumed spread weighs."""
_MOST_TIE, _LEAST_SPREAD = 50.0, 0.05
_STACK_ELEMENTS = 2**19
_PAIRS = 2**14
"""How many pairs are enough to learn from; of a larger run every k-th problem is taken."""


def learn(problems: Iterable[Evidence]) -> JudgeModel:
    """Learn a judge from the comparisons of some problems.

    Args:
        problems: One `Evidence` each, of any sizes; those without a comparison teach nothing.

    Returns:
        The model, its `first_bias_sd` the standard error of the common bias. The assumptions where nothing was
        compared.
    """
    known = [evidence for evidence in problems if evidence.count.any()]
    model = replace(JudgeModel(), problems=len(known))
    if not known:
        return model
    school = _School(_enough(known), model)
    model = replace(model, tie=school.tie())
    school.begin(model)
    trail: list[JudgeModel] = []
    for _ in range(_TURNS):
        trail.append(model)
        model = school.turn(model)
        if _distance(trail[-1], model) < _SETTLED:
            break
        if len(trail) == _LEAP:
            model, trail = _leap(trail[-2], trail[-1], model), []
    return replace(model, first_bias_sd=school.information() ** -0.5)


def _enough(problems: list[Evidence]) -> list[Evidence]:
    """All problems, or every k-th where there are more pairs than it takes."""
    pairs = sum(np.count_nonzero(evidence.met) for evidence in problems) // 2
    return problems[:: max(1, -(-pairs // _PAIRS))]


class _School:
    """The problems to learn from, stacked by size, each stack with its posterior."""

    def __init__(self, problems: Sequence[Evidence], model: JudgeModel) -> None:
        groups: dict[int, list[Evidence]] = {}
        for evidence in problems:
            groups.setdefault(len(evidence), []).append(evidence)
        self._fitters = [
            Fitter(stacked(part), model, np.zeros(n)) for n, group in groups.items() for part in _parts(n, group)
        ]
        self._posteriors: list[Propagation] = []
        self._tied = sum(float(fitter.evidence.tied.sum()) for fitter in self._fitters)

    def tie(self) -> float:
        """The tie weight if all candidates were equal."""
        total = sum(float(fitter.evidence.count.sum()) for fitter in self._fitters)
        return min(2.0 * self._tied / max(total - self._tied, 1.0), _MOST_TIE)

    def begin(self, model: JudgeModel) -> None:
        """Start every posterior at its mode."""
        for fitter in self._fitters:
            _tell(fitter, model)
            fitter.climb(free_bias=False)
            self._posteriors.append(Propagation(fitter))

    def turn(self, model: JudgeModel) -> JudgeModel:
        """Bring the posteriors up to a model, and improve it: the bias by Newton's step, the others by moments."""
        for fitter, posterior in zip(self._fitters, self._posteriors, strict=True):
            _tell(fitter, model)
            posterior.update(_UPDATES)
            fitter.rating[:] = posterior.mean
        expected = [posterior.expected() for posterior in self._posteriors]
        assumed = JudgeModel()
        over, under = (np.array(sum(getattr(part, name) for part in expected)) for name in ("over", "under"))
        return replace(
            model,
            first_bias=self._first_bias(model, assumed, expected),
            tie=self._tie(model, expected),
            repeat_correlation=float(correlation(over, under, assumed.repeat_correlation)),
            spread=self._spread(model, assumed.spread),
        )

    def information(self) -> float:
        """What the comparisons and the assumption tell of the bias, as one over its variance."""
        return sum(fitter.pull()[1] for fitter in self._fitters) + JudgeModel().first_bias_sd ** -2

    def _first_bias(self, model: JudgeModel, assumed: JudgeModel, expected: Sequence[Expected]) -> float:
        precision = assumed.first_bias_sd**-2
        pull = sum(part.pull for part in expected) - precision * (model.first_bias - assumed.first_bias)
        return model.first_bias + float(np.clip(pull / self.information(), -1.0, 1.0))

    def _tie(self, model: JudgeModel, expected: Sequence[Expected]) -> float:
        """The tie weight scaled by how many more ties there were than it expected; none without a tie."""
        if self._tied == 0.0:
            return 0.0
        ties = sum(part.ties for part in expected)
        return min(model.tie * (self._tied + _TIES) / (ties + _TIES), _MOST_TIE)

    def _spread(self, model: JudgeModel, assumed: float) -> float:
        """The spread that the ratings show, by the number of them that the comparisons determine.

        MacKay's update ("Bayesian Interpolation", Neural Computation 4, 1992), which ends where expectation and
        maximisation would, in far fewer turns.
        """
        squares = determined = 0.0
        for posterior in self._posteriors:
            squares += float((posterior.mean**2).sum())
            determined += posterior.mean.size - float(np.trace(posterior.covariance.sum(0))) / model.spread**2
        spread = np.sqrt((squares + _SPREADS * assumed**2) / (determined + _SPREADS))
        return max(float(spread), _LEAST_SPREAD)


def _parts(n: int, group: list[Evidence]) -> Iterable[list[Evidence]]:
    """Stacks of problems of one size that fit into memory together."""
    size = max(1, _STACK_ELEMENTS // (n * n))
    return (group[start : start + size] for start in range(0, len(group), size))


def _tell(fitter: Fitter, model: JudgeModel) -> None:
    fitter.bias[:] = model.first_bias
    fitter.correlation[:] = model.repeat_correlation
    fitter.tie, fitter.spread = model.tie, model.spread


def _leap(before: JudgeModel, last: JudgeModel, now: JudgeModel) -> JudgeModel:
    """Where bias and spread would end if their steps went on shrinking as the last two did (Aitken, 1926)."""
    bias = _end(before.first_bias, last.first_bias, now.first_bias)
    spread = _end(np.log(before.spread), np.log(last.spread), np.log(now.spread))
    return replace(now, first_bias=bias, spread=max(float(np.exp(spread)), _LEAST_SPREAD))


def _end(before: float, last: float, now: float) -> float:
    ratio = (now - last) / (last - before) if last != before else 0.0
    ratio = min(max(ratio, 0.0), _STEADY)
    return now + (now - last) * ratio / (1.0 - ratio)


def _distance(one: JudgeModel, other: JudgeModel) -> float:
    return max(
        abs(one.first_bias - other.first_bias),
        abs(one.tie - other.tie) / (1.0 + one.tie),
        abs(one.repeat_correlation - other.repeat_correlation),
        abs(one.spread - other.spread),
    )
