"""What every registered strategy promises, alone and in every combination."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.helpers import (
    Answer,
    Story,
    always_first,
    always_tie,
    always_void,
    by_text,
    entrants,
    erratic,
    perfect,
    tell,
)
from tournament import registry
from tournament.strategy import MatchStrategy, PairingStrategy, Ranking, Record
from tournament.types import Field

PAIRINGS: dict[str, tuple[str, dict[str, object]]] = {
    "knockout": ("knockout", {}),
    "knockout-given": ("knockout", {"draw": "given"}),
    "round-robin": ("round-robin", {}),
    "round-robin-half": ("round-robin", {"share": 0.5}),
    "round-robin-elo": ("round-robin", {"rating": "elo"}),
    "round-robin-wins": ("round-robin", {"rating": "wins"}),
    "round-robin-sparse-elo": ("round-robin", {"rating": "elo", "share": 0.1}),
    "first": ("first", {}),
    "random": ("random", {}),
    "longest": ("longest", {}),
    "majority": ("majority", {}),
}
MATCHINGS: dict[str, tuple[str, dict[str, object]]] = {
    "single": ("single", {}),
    "voting-3": ("voting", {}),
    "voting-4": ("voting", {"votes": 4}),
    "voting-5": ("voting", {"votes": 5}),
    "voting-3-all": ("voting", {"votes": 3, "stop": "none"}),
    "voting-posterior": ("voting", {"votes": 6, "stop": "posterior", "confidence": 0.9}),
    "voting-sprt": ("voting", {"votes": 7, "stop": "sprt"}),
    "rethinking": ("rethinking", {}),
    "rethinking-3": ("rethinking", {"votes": 3, "rethinks": 1, "ladder": "own,100"}),
}
ANSWERS: dict[str, Answer] = {
    "perfect": perfect,
    "first": always_first,
    "tie": always_tie,
    "void": always_void,
    "erratic": erratic(1),
}
each_pairing = pytest.mark.parametrize("pairing", [registry.pairing(*v) for v in PAIRINGS.values()], ids=PAIRINGS)
each_matching = pytest.mark.parametrize("matching", [registry.matching(*v) for v in MATCHINGS.values()], ids=MATCHINGS)
SINGLE = registry.matching("single")


def test_every_registered_strategy_is_held_to_the_contract() -> None:
    assert {name for name, _ in PAIRINGS.values()} == set(registry.PAIRING)
    assert {name for name, _ in MATCHINGS.values()} == set(registry.MATCH)


def _sound(ranking: Ranking, n: int) -> None:
    assert sorted(ranking.order) == list(range(n))
    assert ranking.rating.shape == ranking.stderr.shape == ranking.p_best.shape == (n,)
    assert not np.isinf(ranking.rating).any()
    if not np.isnan(ranking.p_best).any():
        assert ranking.p_best.sum() == pytest.approx(1.0)


def _legal(story: Story, n: int, pairing: PairingStrategy, matching: MatchStrategy) -> None:
    fewest, most = matching.calls
    for verdicts in story.record.rounds:
        pairs = [frozenset(verdict.match) for verdict in verdicts]
        assert len(set(pairs)) == len(pairs)
        for verdict in verdicts:
            assert len({*verdict.match}) == 2
            assert all(0 <= entrant < n for entrant in verdict.match)
            assert all({c.first, c.second} == {*verdict.match} for c in verdict.comparisons)
            assert len(verdict.judgments) == len(verdict.comparisons) <= most
            assert len(verdict.comparisons) >= fewest or not story.record.complete
            assert verdict.p_a is None or 0 <= verdict.p_a <= 1
    for ranking in story.rankings:
        _sound(ranking, n)
    assert pairing.best(story.record) == pairing.rank(story.record).order[0]


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@each_matching
@each_pairing
def test_plays_legally_and_to_the_end(pairing: PairingStrategy, matching: MatchStrategy, answer: Answer) -> None:
    for n in (1, 2, 3, 4, 5, 6, 7, 8, 9):
        story = tell(entrants(n), pairing, matching, answer)
        assert story.record.complete
        _legal(story, n, pairing, matching)
        fewest, most = pairing.matches(n)
        assert fewest <= len(story.record.verdicts) <= most


@each_matching
@each_pairing
def test_copes_with_a_large_field(pairing: PairingStrategy, matching: MatchStrategy) -> None:
    story = tell(entrants(32), pairing, matching, erratic(2))
    assert story.record.complete
    _legal(story, 32, pairing, matching)
    fewest, most = pairing.matches(32)
    assert fewest <= len(story.record.verdicts) <= most


@each_matching
@each_pairing
def test_answers_with_whatever_budget(pairing: PairingStrategy, matching: MatchStrategy) -> None:
    for n in (2, 3, 5, 8):
        whole = tell(entrants(n), pairing, matching, erratic(3))
        for limit in (0, 1, n - 1, n, whole.asked):
            story = tell(entrants(n), pairing, matching, erratic(3), limit=limit)
            _legal(story, n, pairing, matching)
            assert story.asked <= limit
            assert story.record.complete == (whole.asked <= limit)


@each_matching
@each_pairing
def test_what_a_short_budget_pays_is_what_a_long_one_pays_first(
    pairing: PairingStrategy, matching: MatchStrategy
) -> None:
    whole = [c for wave in tell(entrants(7), pairing, matching, erratic(4)).waves for c in wave]
    for limit in range(0, len(whole), 3):
        story = tell(entrants(7), pairing, matching, erratic(4), limit=limit)
        paid = [c for verdict in story.record.verdicts for c in verdict.comparisons]
        assert Counter(paid) == Counter(whole[:limit])


@each_matching
@each_pairing
def test_same_seed_same_matches(pairing: PairingStrategy, matching: MatchStrategy) -> None:
    one, other = (tell(entrants(9), pairing, matching, erratic(5), seed=7) for _ in range(2))
    assert one.record.rounds == other.record.rounds
    assert one.rankings[-1].order == other.rankings[-1].order


@pytest.mark.parametrize("name", ["knockout", "round-robin"])
def test_other_seeds_and_other_problems_get_other_matches(name: str) -> None:
    pairing = registry.pairing(name)
    seeds = [tell(entrants(9), pairing, SINGLE, perfect, seed=seed).record.rounds for seed in range(3)]
    names = [tell(entrants(9, name=f"p{i}"), pairing, SINGLE, perfect).record.rounds for i in range(3)]
    assert seeds[0] != seeds[1] != seeds[2] != seeds[0]
    assert names[0] != names[1] != names[2] != names[0]


def test_the_random_baseline_takes_everybody_in_turn() -> None:
    picks = Counter(registry.pairing("random").best(_record(entrants(4), seed)) for seed in range(400))
    # 400 draws of one in four: less than 60 or more than 140 of one has a chance below one in a million.
    assert all(60 < picks[i] < 140 for i in range(4))


def _record(field: Field, seed: int) -> Record:
    return tell(field, registry.pairing("first"), SINGLE, perfect, seed=seed).record


@pytest.mark.parametrize("options", [{}, {"rating": "wins"}], ids=["bradley-terry", "wins"])
@pytest.mark.parametrize("matching", ["single", "voting-4", "rethinking"])
@given(n=st.integers(2, 7), seed=st.integers(0, 1000), data=st.data())
def test_a_full_round_robin_does_not_depend_on_the_order_of_the_file(
    options: dict[str, object], matching: str, n: int, seed: int, data: st.DataObject
) -> None:
    _relabelled("round-robin", options, registry.matching(*MATCHINGS[matching]), n, seed, data)


@pytest.mark.parametrize("name", ["random", "longest", "majority"])
@given(n=st.integers(2, 7), seed=st.integers(0, 1000), data=st.data())
def test_a_baseline_does_not_depend_on_the_order_of_the_file(name: str, n: int, seed: int, data: st.DataObject) -> None:
    _relabelled(name, {}, SINGLE, n, seed, data)


def _relabelled(
    name: str, options: dict[str, object], matching: MatchStrategy, n: int, seed: int, data: st.DataObject
) -> None:
    pairing = registry.pairing(name, options)
    field = entrants(n)
    shuffled = replace(field, texts=tuple(data.draw(st.permutations(field.texts))))
    orders = [
        [played.texts[i] for i in tell(played, pairing, matching, by_text(seed), seed=seed).rankings[-1].order]
        for played in (field, shuffled)
    ]
    assert orders[0] == orders[1]


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
