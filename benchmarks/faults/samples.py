"""What can be seen of a run from outside while it goes on: memory, handles, tasks, ledger size, and how far it is."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PERIOD_S = 1.0
WRITING = "writing the results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A run at one moment: `rss_mb` its resident memory, `handles` its open files, `sockets` those that are sockets.

    `tasks` are asyncio's, `waiting` the requests under way, `begun` and `done` the problems so far and `paid` the
    comparisons.
    """

    at: float
    rss_mb: float
    handles: int
    sockets: int
    tasks: int
    begun: int
    done: int
    paid: int
    waiting: int
    ledger_mb: float
    log_mb: float
    how: str


def status(folder: Path) -> dict[str, Any]:
    """A run's status file; empty while there is none."""
    try:
        found: dict[str, Any] = json.loads((folder / "status.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def sample(pid: int, folder: Path, tasks: Path) -> Sample | None:
    """Look at a process once; None where it is gone or its run has not begun."""
    try:
        told = json.loads((folder / "status.json").read_text(encoding="utf-8"))
        if told["pid"] != pid or "problems" not in told:
            return None
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
        kinds = [_target(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()]
        counted = tasks.read_text(encoding="ascii").split() or ["open", "0"]
    except (OSError, ValueError):
        return None
    rss = next((int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), 0)
    return Sample(
        at=time.monotonic(),
        rss_mb=rss / 1024,
        handles=len(kinds),
        sockets=sum(kind.startswith("socket:") for kind in kinds),
        tasks=int(counted[1]),
        begun=told["problems"]["begun"],
        done=told["problems"]["done"],
        paid=told["comparisons"]["paid"],
        waiting=told["waiting"]["request"],
        ledger_mb=_mb(folder / "ledger.sqlite"),
        log_mb=_mb(folder / "ledger.sqlite-wal"),
        how=told["how"],
    )


def _target(entry: Path) -> str:
    try:
        return os.readlink(entry)
    except OSError:  # closed in the meantime
        return ""


def _mb(path: Path) -> float:
    return path.stat().st_size / 1e6 if path.exists() else 0.0


@dataclass(slots=True)
class Watcher:
    """Samples of a process, taken about every second in a thread for the length of a `with` block."""

    pid: int
    folder: Path
    tasks: Path
    samples: list[Sample] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Watcher:
        self._thread = threading.Thread(target=self._go, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _go(self) -> None:
        while not self._stop.wait(PERIOD_S):
            found = sample(self.pid, self.folder, self.tasks)
            if found is not None:
                self.samples.append(found)


def growth(xs: Sequence[float], ys: Sequence[float]) -> float:
    """The slope of the straight line through some points, by least squares; 0 for fewer than two."""
    if len(set(xs)) < 2:
        return 0.0
    middle_x, middle_y = sum(xs) / len(xs), sum(ys) / len(ys)
    across = sum((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys, strict=True))
    return across / sum((x - middle_x) ** 2 for x in xs)


def warm(samples: Sequence[Sample], problems: int, share: float = 0.2) -> list[Sample]:
    """The samples of a run at full load: after a share of the problems, and while there are more to begin."""
    return [found for found in samples if found.done >= share * problems and found.begun < problems]
