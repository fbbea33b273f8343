"""Circles over a run: sums, and an interval that knows that triads of one field share pairs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.helpers import PROBLEMS, StubJudge, setup, start
from tournament.circles import Circles
from tournament.ratings import wilson
from tournament.ratings.graph import NonTransitivity
from tournament.result import Result

RESULT: Result = start(PROBLEMS[:1], setup(StubJudge()))[0][0].result


def circles(*counts: tuple[int, int], met: bool = True) -> Circles:
    found = Circles()
    for cyclic, triads in counts:
        found.add(replace(RESULT, non_transitive=NonTransitivity(cyclic=cyclic, triads=triads)), all_met=met)
    return found


def interval(found: Circles) -> list[float]:
    ends: list[float] = found.to_json()["non_transitive"]["interval"]
    return ends


def test_sums_and_shares() -> None:
    found = circles((1, 10), (2, 20), (0, 0)).to_json()
    assert (found["non_transitive"]["count"], found["non_transitive"]["of"]) == (3, 30)
    assert found["non_transitive"]["share"] == pytest.approx(0.1)
    assert (found["condorcet"]["count"], found["condorcet"]["of"]) == (3, 3)
    assert circles((1, 10), met=False).to_json()["condorcet"]["of"] == 0


def test_problems_that_agree_are_worth_every_triad() -> None:
    even = wilson(30, 300)
    assert interval(circles(*[(1, 10)] * 30)) == pytest.approx([float(even.low), float(even.high)])


def test_problems_that_differ_widen_the_interval() -> None:
    low, high = interval(circles(*[(0, 10)] * 27, *[(10, 10)] * 3))
    # Whole problems go in circles or do not: 30 trials and not 300.
    effect = 30 / 29 * (27 * 1.0 + 3 * 81.0) / (0.1 * 0.9 * 300)
    expected = wilson(30 / effect, 300 / effect)
    assert [low, high] == pytest.approx([float(expected.low), float(expected.high)])
    assert high - low > 2 * (float(wilson(30, 300).high) - float(wilson(30, 300).low))


def test_nothing_to_count() -> None:
    assert Circles().to_json()["non_transitive"]["share"] is None
    assert interval(circles((0, 35))) == pytest.approx([0.0, float(wilson(0, 35).high)])
