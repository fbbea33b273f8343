"""The cheap judge: probabilities in, a preference out, and nothing made up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.fake_server import FakeServer, Scripted
from tests.judges.serving import ONE, PAIR
from tournament.errors import JudgeSetupError
from tournament.judges.decisions import DecisionsJudge, DecisionsSettings
from tournament.types import Judgment, Outcome

PATH = "/v1/decisions"


def decided(first: Any, mass: Any = 0.9, **rest: Any) -> bytes:
    answer = {"type": "choice", "probabilities": {"Response 1": first, "Response 2": 0.5}, "label_mass": mass}
    return json.dumps({"answers": {"better": answer}, "usage": {"prompt_tokens": 70}, **rest}).encode()


def judged(answer: Scripted, **settings: Any) -> tuple[Judgment, FakeServer]:
    """Start against a server that decides; then it answers one comparison so."""
    server = FakeServer(fixed={PATH: Scripted(body=decided(0.5))})

    async def run() -> Judgment:
        async with server:
            judge = DecisionsJudge(replace(DecisionsSettings(**settings), base_url=server.base_url, attempts=1))
            try:
                await judge.start()
                server.fixed[PATH] = answer
                [judgment] = await judge.judge(PAIR, ONE)
                return judgment
            finally:
                await judge.close()

    return asyncio.run(run()), server


@pytest.mark.parametrize(("p", "outcome"), [(0.8, Outcome.DECIDED), (0.0, Outcome.DECIDED), (0.5, Outcome.TIE)])
def test_the_first_options_probability_is_the_preference(p: float, outcome: Outcome) -> None:
    judgment, _ = judged(Scripted(body=decided(p)))
    assert (judgment.outcome, judgment.p_first, judgment.label_mass) == (outcome, p, 0.9)
    assert (judgment.prompt_tokens, judgment.completion_tokens) == (70, 0)
    assert judgment.text == f"A {p:.4f}, B {1 - p:.4f}, both letters 0.9000"


def test_the_question_has_two_options_and_both_texts() -> None:
    _, server = judged(Scripted(body=decided(0.8)))
    body: Mapping[str, Any] = server.seen[-1].body
    [question] = body["questions"]
    assert [option["name"] for option in question["options"]] == ["Response 1", "Response 2"]
    assert body["input"].index("Two.") < body["input"].index("Three.")
    assert body["prompt_format_version"] == 1


def test_letters_that_the_model_would_not_have_said_are_no_preference() -> None:
    judgment, _ = judged(Scripted(body=decided(0.9, mass=0.3)))
    assert (judgment.outcome, judgment.p_first, judgment.label_mass) == (Outcome.UNPARSABLE, None, 0.3)
    judgment, _ = judged(Scripted(body=decided(0.9, mass=0.3)), least_mass=0.2)
    assert judgment.p_first == 0.9


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Scripted(body=b"{}"), Outcome.FAILED),
        (Scripted(body=b"[]"), Outcome.FAILED),
        (Scripted(body=decided(None)), Outcome.FAILED),
        (Scripted(body=decided(2.0)), Outcome.FAILED),
        (Scripted(body=decided(0.5, mass=-1)), Outcome.FAILED),
        (Scripted(body=decided("nan")), Outcome.FAILED),
        (Scripted(status=500, body=b"oops"), Outcome.FAILED),
        (Scripted(status=400, body=b"does not fit the context length of 8192 tokens"), Outcome.REFUSED),
    ],
)
def test_a_broken_answer_is_no_preference(answer: Scripted, outcome: Outcome) -> None:
    judgment, _ = judged(answer)
    assert (judgment.outcome, judgment.p_first) == (outcome, None)
    assert judgment.detail


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Scripted(status=404, body=b"not found"), "needs SGLang 0.5.23"),
        (Scripted(status=400, body=b"always reason"), "answers without thinking"),
    ],
)
def test_a_server_that_cannot_decide_is_told_at_the_start(answer: Scripted, words: str) -> None:
    async def run() -> None:
        async with FakeServer(fixed={PATH: answer}) as server:
            judge = DecisionsJudge(DecisionsSettings(base_url=server.base_url, attempts=1))
            try:
                await judge.start()
            finally:
                await judge.close()

    with pytest.raises(JudgeSetupError, match=words):
        asyncio.run(run())
