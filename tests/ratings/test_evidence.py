"""Comparisons as sums: nothing is lost that a rating needs, and nothing depends on the order of adding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ratings.judged_oracle import Judged, evidence, random_judged
from tournament.ratings import Evidence
from tournament.ratings.evidence import stacked

PARTS = ("count", "lead", "square", "tied")


def _same(one: Evidence, other: Evidence) -> None:
    for part in PARTS:
        np.testing.assert_allclose(getattr(one, part), getattr(other, part), atol=1e-12)


def _records(seed: int, n: int = 5, many: int = 30) -> list[Judged]:
    return random_judged(np.random.default_rng(seed), n, many)


def test_sums_by_hand() -> None:
    found = evidence(3, [(0, 1, 1.0), (0, 1, 0.5), (1, 0, 0.25), (2, 0, 0.0)])
    assert found.count.tolist() == [[0, 2, 0], [1, 0, 0], [1, 0, 0]]
    assert found.lead.tolist() == [[0, 0.5, 0], [-0.25, 0, 0], [-0.5, 0, 0]]
    assert found.square.tolist() == [[0, 0.25, 0], [0.0625, 0, 0], [0.25, 0, 0]]
    assert found.tied.tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 0]]
    assert found.met.tolist() == [[0, 3, 1], [3, 0, 0], [1, 0, 0]]
    assert len(found) == 3


def test_what_has_no_preference_is_left_out() -> None:
    found = Evidence.none(3)
    found.add([0, 1, 2], [1, 2, 0], [np.nan, 1.0, np.nan])
    _same(found, evidence(3, [(1, 2, 1.0)]))


def test_a_weight_counts_as_so_many() -> None:
    found = Evidence.none(2)
    found.add([0, 0], [1, 1], [1.0, 0.5], weight=0.5)
    assert (found.count[0, 1], found.lead[0, 1], found.square[0, 1], found.tied[0, 1]) == (1.0, 0.25, 0.125, 0.5)


@given(seed=st.integers(0, 99), data=st.data())
def test_it_may_be_added_to_in_any_order_and_in_parts(seed: int, data: st.DataObject) -> None:
    judged = _records(seed)
    shuffled = data.draw(st.permutations(judged))
    parts, cut = Evidence.none(5), data.draw(st.integers(0, len(judged)))
    for part in (shuffled[:cut], shuffled[cut:]):
        if part:
            parts.add(*zip(*part, strict=True))
    _same(parts, evidence(5, judged))


@given(seed=st.integers(0, 99), groups=st.lists(st.integers(0, 2), min_size=5, max_size=5))
def test_groups_sum_what_is_between_them(seed: int, groups: list[int]) -> None:
    judged = _records(seed)
    between = [(groups[a], groups[b], p) for a, b, p in judged if groups[a] != groups[b]]
    _same(evidence(5, judged).grouped(groups, 3), evidence(3, between))


@given(seed=st.integers(0, 99), names=st.permutations(range(5)))
def test_a_permutation_renames(seed: int, names: list[int]) -> None:
    judged = _records(seed)
    _same(evidence(5, judged).grouped(names, 5), evidence(5, [(names[a], names[b], p) for a, b, p in judged]))


def test_a_stack_holds_its_problems_in_order() -> None:
    problems = [evidence(5, _records(seed)) for seed in range(3)]
    stack = stacked(problems)
    assert stack.count.shape == (3, 5, 5)
    for number, problem in enumerate(problems):
        _same(Evidence(**{part: getattr(stack, part)[number] for part in PARTS}), problem)
    assert stack.met[1] == pytest.approx(problems[1].met)
