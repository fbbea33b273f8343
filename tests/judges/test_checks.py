from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tournament.judges.arithmetic import evaluate, statements
from tournament.judges.checks import ChecksJudge
from tournament.judges.evidence import Evidence, gather
from tournament.ratings import wilson
from tournament.records import read_problems
from tournament.types import Candidate, Comparison, Field, Judgment, Outcome, Problem

SHARED = Path(__file__).parents[2].parent / "shared/data/gsm8k/train.jsonl"
QUESTION = "Tom has 16 eggs, eats 3 and sells the rest for $2 each. How much does he get?"
RIGHT = "16 - 3 = <<16-3=13>>13 eggs, 13 * 2 = $26\nA: 26"
SLIP = "16 - 3 = 14 eggs, 14 * 2 = 28\nA: 28"
LEFT_OUT = "16 eggs at $2 are 16 * 2 = 32\nA: 32"


def field(*texts: str, prompt: str = QUESTION) -> Field:
    meta = {"correct": True}
    candidates = tuple(Candidate(id=str(i), text=text, meta=meta) for i, text in enumerate(texts))
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
    assert "the second leaves out the question's 3." in left_out.text
    for judgment in (agreed, slipped, left_out):
        assert "built-in checks, no language model" in judgment.text
        assert judgment.outcome is Outcome.DECIDED
        assert judgment.text.splitlines()[-1].startswith("So the first is preferred")


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
    assert "nothing to check" in judgment.text
    assert "sglang.launch_server" in judgment.detail
    assert "tourney rank ... --judge sglang --base-url http://127.0.0.1:30000" in judgment.detail


def test_even_evidence_is_a_tie_that_says_so() -> None:
    judgment = judge(field(RIGHT, RIGHT + " ", SLIP), 0, 1)
    assert (judgment.outcome, judgment.p_first) == (Outcome.TIE, 0.5)
    assert judgment.text.splitlines()[-1] == "Nothing here tells the two apart, so the checks abstain: a tie."


def test_agreement_is_that_of_the_others_and_not_of_the_pair_itself() -> None:
    assert "Agreement" not in judge(field(RIGHT, SLIP), 0, 1).text
    pair = judge(field(RIGHT, "They make 26.\nA: 26", SLIP), 0, 1)
    assert "Agreement: 0 % of the other candidates end in the first's answer, 26" in pair.text


def test_neither_labels_nor_the_reference_change_a_judgment() -> None:
    def judged(correct: bool, reference: str) -> Judgment:
        candidates = tuple(
            Candidate(id=str(i), text=text, meta={"correct": correct != (i == 0)})
            for i, text in enumerate((RIGHT, SLIP, LEFT_OUT))
        )
        problem = Problem(id="p", prompt=QUESTION, candidates=candidates, reference=reference)
        return judge(Field.of(problem), 0, 1)

    assert judged(True, "26") == judged(False, "28")


def test_a_field_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []

    def counted(entrants: Field) -> Evidence:
        looked.append(entrants)
        return gather(entrants)

    monkeypatch.setattr("tournament.judges.checks.gather", counted)
    one, other, checks = field(RIGHT, SLIP, LEFT_OUT), field(SLIP, RIGHT), ChecksJudge()
    pairs = [Comparison(i, j) for i in range(3) for j in range(3) if i != j]
    first = checks.judge_now(one, pairs)
    checks.judge_now(other, [Comparison(0, 1)])
    assert checks.judge_now(one, pairs) == first
    assert len(looked) == 2


def test_a_field_in_use_is_kept_while_others_come_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []

    def counted(entrants: Field) -> Evidence:
        looked.append(entrants)
        return gather(entrants)

    monkeypatch.setattr("tournament.judges.checks.gather", counted)
    used, checks, pair = field(RIGHT, SLIP), ChecksJudge(), [Comparison(0, 1)]
    for i in range(600):
        checks.judge_now(used, pair)
        checks.judge_now(field("A: 1", f"A: {i + 2}"), pair)
    assert sum(entrants is used for entrants in looked) == 1


def test_many_fields_are_each_judged_by_their_own_texts() -> None:
    checks, pair = ChecksJudge(), [Comparison(0, 1)]
    for i in range(600):
        judgment = checks.judge_now(field(f"A: {i}", f"A: {i}.5", f"so A\nA: {i}", prompt="?"), pair)[0]
        assert judgment.p_first is not None
        assert judgment.p_first > 0.5
        assert f"answer, {i}.5." in judgment.text


def test_the_identity_names_the_judge_and_holds_its_weights() -> None:
    identity = ChecksJudge().identity
    assert (identity.kind, identity.label) == ("checks", "built-in checks, no language model")
    assert identity.deterministic
    assert identity.reads_field
    assert identity.model == "checks-1"
    assert set(identity.settings["weights"]) == {"agreement", "arithmetic", "numbers"}


def test_what_is_said_stays_short_whatever_the_texts_hold() -> None:
    prompt = " ".join(map(str, range(9_999)))
    long = "\\boxed{" + "word " * 700 + "}"
    assert len(judge(field(long, long + " ", "A: 1", prompt=prompt), 0, 2).text) < 2_000


@pytest.mark.parametrize(
    "text",
    ["9" * 10**6, "(" * 10**6, "1+" * 300_000 + "1=2", "=" * 10**6, "<<" * 300_000, "1/0=5\n2**9**9**9=3",
     "x" * 10**6, "1" * 40 + "*" + "9" * 40 + "=" + "1" * 90, "\ud800 1+1=3",
     "__import__('os').system('x')=1"],
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


needs_solutions = pytest.mark.skipif(not SHARED.exists(), reason="no GSM8K solutions in ../shared")


def real_pairs() -> Iterator[tuple[Field, list[Comparison]]]:
    """Fields of real solutions with their pairs of a right candidate, shown first, and a wrong one."""
    for problem in read_problems(SHARED):
        entrants = Field.of(problem)
        correct = [problem.candidates[members[0]].meta["correct"] for members in entrants.members]
        places = range(len(correct))
        yield entrants, [Comparison(i, j) for i in places for j in places if correct[i] and not correct[j]]


@needs_solutions
def test_it_reaches_its_figure_on_real_pairs() -> None:
    right = count = 0.0
    for entrants, pairs in real_pairs():
        for judgment in ChecksJudge().judge_now(entrants, pairs):
            assert judgment.p_first is not None
            right += (judgment.p_first > 0.5) + 0.5 * (judgment.p_first == 0.5)
            count += 1
    assert right / count > 0.76


@needs_solutions
def test_agreement_alone_is_right_as_often_as_was_measured() -> None:
    shares = []
    for entrants, pairs in real_pairs():
        evidence = gather(entrants)
        shares += [evidence.agreement(pair.first, pair.second) for pair in pairs]
    right = sum((mine > its) + 0.5 * (mine == its) for mine, its in shares)
    interval = wilson(right, len(shares))
    assert interval.low < 0.74 < interval.high


@needs_solutions
def test_the_shipped_weights_are_those_of_the_fit() -> None:
    program = Path(__file__).parents[2] / "benchmarks/fit_checks.py"
    command = [sys.executable, str(program), str(SHARED), "--check"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.splitlines()[-1].startswith("held-out pairs right: ")
