r"""The verdict in a box, as RRM writes it: `\boxed{Assistant 1}`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tournament.judges.verdicts import grammar, read_verdict
from tournament.types import Outcome

BOXED = grammar("boxed")


def said(text: str) -> tuple[Outcome, float | None]:
    return read_verdict(BOXED, text, True)[:2]


@pytest.mark.parametrize(
    ("text", "p_first"),
    [
        (r"\boxed{Assistant 1}", 1.0),
        (r"\boxed{Assistant 2}", 0.0),
        (r"<think>both add</think>Both add. \boxed{Assistant 2}.", 0.0),
        (r"\boxed{ Assistant 1 }", 1.0),
        ("\\boxed{\nAssistant\n2\n}", 0.0),
        (r"\boxed{\text{Assistant 1}}", 1.0),
        (r"\boxed{ \text{ Assistant  2 } }", 0.0),
        (r"\boxed{\textbf{Assistant 2}}", 0.0),
        (r"$$\boxed{Assistant 1}$$", 1.0),
        (r"**\boxed{Assistant 1}**" + "\n\nI hope that helps.", 1.0),
        (r"\boxed{Assistant 1}. No, wait: \boxed{Assistant 2}", 0.0),
        (r"\boxed{42} is the sum, so \boxed{Assistant 1}", 1.0),
        (r"\boxed{Assistant 2 and then \boxed{Assistant 1}", 1.0),
        (r"\boxed{x \boxed{Assistant 1}}", 1.0),
        (r"\boxed{Assistant 1} }}} {{", 1.0),
        (r"<think>\boxed{Assistant 1}</think>\boxed{Assistant 2}", 0.0),
        (r"\boxed{Assistant 1}</think></think>\boxed{Assistant 2}", 0.0),
        (r"Assistant 1 is better, or [[1]], or Verdict: 1. \boxed{Assistant 2}", 0.0),
    ],
)
def test_the_last_box_decides(text: str, p_first: float) -> None:
    assert said(text) == (Outcome.DECIDED, p_first)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Assistant 1",
        r"\boxed{}",
        r"\boxed{ }",
        r"\boxed{Assistant}",
        r"\boxed{Assistant 3}",
        r"\boxed{Assistant 12}",
        r"\boxed{Assistant 1 or Assistant 2}",
        r"\boxed{Assistant 1, Assistant 2}",
        r"\boxed{Not Assistant 1}",
        r"\boxed{Assistant 1.}",
        r"\boxed{Assistant1}",
        r"\boxed{assistant 1}",
        r"\boxed{1}",
        r"\boxed{Assistant A}",
        "\\boxed{Assistant \u0661}",
        "\\boxed{Assistant \uff11}",
        "\\boxed{\u0410ssistant 1}",
        r"\boxed{{Assistant 1}}",
        r"\boxed{\text{Assistant 1}",
        r"\boxed{\text{Assistant 1} or \text{Assistant 2}}",
        r"\boxed{\text{\text{Assistant 1}}}",
        r"\boxed{\sout{Assistant 1}}",
        r"\boxed{Assistant 1",
        r"\boxed{Assistant 1)",
        r"boxed{Assistant 1}",
        r"\fbox{Assistant 1}",
        r"\boxed{Assistant 1} and the sum is \boxed{42}",
        r"\boxed{Assistant 1} \boxed{",
        r"\boxed{Assistant 1} \boxed{}",
        r"<think>\boxed{Assistant 1}</think>Done.",
        r"\boxed{Assistant" + " " * 50_000 + "1}",
        "Verdict: 1",
        "<answer>[[A]]</answer>",
    ],
)
def test_a_last_box_with_anything_else_in_it_is_unparsable(text: str) -> None:
    assert said(text) == (Outcome.UNPARSABLE, None)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (r"\boxed{Assistant 1}", 17),
        (r"\boxed{\text{Assistant 2}}", 23),
        (r"1 2 \boxed{Assistant 2} 1 2", 21),
        (r"\boxed{Assistant 1}\boxed{Assistant 2}", 36),
        (r"<think>1</think>\boxed{Assistant 1}", 33),
    ],
)
def test_the_label_is_the_number_in_the_last_box(text: str, place: int) -> None:
    assert read_verdict(BOXED, text, True).label == place


@given(st.text(alphabet="{}\\boxed Asitan12\n"), st.sampled_from("12"))
def test_whatever_stands_before_the_last_box_changes_nothing(before: str, number: str) -> None:
    assert said(f"{before}\\boxed{{Assistant {number}}}") == said(f"\\boxed{{Assistant {number}}}")


@given(st.text())
def test_only_the_two_names_in_a_box_decide(inside: str) -> None:
    outcome, _ = said(f"\\boxed{{Assistant 1{inside}}}")
    assert outcome is (Outcome.UNPARSABLE if inside.strip() else Outcome.DECIDED) or len(inside) > 8 or "}" in inside
