"""The example problems are what their README says, and their marks agree with how final answers are read."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tournament import Problem
from tournament.answers import final_answer, same
from tournament.records import read_problems

PROBLEMS = list(read_problems(Path(__file__).parents[1] / "examples" / "gsm8k.jsonl"))
each_problem = pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.id)


def test_there_are_24_problems_under_their_own_ids() -> None:
    assert len(PROBLEMS) == 24
    assert len({problem.id for problem in PROBLEMS}) == 24
    assert PROBLEMS[0].id == "lantern-walk"


@each_problem
def test_a_problem_has_4_to_8_candidates_under_their_own_ids(problem: Problem) -> None:
    assert 4 <= len(problem.candidates) <= 8
    assert len({candidate.id for candidate in problem.candidates}) == len(problem.candidates)


@each_problem
def test_some_candidate_reaches_the_reference_and_every_mark_is_right(problem: Problem) -> None:
    right = [same(final_answer(candidate.text), problem.reference) for candidate in problem.candidates]
    assert any(right)
    assert [candidate.meta["correct"] for candidate in problem.candidates] == right


def test_one_problem_has_identical_candidates() -> None:
    texts = [[candidate.text for candidate in problem.candidates] for problem in PROBLEMS]
    assert sum(len(set(field)) < len(field) for field in texts) == 1


def test_the_most_frequent_answer_is_wrong_in_a_few_problems() -> None:
    wrong = 0
    for problem in PROBLEMS:
        answers = Counter(final_answer(candidate.text) for candidate in problem.candidates)
        (first, count), *others = answers.most_common()
        assert all(count > fewer for _, fewer in others), f"{problem.id}: two answers are equally frequent"
        wrong += not same(first, problem.reference)
    assert 3 <= wrong <= 4


def test_about_half_of_the_candidates_are_right() -> None:
    marks = [candidate.meta["correct"] for problem in PROBLEMS for candidate in problem.candidates]
    assert 0.4 <= sum(marks) / len(marks) <= 0.6
