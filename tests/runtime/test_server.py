"""The launcher, with a small program in SGLang's place: what it starts, waits for, and says of a failure."""

from __future__ import annotations

import socket

import pytest

from tests.runtime.launching import Scene, gone, run, silent
from tournament.errors import JudgeSetupError
from tournament.runtime.server import SglangServer, free_port, serving


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
