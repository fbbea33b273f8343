"""Means and variances of ratings beyond the mode: expectation propagation over the pairs that met.

Where candidates met once or twice, the posterior of the ratings leans, and the mode is nearer to zero than the mean.
Here the evidence of each pair is replaced by a normal one about their difference, such that mean and variance of the
difference are those that the true evidence gives together with all other pairs' (Minka, "Expectation Propagation for
Approximate Bayesian Inference", UAI 2001). The true evidence of a pair is about a single number, so its moments take a
sum over a few nodes. All pairs of all problems are updated side by side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tournament.ratings.judged import Fitter, moments, tie_chance

Floats = NDArray[np.float64]

_NODES = 16
_DAMPING = 0.7
"""The share of an update that is taken: all pairs move at once, and whole steps overshoot where many share a rating."""

_LEAST_SHARE = 0.02
"""How much narrower than before the evidence of a pair may make its difference at once; see `Propagation.update`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Sums over all judgments, in expectation over the ratings.

    Attributes:
        pull: The slope of the log-likelihood along the position bias.
        ties: How many ties the present tie weight expects.
        over: Products of the residuals of every two judgments of a pair.
        under: What would make them equal, each a judgment's variance.
    """

    pull: float
    ties: float
    over: float
    under: float


class Propagation:
    """Normal evidence a pair, in step with a `Fitter`: its evidence, bias, tie weight, correlation and spread.

    `mean` is `(b, n)` and `covariance` `(b, n, n)`, of the approximate posterior at the last update.
    """

    def __init__(self, fitter: Fitter) -> None:
        self._fitter = fitter
        evidence, prior = fitter.evidence, fitter.prior
        self._which, self._one, self._other = np.nonzero(np.triu(evidence.met, 1))
        there, back = (self._which, self._one, self._other), (self._which, self._other, self._one)
        self._count = np.stack([evidence.count[there], evidence.count[back]])
        self._lead = np.stack([evidence.lead[there], evidence.lead[back]])
        self._square = np.stack([evidence.square[there], evidence.square[back]])
        self._more = np.maximum(self._count.sum(0) - 1.0, 0.0)
        self._prior = np.broadcast_to(prior, fitter.rating.shape)
        self.mean, self.covariance = self._prior.copy(), np.empty(evidence.count.shape)
        self._precision = np.zeros(len(self._which))
        self._shift = np.zeros(len(self._which))
        nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
        self._nodes, self._weights = nodes[:, None], (weights / weights.sum())[:, None]
        self._start()

    def update(self, times: int) -> None:
        """Move every pair's normal evidence towards what it should be, `times` over.

        Far from where it should be, all weight may fall on one node, which then looks like certainty; it is no such
        thing, so the step is bounded and the next one starts nearer.
        """
        for _ in range(times):
            points, weight, middle, variance = self._tilted()
            mean = (weight * points).sum(0)
            spread = np.maximum((weight * (points - mean) ** 2).sum(0), _LEAST_SHARE * variance)
            self._precision += _DAMPING * (1.0 / spread - 1.0 / variance)
            np.maximum(self._precision, 0.0, out=self._precision)
            self._shift += _DAMPING * (mean / spread - middle / variance)
            self._solve()

    def expected(self) -> Expected:
        """What the judgments are expected to be under the posterior, against what they were."""
        fitter = self._fitter
        points, weight, _, _ = self._tilted()
        residual, squares, variance, ties = (np.zeros_like(points) for _ in range(4))
        pull = np.zeros_like(points)
        for sign, count, lead, square in zip((1.0, -1.0), self._count, self._lead, self._square, strict=True):
            ahead = sign * points + self._bias()
            mean, own = moments(ahead, fitter.tie)
            left = lead - count * mean
            pull += left
            residual += sign * left
            squares += square - 2.0 * mean * lead + count * mean**2
            variance += count * own
            ties += count * tie_chance(ahead, fitter.tie)
        return Expected(
            pull=float((self._weight() * weight * pull).sum()),
            ties=float((weight * ties).sum()),
            over=float(0.5 * (weight * (residual**2 - squares)).sum()),
            under=float(0.5 * (weight * variance * self._more).sum()),
        )

    def _tilted(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Nodes of each pair's difference and their weights under its true evidence, and the normal moments."""
        middle, variance = self._differences()
        points = middle + np.sqrt(variance) * self._nodes
        weight = self._likelihood(points) + (0.5 * self._precision * points - self._shift) * points
        weight = self._weights * np.exp(weight - weight.max(0))
        weight /= weight.sum(0)
        return points, weight, middle, variance

    def _start(self) -> None:
        """Begin with the normal evidence that has the slope and curvature of the true one at the fitter's ratings."""
        rating = self._fitter.rating
        apart = rating[self._which, self._one] - rating[self._which, self._other]
        slope, self._precision = np.zeros_like(apart), np.zeros_like(apart)
        for sign, count, lead in zip((1.0, -1.0), self._count, self._lead, strict=True):
            expected, variance = moments(sign * apart + self._bias(), self._fitter.tie)
            slope += sign * (lead - count * expected)
            self._precision += count * variance
        weight = self._weight()
        self._precision *= weight
        self._shift = weight * slope + self._precision * apart
        self._solve()

    def _solve(self) -> None:
        fitter = self._fitter
        b, n = fitter.rating.shape
        own = fitter.spread**-2
        inverse, pull = np.zeros((b, n, n)), own * self._prior
        inverse[self._which, self._one, self._other] = -self._precision
        inverse += inverse.swapaxes(-1, -2)
        diagonal = np.arange(n)
        inverse[:, diagonal, diagonal] = own - inverse.sum(-1)
        np.add.at(pull, (self._which, self._one), self._shift)
        np.subtract.at(pull, (self._which, self._other), self._shift)
        self.covariance = np.asarray(np.linalg.inv(inverse), dtype=np.float64)
        self.mean = (self.covariance @ pull[..., None])[..., 0]

    def _differences(self) -> tuple[Floats, Floats]:
        which, one, other = self._which, self._one, self._other
        own = self.covariance.diagonal(axis1=-2, axis2=-1)
        variance = own[which, one] + own[which, other] - 2.0 * self.covariance[which, one, other]
        return self.mean[which, one] - self.mean[which, other], variance

    def _likelihood(self, points: Floats) -> Floats:
        """The logarithm of the true evidence at so many differences of each pair, (nodes, pairs)."""
        total, tie = np.zeros_like(points), self._fitter.tie
        for sign, count, lead in zip((1.0, -1.0), self._count, self._lead, strict=True):
            ahead = sign * points + self._bias()
            half = 0.5 * np.abs(ahead)
            total += lead * ahead - count * (half + np.log(1.0 + np.exp(-2.0 * half) + tie * np.exp(-half)))
        return self._weight() * total

    def _weight(self) -> Floats:
        weight: Floats = 1.0 / (1.0 + self._more * self._fitter.correlation[self._which])
        return weight

    def _bias(self) -> Floats:
        return self._fitter.bias[self._which]
