"""The verdict as a letter in an answer, as RM-R1 writes it: `<answer>[[A]]</answer>`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tournament.judges.verdicts import grammar, read_verdict
from tournament.types import Outcome

LETTER = grammar("letter")


def said(text: str) -> tuple[Outcome, float | None]:
    return read_verdict(LETTER, text, True)[:2]


@pytest.mark.parametrize(
    ("text", "p_first"),
    [
        ("<answer>[[A]]</answer>", 1.0),
        ("<answer>[[B]]</answer>", 0.0),
        ("<eval>B is wrong, [B] and (B) too</eval>\n\n<answer>[[A]]</answer>\n", 1.0),
        ("<answer>\n[[B]]\n</answer>", 0.0),
        ("<think>[[B]]</think><answer>[[A]]</answer>", 1.0),
        ("<think>x</think>y<answer>[[B]]</answer></think><answer>[[A]]</answer>", 1.0),
        ("<answer>[[A]]</answer> Once more: <answer>[[A]]</answer>", 1.0),
        ("[[A]] it is: <answer>[[A]]</answer>", 1.0),
        ("<answer> <answer>[[B]]</answer>", 0.0),
        ("<answer>[[B]]</answer></answer>", 0.0),
        ("[[C]] [[a]] [[b]] [[ B ]] <answer>[[A]]</answer>", 1.0),
        ("<answer>[[A]] or so</answer> <answer>[[A]]</answer>", 1.0),
    ],
)
def test_the_last_answer_decides(text: str, p_first: float) -> None:
    assert said(text) == (Outcome.DECIDED, p_first)


@pytest.mark.parametrize(
    "text",
    [
        "<answer>[[A]]</answer><answer>[[B]]</answer>",
        "<answer>[[B]]</answer> no: <answer>[[A]]</answer>",
        "<answer>[[A]]</answer> although [[B]] is close",
        "[[B]] or [[A]]? <answer>[[A]]</answer>",
        "<answer>[[B]]</answer>\n\n[[A]]",
        "<answer>[[B]]</answer><answer>[[A]]",
        "<quote_A>[[A]]</quote_A><answer>[[B]]</answer>",
    ],
)
def test_the_other_letter_in_double_brackets_is_a_contradiction(text: str) -> None:
    assert said(text) == (Outcome.CONTRADICTORY, None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A",
        "[[A]]",
        "<answer></answer>",
        "<answer>[[]]</answer>",
        "<answer>A</answer>",
        "<answer>[A]</answer>",
        "<answer>[[a]]</answer>",
        "<answer>[[C]]</answer>",
        "<answer>[[A]][[B]]</answer>",
        "<answer>[[A]], since B errs</answer>",
        "<answer>[[A]]",
        "[[A]]</answer>",
        "<answer>[[A]</answer>",
        "<answer>[ [A] ]</answer>",
        "<Answer>[[A]]</Answer>",
        "<answer >[[A]]</answer>",
        "<answer>[[A]]<answer>",
        "< answer>[[A]]</answer>",
        "<answer>[[\u0410]]</answer>",
        "\uff1canswer\uff1e[[A]]\uff1c/answer\uff1e",
        "<think><answer>[[A]]</answer></think>",
        "<answer>[[A]]</think></answer>",
        "<answer>" + " " * 50_000 + "[[A]]</answer>",
        "Verdict: 1",
        "\\boxed{Assistant 1}",
    ],
)
def test_anything_else_is_unparsable(text: str) -> None:
    assert said(text) == (Outcome.UNPARSABLE, None)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("<answer>[[A]]</answer>", 10),
        ("<answer>[[A]]</answer> A <answer>\n[[A]]</answer>", 36),
        ("A B </think>\n<answer>[[B]]</answer> A B", 23),
    ],
)
def test_the_label_is_the_letter_in_the_last_answer(text: str, place: int) -> None:
    assert read_verdict(LETTER, text, True).label == place


PIECES = st.lists(
    st.one_of(
        st.sampled_from(["<answer>", "</answer>", "[[A]]", "[[B]]", "[[", "]]", "A", "B", "</think>", "\n", " "]),
        st.text(max_size=5),
    )
).map("".join)


@given(PIECES, PIECES)
def test_an_answer_is_never_read_against_its_letter(before: str, after: str) -> None:
    outcome, p_first = said(f"{before}</think><answer>[[A]]</answer>{after.replace('</think>', '')}")
    assert (outcome, p_first) in [(Outcome.DECIDED, 1.0), (Outcome.CONTRADICTORY, None)]
    assert outcome is Outcome.DECIDED or "[[B]]" in after.replace("</think>", "")


@given(PIECES)
def test_thinking_never_contradicts(thought: str) -> None:
    assert said(f"<think>{thought}</think><answer>[[B]]</answer>") == (Outcome.DECIDED, 0.0)
