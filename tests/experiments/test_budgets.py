from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tournament.experiments.budgets import comparisons_of


@pytest.mark.parametrize(
    ("budget", "n", "comparisons"),
    [
        ("N-1", 8, 7),
        ("N", 8, 8),
        ("2N", 8, 16),
        ("1.5N", 9, 13),
        ("N/2", 9, 4),
        ("3N/2", 9, 13),
        ("3N+10", 8, 34),
        ("N - 1", 8, 7),
        ("all", 8, 28),
        ("all", 2, 1),
        ("64", 8, 64),
        (64, 8, 64),
    ],
)
def test_budgets_say_what_they_mean(budget: str | int, n: int, comparisons: int) -> None:
    assert comparisons_of(budget, n) == comparisons


@given(n=st.integers(2, 300), parts=st.integers(1, 9), times=st.integers(1, 9), more=st.integers(-5, 5))
def test_shares_are_rounded_down_and_never_overrun(n: int, parts: int, times: int, more: int) -> None:
    text = f"{times}N/{parts}" + (f"{more:+}" if more else "")
    exact = times * n + more * parts
    if exact < parts:
        with pytest.raises(ValueError, match="leaves no comparison"):
            comparisons_of(text, n)
    else:
        assert comparisons_of(text, n) * parts <= exact < (comparisons_of(text, n) + 1) * parts


@pytest.mark.parametrize("budget", ["", "n", "N*2", "two", "-3", "2.5", "N/0", "N--1", "1e3", "N-1 all", "²", "N-"])
def test_what_is_no_budget_is_refused(budget: str) -> None:
    with pytest.raises(ValueError, match="is no budget; give"):
        comparisons_of(budget, 8)


@pytest.mark.parametrize("budget", ["0", 0, "N-8", "N/9", "0N"])
def test_a_budget_of_nothing_is_refused(budget: str | int) -> None:
    with pytest.raises(ValueError, match="leaves no comparison for N = 8"):
        comparisons_of(budget, 8)
