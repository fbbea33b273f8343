"""--ray on a real local cluster: the run of one process, whatever the number of workers, and though one is killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Candidates, Ended, Tourney
from tournament.errors import LedgerError
from tournament.ledger_reader import LedgerReader

pytest.importorskip("ray", reason="needs the extra `ray`")
ROOT = Path(__file__).parents[2]
EXAMPLES = str(ROOT / "examples" / "gsm8k.jsonl")
SLOW = ("--judge", "synthetic", "-J", "latency=0.02", "-J", "tokens=50")
CORES = 4
_QUIET = {
    **os.environ,
    "RAY_AUTH_MODE": "disabled",
    "RAY_USAGE_STATS_ENABLED": "0",
    "PYTHONWARNINGS": "ignore",
    "PYTHONPATH": str(ROOT),
}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Ray cluster of one node, by its address; what it starts runs in a child process, which warns as it likes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ray = [sys.executable, "-m", "ray.scripts.scripts"]
    head = ["start", "--head", "--node-ip-address=127.0.0.1", f"--port={port}", f"--num-cpus={CORES}"]
    folder = tmp_path_factory.mktemp("ray")
    started = subprocess.run(
        [*ray, *head, "--include-dashboard=false", f"--temp-dir={folder}"],
        env=_QUIET,
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode == 0, started.stderr
    try:
        yield f"127.0.0.1:{port}"
    finally:
        subprocess.run([*ray, "stop", "--force"], env=_QUIET, capture_output=True, check=False)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tournament", *arguments]


def ended(process: subprocess.Popen[str]) -> Ended:
    out, err = process.communicate(timeout=300)
    return Ended(process.returncode, out, err)


def begun(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(command(*arguments), env=_QUIET, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def judgments(path: Path) -> int:
    reader = LedgerReader(path)
    try:
        return reader.count()
    finally:
        reader.close()


def under_way(shard: Path, least: int) -> int:
    """The process that plays a shard, once its ledger holds some judgments."""
    for _ in range(3000):
        try:
            if judgments(shard / "ledger.sqlite") >= least:
                return int(json.loads((shard / "status.json").read_text())["pid"])
        except (OSError, ValueError, LedgerError):  # not there yet, or half written
            pass
        time.sleep(0.02)
    raise AssertionError(f"{shard} never got under way")


def test_the_run_of_one_process_at_any_number_of_workers_and_with_one_killed(
    tourney: Tourney, candidates: Candidates, cluster: str
) -> None:
    file = candidates(24, 5)
    assert tourney("rank", file, *SLOW, "--out", "alone").code == 0
    for workers in (1, 2):
        out = f"run{workers}"
        one = ended(begun("rank", file, *SLOW, "--out", out, "--ray", cluster, "--ray-workers", str(workers)))
        assert one.code == 0, one.err
        assert len(list(Path(out, "shards").iterdir())) == workers
    # Of four workers one is killed in the middle; what it had judged by then stays judged.
    process = begun("rank", file, *SLOW, "--out", "run4", "--ray", cluster, "--in-flight", "4")
    os.kill(under_way(Path("run4/shards/2-of-4"), 3), signal.SIGKILL)
    four = ended(process)
    assert four.code == 0, four.err
    for out in ("run1", "run2", "run4"):
        for name in ("results.jsonl", "comparisons.jsonl", "drafts.jsonl"):
            assert Path(out, name).read_bytes() == Path("alone", name).read_bytes(), (out, name)
        assert judgments(Path(out, "ledger.sqlite")) == judgments(Path("alone/ledger.sqlite"))
    again = json.loads(Path("run4/shards/2-of-4/summary.json").read_text())
    assert again["reused"] >= 3


def test_math_on_a_cluster_makes_the_tables_of_one_process(tourney: Tourney, cluster: str) -> None:
    verb = ("math", EXAMPLES, "--problems", "6", "--n", "2", "--strategy", "knockout", "--judge", "synthetic")
    assert tourney(*verb, "--out", "alone").code == 0
    one = ended(begun(*verb, "--out", "run", "--ray", cluster, "--ray-workers", "2"))
    assert one.code == 0, one.err
    for path in Path("alone").glob("*.csv"):
        assert Path("run", path.name).read_bytes() == path.read_bytes(), path.name


def test_ctrl_c_finishes_what_is_in_flight_and_the_same_command_goes_on(
    tourney: Tourney, candidates: Candidates, cluster: str
) -> None:
    file = candidates(24, 5)
    assert tourney("rank", file, *SLOW, "--out", "alone").code == 0
    verb = ("rank", file, *SLOW, "--in-flight", "2", "--out", "run", "--ray", cluster, "--ray-workers", "2")
    process = begun(*verb)
    under_way(Path("run/shards/2-of-2"), 2)
    process.send_signal(signal.SIGINT)
    stopped = ended(process)
    assert stopped.code == 130, stopped.err
    assert "finishing what is in flight" in stopped.err
    done = json.loads(Path("run/summary.json").read_text())
    assert done["complete"] is False
    before = judgments(Path("run/ledger.sqlite"))
    assert ended(begun(*verb)).code == 0
    assert Path("run/results.jsonl").read_bytes() == Path("alone/results.jsonl").read_bytes()
    assert before < judgments(Path("run/ledger.sqlite")) == judgments(Path("alone/ledger.sqlite"))
    assert "shards: 2 ended" in tourney("status", "run").out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--ray", "--shard", "1/2"), "--ray plays all of them; leave one out"),
        (("--ray", "127.0.0.1:9"), "no Ray cluster at 127.0.0.1:9 (ConnectionRefusedError"),
        (("--ray", "--ray-workers", "0"), "--ray-workers 0: give at least 1"),
    ],
)
def test_what_cannot_be_is_one_line(
    tourney: Tourney, candidates: Candidates, options: tuple[str, ...], said: str
) -> None:
    one = tourney("rank", candidates(), *options)
    assert (one.code, len(one.err.splitlines())) == (2, 1), one.err
    assert said in one.err


def test_without_ray_the_extra_is_named(
    tourney: Tourney, candidates: Candidates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    one = tourney("rank", candidates(), "--ray")
    assert (one.code, len(one.err.splitlines())) == (2, 1)
    assert "pip install 'tournament-engine[ray]', or use --shard" in one.err


def test_standard_input_is_for_one_process(
    tourney: Tourney, candidates: Candidates, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path(candidates()).open() as lines:
        monkeypatch.setattr("sys.stdin", lines)
        one = tourney("rank", "-", "--ray")
    assert one.code == 2
    assert "put it into a file that they see" in one.err


def test_shards_of_several_ways_are_not_mixed(tourney: Tourney, candidates: Candidates, cluster: str) -> None:
    file = candidates(4)
    tourney("rank", file, "--out", "run", "--shard", "1/2")
    tourney("rank", file, "--out", "run", "--shard", "1/3")
    one = ended(begun("rank", file, "--out", "run", "--ray", cluster))
    assert one.code == 2
    assert "is shared in several ways" in one.err
