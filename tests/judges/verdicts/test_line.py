"""The verdict as a line of its own, among a judge's last lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tournament.judges.verdicts import grammar, read_verdict
from tournament.judges.verdicts.line import TAIL_LINES
from tournament.types import Outcome

LINE = grammar("line")
DECIDED, TIE = Outcome.DECIDED, Outcome.TIE
UNPARSABLE, CONTRADICTORY = Outcome.UNPARSABLE, Outcome.CONTRADICTORY


def said(text: str) -> tuple[Outcome, float | None]:
    return read_verdict(LINE, text, True)[:2]


@pytest.mark.parametrize(
    ("text", "p_first"),
    [
        ("Verdict: 1", 1.0),
        ("Verdict: 2", 0.0),
        ("verdict: TIE", 0.5),
        ("Reasons.\n\n**Verdict: 1**\n", 1.0),
        ("**Verdict:** Response 2.", 0.0),
        ("### Final verdict: 2", 0.0),
        ("My final verdict: 1!", 1.0),
        ("The final verdict is: 2.", 0.0),
        ("`Verdict: [[1]]`", 1.0),
        ("[[2]]", 0.0),
        ("Verdict\uff1a 1", 1.0),
        ("  \tVerdict:   1  ", 1.0),
        ("Verdict: 1\n\nI hope that this helps.", 1.0),
        ("Verdict: 1\r\nVerdict: 1\r\n", 1.0),
        ("<think>Verdict: 2</think>\nVerdict: 1", 1.0),
        ("no opening tag, so the template had it\n</think>\n\nVerdict: 2", 0.0),
        ("<think>a</think> b </think>Verdict: tie", 0.5),
    ],
)
def test_a_verdict_line_is_read(text: str, p_first: float) -> None:
    assert said(text) == (TIE if p_first == 0.5 else DECIDED, p_first)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Both are fine.",
        "Verdict: 3",
        "Verdict: 12",
        "Verdict: 1 or 2",
        "Verdict: 1, 2",
        "Verdict: \u0661",
        "Verdict: \u00b9",
        "Verdict: \uff11",
        "The second one says 'Verdict: 2'.",
        "> Verdict: 2",
        '"Verdict: 2"',
        "1",
        "[[1]] beats [[2]]",
        "Verdict: [[1",
        "Verdict: 1]]",
        "Verdict:\n1",
        "Verdict: 1\n" + "More words.\n" * TAIL_LINES,
        "<think>Verdict: 1</think>",
        "Verdict: " + " " * 1000 + "1" + "x" * 1000,
        "\\boxed{Assistant 1}",
        "<answer>[[A]]</answer>",
    ],
)
def test_anything_else_is_unparsable(text: str) -> None:
    assert said(text) == (UNPARSABLE, None)


def test_two_verdicts_in_the_tail_contradict_each_other() -> None:
    assert said("Verdict: 1\nNo, wait.\nVerdict: 2") == (CONTRADICTORY, None)
    assert said("Verdict: tie\n[[1]]") == (CONTRADICTORY, None)
    earlier = "Verdict: 1\n" + "More words.\n" * TAIL_LINES
    assert said(earlier + "Verdict: 2") == (DECIDED, 0.0)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Verdict: 1", 9),
        ("Verdict: TIE.", 9),
        ("1 2\n**Verdict: [[2]]**\n", 17),
        ("x</think>\r\nVerdict: 1", 20),
        ("Verdict: 2\nVerdict: 2\n", 20),
        ("2\nVerdict: response 2", 20),
    ],
)
def test_the_label_is_that_of_the_last_verdict(text: str, place: int) -> None:
    assert read_verdict(LINE, text, True).label == place


LINES = st.lists(
    st.sampled_from(["words", "", "Verdict: 1", "Verdict: 2", "[[1]]", "**Verdict: tie**", "> Verdict: 1"])
)


@given(LINES)
def test_a_verdict_can_be_taken_off(lines: list[str]) -> None:
    text = "\n".join(lines)
    rest = LINE.without_verdict(text)
    assert text.startswith(rest)
    if said(text)[0] is UNPARSABLE:
        assert rest == text.rstrip()
    else:
        assert len(rest) < len(text.rstrip())


@given(st.text(), st.sampled_from(["1", "2", "tie"]))
def test_what_stands_inside_thinking_changes_no_verdict(thought: str, verdict: str) -> None:
    expected = said(f"Verdict: {verdict}")
    assert expected[1] is not None
    assert said(f"<think>{thought}\nVerdict: 1\n</think>\nVerdict: {verdict}") == expected
