"""Everybody against everybody: each pair once, and shares that are fair to all."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.helpers import FIRST, SECOND, TIE, always_tie, always_void, entrants, perfect, tell
from tournament.errors import UsageError
from tournament.registry import matching, pairing
from tournament.types import Comparison, Field, Judgment

SINGLE = matching("single")


@given(n=st.integers(2, 12), seed=st.integers(0, 99))
def test_each_pair_meets_once(n: int, seed: int) -> None:
    story = tell(entrants(n), pairing("round-robin"), SINGLE, perfect, seed=seed)
    met = Counter(tuple(sorted(v.match)) for v in story.record.verdicts)
    assert met == Counter(combinations(range(n), 2))


@given(n=st.integers(2, 15), share=st.floats(0.01, 1.0), seed=st.integers(0, 99))
def test_a_share_is_regular_and_no_less_than_asked_for(n: int, share: float, seed: int) -> None:
    strategy = pairing("round-robin", {"share": share})
    verdicts = tell(entrants(n), strategy, SINGLE, perfect, seed=seed).record.verdicts
    met = {frozenset(v.match) for v in verdicts}
    degrees = Counter(entrant for pair in met for entrant in pair)
    assert len(met) == len(verdicts)
    assert max(degrees.values()) - min(degrees[i] for i in range(n)) <= n % 2
    wanted = share * n * (n - 1) / 2
    assert wanted - 1e-6 <= len(met) < wanted + n // 2 + 1e-6


@pytest.mark.parametrize("limit", range(29))
def test_a_budget_that_ends_early_has_spent_evenly(limit: int) -> None:
    story = tell(entrants(8), pairing("round-robin"), SINGLE, perfect, limit=limit)
    degrees = Counter(entrant for v in story.record.verdicts if v.comparisons for entrant in v.match)
    assert max(degrees[i] for i in range(8)) - min(degrees[i] for i in range(8)) <= 1


def test_a_cycle_is_told_as_a_tie() -> None:
    def rock(field: Field, comparison: Comparison) -> Judgment:
        return FIRST if (comparison.first - comparison.second) % 3 == 1 else SECOND

    # In both orders: shown in one, whoever was shown first is taken to have had it a little easier.
    ranking = tell(entrants(3), pairing("round-robin"), matching("voting", {"votes": 2}), rock).rankings[-1]
    assert ranking.best_by == "draw"
    assert ranking.rating == pytest.approx([0.0, 0.0, 0.0], abs=1e-6)


def test_ties_bring_half_a_win_and_void_matches_nothing() -> None:
    def answer(field: Field, comparison: Comparison) -> Judgment:
        if {comparison.first, comparison.second} == {0, 1}:
            return TIE
        return perfect(field, comparison)

    story = tell(entrants(3), pairing("round-robin", {"rating": "wins"}), SINGLE, answer)
    assert story.record.wins().sum(axis=1).tolist() == [0.5, 0.5, 2.0]
    empty = tell(entrants(3), pairing("round-robin", {"rating": "wins"}), SINGLE, always_void)
    assert empty.record.wins().sum() == 0.0
    assert tell(entrants(3), pairing("round-robin"), SINGLE, always_tie).record.wins().sum() == 3.0


@pytest.mark.parametrize(
    "options", [{"share": 0}, {"share": 1.1}, {"rating": "glicko"}, {"elo_k": 0}, {"elo_scale": -1}, {"elo_k": "nan"}]
)
def test_parameters_out_of_range_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="round-robin"):
        pairing("round-robin", options)
