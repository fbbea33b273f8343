"""The probability that each candidate is the best, given uncertain ratings."""

from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_CHUNK_ELEMENTS = 2**18
_CACHED_ELEMENTS = 2**18
_JITTER = 1e-12


def p_best(rating: ArrayLike, covariance: ArrayLike, *, nodes: int = 1024) -> Floats:
    """Integrate over normally distributed ratings how often each candidate comes first.

    The integral is a mean over fixed quasi-random nodes (Richtmyer's square roots of primes with the baker's
    fold, as in Genz and Bretz, "Computation of Multivariate Normal and t Probabilities", 2009) in antithetic
    pairs, so equal arguments give equal answers. Only rating differences matter. The error is about `0.3 /
    sqrt(nodes)` for many candidates and about `1 / nodes` for two; probabilities come in steps of `1 /
    nodes`. Relabelling the candidates moves the answer within that error.

    Args:
        rating: Posterior means in log-odds, shape `(..., n)`.
        covariance: Posterior covariance, shape `(..., n, n)`, symmetric and positive semi-definite. With no
            variance at all the highest rating is best, and exactly equal ones share.
        nodes: Number of nodes, at least 2; rounded up to an even number.

    Returns:
        Probabilities, shape `(..., n)`, summing to one over the last axis.

    Raises:
        ValueError: If the shapes disagree, a number is not finite, the covariance is indefinite, or `nodes`
            is below 2.
    """
    mean, spread = _checked(rating, covariance)
    if nodes < 2:
        raise ValueError(f"nodes is {nodes}; give at least 2")
    n = mean.shape[-1]
    if n <= 1:
        return np.ones(mean.shape)
    half = (nodes + 1) // 2
    gap, factor = _differences(mean.reshape(-1, n), spread.reshape(-1, n, n))
    draws = _nodes(n - 1, half) if half * n <= _CACHED_ELEMENTS else _normal_nodes(n - 1, half)
    share = np.empty((len(gap), n))
    size = max(1, _CHUNK_ELEMENTS // (2 * half * n))
    for start in range(0, len(gap), size):
        part = slice(start, start + size)
        share[part] = _firsts(gap[part], factor[part], draws)
    return share.reshape(mean.shape)


def _checked(rating: ArrayLike, covariance: ArrayLike) -> tuple[Floats, Floats]:
    """Return both as float arrays of matching shapes."""
    mean, spread = np.asarray(rating, dtype=np.float64), np.asarray(covariance, dtype=np.float64)
    if mean.ndim == 0 or spread.shape != (*mean.shape, mean.shape[-1]):
        raise ValueError(f"shapes {mean.shape}, {spread.shape}: give rating (..., n), covariance (..., n, n)")
    if not (np.isfinite(mean).all() and np.isfinite(spread).all()):
        raise ValueError("rating or covariance holds a NaN or infinite entry; fit with a prior")
    return mean, spread


def _differences(mean: Floats, spread: Floats) -> tuple[Floats, Floats]:
    """Return the mean and the Cholesky factor of each candidate's lead over the last one."""
    last = spread[:, -1:, :-1]
    lead = spread[:, :-1, :-1] - last - last.swapaxes(-1, -2) + spread[:, -1:, -1:]
    size = lead.shape[-1]
    diagonal = lead.reshape(-1, size * size)[:, :: size + 1]
    # A trace of variance, far below any that is real, lets certain and exactly tied ratings through.
    diagonal += _JITTER * (diagonal.max(-1, keepdims=True) + _JITTER)
    try:
        factor = np.asarray(np.linalg.cholesky(lead), dtype=np.float64)
    except np.linalg.LinAlgError as error:
        raise ValueError("covariance is not positive semi-definite; give one that a fit returned") from error
    return mean[:, :-1] - mean[:, -1:], factor


def _firsts(gap: Floats, factor: Floats, draws: Floats) -> Floats:
    """Return the share of nodes at which each candidate comes first, shape `(b, n)`."""
    batch, half, n = len(gap), len(draws), gap.shape[-1] + 1
    swing = draws @ factor.swapaxes(-1, -2)
    leads = np.zeros((batch, 2 * half, n))
    np.add(gap[:, None, :], swing, out=leads[:, :half, :-1])
    np.subtract(gap[:, None, :], swing, out=leads[:, half:, :-1])
    first = leads.argmax(-1)
    first += np.arange(batch)[:, None] * n
    return np.bincount(first.ravel(), minlength=batch * n).reshape(batch, n) / (2.0 * half)


def _normal_nodes(dimensions: int, count: int) -> Floats:
    """Return fixed points that fill a standard normal distribution evenly, shape `(count, dimensions)`."""
    roots = np.sqrt(np.array(_primes(dimensions), dtype=np.float64))
    uniform = np.abs(2.0 * (((np.arange(count)[:, None] + 0.5) * roots) % 1.0) - 1.0)
    quantile = NormalDist().inv_cdf
    flat = [quantile(u) for u in uniform.clip(1e-12, 1.0 - 1e-12).ravel().tolist()]
    points = np.array(flat, dtype=np.float64).reshape(count, dimensions)
    points.setflags(write=False)
    return points


@lru_cache(maxsize=32)
def _nodes(dimensions: int, count: int) -> Floats:
    """Return `_normal_nodes`, kept: they cost milliseconds and the same few sizes come again and again."""
    return _normal_nodes(dimensions, count)


def _primes(count: int) -> list[int]:
    """Return the first primes."""
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return found
