"""An endpoint on a real socket in front of a fake policy, and the official client that talks to it."""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
import openai
from aiohttp import web
from openai.types.chat import ChatCompletionMessageParam

from tests.fake_server import FakeServer, Said
from tournament import registry
from tournament.config import RunConfig
from tournament.endpoint.access import Access
from tournament.endpoint.assemble import Parts, Up, serving
from tournament.endpoint.terms import Terms
from tournament.experiments.sampling.policy import Policy
from tournament.judge import Judge
from tournament.judges.calling import CallableJudge
from tournament.types import Prompt

MODEL = "org/policy-1b"
ASK: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Which number is the largest?"}]


def by_seed(prompt: str, parameters: Mapping[str, Any]) -> Said:
    """A candidate that its seed decides: a number, the larger the better."""
    return Said(text=f"answer {random.Random(parameters['seed']).randrange(10**6)}")


def larger(prompt: Prompt, first: str, second: str) -> float:
    """The preference of a judge that is always right about `by_seed`."""
    one, other = (int(re.findall(r"\d+", text)[-1]) for text in (first, second))
    return 0.5 if one == other else float(one > other)


def perfect() -> Judge:
    return CallableJudge.of(larger, deterministic=True)


class HeldPolicy(FakeServer):
    """A policy that keeps some requests waiting until `release` is set; `under_way` counts those."""

    def __init__(self, holds: Callable[[int], bool], **options: Any) -> None:
        super().__init__(by_seed, model=MODEL, **options)
        self._holds, self._count = holds, self._count
        self.release = asyncio.Event()
        self.under_way = self.broken_off = self.asked = 0

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            self.asked += 1
            if self._holds(self.asked - 1):
                self.under_way += 1
                try:
                    while not self.release.is_set():
                        await asyncio.sleep(0.01)
                        if request.transport is None or request.transport.is_closing():
                            self.broken_off += 1
                            break
                finally:
                    self.under_way -= 1
        return await super()._handle(request)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """An endpoint, its policy, and the official client."""

    up: Up
    policy: FakeServer
    client: openai.AsyncOpenAI
    session: aiohttp.ClientSession
    extra: Mapping[str, Any] = field(default_factory=dict)

    async def ask(self, **fields: Any) -> Any:
        """A chat completion by the official client, as plain JSON; `tourney` goes into the extra body."""
        extra = {"tourney": fields.pop("tourney")} if "tourney" in fields else {}
        fields = {"model": MODEL, "messages": ASK, "extra_body": extra, **fields}
        return (await self.client.chat.completions.create(**fields)).model_dump()

    async def post(self, body: Any, **headers: str) -> tuple[int, Any, Mapping[str, str]]:
        """A request as bytes or JSON, not through the client: status, JSON, headers."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **headers}
        async with self.session.post(self.up.url + "/v1/chat/completions", data=data, headers=headers) as answer:
            return answer.status, await answer.json(), dict(answer.headers)

    async def get(self, path: str) -> tuple[int, str]:
        """The status and text of a path."""
        async with self.session.get(self.up.url + path) as answer:
            return answer.status, await answer.text()


@asynccontextmanager
async def endpoint(
    policy: FakeServer | None = None,
    judges: Mapping[str, Judge] | None = None,
    *,
    config: RunConfig | None = None,
    keys: tuple[str, ...] = (),
    ledger: Path | None = None,
    n: int = 4,
    deadline_s: float | None = None,
    **parts: Any,
) -> AsyncIterator[Running]:
    """An endpoint for the length of the block."""
    judges = judges or {"callable": perfect()}
    config = config or RunConfig()
    async with policy or FakeServer(by_seed, model=MODEL) as source:
        terms = Terms(model="", judges=tuple(judges), config=config, n=n, deadline_s=deadline_s)
        made = Parts(
            policy=Policy(source.base_url, attempts=1),
            judges=judges,
            access=Access(keys),
            port=0,
            ledger=ledger,
            drain_s=5.0,
        )
        async with serving(terms, replace(made, **parts)) as up, aiohttp.ClientSession() as session:
            key = keys[0] if keys else "none"
            async with openai.AsyncOpenAI(base_url=up.url + "/v1", api_key=key, max_retries=0) as client:
                yield Running(up=up, policy=source, client=client, session=session)


def checks() -> Judge:
    return registry.judge("checks")


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds."""
    while not condition():  # noqa: ASYNC110  # what is waited for happens in other programs too
        await asyncio.sleep(0.005)


def error_of(caught: BaseException) -> dict[str, Any]:
    """The body of an API error that the official client raised."""
    assert isinstance(caught, openai.APIStatusError)
    body = caught.body
    assert isinstance(body, dict)
    return body
