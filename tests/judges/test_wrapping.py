"""Chat formats: those that are known, and the one that a server's own template makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.fake_server import FakeServer, Scripted, Template, chatml, say
from tests.judges.serving import PAIR, judged, started
from tournament.errors import JudgeSetupError, UnknownNameError
from tournament.judges.sglang import SglangJudge, SglangSettings
from tournament.judges.wrapping import wrapping
from tournament.types import Comparison, Message

SYSTEM, USER = Message(role="system", content="S"), Message(role="user", content="U")
PLAIN = SglangSettings(attempts=1)
RENDERED = [
    (
        "chatml",
        "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nU<|im_end|>\n<|im_start|>assistant\n",
        "<|im_start|>user\nU<|im_end|>\n<|im_start|>assistant\n",
    ),
    (
        "llama3",
        "<|start_header_id|>system<|end_header_id|>\n\nS<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nU<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
        "<|start_header_id|>user<|end_header_id|>\n\nU<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
    ),
    ("deepseek-r1", "S<\uff5cUser\uff5c>U<\uff5cAssistant\uff5c>", "<\uff5cUser\uff5c>U<\uff5cAssistant\uff5c>"),
    ("plain", "S\n\nU\n\n", "U\n\n"),
]


@pytest.mark.parametrize(("name", "both", "alone"), RENDERED)
def test_a_known_format_is_what_chat_templates_make(name: str, both: str, alone: str) -> None:
    assert wrapping(name)([SYSTEM, USER]) == both
    assert wrapping(name)([USER]) == alone


def test_an_unknown_format_is_named() -> None:
    with pytest.raises(UnknownNameError, match="did you mean chatml"):
        wrapping("chatm")


def _template(before: str, after: str) -> Template:
    def render(messages: list[Mapping[str, str]]) -> str:
        return "".join(f"{before}{turn['role']}: {turn['content']}{after}" for turn in messages) + "bot:"

    return render


@pytest.mark.parametrize("begin", ["", "<s>"])
@pytest.mark.parametrize("template", [chatml, _template("@", "~"), _template("<s>", "</s>")])
def test_the_servers_own_template_is_used(template: Template, begin: str) -> None:
    """What the server is sent is what its template makes, without the begin-of-text token that it adds itself."""
    server = FakeServer(template=template, begin=begin)
    _, judge = judged(server, PLAIN)
    assert isinstance(judge, SglangJudge)
    shown = judge.speaking.wording.messages(PAIR.prompt, *PAIR.texts)
    assert server.posted[0]["text"] == template([{"role": m.role, "content": m.content} for m in shown])


@pytest.mark.parametrize("end", ["<think>", "<think>\n", "<think>\n\n"])
def test_a_template_that_opens_a_think_block_makes_the_judge_think(end: str) -> None:
    def opens(messages: list[Mapping[str, str]]) -> str:
        return chatml(messages) + end

    server = FakeServer(say("two\n</think>\n\nVerdict: 1"), template=opens)
    [judgment], judge = judged(server, PLAIN)
    text = server.posted[0]["text"]
    assert text.endswith("<|im_start|>assistant\n<think>\n")
    assert text.count("<think>") == 1
    assert (judgment.p_first, judgment.text) == (1.0, "<think>\ntwo\n</think>\n\nVerdict: 1")
    assert judge.identity.settings["thinking"] > 0
    assert server.posted[0]["sampling_params"]["max_new_tokens"] == judge.identity.settings["thinking"]


def test_a_message_alone_goes_through_the_servers_template_too() -> None:
    server = FakeServer(template=chatml)
    judged(server, replace(PLAIN, profile="rm-r1-deepseek-distilled-qwen-7b", wrapping="server", thinking=0))
    assert server.posted[0]["text"].startswith("<|im_start|>user\nPlease act as an impartial judge")


@pytest.mark.parametrize("without", [{"template": None}, {"fixed": {"/v1/tokenize": Scripted(status=404)}}])
def test_a_server_without_a_template_names_the_remedy(without: dict[str, Any]) -> None:
    """Nothing is sent in a format that the model may not know."""
    with pytest.raises(JudgeSetupError, match="wrapping="):
        started(FakeServer(**without), PLAIN)
    server = FakeServer(**without)
    judged(server, replace(PLAIN, wrapping="plain"))
    assert server.posted[0]["text"].startswith("You compare two responses")


def test_a_template_that_changes_messages_names_the_remedy() -> None:
    def shouts(messages: list[Mapping[str, str]]) -> str:
        return chatml(messages).upper()

    with pytest.raises(JudgeSetupError, match="wrapping="):
        started(FakeServer(template=shouts), PLAIN)


def test_rendering_is_what_is_sent() -> None:
    server = FakeServer()
    _, judge = judged(server, PLAIN)
    assert isinstance(judge, SglangJudge)
    assert judge.render(PAIR, Comparison(0, 1)) == server.posted[0]["text"]


def test_another_template_is_another_judge() -> None:
    """Judgments of prompts in one format are never taken for those in another."""

    def louder(messages: list[Mapping[str, str]]) -> str:
        return "!" + chatml(messages)

    judges = [started(FakeServer(template=template), PLAIN) for template in (chatml, chatml, louder)]
    one, same, other = (judge.identity.digest() for judge in judges)
    assert one == same != other
