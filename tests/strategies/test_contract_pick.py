"""Who is picked: the best where a judge never errs, and no worse one where more is paid."""

from __future__ import annotations

import math

import pytest

from tests.core.helpers import entrants, perfect, tell
from tests.strategies.held import MATCHINGS, PAIRINGS, SINGLE, each_matching
from tournament import registry
from tournament.api import simulate
from tournament.budget import Limits
from tournament.strategy import MatchStrategy

BY_BUDGET = {
    "auto": lambda n: n - 1,
    "halving": lambda n: 2 * n,
    "adaptive": lambda n: 2 * n,
    "adaptive-to-the-end": lambda n: 2 * n,
    "teams": lambda n: 2 * n,
    "hybrid": lambda n: n - 1,
    "swiss": lambda n: (n // 2) * ((n - 1).bit_length() + 3),
    "swiss-wins": lambda n: (n // 2) * ((n - 1).bit_length() + 3),
}
"""Matches that were enough for each of the fields below.

`pivot` is left out where it plays less than a round-robin: two that won both matches of the ring keep the best of three
such from a pivot's place. So are shares of a round-robin, in which the best need not meet the second.
"""


@pytest.mark.parametrize("label", ["knockout", "knockout-given", "round-robin", "round-robin-elo", "round-robin-wins"])
@each_matching
def test_a_perfect_judge_finds_the_best(label: str, matching: MatchStrategy) -> None:
    pairing = registry.pairing(*PAIRINGS[label])
    for n in (1, 2, 3, 5, 8, 9, 16):
        for seed in range(5):
            ranking = tell(entrants(n), pairing, matching, perfect, seed=seed).rankings[-1]
            assert ranking.order[0] == n - 1
            if label in ("round-robin", "round-robin-wins"):
                assert ranking.order == tuple(reversed(range(n)))


@pytest.mark.parametrize("matching", ["single", "voting-3"])
@pytest.mark.parametrize("label", BY_BUDGET)
def test_a_perfect_judge_finds_the_best_within_the_budget(label: str, matching: str) -> None:
    pairing, voting = registry.pairing(*PAIRINGS[label]), registry.matching(*MATCHINGS[matching])
    for n in (1, 2, 3, 5, 8, 13, 16):
        for seed in range(3):
            limit = BY_BUDGET[label](n) * voting.calls[1]
            story = tell(entrants(n), pairing, voting, perfect, seed=seed, limit=limit)
            assert pairing.best(story.record) == n - 1


@pytest.mark.parametrize("label", ["auto", "halving", "adaptive", "hybrid", "swiss", "teams"])
def test_and_where_nothing_limits_it(label: str) -> None:
    pairing = registry.pairing(*PAIRINGS[label])
    for n in (2, 3, 6, 11):
        for seed in range(3):
            story = tell(entrants(n), pairing, SINGLE, perfect, seed=seed)
            assert pairing.best(story.record) == n - 1


@pytest.mark.parametrize("label", ["pivot", "round-robin-half"])
def test_the_best_is_among_those_who_won_all_they_played(label: str) -> None:
    pairing = registry.pairing(*PAIRINGS[label])
    for n in (2, 3, 6, 11):
        story = tell(entrants(n), pairing, SINGLE, perfect)
        lost = {sum(v.match) - v.winner for v in story.record.verdicts if v.winner is not None}
        assert n - 1 not in lost
        assert pairing.best(story.record) not in lost


@pytest.mark.parametrize("label", ["auto", "swiss", "halving", "adaptive", "hybrid", "teams"])
def test_more_budget_is_not_worse(label: str) -> None:
    n, problems = 8, 80
    few, many = (
        simulate(
            n=n,
            problems=problems,
            strategy=registry.pairing(*PAIRINGS[label]),
            limits=Limits(comparisons=limit),
            seed=3,
            judge={"sd": 1.5, "position_bias": 0.3},
        )
        for limit in (n - 1, 3 * n)
    )
    assert many.comparisons > few.comparisons
    spread = math.sqrt(sum(s.accuracy * (1 - s.accuracy) / problems for s in (few, many)))
    assert many.accuracy > few.accuracy - 4 * spread
    # Chance finds one in eight; nothing here is near it.
    assert many.accuracy > 0.35
