"""What every verdict grammar promises, over hostile and broken transcripts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tournament.errors import UnknownNameError
from tournament.judges.verdicts import GRAMMARS, THINK_END, THINK_START, Grammar, grammar, read_verdict
from tournament.types import Outcome

ALL = pytest.mark.parametrize("spoken", GRAMMARS.values(), ids=list(GRAMMARS))
VERDICTS = [spoken.cue + ending for spoken in GRAMMARS.values() for ending in spoken.endings]
PIECES = [
    *VERDICTS,
    *(spoken.cue for spoken in GRAMMARS.values()),
    *(
        "\n",
        " ",
        "x",
        "}",
        "{",
        "]]",
        "[[",
        "**",
        "\r\n",
        "\u2028",
        "\x85",
        "\u0130",
        "\\text{",
        "</answer>",
        "<answer>",
    ),
    *("Assistant 1", "[[B]]", "[[1]]", "tie"),
]
ANSWERS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=12).map("".join)
TRANSCRIPTS = st.lists(st.one_of(st.sampled_from([*PIECES, THINK_START, THINK_END]), st.text(max_size=4))).map("".join)


@ALL
def test_the_cue_and_each_ending_are_read_as_a_verdict(spoken: Grammar) -> None:
    read = [read_verdict(spoken, f"words\n\n{spoken.cue}{ending}", True) for ending in spoken.endings]
    assert [reading.p_first for reading in read] == [1.0, 0.0, 0.5][: len(read)]
    assert [reading.outcome for reading in read[:2]] == [Outcome.DECIDED] * 2
    assert [reading.outcome for reading in read[2:]] == [Outcome.TIE] * len(read[2:])


@ALL
def test_the_cue_alone_is_no_verdict(spoken: Grammar) -> None:
    assert read_verdict(spoken, spoken.cue, True)[:2] == (Outcome.UNPARSABLE, None)


@ALL
@given(text=TRANSCRIPTS, finished=st.booleans())
def test_any_transcript_is_read_into_a_sound_reading(spoken: Grammar, text: str, finished: bool) -> None:
    outcome, p_first, label = read_verdict(spoken, text, finished)
    expected: dict[Outcome, list[float | None]] = {Outcome.DECIDED: [1.0, 0.0], Outcome.TIE: [0.5]}
    assert p_first in expected.get(outcome, [None])
    if p_first is None:
        assert label is None
        assert outcome in (Outcome.UNPARSABLE, Outcome.CONTRADICTORY, Outcome.TRUNCATED)
    else:
        assert label is not None
        name = {1.0: spoken.labels[0], 0.0: spoken.labels[1], 0.5: "tie"}[p_first]
        assert text[label : label + len(name)].lower() == name.lower()
        assert label > text.rfind(THINK_END)


@ALL
@given(text=TRANSCRIPTS)
def test_what_was_cut_off_by_its_limit_has_no_verdict(spoken: Grammar, text: str) -> None:
    assert read_verdict(spoken, text, False) == (Outcome.TRUNCATED, None, None)


@ALL
@given(before=TRANSCRIPTS, after=ANSWERS)
def test_thinking_that_did_not_end_has_no_verdict(spoken: Grammar, before: str, after: str) -> None:
    assert read_verdict(spoken, f"{before}{THINK_START}{after}", True) == (Outcome.TRUNCATED, None, None)


@ALL
@given(thought=TRANSCRIPTS, answer=ANSWERS)
def test_what_stands_before_the_end_of_thinking_never_decides(spoken: Grammar, thought: str, answer: str) -> None:
    alone = read_verdict(spoken, answer, True)
    shown = read_verdict(spoken, f"{thought}{THINK_END}{answer}", True)
    assert shown[:2] == alone[:2]
    if alone.label is not None:
        assert shown.label == alone.label + len(thought) + len(THINK_END)


@ALL
@given(thought=TRANSCRIPTS)
def test_thinking_alone_is_no_verdict(spoken: Grammar, thought: str) -> None:
    assert read_verdict(spoken, f"{thought}{THINK_END}\n", True).outcome is Outcome.UNPARSABLE


@ALL
@given(text=ANSWERS)
def test_taking_the_verdict_off_leaves_the_beginning(spoken: Grammar, text: str) -> None:
    rest = spoken.without_verdict(text)
    assert text.startswith(rest)
    assert rest == rest.rstrip()
    if read_verdict(spoken, text, True).label is not None:
        assert len(rest) < len(text.rstrip())


@ALL
@given(words=st.text(alphabet="ab \n.{}[]<>\\", max_size=40), data=st.data())
def test_a_text_whose_verdict_was_taken_off_holds_none(spoken: Grammar, words: str, data: st.DataObject) -> None:
    verdict = spoken.cue + data.draw(st.sampled_from(spoken.endings))
    assert read_verdict(spoken, f"{words}\n{verdict}", True).label is not None
    rest = spoken.without_verdict(f"{words}\n{verdict}\n")
    assert rest == words.rstrip()
    assert read_verdict(spoken, rest, True).outcome is Outcome.UNPARSABLE


TWICE = [
    ("line", "Verdict: 1\nVerdict: 1"),
    ("line", "Verdict: 1\n\nOnce more.\nVerdict: 1\n"),
    ("line", "Verdict: 1\nVerdict: 1\na\nb\nc\nd"),
    ("boxed", "\\boxed{Assistant 1}\n\\boxed{Assistant 1}"),
    ("letter", "<answer>[[A]]</answer>\n<answer>[[A]]</answer>"),
]


@pytest.mark.parametrize(("name", "verdicts"), TWICE)
def test_a_verdict_that_was_said_twice_is_taken_off_twice(name: str, verdicts: str) -> None:
    assert grammar(name).without_verdict(f"Two is right.\n{verdicts}") == "Two is right."


HOSTILE = [*PIECES, THINK_START, THINK_END, "\\boxed{\\text{", "<answer>[[A]]", "Verdict: 1\n", "Verdict: ", "{", "*"]


@ALL
@pytest.mark.parametrize("part", HOSTILE)
def test_a_long_hostile_transcript_is_read_like_any_other(spoken: Grammar, part: str) -> None:
    text = part * (200_000 // len(part))
    reading = read_verdict(spoken, text, True)
    assert (reading.p_first is None) == (reading.outcome not in (Outcome.DECIDED, Outcome.TIE))
    assert text.startswith(spoken.without_verdict(text))


def test_an_unknown_grammar_is_named() -> None:
    with pytest.raises(UnknownNameError, match="did you mean boxed"):
        grammar("boxd")
