"""`tourney status`, the log and the limits on failures, as a user meets them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.experiments.sampling.serving import threaded
from tests.fake_server import FakeServer, Scripted

from .conftest import Candidates, Tourney
from .test_bad_input import one_line
from .test_sweep import EXAMPLES, GRADED, NOISY, SWEEP, rows

SECRET = "what-a-candidate-said"
KEY = "sk-canary-0123456789"


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with threaded(FakeServer()) as server:
        yield server


def log() -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path("run/run.log").read_text().splitlines()]


def results(folder: str) -> list[dict[str, Any]]:
    """The results of a run but for the seconds that its server took."""
    found = [json.loads(line) for line in Path(folder, "results.jsonl").read_text().splitlines()]
    return [{**row, "spend": {**row["spend"], "seconds": 0}} for row in found]


def begin(*command: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    quiet = subprocess.DEVNULL
    return subprocess.Popen([sys.executable, "-m", "tournament", *command], stdout=quiet, stderr=quiet, env=environment)


def wait_for(tourney: Tourney, *, paid: int) -> dict[str, Any]:
    """The status of the run in `run` once it has paid for so many comparisons."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        ended = tourney("status", "run", "--json")
        told = ended.rows[0] if ended.code == 0 else {}
        if told.get("state") == "running" and told.get("comparisons", {}).get("paid", 0) >= paid:
            return told
        time.sleep(0.1)
    raise AssertionError("the run does not get on")


def test_a_run_is_watched_killed_and_resumed(tourney: Tourney, candidates: Candidates, server: FakeServer) -> None:
    server.latency_s = 0.3
    command = ("rank", candidates(20, 4), "--base-url", server.base_url, "--in-flight", "4", "--out", "run")
    process = begin(*command)
    try:
        told = wait_for(tourney, paid=4)
        assert (told["state"], told["verb"], told["pid"]) == ("running", "rank", process.pid)
        assert told["problems"]["all"] == 20
        assert told["comparisons"]["planned"] == 60
        assert told["rate"]["overall"] > 0
        assert told["waited_s"]["request"] > 0
        assert told["waited_s"]["queue"] > 0
        shown = tourney("status", "run").out
        for part in ("running for", "of 20 done", "of at most 60", "/s in the last minute"):
            assert part in shown
        process.send_signal(signal.SIGSTOP)
        assert tourney("status", "run", "--json").rows[0]["state"] == "running"
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert "state    died" in tourney("status", "run").out
    server.latency_s = 0.0
    assert tourney(*command).code == 0
    told = tourney("status", "run", "--json").rows[0]
    assert (told["state"], told["how"]) == ("ended", "complete")
    assert told["comparisons"]["reused"] >= 4
    assert (
        told["comparisons"]["paid"] + told["comparisons"]["reused"]
        == json.loads(Path("run/summary.json").read_text())["spend"]["comparisons"]
    )
    assert [line["said"] for line in log()] == ["the run begins", "the run resumes", "the run ends"]


def test_watching_ends_with_the_run(tourney: Tourney, candidates: Candidates) -> None:
    tourney("rank", candidates(), "--judge", "synthetic", "--out", "run")
    ended = tourney("status", "run", "--watch")
    assert (ended.code, ended.err) == (0, "")
    assert "state    ended: complete" in ended.out
    assert len(tourney("status", "run", "--watch", "--json").rows) == 1


def test_a_folder_without_a_status_is_one_line(tourney: Tourney) -> None:
    one_line(tourney("status", "nowhere"), "nowhere/status.json", "no run began there")


def test_what_a_status_says_cannot_drive_the_terminal(tourney: Tourney, candidates: Candidates) -> None:
    tourney("rank", candidates(), "--judge", "synthetic", "--out", "run")
    told = json.loads(Path("run/status.json").read_text())
    evil = "\x1b[2J\n\u009b"
    Path("run/status.json").write_text(json.dumps({**told, "how": evil, "host": evil, "failures": {evil: 1}}))
    shown = tourney("status", "run").out
    assert "\x1b" not in shown
    assert "\u009b" not in shown


