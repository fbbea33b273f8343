"""Problems a second by workers: shards as processes of their own, and on Ray, against a server of fixed latency.

    python benchmarks/scale.py [--quick]

Every run keeps the same number of comparisons in flight for each worker, so that against a server with room for all of
them twice the workers should take half the time, as long as the machine has cores for them. Each worker reads the whole
input, since a shard is told by hashes of ids. The time of a run holds everything that a user waits for: start of the
processes, play, merge. Of Ray a cluster is there already, as in production; how long a local one takes to start is
printed apart. In one more run on Ray, one of four workers is killed in the middle. All results have to be the same,
byte for byte, and the server's own log says that no recorded judgment was asked for twice.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._common import Aims, environment, loopback, python, table, write_problems
from tournament.errors import LedgerError
from tournament.ledger_reader import LedgerReader

SIZE = 8
LATENCY = 0.25
EACH = 16
"""Comparisons in flight for each worker."""

WORKERS = (1, 2, 4)
SPEED_AIM, RAY_AIM = 1.5, 1.5
RESULTS = ("results.jsonl", "comparisons.jsonl", "drafts.jsonl")
_WITHOUT_SECONDS = ("seconds", "wall_seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where everything is: the problems, the server, the folder of the runs, and an environment for child processes."""

    source: Path
    url: str
    folder: Path
    problems: int

    def rank(self, out: str, workers: int, *more: str) -> list[str]:
        """The command of a run in which each of some workers has its comparisons in flight."""
        judge = ("--judge", "openai", "--base-url", self.url, "--strategy", "knockout")
        flight = ("--in-flight", str(workers * EACH))
        return python(
            "-m", "tournament", "rank", str(self.source), "--out", str(self.folder / out), *judge, *flight, *more
        )


def _environment() -> dict[str, str]:
    return {**environment(), "RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-400:]}")


