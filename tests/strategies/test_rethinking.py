"""Matches that are thought over again: which, with what in hand, and how much more."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies.test_voting import play
from tournament.errors import UsageError
from tournament.registry import matching
from tournament.strategy import shown
from tournament.types import Comparison, Judgment, Match, Outcome, Verdict

MATCH = Match(1, 3)
LIKES_FIRST, LIKES_SECOND, TIES, SAYS_NOTHING = 1.0, 0.0, 0.5, None


def told(*says: float | None, text: bool = True) -> Callable[[Comparison], Judgment]:
    """Preferences for the first shown, one an answer, the last for ever; every answer has its own words."""
    numbers = count()

    def ask(comparison: Comparison) -> Judgment:
        number = next(numbers)
        said = says[min(number, len(says) - 1)]
        words = f"answer {number}" if text else ""
        return Judgment(Outcome.DECIDED if said is not None else Outcome.TRUNCATED, said, words)

    return ask


def decide(ask: Callable[[Comparison], Judgment], **options: object) -> tuple[Verdict, list[tuple[Comparison, ...]]]:
    return play(matching("rethinking", options).decide(MATCH, 0), ask)


def test_a_clear_match_is_not_thought_over() -> None:
    verdict, waves = decide(told(LIKES_FIRST, LIKES_SECOND))
    assert len(waves) == 1
    assert verdict.winner == shown(MATCH, 0)[0]


@pytest.mark.parametrize("says", [(TIES,), (SAYS_NOTHING,), (LIKES_FIRST,), (LIKES_SECOND,)])
def test_an_open_match_is_thought_over_in_both_orders(says: tuple[float | None, ...]) -> None:
    verdict, waves = decide(told(*says), votes=2, rethinks=3)
    assert [len(wave) for wave in waves] == [2, 2, 2, 2]
    assert all({c.first for c in wave} == {*MATCH} for wave in waves)
    assert verdict.winner is None


def test_a_majority_whose_orders_disagree_is_thought_over() -> None:
    # One order says a, a; the other says b: a majority for a, but not in both orders.
    order = shown(MATCH, 0)

    def ask(comparison: Comparison) -> Judgment:
        return Judgment(Outcome.DECIDED, 1.0, f"{comparison.first} {comparison.repeat}")

    verdict, waves = decide(ask, votes=3, rethinks=1)
    assert [c.first for wave in waves[:-1] for c in wave] == [order[0], order[1], order[0]]
    assert {c.first for c in waves[-1]} == {*MATCH}
    assert verdict.winner is None


def test_ends_as_soon_as_both_orders_agree() -> None:
    verdict, waves = decide(told(TIES, TIES, LIKES_FIRST, LIKES_SECOND, TIES), rethinks=5)
    assert len(waves) == 2
    assert verdict.winner == shown(MATCH, 0)[0]
    assert len(verdict.comparisons) == len(verdict.judgments) == 4


@given(
    rungs=st.lists(st.integers(1, 5000) | st.none(), min_size=1, max_size=4),
    rethinks=st.integers(1, 4),
)
def test_goes_on_from_the_latest_reasoning_up_the_ladder(rungs: list[int | None], rethinks: int) -> None:
    ladder = ",".join("own" if rung is None else str(rung) for rung in rungs)
    verdict, waves = decide(told(TIES), ladder=ladder, rethinks=rethinks)
    assert len(waves) == rethinks + 1
    answers = dict(zip(verdict.comparisons, verdict.judgments, strict=True))
    latest: dict[int, Judgment] = {}
    for number, wave in enumerate(waves):
        for comparison in wave:
            assert comparison.thinking_limit == rungs[min(number, len(rungs) - 1)]
            assert comparison.continues is latest.get(comparison.first)
        latest |= {comparison.first: answers[comparison] for comparison in wave}


def test_k_is_1024_tokens() -> None:
    _, waves = decide(told(TIES), ladder="1k, 2K,4096", rethinks=3)
    assert [wave[0].thinking_limit for wave in waves] == [1024, 2048, 4096, 4096]


def test_a_truncated_order_is_thought_over_though_the_other_decided() -> None:
    verdict, waves = decide(told(LIKES_FIRST, SAYS_NOTHING, LIKES_FIRST, LIKES_SECOND), votes=2, rethinks=3)
    assert [len(wave) for wave in waves] == [2, 2]
    assert verdict.winner == shown(MATCH, 0)[0]


@pytest.mark.parametrize("ladder", ["1k,1k", "own"])
@pytest.mark.parametrize("votes", [2, 3, 5])
def test_nothing_said_is_nothing_to_go_on_from_but_a_new_try(votes: int, ladder: str) -> None:
    verdict, _ = decide(told(SAYS_NOTHING, text=False), votes=votes, rethinks=3, ladder=ladder)
    assert all(comparison.continues is None for comparison in verdict.comparisons)
    assert len({comparison[:4] for comparison in verdict.comparisons}) == votes + 6


@pytest.mark.parametrize("votes", [2, 4])
def test_an_order_and_its_repeat_name_one_comparison(votes: int) -> None:
    """So that a file of judgments, which knows orders and repeats, can replay a match that was thought over."""
    verdict, _ = decide(told(TIES), votes=votes, rethinks=3)
    assert len({comparison[:3] for comparison in verdict.comparisons}) == votes + 6


def test_what_was_known_stays_when_thinking_again_brings_nothing() -> None:
    verdict, _ = decide(told(LIKES_FIRST, LIKES_FIRST, LIKES_FIRST, SAYS_NOTHING), votes=3, rethinks=2)
    assert verdict.winner == shown(MATCH, 0)[0]


@given(says=st.lists(st.sampled_from([0.0, 1.0, 0.5, None]), min_size=1, max_size=20), votes=st.integers(2, 6))
def test_never_more_calls_than_promised(says: list[float | None], votes: int) -> None:
    strategy = matching("rethinking", {"votes": votes, "rethinks": 2})
    verdict, _ = play(strategy.decide(MATCH, 1), told(*says))
    assert strategy.calls[0] <= len(verdict.comparisons) <= strategy.calls[1]


@pytest.mark.parametrize(
    "options",
    [
        {"votes": 1},
        {"rethinks": -1},
        {"ladder": ""},
        {"ladder": "0"},
        {"ladder": "1k,"},
        {"ladder": "-1"},
        {"ladder": "1m"},
    ],
)
def test_parameters_out_of_range_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="rethinking"):
        matching("rethinking", options)
