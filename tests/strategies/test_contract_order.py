"""The order of the candidates in the file changes nothing: who is called what is no evidence.

Left out are `first`, which is the file's order, and a knockout whose draw is given by it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.helpers import Answer, by_text, entrants, perfect, tell
from tests.strategies.held import MATCHINGS, PAIRINGS, answered
from tournament import registry
from tournament.ratings import JudgeModel
from tournament.strategy import Decide, MatchStrategy, PairingStrategy, tally
from tournament.types import Comparison, Field, Match

ORDERLESS = [label for label in PAIRINGS if label not in ("first", "knockout-given")]


def _unbiased() -> JudgeModel:
    return JudgeModel(first_bias_sd=0.0)


@dataclass(frozen=True)
class ShownByText:
    """One comparison that shows first whom the texts say.

    The coin of `single` goes by entrant numbers, and ratings take a position bias out: with it, who is shown first is
    evidence that another order of the file changes.
    """

    field: Field
    calls: tuple[int, int] = (1, 1)

    def decide(self, match: Match, draw: int) -> Decide:
        one, other = sorted(match, key=lambda entrant: self.field.texts[entrant])
        coin = hashlib.sha256(f"{self.field.texts[one]}|{self.field.texts[other]}".encode()).digest()[0] % 2
        comparison = Comparison(*((one, other) if coin else (other, one)))
        judgments = yield (comparison,)
        return tally(match, (comparison,), judgments)


def _story(
    field: Field, pairing: PairingStrategy, matching: MatchStrategy, answer: Answer, seed: int, limit: int | None
) -> tuple[list[list[set[str]]], list[str]]:
    """The pairs of every round and the ranking, by text. The judge is known to have no position bias."""
    judge = None if isinstance(matching, ShownByText) else _unbiased
    story = tell(field, pairing, matching, answer, seed=seed, limit=limit, judge=judge)
    rounds = [[{field.texts[v.match.a], field.texts[v.match.b]} for v in verdicts] for verdicts in story.record.rounds]
    return rounds, [field.texts[i] for i in story.rankings[-1].order]


@pytest.mark.parametrize("label", ORDERLESS)
@settings(max_examples=20)
@given(n=st.integers(2, 9), seed=st.integers(0, 1000), agree=st.booleans(), limited=st.booleans(), data=st.data())
def test_nothing_depends_on_the_order_of_the_file(
    label: str, n: int, seed: int, agree: bool, limited: bool, data: st.DataObject
) -> None:
    pairing = registry.pairing(*PAIRINGS[label])
    field = answered(*(i // 2 for i in range(n))) if agree else entrants(n)
    shuffled = replace(field, texts=tuple(data.draw(st.permutations(field.texts))))
    answer = data.draw(st.sampled_from([perfect, by_text(seed)]))
    limit = data.draw(st.integers(0, 3 * n)) if limited else None
    one, other = (_story(f, pairing, ShownByText(f), answer, seed, limit) for f in (field, shuffled))
    assert one == other


def test_nor_who_of_equals_is_a_leader() -> None:
    """Fitted in the file's order, equal ratings differ in the last digit; fields in which that once chose a pivot."""
    field = entrants(6)
    for seed in range(40):
        order = np.random.default_rng(seed).permutation(6).tolist()
        shuffled = replace(field, texts=tuple(field.texts[i] for i in order))
        one, other = (
            _story(f, registry.pairing("pivot"), ShownByText(f), perfect, seed, None) for f in (field, shuffled)
        )
        assert one == other


@pytest.mark.parametrize("options", [{}, {"rating": "wins"}], ids=["bradley-terry", "wins"])
@pytest.mark.parametrize("matching", ["single", "voting-4", "rethinking"])
@given(n=st.integers(2, 7), seed=st.integers(0, 1000), data=st.data())
def test_nor_does_a_full_round_robin_where_the_judge_is_known_to_have_no_bias(
    options: dict[str, object], matching: str, n: int, seed: int, data: st.DataObject
) -> None:
    pairing, voting = registry.pairing("round-robin", options), registry.matching(*MATCHINGS[matching])
    field = entrants(n)
    shuffled = replace(field, texts=tuple(data.draw(st.permutations(field.texts))))
    orders = [_story(f, pairing, voting, by_text(seed), seed, None)[1] for f in (field, shuffled)]
    assert orders[0] == orders[1]


@pytest.mark.parametrize("label", ["first", "knockout-given"])
def test_those_that_go_by_the_file_do(label: str) -> None:
    pairing, field = registry.pairing(*PAIRINGS[label]), entrants(5)
    turned = replace(field, texts=field.texts[::-1])
    one, other = (_story(f, pairing, ShownByText(f), by_text(1), 0, None) for f in (field, turned))
    assert one != other
