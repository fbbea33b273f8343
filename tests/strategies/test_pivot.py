"""The ring, then everybody against its leaders."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.helpers import always_tie, entrants, erratic, perfect, tell
from tests.strategies.held import SINGLE
from tournament.errors import UsageError
from tournament.registry import pairing


@given(n=st.integers(3, 14), seed=st.integers(0, 99))
def test_begins_with_one_ring(n: int, seed: int) -> None:
    ring = tell(entrants(n), pairing("pivot"), SINGLE, erratic(seed), seed=seed).record.rounds[0]
    assert len(ring) == n
    assert set(Counter(entrant for v in ring for entrant in v.match).values()) == {2}
    reached, edges = {0}, [{*v.match} for v in ring]
    for _ in range(n):
        reached |= {entrant for edge in edges if edge & reached for entrant in edge}
    assert len(reached) == n


@given(n=st.integers(4, 14), pivots=st.integers(1, 4), seed=st.integers(0, 99))
def test_then_everybody_has_met_the_leaders(n: int, pivots: int, seed: int) -> None:
    story = tell(entrants(n), pairing("pivot", {"pivots": pivots}), SINGLE, perfect, seed=seed)
    met = [frozenset(v.match) for v in story.record.verdicts]
    assert len(set(met)) == len(met)
    assert len(story.record.rounds) <= 2
    degree = Counter(entrant for pair in met for entrant in pair)
    leaders = [entrant for entrant in range(n) if degree[entrant] == n - 1]
    assert len(leaders) >= min(pivots, n)
    # Whoever leads the ring has won more of its two matches than those who stay behind, or as many.
    ring = Counter(v.winner for v in story.record.rounds[0])
    others = [entrant for entrant in range(n) if degree[entrant] < n - 1]
    assert sorted((ring[i] for i in leaders), reverse=True)[pivots - 1] >= max((ring[i] for i in others), default=0)


def test_no_leaders_leave_the_ring_alone() -> None:
    story = tell(entrants(8), pairing("pivot", {"pivots": 0}), SINGLE, perfect)
    assert [len(verdicts) for verdicts in story.record.rounds] == [8]


def test_as_many_leaders_as_candidates_are_a_round_robin() -> None:
    story = tell(entrants(7), pairing("pivot", {"pivots": 7}), SINGLE, perfect)
    assert len({frozenset(v.match) for v in story.record.verdicts}) == len(story.record.verdicts) == 21
    assert story.rankings[-1].order == (6, 5, 4, 3, 2, 1, 0)


def test_a_ring_of_two_is_one_match() -> None:
    assert len(tell(entrants(2), pairing("pivot"), SINGLE, always_tie).record.verdicts) == 1


def test_a_negative_number_of_leaders_is_refused() -> None:
    with pytest.raises(UsageError, match="pivot: pivots="):
        pairing("pivot", {"pivots": -1})
