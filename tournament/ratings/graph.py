"""The comparison graph: who beats everybody, who leads where nobody does, and how often preferences go in circles.

One candidate beats another where it took more than half of the preference in all their matches together. A pair that
never met, or that shared the preference equally, has no edge in the graph.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Beats = NDArray[np.bool_]

_SAME = 1e-9
_CHUNK_ELEMENTS = 2**18


@dataclass(frozen=True, slots=True, kw_only=True)
class NonTransitivity:
    """How many triads go in a circle.

    Attributes:
        cyclic: Triads in which each candidate beats one of the other two.
        triads: Triads whose three pairs have all been met and decided.
    """

    cyclic: int
    triads: int

    @property
    def rate(self) -> float:
        """The share of cyclic triads, from 0 to 1; NaN where there are no triads."""
        return self.cyclic / self.triads if self.triads else math.nan


def condorcet_winner(wins: ArrayLike) -> int | None:
    """Find the candidate that has met every other and beats each of them (Condorcet, 1785).

    Args:
        wins: Summed preference, shape `(n, n)`: entry `[i, j]` is how much `i` took from its matches with `j`. The
            diagonal is ignored, and sums that differ by at most 1e-9 are equal.

    Returns:
        Its index, or None where there is no such candidate. One candidate alone has nobody left to beat and wins.

    Raises:
        ValueError: If the matrix is not square, or an entry is negative, NaN or infinite.
    """
    beats = _beats(wins)
    beaten = beats.sum(axis=1)
    champion = int(beaten.argmax()) if len(beats) else 0
    return champion if len(beats) and beaten[champion] == len(beats) - 1 else None


def top_cycle(wins: ArrayLike) -> tuple[int, ...]:
    """Find the candidates that lead the field: those in a minimal set that nobody outside the set beats.

    This is the Schwartz set, the union of all such sets (Schwartz, "Rationality and the Myth of the Maximum", Nous 6,
    1972). A pair that has not met, or is tied, speaks against neither, so that the champion of a knockout leads alone.
    Where all pairs have met and none is tied, it is also the Smith set, the smallest set whose members beat everybody
    outside (Smith, "Aggregation of Preferences with Variable Electorate", Econometrica 41, 1973). A single member is
    the only candidate that nobody beats; a Condorcet winner is always such a single member.

    Args:
        wins: Summed preference, shape `(n, n)`, as for `condorcet_winner`.

    Returns:
        Their indices in ascending order; empty only for an empty field.

    Raises:
        ValueError: If the matrix is not square, or an entry is negative, NaN or infinite.
    """
    beats = _beats(wins)
    unbeaten = np.asarray(~beats.any(axis=0))
    rest = np.flatnonzero(~_below(beats, unbeaten))
    # Who is below an unbeaten candidate leads nothing, so graphs without a circle at the top need no component search.
    circles = _unbeaten_components(beats, rest) if rest.size else []
    return tuple(sorted([*np.flatnonzero(unbeaten).tolist(), *circles]))


def non_transitivity(wins: ArrayLike) -> NonTransitivity:
    """Count the triads that go in a circle among those that could (Kendall and Babington Smith, Biometrika 31, 1940).

    Args:
        wins: Summed preference, shape `(n, n)`, as for `condorcet_winner`.

    Returns:
        Counts of cyclic triads and of all triads whose pairs have been met and decided.

    Raises:
        ValueError: If the matrix is not square, or an entry is negative, NaN or infinite.
    """
    beats = _beats(wins)
    beaten_by = np.ascontiguousarray(beats.T)
    decided = beats | beaten_by
    winner, loser = np.nonzero(beats)
    cyclic = triads = 0
    # One row a decided pair, rather than powers of the matrix: a knockout has few of them.
    size = max(1, _CHUNK_ELEMENTS // max(len(beats), 1))
    for start in range(0, len(winner), size):
        above, below = winner[start : start + size], loser[start : start + size]
        cyclic += int(np.count_nonzero(beats[below] & beaten_by[above]))
        triads += int(np.count_nonzero(decided[below] & decided[above]))
    return NonTransitivity(cyclic=cyclic // 3, triads=triads // 3)  # each was met once for each of its pairs


def _beats(wins: ArrayLike) -> Beats:
    """Return who beats whom, `[i, j]` being that `i` beats `j`."""
    matrix = np.array(wins, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"wins has shape {matrix.shape}; give one row and one column a candidate")
    np.fill_diagonal(matrix, 0.0)
    if not (matrix.min(initial=0.0) >= 0.0 and matrix.max(initial=0.0) < np.inf):  # NaN fails both
        raise ValueError("wins holds a negative, NaN or infinite entry; give sums of preferences")
    return np.asarray(matrix - matrix.T > _SAME)


def _below(beats: Beats, start: Beats) -> Beats:
    """Return who is in `start` or below one of them, by chains of who beats whom."""
    reached, count = start, -1
    while count < (count := int(np.count_nonzero(reached))) < len(beats):
        reached = reached | beats[reached].any(axis=0)
    return reached


def _unbeaten_components(beats: Beats, among: NDArray[np.intp]) -> list[int]:
    """Return the members of the strongly connected components of `among` that no other component beats."""
    import networkx as nx  # a fifth of a second, which knockouts and clear orders do without

    # Edges go from the beaten to the beater, so that a component nobody outside beats holds all of its successors.
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_edges_from(among[np.argwhere(beats[np.ix_(among, among)].T)].tolist())
    components: Iterable[set[int]] = nx.strongly_connected_components(graph)
    closed = (c for c in components if all(c.issuperset(graph[index]) for index in c))
    return [index for component in closed for index in component]
