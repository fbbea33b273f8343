"""Sequential halving: all of the budget, few rounds, and ever fewer who still play."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.helpers import Answer, always_tie, always_void, entrants, erratic, perfect, tell
from tests.strategies.held import SINGLE
from tournament.errors import UsageError
from tournament.registry import matching, pairing


@pytest.mark.parametrize(
    "answer", [perfect, always_tie, always_void, erratic(0)], ids=["perfect", "tie", "void", "erratic"]
)
@given(n=st.integers(2, 16), limit=st.integers(1, 60), seed=st.integers(0, 99))
def test_uses_the_whole_budget(answer: Answer, n: int, limit: int, seed: int) -> None:
    story = tell(entrants(n), pairing("halving"), SINGLE, answer, seed=seed, limit=limit)
    assert story.asked == limit
    assert story.record.complete


@given(limit=st.integers(5, 80), seed=st.integers(0, 99))
def test_leaves_less_than_a_match_costs(limit: int, seed: int) -> None:
    """Also where votes end early and what they leave over pays for more matches."""
    story = tell(entrants(6), pairing("halving"), matching("voting", {"votes": 5}), erratic(seed), limit=limit)
    assert limit - 5 < story.asked <= limit
    assert story.record.complete


@pytest.mark.parametrize("keep", [0.5, 0.7])
def test_takes_about_as_many_rounds_as_the_logarithm(keep: float) -> None:
    for n in (4, 8, 16, 32):
        stages = 1 + math.ceil(math.log(n / 2) / -math.log(keep))
        for limit in (n - 1, 2 * n, 3 * n):
            rounds = tell(entrants(n), pairing("halving", {"keep": keep}), SINGLE, perfect, limit=limit).record.rounds
            # Keeping is rounded up, which makes for a stage or two more in small fields.
            assert len(rounds) <= stages + 2
        assert len(rounds) >= stages - 1


def test_the_weaker_half_sits_out() -> None:
    story = tell(entrants(16), pairing("halving", {"keep": 0.5}), SINGLE, perfect, limit=48)
    playing = [{entrant for v in verdicts for entrant in v.match} for verdicts in story.record.rounds]
    assert [len(part) for part in playing] == [16, 8, 4, 2]
    assert all(15 in part for part in playing)


def test_the_first_stage_is_even() -> None:
    story = tell(entrants(16), pairing("halving"), SINGLE, erratic(1), limit=48)
    played = Counter(entrant for v in story.record.rounds[0] for entrant in v.match)
    assert max(played.values()) - min(played[i] for i in range(16)) <= 1


def test_effort_is_the_matches_a_candidate_where_nothing_limits_them() -> None:
    for effort, matches in ((0.5, 9), (3.0, 30), (4.5, 45), (100, 90)):
        story = tell(entrants(10), pairing("halving", {"effort": effort}), SINGLE, perfect)
        assert len(story.record.verdicts) == matches


@pytest.mark.parametrize(("options", "name"), [({"keep": 0}, "keep"), ({"keep": 1}, "keep"), ({"effort": 0}, "effort")])
def test_parameters_out_of_range_are_refused(options: dict[str, object], name: str) -> None:
    with pytest.raises(UsageError, match=f"halving: {name}="):
        pairing("halving", options)