def _begun(command: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, env=_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _alone(bench: Bench, out: str) -> float:
    started = time.perf_counter()
    _run(bench.rank(out, 1))
    return time.perf_counter() - started


def _shards(bench: Bench, out: str, workers: int) -> float:
    """Seconds of so many processes and the merge after them; what is in flight is said for each."""
    started = time.perf_counter()
    commands = [bench.rank(out, 1, "--shard", f"{index}/{workers}") for index in range(1, workers + 1)]
    children = [_begun(command) for command in commands]
    codes = [child.wait() for child in children]
    if any(codes):
        raise SystemExit("a shard did not come to its end")
    _run(python("-m", "tournament", "merge", str(bench.folder / out)))
    return time.perf_counter() - started


def _ray(bench: Bench, out: str, workers: int, address: str) -> float:
    started = time.perf_counter()
    _run(bench.rank(out, workers, "--ray", address, "--ray-workers", str(workers)))
    return time.perf_counter() - started


@contextmanager
def _cluster(folder: Path) -> Iterator[tuple[str, float]]:
    """A Ray cluster of four cores, whatever the machine has, and the seconds that it took to start."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ray = python("-m", "ray.scripts.scripts")
    head = ["start", "--head", "--node-ip-address=127.0.0.1", f"--port={port}", f"--num-cpus={max(WORKERS)}"]
    started = time.perf_counter()
    _run([*ray, *head, "--include-dashboard=false", f"--temp-dir={folder}"])
    try:
        yield f"127.0.0.1:{port}", time.perf_counter() - started
    finally:
        subprocess.run([*ray, "stop", "--force"], env=_environment(), capture_output=True, check=False)


def _judged(ledger: Path) -> int:
    try:
        reader = LedgerReader(ledger)
    except LedgerError:  # not there yet
        return 0
    try:
        return reader.count()
    finally:
        reader.close()


def _killed(bench: Bench, address: str, least: int) -> int:
    """Kill one of four workers once it has judged some; how many judgments its ledger held then."""
    shard = bench.folder / "killed" / "shards" / "2-of-4"
    child = _begun(bench.rank("killed", 4, "--ray", address, "--ray-workers", "4"))
    while _judged(shard / "ledger.sqlite") < least:
        if child.poll() is not None:
            raise SystemExit("the run was over before a worker could be killed; give more --problems")
        time.sleep(0.01)
    os.kill(int(json.loads((shard / "status.json").read_text())["pid"]), signal.SIGKILL)
    held = _judged(shard / "ledger.sqlite")
    if child.wait():
        raise SystemExit("the run whose worker was killed did not come to its end")
    return held


def _same(bench: Bench, runs: Sequence[str]) -> int:
    """How many of some runs have the results of the first, seconds aside."""
    first = _results(bench.folder / runs[0])
    return sum(_results(bench.folder / run) == first for run in runs)


def _results(run: Path) -> str:
    """The result files as text without seconds, which a server's answers take more or fewer of each time."""

    def without(value: object) -> object:
        if isinstance(value, dict):
            return {key: without(each) for key, each in value.items() if key not in _WITHOUT_SECONDS}
        return [without(each) for each in value] if isinstance(value, list) else value

    lines = [line for name in RESULTS for line in (run / name).read_text().splitlines()]
    return "\n".join(json.dumps(without(json.loads(line))) for line in lines)


def _asked_twice(log: Path, skip: int) -> int:
    """Comparisons that the server received more than once after the first lines of its log."""
    lines = log.read_text().splitlines()[skip:]
    asked = Counter(line.split(" ", 1)[1] for line in lines if line.startswith("received"))
    return sum(count - 1 for count in asked.values())


def _measure(bench: Bench, rounds: int, address: str) -> tuple[dict[str, list[float]], list[str]]:
    """Seconds of every kind of run, in turns, and the folders of the runs."""
    seconds: dict[str, list[float]] = {}
    runs: list[str] = []
    for turn in range(rounds):
        for workers in WORKERS:
            for kind in ("shards", "ray"):
                out = f"{kind}-{workers}-{turn}"
                runs.append(out)
                took = _shards(bench, out, workers) if kind == "shards" else _ray(bench, out, workers, address)
                seconds.setdefault(f"{kind} {workers}", []).append(took)
        runs.append(f"alone-{turn}")
        seconds.setdefault("alone", []).append(_alone(bench, runs[-1]))
    return seconds, runs


def _show(seconds: dict[str, list[float]], problems: int, aims: Aims) -> None:
    took = {name: median(values) for name, values in seconds.items()}
    rows = [("one process, no shards", f"{took['alone']:.2f}", f"{problems / took['alone']:.1f}", "1.00")]
    for kind, words in (("shards", "--shard and merge"), ("ray", "--ray, cluster there")):
        for workers in WORKERS:
            each = took[f"{kind} {workers}"]
            rows.append(
                (f"{words}, {workers} workers", f"{each:.2f}", f"{problems / each:.1f}", f"{took['alone'] / each:.2f}")
            )
    table((f"{problems:,} problems of {SIZE}, knockout", "s", "problems/s", "times one process"), rows)
    speed = took["alone"] / took["shards 4"]
    aims.check(f"four shards at least {SPEED_AIM} times as fast as one process: {speed:.2f}", speed >= SPEED_AIM)
    ratio = took["ray 4"] / took["shards 4"]
    aims.check(f"Ray takes at most {RAY_AIM} times as long as --shard with four workers: {ratio:.2f}", ratio <= RAY_AIM)


def _main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one round of 150 problems in place of three of 400")
    parser.add_argument("--problems", type=int)
    options = parser.parse_args()
    problems, rounds = options.problems or (150 if options.quick else 400), 1 if options.quick else 3
    aims = Aims()
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory(prefix="ray-") as ray:
        folder, log = Path(name), Path(name) / "log.txt"
        write_problems(folder / "problems.jsonl", problems, SIZE)
        with loopback(LATENCY, log) as (url, _), _cluster(Path(ray)) as (address, start):
            bench = Bench(source=folder / "problems.jsonl", url=url, folder=folder, problems=problems)
            seconds, runs = _measure(bench, rounds, address)
            before = len(log.read_text().splitlines())
            held = _killed(bench, address, least=problems // 4)
            twice = _asked_twice(log, before)
        _show(seconds, problems, aims)
        print(f"a Ray cluster of {max(WORKERS)} cores on this machine started in {start:.1f} s\n")
        runs.append("killed")
        same = _same(bench, runs)
        aims.check(
            f"runs with the same results, one of them with a worker killed: {same} of {len(runs)}", same == len(runs)
        )
        judged = _judged(folder / "killed" / "ledger.sqlite")
        aims.check(
            f"judgments of the run whose worker was killed: {judged} of {problems * (SIZE - 1)}",
            judged == problems * (SIZE - 1),
        )
        words = f"asked twice there: {twice}, at most the {EACH} that were in flight; kept of the dead worker: {held}"
        aims.check(words, twice <= EACH)
    return aims.finish(f"same {same}/{len(runs)}, lost {problems * (SIZE - 1) - judged}, asked twice {twice}")


if __name__ == "__main__":
    sys.exit(_main())