def test_too_many_failures_end_a_run_that_the_same_command_resumes(
    tourney: Tourney, candidates: Candidates, server: FakeServer
) -> None:
    command = ("rank", candidates(8, 4), "--base-url", server.base_url, "--max-failures", "3", "--in-flight", "1")
    assert tourney(*command, "--out", "sound").code == 0
    server.script = [Scripted(status=400, body=b"no")] * 400
    ended = tourney(*command, "--out", "run")
    assert ended.code == 1
    assert "tourney: too many failures: " in ended.err
    assert "the same command resumes" in ended.err
    assert "Traceback" not in ended.err
    summary = json.loads(Path("run/summary.json").read_text())
    assert (summary["complete"], summary["stopped"]) == (False, "too many failures")
    told = tourney("status", "run", "--json").rows[0]
    assert (told["state"], told["how"], told["outcomes"]) == ("ended", "too many failures", {"failed": 4})
    assert told["failures"] == {"HTTP 400": 4}
    failed = [line for line in log() if line["said"] == "a comparison failed"]
    assert [line["why"] for line in failed] == ["HTTP 400"] * 4
    assert failed[0]["problem"] == "p0"
    assert {"first", "second", "repeat"} <= failed[0].keys()
    server.script = []
    assert tourney(*command, "--out", "run").code == 0
    assert results("run") == results("sound")


def test_failures_within_the_limit_end_nothing(tourney: Tourney, candidates: Candidates, server: FakeServer) -> None:
    server.script = [Scripted(status=400, body=b"no")]
    ended = tourney("rank", candidates(4), "--base-url", server.base_url, "--max-failures", "1", "--out", "run")
    assert "too many" not in ended.err
    assert json.loads(Path("run/summary.json").read_text())["complete"]


def test_a_slow_run_says_why(tourney: Tourney, candidates: Candidates, server: FakeServer) -> None:
    server.script = [Scripted(status=429, headers={"Retry-After": "3"})] * 2
    ended = tourney("rank", candidates(3), "--base-url", server.base_url, "--out", "run")
    assert ended.code == 0
    [said] = [line for line in ended.err.splitlines() if line.startswith("tourney: slow: ")]
    assert "throttled by the server" in said
    summary = json.loads(Path("run/summary.json").read_text())
    assert summary["waited_s"]["throttle"] > summary["waited_s"]["retry"]
    told = tourney("status", "run", "--json").rows[0]
    assert (told["errors"], told["retries"]) == ({"HTTP 429": 2}, 2)
    assert {"the limit on requests in flight is cut", "a request is tried again"} <= {line["said"] for line in log()}


