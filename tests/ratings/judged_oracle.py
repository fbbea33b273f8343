"""The posterior of ratings under a judge, written out judgment by judgment, and records to try it on."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from tournament.ratings import Evidence, JudgeModel

Floats = NDArray[np.float64]
Judged = tuple[int, int, float]
"""Who was shown first, who second, and the preference for the first."""


def evidence(n: int, judged: Sequence[Judged]) -> Evidence:
    """Judgments as the kernels take them."""
    found = Evidence.none(n)
    if judged:
        first, second, p_first = zip(*judged, strict=True)
        found.add(first, second, p_first)
    return found


def objective(unknown: Floats, judged: Sequence[Judged], model: JudgeModel, prior: Floats, repeat: float) -> float:
    """The negative log-posterior of the ratings and, last, the bias, up to a constant.

    A judgment that prefers the first by p is p wins and 1 - p losses where there are no ties; a tie has Davidson's
    probability. Where judges call ties, soft preferences stand between a win, a tie and a loss by their mean alone.
    """
    rating, bias = unknown[:-1], unknown[-1]
    met = Counter(frozenset(shown[:2]) for shown in judged)
    total = 0.5 * float(((rating - prior) ** 2).sum()) / model.spread**2
    if model.first_bias_sd > 0:
        total += 0.5 * float((bias - model.first_bias) ** 2) / model.first_bias_sd**2
    for first, second, p in judged:
        lead = rating[first] - rating[second] + bias
        # Weights of a win, a tie and a loss are exp(lead), tie * exp(lead / 2) and 1.
        whole = math.log(math.exp(lead) + model.tie * math.exp(lead / 2) + 1.0)
        total -= (p * lead - whole) / (1.0 + (met[frozenset((first, second))] - 1) * repeat)
    return float(total)


def mode(
    n: int, judged: Sequence[Judged], model: JudgeModel, prior: Floats | None = None, repeat: float | None = None
) -> tuple[Floats, float]:
    """Ratings and bias by scipy's quasi-Newton method on the written-out objective."""
    prior = np.zeros(n) if prior is None else prior
    repeat = model.repeat_correlation if repeat is None else repeat
    fixed = model.first_bias_sd == 0

    def of(free: Floats) -> float:
        unknown = np.append(free, model.first_bias) if fixed else free
        return objective(unknown, judged, model, prior, repeat)

    start = np.zeros(n if fixed else n + 1)
    found = minimize(of, start, method="BFGS", options={"gtol": 1e-7, "maxiter": 5000}).x
    return found[:n], model.first_bias if fixed else float(found[n])


def random_judged(rng: np.random.Generator, n: int, many: int, *, soft: bool = True) -> list[Judged]:
    """Random judgments of random pairs; wins, ties and soft preferences."""
    choices = [0.0, 0.5, 1.0, 0.2, 0.9] if soft else [0.0, 1.0]
    found = []
    for _ in range(many):
        first, second = rng.choice(n, size=2, replace=False).tolist()
        found.append((first, second, float(rng.choice(choices))))
    return found


def davidson(
    rng: np.random.Generator, strength: Floats, bias: float, tie: float, pairs: Sequence[tuple[int, int]]
) -> list[Judged]:
    """Judgments drawn from the model itself, one for each pair as shown."""
    found = []
    for first, second in pairs:
        lead = float(strength[first] - strength[second] + bias)
        weights = np.array([math.exp(lead), tie * math.exp(lead / 2), 1.0])
        found.append((first, second, float(rng.choice([1.0, 0.5, 0.0], p=weights / weights.sum()))))
    return found
