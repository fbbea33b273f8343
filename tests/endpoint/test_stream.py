"""Streams: progress as comments, the winner as chunks, the usage where it is asked for, errors as errors."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import openai
import pytest

from tests.endpoint.running import ASK, MODEL, HeldPolicy, Running, by_seed, endpoint, error_of, until
from tests.fake_server import FakeServer, Said, Scripted
from tournament.endpoint import stream as streams
from tournament.judges.calling import CallableJudge

BODY: dict[str, Any] = {"model": MODEL, "messages": ASK, "stream": True}


async def lines_of(running: Running, body: dict[str, Any]) -> list[str]:
    """A whole stream as it goes over the wire, without the empty lines."""
    async with running.session.post(running.up.url + "/v1/chat/completions", json=body) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/event-stream"
        return [line for line in (await answer.text()).splitlines() if line]


def test_the_official_client_reads_the_same_winner_from_a_stream() -> None:
    async def go() -> None:
        policy = FakeServer(lambda p, b: Said(text=by_seed(p, b).text + " ." * 900, reasoning="hm"), model=MODEL)
        async with endpoint(policy) as running:
            whole = await running.ask(seed=3)
            stream = await running.client.chat.completions.create(
                model=MODEL, messages=ASK, seed=3, stream=True, stream_options={"include_usage": True}
            )  # fmt: skip
            chunks = [chunk.model_dump() async for chunk in stream]
            assert all(chunk["object"] == "chat.completion.chunk" for chunk in chunks)
            deltas = [chunk["choices"][0]["delta"] for chunk in chunks[:-1]]
            assert deltas[0]["role"] == "assistant"
            text = "".join(delta.get("content") or "" for delta in deltas)
            assert text == whole["choices"][0]["message"]["content"]
            assert "".join(delta.get("reasoning_content") or "" for delta in deltas) == "hm"
            assert len(deltas) > 4
            assert chunks[-2]["choices"][0]["finish_reason"] == "stop"
            assert chunks[-2]["tourney"]["best"] == whole["tourney"]["best"]
            assert chunks[-1]["choices"] == []
            assert chunks[-1]["usage"]["total_tokens"] > 0

    asyncio.run(go())


def test_usage_comes_only_where_it_is_asked_for_and_done_comes_last() -> None:
    async def go() -> None:
        async with endpoint() as running:
            lines = await lines_of(running, BODY)
            assert lines[-1] == "data: [DONE]"
            events = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")]
            assert not any("usage" in event for event in events)

    asyncio.run(go())


def test_progress_comes_as_comments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "PERIOD_S", 0.01)

    async def go() -> None:
        may_judge = asyncio.Event()

        async def slowly(prompt: object, first: str, second: str) -> float:
            await may_judge.wait()
            return float(first > second)

        policy = HeldPolicy(lambda number: number >= 2)
        async with endpoint(policy, judges={"callable": CallableJudge.of(slowly)}) as running:
            wishes = {"strategy": "knockout"}
            async with running.session.post(
                running.up.url + "/v1/chat/completions", json={**BODY, "tourney": wishes}
            ) as answer:
                assert await _next(answer) == ": tourney 2/4 candidates"
                policy.release.set()
                while (line := await _next(answer)).endswith("candidates"):
                    pass
                assert line == ": tourney 0/3 comparisons"
                may_judge.set()
                rest = (await answer.text()).splitlines()
                assert rest[-2] == "data: [DONE]"

    asyncio.run(go())


async def _next(answer: Any) -> str:
    while not (line := (await answer.content.readline()).decode().strip()):
        assert not answer.content.at_eof()
    return str(line)


def test_an_error_before_the_first_byte_has_its_status_and_one_after_it_is_an_event(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def go() -> None:
        broken = [Scripted(status=500)] * 8
        async with endpoint(FakeServer(model=MODEL, script=broken)) as running:
            with pytest.raises(openai.APIStatusError) as early:
                await running.client.chat.completions.create(model=MODEL, messages=ASK, stream=True)
            assert early.value.status_code == 502
            assert error_of(early.value)["code"] == "policy_failed"
            monkeypatch.setattr(streams, "HEADERS_AFTER_S", 0.0)
            monkeypatch.setattr(streams, "PERIOD_S", 0.0)
            stream: Any = await running.client.chat.completions.create(model=MODEL, messages=ASK, stream=True)
            with pytest.raises(openai.APIError, match="no candidate could be sampled"):
                async for _ in stream:
                    pass

    asyncio.run(go())


@pytest.mark.parametrize("streamed", [True, False])
def test_a_client_that_goes_away_ends_its_work(streamed: bool) -> None:
    async def go() -> None:
        policy = HeldPolicy(lambda number: True)
        async with endpoint(policy) as running:
            body = {**BODY, "stream": streamed}
            asking = asyncio.create_task(running.post(body))
            await until(lambda: policy.under_way == 4)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            await until(lambda: policy.broken_off == 4)
            assert running.up.service.admission.at_work == 0
            assert 'requests_total{outcome="cancelled"} 1' in (await running.get("/metrics"))[1]
            policy.release.set()
            assert (await running.ask())["choices"]

    asyncio.run(go())
