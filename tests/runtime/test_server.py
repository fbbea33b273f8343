"""The launcher, with a small program in SGLang's place: what it starts, waits for, says of a failure, and leaves."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from tournament.errors import JudgeSetupError, UsageError
from tournament.runtime import server as module
from tournament.runtime.server import ServerPlan, SglangServer, free_port, serving

# Takes its part from the environment, and its port from the arguments as SGLang does.
FAKE = f"""#!{sys.executable}
import json, os, signal, subprocess, sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

home = Path(os.environ["FAKE_HOME"])
part = os.environ["FAKE"]
(home / "told.json").write_text(json.dumps({{"argv": sys.argv[1:], "environment": dict(os.environ)}}))
print("[2026-11-21 10:04:18 TP0] Load weight begin. avail mem=19.40 GB", flush=True)
if part == "fail":
    print(os.environ["FAKE_SAYS"], flush=True)
    sys.exit(int(os.environ["FAKE_STATUS"]))
if part == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if part in ("deaf", "parent"):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    (home / "grandchild.new").write_text(str(child.pid))
    (home / "grandchild.new").rename(home / "grandchild")
if part in ("deaf", "parent", "hang"):
    time.sleep(600)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        with (home / "asked").open("a") as asked:
            asked.write(self.path + "\\n")
        if part == "404" or (part == "keyed" and self.path != "/health"):
            self.send_response(404 if part == "404" else 401)
        else:
            self.send_response(200 if (home / "gate").exists() else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()


HTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Handler).serve_forever()
"""
WAIT_S = 60.0


class Scene:
    """A folder with the program in it, and the plans that start it in one part or another."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.python = home / "python"
        self.python.write_text(FAKE)
        self.python.chmod(0o755)

    def plan(self, part: str, **options: Any) -> ServerPlan:
        environment = {"FAKE": part, "FAKE_HOME": str(self.home), **options.pop("environment", {})}
        options = {"model": "org/judge", "log_path": self.home / "log", **options}
        return ServerPlan(python=str(self.python), environment=environment, **options)

    def open_gate(self, *_: object) -> None:
        (self.home / "gate").touch()

    def told(self) -> Any:
        return json.loads((self.home / "told.json").read_text())


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), WAIT_S))


def silent(line: str, passed_s: float) -> None:
    pass


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - what it waits for is another process
        await asyncio.sleep(0.01)


