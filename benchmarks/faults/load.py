"""Part 3: one `tourney rank` over 100,000 problems with 5,000 comparisons in flight, watched from outside.

    python benchmarks/faults/load.py [--quick] [--seed N]

A server in a process of its own (`crowd.py`) answers after some seconds, so that all 5,000 are open at the same time,
and says that it used up to as many tokens as a comparison may cost. Every problem has a token limit that lets through
two or three of its three comparisons. The run is stopped three times at moments drawn from the seed: Ctrl-C once,
twice, and a third time while the results are written; each time the same command goes on. `--quick` takes 5,000
problems and 1,000 in flight, and holds the results against those of an undisturbed run. Exits 0 only where every aim
holds.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from benchmarks._common import environment, python, write_problems
from benchmarks.faults.checker import Account, check, read_ledger
from benchmarks.faults.load_report import Findings, Scale, Stop, report, row_of
from benchmarks.faults.samples import WRITING, Watcher, status
from benchmarks.faults.session import Command, Row, finish, results, same, stray_files
from benchmarks.faults.witness import Session, fairness, notes, overrun

Stopper = Callable[[subprocess.Popen[str], Path], Stop]

HERE = Path(__file__).resolve().parent
SIZE = 4
LIMIT_TOKENS = 5600
PATIENCE_S = 3600.0
SEED = 4

FULL = Scale(
    problems=100_000,
    in_flight=5000,
    latency_s=6.0,
    stops=((0.75, 0.85), (0.87, 0.91), (0.93, 0.96)),
    compared=False,
)
QUICK = Scale(
    problems=5000, in_flight=1000, latency_s=2.0, stops=((0.5, 0.6), (0.65, 0.75), (0.78, 0.84)), compared=True
)


@dataclass(slots=True, kw_only=True)
class Trial:
    """One run folder through all its sessions, and what was found on the way."""

    folder: Path
    scale: Scale
    findings: Findings = field(default_factory=Findings)
    known: Counter[str] = field(default_factory=Counter)
    sessions: int = 0

    def session(self, stop: Stopper | None = None, *, forced: bool) -> Stop | None:
        """The command once, before a server with a log of its own; `forced` stops leave answers that nobody takes."""
        self.sessions += 1
        log, tasks = self.folder / f"session-{self.sessions}.log", self.folder / f"session-{self.sessions}.tasks"
        with crowd(log, self.scale.latency_s) as base_url:
            command = self.command(base_url, tasks)
            before = read_ledger(command.ledger)
            child = command.start()
            with Watcher(child.pid, command.out, tasks) as watcher:
                stopped = stop(child, command.out) if stop is not None else None
                ended = finish(child, PATIENCE_S)
        self.findings.samples.append(watcher.samples)
        self.findings.left.append(tasks.read_text(encoding="ascii"))
        self.findings.codes.append(ended.code)
        self.findings.troubles += ended.tracebacks + [f"left behind: {name}" for name in stray_files(command.out)]
        session = self._count(log, before, read_ledger(command.ledger), forced)
        if stopped is not None:
            stopped.message, stopped.code = ended.message, ended.code
            stopped.served_s = max(0.0, session.last_s - stopped.at)
        elif ended.code:
            self.findings.troubles.append(f"exit {ended.code}: {ended.message}")
        return stopped

    def command(self, base_url: str, tasks: Path) -> Command:
        """The command of every session."""
        more = ["--strategy", "knockout", "--in-flight", str(self.scale.in_flight), "--max-tokens", str(LIMIT_TOKENS)]
        source, out = self.folder.parent / "problems.jsonl", self.folder / "run"
        return Command(source=source, out=out, base_url=base_url, more=more, child=[f"tasks={tasks}"], timeout_s=600.0)

    def _count(self, log: Path, before: Counter[str], after: Counter[str], forced: bool) -> Session:
        findings, session = self.findings, Session.of(notes(log))
        findings.account += check(before, session.seen, after, killed=forced)
        over, dearest = overrun(self.known, session, LIMIT_TOKENS)
        findings.account += Account(overrun=over)
        findings.dearest = max(findings.dearest, dearest)
        findings.apart += session.broken + sum((session.judgments - after).values())
        findings.peaks.append(session.peak)
        findings.fair.append(fairness(log))
        self.known.update({pair: tokens for pair, tokens in session.tokens.items() if pair in after})
        return session


@contextmanager
def crowd(log: Path, latency_s: float) -> Iterator[str]:
    """A server for many in a process of its own; its address. Its log is whole when the block has ended."""
    command = python(str(HERE / "crowd.py"), "--log", str(log), "--latency", str(latency_s))
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment())
    try:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
    finally:
        server.terminate()
        server.wait()
        assert server.stdout is not None
        server.stdout.close()


def stopper(scale: Scale, share: float, times: int) -> Stopper:
    """Ctrl-C so often, the first when so many problems are done and all the places are taken."""

    def stop(child: subprocess.Popen[str], out: Path) -> Stop:
        stopped = Stop(times=times)
        _until(child, lambda: _full(child, out, scale, share))
        found = status(out)
        stopped.done, stopped.in_flight = found["problems"]["done"], found["waiting"]["request"]
        stopped.at = time.monotonic()
        child.send_signal(signal.SIGINT)
        if times > 1:
            time.sleep(0.5)
            child.send_signal(signal.SIGINT)
        _until(child, lambda: status(out).get("how") == WRITING)
        stopped.writing_s = time.monotonic() - stopped.at
        if times > 2:
            time.sleep(0.5)
            stopped.last_at = time.monotonic()
            child.send_signal(signal.SIGINT)
        _until(child, lambda: False)
        stopped.exit_s = time.monotonic() - stopped.at
        stopped.last_s = time.monotonic() - stopped.last_at if times > 2 else stopped.exit_s
        return stopped

    return stop


def _full(child: subprocess.Popen[str], out: Path, scale: Scale, share: float) -> bool:
    found = status(out)
    if found.get("pid") != child.pid or "problems" not in found:
        return False
    done, queue = int(found["problems"]["done"]), int(found["waiting"]["queue"])
    return done >= share * scale.problems and queue > 0  # who waits for a place says that all are taken


def _until(child: subprocess.Popen[str], reached: Callable[[], bool]) -> None:
    """Until something is so, or the child has ended."""
    end = time.monotonic() + PATIENCE_S
    while child.poll() is None and not reached() and time.monotonic() < end:
        time.sleep(0.02)


def trial(folder: Path, scale: Scale, rng: random.Random) -> Findings:
    """The load with its stops; where it is compared, an undisturbed run besides."""
    write_problems(folder / "problems.jsonl", scale.problems, SIZE)
    (folder / "stopped").mkdir()
    run = Trial(folder=folder / "stopped", scale=scale)
    for times, (low, high) in enumerate(scale.stops, 1):
        stopped = run.session(stopper(scale, rng.uniform(low, high), times), forced=times > 1)
        assert stopped is not None
        print(f"{stopped.words()}", file=sys.stderr, flush=True)
        run.findings.stops.append(stopped)
    run.session(forced=False)
    if scale.compared:
        (folder / "still").mkdir()
        still = Trial(folder=folder / "still", scale=scale)
        still.session(forced=False)
        run.findings.equal = same(results(folder / "still" / "run"), results(folder / "stopped" / "run"))
    return run.findings


def rows(folder: Path, *, quick: bool) -> list[Row]:
    """The load as rows of the table of faults."""
    scale = QUICK if quick else FULL
    folder.mkdir()
    findings = trial(folder, scale, random.Random(SEED))
    if report(findings, scale, LIMIT_TOKENS):
        findings.troubles.append("an aim of the load was missed, see above")
    return [row_of(findings, scale)]


def main() -> int:
    parser = argparse.ArgumentParser(description="100,000 problems with 5,000 comparisons in flight.")
    parser.add_argument("--quick", action="store_true", help="5,000 problems with 1,000 in flight")
    parser.add_argument("--seed", type=int, default=SEED, help="of the moments at which the run is stopped")
    options = parser.parse_args()
    scale = QUICK if options.quick else FULL
    with tempfile.TemporaryDirectory() as name:
        findings = trial(Path(name), scale, random.Random(options.seed))
    return report(findings, scale, LIMIT_TOKENS)


if __name__ == "__main__":
    raise SystemExit(main())
