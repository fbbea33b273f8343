"""A small program in SGLang's place, and what tests of the launcher share."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from tournament.runtime.server import ServerPlan

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
