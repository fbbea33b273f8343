"""What a killed worker costs: two real SGLang servers behind SGLang's own router, one killed in the middle of a run.

    python benchmarks/router.py [--problems N] [--votes N] [--policy POLICY] [--no-retries] [--attempts N]

`tourney rank` asks through a relay that counts every request and every answer that reached it. The matches of a
round-robin follow from the seed alone, so a run with the synthetic judge says for nothing what has to be judged. Once a
third of that is in the ledger, the first worker's whole process group gets SIGKILL while it has requests open. Where
comparisons failed, the same command is given once more. A comparison is lost where the ledger has no judgment of it at
the end; a request is paid twice where the same body was answered with 200 more than once. Each request of a comparison
has a text and a seed of its own, so equal bodies are the same request. Needs what tests/sglang_cpu/install.py installs.

The router sends what a dead worker left again by itself. With --no-retries that is left to tourney, and with
--attempts 1 tourney leaves it to the second command.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._common import ROOT, Aims, environment, python, table
from benchmarks._relay import Relay, relayed
from benchmarks._sglang import generated, halves, serve_on
from tests.sglang_cpu.install import default_directory, is_installed, is_router_installed
from tests.sglang_cpu.router import ask, serve_router
from tests.sglang_cpu.server import Server

SIZE = 6
IN_FLIGHT = 8
# The smallest regular share of a field of six, without stopping early: what is judged depends on no answer.
SCHEDULE = ("--strategy", "round-robin", "-S", "share=0.2", "-M", "stop=none", "--in-flight", str(IN_FLIGHT))
# The wording is in every prompt, so by default nothing but a difference of 64 requests sends work to a second worker.
BALANCED = ("--balance-abs-threshold", "1", "--balance-rel-threshold", "1.1")
# /health waits for a token; a worker on a CPU that is busy for 5 s would be taken for dead.
PATIENT = ("--health-check-timeout-secs", "60")
ONCE = ("--disable-retries",)
_SESSION_LIMIT_S = 1800.0

Comparison = tuple[str, str, str, int]


@dataclass(slots=True, kw_only=True)
class Session:
    """One `tourney rank`: how it ended and what the ledger and the relay held then."""

    code: int
    judged: set[Comparison]
    failed: set[Comparison]
    tokens: int
    asked: int
    answered: int
    others: str


@dataclass(slots=True)
class Kill:
    """The kill of a worker: when it is due, and what was seen at that moment."""

    worker: Server
    router: Server
    goal: int
    judged: int | None = None
    open_requests: int = 0

    def when_due(self, judged: int) -> None:
        """Kill the worker once enough is judged and it has requests open."""
        if self.judged is not None or judged < self.goal:
            return
        workers = ask(self.router, "/workers").get("workers", [])
        self.open_requests = next((int(each["load"]) for each in workers if each["url"] == self.worker.base_url), 0)
        if self.open_requests:
            os.killpg(self.worker.process.pid, signal.SIGKILL)
            self.judged = judged


def _write_problems(path: Path, count: int) -> None:
    """Examples of the repository, each cut to the same number of candidates, without their labels."""
    rows = map(json.loads, (ROOT / "examples/gsm8k.jsonl").read_text(encoding="utf-8").splitlines())
    large = [row for row in rows if len(row["candidates"]) >= SIZE][:count]
    assert len(large) == count, f"the examples hold {len(large)} problems of {SIZE} candidates; ask for no more"
    with path.open("w", encoding="utf-8") as file:
        for row in large:
            candidates = [{"id": each["id"], "text": each["text"]} for each in row["candidates"][:SIZE]]
            file.write(json.dumps({"id": row["id"], "prompt": row["prompt"], "candidates": candidates}) + "\n")


def _ledger(out: Path) -> tuple[set[Comparison], set[Comparison], int]:
    """The judged and the failed comparisons in a ledger, and the tokens of the judged."""
    if not (out / "ledger.sqlite").exists():
        return set(), set(), 0
    query = "SELECT outcome, prompt_tokens + completion_tokens, problem, first, second, repeat FROM judgments"
    with contextlib.closing(sqlite3.connect(out / "ledger.sqlite")) as connection:
        try:
            rows = connection.execute(query).fetchall()
        except sqlite3.OperationalError:  # the table is not made yet
            rows = []
    judged = {row[2:] for row in rows if row[0] != "failed"}
    return judged, {row[2:] for row in rows if row[0] == "failed"}, sum(row[1] for row in rows if row[0] != "failed")


@dataclass(frozen=True, slots=True)
class Job:
    """What is ranked, with how many comparisons a match, and where to."""

    source: Path
    out: Path
    votes: int

    def start(self, judge: Sequence[str]) -> subprocess.Popen[bytes]:
        """Begin `tourney rank` with a judge."""
        command = python("-m", "tournament", "rank", str(self.source), "--out", str(self.out))
        command += ["--votes", str(self.votes), *SCHEDULE, *judge]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment())


def _schedule(job: Job) -> set[Comparison]:
    assert job.start(["--judge", "synthetic"]).wait() == 0, "the run with the synthetic judge failed"
    return _ledger(job.out)[0]


def _session(job: Job, attempts: int, relay: Relay, kill: Kill) -> Session:
    """Run once to the end, and kill the worker when that is due."""
    asked, statuses = relay.asked.total(), relay.statuses.copy()
    judge = ["--judge", "sglang", "--base-url", relay.base_url, "-J", f"attempts={attempts}"]
    # The router cannot tell the model's chat template, so the judge is told.
    child = job.start([*judge, "-J", "max_tokens=24", "-J", "wrapping=chatml"])
    deadline = time.monotonic() + _SESSION_LIMIT_S
    while child.poll() is None:
        kill.when_due(len(_ledger(job.out)[0]))
        if time.monotonic() > deadline:
            child.kill()
        time.sleep(0.1)
    judged, failed, tokens = _ledger(job.out)
    fresh = relay.statuses - statuses
    return Session(
        code=child.returncode,
        judged=judged,
        failed=failed,
        tokens=tokens,
        asked=relay.asked.total() - asked,
        answered=fresh[200],
        others=", ".join(f"{count} x {status}" for status, count in sorted(fresh.items()) if status != 200) or "none",
    )


def _measure(directory: Path, options: argparse.Namespace, folder: Path) -> int:
    source = folder / "problems.jsonl"
    _write_problems(source, options.problems)
    schedule = _schedule(Job(source, folder / "synthetic", options.votes))
    job = Job(source, folder / "run", options.votes)
    extra = [*BALANCED, *PATIENT, *(ONCE if options.no_retries else ())]
    with contextlib.ExitStack() as stack:
        workers = [stack.enter_context(serve_on(directory, cores)) for cores in halves()]
        urls = [worker.base_url for worker in workers]
        router = stack.enter_context(serve_router(directory, urls, policy=options.policy, extra=extra))
        relay = stack.enter_context(relayed(router.base_url))
        before = [generated(worker) for worker in workers]
        kill = Kill(workers[0], router, len(schedule) // 3)
        sessions = [_session(job, options.attempts, relay, kill)]
        if schedule - sessions[0].judged:
            sessions.append(_session(job, options.attempts, relay, kill))
        shares = [generated(worker) - start for worker, start in zip(workers, before, strict=True)]
    return _report(schedule, sessions, relay, kill, shares)


def _row(name: str, session: Session, schedule: set[Comparison]) -> tuple[str, ...]:
    ledger = (len(session.judged), len(session.failed), len(schedule - session.judged))
    return (name, *map(str, (session.code, *ledger, session.asked, session.answered)), session.others)


def _report(schedule: set[Comparison], sessions: list[Session], relay: Relay, kill: Kill, shares: Sequence[int]) -> int:
    header = ("command", "exit code", "judged", "failed", "missing", "requests", "answered 200", "other answers")
    rows = [_row(name, each, schedule) for name, each in zip(("first", "again"), sessions, strict=False)]
    table(header, rows)
    last, twice = sessions[-1], sum(count - 1 for count in relay.paid.values())
    lost = len(schedule - last.judged)
    aims = Aims()
    words = f"worker A was killed with {kill.open_requests} requests open, at {kill.judged} of {len(schedule)} judged"
    aims.check(words, kill.judged is not None)
    aims.check(f"each worker answered some: {shares[0]}, {shares[1]}", min(shares) > 0)
    aims.check(f"nothing lost: {lost} of {len(schedule)} comparisons without a judgment", not lost)
    aims.check(f"nothing asked for that is not on the schedule: {len(last.judged - schedule)}", last.judged <= schedule)
    aims.check(f"nothing paid twice: {twice} of {relay.paid.total()} answers were there before", not twice)
    words = f"every token answered for is in the ledger: {last.tokens} of {relay.tokens}"
    aims.check(words, last.tokens == relay.tokens)
    retried = len(sessions[0].failed & last.judged)
    counts = f"lost {lost}, paid twice {twice}, failed then retried {retried}"
    return aims.finish(f"{counts}, answered by worker A: {shares[0]}, worker B: {shares[1]}")


def main() -> int:
    parser = argparse.ArgumentParser(description="What a killed worker behind SGLang's router costs.")
    parser.add_argument("--problems", type=int, default=12)
    parser.add_argument("--votes", type=int, default=2, help="comparisons a match")
    parser.add_argument("--policy", default="cache_aware", help="how the router chooses a worker")
    parser.add_argument("--attempts", type=int, default=5, help="how often tourney tries a request")
    parser.add_argument("--no-retries", action="store_true", help="let the router try a request once only")
    options = parser.parse_args()
    directory = default_directory()
    if not is_installed(directory) or not is_router_installed(directory):
        print(f"skipped: no SGLang with its router in {directory}; run python tests/sglang_cpu/install.py")
        return 0
    with tempfile.TemporaryDirectory() as name:
        return _measure(directory, options, Path(name))


if __name__ == "__main__":
    raise SystemExit(main())
