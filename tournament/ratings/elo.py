"""Sequential Elo ratings (Elo, "The Rating of Chessplayers, Past and Present", Arco, 1978).

Elo depends on the order of the matches; Bradley-Terry does not, and is the better estimate of fixed
strengths.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tournament.ratings.tally import decided

_FAR = 300.0


def elo(
    pairs: ArrayLike,
    p_a: ArrayLike,
    n: int,
    *,
    k: float = 32.0,
    scale: float = 400.0,
    initial: float = 0.0,
) -> NDArray[np.float64]:
    """Play the matches in order and move both candidates after each by what surprised.

    The first of a pair is expected to get `1 / (1 + 10 ** ((second - first) / scale))` of the preference,
    and gains `k` times what it got above that; the second loses as much, so the mean stays at `initial`.

    Args:
        pairs: Indices of the two candidates of each match, shape `(m, 2)`, in the order played.
        p_a: Preference for the first of each pair, from 0 to 1, shape `(m,)`. NaN, an undecided match, is
            skipped.
        n: Number of candidates in the field.
        k: Points at stake in a match.
        scale: Points that stand for odds of ten to one.
        initial: Points every candidate starts with.

    Returns:
        Points, shape `(n,)`; `to_log_odds` turns them into ratings.

    Raises:
        ValueError: If the matches do not fit the field (see `tally.decided`), or `scale` is not positive.
    """
    _check_scale(scale)
    indices, preference = decided(pairs, p_a, n)
    points = [float(initial)] * n
    for (a, b), got in zip(indices.tolist(), preference.tolist(), strict=True):
        expected = _expected((points[a] - points[b]) / scale)
        gain = k * (got - expected)
        points[a] += gain
        points[b] -= gain
    return np.array(points, dtype=np.float64)


def to_log_odds(points: ArrayLike, scale: float = 400.0) -> NDArray[np.float64]:
    """Turn Elo points into natural log-odds, the unit of ratings.

    Args:
        points: Elo points, any shape.
        scale: Points that stand for odds of ten to one, as given to `elo`.

    Returns:
        `points * ln(10) / scale`, in the shape of `points`.

    Raises:
        ValueError: If `scale` is not positive.
    """
    _check_scale(scale)
    return np.asarray(points, dtype=np.float64) * (math.log(10.0) / scale)


def _expected(lead: float) -> float:
    """Return the expected preference for a candidate ahead by `lead` scales, without overflow."""
    return float(1.0 / (1.0 + 10.0 ** max(-_FAR, min(_FAR, -lead))))


def _check_scale(scale: float) -> None:
    if not scale > 0.0:
        raise ValueError(f"scale is {scale}; give the points, above zero, that stand for odds of 10 to 1")
