"""Votes that stop, against a count of all votes and against a vote taken pair by pair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

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


evidence_rules = st.sampled_from(["posterior", "sprt"])
rules = st.fixed_dictionaries(
    {
        "stop": st.sampled_from(["majority", "posterior", "sprt", "none"]),
        "confidence": st.sampled_from([0.6, 0.8, 0.95, 0.99]),
        "accuracy": st.sampled_from([0.6, 0.7, 0.9]),
    }
)


@given(votes=ballots, draw=draws, stop=st.sampled_from(["majority", "none"]))
def test_stopping_by_majority_changes_no_winner(votes: list[float | None], draw: int, stop: str) -> None:
    strategy = matching("voting", {"votes": len(votes), "stop": stop})
    verdict, waves = play(strategy.decide(MATCH, draw), ballot(votes, draw))
    assert verdict.winner == winner_of_all(votes)
    if stop == "none":
        assert [len(wave) for wave in waves] == [len(votes)]


@given(votes=ballots, draw=draws, rule=rules)
def test_orders_are_balanced_and_no_sample_is_asked_for_twice(
    votes: list[float | None], draw: int, rule: dict[str, object]
) -> None:
    verdict, _ = play(matching("voting", {"votes": len(votes), **rule}).decide(MATCH, draw), ballot(votes, draw))
    orders = Counter(comparison.first for comparison in verdict.comparisons)
    assert abs(orders[MATCH.a] - orders[MATCH.b]) <= 1
    assert len(set(verdict.comparisons)) == len(verdict.comparisons)
    for first in MATCH:
        repeats = [c.repeat for c in verdict.comparisons if c.first == first]
        assert repeats == list(range(len(repeats)))


@given(votes=ballots, draw=draws, rule=rules)
def test_takes_as_many_samples_as_it_says(votes: list[float | None], draw: int, rule: dict[str, object]) -> None:
    strategy = matching("voting", {"votes": len(votes), **rule})
    fewest, most = strategy.calls
    verdict, _ = play(strategy.decide(MATCH, draw), ballot(votes, draw))
    assert 1 <= fewest <= len(verdict.comparisons) <= most == len(votes)


@given(count=st.integers(1, 20), draw=draws, rule=rules)
def test_the_fewest_and_the_most_samples_are_reached(count: int, draw: int, rule: dict[str, object]) -> None:
    strategy = matching("voting", {"votes": count, **rule})
    unanimous, void, level = (
        len(play(strategy.decide(MATCH, draw), ballot(votes, draw))[0].comparisons)
        for votes in ([1.0] * count, [None] * count, [0.5] * count)
    )
    assert (unanimous, void, level) == (strategy.calls[0], count, count)


@given(votes=ballots, draw=draws, rule=rules)
def test_same_answers_same_verdict_and_named_the_other_way_round_the_opposite(
    votes: list[float | None], draw: int, rule: dict[str, object]
) -> None:
    decide = matching("voting", {"votes": len(votes), **rule}).decide
    turned = Match(MATCH.b, MATCH.a)
    one, again, other = (play(decide(match, draw), ballot(votes, draw))[0] for match in (MATCH, MATCH, turned))
    assert one == again
    assert (other.comparisons, other.judgments) == (one.comparisons, one.judgments)
    assert other.winner == one.winner
    if one.p_a is not None and other.p_a is not None:
        assert one.p_a + other.p_a == pytest.approx(1.0)


@given(votes=ballots, draw=draws, stop=evidence_rules, low=st.floats(0.51, 0.99), high=st.floats(0.51, 0.99))
def test_more_confidence_takes_no_fewer_samples(
    votes: list[float | None], draw: int, stop: str, low: float, high: float
) -> None:
    paths = []
    for confidence in sorted((low, high)):
        strategy = matching("voting", {"votes": len(votes), "stop": stop, "confidence": confidence})
        paths.append(play(strategy.decide(MATCH, draw), ballot(votes, draw))[0].comparisons)
    assert paths[1][: len(paths[0])] == paths[0]


def one_by_one(votes: Sequence[float | None], settled: Callable[[float, float], bool], part: bool) -> int:
    """How many samples a vote takes that looks after every sample, and at the evidence after every pair.

    `part` counts soft votes by their strength.
    """
    shares = [0.5 if vote is None else vote for vote in votes]
    leads = [2 * p - 1 if part else (p > 0.5) - (p < 0.5) for p in shares]
    for asked in range(1, len(votes)):
        for_a, for_b = (sum(max(sign * lead, 0) for lead in leads[:asked]) for sign in (1, -1))
        ahead, behind = max(for_a, for_b), min(for_a, for_b)
        if ahead - behind > len(votes) - asked + 1e-9 or (asked % 2 == 0 and settled(ahead, behind)):
            return asked
    return len(votes)


@given(votes=ballots, draw=draws, rule=rules)
def test_no_rule_but_none_takes_more_samples_than_a_majority(
    votes: list[float | None], draw: int, rule: dict[str, object]
) -> None:
    whole = [1.0 if vote == 0.8 else vote for vote in votes]
    paths = [
        play(matching("voting", {"votes": len(votes), **options}).decide(MATCH, draw), ballot(whole, draw))[0]
        for options in (rule, {})
    ]
    if rule["stop"] == "none":
        paths.reverse()
    assert paths[1].comparisons[: len(paths[0].comparisons)] == paths[0].comparisons


@given(votes=ballots, draw=draws, confidence=st.sampled_from([0.6, 0.8, 0.9, 0.95, 0.99]))
def test_the_posterior_ends_after_the_first_pair_that_is_enough(
    votes: list[float | None], draw: int, confidence: float
) -> None:
    def settled(ahead: float, behind: float) -> bool:
        return bool(beta.sf(0.5, ahead + 0.5, behind + 0.5) >= confidence)

    strategy = matching("voting", {"votes": len(votes), "stop": "posterior", "confidence": confidence})
    verdict, _ = play(strategy.decide(MATCH, draw), ballot(votes, draw))
    assert len(verdict.comparisons) == one_by_one(votes, settled, part=False)
    assert verdict.winner == winner_of_all(votes[: len(verdict.comparisons)])


@given(
    votes=ballots,
    draw=draws,
    confidence=st.sampled_from([0.6, 0.8, 0.95, 0.99]),
    accuracy=st.sampled_from([0.6, 0.7, 0.9]),
)
def test_the_sequential_test_ends_after_the_first_pair_whose_likelihoods_differ_enough(
    votes: list[float | None], draw: int, confidence: float, accuracy: float
) -> None:
    def settled(ahead: float, behind: float) -> bool:
        likelihoods = [accuracy**one * (1 - accuracy) ** other for one, other in ((ahead, behind), (behind, ahead))]
        return bool(likelihoods[0] / likelihoods[1] >= confidence / (1 - confidence))

    options = {"votes": len(votes), "stop": "sprt", "confidence": confidence, "accuracy": accuracy}
    verdict, _ = play(matching("voting", options).decide(MATCH, draw), ballot(votes, draw))
    seen = votes[: len(verdict.comparisons)]
    assert len(seen) == one_by_one(votes, settled, part=True)
    known = [vote for vote in seen if vote is not None]
    assert verdict.p_a == (pytest.approx(sum(known) / len(known)) if known else None)


@given(strength=st.floats(0.5, 1.0), draw=draws, stop=evidence_rules, votes=st.integers(1, 6))
def test_a_position_bias_of_any_strength_cancels(strength: float, draw: int, stop: str, votes: int) -> None:
    strategy = matching("voting", {"votes": 2 * votes, "stop": stop})
    verdict, _ = play(strategy.decide(MATCH, draw), lambda comparison: Judgment(Outcome.DECIDED, strength))
    assert (verdict.p_a, verdict.winner) == (0.5, None)


@pytest.mark.parametrize("stop", ["posterior", "sprt"])
def test_an_odd_sample_is_asked_for_only_where_the_pairs_are_level(stop: str) -> None:
    strategy = matching("voting", {"votes": 5, "stop": stop, "confidence": 0.999})
    level, _ = play(strategy.decide(MATCH, 1), ballot([1.0, 0.0, 0.0, 1.0, 1.0], 1))
    assert (len(level.comparisons), level.winner) == (5, MATCH.a)
    assert level.comparisons[-1].first == shown(MATCH, 1)[0]
    ahead, _ = play(strategy.decide(MATCH, 1), ballot([1.0, 1.0, 0.0, 1.0, 0.0], 1))
    assert (len(ahead.comparisons), ahead.winner) == (4, MATCH.a)


@pytest.mark.parametrize("stop", ["posterior", "sprt"])
def test_a_single_order_is_no_evidence(stop: str) -> None:
    """Three votes would do for the confidence, but the third sample has no partner yet."""
    strategy = matching("voting", {"votes": 20, "stop": stop, "confidence": 0.93 if stop == "posterior" else 0.85})
    waves = play(strategy.decide(MATCH, 0), ballot([1.0] * 20, 0))[1]
    assert sum(map(len, waves)) % 2 == 0


@pytest.mark.parametrize(
    ("options", "waves"),
    [
        ({}, [11]),
        ({"stop": "none"}, [20]),
        ({"stop": "posterior"}, [4]),
        ({"stop": "posterior", "confidence": 0.99}, [6]),
        ({"stop": "sprt"}, [4]),
        ({"stop": "sprt", "confidence": 0.99}, [6]),
        ({"stop": "sprt", "accuracy": 0.9}, [2]),
        ({"stop": "sprt", "accuracy": 0.6}, [8]),
    ],
)
def test_what_could_not_end_the_vote_is_asked_for_at_once(options: dict[str, object], waves: list[int]) -> None:
    strategy = matching("voting", {"votes": 20, **options})
    assert [len(wave) for wave in play(strategy.decide(MATCH, 0), ballot([1.0] * 20, 0))[1]] == waves


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
    assert (verdict.p_a, len(verdict.judgments)) == (None, 3)


@pytest.mark.parametrize("name", ["single", "voting"])
def test_the_coin_says_who_is_shown_first(name: str) -> None:
    firsts = [
        [play(matching(name).decide(match, draw), ballot([1.0] * 3, draw))[0].comparisons[0].first for draw in (0, 1)]
        for match in (MATCH, Match(MATCH.b, MATCH.a))
    ]
    assert {*firsts[0]} == {*MATCH}
    assert firsts[0] == firsts[1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"votes": 0}, "at least one vote"),
        ({"votes": -1}, "at least one vote"),
        ({"votes": "two"}, "a whole number"),
        ({"stop": "soon"}, "choose majority, posterior, sprt or none"),
        ({"stop": True}, "text"),
        ({"confidence": "0.5"}, "above 0.5 and below 1"),
        ({"confidence": 1}, "above 0.5 and below 1"),
        ({"confidence": "nan"}, "a number"),
        ({"accuracy": 0.5}, "above 0.5 and below 1"),
        ({"accuracy": "1"}, "above 0.5 and below 1"),
        ({"limit": 0}, "at least one token"),
    ],
)
def test_bad_parameters_are_refused_with_what_to_give(options: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=rf"voting.*{words}"):
        matching("voting", options)
