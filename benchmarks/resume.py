"""What a killed run loses and pays again: `tourney rank` under SIGKILL, watched by the server that it asks.

    python benchmarks/resume.py [--problems N] [--kills N]

A loopback server writes down every comparison that it received and answered. The run is killed at several moments and
begun again with the same command until it ends. Then the server's own log is held against the ledger: a comparison is
paid twice where it was in the ledger when a session began and was asked for again; it is lost where the server's answer
or an earlier ledger's row is not in the ledger at the end. What was in flight at a kill is counted apart: the server
may have worked for it, but nobody could have written it down. A second part does the same with the synthetic judge.
"""

from __future__ import annotations

import argparse
import json
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._common import Aims, environment, loopback, python, table, write_problems

SIZE = 8
LATENCY = 0.02
IN_FLIGHT = 16


@dataclass(slots=True)
class Sessions:
    """What was seen from session to session."""

    kills: int = 0
    sessions: int = 0
    paid_twice: int = 0
    in_flight: int = 0
    lost: int = 0
    kept: list[int] = field(default_factory=list)


def _rank(source: Path, out: Path, judge: list[str]) -> subprocess.Popen[bytes]:
    command = python("-m", "tournament", "rank", str(source), "--out", str(out), "--in-flight", str(IN_FLIGHT), *judge)
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment())


def _ledger(out: Path) -> Counter[str]:
    """The comparisons in a ledger, in the words of the server's log."""
    path = out / "ledger.sqlite"
    if not path.exists():
        return Counter()
    connection = sqlite3.connect(path)
    try:
        rows = connection.execute("SELECT problem, first, second FROM judgments WHERE outcome != 'failed'").fetchall()
    except sqlite3.OperationalError:  # killed before the table was made
        rows = []
    finally:
        connection.close()
    return Counter(" ".join(row) for row in rows)


def _log(path: Path, skip: int) -> tuple[Counter[str], Counter[str], int]:
    """What the server received and answered after its first `skip` lines, and the number of lines now."""
    lines = path.read_text().splitlines() if path.exists() else []
    seen = {word: Counter[str]() for word in ("received", "answered")}
    for line in lines[skip:]:
        word, _, pair = line.partition(" ")
        seen[word][pair] += 1
    return seen["received"], seen["answered"], len(lines)


def _paid(out: Path) -> int:
    return sum(_ledger(out).values())


def _run_and_kill(source: Path, out: Path, judge: list[str], goals: list[int], log: Path | None) -> Sessions:
    """Run to the end; kill as soon as the ledger holds each of the `goals`."""
    seen, read, goals = Sessions(), 0, [*goals]
    while True:
        before, child = _ledger(out), _rank(source, out, judge)
        seen.sessions += 1
        killed = False
        while child.poll() is None:
            if goals and _paid(out) >= goals[0]:
                child.send_signal(signal.SIGKILL)
                goals.pop(0)
                killed = True
            time.sleep(0.01)
        assert killed or child.returncode == 0, f"tourney rank ended with {child.returncode}"
        time.sleep(5 * LATENCY)  # let the server note what was on its way
        after = _ledger(out)
        seen.kills += killed
        seen.kept.append(sum(after.values()))
        seen.lost += sum((before - after).values())
        if log is not None:
            received, answered, read = _log(log, read)
            seen.paid_twice += sum(count for pair, count in received.items() if pair in before)
            seen.paid_twice += sum(count - 1 for pair, count in received.items() if pair not in before)
            unknown = received - after
            seen.in_flight += sum(unknown.values()) if killed else 0
            seen.lost += 0 if killed else sum((answered - after).values())
        if not killed:
            return seen


def _undisturbed(source: Path, out: Path, judge: list[str]) -> bytes:
    assert _rank(source, out, judge).wait() == 0, "the undisturbed run failed"
    return (out / "results.jsonl").read_bytes()


def _same_but_seconds(one: bytes, other: bytes) -> bool:
    """Whether two result files agree; the time that a server took is measured, so it may differ."""

    def plain(data: bytes) -> list[object]:
        rows = [json.loads(line) for line in data.splitlines()]
        for row in rows:
            row["spend"].pop("seconds")
        return rows

    return plain(one) == plain(other)


def main() -> int:
    parser = argparse.ArgumentParser(description="What a killed run loses and pays again.")
    parser.add_argument("--problems", type=int, default=60)
    parser.add_argument("--kills", type=int, default=5)
    options = parser.parse_args()
    total = options.problems * (SIZE - 1)
    goals = [1 + total * i // options.kills for i in range(options.kills)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source, log = folder / "problems.jsonl", folder / "server.log"
        write_problems(source, options.problems, SIZE)
        synthetic = ["--judge", "synthetic", "-J", f"latency={LATENCY}", "-J", "tokens=500"]
        still = _undisturbed(source, folder / "synthetic", synthetic)
        own = _run_and_kill(source, folder / "synthetic-killed", synthetic, goals, None)
        same = still == (folder / "synthetic-killed" / "results.jsonl").read_bytes()
        with loopback(LATENCY, log) as (base_url, _):
            served = ["--judge", "openai", "--base-url", base_url]
            still = _undisturbed(source, folder / "served", served)
            log.rename(folder / "undisturbed.log")
        with loopback(LATENCY, log) as (base_url, _):
            served = ["--judge", "openai", "--base-url", base_url]
            seen = _run_and_kill(source, folder / "served-killed", served, goals, log)
        alike = _same_but_seconds(still, (folder / "served-killed" / "results.jsonl").read_bytes())
    return _report(own, same, seen, alike, options.kills, total)


def _report(own: Sessions, same: bool, seen: Sessions, alike: bool, kills: int, total: int) -> int:
    rows = [
        ("synthetic", f"{own.kills}", " ".join(map(str, own.kept)), "-", "-", f"{own.lost}", f"{same}"),
        (
            "openai, loopback",
            f"{seen.kills}",
            " ".join(map(str, seen.kept)),
            f"{seen.in_flight}",
            f"{seen.paid_twice}",
            f"{seen.lost}",
            f"{alike}",
        ),
    ]
    after = "in the ledger after each session"
    table(("judge", "kills", after, "in flight at kills", "paid twice", "lost", "identical"), rows)
    aims = Aims()
    aims.check(f"both runs were killed {kills} times: {own.kills}, {seen.kills}", own.kills == seen.kills == kills)
    aims.check(f"every one of the {total} comparisons is in both ledgers", own.kept[-1] == seen.kept[-1] == total)
    most = kills * IN_FLIGHT
    words = f"in flight at a kill no more than {IN_FLIGHT} each ({most} in all): {seen.in_flight}"
    aims.check(words, seen.in_flight <= most)
    lost, identical = own.lost + seen.lost, same and alike
    aims.check("nothing paid twice, nothing lost", not seen.paid_twice and not lost)
    aims.check("results.jsonl is that of an undisturbed run (of a server's, all but the measured seconds)", identical)
    return aims.finish(f"paid twice {seen.paid_twice}, lost {lost}, identical {identical}")


if __name__ == "__main__":
    raise SystemExit(main())
