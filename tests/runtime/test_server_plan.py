"""What the launcher starts: command, environment, Python and log."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import sys

import pytest

from tests.runtime.launching import Scene, run
from tournament.errors import JudgeSetupError, UsageError
from tournament.runtime.server import ServerPlan, SglangServer, serving


def test_the_child_gets_the_environment_without_api_keys(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "judge_api_key", "HF_TOKEN", "FAKE"):
        monkeypatch.setenv(name, "inherited")
    monkeypatch.setenv("NO_PROXY", "example.org")
    monkeypatch.delenv("no_proxy", raising=False)

    async def test() -> None:
        async with serving(scene.plan("up"), progress=scene.open_gate):
            pass

    run(test)
    environment = scene.told()["environment"]
    assert not [name for name in environment if name.upper().endswith("_API_KEY")]
    assert (environment["HF_TOKEN"], environment["FAKE"]) == ("inherited", "up")
    assert environment["no_proxy"] == environment["NO_PROXY"] == "example.org,127.0.0.1"


def test_the_child_leads_a_session_of_its_own_and_gets_the_command(scene: Scene) -> None:
    async def test() -> None:
        async with serving(scene.plan("up", extra=("--x", "1")), progress=scene.open_gate) as server:
            assert os.getsid(server.pid) == os.getpgid(server.pid) == server.pid
            assert [str(scene.python), *scene.told()["argv"]] == server.command

    run(test)


def test_the_command_names_what_was_asked_for_with_the_further_flags_last() -> None:
    plan = ServerPlan(
        model="m", tp=2, dp=4, context_length=4096, served_name="judge", python="py", extra=("--tp-size", "8")
    )
    assert plan.command(31000) == [
        *("py", "-m", "sglang.launch_server", "--model-path", "m", "--host", "127.0.0.1", "--port", "31000"),
        *("--tp-size", "2", "--dp-size", "4", "--context-length", "4096", "--served-model-name", "judge"),
        *("--enable-deterministic-inference", "--enable-cache-report", "--tp-size", "8"),
    ]


def test_the_command_leaves_out_what_was_not_asked_for() -> None:
    plan = ServerPlan(model="m", python="py", host="0.0.0.0", deterministic=False)
    assert plan.command(1)[3:] == ["--model-path", "m", "--host", "0.0.0.0", "--port", "1", "--enable-cache-report"]


@pytest.mark.parametrize("extra", [("--port", "1"), ("--tp-size", "2", "--host=::")])
def test_the_address_is_no_further_flag(extra: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match=r"--(port|host)\b.*instead"):
        ServerPlan(model="m", extra=extra)


def test_the_environment_names_the_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOURNEY_SGLANG_PYTHON", "/opt/sglang/bin/python")
    assert ServerPlan(model="m").python == "/opt/sglang/bin/python"
    monkeypatch.delenv("TOURNEY_SGLANG_PYTHON")
    assert ServerPlan(model="m").python == sys.executable


def test_a_python_without_sglang_is_told_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    plan = ServerPlan(model="m", python=sys.executable)
    with pytest.raises(JudgeSetupError, match=r"pip install 'tournament-engine\[sglang\]'.*TOURNEY_SGLANG_PYTHON"):
        asyncio.run(SglangServer.start(plan))


def test_a_python_that_is_not_there_is_told() -> None:
    with pytest.raises(JudgeSetupError, match=r"/no/such/python .*TOURNEY_SGLANG_PYTHON"):
        asyncio.run(SglangServer.start(ServerPlan(model="m", python="/no/such/python")))


def test_a_log_that_cannot_be_written_is_told(scene: Scene) -> None:
    (scene.home / "file").touch()
    with pytest.raises(JudgeSetupError, match=r"file/log: cannot write .*name another"):
        asyncio.run(SglangServer.start(scene.plan("up", log_path=scene.home / "file" / "log")))


def test_without_a_log_path_the_log_is_kept_in_a_new_folder(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(scene.home))

    async def test() -> None:
        async with serving(scene.plan("up", log_path=None), progress=scene.open_gate) as server:
            assert server.log_path.is_relative_to(scene.home)
        assert "Load weight" in server.log_path.read_text()

    run(test)
