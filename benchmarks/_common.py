"""What the benchmarks share: input files, a small table, aims that decide the exit code, and a loopback server.

Run as a program, this file is that server: it speaks just enough of OpenAI's chat completions for the `openai` judge,
answers after a fixed time, and can write down every comparison that it received and answered. It reads which pair was
shown from marks in the candidates' texts, so it is a witness that knows nothing of the engine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from aiohttp import web

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tournament.types import Candidate, Problem  # noqa: E402  # after the path is set

MARK = re.compile(r"<<p(\d+)/c(\d+)>>")
MODEL = "loopback"


def python(*arguments: str) -> list[str]:
    """The command line that runs this interpreter."""
    return [sys.executable, *arguments]


def environment() -> dict[str, str]:
    """An environment in which the checkout is importable."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path}


def problem(number: int, size: int) -> Problem:
    """A problem whose candidates carry a mark that the loopback server can read."""
    texts = (f"Step by step, the answer comes out as {number % 7 + i}. <<p{number}/c{i}>>" for i in range(size))
    candidates = tuple(Candidate(id=f"c{i}", text=text) for i, text in enumerate(texts))
    return Problem(id=f"p{number}", prompt=f"Question {number}: how many are there?", candidates=candidates)


def write_problems(path: Path, count: int, size: int) -> None:
    """Write problems as the engine's input, one line at a time."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            made = problem(number, size)
            candidates = [{"id": c.id, "text": c.text} for c in made.candidates]
            file.write(json.dumps({"id": made.id, "prompt": made.prompt, "candidates": candidates}) + "\n")


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print columns: the first to the left, the others to the right."""
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    for row in (header, *rows):
        cells = [row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))]
        print("  ".join(cells).rstrip())
    print()


@dataclass(slots=True)
class Aims:
    """What a benchmark aims at, and whether it was reached."""

    missed: int = 0
    lines: list[str] = field(default_factory=list)

    def check(self, words: str, reached: bool) -> None:
        """Note one aim with the figure that it was judged by."""
        self.missed += not reached
        self.lines.append(f"{'holds ' if reached else 'MISSED'}  {words}")

    def finish(self, headline: str) -> int:
        """Print the aims and, last, the headline; the exit code."""
        print("\n".join(self.lines), headline, sep="\n", flush=True)
        return 1 if self.missed else 0


@contextmanager
def loopback(latency: float, log: Path | None = None) -> Iterator[tuple[str, int]]:
    """A loopback server in a process of its own; its base URL and process id."""
    command = python(__file__, "--latency", str(latency), *(["--log", str(log)] if log else []))
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment())
    try:
        assert server.stdout is not None
        yield server.stdout.readline().strip(), server.pid
    finally:
        server.terminate()
        server.wait()


def cpu_of(pid: int) -> float:
    """Seconds of CPU that another process has used."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def pair_of(messages: list[dict[str, str]]) -> str:
    """The comparison that some messages ask for, "problem first second", by the marks in the candidates' texts."""
    marks = MARK.findall(" ".join(message["content"] for message in messages))
    (number, first), (_, second) = marks[:2]
    return f"p{number} c{first} c{second}"


class _Server:
    def __init__(self, latency: float, log: TextIO | None) -> None:
        self._latency, self._log = latency, log

    async def chat(self, request: web.Request) -> web.Response:
        pair = pair_of(json.loads(await request.read())["messages"])
        self._note("received", pair)
        await asyncio.sleep(self._latency)
        text = f"Verdict: {zlib.crc32(pair.encode()) % 2 + 1}"
        body = {
            "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 10},
        }
        self._note("answered", pair)
        return web.json_response(body)

    async def models(self, request: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": MODEL}]})

    def _note(self, what: str, pair: str) -> None:
        if self._log is not None:
            self._log.write(f"{what} {pair}\n")
            self._log.flush()


async def _serve(latency: float, log: TextIO | None) -> None:
    server, app = _Server(latency, log), web.Application()
    app.add_routes([web.get("/v1/models", server.models), web.post("/v1/chat/completions", server.chat)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=4096).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


def _main() -> None:
    parser = argparse.ArgumentParser(description="A chat server on the loopback interface.")
    parser.add_argument("--latency", type=float, default=0.05, help="seconds before every answer")
    parser.add_argument("--log", type=Path, help="write down what is received and answered")
    options: Any = parser.parse_args()
    log = options.log.open("a") if options.log else None
    asyncio.run(_serve(options.latency, log))


if __name__ == "__main__":
    _main()
