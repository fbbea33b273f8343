"""Budgets in words: how many comparisons "2N" or "all" are for N candidates."""

from __future__ import annotations

import re
from fractions import Fraction

_FORM = re.compile(r"(?P<times>\d+(?:\.\d+)?)? ?N(?:/(?P<parts>\d+))?(?: ?(?P<sign>[+-]) ?(?P<more>\d+))?")


def comparisons_of(budget: str | int, n: int) -> int:
    """The comparisons that a budget allows a problem of `n` candidates, rounded down.

    Args:
        budget: A whole number, "all" for one comparison of every pair, or a multiple of N such as "2N", "1.5N", "N/2",
            "N-1" or "3N+10".
        n: Candidates of the problem.

    Raises:
        ValueError: where the budget is none of these, or allows no comparison at all.
    """
    allowed = _allowed(str(budget).strip(), n)
    if allowed < 1:
        raise ValueError(f"{budget!r} leaves no comparison for N = {n}")
    return allowed


def _allowed(budget: str, n: int) -> int:
    if budget.isdecimal():
        return int(budget)
    if budget == "all":
        return n * (n - 1) // 2
    found = _FORM.fullmatch(budget)
    if found is None or not int(found["parts"] or 1):
        raise ValueError(f'{budget!r} is no budget; give a whole number, "all", "N-1", "2N", "1.5N" or "N/2"')
    share = Fraction(found["times"] or 1) * n / int(found["parts"] or 1)
    return int(share + int((found["sign"] or "") + (found["more"] or "0")))
