"""Part 3: the real SGLang (CPU), killed, starved, full, stopped or told to abort in the middle of `tourney rank`.

Every try is two sessions of one command: one that something happens to, and one in peace. SGLang's own log of requests
is held against the ledger. It runs with float32 and at temperature 0, where its words hardly depend on what else is
under way, so a disturbed run must end in the results of an undisturbed one.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from benchmarks._common import python, write_problems
from benchmarks.faults.checker import check, read_ledger
from benchmarks.faults.session import Command, Ended, Row, finish, results, same, stray_files
from benchmarks.faults.sglang_server import Real

PATIENCE_S = 600.0
# Waits of 2 minutes in all: a server that is started anew on a busy CPU takes one.
PATIENT, HASTY, USUAL = 12, 2, 5
# What a problem may spend under a limit: more than one comparison, and not all of them.
TIGHT_TOKENS = 6000
Judged = dict[tuple[Any, ...], tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RealCommand(Command):
    """One `tourney rank` against the real server."""

    attempts: int = USUAL
    max_tokens: int = 8
    in_flight: int = 4

    def line(self) -> list[str]:
        """The command line."""
        settings = {"temperature": 0, "max_tokens": self.max_tokens, "attempts": self.attempts, "timeout_s": 300}
        options = [word for name, value in settings.items() for word in ("-J", f"{name}={value}")]
        where = ["--judge", "sglang", "--base-url", self.base_url, *options]
        rest = ["--strategy", "round-robin", "--in-flight", str(self.in_flight), *self.more]
        return [*python("-m", "tournament", "rank"), str(self.source), "--out", str(self.out), *where, *rest]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The server and its usual arguments, what is ranked with it, and what an undisturbed run came to."""

    real: Real
    usual: Sequence[str]
    folder: Path
    source: Path
    problems: int
    still: list[dict[str, Any]]


Spoil = Callable[[subprocess.Popen[str]], None]


@contextmanager
def prepared(directory: Path, folder: Path, *extra: str, problems: int = 2, size: int = 3) -> Iterator[Bench]:
    """A server with some arguments, and an undisturbed run; the server is stopped at the end."""
    source = folder / "problems.jsonl"
    write_problems(source, problems, size)
    real = Real(directory, folder)
    try:
        real.up(*extra)
        command = RealCommand(source=source, out=folder / "still", base_url=real.base_url, attempts=PATIENT)
        ended = finish(command.start(), PATIENCE_S)
        assert ended.code == 0, f"the undisturbed run failed: {ended.err}"
        still = words_of(command.out) or []
        yield Bench(real=real, usual=extra, folder=folder, source=source, problems=problems, still=still)
    finally:
        real.down()


def words_of(folder: Path) -> list[dict[str, Any]] | None:
    """The results without what the server's speed and the state of its cache made of them."""
    rows = results(folder)
    for row in rows or ():
        del row["spend"]["cached_tokens"]
    return rows


def judged(command: Command) -> Judged:
    """What the ledger holds, by what was compared, those that failed left out."""
    if not command.ledger.exists():
        return {}
    asked = "SELECT problem, first, second, repeat, outcome, p_first, text, detail FROM judgments"
    with contextlib.closing(sqlite3.connect(command.ledger)) as connection:
        return {row[:4]: row[4:] for row in connection.execute(f"{asked} WHERE outcome != 'failed'")}


@dataclass(slots=True, kw_only=True)
class Trial:
    """One command and the row that its sessions count for."""

    bench: Bench
    command: RealCommand
    row: Row
    limit: int | None = None
    since: int
    read: int

    def session(self, spoil: Spoil | None = None) -> Ended:
        """Run it once; what is in the ledger must stay as it is, and not be asked again."""
        before, kept = read_ledger(self.command.ledger), judged(self.command)
        child = self.command.start()
        try:
            if spoil is not None:
                spoil(child)
        except BaseException:
            child.kill()
            raise
        ended = finish(child, PATIENCE_S)
        self._count(before, ended)
        now = judged(self.command)
        changed = [key for key, what in kept.items() if now.get(key) != what and what[0] != "refused"]
        self.row.troubles += [f"{len(changed)} judgments in the ledger were changed"] * bool(changed)
        return ended

    def again(self) -> None:
        """The same command in peace, and whether it comes to what an undisturbed run comes to."""
        self.row.tries += 1
        ended = self.session()
        good = ended.code == 0 and (self.limit is not None or same(words_of(self.command.out), self.bench.still))
        self.row.survived += good
        if not good:
            self.row.troubles.append(f"exit {ended.code}: {ended.message or 'other results'}")
        self.row.troubles += [f"left behind: {name}" for name in stray_files(self.command.out)]

    def must_have(self, end: str) -> None:
        """Note as trouble that no request of this try ended so: then the try has shown nothing."""
        if not any(line.ended == end for line in self.bench.real.witness.look()[self.since :]):
            self.row.troubles.append(f"no request ended with {end}")

    def until(self, child: subprocess.Popen[str], due: Callable[[], bool]) -> None:
        """Wait for a moment of the run; a run that is over before it was not disturbed."""
        end = time.monotonic() + PATIENCE_S
        while not due():
            if child.poll() is not None or time.monotonic() > end:
                self.row.troubles.append("the run was over before anything happened to it")
                return
            time.sleep(0.02)

    def under_way(self, child: subprocess.Popen[str], ended: int = 2, *, ending: bool = False) -> list[str]:
        """The rids of what is under way, once so many requests of this try are answered."""
        witness = self.bench.real.witness

        def due() -> bool:
            answered = sum(line.how != "worthless" for line in witness.look()[self.read :] if line.ended)
            return answered >= ended and bool(witness.open_requests(ending=ending))

        self.until(child, due)
        return witness.open_requests(ending=ending)

    def _count(self, before: Any, ended: Ended) -> None:
        seen, self.read = self.bench.real.witness.seen(self.read)
        limit = self.limit and self.limit * self.bench.problems
        account = check(before, seen, read_ledger(self.command.ledger), killed=False, limit=limit)
        self.row.lost, self.row.paid_twice = self.row.lost + account.lost, self.row.paid_twice + account.paid_twice
        self.row.overrun, self.row.apart = self.row.overrun + account.overrun, self.row.apart + seen.apart
        self.row.apart += seen.worthless
        self.row.message = self.row.message or ended.message
        self.row.troubles += ended.tracebacks
        if ended.code not in (0, 1, 3):
            self.row.troubles.append(f"exit code {ended.code}")


@contextmanager
def trial(bench: Bench, row: Row, *extra: str, limit: int | None = None, **how: Any) -> Iterator[Trial]:
    """A try on a server with its usual arguments, or with others."""
    bench.real.up(*(extra or bench.usual))
    out = bench.folder / f"{''.join(c if c.isalnum() else '-' for c in row.name)}-{row.tries}"
    more: Sequence[str] = ("--max-tokens", str(limit)) if limit else ()
    command = RealCommand(source=bench.source, out=out, base_url=bench.real.base_url, more=more, **how)
    since = len(bench.real.witness.look())
    yield Trial(bench=bench, command=command, row=row, limit=limit, since=since, read=since)
    shutil.rmtree(out, ignore_errors=True)


def outcomes(command: Command) -> list[str]:
    """What became of the comparisons in a ledger."""
    with contextlib.closing(sqlite3.connect(command.ledger)) as connection:
        return sorted(row[0] for row in connection.execute("SELECT outcome FROM judgments"))
