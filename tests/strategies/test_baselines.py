"""Picks without a judge."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.core.helpers import perfect, tell
from tournament.registry import matching, pairing
from tournament.strategy import Ranking
from tournament.types import Candidate, Field, Problem


def rank(name: str, *texts: str, seed: int = 0) -> Ranking:
    problem = Problem(
        id="p", prompt="q", candidates=tuple(Candidate(id=str(i), text=text) for i, text in enumerate(texts))
    )
    story = tell(Field.of(problem), pairing(name), matching("single"), perfect, seed=seed)
    assert not story.waves
    return story.rankings[-1]


def test_first_keeps_the_order_of_the_file() -> None:
    ranking = rank("first", "c", "a", "b")
    assert (ranking.order, ranking.best_by, ranking.tie_breaks) == ((0, 1, 2), None, ())


def test_longest_counts_characters() -> None:
    ranking = rank("longest", "aa", "ééé", "a")
    assert (ranking.order, ranking.best_by) == ((1, 0, 2), None)


def test_equals_are_drawn_and_it_says_so() -> None:
    assert {rank("longest", "aa", "bb", seed=seed).order[0] for seed in range(20)} == {0, 1}
    assert rank("longest", "aa", "bb").best_by == "draw"
    assert rank("longest", "aaa", "b", "c").best_by is None
    assert rank("longest", "aaa", "b", "c").tie_breaks == ("draw",)


def test_majority_takes_the_most_frequent_answer() -> None:
    texts = [f"{words} \\boxed{{{answer}}}" for words, answer in (("x", 3), ("y", 4), ("z", 4), ("w", 5))]
    ranking = rank("majority", *texts)
    assert {*ranking.order[:2]} == {1, 2}
    assert ranking.best_by == "draw"


def test_majority_counts_identical_candidates() -> None:
    assert rank("majority", "\\boxed{1}", "\\boxed{2}", "\\boxed{2}").order[0] == 1
    assert rank("majority", "\\boxed{1}", "\\boxed{2}", "\\boxed{2}").best_by is None


def test_a_random_pick_weighs_identical_candidates() -> None:
    picks = Counter(rank("random", "a", "b", "b", "b", seed=seed).order[0] for seed in range(400))
    # 400 draws of three in four, standard deviation 8.7.
    assert 260 < picks[1] < 340


@pytest.mark.parametrize("name", ["first", "random", "longest", "majority"])
def test_nothing_is_said_about_strengths(name: str) -> None:
    ranking = rank(name, "a", "bb", "c")
    assert all(value != value for values in (ranking.rating, ranking.stderr, ranking.p_best) for value in values)
