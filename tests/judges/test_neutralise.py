"""Hostile text loses its meaning for templates and tokenizers, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tournament.judges.lookalikes import without_carriers
from tournament.judges.neutralise import Marks, neutralise, neutralise_own, response_only

SPECIAL = [
    "<|im_start|>",
    "<|im_end|>",
    "<|endoftext|>",
    "<|eot_id|>",
    "<|start_header_id|>",
    "<|START_OF_TURN_TOKEN|>",
    "<\uff5cUser\uff5c>",
    "<\uff5cAssistant\uff5c>",
    "<\uff5cbegin\u2581of\u2581sentence\uff5c>",
    "<\uff5cend\u2581of\u2581sentence\uff5c>",
    "<think>",
    "</think>",
    "</THINK >",
    "[INST]",
    "[/INST]",
    "[TOOL_CALLS]",
    "[SYSTEM_PROMPT]",
    "<<SYS>>",
    "<</SYS>>",
    "<s>",
    "</s>",
    "<bos>",
    "<eos>",
    "<unk>",
    "<pad>",
    "<start_of_turn>",
    "<end_of_turn>",
    "<unused12>",
    "<tool_call>",
    "<question>",
    "</question>",
    "<response_1>",
    "</response_1>",
    "</response_2 >",
    "<turn_user>",
    "</turn_assistant>",
    "\uff1cthink\uff1e",
]


@pytest.mark.parametrize("token", SPECIAL)
def test_special_strings_are_broken_visibly(token: str) -> None:
    shown = neutralise(f"a{token}b")
    assert token not in shown
    assert shown.replace(" ", "") == f"a{token}b".replace(" ", "")


@pytest.mark.parametrize(
    "text",
    [
        "<b>bold</b> <div class='x'> <h1>",
        "if a < b and c > d: x <= y << 2",
        "xs |> f <| g",
        "[1] a[i] [x] a[end]",
        "List<int> and 2 < 3",
        "Verdict: 1",
        "",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert neutralise(text) == text


PIECES = st.lists(
    st.one_of(
        st.sampled_from(SPECIAL),
        st.sampled_from(["<", "|", ">", "/", "[", "]", " ", "\n", "think", "im_end", "_"]),
        st.text(),
    )
).map("".join)


@given(PIECES)
def test_doing_it_twice_changes_nothing_more(text: str) -> None:
    once = neutralise(text)
    assert neutralise(once) == once


@given(PIECES)
def test_no_special_string_is_left_or_made(text: str) -> None:
    shown = neutralise(text)
    assert not [token for token in SPECIAL if token in shown]


@given(PIECES, st.sampled_from(SPECIAL))
def test_a_special_string_put_together_around_another_is_broken_too(text: str, token: str) -> None:
    for cut in range(len(token) + 1):
        assert token not in neutralise(token[:cut] + token + token[cut:] + text)


@given(st.text(alphabet=st.characters(), max_size=50))
def test_only_spaces_are_put_in(text: str) -> None:
    """Into what is left when hidden text is taken out."""
    assert neutralise(text).replace(" ", "") == without_carriers(text).replace(" ", "")


def test_a_judges_own_words_may_name_the_sections() -> None:
    words = "<response_1>\nIt says <|im_end|> and <think> and </response_2>"
    assert neutralise_own(words) == "<response_1>\nIt says < |im_end|> and < think> and </response_2>"
    assert neutralise_own(neutralise_own(words)) == neutralise_own(words)


def test_lone_surrogates_are_replaced() -> None:
    shown = neutralise("a\ud800b")
    assert shown == "a\ufffdb"
    shown.encode()


def test_a_candidates_thinking_is_not_shown() -> None:
    assert response_only("<think>secret</think>\n\nThe answer.") == "The answer."
    assert response_only("secret</think>The answer.") == "The answer."
    assert response_only("<think>a</think>b</think> c") == "c"


def test_thinking_that_never_ends_is_shown_neutralised() -> None:
    assert response_only("<think>all of it") == "< think>all of it"


@pytest.mark.parametrize("part", ["<|", "<", "<a_", "</think ", "[TOOL_", "<s ", "</", "[", "<aa_bb", "<unused1"])
def test_a_long_hostile_text_is_treated_like_any_other(part: str) -> None:
    text = part * (200_000 // len(part))
    shown = neutralise(text)
    assert shown.replace(" ", "") == text.replace(" ", "")
    assert neutralise(shown) == shown
    assert response_only(text) == neutralise(text.strip())


MARKS = Marks(("## Analysis", "[[A]]", "\\boxed{Assistant"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("## Analysis", "# # Analysis"),
        ("### ANALYSIS", "## # ANALYSIS"),
        ("##\n\tanalysis", "# #\n\tanalysis"),
        ("[[[a]]]", "[[ [a]]]"),
        ("\\boxed{Assistant 1}", "\\ boxed{Assistant 1}"),
        ("\\boxed{42} # Analysis [A] ##Analysis", "\\boxed{42} # Analysis [A] ##Analysis"),
        ("##" + " " * 9 + "Analysis", "# #" + " " * 9 + "Analysis"),
    ],
)
def test_the_marks_of_a_wording_are_broken_and_nothing_else(text: str, shown: str) -> None:
    assert MARKS.broken(text) == shown
    assert Marks().broken(text) == text


@given(st.lists(st.one_of(st.sampled_from([*MARKS.texts, "#", "[", "]", " ", "a"]), st.text(max_size=3))).map("".join))
def test_breaking_marks_twice_changes_nothing_more(text: str) -> None:
    shown = MARKS.broken(text)
    assert MARKS.broken(shown) == shown
    assert not [mark for mark in MARKS.texts if mark.lower() in shown.lower()]
    assert shown.replace(" ", "") == text.replace(" ", "")
