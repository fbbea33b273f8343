"""Bradley-Terry ratings: the strengths that best explain who was preferred to whom.

Candidate `i` is preferred to `j` with probability `1 / (1 + exp(rating[j] - rating[i]))` (Bradley and Terry,
"Rank Analysis of Incomplete Block Designs", Biometrika 39, 1952). A zero-mean normal prior on every rating
keeps the answer finite when one side won everything or when the comparison graph falls into pieces.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

PRIOR_SD = math.pi / math.sqrt(6)
"""Default prior standard deviation, in log-odds.

Two ratings of this spread differ by as much as a standard logistic variable does, which makes the probability
that one candidate beats another close to uniform before any match is played.
"""

_PRIOR_SD_RANGE = (1e-6, 1e4)
_CHUNK_ELEMENTS = 2**15
_COMMON = 1.0
_EXP_LIMIT = 700.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BradleyTerryFit:
    """Ratings with their uncertainty, and how they were reached.

    The covariance is that of the normal (Laplace) approximation to the posterior. It includes what all
    candidates share: the distance from the field to the prior mean, which no comparison inside the field can
    tell. So a candidate without a match has a standard error of `prior_sd`; `field_stderr` leaves the shared
    part out.

    Attributes:
        rating: Log-odds, shape `(..., n)`, mean zero over the last axis.
        covariance: Posterior covariance of the ratings, shape `(..., n, n)`.
        stderr: Posterior standard deviation of each rating, shape `(..., n)`.
        converged: Whether the last Newton step moved no two ratings apart by more than the tolerance, or the next
            one cannot, shape `(...,)`.
        iterations: Newton steps taken, shape `(...,)`.
        prior_sd: Standard deviation of the prior used, in log-odds.
    """

    rating: Floats
    covariance: Floats
    stderr: Floats
    converged: NDArray[np.bool_]
    iterations: NDArray[np.int64]
    prior_sd: float

    @property
    def field_stderr(self) -> Floats:
        """Standard error of each rating relative to the mean of the field, shape `(..., n)`."""
        shared = self.prior_sd**2 / self.rating.shape[-1]
        variance: Floats = np.maximum(self.stderr**2 - shared, 0.0)
        return np.sqrt(variance)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Goal:
    """What is fitted and when to stop, as `fit` describes it."""

    prior_sd: float
    tolerance: float
    max_iterations: int

    @property
    def precision(self) -> float:
        return self.prior_sd**-2


def fit(
    wins: ArrayLike,
    *,
    prior_sd: float = PRIOR_SD,
    tolerance: float = 1e-9,
    max_iterations: int = 1000,
) -> BradleyTerryFit:
    """Find the posterior mode of the ratings by damped Newton steps.

    The mode has mean zero without being forced to: comparisons say nothing about the common level, and the
    prior pulls that level to zero. Problems in a batch are fitted independently of one another.

    Args:
        wins: Summed preference, shape `(..., n, n)` with n >= 1: entry `[i, j]` is how much `i` was
            preferred to `j`. Fractions are allowed; a tie is half a win each way; the diagonal is ignored.
        prior_sd: Standard deviation of the normal prior on each rating, in log-odds, from 1e-6 to 1e4. The
            ridge precision is `1 / prior_sd**2`. Large values approach maximum likelihood; where that has no
            finite answer, rounding may then keep the steps above the tolerance.
        tolerance: Largest change of any rating difference, in log-odds, that counts as standing still.
        max_iterations: Newton steps after which a fit is returned unconverged.

    Returns:
        The ratings, their covariance, and whether and how fast they converged.

    Raises:
        ValueError: If `wins` is not a stack of square matrices of finite, non-negative numbers, or if a
            parameter is out of range.
    """
    if not _PRIOR_SD_RANGE[0] <= prior_sd <= _PRIOR_SD_RANGE[1]:
        raise ValueError(f"prior_sd is {prior_sd}; give a standard deviation in log-odds from 1e-6 to 1e4")
    if not (tolerance > 0 and max_iterations >= 1):
        raise ValueError(f"got tolerance {tolerance}, max_iterations {max_iterations}; give both above zero")
    goal = _Goal(prior_sd=float(prior_sd), tolerance=tolerance, max_iterations=max_iterations)
    return _fit(_checked(wins), goal)


def _fit(matrices: Floats, goal: _Goal) -> BradleyTerryFit:
    """Fit checked matrices, some at a time to bound the memory and stay in the processor's cache."""
    lead, n = matrices.shape[:-2], matrices.shape[-1]
    stack = matrices.reshape(-1, n, n)
    rating, covariance = _start(stack, goal.precision), np.empty_like(stack)
    converged, iterations = np.zeros(len(stack), dtype=bool), np.zeros(len(stack), dtype=np.int64)
    size = max(1, _CHUNK_ELEMENTS // (n * n))
    for start in range(0, len(stack), size):
        part = slice(start, start + size)
        games = stack[part] + stack[part].swapaxes(-1, -2)
        _climb(stack[part], games, rating[part], converged[part], iterations[part], goal)
        covariance[part] = _covariance(stack[part], games, rating[part], goal.precision)
    return BradleyTerryFit(
        rating=rating.reshape(*lead, n),
        covariance=covariance.reshape(*lead, n, n),
        stderr=np.sqrt(covariance.diagonal(axis1=-2, axis2=-1)).reshape(*lead, n),
        converged=converged.reshape(lead),
        iterations=iterations.reshape(lead),
        prior_sd=goal.prior_sd,
    )


def _checked(wins: ArrayLike) -> Floats:
    """Return a float copy of the matrices with their diagonals cleared."""
    matrices = np.array(wins, dtype=np.float64, order="C")
    if matrices.ndim < 2 or matrices.shape[-1] != matrices.shape[-2] or matrices.shape[-1] == 0:
        raise ValueError(f"wins has shape {matrices.shape}; give (..., n, n) with at least one candidate")
    n = matrices.shape[-1]
    matrices.reshape(-1, n * n)[:, :: n + 1] = 0.0
    if matrices.size and not (matrices.min() >= 0.0 and matrices.max() < math.inf):
        raise ValueError("wins holds a negative, infinite or NaN entry; leave out undecided matches")
    return matrices


def _start(wins: Floats, precision: float) -> Floats:
    """Return the centred log-odds of each candidate's share of wins, drawn to zero: near the mode, and finite.

    Twice the precision as imaginary wins and losses gives the mode itself where the prior outweighs the comparisons.
    """
    drawn = 0.5 + 2.0 * precision
    rating: Floats = np.log((wins.sum(-1) + drawn) / (wins.sum(-2) + drawn))
    rating -= rating.mean(-1, keepdims=True)
    return rating


def _climb(
    wins: Floats,
    games: Floats,
    rating: Floats,
    converged: NDArray[np.bool_],
    iterations: NDArray[np.int64],
    goal: _Goal,
) -> None:
    """Take Newton steps in place until every problem of the stack stands still.

    A problem that has converged is frozen, so its result does not depend on its neighbours in the batch.
    """
    for _ in range(goal.max_iterations):
        gradient, information = _slopes(wins, games, rating, goal.precision)
        solved = np.linalg.solve(_curvature(information, goal.precision), gradient[..., None])
        step = np.asarray(solved[..., 0], dtype=np.float64)
        spread = step.max(-1) - step.min(-1)
        moving = ~converged
        rating += step * (_damping(spread) * moving)[:, None]
        iterations += moving
        converged |= _remaining(spread, gradient, step, goal.prior_sd) <= goal.tolerance
        if converged.all():
            break
    rating -= rating.mean(-1, keepdims=True)


def _damping(spread: Floats) -> Floats:
    """Shorten steps that pull two ratings apart by more than one unit.

    Along such a step the curvature changes by at most `exp(spread)`, as the logistic likelihood is
    generalised self-concordant (Bach, "Self-concordant analysis for logistic regression", EJS 4, 2010; step
    length `log(1 + d) / d` from Sun and Tran-Dinh, Math. Programming 178, 2019). That makes every step
    climb, without a line search; a whole step is safe up to a spread of 1.
    """
    return np.maximum(1.0, np.log1p(spread)) / np.maximum(1.0, spread)


def _remaining(spread: Floats, gradient: Floats, step: Floats, prior_sd: float) -> Floats:
    """Bound how far the next step can pull two ratings apart; the spread of this one where that is less.

    A whole step of spread d <= 1 leaves a gradient of at most `(exp(d) - 1 - d) / d` of it in the norm of the inverse
    Hessian, by the inequality that `_damping` rests on, and the prior turns that norm into ratings. So the last step
    need not be followed by another that only finds that it stands still.
    """
    length = np.sqrt(np.maximum((gradient * step).sum(-1), 0.0))
    bound: Floats = np.where(spread <= 1.0, 1.7 * prior_sd * spread * length, np.inf)
    return np.minimum(spread, bound)


def _slopes(wins: Floats, games: Floats, rating: Floats, precision: float) -> tuple[Floats, Floats]:
    """Return the gradient of the log-posterior and the Fisher information of each match-up."""
    strength = np.exp(rating.clip(-_EXP_LIMIT, _EXP_LIMIT))
    rows, columns = strength[:, :, None], strength[:, None, :]
    share = rows + columns
    np.reciprocal(share, out=share)
    # Wins weighted by how unexpected they were: no cancellation when an outcome was all but certain.
    weighted = wins * share
    gradient = (weighted @ rows)[..., 0]
    gradient -= strength * _sum_columns(weighted)
    gradient -= precision * rating
    information = np.multiply(rows, share, out=weighted)
    share *= columns
    information *= share
    information *= games
    return gradient, information


def _sum_columns(matrices: Floats) -> Floats:
    """Sum over the rows of each matrix, as a product: several times as fast as `sum` where matrices are small."""
    total: Floats = (np.ones((1, matrices.shape[-1])) @ matrices)[..., 0, :]
    return total


def _curvature(information: Floats, precision: float) -> Floats:
    """Return the negative Hessian plus a constant matrix that stiffens the common level.

    The level carries only the prior's precision, which would make the matrix all but singular under a weak
    prior. Steps have no component along the level, so stiffening it leaves them as they are.
    """
    n = information.shape[-1]
    hessian = _COMMON - information
    hessian.reshape(-1, n * n)[:, :: n + 1] += _sum_columns(information) + precision
    return hessian


def _covariance(wins: Floats, games: Floats, rating: Floats, precision: float) -> Floats:
    """Return the inverse of the negative Hessian at the given ratings."""
    n = wins.shape[-1]
    _, information = _slopes(wins, games, rating, precision)
    inverse = np.asarray(np.linalg.inv(_curvature(information, precision)), dtype=np.float64)
    # Give back the variance of the common level that the stiffening took away.
    covariance: Floats = inverse + (1.0 / precision - 1.0 / (precision + n * _COMMON)) / n
    return covariance
