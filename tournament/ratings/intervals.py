"""Confidence intervals for shares and for ratings."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A two-sided interval around each of some estimates.

    Attributes:
        low: Lower ends, in the unit and shape of the estimates.
        high: Upper ends, likewise.
        level: Share of such intervals that hold the truth, between 0 and 1.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    level: float


def wilson(successes: ArrayLike, trials: ArrayLike, level: float = 0.95) -> Interval:
    """Bound a probability from counts by Wilson's score interval (JASA 22, 1927).

    Args:
        successes: Counts, from 0 to `trials`; fractions are allowed, a tie being half a success.
        trials: Counts, of a shape that broadcasts with `successes`. Without a trial the interval is 0 to 1.
        level: Confidence level, between 0 and 1.

    Returns:
        The interval, within 0 to 1, in the broadcast shape.

    Raises:
        ValueError: If a count is negative, NaN or infinite, successes exceed trials, or the level is not
            between 0 and 1.
    """
    z = _quantile(level)
    won, played = np.broadcast_arrays(np.asarray(successes, np.float64), np.asarray(trials, np.float64))
    most = played * (1.0 + _ROUNDING) + _ROUNDING
    if not (np.isfinite(played) & (won >= -_ROUNDING) & (won <= most)).all():
        raise ValueError("successes must lie from 0 to trials, and trials be finite")
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(played > 0.0, won / played, 0.5).clip(0.0, 1.0)
    total = played + z * z
    centre = (share * played + 0.5 * z * z) / total
    half = z / total * np.sqrt(share * (1.0 - share) * played + 0.25 * z * z)
    # The ends are exact where no trial, or every trial, succeeded; rounding would leave them just short.
    low = np.where(won > 0.0, (centre - half).clip(0.0, 1.0), 0.0)
    high = np.where(won < played, (centre + half).clip(0.0, 1.0), 1.0)
    return Interval(low=low, high=high, level=level)


def normal(mean: ArrayLike, stderr: ArrayLike, level: float = 0.95) -> Interval:
    """Bound a quantity whose estimate is normally distributed.

    Args:
        mean: Estimates, in any unit.
        stderr: Their standard errors, in the same unit, of a shape that broadcasts with `mean`.
        level: Confidence level, between 0 and 1.

    Returns:
        The interval `mean - z * stderr` to `mean + z * stderr`, in the broadcast shape.

    Raises:
        ValueError: If a standard error is negative or NaN, or the level is not between 0 and 1.
    """
    z = _quantile(level)
    centre, spread = np.asarray(mean, np.float64), np.asarray(stderr, np.float64)
    if not (spread >= 0.0).all():
        raise ValueError("stderr holds a negative or NaN entry; give standard errors of at least zero")
    return Interval(low=np.asarray(centre - z * spread), high=np.asarray(centre + z * spread), level=level)


def _quantile(level: float) -> float:
    """Return how many standard errors a two-sided interval reaches to each side."""
    if not 0.0 < level < 1.0:
        raise ValueError(f"level is {level}; give a confidence level between 0 and 1, such as 0.95")
    return NormalDist().inv_cdf(0.5 + 0.5 * level)
