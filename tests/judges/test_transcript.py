"""The parts of what a judge said: its thinking, and what stands between its tags."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tournament.judges.transcript import TAGS, parts_of, thinking_of

WHOLE = """<think>
Let me see. <rubric>not this one</rubric>
</think>

<type>Chat</type>
<rubric>
Clear (60 %), short (40 %)
<justify>They asked for a hint.</justify>
</rubric>
<eval>
<quote_A>Two.</quote_A> is short; <quote_B>Three.</quote_B> is wrong, and <quote_A>really two</quote_A>.
<summary_B>It cannot count.</summary_B>
</eval>
<answer>[[A]]</answer>"""


def test_the_parts_of_an_answer_are_found_by_their_tags() -> None:
    parts = dict(parts_of(WHOLE))
    assert parts.pop("eval")[0].startswith("<quote_A>Two.</quote_A> is short")
    assert parts == {
        "type": ["Chat"],
        "rubric": ["Clear (60 %), short (40 %)\n<justify>They asked for a hint.</justify>"],
        "justify": ["They asked for a hint."],
        "quote_A": ["Two.", "really two"],
        "quote_B": ["Three."],
        "summary_B": ["It cannot count."],
    }


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", {}),
        ("no tags, 1 < 2", {}),
        ("<solution>2</solution>", {"solution": ["2"]}),
        ("<solution></solution>", {"solution": [""]}),
        ("<solution>2", {}),
        ("2</solution>", {}),
        ("</solution>2<solution>", {}),
        ("<rubric>a<eval>b</eval>", {"eval": ["b"]}),
        ("<rubric>a <justify>b</rubric> c</justify>", {"rubric": ["a <justify>b"], "justify": ["b</rubric> c"]}),
        ("<type>a</type><type>b", {"type": ["a"]}),
        ("<Type>a</Type><type >a</type><answer>[[A]]</answer>", {}),
        ("<think><type>a</type></think>", {}),
        ("<type>a</think></type>", {}),
        ("<think>x</think><type>a</type></think><type>b</type>", {"type": ["b"]}),
    ],
)
def test_a_broken_tag_costs_only_its_own_part(text: str, parts: dict[str, list[str]]) -> None:
    assert parts_of(text) == parts


@pytest.mark.parametrize(
    ("text", "thinking"),
    [
        ("", ""),
        ("just an answer", ""),
        ("<think>\ntwo\n</think>\n\nVerdict: 1", "two"),
        ("two\n</think>\nVerdict: 1", "two"),
        ("<think>never closed", "never closed"),
        ("words <think> then thought", "then thought"),
        ("<think></think>answer", ""),
        ("<think>a</think> b <think>c</think> d", "a</think> b <think>c"),
        ("<think>a <think> b</think>", "a <think> b"),
    ],
)
def test_the_thinking_is_what_comes_before_the_answer(text: str, thinking: str) -> None:
    assert thinking_of(text) == thinking


@pytest.mark.parametrize("tag", ["<type>", "<type></type>", "<rubric>x", "</eval>", "<think>", "</think>"])
def test_ten_thousand_tags_make_no_more_than_many_times_the_text(tag: str) -> None:
    text = tag * 10_000 + "".join(f"</{name}>" for name in TAGS)
    parts = parts_of(text)
    assert sum(len(each) for each in parts.values()) <= 100
    assert sum(len(part) for each in parts.values() for part in each) <= 100 * len(text)
    assert len(thinking_of(text)) <= len(text)


PIECES = st.lists(
    st.one_of(st.sampled_from([f"<{tag}>" for tag in TAGS] + [f"</{tag}>" for tag in TAGS]), st.text(max_size=5))
)


@given(PIECES, PIECES)
def test_every_part_stands_in_the_answer_between_its_tags(thought: list[str], said: list[str]) -> None:
    answer = "".join(said).replace("</think>", "")
    parts = parts_of("".join(thought) + "</think>" + answer)
    assert parts == parts_of(answer)
    for tag, texts in parts.items():
        assert tag in TAGS
        assert texts
        for text in texts:
            assert f"</{tag}>" not in text
            assert text in answer.partition(f"<{tag}>")[2]
