"""Ratings that know their judge: strengths fitted together with position bias, ties and repeated errors.

A candidate shown first against one shown second leads by `d = rating[first] - rating[second] + first_bias`. The judge
prefers the first with odds `exp(d)` against the second, and calls a tie with weight `tie * exp(d / 2)` against the
second's 1 (Davidson, JASA 65, 1970; with an order effect Davidson and Beaver, Biometrics 33, 1977). Without ties this
is Bradley-Terry's model. A preference between 0 and 1 is fractional evidence.

Judgments of one pair resemble each other more than the strengths explain. With a correlation r between them, k
judgments of a pair are worth `k / (1 + (k - 1) r)` independent ones (the design effect of Kish, "Survey Sampling",
1965), so all evidence of a pair is weighted by `1 / (1 + (k - 1) r)`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tournament.ratings.bradley_terry import PRIOR_SD
from tournament.ratings.evidence import Evidence, stacked

Floats = NDArray[np.float64]

_STEPS = 100
_TOLERANCE, _ROUGH = 1e-7, 1e-2
_ROUNDS = 20
_SETTLED = 1e-3
_REPEATS = 3.0
"""What the prior of the repeat correlation weighs, in the unit of `Fitter.repeats`: a dozen pairs of even judgments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeModel:
    """What a judge is like, in log-odds; the defaults are what is assumed of a judge that nobody knows yet.

    Attributes:
        first_bias: What being shown first adds to a candidate's lead.
        first_bias_sd: How uncertain that is: a prior's standard deviation, or a standard error where it was learned.
            Above 0, every problem finds its own bias around the given one.
        tie: Weight of a tie between equals against the 1 of either side; `tie_rate` is its probability.
        repeat_correlation: Correlation of judgments of one pair, from 0 to below 1.
        spread: Standard deviation of the strengths of a problem's candidates.
        problems: How many problems this was learned from; 0 for an assumption, in which case the repeat correlation is
            refined by each problem's own judgments.
    """

    first_bias: float = 0.0
    first_bias_sd: float = 0.5
    tie: float = 0.0
    repeat_correlation: float = 0.1
    spread: float = PRIOR_SD
    problems: int = 0

    @property
    def tie_rate(self) -> float:
        """How likely the judge is to call a tie between two equals, without a position bias."""
        return self.tie / (2.0 + self.tie)

    def to_json(self) -> dict[str, float]:
        """The model as a JSON object, rounded to what the comparisons of a run can tell."""
        return {
            "first_bias": round(self.first_bias, 4),
            "first_bias_stderr": round(self.first_bias_sd, 4),
            "tie_rate": round(self.tie_rate, 4),
            "repeat_correlation": round(self.repeat_correlation, 4),
            "spread": round(self.spread, 4),
            "problems": self.problems,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedFit:
    """Ratings of a problem's candidates under a judge, with their uncertainty; arrays may lead with a stack's axis.

    Attributes:
        rating: Log-odds, shape `(..., n)`.
        covariance: Of the normal approximation to the posterior, shape `(..., n, n)`. As in `BradleyTerryFit` it
            contains the level that all candidates share, which `field_stderr` leaves out.
        first_bias: The position bias that went with it, shape `(...,)`.
        repeat_correlation: Likewise.
        spread: Standard deviation of the prior, in log-odds.
    """

    rating: Floats
    covariance: Floats
    first_bias: Floats
    repeat_correlation: Floats
    spread: float

    @property
    def field_stderr(self) -> Floats:
        """Standard error of each rating relative to the mean of the field, shape `(..., n)`."""
        variance = self.covariance.diagonal(axis1=-2, axis2=-1) - self.spread**2 / self.rating.shape[-1]
        stderr: Floats = np.sqrt(np.maximum(variance, 0.0))
        return stderr


def fit_judged(
    evidence: Evidence, model: JudgeModel | None = None, *, prior: Floats | None = None, start: JudgedFit | None = None
) -> JudgedFit:
    """Find the posterior mode of the ratings of one problem.

    Args:
        evidence: The comparisons, arrays of shape `(n, n)`.
        model: What is known of the judge.
        prior: Prior means of the ratings in log-odds, shape `(n,)`; zero by default.
        start: An earlier fit of the same candidates, from which a few steps lead to one that is good to about a
            hundredth: enough to choose matches by, at a third of the time.

    Returns:
        Ratings with mean equal to that of `prior`, and their covariance.
    """
    model = model or JudgeModel()
    n = len(evidence)
    fitter = Fitter(stacked([evidence]), model, np.zeros(n) if prior is None else prior)
    refines = not model.problems and fitter.repeated
    if start is not None:
        fitter.rating, fitter.bias = start.rating[None].copy(), np.atleast_1d(start.first_bias).copy()
        if refines:
            fitter.refine()
        fitter.climb(tolerance=_ROUGH)
        return fitter.fit(0)
    fitter.climb()
    for _ in range(_ROUNDS if refines else 0):
        before = float(fitter.correlation[0])
        fitter.refine()
        fitter.climb()
        if abs(float(fitter.correlation[0]) - before) < _SETTLED:
            break
    return fitter.fit(0)


def correlation(over: Floats, under: Floats, expected: float) -> Floats:
    """The repeat correlation that `Fitter.repeats` speaks for, drawn to the expected one where there is little."""
    drawn: Floats = np.clip((over + _REPEATS * expected) / (under + _REPEATS), 0.0, 0.95)
    return drawn


class Fitter:
    """Newton's steps to the posterior mode of a stack of problems, one position bias each.

    `rating` is `(b, n)`, `bias` and `correlation` are `(b,)`; all may be set from outside between climbs.
    """

    def __init__(self, evidence: Evidence, model: JudgeModel, prior: Floats) -> None:
        b, n, _ = evidence.count.shape
        self.evidence, self.model, self.prior = evidence, model, prior
        self.rating = np.tile(prior, (b, 1)) if prior.ndim == 1 else prior.copy()
        self.bias = np.full(b, model.first_bias)
        self.correlation = np.full(b, model.repeat_correlation)
        self.tie, self.spread = model.tie, model.spread
        self._diagonal = np.arange(n)
        self._more = np.maximum(evidence.met - 1.0, 0.0)
        self.repeated = bool(self._more.any())

    def refine(self) -> None:
        """Set each problem's repeat correlation to what its own judgments speak for."""
        over, under = self.repeats()
        self.correlation = correlation(over, under, self.model.repeat_correlation)

    def climb(self, *, free_bias: bool = True, tolerance: float = _TOLERANCE) -> None:
        """Step until no problem of the stack moves any more, or the bias of none is free and no rating does."""
        free = free_bias and self.model.first_bias_sd > 0
        for _ in range(_STEPS):
            slope, bias_slope, curvature, cross, bias_curvature = self._slopes()
            step, along = _solved(curvature, slope, cross)
            if free:
                precision = self.model.first_bias_sd**-2
                bias_slope = bias_slope - precision * (self.bias - self.model.first_bias)
                bias_curvature = bias_curvature + precision
                bias_step = (bias_slope - _dot(cross, step)) / (bias_curvature - _dot(cross, along))
                step = step - along * bias_step[:, None]
            else:
                bias_step = np.zeros(len(step))
            size = step.max(-1) - step.min(-1) + np.abs(bias_step)
            short = np.maximum(1.0, np.log1p(size)) / np.maximum(1.0, size)
            self.rating += step * short[:, None]
            self.bias += bias_step * short
            if size.max() <= tolerance:
                break

    def pull(self) -> tuple[float, float]:
        """What all problems say about one common bias: the slope and its information, the ratings profiled out."""
        slope, bias_slope, curvature, cross, bias_curvature = self._slopes()
        step, along = _solved(curvature, slope, cross)
        pull = bias_slope - _dot(cross, step)
        return float(pull.sum()), float((bias_curvature - _dot(cross, along)).sum())

    def repeats(self) -> tuple[Floats, Floats]:
        """Products of the residuals of every two judgments of a pair, summed, and what would make them equal: (b,)."""
        expected, variance = moments(self._leads(), self.tie)
        evidence = self.evidence
        residual = evidence.lead - evidence.count * expected
        squares = evidence.square - 2.0 * expected * evidence.lead + evidence.count * expected**2
        pair = residual - residual.swapaxes(-1, -2)
        squares = squares + squares.swapaxes(-1, -2)
        spread = evidence.count * variance
        spread = spread + spread.swapaxes(-1, -2)
        # Every pair stands twice in these matrices, so a quarter where a half is meant.
        over = 0.25 * (pair**2 - squares).sum((-1, -2))
        under = 0.25 * (spread * self._more).sum((-1, -2))
        return over, under

    def covariance(self, *, free_bias: bool = True) -> Floats:
        """The inverse of the negative Hessian, (b, n, n), the uncertainty of a free bias included."""
        _, _, curvature, cross, bias_curvature = self._slopes()
        inverse = np.asarray(np.linalg.inv(curvature), dtype=np.float64)
        if free_bias and self.model.first_bias_sd > 0:
            along = (inverse @ cross[..., None])[..., 0]
            left = bias_curvature + self.model.first_bias_sd**-2 - _dot(cross, along)
            inverse = inverse + along[:, :, None] * along[:, None, :] / left[:, None, None]
        return inverse

    def fit(self, number: int) -> JudgedFit:
        """The fit of one problem of a stack of one."""
        return JudgedFit(
            rating=self.rating[number],
            covariance=self.covariance()[number],
            first_bias=self.bias[number],
            repeat_correlation=self.correlation[number],
            spread=self.spread,
        )

    def _leads(self) -> Floats:
        leads: Floats = self.rating[:, :, None] - self.rating[:, None, :] + self.bias[:, None, None]
        return leads

    def _slopes(self) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """Slope and negative curvature of the log-posterior: of the ratings, of the bias, and across."""
        expected, variance = moments(self._leads(), self.tie)
        residual = self.evidence.lead - self.evidence.count * expected
        information = variance
        information *= self.evidence.count
        if self.repeated:
            weight = 1.0 / (1.0 + self._more * self.correlation[:, None, None])
            residual *= weight
            information *= weight
        precision = self.spread**-2
        slope = residual.sum(-1) - residual.sum(-2) - precision * (self.rating - self.prior)
        rows, columns = information.sum(-1), information.sum(-2)
        curvature = -(information + information.swapaxes(-1, -2))
        curvature[:, self._diagonal, self._diagonal] += rows + columns + precision
        return slope, residual.sum((-1, -2)), curvature, rows - columns, rows.sum(-1)


def moments(lead: Floats, tie: float) -> tuple[Floats, Floats]:
    """Mean and variance of the preference for the first less one half, by its lead in log-odds."""
    root = np.exp(-0.5 * np.abs(lead))
    tail = root * root
    total = 1.0 + tail + tie * root
    mean = np.copysign(0.5 * (1.0 - tail) / total, lead)
    variance = 0.25 * (1.0 + tail) / total - mean * mean
    return mean, variance


def tie_chance(lead: Floats, tie: float) -> Floats:
    """The probability of a tie, by the lead of the first in log-odds."""
    root = np.exp(-0.5 * np.abs(lead))
    chance: Floats = tie * root / (1.0 + root * root + tie * root)
    return chance


def _solved(curvature: Floats, slope: Floats, cross: Floats) -> tuple[Floats, Floats]:
    """The solutions for two right-hand sides, each (b, n)."""
    both: Floats = np.linalg.solve(curvature, np.stack([slope, cross], axis=-1)).astype(np.float64, copy=False)
    return both[..., 0], both[..., 1]


def _dot(one: Floats, other: Floats) -> Floats:
    product: Floats = (one * other).sum(-1)
    return product
