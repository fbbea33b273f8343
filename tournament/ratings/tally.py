"""From a list of matches to sums: who was preferred to whom, and by how much."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def decided(pairs: ArrayLike, p_a: ArrayLike, n: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Check matches against the field and keep those that have an outcome.

    Args:
        pairs: Indices of the two candidates of each match, shape `(m, 2)`.
        p_a: Preference for the first of each pair, from 0 to 1, shape `(m,)`; NaN where the match is
            undecided.
        n: Number of candidates in the field.

    Returns:
        The pairs and the preferences of the decided matches, in the order given.

    Raises:
        ValueError: If the shapes disagree, an index lies outside the field, a candidate meets itself, or a
            preference lies outside 0 to 1.
    """
    preference = np.asarray(p_a, dtype=np.float64)
    indices = np.asarray(pairs) if np.size(pairs) else np.zeros((0, 2), dtype=np.intp)
    if preference.ndim != 1 or indices.shape != (len(preference), 2):
        raise ValueError(f"pairs has shape {indices.shape} and p_a {preference.shape}; give (m, 2) and (m,)")
    if indices.dtype.kind not in "iu":
        raise ValueError(f"pairs holds {indices.dtype} values; give integer indices")
    if indices.size and not (indices.min() >= 0 and indices.max() < n):
        raise ValueError(f"pairs names a candidate outside the field; indices go from 0 to {n - 1}")
    if (indices[:, 0] == indices[:, 1]).any():
        raise ValueError("pairs lets a candidate meet itself; drop that match")
    if ((preference < 0.0) | (preference > 1.0)).any():
        raise ValueError("p_a lies outside 0 to 1; give the preference for the first, or NaN for none")
    kept = ~np.isnan(preference)
    return indices[kept].astype(np.intp), preference[kept]


def wins_matrix(pairs: ArrayLike, p_a: ArrayLike, n: int) -> NDArray[np.float64]:
    """Sum preferences into a matrix.

    A match with preference `p` for its first candidate adds `p` to the first's side and `1 - p` to the
    other's.

    Args:
        pairs: Indices of the two candidates of each match, shape `(m, 2)`.
        p_a: Preference for the first of each pair, from 0 to 1, shape `(m,)`. NaN, an undecided match,
            counts for neither side.
        n: Number of candidates in the field.

    Returns:
        Shape `(n, n)`; entry `[i, j]` is how much `i` was preferred to `j`, in matches. The diagonal is zero.

    Raises:
        ValueError: If the matches do not fit the field (see `decided`).
    """
    indices, preference = decided(pairs, p_a, n)
    wins = np.zeros((n, n))
    np.add.at(wins, (indices[:, 0], indices[:, 1]), preference)
    np.add.at(wins, (indices[:, 1], indices[:, 0]), 1.0 - preference)
    return wins
