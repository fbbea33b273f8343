"""A knockout to begin with, and what the budget leaves for its leaders."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.helpers import always_tie, entrants, erratic, perfect, tell
from tests.strategies.held import SINGLE
from tournament.registry import pairing


@given(n=st.integers(2, 13), seed=st.integers(0, 99))
def test_begins_with_the_matches_of_a_knockout(n: int, seed: int) -> None:
    knockout = tell(entrants(n), pairing("knockout"), SINGLE, erratic(seed), seed=seed).record
    hybrid = tell(entrants(n), pairing("hybrid"), SINGLE, erratic(seed), seed=seed).record
    assert hybrid.rounds[: len(knockout.rounds)] == knockout.rounds


@given(n=st.integers(2, 13), seed=st.integers(0, 99), data=st.data())
def test_up_to_n_less_one_matches_it_is_a_knockout(n: int, seed: int, data: st.DataObject) -> None:
    limit = data.draw(st.integers(0, n - 1))
    one, other = (
        tell(entrants(n), pairing(name), SINGLE, erratic(seed), seed=seed, limit=limit).record
        for name in ("knockout", "hybrid")
    )
    assert one.rounds == other.rounds
    assert one.complete == other.complete == (limit == n - 1)


@pytest.mark.parametrize("limit", [8, 16, 24])
def test_what_is_left_goes_to_the_leaders(limit: int) -> None:
    strategy = pairing("hybrid", {"confidence": 1.0})
    played: Counter[int] = Counter()
    for seed in range(5):
        record = tell(entrants(8), strategy, SINGLE, perfect, seed=seed, limit=limit).record
        assert len(record.verdicts) == limit
        played.update(entrant for verdicts in record.rounds[3:] for v in verdicts for entrant in v.match)
    assert {entrant for entrant, _ in played.most_common(2)} == {6, 7} or limit == 8
    assert played[7] > 3 * played[0]


def test_stops_when_it_is_sure_and_never_before_the_knockout_ended() -> None:
    sure = tell(entrants(8), pairing("hybrid", {"confidence": 0.51}), SINGLE, perfect, limit=80)
    assert 7 <= sure.asked < 40
    assert sure.record.complete
    assert tell(entrants(8), pairing("hybrid"), SINGLE, always_tie, limit=40).asked == 40
