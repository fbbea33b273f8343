from __future__ import annotations

import gzip
import io
import json
import os
import pty
import random
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

from .conftest import Candidates, Tourney

FILES = {"config.toml", "results.jsonl", "comparisons.jsonl", "drafts.jsonl", "summary.json", "ledger.sqlite"} | {
    "status.json",
    "run.log",
}
SYNTHETIC = ("--judge", "synthetic", "-J", "tokens=100")


def test_a_run_leaves_its_folder_and_a_table(tourney: Tourney, candidates: Candidates) -> None:
    ended = tourney("rank", candidates(), *SYNTHETIC, "--votes", "3", "--out", "run")
    assert ended.code == 0
    assert ended.err == ""
    assert {path.name for path in Path("run").iterdir() if path.name != ".lock"} == FILES
    for shown in ("p0", "p2", "P(best)", "synthetic judge, no language model", "first shown wins", "tokens"):
        assert shown in ended.out


def test_json_lines_are_those_of_results_jsonl(tourney: Tourney, candidates: Candidates) -> None:
    ended = tourney("rank", candidates(5), *SYNTHETIC, "--json", "--out", "run")
    assert ended.out == Path("run/results.jsonl").read_text()
    assert ended.err == ""
    first = ended.rows[0]
    assert list(first)[:6] == ["id", "best", "p_best", "ranking", "spend", "partial"]
    assert {"id", "rank", "rating", "stderr", "low", "high", "p_best", "wins", "losses", "ties"} == set(
        first["ranking"][0]
    )
    assert first["best"] == first["ranking"][0]["id"]
    assert first["spend"]["comparisons"] == 3


def test_the_same_command_resumes_and_pays_nothing(tourney: Tourney, candidates: Candidates) -> None:
    command = ("rank", candidates(6, 5), *SYNTHETIC, "--votes", "3", "--seed", "7")
    one = tourney(*command, "--json")
    folder = next(Path("runs").iterdir())
    paid = json.loads((folder / "summary.json").read_text())["paid"]
    two = tourney(*command, "--json")
    summary = json.loads((folder / "summary.json").read_text())
    assert one.out == two.out
    assert paid > 0
    assert (summary["paid"], summary["reused"]) == (0, paid)


def test_the_order_of_the_file_changes_no_result(tourney: Tourney, candidates: Candidates, tmp_path: Path) -> None:
    lines = (tmp_path / candidates(12, 5)).read_text().splitlines()
    random.Random(1).shuffle(lines)
    straight = tourney("rank", "in.jsonl", *SYNTHETIC, "--json", "--out", "a")
    shuffled = tourney("rank", candidates(lines=lines, name="other.jsonl"), *SYNTHETIC, "--json", "--out", "b")
    assert straight.out != shuffled.out
    assert sorted(straight.out.splitlines()) == sorted(shuffled.out.splitlines())


def test_an_old_ledger_serves_another_strategy(tourney: Tourney, candidates: Candidates) -> None:
    tourney("rank", candidates(), *SYNTHETIC, "--strategy", "round-robin", "--out", "all")
    tourney("rank", "in.jsonl", *SYNTHETIC, "--strategy", "knockout", "--out", "some", "--ledger", "all/ledger.sqlite")
    summary = json.loads(Path("some/summary.json").read_text())
    assert summary["paid"] == 0
    assert summary["reused"] == 9


def test_config_toml_repeats_the_run(tourney: Tourney, candidates: Candidates) -> None:
    flags = ("--votes", "5", "--strategy", "round_robin", "-S", "rating=elo", "--max-comparisons", "20", "--seed", "3")
    one = tourney("rank", candidates(), *SYNTHETIC, *flags, "--json", "--out", "one")
    two = tourney("rank", "in.jsonl", "--config", "one/config.toml", "--json", "--out", "two")
    assert one.out == two.out
    written = tomllib.loads(Path("one/config.toml").read_text())
    assert written["strategy"] == {
        "name": "round-robin", "rating": "elo", "share": 1.0, "elo_k": 32.0, "elo_scale": 400.0,
    }  # fmt: skip
    assert written["budget"]["problem"] == {"comparisons": 20}


