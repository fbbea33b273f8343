"""The strategy that chooses: what it takes, that it plays it, and what it says about it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.helpers import entrants, erratic, perfect, tell
from tests.strategies.held import SINGLE, answered
from tournament.engine import open_record
from tournament.errors import UsageError
from tournament.registry import matching, pairing
from tournament.types import Field

WORDS = replace(entrants(6), texts=("red", "green", "blue", "white", "black", "grey"))


def _chosen(field: Field, options: dict[str, object], limit: int | None, calls: int = 1) -> tuple[str, str]:
    strategy, why = pairing("auto", options).choice(open_record(field, seed=0, limit=limit, calls=calls))  # type: ignore[attr-defined]
    return type(strategy).__name__, why


@pytest.mark.parametrize(
    ("field", "limit", "calls", "name"),
    [
        (answered(1, 1, 2, 3), 12, 1, "Teams"),
        (answered(1, 1, 2, 3), None, 1, "Teams"),
        (answered(1, 2, 3, 4), 12, 1, "Adaptive"),
        (answered(1, 2, 3, 4), 3, 1, "Hybrid"),
        (WORDS, 8, 1, "Hybrid"),
        (WORDS, 5, 1, "Hybrid"),
        (WORDS, 4, 1, "Halving"),
        (WORDS, 9, 1, "Adaptive"),
        (WORDS, 44, 5, "Hybrid"),
        (WORDS, 45, 5, "Adaptive"),
        (WORDS, None, 1, "Hybrid"),
        (entrants(24), 23, 1, "Hybrid"),
        (entrants(25), 24, 1, "Halving"),
        (WORDS, 0, 1, "Halving"),
    ],
)
def test_it_goes_by_answers_and_by_matches_a_candidate(field: Field, limit: int | None, calls: int, name: str) -> None:
    chosen, why = _chosen(field, {}, limit, calls)
    assert chosen == name
    assert why.startswith(f"{name.lower()}: ")


def test_effort_counts_where_nothing_limits_it_only() -> None:
    assert _chosen(WORDS, {"effort": 2}, None)[0] == "Adaptive"
    assert _chosen(WORDS, {"effort": 2}, 6)[0] == "Hybrid"


def test_it_says_what_it_saw() -> None:
    assert _chosen(answered(1, 1, 2, 3, 3), {}, 9)[1] == "teams: 5 candidates end in 3 different answers"
    assert "8 matches for 6 candidates" in _chosen(WORDS, {}, 8)[1]


@pytest.mark.parametrize(
    ("field", "limit", "options"),
    [
        (answered(1, 1, 2, 3, 3), 12, {}),
        (WORDS, 8, {}),
        (WORDS, 24, {"confidence": 0.8}),
        (WORDS, None, {}),
        (WORDS, None, {"effort": 2}),
    ],
)
@settings(max_examples=15)
@given(seed=st.integers(0, 50))
def test_it_plays_and_ranks_as_what_it_chose(
    field: Field, limit: int | None, options: dict[str, object], seed: int
) -> None:
    auto = pairing("auto", options)
    played = tell(field, auto, SINGLE, erratic(seed), seed=seed, limit=limit)
    chosen, why = auto.choice(played.record)  # type: ignore[attr-defined]
    other = tell(field, chosen, SINGLE, erratic(seed), seed=seed, limit=limit)
    assert played.record.rounds == other.record.rounds
    assert played.rankings[-1].order == other.rankings[-1].order
    assert played.rankings[-1].chosen == why
    assert auto.best(played.record) == other.rankings[-1].order[0]


@given(n=st.integers(0, 40), limit=st.none() | st.integers(0, 99))
def test_without_a_limit_it_takes_as_many_matches_as_a_knockout(n: int, limit: int | None) -> None:
    fewest, most = pairing("auto").matches(n, limit)
    assert fewest == 0
    assert most == (0 if n < 2 else n - 1 if limit is None else limit)


def test_a_vote_pays_for_fewer_matches() -> None:
    voting = matching("voting", {"votes": 3, "stop": "none"})
    story = tell(entrants(6), pairing("auto", {"confidence": 1}), voting, perfect, limit=27)
    assert len(story.record.verdicts) == 9
    assert story.rankings[-1].chosen.startswith("adaptive")


@pytest.mark.parametrize(
    ("options", "name"),
    [({"effort": -1}, "effort"), ({"confidence": 0.4}, "confidence"), ({"confidence": 2}, "confidence")],
)
def test_parameters_out_of_range_are_refused(options: dict[str, object], name: str) -> None:
    with pytest.raises(UsageError, match=f"auto: {name}="):
        pairing("auto", options)
