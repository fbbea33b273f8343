"""One problem: lockstep waves, repeats that go on counting, and ends in the middle."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.helpers import FIRST, SECOND, TIE, always_first, by_text, entrants, erratic, perfect, tell
from tournament.engine import open_record, play
from tournament.registry import matching, pairing
from tournament.strategy import Decide, Play, Ranking, Record, ranked
from tournament.types import Comparison, Field, Judgment, Match, Round, Verdict


@dataclass(frozen=True)
class Scripted:
    """Plays given rounds, whatever comes back, and keeps what it was told."""

    rounds: tuple[tuple[tuple[int, int], ...], ...]
    heard: list[list[Verdict]]

    def matches(self, n: int, limit: int | None = None) -> tuple[int, int]:
        count = sum(map(len, self.rounds))
        return count, count

    def play(self, record: Record, rng: np.random.Generator) -> Play:
        for number, pairs in enumerate(self.rounds):
            asked: Round = [Match(*pair) for pair in pairs]
            verdicts = yield asked
            assert record.rounds[number] is verdicts
            self.heard.append(verdicts)

    def rank(self, record: Record) -> Ranking:
        return ranked(record, record.wins().sum(axis=1))

    def best(self, record: Record) -> int:
        return self.rank(record).order[0]


@dataclass(frozen=True)
class Decided:
    """A match strategy that needs no judge."""

    calls: tuple[int, int] = (0, 0)

    def decide(self, match: Match, draw: int) -> Decide:
        nothing: list[tuple[Comparison, ...]] = []
        yield from nothing
        return Verdict(match, 1.0)


def script(*rounds: tuple[tuple[int, int], ...]) -> Scripted:
    return Scripted(rounds, [])


def test_all_open_matches_of_a_round_share_every_wave() -> None:
    def answer(field: Field, comparison: Comparison) -> Judgment:
        # Match 0-1 is settled by two equal votes, match 2-3 needs the third, match 4-5 stays open.
        if comparison.first in (0, 1):
            return perfect(field, comparison)
        return TIE if comparison.first in (4, 5) or comparison.repeat == 0 else FIRST

    strategy = script(((0, 1), (2, 3), (4, 5)), ((0, 2),))
    story = tell(entrants(6), strategy, matching("voting", {"votes": 3}), answer)
    met = [Counter(frozenset((c.first, c.second)) for c in wave) for wave in story.waves]
    pairs = [frozenset(pair) for pair in ((0, 1), (2, 3), (4, 5), (0, 2))]
    assert met[0] == {pairs[0]: 2, pairs[1]: 2, pairs[2]: 2}
    assert met[1] == {pairs[1]: 1, pairs[2]: 1}
    assert set(met[2]) == {pairs[3]}
    assert [[v.match for v in verdicts] for verdicts in strategy.heard] == [[(0, 1), (2, 3), (4, 5)], [(0, 2)]]


def test_verdicts_hold_what_was_asked_and_answered() -> None:
    story = tell(entrants(5), script(((3, 1), (0, 4))), matching("voting", {"votes": 4}), erratic(0))
    asked = [comparison for wave in story.waves for comparison in wave]
    kept = [comparison for verdict in story.record.verdicts for comparison in verdict.comparisons]
    assert Counter(asked) == Counter(kept)
    for verdict in story.record.verdicts:
        assert list(verdict.judgments) == [erratic(0)(entrants(5), c) for c in verdict.comparisons]


@pytest.mark.parametrize("match", ["single", "voting", "rethinking"])
@given(data=st.data())
def test_no_comparison_of_a_problem_is_asked_for_twice(match: str, data: st.DataObject) -> None:
    pair = st.permutations(range(4)).map(lambda order: (order[0], order[1]))
    rounds = data.draw(st.lists(st.lists(pair, min_size=1, max_size=3, unique_by=frozenset), min_size=1, max_size=6))
    story = tell(entrants(4), script(*map(tuple, rounds)), matching(match), erratic(data.draw(st.integers(0, 99))))
    asked = [comparison for wave in story.waves for comparison in wave]
    assert len({comparison[:3] for comparison in asked}) == len(asked)


def test_a_rematch_is_a_fresh_look() -> None:
    """Repeats go on counting in each order, also where the pair is named the other way round."""
    story = tell(entrants(2), script(((0, 1),), ((1, 0),), ((0, 1),)), matching("voting", {"votes": 2}), always_first)
    asked = sorted((c.first, c.repeat) for wave in story.waves for c in wave)
    assert asked == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]


def test_rematches_toss_new_coins() -> None:
    story = tell(entrants(2), script(*(((0, 1),) for _ in range(40))), matching("single"), always_first)
    firsts = Counter(wave[0].first for wave in story.waves)
    # 40 coins, five standard deviations.
    assert abs(firsts[0] - 20) < 16


def test_the_coin_of_a_match_depends_on_the_pair_only() -> None:
    alone = tell(entrants(6), script(((2, 5),)), matching("single"), perfect).waves[0]
    mirrored = tell(entrants(6), script(((5, 2),)), matching("single"), perfect).waves[0]
    late = tell(entrants(6), script(((0, 1), (3, 4)), ((4, 1), (5, 2))), matching("single"), perfect).waves[1][1:]
    assert alone == mirrored == late


def test_strategies_show_a_pair_in_the_same_order() -> None:
    shown = [
        {frozenset((c.first, c.second)): c.first for wave in story.waves for c in wave}
        for story in (
            tell(entrants(9), pairing(name), matching("single"), perfect) for name in ("knockout", "round-robin")
        )
    ]
    assert shown[0].items() <= shown[1].items()


def test_problems_and_seeds_toss_their_own_coins() -> None:
    def coins(name: str, seed: int) -> list[int]:
        story = tell(entrants(9, name=name), pairing("round-robin"), matching("single"), perfect, seed=seed)
        return [comparison.first for comparison in sorted(story.waves[0], key=lambda c: sorted(c[:2]))]

    assert coins("p", 0) == coins("p", 0)
    assert coins("p", 0) != coins("p", 1)
    assert coins("p", 0) != coins("q", 0)


@given(limit=st.integers(0, 29), n=st.integers(2, 6))
def test_the_end_of_the_budget_keeps_what_was_paid(limit: int, n: int) -> None:
    whole = tell(entrants(n), pairing("round-robin"), matching("voting", {"votes": 2}), erratic(1))
    story = tell(entrants(n), pairing("round-robin"), matching("voting", {"votes": 2}), erratic(1), limit=limit)
    assert story.record.complete == (limit >= whole.asked)
    assert story.asked == min(limit, whole.asked)
    for verdict in story.record.verdicts:
        assert (verdict.p_a is None) == all(judgment.p_first is None for judgment in verdict.judgments)


def test_a_match_cut_short_is_decided_by_what_it_has() -> None:
    field = entrants(2)
    record = open_record(field, seed=0)
    game = play(record, script(((0, 1),), ((0, 1),)), matching("voting", {"votes": 4, "stop": "none"}), seed=0)
    wave = next(game)
    assert len(wave) == 4
    with pytest.raises(StopIteration):
        game.send([perfect(field, wave[0]), None, SECOND, None])
    (verdict,) = record.verdicts
    assert verdict.comparisons == (wave[0], wave[2])
    assert verdict.judgments == (perfect(field, wave[0]), SECOND)
    assert len(record.rounds) == 1
    assert not record.complete


def test_a_round_without_comparisons_goes_on() -> None:
    strategy = script((), ((0, 1),), ())
    story = tell(entrants(2), strategy, Decided(), always_first)
    assert story.record.complete
    assert story.waves == []
    assert [v.p_a for v in story.record.verdicts] == [1.0]
    assert len(strategy.heard) == 3


@pytest.mark.parametrize("n", [0, 1])
def test_nobody_to_meet_is_complete_without_a_match(n: int) -> None:
    record = open_record(entrants(n), seed=0)
    assert list(play(record, script(((0, 1),)), matching("single"), seed=0)) == []
    assert record.complete


def test_lots_belong_to_texts() -> None:
    field = entrants(4)
    turned = replace(field, texts=field.texts[::-1])
    lots = open_record(field, seed=1).lots
    assert lots.tolist() == open_record(turned, seed=1).lots[::-1].tolist()
    assert len({*lots.tolist()}) == 4
    assert lots.tolist() != open_record(field, seed=2).lots.tolist()
    assert lots.tolist() != open_record(entrants(4, name="other"), seed=1).lots.tolist()


@given(seed=st.integers(0, 99))
def test_a_record_sums_up_its_verdicts(seed: int) -> None:
    record = tell(entrants(5), pairing("round-robin"), matching("single"), by_text(seed)).record
    wins = np.zeros((5, 5))
    for verdict in record.verdicts:
        if verdict.p_a is not None:
            wins[verdict.match.a, verdict.match.b] += verdict.p_a
            wins[verdict.match.b, verdict.match.a] += 1 - verdict.p_a
    assert record.wins().tolist() == wins.tolist()
    pairs, p_a = record.pairs()
    assert pairs.tolist() == [list(v.match) for v in record.verdicts]
    assert [None if np.isnan(p) else p for p in p_a] == [v.p_a for v in record.verdicts]


@given(often=st.integers(1, 7), earlier=st.integers(0, 3))
def test_a_pair_that_meets_again_in_a_round_is_shown_both_ways_in_turn(often: int, earlier: int) -> None:
    rounds = (((1, 0),),) * earlier + (((0, 1),) * often,)
    record = tell(entrants(2), script(*rounds), matching("single"), erratic(1)).record
    asked = [c for verdict in record.verdicts for c in verdict.comparisons]
    assert len(set(asked)) == len(asked) == often + earlier
    orders = Counter(c.first for c in asked)
    assert abs(orders[0] - orders[1]) <= 1


@pytest.mark.parametrize("name", ["voting", "rethinking"])
def test_matches_of_a_pair_in_one_round_ask_nothing_twice(name: str) -> None:
    record = tell(entrants(3), script(((0, 1),) * 3, ((1, 0),) * 2), matching(name), erratic(2)).record
    asked = [c._replace(continues=None) for verdict in record.verdicts for c in verdict.comparisons]
    assert len(set(asked)) == len(asked) > 10
