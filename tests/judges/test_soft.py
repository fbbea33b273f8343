"""Soft preferences: the probabilities of the labels at the place where the verdict stands."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fake_server import FakeServer, Said, Scripted, say
from tests.judges.serving import judged
from tournament.errors import JudgeSetupError
from tournament.judges.label_tokens import label_tokens
from tournament.judges.sglang import SglangSettings
from tournament.judges.soft import LEAST_MASS, softened
from tournament.judges.text_model import Reply, Weights
from tournament.types import Comparison, Judgment, Outcome

SOFT = SglangSettings(attempts=1, soft=True)
DECIDED = Judgment(Outcome.DECIDED, 1.0, text="Verdict: 1", prompt_tokens=5, completion_tokens=3, cached_tokens=1)


@pytest.mark.parametrize(
    ("profile", "said", "before", "weights", "p_first"),
    [
        ("generic-chat", "Two.\nVerdict: 1", "Two.\nVerdict:", {" 1": 0.6, " 2": 0.2}, 0.75),
        ("generic-chat", "**Verdict: [[2]]**", "**Verdict: [[", {"1": 0.1, "2": 0.9}, 0.1),
        ("rrm-7b", "so\n</think>\n\\boxed{Assistant 2}", "</think>\n\\boxed{Assistant", {" 1": 0.4, " 2": 0.4}, 0.5),
        ("rm-r1-qwen2.5-instruct-7b", "<answer>[[A]]</answer>", "<answer>[[", {"A": 0.9, "B": 0.05}, 0.9 / 0.95),
    ],
)
def test_the_preference_is_the_first_labels_share(
    profile: str, said: str, before: str, weights: Mapping[str, float], p_first: float
) -> None:
    server = FakeServer(say(said), weights=weights)
    [judgment], _ = judged(server, replace(SOFT, profile=profile))
    assert judgment.p_first == pytest.approx(p_first)
    assert judgment.outcome is (Outcome.TIE if p_first == 0.5 else Outcome.DECIDED)
    assert judgment.label_mass == pytest.approx(sum(weights.values()))
    first, second = server.posted
    assert second["text"].startswith(first["text"])
    assert second["text"].endswith(before)
    assert second["sampling_params"]["max_new_tokens"] == 1
    assert [server.tokenizer.text([number]) for number in second["token_ids_logprob"]] == list(weights)


def test_the_label_of_a_judge_that_was_cut_off_is_weighed_too() -> None:
    def ramble(prompt: str, parameters: Mapping[str, Any]) -> Said:
        return Said(text="I cannot stop", reason="length")

    server = FakeServer(ramble, weights={" 1": 0.3, " 2": 0.6})
    [judgment], _ = judged(server, SOFT)
    assert judgment.cut
    assert judgment.p_first == pytest.approx(1 / 3)
    assert server.posted[2]["text"] == server.posted[1]["text"]


def test_the_label_is_found_after_words_that_were_put_back() -> None:
    earlier = Judgment(Outcome.DECIDED, 0.0, text="Three is right.\nVerdict: 2")
    server = FakeServer(say("Two is.\nVerdict: 1"), weights={" 1": 0.6, " 2": 0.2})
    [judgment], _ = judged(server, SOFT, [Comparison(0, 1, continues=earlier)])
    assert judgment.p_first == pytest.approx(0.75)
    first, second = server.posted
    assert second["text"] == first["text"] + "Two is.\nVerdict:"


def test_labels_that_the_model_was_not_about_to_say_leave_what_it_said() -> None:
    [judgment], _ = judged(FakeServer(say("Verdict: 1"), weights={" 1": 0.1, " 2": 0.2}), SOFT)
    assert (judgment.outcome, judgment.p_first) == (Outcome.DECIDED, 1.0)
    assert judgment.label_mass == pytest.approx(0.3)


def test_a_tie_that_was_said_stays_one() -> None:
    [judgment], _ = judged(FakeServer(say("Verdict: tie"), weights={" 1": 0.9}), SOFT)
    assert (judgment.outcome, judgment.p_first) == (Outcome.TIE, 0.5)


@pytest.mark.parametrize("said", ["No idea.", "Verdict: 1\nVerdict: 2", "<think>Verdict: 1"])
def test_without_a_verdict_nothing_is_weighed(said: str) -> None:
    server = FakeServer(say(said), weights={" 1": 0.9})
    [judgment], _ = judged(server, SOFT)
    assert (judgment.p_first, judgment.label_mass) == (None, None)
    assert len(server.posted) == 1


@pytest.mark.parametrize(
    ("fault", "detail"),
    [
        (Scripted(status=500, body=b"boom"), "boom"),
        (Scripted(body=b'{"text":"1","meta_info":{"finish_reason":{"type":"length"}}}'), "gave no probabilities"),
        (Scripted(body=b"[]"), "gave no probabilities"),
        (Scripted(body=b'{"text":"","meta_info":{"output_token_ids_logprobs":[[[null,0,null]]]}}'), "no probabilities"),
    ],
)
def test_a_server_without_probabilities_leaves_what_the_judge_said(fault: Scripted, detail: str) -> None:
    def speak(prompt: str, parameters: Mapping[str, Any]) -> Said:
        server.script.append(fault)
        return Said(text="Verdict: 1")

    server = FakeServer(speak)
    [judgment], _ = judged(server, SOFT)
    assert (judgment.outcome, judgment.p_first, judgment.label_mass) == (Outcome.DECIDED, 1.0, None)
    assert detail in judgment.detail


def test_labels_that_are_no_single_tokens_are_refused_with_a_remedy() -> None:
    fixed = {"/v1/tokenize": Scripted(body=b'{"tokens": [1, 2]}')}
    with pytest.raises(JudgeSetupError, match="judge without soft"):
        judged(FakeServer(say("Verdict: 1"), fixed=fixed), replace(SOFT, wrapping="chatml"))


class Characters:
    """A tokenizer whose tokens are characters, as digits are for many models."""

    address = "here"

    async def tokens(self, text: str, *, special: bool) -> list[int] | None:
        return [ord(character) for character in text]


def test_labels_without_the_blank_before_them_are_asked_for_after_it() -> None:
    for text in ("Verdict: ", "[["):
        known = asyncio.run(label_tokens(Characters(), text, ("1", "2")))
        assert known.ids == (ord("1"), ord("2"))
        assert known.cut(text) == text


@pytest.mark.parametrize("order", [1, -1])
def test_a_label_is_weighed_by_its_own_place_whatever_was_weighed_before(order: int) -> None:
    answers = iter(["Verdict: 1", "Verdict: [[1]]"][::order])
    server = FakeServer(
        lambda prompt, parameters: Said(text="" if parameters["max_new_tokens"] == 1 else next(answers)),
        weights={" 1": 0.75, " 2": 0.25, "1": 0.625, "2": 0.375},
    )
    judgments, _ = judged(server, replace(SOFT, batch_size=2), [Comparison(0, 1), Comparison(1, 0)])
    assert [judgment.p_first for judgment in judgments][::order] == [pytest.approx(0.75), pytest.approx(0.625)]


@settings(max_examples=60)
@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from([DECIDED, DECIDED._replace(outcome=Outcome.TIE, p_first=0.5)]))
def test_any_weights_leave_a_sound_judgment(first: float, second: float, before: Judgment) -> None:
    used = Reply(prompt_tokens=4, completion_tokens=1, cached_tokens=2)
    after = softened(before, Weights(first=first, second=second, reply=used), 0.5)
    assert after.p_first is not None
    assert 0 <= after.p_first <= 1
    assert (after.p_first == 0.5) == (after.outcome is Outcome.TIE)
    assert after.label_mass is not None
    assert 0 <= after.label_mass <= 1
    assert (after.prompt_tokens, after.completion_tokens, after.cached_tokens, after.seconds) == (9, 4, 3, 0.5)
    if first + second < LEAST_MASS:
        assert (after.outcome, after.p_first) == (before.outcome, before.p_first)
    elif before.outcome is Outcome.DECIDED:
        assert (after.p_first > 0.5) == (first > second)
