"""What the narrowing strategies share: stages, pairs and seats."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategies.narrowing import Narrowing, Seats, paired
from tests.core.helpers import entrants
from tournament.engine import open_record
from tournament.types import Match, Verdict

keeps = st.floats(0.05, 0.95)


@given(n=st.integers(2, 64), total=st.integers(1, 300), keep=keeps)
def test_stages_only_get_smaller_and_end_with_the_budget(n: int, total: int, keep: float) -> None:
    how = Narrowing(keep=keep)
    stages = [how.stage(n, used, total) for used in range(total)]
    sizes, ends = [size for size, _ in stages], [end for _, end in stages]
    assert sizes == sorted(sizes, reverse=True)
    assert ends == sorted(ends)
    assert ends[-1] == total
    assert all(2 <= size <= n and used < end for used, (size, end) in enumerate(stages))


def test_stages_by_hand() -> None:
    """Eight, four and two get matches as 2.83 : 2 : 1.41."""
    how = Narrowing(keep=0.5)
    assert [how.stage(8, used, 62) for used in (0, 27, 28, 47, 48, 61)] == [
        (8, 28), (8, 28), (4, 48), (4, 48), (2, 62), (2, 62),
    ]  # fmt: skip


@given(data=st.data(), n=st.integers(2, 9), seed=st.integers(0, 99))
def test_pairs_are_even(data: st.DataObject, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    running = rng.permutation(12)[:n]
    count = data.draw(st.integers(1, n * (n - 1)))
    luck = rng.random((12, 12))
    pairs = paired(running, np.zeros(12), np.zeros((12, 12)), luck + luck.T, count)
    assert len(pairs) == count
    if n > 2:
        often = Counter(frozenset(pair) for pair in pairs)
        assert max(often.values()) <= 1 + 2 * count // (n * (n - 1) // 2)
    assert all(a != b and {a, b} <= set(running.tolist()) for a, b in pairs)
    if count == n // 2:
        assert max(Counter(seat for pair in pairs for seat in pair).values()) == 1


def test_the_least_met_come_first_and_then_the_nearest() -> None:
    rating, met, luck = np.array([0.0, 3.0, 0.1, 3.1]), np.zeros((4, 4)), np.zeros((4, 4))
    near = paired(np.arange(4), rating, met, luck, 2)
    assert {frozenset(pair) for pair in near} == {frozenset((0, 2)), frozenset((1, 3))}
    for a, b in ((0, 2), (1, 3)):
        met[a, b] = met[b, a] = 1.0
    far = paired(np.arange(4), rating, met, luck, 2)
    assert not {frozenset(pair) for pair in far} & {frozenset((0, 2)), frozenset((1, 3))}


def test_the_member_who_played_least_stands_for_a_seat() -> None:
    record = open_record(entrants(5), seed=0)
    seats = Seats(record, [[0, 1, 2], [3], [4]])
    assert seats.matches([(0, 1), (0, 2), (1, 0)]) == [Match(0, 3), Match(1, 4), Match(3, 2)]


def test_seats_see_the_matches_between_them_alone() -> None:
    record = open_record(entrants(4), seed=0)
    record.rounds.append([Verdict(Match(0, 1), 1.0), Verdict(Match(1, 2), 1.0), Verdict(Match(3, 0), 0.0)])
    seats = Seats(record, [[0, 1], [2, 3]])
    assert seats.met()[0, 1] == seats.met()[1, 0] == 2.0
    rating = seats.posterior().rating
    assert rating[0] > 0.5
    assert rating.sum() == pytest.approx(0.0, abs=1e-9)


@given(n=st.integers(2, 40), limit=st.none() | st.integers(0, 200), confidence=st.sampled_from([0.9, 1.0]))
def test_matches_are_bracketed_by_the_limit(n: int, limit: int | None, confidence: float) -> None:
    fewest, most = Narrowing(confidence=confidence, effort=3.0).matches(n, limit)
    assert 0 <= fewest <= most
    assert most == (limit if limit is not None else max(n - 1, min(3 * n, n * (n - 1))))
    assert fewest == most or confidence < 1
