"""A server that a file takes in later is asked for its model first: no judgment comes from another one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fake_server import MODEL, FakeServer, Scripted
from tests.judges.serving import ONE, PAIR
from tests.runtime.backend import look_often
from tournament.experiments.sampling.policy import Policy
from tournament.judges.decisions import DecisionsJudge, DecisionsSettings
from tournament.judges.openai import OpenAIJudge, OpenAISettings
from tournament.judges.sglang import SglangJudge, SglangSettings

DECIDED = b'{"decisions": []}'
CHAT = {"messages": [{"role": "user", "content": "hello"}]}

KINDS: dict[str, tuple[Callable[[str], Any], str, str]] = {
    "sglang": (lambda url: SglangJudge(SglangSettings(base_url=url)), "/generate", "/model_info"),
    "openai": (lambda url: OpenAIJudge(OpenAISettings(base_url=url)), "/v1/chat/completions", "/v1/models"),
    "decisions": (lambda url: DecisionsJudge(DecisionsSettings(base_url=url)), "/v1/decisions", "/model_info"),
    "policy": (lambda url: Policy(url), "/v1/chat/completions", "/v1/models"),
}


def _times(server: FakeServer, path: str) -> int:
    return [seen.path for seen in server.seen].count(path)


async def _ask(asked: Any) -> None:
    """So many at once that one server would be busier than another by more than the prefix cache is worth."""
    many = range(12)
    await asyncio.gather(
        *(asked.ask(CHAT, near="p") if isinstance(asked, Policy) else asked.judge(PAIR, ONE) for _ in many)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_of_another_model_gets_no_requests(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    make, path, told = KINDS[kind]
    look_often(monkeypatch)
    fixed = {"/v1/decisions": Scripted(body=DECIDED)}

    async def run() -> None:
        own, same, other = (FakeServer(fixed=fixed, model=name) for name in (MODEL, MODEL, "someone/else"))
        async with own, same, other:
            file = tmp_path / "fleet.txt"
            file.write_text(own.base_url)
            asked = make(f"@{file}")
            await asked.start()
            file.write_text("\n".join(server.base_url for server in (own, same, other)))
            while not _times(same, path) or not _times(other, told):
                await _ask(asked)
            await _ask(asked)
            assert _times(other, path) == 0
            assert _times(own, path) > 1
            await asked.close()
            [warning] = [record for record in caplog.records if "gets no requests" in record.getMessage()]
            assert warning.getMessage().startswith(other.base_url)
            assert "someone/else" in warning.getMessage()
            assert MODEL in warning.getMessage()

    with caplog.at_level(logging.WARNING, logger="tournament"):
        asyncio.run(asyncio.wait_for(run(), 20))
