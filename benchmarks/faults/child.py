"""Starts `tourney` with something spoilt on purpose, so that no hook for it has to stand in the program itself.

What is spoilt is said before a bare --, what `tourney` is told after it: `child.py back=3600 -- rank ...`. There are:
kill=POINT:N, SIGKILL at the N-th ledger write (before, begun, rows, uncommitted or committed); size=BYTES, no file may
grow larger, as on a full disk; back=SECONDS, the clock is set back so far at every 20th look at it; ignore-hup, a lost
terminal does not end the program, as under nohup. And, to look on only: tasks=FILE, the number of asyncio's tasks is
written there about every second, and how many were left when the program's own had ended.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

POINTS = ("before", "begun", "rows", "uncommitted", "committed")


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _kill(spec: str) -> None:
    point, _, number = spec.partition(":")
    real, left = sqlite3.connect, [int(number)]

    class Deadly(sqlite3.Connection):
        def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
            begins, commits = sql.startswith("BEGIN"), sql == "COMMIT"
            left[0] -= begins
            now = left[0] == 0
            if now and ((begins and point == "before") or (commits and point == "uncommitted")):
                _die()
            cursor = super().execute(sql, *parameters)
            if now and ((begins and point == "begun") or (commits and point == "committed")):
                _die()
            return cursor

        def executemany(self, sql: str, rows: Iterable[Any]) -> sqlite3.Cursor:
            return super().executemany(sql, _ending(rows) if left[0] == 0 and point == "rows" else rows)

    def connect(*where: Any, **how: Any) -> sqlite3.Connection:
        return real(*where, factory=Deadly, **how)

    setattr(sqlite3, "connect", connect)  # noqa: B010  # an assignment would not agree with the stub's overloads


def _ending(rows: Iterable[Any]) -> Iterator[Any]:
    """The first of some rows, and then the end of the program."""
    for row in rows:
        yield row
        _die()


def _size(spec: str) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(spec), int(spec)))


def _back(spec: str) -> None:
    real, looks = time.time, [0]

    def spoilt() -> float:
        looks[0] += 1
        return real() - float(spec) * (looks[0] // 20)

    setattr(time, "time", spoilt)  # noqa: B010


def _ignore_hup(spec: str) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _tasks(spec: str) -> None:
    real, path = asyncio.run, Path(spec)

    def write(what: str, count: int) -> None:
        path.write_text(f"{what} {count}", encoding="ascii")

    async def look() -> None:
        while True:
            write("open", len(asyncio.all_tasks()) - 1)
            await asyncio.sleep(1.0)

    async def watched(main: Coroutine[Any, Any, Any]) -> Any:
        looking = asyncio.get_running_loop().create_task(look())
        try:
            return await main
        finally:
            looking.cancel()
            write("left", len(asyncio.all_tasks() - {looking, asyncio.current_task()}))

    setattr(asyncio, "run", lambda main: real(watched(main)))  # noqa: B010


_SPOILS: dict[str, Callable[[str], None]] = {
    "kill": _kill,
    "size": _size,
    "back": _back,
    "ignore-hup": _ignore_hup,
    "tasks": _tasks,
}


def main() -> None:
    end = sys.argv.index("--")
    for word in sys.argv[1:end]:
        name, _, spec = word.partition("=")
        _SPOILS[name](spec)
    del sys.argv[1 : end + 1]
    from tournament.cli.main import entry

    entry()


if __name__ == "__main__":
    main()
