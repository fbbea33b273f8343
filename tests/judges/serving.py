"""Helpers for tests of judges that stand behind the fake server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tests.fake_server import FakeServer
from tournament.judges.openai import OpenAIJudge, OpenAISettings
from tournament.judges.sglang import SglangJudge, SglangSettings
from tournament.types import Candidate, Comparison, Field, Judgment, Problem, Prompt

AnyJudge = SglangJudge | OpenAIJudge


def field(*texts: str, prompt: Prompt = "What is 1 + 1?") -> Field:
    candidates = tuple(Candidate(id=str(index), text=text) for index, text in enumerate(texts))
    return Field.of(Problem(id="p", prompt=prompt, candidates=candidates))


PAIR = field("Two.", "Three.")
ONE = [Comparison(0, 1)]


def judged(
    server: FakeServer,
    settings: SglangSettings | OpenAISettings,
    comparisons: Sequence[Comparison] = ONE,
    of: Field = PAIR,
) -> tuple[list[Judgment], AnyJudge]:
    """Start a judge against the server, judge once where there is something to judge, and close it."""

    async def run() -> tuple[list[Judgment], AnyJudge]:
        async with server:
            judge = made(settings, server)
            try:
                await judge.start()
                return list(await judge.judge(of, comparisons)) if comparisons else [], judge
            finally:
                await judge.close()

    return asyncio.run(run())


def started(server: FakeServer, settings: SglangSettings | OpenAISettings) -> AnyJudge:
    """Start a judge against the server and close it."""
    return judged(server, settings, [])[1]


def made(settings: Any, server: FakeServer) -> AnyJudge:
    """A judge for the server."""
    settings = replace(settings, base_url=server.base_url)
    return SglangJudge(settings) if isinstance(settings, SglangSettings) else OpenAIJudge(settings)
