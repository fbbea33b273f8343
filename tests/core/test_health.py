"""The judge on trial: what is counted, and what is not."""

from __future__ import annotations

import json

import pytest

from tests.core.helpers import FAILED, FIRST, SECOND, TIE, VOID
from tournament.health import Health, share
from tournament.types import Comparison, Judgment, Match, Outcome, Verdict

MATCH = Match(0, 1)
AB, BA = Comparison(0, 1), Comparison(1, 0)


def verdict(*answers: tuple[Comparison, Judgment]) -> Verdict:
    return Verdict(MATCH, None, tuple(c for c, _ in answers), tuple(j for _, j in answers))


def health(*verdicts: Verdict) -> Health:
    found = Health()
    for each in verdicts:
        found.add(each)
    return found


@pytest.mark.parametrize(
    ("answers", "both", "inconsistent"),
    [
        ([(AB, FIRST), (BA, SECOND)], 1, 0),
        ([(AB, SECOND), (BA, FIRST)], 1, 0),
        ([(AB, FIRST), (BA, FIRST)], 1, 1),
        ([(AB, SECOND), (BA, SECOND)], 1, 1),
        ([(AB, FIRST), (BA, TIE)], 1, 0),
        ([(AB, FIRST), (BA, VOID)], 0, 0),
        ([(AB, FIRST), (AB, SECOND)], 0, 0),
        ([(AB, FIRST)], 0, 0),
        ([], 0, 0),
        ([(AB, FIRST), (BA, FIRST), (AB, FIRST)], 1, 1),
        ([(AB, FIRST), (BA, SECOND), (AB, SECOND)], 1, 0),
    ],
)
def test_orders_that_disagree(answers: list[tuple[Comparison, Judgment]], both: int, inconsistent: int) -> None:
    found = health(verdict(*answers))
    assert (found.both_orders, found.inconsistent) == (both, inconsistent)


def test_the_first_slot_counts_decided_judgments_only() -> None:
    soft = Judgment(Outcome.DECIDED, 0.7)
    found = health(verdict((AB, FIRST), (BA, SECOND), (AB, TIE)), verdict((AB, soft), (BA, VOID), (BA, FAILED)))
    assert (found.first_slot, found.decided) == (2, 3)


def test_every_outcome_has_a_share_of_all() -> None:
    answers = [*[(AB, FIRST)] * 4, (AB, TIE), (AB, VOID), (BA, FAILED), (BA, Judgment(Outcome.TRUNCATED, None))]
    document = json.loads(json.dumps(health(verdict(*answers)).to_json(), allow_nan=False))
    assert document["comparisons"] == 8
    counts = {outcome.value: document[outcome.value]["count"] for outcome in Outcome}
    assert counts == {
        "decided": 4,
        "tie": 1,
        "unparsable": 1,
        "truncated": 1,
        "contradictory": 0,
        "refused": 0,
        "failed": 1,
    }
    assert document["decided"]["share"] == 0.5
    low, high = document["decided"]["interval"]
    assert 0 < low < 0.5 < high < 1


def test_nothing_counted_is_nothing_known() -> None:
    assert share(0, 0) == {"count": 0, "of": 0, "share": None, "interval": [0.0, 1.0]}
    assert Health().to_json()["comparisons"] == 0
