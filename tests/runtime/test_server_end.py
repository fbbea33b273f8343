"""The launcher's end: whatever ends it, nothing of the child is left."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.runtime.launching import WAIT_S, Scene, gone, run, silent, until
from tournament.errors import JudgeSetupError
from tournament.runtime import server as module
from tournament.runtime.server import SglangServer, serving


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
