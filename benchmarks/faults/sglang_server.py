"""One real SGLang on the CPU that is killed, starved, stopped and started anew on the same port."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from benchmarks.faults.sglang_log import Witness, logged
from tests.sglang_cpu.server import Server, serve

# Of a drained SGLang: it looks every 5 s whether nothing is under way, and is killed where it does not come to an end,
# as whatever manages servers would.
DRAINED_WITHIN_S = 30.0
# SGLang 0.5.23 that has lost its detokenizer answers nobody, and ends itself after the 65 s that it waits for a dump.
_GONE_WITHIN_S = 300.0
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Real:
    """A real SGLang, up or not; its address and its log stay the same. With float32 its words hardly depend on load."""

    def __init__(self, directory: Path, folder: Path) -> None:
        self.witness = Witness(folder / "sglang-log")
        self._directory = directory
        self._port = _free_port()
        self._stack = contextlib.ExitStack()
        self._server: Server | None = None
        self._extra: Sequence[str] = ()

    @property
    def base_url(self) -> str:
        """Where it answers, when it is up."""
        return f"http://127.0.0.1:{self._port}"

    def up(self, *extra: str) -> None:
        """Be up with these arguments: started anew where it is not, and not where it is."""
        if self._server is not None and self._server.process.poll() is None and self._extra == extra:
            return
        self.down()
        words = ["--dtype", "float32", *logged(self.witness.folder), *extra]
        self._server = self._stack.enter_context(serve(self._directory, port=self._port, extra=words))
        self._extra = extra

    def again(self) -> None:
        """Be up anew, with the arguments of before."""
        self.up(*self._extra)

    def down(self) -> None:
        """Stop it and whatever is left of it."""
        self._stack.close()
        self._server = None

    def kill(self) -> None:
        """SIGKILL to all of its processes."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._died()

    def kill_child(self, name: str) -> None:
        """SIGKILL to one child, as the kernel does where memory is short; returns when the others have ended too."""
        os.kill(self._child(name), signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GONE_WITHIN_S)
        assert self._process.poll() is not None, f"SGLang lives on without its {name}"
        self.kill()

    def drain(self) -> bool:
        """SIGTERM, and SIGKILL where it does not end; whether it ended."""
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(DRAINED_WITHIN_S)
        ended = self._process.poll() is not None
        self.kill()
        return ended

    def abort(self, rid: str = "") -> None:
        """Abort one request, or all of them."""
        body = {"rid": rid} if rid else {"abort_all": True}
        self._post("/abort_request", body)

    @property
    def _process(self) -> subprocess.Popen[bytes]:
        assert self._server is not None
        return self._server.process

    def _died(self) -> None:
        self._process.wait()
        self.witness.deaths.append(time.time())

    def _child(self, name: str) -> int:
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == self._process.pid and name in (path / "cmdline").read_text():
                    return int(path.name)
        raise LookupError(f"SGLang has no child {name}")

    def _post(self, path: str, body: dict[str, Any]) -> None:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.base_url + path, data=json.dumps(body).encode(), headers=headers)
        _OPENER.open(request, timeout=30).close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
