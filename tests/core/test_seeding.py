"""Fixed outputs: whoever changes the derivation of randomness changes every result, and has to mean it."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tournament import seeding


def test_keys_are_what_they_were() -> None:
    assert seeding.key(0) == KEYS[0]
    assert seeding.key(7, "lots", "p1") == KEYS[1]
    assert seeding.key(-1, "ü", "\ud800") == KEYS[2]


def test_generators_are_what_they_were() -> None:
    assert [int(i) for i in seeding.generator(3, "pairing", "p").permutation(8)] == PERMUTATION


def test_draws_are_what_they_were() -> None:
    assert seeding.mix(1) == MIXED
    assert [seeding.match_draw(5, *pair, meeting) for pair, meeting in (((0, 1), 0), ((2, 7), 0), ((2, 7), 2))] == DRAWS


def test_a_key_depends_on_every_part() -> None:
    parts = [(0, "a"), (1, "a"), (0, "b"), (0, "a", "a"), (0,), (0, "", "a"), (0, "a", ""), (0, "aa")]
    assert len({seeding.key(seed, *rest) for seed, *rest in parts}) == len(parts)  # type: ignore[arg-type]


@given(a=st.integers(0, 500), b=st.integers(0, 500), key=st.integers(0, (1 << 64) - 1), meeting=st.integers(0, 9))
def test_the_draw_of_a_match_is_that_of_its_mirror(a: int, b: int, key: int, meeting: int) -> None:
    draw = seeding.match_draw(key, a, b, meeting)
    assert draw == seeding.match_draw(key, b, a, meeting)
    assert 0 <= draw < 1 << 64
    assert draw != seeding.match_draw(key, a, b, meeting + 1)


@given(key=st.integers(0, (1 << 64) - 1), meeting=st.integers(0, 9))
def test_every_second_meeting_shows_the_pair_the_other_way_round(key: int, meeting: int) -> None:
    one, other = (seeding.match_draw(key, 3, 8, 2 * meeting + i) for i in (0, 1))
    assert one ^ other == 1


def test_coins_are_fair() -> None:
    coins = Counter(seeding.match_draw(9, a, b, 0) & 1 for a in range(50) for b in range(a))
    # 1225 coins: a standard deviation of 17.5.
    assert abs(coins[0] - coins[1]) < 2 * 5 * 17.5


@given(value=st.integers(0, (1 << 64) - 1))
def test_uniform_numbers_lie_strictly_between_0_and_1(value: int) -> None:
    assert 0.0 < seeding.uniform(value) < 1.0
    assert seeding.uniform(0) < seeding.uniform(1 << 63) < seeding.uniform((1 << 64) - 1)


KEYS = [8493733112532773764, 5900873261831724850, 12991114579920405680]
PERMUTATION = [3, 5, 0, 6, 2, 7, 1, 4]
MIXED = 6238072747940578789
DRAWS = [779949893994220357, 7981948000877979915, 8389451174962831331]
