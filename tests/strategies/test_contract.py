"""What every registered strategy promises, alone and in every combination."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.helpers import Answer, Story, entrants, erratic, perfect, tell
from tests.strategies.held import ANSWERS, FIXED, MATCHINGS, PAIRINGS, SINGLE, each_matching, each_pairing
from tournament import registry
from tournament.strategy import MatchStrategy, PairingStrategy, Ranking, Record
from tournament.types import Field

each_fixed = pytest.mark.parametrize(
    "pairing", [registry.pairing(*v) for v in PAIRINGS.values() if v[0] in FIXED], ids=lambda pairing: str(pairing)
)
LIMITS = ("none", "0", "1", "N-1", "N", "3N")


def _limit(name: str, n: int) -> int | None:
    return {"none": None, "0": 0, "1": 1, "N-1": n - 1, "N": n, "3N": 3 * n}[name]


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
    asked = [c for verdict in story.record.verdicts for c in verdict.comparisons]
    assert len(set(asked)) == len(asked)  # a pair that meets again is asked for a new judgment
    for verdicts in story.record.rounds:
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


def _bracketed(story: Story, n: int, pairing: PairingStrategy, matching: MatchStrategy, limit: int | None) -> None:
    """Votes that end early leave room for more matches than a budget surely pays for."""
    fewest, most = matching.calls
    low = pairing.matches(n, None if limit is None else limit // most)[0]
    high = pairing.matches(n, None if limit is None else limit // fewest)[1]
    assert low <= len(story.record.verdicts) <= high


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@each_matching
@each_pairing
def test_plays_legally_and_to_the_end(pairing: PairingStrategy, matching: MatchStrategy, answer: Answer) -> None:
    for n in range(1, 10) if matching is SINGLE else (1, 2, 5):
        story = tell(entrants(n), pairing, matching, answer)
        assert story.record.complete
        _legal(story, n, pairing, matching)
        _bracketed(story, n, pairing, matching, None)


@pytest.mark.parametrize("matching", [registry.matching(*MATCHINGS[name]) for name in ("single", "voting-5")])
@each_pairing
def test_copes_with_a_large_field(pairing: PairingStrategy, matching: MatchStrategy) -> None:
    story = tell(entrants(32), pairing, matching, erratic(2))
    assert story.record.complete
    _legal(story, 32, pairing, matching)
    _bracketed(story, 32, pairing, matching, None)


@pytest.mark.parametrize("limited", LIMITS)
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@each_pairing
def test_keeps_within_its_matches_whatever_the_judge_says(
    pairing: PairingStrategy, answer: Answer, limited: str
) -> None:
    for n in (2, 3, 8):
        limit = _limit(limited, n)
        story = tell(entrants(n), pairing, SINGLE, answer, limit=limit)
        _legal(story, n, pairing, SINGLE)
        assert limit is None or story.asked <= limit
        if story.record.complete:
            _bracketed(story, n, pairing, SINGLE, limit)


@each_pairing
@settings(max_examples=25)
@given(data=st.data(), n=st.integers(2, 8), seed=st.integers(0, 99))
def test_a_budget_is_kept_and_ends_no_plan_that_it_pays_for(
    pairing: PairingStrategy, data: st.DataObject, n: int, seed: int
) -> None:
    """A match, or what a plan takes whatever is paid for, is enough: the others plan by the budget."""
    matching = registry.matching(*MATCHINGS[data.draw(st.sampled_from(sorted(MATCHINGS)))])
    limit = data.draw(st.integers(0, 3 * n * matching.calls[1]))
    story = tell(entrants(n), pairing, matching, erratic(seed), seed=seed, limit=limit)
    _legal(story, n, pairing, matching)
    assert story.asked <= limit
    if limit >= matching.calls[1] * max(pairing.matches(n, 0)[1], 1):
        assert story.record.complete
        _bracketed(story, n, pairing, matching, limit)


@each_pairing
def test_a_budget_for_nothing_is_told_from_a_plan_that_ended(pairing: PairingStrategy) -> None:
    whole = tell(entrants(5), pairing, SINGLE, perfect)
    nothing = tell(entrants(5), pairing, SINGLE, perfect, limit=0)
    assert nothing.asked == 0
    assert nothing.record.complete == (whole.asked == 0)


@each_fixed
@each_matching
def test_a_plan_of_its_own_is_paid_from_the_front(pairing: PairingStrategy, matching: MatchStrategy) -> None:
    """A strategy that no budget changes is complete where all of it is paid, and a short budget pays the beginning."""
    whole = tell(entrants(7), pairing, matching, erratic(4))
    first = [c for wave in whole.waves for c in wave]
    for limit in {0, 1, 6, 7, *range(0, len(first), 5), len(first)}:
        story = tell(entrants(7), pairing, matching, erratic(4), limit=limit)
        paid = [c for verdict in story.record.verdicts for c in verdict.comparisons]
        assert Counter(paid) == Counter(first[:limit])
        assert story.record.complete == (limit >= whole.asked)


@pytest.mark.parametrize("matching", [registry.matching(*MATCHINGS[name]) for name in ("single", "voting-3")])
@pytest.mark.parametrize("limited", ["none", "3N"])
@each_pairing
def test_same_seed_same_matches(pairing: PairingStrategy, matching: MatchStrategy, limited: str) -> None:
    limit = _limit(limited, 9)
    one, other = (tell(entrants(9), pairing, matching, erratic(5), seed=7, limit=limit) for _ in range(2))
    assert one.record.rounds == other.record.rounds
    assert one.rankings[-1].order == other.rankings[-1].order
    assert one.rankings[-1].rating.tobytes() == other.rankings[-1].rating.tobytes()


@pytest.mark.parametrize("name", [name for name in registry.PAIRING if name not in FIXED[3:]])
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