def gone(pid: int) -> bool:
    """Whether no process of that number runs; one that nobody has collected yet does not run."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except ProcessLookupError:
        return True
    except FileNotFoundError:
        return sys.platform == "linux"


def test_ready_when_health_and_the_rest_answer_with_the_log_as_progress(scene: Scene) -> None:
    heard: list[tuple[str, float]] = []

    def progress(line: str, passed_s: float) -> None:
        heard.append((line, passed_s))
        if line.startswith("Load weight"):
            scene.open_gate()

    async def test() -> None:
        async with serving(scene.plan("up"), progress=progress) as server:
            asked = (scene.home / "asked").read_text().splitlines()
            assert asked == ["/health"] * (len(asked) - 1) + ["/model_info"]
            assert not gone(server.pid)
            assert server.base_url == f"http://127.0.0.1:{server.command[server.command.index('--port') + 1]}"
        assert gone(server.pid)

    run(test)
    assert heard[-1][0] == "Load weight begin. avail mem=19.40 GB"
    assert [passed_s for _, passed_s in heard] == sorted(passed_s for _, passed_s in heard)


def test_a_server_that_wants_a_key_is_ready(scene: Scene) -> None:
    async def test() -> None:
        async with serving(scene.plan("keyed"), progress=scene.open_gate):
            pass

    run(test)


def test_started_hears_of_the_server_before_it_is_ready(scene: Scene) -> None:
    def started(server: SglangServer) -> None:
        assert not gone(server.pid)
        assert not (scene.home / "gate").exists()
        scene.open_gate()

    async def test() -> None:
        async with serving(scene.plan("up"), progress=silent, started=started):
            pass

    run(test)
    assert (scene.home / "gate").exists()


RAISED = "  File x.py, line 3050\n    raise ValueError(\nValueError: no GPU memory is left for the KV cache\n"


@pytest.mark.parametrize(
    ("status", "says", "told"),
    [
        (0, "", ["ended with status 0", "Load weight begin", "see the log"]),
        (1, "python: Error while finding spec (ModuleNotFoundError: No module named 'sglang')", ["tournament-engine["]),
        (
            1,
            "torch.OutOfMemoryError: CUDA out of memory. Tried\nRuntimeError: NCCL error",
            ["CUDA out", "context length"],
        ),
        (1, RAISED + "[2026-11-21 12:09:19] Received sigquit from a child process.", ["no GPU memory is", "raise tp"]),
        (2, "serve: error: unrecognized arguments: --no-such 3", ["status 2", "--no-such 3", "correct the flags"]),
        (1, "RuntimeError: Rank 0 scheduler died (exit code: -9).", ["Rank 0", "main memory"]),
        (
            1,
            "KeyError: 'x'\nIgnore import error when loading m: No module named 'y'\nbye",
            ["KeyError: 'x'", "see the"],
        ),
        (1, "ImportError: No module named 'sglang_router'", ["sglang_router", "see the log"]),
    ],
)
def test_a_child_that_ends_at_the_start_is_told_with_its_cause(
    scene: Scene, status: int, says: str, told: list[str]
) -> None:
    environment = {"FAKE_SAYS": says, "FAKE_STATUS": str(status)}

    async def test() -> None:
        with pytest.raises(JudgeSetupError, match="before it was up") as caught:
            async with serving(scene.plan("fail", environment=environment), progress=silent):
                pass
        for words in [*told, str(scene.home / "log")]:
            assert words in str(caught.value)
        assert "\n" not in str(caught.value)

    run(test)


def test_an_earlier_run_in_the_same_log_is_kept_and_not_taken_for_this_one(scene: Scene) -> None:
    (scene.home / "log").write_text("KeyError: 'of an earlier run'\n")
    environment = {"FAKE_SAYS": "", "FAKE_STATUS": "1"}

    async def test() -> None:
        with pytest.raises(JudgeSetupError, match="Load weight"):
            async with serving(scene.plan("fail", environment=environment), progress=silent):
                pass

    run(test)
    assert "an earlier run" in (scene.home / "log").read_text()


@pytest.mark.parametrize("part", ["hang", "up"])
def test_a_child_that_is_not_up_in_time_is_ended(scene: Scene, part: str) -> None:
    servers: list[SglangServer] = []

    async def test() -> None:
        with pytest.raises(JudgeSetupError, match=r"not up after 0.2 s, last: .*allow it more time"):
            async with serving(scene.plan(part), timeout_s=0.2, progress=silent, started=servers.append):
                pass

    run(test)
    assert gone(servers[0].pid)


def test_something_else_that_answers_is_not_taken_for_sglang(scene: Scene) -> None:
    async def test() -> None:
        with pytest.raises(JudgeSetupError, match=r"no SGLang answers at .*404"):
            async with serving(scene.plan("404"), progress=silent):
                pass

    run(test)


def test_a_port_in_use_is_told_before_anything_starts(scene: Scene) -> None:
    async def test() -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            with pytest.raises(JudgeSetupError, match=f"port {port}: .*choose another port"):
                async with serving(scene.plan("up", port=port)):
                    pass

    run(test)
    assert not (scene.home / "told.json").exists()


def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(JudgeSetupError, match=r"cannot listen on 192\.0\.2\.1"):
        free_port("192.0.2.1", 30000)


@pytest.mark.parametrize("part", ["deaf", "parent"])
def test_stop_leaves_no_process_of_the_group(scene: Scene, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if part == "deaf":
        monkeypatch.setattr(module, "_STOP_GRACE_S", 0.1)

    async def test() -> None:
        server = await SglangServer.start(scene.plan(part))
        await until((scene.home / "grandchild").exists)
        grandchild = int((scene.home / "grandchild").read_text())
        assert not gone(grandchild)
        await server.stop()
        await until(lambda: gone(server.pid) and gone(grandchild))
        await server.stop()

    run(test)


def test_what_a_child_leaves_at_its_death_is_ended_at_once_and_stop_does_nothing(scene: Scene) -> None:
    async def test() -> None:
        server = await SglangServer.start(scene.plan("parent"))
        await until((scene.home / "grandchild").exists)
        os.kill(server.pid, signal.SIGKILL)
        await until(lambda: gone(int((scene.home / "grandchild").read_text())))
        await asyncio.gather(server.stop(), server.stop())
        with pytest.raises(JudgeSetupError, match="ended by signal 9 before"):
            await server.wait_ready(WAIT_S, silent)

    run(test)


def test_a_child_that_ends_while_in_use_is_told(scene: Scene) -> None:
    async def test() -> None:
        server = await SglangServer.start(scene.plan("hang"))
        os.kill(server.pid, signal.SIGKILL)
        with pytest.raises(JudgeSetupError, match=r"ended by signal 9: .*log"):
            await server.ended_or(asyncio.Event())

    run(test)


def test_ended_or_returns_when_told_to_stop(scene: Scene) -> None:
    async def test() -> None:
        server = await SglangServer.start(scene.plan("hang"))
        stop = asyncio.Event()
        stop.set()
        await server.ended_or(stop)
        assert not gone(server.pid)
        await server.stop()

    run(test)


def test_cancellation_while_waiting_leaves_nothing(scene: Scene) -> None:
    servers: list[SglangServer] = []

    async def use() -> None:
        async with serving(scene.plan("parent"), progress=silent, started=servers.append):
            raise AssertionError("it never comes up")

    async def test() -> None:
        using = asyncio.create_task(use())
        await until((scene.home / "grandchild").exists)
        using.cancel()
        with pytest.raises(asyncio.CancelledError):
            await using
        await until(lambda: gone(servers[0].pid) and gone(int((scene.home / "grandchild").read_text())))

    run(test)


def test_a_second_interrupt_does_without_the_grace_period(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_STOP_GRACE_S", 2 * WAIT_S)

    async def test() -> None:
        server = await SglangServer.start(scene.plan("deaf"))
        await until((scene.home / "grandchild").exists)
        stopping = asyncio.create_task(server.stop())
        await asyncio.sleep(0)
        stopping.cancel()
        await until(lambda: gone(server.pid) and gone(int((scene.home / "grandchild").read_text())))

    run(test)


def test_an_error_in_the_block_ends_the_server_and_comes_through(scene: Scene) -> None:
    servers: list[SglangServer] = []

    async def test() -> None:
        with pytest.raises(ZeroDivisionError):
            async with serving(scene.plan("up"), progress=scene.open_gate, started=servers.append):
                raise ZeroDivisionError

    run(test)
    assert gone(servers[0].pid)


def test_a_server_that_nobody_stops_ends_with_the_event_loop(scene: Scene) -> None:
    servers: list[SglangServer] = []

    async def test() -> None:
        servers.append(await SglangServer.start(scene.plan("deaf")))
        await until((scene.home / "grandchild").exists)

    run(test)
    asyncio.run(until(lambda: gone(servers[0].pid) and gone(int((scene.home / "grandchild").read_text()))))


PARENT = """
import asyncio, sys
from tournament.runtime.server import ServerPlan, SglangServer

async def main():
    plan = ServerPlan(model="m", python=sys.argv[1], environment={"FAKE": "deaf", "FAKE_HOME": sys.argv[2]})
    server = await SglangServer.start(plan)
    print(server.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def test_a_parent_that_is_killed_takes_the_whole_group_with_it(scene: Scene) -> None:
    command = [sys.executable, "-c", PARENT, str(scene.python), str(scene.home)]
    environment = {**os.environ, "TMPDIR": str(scene.home), "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        asyncio.run(asyncio.wait_for(until((scene.home / "grandchild").exists), WAIT_S))
        grandchild = int((scene.home / "grandchild").read_text())
        assert not gone(child)
        parent.kill()
    asyncio.run(asyncio.wait_for(until(lambda: gone(child) and gone(grandchild)), WAIT_S))


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
