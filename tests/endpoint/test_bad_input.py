"""Every bad request ends in an error of OpenAI's shape with the right status, and pays for nothing."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.endpoint.running import ASK, MODEL, by_seed, checks, endpoint, error_of, perfect
from tests.fake_server import FakeServer, Scripted
from tournament.endpoint.asked import read_request
from tournament.endpoint.faults import ApiError
from tournament.endpoint.terms import Terms
from tournament.judge import InProcess, Judge, JudgeIdentity
from tournament.types import Comparison, Field, Judgment

TERMS = Terms(model=MODEL, judges=("callable", "checks"))
GOOD: dict[str, Any] = {"model": MODEL, "messages": ASK}

BAD: list[tuple[dict[str, Any], str | None, str]] = [
    ({"tourney": {"n": 0}}, "tourney.n", "give 1 to 64"),
    ({"tourney": {"n": 10_000}}, "tourney.n", "give 1 to 64"),
    ({"tourney": {"n": True}}, "tourney.n", "whole number"),
    ({"tourney": {"n": 2.5}}, "tourney.n", "whole number"),
    ({"tourney": {"votes": 0}}, "tourney.votes", "give 1 to 64"),
    ({"tourney": {"strategy": "knockuot"}}, "tourney.strategy", "did you mean knockout?"),
    ({"tourney": {"strategy": 3}}, "tourney.strategy", "must be text"),
    ({"tourney": {"judge": "sglang"}}, "tourney.judge", "one of: callable, checks"),
    ({"tourney": {"budget": {"comparisons": 0}}}, "tourney.budget.comparisons", "give 1 to"),
    ({"tourney": {"budget": {"tokens": -1}}}, "tourney.budget.tokens", "give 1 to"),
    ({"tourney": {"budget": {"seconds": 0}}}, "tourney.budget.seconds", "more than 0"),
    ({"tourney": {"budget": {"money": 1}}}, "tourney.budget.money", "no price"),
    ({"tourney": {"budget": {"calls": 1}}}, "tourney.budget.calls", "unknown"),
    ({"tourney": {"budget": 5}}, "tourney.budget", "must be an object"),
    ({"tourney": {"deadline": 0}}, "tourney.deadline", "more than 0"),
    ({"tourney": {"deadline": 10**400}}, "tourney.deadline", "must be finite"),
    ({"tourney": {"deadline": 1e999}}, "tourney.deadline", "must be finite"),
    ({"tourney": {"deadline": "soon"}}, "tourney.deadline", "must be a number"),
    ({"tourney": {"seed": -1}}, "tourney.seed", "give 0 to"),
    ({"tourney": {"candidates": "yes"}}, "tourney.candidates", "true or false"),
    ({"tourney": {"rounds": 3}}, "tourney.rounds", "unknown"),
    ({"tourney": [8]}, "tourney", "must be an object"),
    ({"n": 2}, "n", "tourney.n"),
    ({"tools": [{"type": "function"}]}, "tools", "cannot be honoured"),
    ({"tool_choice": "auto"}, "tool_choice", "cannot be honoured"),
    ({"functions": [{}]}, "functions", "cannot be honoured"),
    ({"logprobs": True}, "logprobs", "cannot be honoured"),
    ({"top_logprobs": 5}, "top_logprobs", "cannot be honoured"),
    ({"modalities": ["text", "audio"]}, "modalities", "cannot be honoured"),
    ({"temprature": 1}, "temprature", "not known"),
    ({"temperature": 3}, "temperature", "at most 2"),
    ({"temperature": "hot"}, "temperature", "must be a number"),
    ({"top_p": 0}, "top_p", "more than 0"),
    ({"max_tokens": 0}, "max_tokens", "give 1 to"),
    ({"max_completion_tokens": 1.5}, "max_completion_tokens", "whole number"),
    ({"seed": "x"}, "seed", "whole number"),
    ({"top_k": float("inf")}, "top_k", "too large"),
    ({"logit_bias": {"5": [1e999]}}, "logit_bias", "too large"),
    ({"stop": json.loads("[" * 200 + "]" * 200)}, "stop", "nested too deeply"),
    ({"stream": "yes"}, "stream", "true or false"),
    ({"stream_options": {"usage": True}}, "stream_options.usage", "unknown"),
    ({"model": None}, "model", "missing"),
    ({"messages": []}, "messages", "at least one"),
    ({"messages": "hello"}, "messages", "at least one"),
    ({"messages": ["hello"]}, "messages[0]", "role and content"),
    ({"messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role", "one of"),
    ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role", "one of"),
    ({"messages": [{"role": "user", "content": None}]}, "messages[0].content", "text"),
    ({"messages": [{"role": "user", "content": "  "}]}, "messages", "no text"),
    ({"messages": [*ASK, {"role": "assistant", "content": "x", "tool_calls": [{}]}]}, "messages[1]", "tool_calls"),
    (
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
        "messages[0].content[0]",
        "text part",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("change", "param", "said"), BAD)
def test_each_is_refused_by_name(change: dict[str, Any], param: str | None, said: str) -> None:
    with pytest.raises(ApiError, match=re.escape(said)) as caught:
        read_request({**GOOD, **change}, TERMS)
    assert caught.value.status == 400
    assert caught.value.param == param


def test_the_operator_settles_the_most_that_a_candidate_may_take() -> None:
    terms = Terms(model=MODEL, judges=("checks",), max_tokens=100, sampling={"max_tokens": 50})
    assert read_request(GOOD, terms).sampling["max_tokens"] == 50
    assert read_request({**GOOD, "max_tokens": 100}, terms).sampling["max_tokens"] == 100
    for name in ("max_tokens", "max_completion_tokens"):
        with pytest.raises(ApiError, match="give 1 to 100") as caught:
            read_request({**GOOD, name: 101}, terms)
        assert caught.value.param == name


def test_the_official_client_raises_its_own_errors_and_nothing_is_sampled() -> None:
    async def go() -> None:
        async with endpoint() as running:
            with pytest.raises(openai.BadRequestError) as bad:
                await running.ask(tourney={"n": 10_000})
            assert error_of(bad.value) == {
                "message": "tourney.n is 10000; give 1 to 64", "type": "invalid_request_error", "param": "tourney.n",
                "code": "invalid_value",
            }  # fmt: skip
            with pytest.raises(openai.NotFoundError) as unknown:
                await running.ask(model="gpt-9")
            assert error_of(unknown.value)["code"] == "model_not_found"
            with pytest.raises(openai.BadRequestError):
                await running.ask(stream=True, tourney={"strategy": "best"})
            assert not running.policy.posted

    asyncio.run(go())


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"{", {}, 400, "invalid_json"),
        (b"", {}, 400, "invalid_json"),
        (b"\xff\xfe", {}, 400, "invalid_json"),
        (b"[" * 4000, {}, 400, "invalid_json"),
        (b'{"temperature": NaN}', {}, 400, "invalid_json"),
        (b"[1]", {}, 400, "invalid_type"),
        (b"null", {}, 400, "invalid_type"),
        (b"{}" + b" " * 5000, {}, 413, "body_too_large"),
        (b"no gzip", {"Content-Encoding": "gzip"}, 400, "invalid_value"),
        (b"{}", {"Content-Type": "text/plain"}, 415, "unsupported_media_type"),
        (b"{}", {"Host": "evil.example"}, 403, "forbidden_host"),
    ],
)
def test_bodies_that_are_none(body: bytes, headers: Mapping[str, str], status: int, code: str) -> None:
    async def go() -> None:
        async with endpoint(max_body_bytes=4096) as running:
            got, said, _ = await running.post(body, **headers)
            assert (got, said["error"]["code"]) == (status, code)
            assert set(said["error"]) == {"message", "type", "param", "code"}
            assert not running.policy.posted

    asyncio.run(go())


def test_other_paths_and_methods() -> None:
    async def go() -> None:
        async with endpoint() as running:
            for path, status in (("/v1/completions", 404), ("/v1/chat/completions", 405), ("/v1/models/gpt-9", 404)):
                got, text = await running.get(path)
                assert got == status
                assert '"error"' in text

    asyncio.run(go())


def test_no_policy_server() -> None:
    async def go() -> None:
        policy = FakeServer(model=MODEL)
        async with endpoint(policy) as running:
            await policy.__aexit__(None, None, None)
            with pytest.raises(openai.InternalServerError) as caught:
                await running.ask()
            assert caught.value.status_code == 502
            error = error_of(caught.value)
            assert error["code"] in ("policy_unreachable", "policy_failed")
            assert "127.0.0.1" not in error["message"]
            assert caught.value.response.headers["x-should-retry"] == "false"

    asyncio.run(go())


@pytest.mark.parametrize(
    ("status", "expected", "code"),
    [(400, 400, "policy_refused"), (500, 502, "policy_failed"), (401, 502, "policy_setup")],
)
def test_a_policy_that_refuses(status: int, expected: int, code: str) -> None:
    async def go() -> None:
        policy = FakeServer(model=MODEL, script=[Scripted(status=status, body=b"the context is too long")] * 4)
        async with endpoint(policy) as running:
            with pytest.raises(openai.APIStatusError) as caught:
                await running.ask()
            assert caught.value.status_code == expected
            assert error_of(caught.value)["code"] == code

    asyncio.run(go())


def test_some_candidates_that_fail_are_left_out_and_told() -> None:
    async def go() -> None:
        policy = FakeServer(by_seed, model=MODEL, script=[Scripted(status=500)] * 2)
        async with endpoint(policy, n=6) as running:
            told = (await running.ask())["tourney"]
            assert told["n"] == 4
            assert "2 of 6 candidates could not be sampled" in told["note"]
            assert told["partial"]

    asyncio.run(go())


class Failing(InProcess):
    """A judge that breaks in a way that none should."""

    identity = JudgeIdentity(kind="failing", label="failing")

    async def judge(self, field: Field, comparisons: Sequence[Comparison]) -> Sequence[Judgment]:
        raise ValueError("broken")


def test_a_judge_whose_comparisons_all_fail_still_leaves_an_answer_that_says_so() -> None:
    async def go() -> None:
        judge: Judge = Failing()
        async with endpoint(judges={"failing": judge}) as running:
            told = (await running.ask())["tourney"]
            assert told["partial"]
            assert "picked without the judge" in told["note"]

    asyncio.run(go())


def test_a_lost_judge_is_told_and_taken_up_again_when_it_is_back() -> None:
    from tournament import registry

    async def go() -> None:
        server = FakeServer(model="judge")
        await server.__aenter__()
        port = int(server.base_url.rpartition(":")[2])
        settings = {"base_url": server.base_url, "attempts": 1, "timeout_s": 5}
        async with endpoint(judges={"openai": registry.judge("openai", settings)}, n=6) as running:
            assert (await running.ask(seed=1))["choices"]
            await server.__aexit__(None, None, None)
            codes = []
            for seed in range(2, 9):
                try:
                    await running.ask(seed=seed)
                except openai.APIStatusError as error:
                    codes.append((error.status_code, error_of(error)["code"]))
            assert (502, "judge_lost") in codes
            paid = len(running.policy.posted)
            assert codes[-1] == (503, "judge_unreachable")
            assert (await running.get("/health"))[0] == 503
            with pytest.raises(openai.InternalServerError):
                await running.ask(seed=10)
            assert len(running.policy.posted) == paid  # nothing is sampled that nobody could compare
            async with FakeServer(model="judge", port=port):
                while (await running.get("/health"))[0] != 200:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
                assert not (await running.ask(seed=11))["tourney"]["partial"]

    asyncio.run(go())


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from([
    "model", "messages", "stream", "stream_options", "seed", "top_p", "n", "max_tokens", "temperature", "stop", "tools",
    "tourney", "logprobs", "whatever",
])  # fmt: skip
WISHES = st.sampled_from(["strategy", "n", "votes", "budget", "judge", "deadline", "seed", "candidates", "other"])


@settings(max_examples=150)
@given(st.dictionaries(KEYS, ANY, max_size=4), st.none() | st.dictionaries(WISHES, ANY, max_size=4))
def test_whatever_comes_is_read_or_refused(change: dict[str, Any], wishes: dict[str, Any] | None) -> None:
    body = {**GOOD, **change, **({} if wishes is None else {"tourney": wishes})}
    try:
        asked = read_request(body, TERMS)
    except ApiError as error:
        refusal = error
    else:
        assert 1 <= asked.wishes.n <= TERMS.max_n
        assert asked.wishes.judge in TERMS.judges
        return
    assert 400 <= refusal.status < 500
    assert refusal.to_json()["error"]["message"]


def test_the_judges_of_these_terms_exist() -> None:
    assert checks().identity.kind in TERMS.judges
    assert perfect().identity.kind in TERMS.judges
