from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tournament.judges.arithmetic import evaluate, statements
from tournament.judges.checks import ChecksJudge
from tournament.records import read_problems
from tournament.types import Candidate, Comparison, Field, Judgment, Outcome, Problem

SHARED = Path(__file__).parents[2].parent / "shared/data/gsm8k/train.jsonl"
QUESTION = "Tom has 16 eggs, eats 3 and sells the rest for $2 each. How much does he get?"
RIGHT = "16 - 3 = <<16-3=13>>13 eggs, 13 * 2 = $26\nA: 26"
SLIP = "16 - 3 = 14 eggs, 14 * 2 = 28\nA: 28"
LEFT_OUT = "16 eggs at $2 are 16 * 2 = 32\nA: 32"


def field(*texts: str, prompt: str = QUESTION) -> Field:
    candidates = tuple(Candidate(id=str(i), text=text, meta={"correct": True}) for i, text in enumerate(texts))
    return Field.of(Problem(id="p", prompt=prompt, candidates=candidates, reference="26"))


def judge(entrants: Field, first: int, second: int) -> Judgment:
    return ChecksJudge().judge_now(entrants, [Comparison(first, second)])[0]


def test_each_piece_of_evidence_decides_and_is_said_in_words() -> None:
    agreed = judge(field(RIGHT, SLIP, "It is 26.\nA: 26"), 0, 1)
    assert agreed.p_first is not None
    assert agreed.p_first > 0.9
    assert "Agreement: 100 % of the other candidates end in the first's answer, 26" in agreed.text
    slipped = judge(field(RIGHT, SLIP), 0, 1)
    assert slipped.p_first is not None
    assert slipped.p_first > 0.5
    assert "16 - 3 = 14 does not hold" in slipped.text
    left_out = judge(field(RIGHT, LEFT_OUT), 0, 1)
    assert left_out.p_first is not None
    assert left_out.p_first > 0.5
    assert "the second leaves out 3 of the question" in left_out.text
    for judgment in (agreed, slipped, left_out):
        assert "built-in checks, no language model" in judgment.text
        assert judgment.outcome is Outcome.DECIDED


TEXTS = st.lists(
    st.sampled_from([RIGHT, SLIP, LEFT_OUT, "A: 26", "A: 28", "I do not know", "A: 32\n1 + 1 = 3"]),
    min_size=2,
    unique=True,
)


@given(TEXTS, st.randoms(use_true_random=False))
def test_swapping_the_order_swaps_the_preference(texts: list[str], rng: random.Random) -> None:
    entrants = field(*texts)
    one, other = judge(entrants, 0, 1), judge(entrants, 1, 0)
    assert one.outcome == other.outcome
    assert (one.p_first or 0) + (other.p_first or 0) == pytest.approx(1)
    rest = texts[2:]
    rng.shuffle(rest)
    assert judge(field(*texts[:2], *rest), 0, 1) == one


def test_identical_candidates_are_one_witness() -> None:
    once = judge(field(RIGHT, SLIP, "A: 28"), 0, 1)
    often = judge(field(RIGHT, SLIP, *["A: 28"] * 9), 0, 1)
    assert once == often


def test_neither_length_nor_the_form_of_an_answer_is_evidence() -> None:
    padded = "Let us think about it. " * 50 + "A: 7"
    assert judge(field("A: 7.5", padded, prompt="How much?"), 0, 1).outcome is Outcome.TIE


def test_open_ended_prompts_are_left_to_a_model() -> None:
    judgment = judge(field("Rain on the pond", "Snow on the hill", prompt="Write a haiku."), 0, 1)
    assert (judgment.outcome, judgment.p_first) == (Outcome.TIE, 0.5)
    assert "sglang.launch_server" in judgment.detail


def test_labels_are_never_seen() -> None:
    entrants = field(RIGHT, SLIP)
    assert not any("correct" in repr(getattr(entrants, name)) for name in Field.__slots__)
    assert "26" not in repr(entrants.prompt)


@pytest.mark.parametrize(
    "text",
    ["9" * 10**6, "(" * 10**6, "1+" * 300_000 + "1=2", "=" * 10**6, "<<" * 300_000, "1/0=5\n2**9**9**9=3",
     "x" * 10**6, "1" * 40 + "*" + "9" * 40 + "=" + "1" * 90, "\ud800 1+1=3", "__import__('os').system('x')=1"],
)  # fmt: skip
def test_hostile_texts_end(text: str) -> None:
    for prompt in (QUESTION, text):
        judgment = judge(field(text, RIGHT, prompt=prompt), 0, 1)
        assert judgment.p_first is not None


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("16 - 3 = 13", [True]),
        ("16 - 3 = 14", [False]),
        ("<<16-3=13>>13 and 6 x 7 = 48", [True, False]),
        ("16 - 3 = <<16-3=12>>12", [False, False]),
        ("1,200 / 4 = 300", [True]),
        ("$4.50 + $4.50 = $9", [True]),
        ("50% * 80 = 40", [True]),
        ("5/20 = 25%", [True]),
        ("10 / 3 = 3.33", [True]),
        ("10 / 3 = 3.3", [True]),
        ("10 / 3 = 3.5", [False]),
        ("2 * (3 + 4) = 14 = 7 * 2", [True]),
        ("-3 + 5 = 2", [True]),
        ("x = 5", []),
        ("2x + 3 = 7", []),
        ("1/3 = 4", []),
        ("7 / 0 = 7", []),
        ("so 3 = 3", []),
    ],
)
def test_statements_are_recomputed(text: str, right: list[bool]) -> None:
    assert [statement.right for statement in statements(text)] == right


_numbers = st.integers(0, 999).map(str)
_expressions = st.recursive(
    _numbers,
    lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda t: f"({t[0]}{t[1]}{t[2]})"),
    max_leaves=8,
)


@given(_expressions)
def test_arithmetic_agrees_with_exact_fractions(expression: str) -> None:
    import re

    exact = re.sub(r"\d+", lambda match: f"Fraction({match[0]})", expression)
    try:
        expected = eval(exact, {"Fraction": Fraction})
    except ZeroDivisionError:
        expected = None
    assert evaluate(expression) == expected


@pytest.mark.skipif(not SHARED.exists(), reason="the GSM8K solutions in ../shared are not here")
def test_it_reaches_its_figure_on_real_pairs() -> None:
    right = count = 0.0
    for problem in read_problems(SHARED):
        entrants = Field.of(problem)
        correct = [problem.candidates[members[0]].meta["correct"] for members in entrants.members]
        pairs = [Comparison(i, j) for i, a in enumerate(correct) for j, b in enumerate(correct) if a and not b]
        for judgment in ChecksJudge().judge_now(entrants, pairs):
            assert judgment.p_first is not None
            right += (judgment.p_first > 0.5) + 0.5 * (judgment.p_first == 0.5)
            count += 1
    assert right / count > 0.76