def test_stdin_and_gzip_are_read(
    tourney: Tourney, candidates: Candidates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = (tmp_path / candidates()).read_bytes()
    (tmp_path / "in.jsonl.gz").write_bytes(gzip.compress(data))
    plain = tourney("rank", "in.jsonl", *SYNTHETIC, "--json", "--out", "a")
    zipped = tourney("rank", "in.jsonl.gz", *SYNTHETIC, "--json", "--out", "b")
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    piped = tourney("rank", "-", *SYNTHETIC, "--json", "--out", "c")
    assert plain.out == zipped.out == piped.out


def test_a_budget_too_small_is_answered_by_the_baseline_and_says_so(tourney: Tourney, candidates: Candidates) -> None:
    ended = tourney("rank", candidates(), *SYNTHETIC, "--max-tokens", "5", "--out", "run")
    assert ended.code == 0
    assert "answered by a baseline" in ended.out
    row = json.loads(Path("run/results.jsonl").read_text().splitlines()[0])
    assert row["partial"] is True
    assert row["spend"]["comparisons"] == 0
    assert "budget spent; picked without the judge, by majority" in row["note"]


def test_run_limits_are_shared_and_kept(tourney: Tourney, candidates: Candidates) -> None:
    tourney("rank", candidates(4, 8), *SYNTHETIC, "--strategy", "knockout", "--total-comparisons", "10", "--out", "run")
    summary = json.loads(Path("run/summary.json").read_text())
    assert summary["spend"]["comparisons"] == 8
    assert summary["partial"] == 4


def test_open_ended_prompts_name_the_command_that_starts_a_judge(tourney: Tourney, candidates: Candidates) -> None:
    lines = [
        json.dumps({"id": "x", "prompt": "Write a haiku.", "candidates": ["rain on the pond", "snow on the hill"]})
    ]
    ended = tourney("rank", candidates(lines=lines), "--out", "run")
    assert ended.code == 0
    assert "built-in checks, no language model" in ended.out
    assert "sglang.launch_server" in ended.out
    assert "--judge sglang" in ended.out


def test_hostile_ids_cannot_drive_the_terminal(tourney: Tourney, candidates: Candidates) -> None:
    lines = [
        json.dumps({"id": "\x1b[2Jp\x07[red]", "prompt": "q", "candidates": [{"id": "\x1b]0;x", "text": "a"}, "b"]})
    ]
    ended = tourney("rank", candidates(lines=lines), *SYNTHETIC, "--out", "run")
    shown = tourney("show", "run", "\x1b[2Jp\x07[red]")
    assert ended.code == shown.code == 0
    assert "\x1b" not in ended.out + shown.out
    assert "\x07" not in ended.out + shown.out


def _start(*arguments: str, stderr: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tournament", "rank", "in.jsonl", "--judge", "synthetic", *arguments]
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root, "COLUMNS": "200"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, env=environment)


def _wait_for_judgments(folder: Path, process: subprocess.Popen[bytes]) -> None:
    """Until something has been written to the ledger of a run under way."""
    wal = folder / "ledger.sqlite-wal"
    while process.poll() is None and not (wal.exists() and wal.stat().st_size > 40_000):
        pass


def test_ctrl_c_keeps_what_is_known_and_the_same_command_ends_as_if_undisturbed(
    tourney: Tourney, candidates: Candidates, tmp_path: Path
) -> None:
    arguments = ("-J", "latency=0.02", "--in-flight", "8", "--out", "run")
    candidates(60, 8)
    process = _start(*arguments)
    _wait_for_judgments(tmp_path / "run", process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    assert b"Traceback" not in err
    assert b"the same command resumes" in err
    early = (tmp_path / "run/results.jsonl").read_text().splitlines()
    assert 0 < len(early) < 60
    ended = tourney("rank", "in.jsonl", "--judge", "synthetic", *arguments, "--json")
    undisturbed = tourney("rank", "in.jsonl", "--judge", "synthetic", "-J", "latency=0.02", "--out", "other", "--json")
    assert ended.out == undisturbed.out
    assert json.loads((tmp_path / "run/summary.json").read_text())["reused"] > 0


def test_ctrl_c_while_results_are_written_leaves_them_to_the_same_command(
    tourney: Tourney, candidates: Candidates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Ending:
        def __del__(self) -> None:  # where an exception would be shown and forgotten
            signal.raise_signal(signal.SIGINT)

    command = ("rank", candidates(), *SYNTHETIC, "--out", "run", "--json")
    with monkeypatch.context() as patched:
        patched.setattr("tournament.output.Circles.add", lambda *_, **__: [Ending()].clear())
        ended = tourney(*command)
    assert ended.code == 130
    assert "the same command writes them" in ended.err
    assert not {file.name for file in (tmp_path / "run").iterdir()} & {"results.jsonl", "summary.json"}
    assert len(tourney(*command).rows) == 3
    assert '"paid": 0' in (tmp_path / "run/summary.json").read_text()


def test_a_second_tourney_in_the_same_folder_is_refused(
    tourney: Tourney, candidates: Candidates, tmp_path: Path
) -> None:
    candidates(60, 8)
    process = _start("-J", "latency=0.05", "--in-flight", "2", "--out", "run")
    _wait_for_judgments(tmp_path / "run", process)
    ended = tourney("rank", "in.jsonl", "--judge", "synthetic", "-J", "latency=0.05", "--out", "run")
    process.kill()
    process.communicate()
    assert ended.code == 2
    assert "another tourney is running in this folder" in ended.err


def test_a_reader_that_goes_away_loses_nothing(tourney: Tourney, candidates: Candidates, tmp_path: Path) -> None:
    candidates(300, 4)
    process = _start("--json", "--out", "run")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert len((tmp_path / "run/results.jsonl").read_text().splitlines()) == 300


def test_progress_is_shown_on_a_terminal(
    candidates: Candidates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    candidates(20, 4)
    leader, follower = pty.openpty()
    process = _start(
        "-J", "latency=0.05", "-J", "tokens=50", "--in-flight", "4", "--json", "--out", "run", stderr=follower
    )
    os.close(follower)
    out, _ = process.communicate()
    shown = b""
    while chunk := _read(leader):
        shown += chunk
    os.close(leader)
    assert process.returncode == 0
    assert len(out.splitlines()) == 20
    for part in (b"/20 problems", b"/60 comparisons", b"tokens", b"invalid", b"left"):
        assert part in shown


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 65536)
    except OSError:  # the other end of a pseudo-terminal is gone
        return b""


JUDGES = """
from tournament.errors import JudgeUnreachableError

calls = 0


def raises(prompt, first, second):
    raise RuntimeError("out of order")


async def dies(prompt, first, second):
    global calls
    calls += 1
    if calls > 10:
        raise JudgeUnreachableError("the server went away")
    return 1.0
"""


@pytest.fixture
def judges_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "judges_of_the_test.py").write_text(JUDGES)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "judges_of_the_test", raising=False)
    return "judges_of_the_test"


def test_problems_whose_comparisons_all_failed_end_in_exit_code_1(
    tourney: Tourney, candidates: Candidates, judges_module: str
) -> None:
    judge = ("--judge", "callable", "-J", f"function={judges_module}:raises")
    ended = tourney("rank", candidates(), *judge, "--json", "--out", "run")
    assert ended.code == 1
    assert len(ended.rows) == 3
    assert "picked without the judge" in ended.rows[0]["note"]
    row = json.loads(Path("run/comparisons.jsonl").read_text().splitlines()[0])
    assert (row["outcome"], row["detail"]) == ("failed", "RuntimeError: out of order")
    again = tourney("rank", "in.jsonl", *judge, "--out", "run")
    assert again.code == 1
    assert json.loads(Path("run/summary.json").read_text())["paid"] > 0


def test_a_judge_lost_on_the_way_ends_in_exit_code_3_with_what_is_known(
    tourney: Tourney, candidates: Candidates, judges_module: str
) -> None:
    judge = ("--judge", "callable", "-J", f"function={judges_module}:dies", "--in-flight", "1")
    ended = tourney("rank", candidates(20, 4), *judge, "--json", "--out", "run")
    assert ended.code == 3
    assert "the server went away" in ended.err
    assert "Traceback" not in ended.err
    rows = ended.rows
    assert 0 < len(rows) < 20
    assert any(not row["partial"] for row in rows)
    summary = json.loads(Path("run/summary.json").read_text())
    assert (summary["stopped"], summary["paid"]) == ("judge lost", 10)


def test_where_one_file_cannot_take_its_place_none_does(tourney: Tourney, candidates: Candidates) -> None:
    Path("run/drafts.jsonl").mkdir(parents=True)
    ended = tourney("rank", candidates(), *SYNTHETIC, "--out", "run")
    assert ended.code != 0
    assert "cannot be written" in ended.err.splitlines()[-1]
    assert "Traceback" not in ended.err
    left = {path.name for path in Path("run").iterdir()}
    assert not left & {"results.jsonl", "comparisons.jsonl", "summary.json"}
    assert not [name for name in left if name.endswith(".tmp")]
    Path("run/drafts.jsonl").rmdir()
    assert tourney("rank", candidates(), *SYNTHETIC, "--out", "run").code == 0
