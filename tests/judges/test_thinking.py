"""The judge behind SGLang thinks within its limit, says its verdict when it is cut off, and thinks again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fake_server import FakeServer, Said, Scripted, say
from tests.judges.serving import ONE, PAIR, field, judged
from tournament.judges.reasoning import VERDICT_TOKENS
from tournament.judges.sglang import SglangJudge, SglangSettings
from tournament.types import Comparison, Judgment, Outcome

PLAIN = SglangSettings(attempts=1)
THINKING = replace(PLAIN, wrapping="deepseek-r1", thinking=100)


def test_the_thinking_limit_takes_the_place_of_max_tokens() -> None:
    server = FakeServer()
    judged(server, PLAIN, [Comparison(0, 1, thinking_limit=9)])
    assert server.posted[0]["sampling_params"]["max_new_tokens"] == 9


def test_thinking_that_ends_in_time_takes_one_request() -> None:
    server = FakeServer(say("two is right\n</think>\n\nVerdict: 1"))
    [judgment], _ = judged(server, THINKING)
    assert judgment.p_first == 1.0
    assert judgment.text == "<think>\ntwo is right\n</think>\n\nVerdict: 1"
    assert judgment.thinking_tokens == len(["two", " is", " right", "\n"])
    assert not judgment.cut
    assert len(server.posted) == 1
    assert server.posted[0]["text"].endswith("<\uff5cAssistant\uff5c><think>\n")
    assert server.posted[0]["sampling_params"]["max_new_tokens"] == 100


def test_thinking_over_its_limit_is_closed_and_the_verdict_asked_for() -> None:
    def think_long(prompt: str, parameters: Mapping[str, Any]) -> Said:
        if parameters["max_new_tokens"] > VERDICT_TOKENS:
            return Said(text="hmm, Verdict: 1 so far", reason="length")
        return Said(text=" 2")

    server = FakeServer(think_long)
    [judgment], judge = judged(server, THINKING)
    assert (judgment.outcome, judgment.p_first) == (Outcome.DECIDED, 0.0)
    assert judgment.text == "<think>\nhmm, Verdict: 1 so far\n</think>\n\nVerdict: 2"
    assert server.posted[1]["text"].endswith("<think>\nhmm, Verdict: 1 so far\n</think>\n\nVerdict:")
    assert server.posted[1]["sampling_params"]["regex"] == r"(\ 1|\ 2|\ tie)"
    assert judgment.completion_tokens == 7 + 1
    assert judgment.thinking_tokens == 7
    assert judgment.cut
    worst = judge.plan(PAIR, ONE)
    assert judgment.prompt_tokens <= worst.worst_prompt


@pytest.mark.parametrize("thinking", [1, 2, 100])
def test_a_short_thinking_limit_still_ends_in_a_verdict(thinking: int) -> None:
    answers = iter([Said(text="word " * thinking, reason="length"), Said(text=" 1")])
    [judgment], _ = judged(FakeServer(lambda prompt, parameters: next(answers)), replace(THINKING, thinking=thinking))
    assert judgment.p_first == 1.0


def test_thinking_too_long_for_what_was_reserved_stays_truncated() -> None:
    server = FakeServer(say("\u20ac" * 400, reason="length"))
    [judgment], _ = judged(server, THINKING)
    assert judgment.outcome is Outcome.TRUNCATED
    assert len(server.posted) == 1


def test_an_answer_cut_off_after_thinking_goes_on() -> None:
    answers = iter([Said(text="so\n</think>\n\nThe first", reason="length"), Said(text=" is right.\nVerdict: 1")])
    [judgment], _ = judged(FakeServer(lambda prompt, parameters: next(answers)), THINKING)
    assert judgment.p_first == 1.0
    assert judgment.text.endswith("</think>\n\nThe first is right.\nVerdict: 1")
    assert not judgment.cut


def test_only_cut_off_thinking_of_a_batch_is_asked_for_again() -> None:
    def by_order(prompt: str, parameters: Mapping[str, Any]) -> Said:
        if parameters["max_new_tokens"] == VERDICT_TOKENS:
            return Said(text=" tie")
        quick = "<response_1>\nTwo." in prompt
        return Said(text="x</think>Verdict: 1") if quick else Said(text="hmm", reason="length")

    server = FakeServer(by_order)
    comparisons = [Comparison(0, 1), Comparison(1, 0), Comparison(0, 1, repeat=1)]
    judgments, _ = judged(server, replace(THINKING, batch_size=3), comparisons)
    assert [judgment.p_first for judgment in judgments] == [1.0, 0.5, 1.0]
    assert isinstance(server.posted[1]["text"], str)


def test_thinking_that_stops_without_its_end_is_truncated() -> None:
    [judgment], _ = judged(FakeServer(say("Verdict: 1")), THINKING)
    assert judgment.outcome is Outcome.TRUNCATED


def test_rethinking_goes_on_in_the_same_turn_without_the_verdict() -> None:
    earlier = Judgment(Outcome.DECIDED, 1.0, text="Two is right.<|im_end|>\nVerdict: 1")
    server = FakeServer(say("No, three.\nVerdict: 2"))
    [judgment], judge = judged(server, PLAIN, [Comparison(0, 1, continues=earlier)])
    turn = server.posted[0]["text"].partition("<|im_start|>assistant\n")[2]
    assert turn == f"Two is right.< |im_end|>\n\n{judge.speaking.wording.rethink}\n"
    assert judgment.p_first == 0.0
    assert judgment.text == turn + "No, three.\nVerdict: 2"


def test_rethinking_opens_the_thought_again() -> None:
    earlier = Judgment(Outcome.DECIDED, 1.0, text="<think>\ntwo\n</think>\n\nVerdict: 1")
    server = FakeServer(say("three after all\n</think>\n\nVerdict: 2"))
    [judgment], judge = judged(server, THINKING, [Comparison(0, 1, thinking_limit=500, continues=earlier)])
    turn = server.posted[0]["text"].partition("<\uff5cAssistant\uff5c>")[2]
    assert turn == f"<think>\ntwo\n\n{judge.speaking.wording.rethink}\n"
    assert server.posted[0]["sampling_params"]["max_new_tokens"] == 500
    assert judgment.p_first == 0.0
    again = judged(server, THINKING, [Comparison(0, 1, continues=judgment)])[0][0]
    assert again.text.count("<think>") == 1
    assert again.text.count(judge.speaking.wording.rethink) == 2


def test_rethinking_does_not_read_an_old_verdict() -> None:
    earlier = Judgment(Outcome.CONTRADICTORY, None, text="Verdict: 1\nwords\nVerdict: 2")
    [judgment], _ = judged(FakeServer(say("I cannot say.")), PLAIN, [Comparison(0, 1, continues=earlier)])
    assert judgment.outcome is Outcome.UNPARSABLE


@pytest.mark.parametrize("limit", [1, 60])
def test_a_model_without_a_think_block_is_cut_off_and_asked_for_the_verdict(limit: int) -> None:
    answers = iter([Said(text="Both add. Verdict: 1 it", reason="length"), Said(text=" tie")])
    server = FakeServer(lambda prompt, parameters: next(answers))
    [judgment], _ = judged(server, replace(PLAIN, max_tokens=limit))
    assert (judgment.outcome, judgment.p_first, judgment.cut) == (Outcome.TIE, 0.5, True)
    assert judgment.text == "Both add. Verdict: 1 it\n\nVerdict: tie"
    first, second = server.posted
    assert second["text"] == f"{first['text']}Both add. Verdict: 1 it\n\nVerdict:"
    assert second["sampling_params"]["max_new_tokens"] == VERDICT_TOKENS


@pytest.mark.parametrize(
    ("profile", "closed", "asked", "choices", "said"),
    [
        ("generic-chat", "", "Verdict:", [" 1", " 2", " tie"], "Verdict: 1"),
        ("rrm-7b", "\n</think>", "\\boxed{Assistant", [" 1}", " 2}"], "\\boxed{Assistant 1}"),
        ("rm-r1-qwen2.5-instruct-7b", "", "<answer>[[", ["A]]</answer>", "B]]</answer>"], "<answer>[[A]]</answer>"),
    ],
)
def test_a_judge_that_is_cut_off_can_only_name_a_label(
    profile: str, closed: str, asked: str, choices: list[str], said: str
) -> None:
    def ramble(prompt: str, parameters: Mapping[str, Any]) -> Said:
        return Said(text="I cannot stop", reason="length")

    server = FakeServer(ramble)
    [judgment], _ = judged(server, replace(PLAIN, profile=profile, wrapping="chatml"))
    assert (judgment.outcome, judgment.p_first) == (Outcome.DECIDED, 1.0)
    assert judgment.text.endswith(f"I cannot stop{closed}\n\n{said}")
    assert server.posted[1]["text"].endswith(f"I cannot stop{closed}\n\n{asked}")
    regex = server.posted[1]["sampling_params"]["regex"]
    others = ["", " ", " 1 or 2", " 3", "A", "C]]</answer>", "Verdict: 1"]
    assert [text for text in [*choices, *others] if re.fullmatch(regex, text)] == choices


def test_a_model_that_opens_a_think_block_itself_and_is_cut_off_has_it_closed() -> None:
    answers = iter([Said(text="<think>\ntwo it", reason="length"), Said(text=" 1")])
    [judgment], _ = judged(FakeServer(lambda prompt, parameters: next(answers)), PLAIN)
    assert (judgment.outcome, judgment.p_first) == (Outcome.DECIDED, 1.0)
    assert judgment.text == "<think>\ntwo it\n</think>\n\nVerdict: 1"


def test_what_was_thought_stays_where_its_end_is_refused() -> None:
    """It is paid for, and the server would refuse again."""
    server = FakeServer(lambda prompt, parameters: _cut_then_boom(server, 413))
    [judgment], _ = judged(server, THINKING)
    assert (judgment.outcome, judgment.p_first, judgment.cut) == (Outcome.TRUNCATED, None, False)
    assert "hmm hm" in judgment.text
    assert "boom" in judgment.detail
    assert judgment.completion_tokens == 2
    assert len(server.posted) == 2


def test_a_comparison_whose_end_failed_has_failed() -> None:
    """The request is made once more; then it is for the next run, which finds no judgment that an outage made."""
    server = FakeServer(lambda prompt, parameters: _cut_then_boom(server, 500))
    [judgment], _ = judged(server, THINKING)
    assert (judgment.outcome, judgment.p_first, judgment.text) == (Outcome.FAILED, None, "")
    assert "boom" in judgment.detail
    assert judgment.completion_tokens == 2
    assert len(server.posted) == 3


def test_an_end_that_the_server_aborts_is_no_verdict() -> None:
    """As SGLang answers after /abort_request: with status 200, what it had by then, and what that took."""
    answers = iter([Said(text="hmm hm", reason="length"), Said(text=" 1", reason="abort")])
    [judgment], _ = judged(FakeServer(lambda prompt, parameters: next(answers)), THINKING)
    assert (judgment.outcome, judgment.p_first) == (Outcome.FAILED, None)
    assert "abort" in judgment.detail
    assert judgment.completion_tokens == 3


def test_an_end_that_comes_at_the_second_try_is_read() -> None:
    server = FakeServer(lambda prompt, parameters: _cut_then_boom(server, 500, times=1))
    [judgment], _ = judged(server, THINKING)
    assert judgment.outcome is Outcome.DECIDED
    assert judgment.cut


def _cut_then_boom(server: FakeServer, status: int, times: int = 2) -> Said:
    if len(server.posted) == 1:
        server.script += [Scripted(status=status, body=b"boom")] * times
    return Said(text="hmm hm", reason="length")


def test_the_estimate_of_two_is_that_of_each() -> None:
    pair = field("\u20ac\U0001d160\ufdfa" * 50, "plain")
    judge = SglangJudge(PLAIN)
    estimate = judge.plan(pair, [Comparison(0, 1), Comparison(1, 0)])
    alone = judge.plan(pair, [Comparison(0, 1)])
    assert estimate.worst_prompt == 2 * alone.worst_prompt
    assert alone.worst_prompt > 50 * 33
    assert 0 < alone.expected_prompt < alone.worst_prompt
    assert 0 < alone.expected_completion <= alone.worst_completion


@settings(max_examples=20)
@given(
    texts=st.lists(st.text(max_size=60), min_size=2, max_size=2, unique=True),
    thought=st.text(alphabet="ab \u20ac\U0001d160\ufdfa", min_size=1, max_size=40),
    thinking=st.booleans(),
    soft=st.booleans(),
)
def test_no_comparison_costs_more_than_was_reserved(texts: list[str], thought: str, thinking: bool, soft: bool) -> None:
    """The server counts bytes, which no tokenizer exceeds, and the model always runs into its limit."""
    limit = len(thought.encode())
    chosen = replace(THINKING if thinking else PLAIN, thinking=limit * thinking, max_tokens=limit, soft=soft)

    def ramble(prompt: str, parameters: Mapping[str, Any]) -> Said:
        return Said(text=thought[: parameters["max_new_tokens"]], reason="length")

    server = FakeServer(ramble, count=lambda text: len(text.encode()), weights={" 1": 0.75}, context=1 << 20)
    [judgment], judge = judged(server, chosen, of=field(*texts))
    worst = judge.plan(field(*texts), ONE)
    assert judgment.outcome is Outcome.DECIDED
    assert len(server.posted) == 2 + soft
    assert judgment.prompt_tokens <= worst.worst_prompt
    assert judgment.completion_tokens <= worst.worst_completion


def test_the_worst_case_is_capped_by_the_context() -> None:
    _, judge = judged(FakeServer(context=50), PLAIN)
    estimate = judge.plan(PAIR, ONE)
    # A cut-off comparison is sent twice, and neither request can hold more than the context.
    assert estimate.worst_prompt == 2 * 50
    assert 50 <= estimate.worst_completion < 2 * 50


def test_a_plan_does_not_depend_on_what_was_judged_before() -> None:
    """Strategies spread their matches by it, so answers that came first elsewhere must not change it."""
    fresh = SglangJudge(PLAIN).plan(PAIR, ONE)
    _, judge = judged(FakeServer(), PLAIN)
    known = judge.plan(PAIR, ONE)  # with the server's context length, which caps the worst case
    assert (known.expected_prompt, known.expected_completion) == (fresh.expected_prompt, fresh.expected_completion)
    most = fresh.worst_completion
    assert fresh.expected_completion == most // 2
    told = SglangJudge(replace(PLAIN, expected_tokens=most // 4)).plan(PAIR, ONE)
    assert told == replace(fresh, expected_completion=most // 4)
    assert SglangJudge(replace(PLAIN, expected_tokens=10 * most)).plan(PAIR, ONE).expected_completion == most
    with pytest.raises(ValueError, match="expected_tokens=0; give a positive number"):
        replace(PLAIN, expected_tokens=0)
