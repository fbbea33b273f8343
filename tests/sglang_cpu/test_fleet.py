"""A file of servers against the real SGLang and its router: who serves the run's model is taken in, whatever it is."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from tests.runtime.backend import look_often, until
from tournament.judges.sglang import SglangJudge, SglangSettings

from . import needs
from .install import default_directory, is_router_installed
from .router import serve_router
from .server import Server
from .test_router import ANSWERED, BOTH_ORDERS, PAIR


def test_a_router_takes_over_from_the_server_behind_it(
    sglang_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each tells what it serves in its own way."""
    directory = default_directory()
    needs.need(is_router_installed(directory), f"SGLang's router is not installed in {directory}")
    look_often(monkeypatch)
    file = tmp_path / "fleet.txt"
    file.write_text(f"{sglang_server.base_url}\n")

    async def run(router: Server) -> None:
        judge = SglangJudge(
            SglangSettings(base_url=f"@{file}", wrapping="chatml", max_tokens=4, timeout_s=300, attempts=2)
        )
        try:
            await judge.start()
            [before] = await judge.judge(PAIR, BOTH_ORDERS[:1])
            file.write_text(f"{router.base_url}\n")
            await until(lambda: f"{router.base_url} joins" in caplog.messages)
            [after] = await judge.judge(PAIR, BOTH_ORDERS[1:])
            assert {before.outcome, after.outcome} <= ANSWERED
            assert "gets no requests" not in caplog.text
        finally:
            await judge.close()

    with (
        serve_router(directory, [sglang_server.base_url]) as router,
        caplog.at_level(logging.INFO, logger="tournament"),
    ):
        asyncio.run(asyncio.wait_for(run(router), 120))
