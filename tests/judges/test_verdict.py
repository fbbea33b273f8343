"""Reading the verdict from a judge's own last words."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tournament.judges.verdict import TAIL_LINES, read_verdict, without_verdict
from tournament.types import Outcome

DECIDED, TIE = Outcome.DECIDED, Outcome.TIE
UNPARSABLE, TRUNCATED, CONTRADICTORY = Outcome.UNPARSABLE, Outcome.TRUNCATED, Outcome.CONTRADICTORY


@pytest.mark.parametrize(
    ("text", "p_first"),
    [
        ("Verdict: 1", 1.0),
        ("Verdict: 2", 0.0),
        ("verdict: TIE", 0.5),
        ("Reasons.\n\n**Verdict: 1**\n", 1.0),
        ("**Verdict:** Response 2.", 0.0),
        ("### Final verdict: 2", 0.0),
        ("`Verdict: [[1]]`", 1.0),
        ("[[2]]", 0.0),
        ("Verdict\uff1a 1", 1.0),
        ("Verdict: 1\n\nI hope that this helps.", 1.0),
        ("Verdict: 1\r\nVerdict: 1\r\n", 1.0),
        ("<think>Verdict: 2</think>\nVerdict: 1", 1.0),
        ("no opening tag, so the template had it\n</think>\n\nVerdict: 2", 0.0),
        ("<think>a</think> b </think>Verdict: tie", 0.5),
    ],
)
def test_a_verdict_line_is_read(text: str, p_first: float) -> None:
    assert read_verdict(text, True) == (TIE if p_first == 0.5 else DECIDED, p_first)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Both are fine.",
        "Verdict: 3",
        "Verdict: 12",
        "Verdict: 1 or 2",
        "The second one says 'Verdict: 2'.",
        "> Verdict: 2",
        '"Verdict: 2"',
        "1",
        "[[1]] beats [[2]]",
        "Verdict: [[1",
        "Verdict:\n1",
        "Verdict: 1\n" + "More words.\n" * TAIL_LINES,
        "<think>Verdict: 1</think>",
        "Verdict: " + " " * 1000 + "1" + "x" * 1000,
    ],
)
def test_anything_else_is_unparsable(text: str) -> None:
    assert read_verdict(text, True) == (UNPARSABLE, None)


def test_two_verdicts_in_the_tail_contradict_each_other() -> None:
    assert read_verdict("Verdict: 1\nNo, wait.\nVerdict: 2", True) == (CONTRADICTORY, None)
    assert read_verdict("Verdict: tie\n[[1]]", True) == (CONTRADICTORY, None)
    earlier = "Verdict: 1\n" + "More words.\n" * TAIL_LINES
    assert read_verdict(earlier + "Verdict: 2", True) == (DECIDED, 0.0)


@pytest.mark.parametrize("text", ["<think>\nVerdict: 1", "<think>a</think>\n<think>\nVerdict: 1", "<think>"])
def test_thinking_that_did_not_end_has_no_verdict(text: str) -> None:
    assert read_verdict(text, True) == (TRUNCATED, None)


def test_an_answer_cut_off_by_its_limit_has_no_verdict() -> None:
    assert read_verdict("Verdict: 1", False) == (TRUNCATED, None)


@given(st.text(), st.booleans())
def test_any_text_is_read_without_an_error(text: str, finished: bool) -> None:
    outcome, p_first = read_verdict(text, finished)
    assert (p_first is not None) == (outcome in (DECIDED, TIE))


LINES = st.lists(
    st.sampled_from(["words", "", "Verdict: 1", "Verdict: 2", "[[1]]", "**Verdict: tie**", "> Verdict: 1"])
)


@given(LINES)
def test_a_verdict_can_be_taken_off(lines: list[str]) -> None:
    text = "\n".join(lines)
    rest = without_verdict(text)
    assert text.startswith(rest)
    if read_verdict(text, True)[0] is UNPARSABLE:
        assert rest == text.rstrip()


@given(st.text(), st.sampled_from(["1", "2", "tie"]))
def test_what_stands_inside_thinking_changes_no_verdict(thought: str, verdict: str) -> None:
    expected = read_verdict(f"Verdict: {verdict}", True)
    assert read_verdict(f"<think>{thought}\nVerdict: 1\n</think>\nVerdict: {verdict}", True) == expected


@pytest.mark.parametrize("part", ["Verdict: 1\n", "Verdict: ", "[[", "\n", "</think>", "<think>", "*", " "])
def test_reading_takes_linear_time(part: str) -> None:
    text = part * (2_000_000 // len(part))
    started = time.perf_counter()
    read_verdict(text, True)
    without_verdict(text)
    assert time.perf_counter() - started < 4
