"""The launcher with the real SGLang: up, in use, and gone with all its processes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tournament.errors import JudgeSetupError
from tournament.runtime.client import JsonClient
from tournament.runtime.server import ServerPlan, SglangServer, serving

from . import needs
from . import server as harness
from .install import model_of, python_of


@pytest.fixture
def directory() -> Path:
    return needs.sglang()


def _plan(directory: Path, log_path: Path, *extra: str) -> ServerPlan:
    return ServerPlan(
        model=str(model_of(directory)),
        context_length=harness.CONTEXT_LENGTH,
        served_name=harness.MODEL_NAME,
        extra=(*harness.cpu_flags(), *extra),
        python=str(python_of(directory)),
        environment=harness.environment(),
        log_path=log_path,
    )


def _members(group: int) -> dict[int, str]:
    """The processes of a group that run, by number; one that nobody has collected yet does not run."""
    members = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = entry.read_text().rpartition(")")
        except OSError:
            continue
        state, _, of_group = rest.split()[:3]
        if int(of_group) == group and state != "Z":
            members[int(entry.parent.name)] = name
    return members


async def _until_gone(group: int) -> None:
    while _members(group):  # noqa: ASYNC110 - what it waits for is other processes
        await asyncio.sleep(0.05)


async def _generate(server: SglangServer) -> Any:
    client = JsonClient(server.base_url)
    try:
        parameters = {"temperature": 0, "max_new_tokens": 4}
        body = {"text": "The capital of France is", "sampling_params": parameters}
        models = await client.get("/v1/models")
        return models["data"][0]["id"], await client.post("/generate", body)
    finally:
        await client.close()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see what runs")
def test_sglang_comes_up_answers_and_leaves_no_process(directory: Path, tmp_path: Path) -> None:
    heard: list[str] = []

    async def test() -> None:
        plan = _plan(directory, tmp_path / "log")
        async with serving(plan, timeout_s=240, progress=lambda line, _: heard.append(line)) as server:
            name, answer = await _generate(server)
            assert name == harness.MODEL_NAME
            assert answer["text"].startswith(" Paris")
            assert len(_members(server.pid)) > 1
        await asyncio.wait_for(_until_gone(server.pid), 60)

    asyncio.run(test())
    assert not any("GET /health" in line or "api_key" in line for line in heard)
    assert len(set(heard)) > 2


def test_a_flag_that_sglang_does_not_know_is_told(directory: Path, tmp_path: Path) -> None:
    async def test() -> None:
        with pytest.raises(JudgeSetupError, match=r"unrecognized arguments: --no-such-flag; correct the flags"):
            async with serving(_plan(directory, tmp_path / "log", "--no-such-flag"), timeout_s=240):
                pass

    asyncio.run(test())


def test_a_scheduler_that_cannot_start_is_told_with_its_own_reason(directory: Path, tmp_path: Path) -> None:
    async def test() -> None:
        plan = _plan(directory, tmp_path / "log", "--mem-fraction-static", "0.0001")
        with pytest.raises(JudgeSetupError, match=r"no GPU memory for the KV cache.*raise tp") as caught:
            async with serving(plan, timeout_s=240):
                pass
        assert "\n" not in str(caught.value)

    asyncio.run(test())