def test_neither_texts_nor_keys_are_logged(
    tourney: Tourney, candidates: Candidates, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOURNEY_CANARY", KEY)
    echo = f"Bearer {KEY} asked: {SECRET}".encode()
    lines = [
        json.dumps({"id": f"p{i}", "prompt": SECRET, "candidates": [f"{SECRET} {i}.{j}" for j in range(4)]})
        for i in range(4)
    ]
    server.script = [
        *(Scripted(status=status, body=echo, headers={"Retry-After": "0"}) for status in (500, 503, 429, 400, 422)),
        *(Scripted(body=b"<html>" + echo), Scripted(body=json.dumps({"odd": echo.decode()}).encode())),
        Scripted(cut=True, body=echo),
    ]
    ended = tourney(
        *("rank", candidates(lines=lines), "--base-url", server.base_url, "-J", "api_key_env=TOURNEY_CANARY"),
        *("--log-level", "debug", "--in-flight", "2", "--out", "run"),
    )
    assert "Traceback" not in ended.err
    for name in ("run.log", "status.json"):
        written = Path("run", name).read_text()
        assert SECRET not in written
        assert KEY not in written
    assert {line["level"] for line in log()} >= {"debug", "info"}


def test_a_lost_judge_and_an_interrupt_are_in_the_log(
    tourney: Tourney, candidates: Candidates, server: FakeServer
) -> None:
    server.script = [Scripted(reset=True)] * 400
    attempts = ("-J", "attempts=1", "--in-flight", "1")
    ended = tourney("rank", candidates(6), "--base-url", server.base_url, *attempts, "--out", "run")
    assert ended.code == 3
    stops = [line["why"] for line in log() if line["said"] == "no more calls are made"]
    assert stops == ["judge lost"]
    assert log()[-1]["how"] == "judge lost"
    assert tourney("status", "run", "--json").rows[0]["how"] == "judge lost"
    server.script, server.latency_s = [], 0.3
    process = begin("rank", "in.jsonl", "--base-url", server.base_url, *attempts, "--out", "run")
    wait_for(tourney, paid=1)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert "Ctrl-C" in [line["said"] for line in log()]
    assert tourney("status", "run", "--json").rows[0]["how"] == "interrupted"


def test_a_server_that_is_lost_is_told_and_logged_without_its_words(
    tourney: Tourney, candidates: Candidates, server: FakeServer
) -> None:
    broken = [Scripted(status=502, body=f"{SECRET}\x1b[2J".encode())] * 100
    other = FakeServer(script=broken, fixed={"/health": Scripted(status=502)})
    other.tokenizer = server.tokenizer
    with threaded(other):
        ended = tourney("rank", candidates(8), "--base-url", f"{server.base_url},{other.base_url}", "--out", "run")
    assert ended.code == 0
    [said] = [line for line in ended.err.splitlines() if " is out (" in line]
    assert said.startswith(f"tourney: {other.base_url} is out (HTTP 502")
    assert "\x1b" not in ended.err
    [line] = [line for line in log() if " is out (" in line["said"]]
    assert (line["level"], line["by"]) == ("warning", "tournament.runtime.roster")
    assert SECRET not in Path("run/run.log").read_text()


def test_a_trial_of_a_judge_has_both(tourney: Tourney) -> None:
    ended = tourney("judge", "eval", EXAMPLES, *NOISY, "--pairs", "4", "--log-level", "debug", "--out", "run")
    assert ended.code == 0
    told = tourney("status", "run", "--json").rows[0]
    assert (told["verb"], told["how"], told["problems"]["done"]) == ("judge eval", "complete", 4)
    assert len([line for line in log() if line["said"] == "a comparison was judged"]) == 8


@pytest.mark.parametrize("verb", ["sweep", "math"])
def test_points_of_a_grid_have_both(verb: str, tourney: Tourney) -> None:
    Path("small.toml").write_text(SWEEP)
    what = ("sweep", "small.toml", EXAMPLES) if verb == "sweep" else ("math", EXAMPLES, *GRADED, "--problems", "5")
    assert tourney(*what, *NOISY, "--out", "run").code == 0
    told = tourney("status", "run", "--json").rows[0]
    assert (told["verb"], told["state"], told["how"]) == (verb, "ended", "complete")
    assert told["points"]["done"] == told["points"]["all"] > 4
    assert told["comparisons"]["paid"] > 0
    assert f"{told['points']['all']} of {told['points']['all']} done" in tourney("status", "run").out
    assert log()[-1]["paid"] == told["comparisons"]["paid"]


def test_too_many_failures_end_a_sweep(tourney: Tourney, server: FakeServer) -> None:
    Path("small.toml").write_text(SWEEP)
    command = ("sweep", "small.toml", EXAMPLES, "--base-url", server.base_url, "--problems", "3", "--max-failures", "2")
    server.script = [Scripted(status=400, body=b"no")] * 4000
    ended = tourney(*command, "--out", "run")
    assert ended.code == 1
    assert "tourney: too many failures: " in ended.err
    assert tourney("status", "run", "--json").rows[0]["how"] == "too many failures"
    server.script = []
    assert tourney(*command, "--out", "run").code == 0
    assert tourney(*command, "--out", "sound").code == 0
    told = ("strategy", "n", "votes", "budget", "accuracy", "comparisons", "tokens")
    tables = [[[row[name] for name in told] for row in rows(Path(name, "points.csv"))] for name in ("run", "sound")]
    assert tables[0] == tables[1]
