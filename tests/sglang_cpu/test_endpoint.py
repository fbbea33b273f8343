"""`tourney serve` with policy and judge on the real server, asked by the official `openai` client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from tournament import registry
from tournament.endpoint.access import Access
from tournament.endpoint.assemble import Parts, serving
from tournament.endpoint.terms import Terms
from tournament.experiments.sampling.policy import Policy

from .server import MODEL_NAME, Server

ASK: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Tell me about the number seven."}]
N, TOKENS = 3, 8


@asynccontextmanager
async def _endpoint(server: Server, ledger: Path) -> AsyncIterator[openai.AsyncOpenAI]:
    settings = {"base_url": server.base_url, "max_tokens": TOKENS, "thinking": 0}
    parts = Parts(
        policy=Policy(server.base_url),
        judges={"sglang": registry.judge("sglang", settings)},
        access=Access(["key"]),
        port=0,
        ledger=ledger,
    )
    terms = Terms(model="", judges=("sglang",), n=N, sampling={"temperature": 1.5})
    async with (
        serving(terms, parts) as up,
        openai.AsyncOpenAI(base_url=up.url + "/v1", api_key="key", max_retries=0) as client,
    ):
        yield client


def test_a_session_of_the_official_client(sglang_server: Server, tmp_path: Path) -> None:
    async def go() -> None:
        async with _endpoint(sglang_server, tmp_path / "ledger.sqlite") as client:
            assert [model.id async for model in client.models.list()] == [MODEL_NAME]
            wishes = {"strategy": "knockout", "candidates": True}
            said = await client.chat.completions.create(
                model=MODEL_NAME, messages=ASK, max_tokens=TOKENS, seed=5, extra_body={"tourney": wishes}
            )
            told = said.model_dump()["tourney"]
            texts = [row["text"] for row in told["candidates"]]
            assert len(texts) == told["n"] == N
            assert len(set(texts)) > 1
            assert said.choices[0].message.content in texts
            assert told["spend"]["judge"]["comparisons"] == told["distinct"] - 1
            assert said.usage is not None
            assert 0 < told["spend"]["policy"]["completion_tokens"] <= N * TOKENS
            assert said.usage.completion_tokens > told["spend"]["policy"]["completion_tokens"]
            assert not told["partial"]

            stream = await client.chat.completions.create(
                model=MODEL_NAME, messages=ASK, max_tokens=TOKENS, seed=5, stream=True,
                stream_options={"include_usage": True}, extra_body={"tourney": wishes},
            )  # fmt: skip
            chunks = [chunk async for chunk in stream]
            text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
            assert text == said.choices[0].message.content
            assert chunks[-1].usage is not None
            assert chunks[-1].usage.total_tokens == 0  # the same request, out of the ledger and its samples

    asyncio.run(go())


def test_a_prompt_too_long_is_the_clients_fault(sglang_server: Server, tmp_path: Path) -> None:
    async def go() -> None:
        async with _endpoint(sglang_server, tmp_path / "ledger.sqlite") as client:
            long: Any = [{"role": "user", "content": "word " * 9000}]
            with pytest.raises(openai.BadRequestError) as caught:
                await client.chat.completions.create(model=MODEL_NAME, messages=long, max_tokens=TOKENS)
            assert isinstance(caught.value.body, dict)
            assert caught.value.body["code"] == "policy_refused"
            assert "context" in str(caught.value)

    asyncio.run(go())
