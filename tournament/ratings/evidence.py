"""Comparisons as sums by order: all that ratings need to know of them, whatever their number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Comparisons of one problem, or of a stack of problems, summed by who was shown first.

    Entry `[i, j]` is about the comparisons that showed `i` first and `j` second. A comparison whose order is unknown
    counts as half of one in each order. Comparisons without a preference are left out.

    Attributes:
        count: How many, shape `(..., n, n)`.
        lead: Sum of the preference for the first less one half, likewise.
        square: Sum of the squares of the same, likewise.
        tied: How many of them were ties, likewise.
    """

    count: Floats
    lead: Floats
    square: Floats
    tied: Floats

    @classmethod
    def none(cls, n: int) -> Evidence:
        """No comparison yet among `n` candidates; the arrays may be added to by `add`."""
        return cls(count=np.zeros((n, n)), lead=np.zeros((n, n)), square=np.zeros((n, n)), tied=np.zeros((n, n)))

    def __len__(self) -> int:
        return int(self.count.shape[-1])

    @property
    def met(self) -> Floats:
        """How many comparisons each pair had in both orders, shape `(..., n, n)`, symmetric."""
        return self.count + self.count.swapaxes(-1, -2)

    def add(self, first: ArrayLike, second: ArrayLike, p_first: ArrayLike, *, weight: float = 1.0) -> None:
        """Add comparisons in place.

        Args:
            first: Indices of the candidates shown first, shape `(m,)`.
            second: Indices of those shown second, likewise.
            p_first: Preferences for the first, from 0 to 1; NaN for none, which is skipped.
            weight: How many comparisons each of them counts as.
        """
        preference = np.asarray(p_first, dtype=np.float64)
        known = ~np.isnan(preference)
        at = (np.asarray(first, dtype=np.intp)[known], np.asarray(second, dtype=np.intp)[known])
        lead = preference[known] - 0.5
        np.add.at(self.count, at, weight)
        np.add.at(self.lead, at, weight * lead)
        np.add.at(self.square, at, weight * lead * lead)
        np.add.at(self.tied, at, weight * (lead == 0.0))

    def grouped(self, groups: Sequence[int] | NDArray[np.intp], number: int) -> Evidence:
        """The same comparisons between groups of candidates; those inside a group are left out.

        Args:
            groups: The group of each candidate, from 0, shape `(n,)`. A permutation only renames the candidates.
            number: How many groups there are.
        """
        member = np.zeros((len(self), number))
        member[np.arange(len(self)), groups] = 1.0
        between = 1.0 - np.eye(number)
        sums = [member.T @ part @ member * between for part in (self.count, self.lead, self.square, self.tied)]
        return Evidence(count=sums[0], lead=sums[1], square=sums[2], tied=sums[3])


def stacked(evidence: Sequence[Evidence]) -> Evidence:
    """Several problems with the same number of candidates as one stack, in the order given."""
    return Evidence(
        count=np.stack([part.count for part in evidence]),
        lead=np.stack([part.lead for part in evidence]),
        square=np.stack([part.square for part in evidence]),
        tied=np.stack([part.tied for part in evidence]),
    )
