"""Votes with early stopping against a count of all votes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tournament.errors import UsageError
from tournament.registry import matching
from tournament.strategy import Decide, shown
from tournament.types import Comparison, Judgment, Match, Outcome, Verdict

MATCH = Match(4, 2)
Ask = Callable[[Comparison], Judgment]


def play(decide: Decide, ask: Ask) -> tuple[Verdict, list[tuple[Comparison, ...]]]:
    """Play one match and return its verdict and its waves."""
    waves = []
    try:
        asked = next(decide)
        while True:
            waves.append(asked)
            asked = decide.send(tuple(ask(comparison) for comparison in asked))
    except StopIteration as stop:
        return stop.value, waves


def ballot(votes: Sequence[float | None], draw: int) -> Ask:
    """Votes for a (1), for b (0), a tie (0.5) or none, by the number of the sample: both orders in turn."""
    first = shown(MATCH, draw)[0]

    def ask(comparison: Comparison) -> Judgment:
        vote = votes[2 * comparison.repeat + (comparison.first != first)]
        if vote is None:
            return Judgment(Outcome.UNPARSABLE, None)
        return Judgment(Outcome.DECIDED, vote if comparison.first == MATCH.a else 1 - vote)

    return ask


def winner_of_all(votes: Sequence[float | None]) -> int | None:
    """The majority of a whole ballot, counted without any cleverness."""
    for_a, for_b = (sum(vote is not None and vote * sign > 0.5 * sign for vote in votes) for sign in (1, -1))
    return None if for_a == for_b else MATCH.a if for_a > for_b else MATCH.b


ballots = st.lists(st.sampled_from([0.0, 1.0, 0.0, 1.0, 0.5, 0.8, None]), min_size=1, max_size=9)
draws = st.integers(0, (1 << 64) - 1)


@given(votes=ballots, draw=draws, early_stop=st.booleans())
def test_stopping_early_changes_no_winner(votes: list[float | None], draw: int, early_stop: bool) -> None:
    strategy = matching("voting", {"votes": len(votes), "early_stop": early_stop})
    verdict, _ = play(strategy.decide(MATCH, draw), ballot(votes, draw))
    assert verdict.winner == winner_of_all(votes)
    assert len(verdict.comparisons) == len(votes) or early_stop


@given(votes=ballots, draw=draws)
def test_orders_are_balanced_and_no_sample_is_asked_for_twice(votes: list[float | None], draw: int) -> None:
    verdict, _ = play(matching("voting", {"votes": len(votes)}).decide(MATCH, draw), ballot(votes, draw))
    orders = Counter(comparison.first for comparison in verdict.comparisons)
    assert abs(orders[MATCH.a] - orders[MATCH.b]) <= 1
    assert len(set(verdict.comparisons)) == len(verdict.comparisons)
    for first in MATCH:
        repeats = [c.repeat for c in verdict.comparisons if c.first == first]
        assert repeats == list(range(len(repeats)))


@given(votes=ballots, draw=draws)
def test_asks_only_while_the_majority_is_open(votes: list[float | None], draw: int) -> None:
    verdict, waves = play(matching("voting", {"votes": len(votes)}).decide(MATCH, draw), ballot(votes, draw))
    for stop in range(1, len(waves)):
        so_far = sum(len(wave) for wave in waves[:stop])
        rest = len(votes) - so_far
        outcomes = {winner_of_all([*votes[:so_far], *[filler] * rest]) for filler in (0.0, 1.0)}
        assert len(outcomes) > 1
    assert sum(map(len, waves)) == len(verdict.comparisons)


@pytest.mark.parametrize("votes", range(1, 10))
def test_a_unanimous_vote_costs_a_bare_majority(votes: int) -> None:
    for vote in (0.0, 1.0):
        verdict, waves = play(matching("voting", {"votes": votes}).decide(MATCH, 5), ballot([vote] * votes, 5))
        assert len(verdict.comparisons) == votes // 2 + 1
        assert len(waves) == 1
        assert verdict.p_a == vote


@pytest.mark.parametrize("draw", [0, 1])
def test_a_judge_that_always_takes_the_first_decides_nothing(draw: int) -> None:
    verdict, _ = play(
        matching("voting", {"votes": 4}).decide(MATCH, draw), lambda comparison: Judgment(Outcome.DECIDED, 1.0)
    )
    assert (verdict.p_a, verdict.winner) == (0.5, None)


def test_no_preference_at_all_is_no_verdict() -> None:
    verdict, _ = play(matching("voting", {"votes": 3}).decide(MATCH, 0), ballot([None] * 3, 0))
    assert verdict.p_a is None
    assert len(verdict.judgments) == 3


@pytest.mark.parametrize("name", ["single", "voting"])
def test_the_coin_says_who_is_shown_first(name: str) -> None:
    firsts = [
        [play(matching(name).decide(match, draw), ballot([1.0] * 3, draw))[0].comparisons[0].first for draw in (0, 1)]
        for match in (MATCH, Match(MATCH.b, MATCH.a))
    ]
    assert {*firsts[0]} == {*MATCH}
    assert firsts[0] == firsts[1]


@pytest.mark.parametrize("votes", [0, -1, "two"])
def test_votes_must_be_at_least_one(votes: object) -> None:
    with pytest.raises(UsageError, match="voting"):
        matching("voting", {"votes": votes})
