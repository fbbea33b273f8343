from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from tournament.experiments.paired import marks, mcnemar


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=80))
def test_mcnemar_is_the_binomial_test_of_disagreements(pairs: list[tuple[bool, bool]]) -> None:
    one, other = [a for a, _ in pairs], [b for _, b in pairs]
    wins, losses = sum(a > b for a, b in pairs), sum(a < b for a, b in pairs)
    expected = binomtest(wins, wins + losses).pvalue if wins + losses else 1.0
    assert mcnemar(one, other) == pytest.approx(expected, rel=1e-9)
    assert mcnemar(other, one) == mcnemar(one, other)


def test_mcnemar_holds_where_powers_of_a_half_are_lost_to_rounding() -> None:
    one, other = [True] * 2100 + [False] * 1900, [False] * 2100 + [True] * 1900
    assert mcnemar(one, other) == pytest.approx(binomtest(1900, 4000).pvalue, rel=1e-9)


def test_problems_must_be_the_same() -> None:
    with pytest.raises(ValueError, match="shorter"):
        mcnemar([True, False], [True])


def test_the_best_was_right_most_often_and_of_equals_the_cheapest() -> None:
    much, little = [True] * 60 + [False] * 40, [True] * 20 + [False] * 80
    found = marks([little, much, much, much], [1.0, 9.0, 5.0, 5.0])
    assert [mark.place for mark in found] == ["worse", "level", "best", "level"]
    assert found[2].p_value is None
    assert found[1].p_value == 1.0
    assert found[0].p_value == mcnemar(much, little)


def test_the_level_is_shared_by_the_tests() -> None:
    """Eight disagreements, one of them the other way: p is just above 0.05 / 2 and below 0.05 no more than that."""
    best, other = [True] * 8 + [False] * 1 + [True] * 20, [False] * 8 + [True] * 1 + [True] * 20
    p_value = mcnemar(best, other)
    assert 0.025 < p_value < 0.05
    assert [mark.place for mark in marks([best, other], [1, 1])] == ["best", "worse"]
    assert [mark.place for mark in marks([best, other, best], [1, 1, 2])] == ["best", "level", "level"]


def test_a_strategy_as_good_as_all_others_is_seldom_left_out() -> None:
    """Twenty equal strategies: each belongs among the marked, and is missed in 5 % of the sweeps at the most."""
    rng, missed = np.random.default_rng(5), 0
    for _ in range(300):
        right = (rng.random((20, 120)) < 0.6).tolist()
        missed += marks(right, [1.0] * 20)[0].place == "worse"
    assert missed <= 0.05 * 300
