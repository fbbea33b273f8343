"""`tourney sweep` and `tourney math` as a user runs them: files, tables, resume, the bill, and bad input."""

from __future__ import annotations

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tournament.ledger_reader import mean_seconds

from .conftest import Tourney
from .test_bad_input import one_line

EXAMPLES = str(Path(__file__).parents[2] / "examples" / "gsm8k.jsonl")
SWEEP = """
grader = "labels"
problems = 6
n = [2, "all"]
[[strategies]]
name = "knockout"
votes = [1, 3]
[[strategies]]
name = "auto"
budgets = ["N-1", "2N"]
[[strategies]]
name = "majority"
"""
POINTS = 2 * (2 + 2 + 1)
NOISY = ("--judge", "synthetic", "-J", "sd=1", "-J", "tokens=20", "-J", "prompt_tokens=50")
GRADED = ("--grader", "labels")


@pytest.fixture(autouse=True)
def _small(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(SWEEP)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def written(folder: Path) -> dict[str, bytes]:
    """The tables and plots of a sweep."""
    return {path.name: path.read_bytes() for suffix in ("csv", "svg", "png") for path in folder.glob(f"**/*.{suffix}")}


def test_a_sweep_leaves_tables_and_plots(tourney: Tourney, tmp_path: Path) -> None:
    ended = tourney("sweep", "small.toml", EXAMPLES, *NOISY, "--seed", "1", "--seed", "2", "--out", "s")
    assert ended.code == 0
    assert ended.err.count("right (") == 2 * POINTS
    assert f"{POINTS} points, 6 problems, 2 seeds each" in ended.out
    assert "oracle, N=2" in ended.out
    points, summary = rows(tmp_path / "s/points.csv"), rows(tmp_path / "s/summary.csv")
    assert len(points) == 2 * POINTS
    assert len(summary) == POINTS
    assert {row["seed"] for row in points} == {"1", "2"}
    assert all(float(row["low"]) <= float(row["accuracy"]) <= float(row["high"]) for row in points)
    for row in summary:
        if row["strategy"] == "knockout":
            assert float(row["tokens"]) > 50 * float(row["comparisons"]) > 0
    assert rows(tmp_path / "s/rounds.csv")
    assert {row["name"] for row in rows(tmp_path / "s/baselines.csv")} == {"random", "majority (expected)", "oracle"}
    plots = {path.name for path in (tmp_path / "s/plots").iterdir()}
    for name in ("accuracy-comparisons", "accuracy-tokens", "accuracy-votes", "knockout-rounds"):
        assert {f"{name}.svg", f"{name}.png"} <= plots
    assert "accuracy-money.svg" not in plots
    said = json.loads((tmp_path / "s/summary.json").read_text())
    assert said["points"] == said["of"] == 2 * POINTS
    assert said["judged_now"] < said["comparisons_used"]


def test_the_same_sweep_again_pays_nothing_and_writes_the_same(tourney: Tourney, tmp_path: Path) -> None:
    first = tourney("sweep", "small.toml", EXAMPLES, *NOISY, "--out", "s")
    before = written(tmp_path / "s")
    again = tourney("sweep", "small.toml", EXAMPLES, *NOISY, "--out", "s")
    assert again.err.count("known already") == POINTS
    assert again.out.splitlines()[:-2] == first.out.splitlines()[:-2]
    assert written(tmp_path / "s") == before
    assert len(before) > 10


def test_the_bill_first(tourney: Tourney, tmp_path: Path) -> None:
    ended = tourney("sweep", "small.toml", EXAMPLES, *NOISY, "--price-prompt", "2", "--plan", "--json", "--out", "s")
    assert ended.code == 0
    (bill,) = ended.rows
    assert len(bill["items"]) == POINTS
    assert bill["alone"] > bill["new"] > 0
    assert bill["expected_tokens"] == 70 * bill["new"]
    assert bill["expected_money"] == pytest.approx(100 * bill["new"] / 1e6)
    assert not (tmp_path / "s").exists()
    tourney("sweep", "small.toml", EXAMPLES, *NOISY, "--out", "s", "--no-plots")
    (nothing,) = tourney("sweep", "small.toml", EXAMPLES, *NOISY, "--plan", "--json", "--out", "s").rows
    assert nothing["new"] == 0
    assert "0 to be judged" in tourney("sweep", "small.toml", EXAMPLES, *NOISY, "--plan", "--out", "s").out


def test_an_n_beyond_the_candidates_is_said(tourney: Tourney) -> None:
    few = ("math", EXAMPLES, *GRADED, "--problems", "3", "--strategy", "knockout", "--n", "2", "--n")
    assert "fewer    candidates than 99: 3 problems; all of theirs" in tourney(*few, "99", "--out", "m").out
    assert "fewer    candidates" not in tourney(*few, "all", "--out", "m").out


def test_offline_says_what_is_missing(tourney: Tourney) -> None:
    one = ("--n", "2", "--strategy", "knockout", "--votes", "1", "--budget", "none", "--problems", "6")
    assert tourney("math", EXAMPLES, *NOISY, *GRADED, *one, "--out", "s").code == 0
    whole = tourney("math", EXAMPLES, *NOISY, *GRADED, *one, "--out", "s", "--offline")
    assert whole.code == 0
    more = tourney("math", EXAMPLES, *NOISY, *GRADED, *one, "--n", "4", "--out", "s", "--offline")
    assert more.code == 2
    assert "1 of 6 points need comparisons that the ledger lacks (knockout, N=4, seed 0: about" in more.err
    assert "leave out --offline" in more.err.splitlines()[-1]
    assert "Best of 2" in more.out
    stranger = tourney("math", EXAMPLES, "--judge", "synthetic", *GRADED, *one, "--out", "s", "--offline")
    one_line(stranger, "no point was played here by the judge synthetic", "--offline")


def test_offline_nothing_is_made_up(tourney: Tourney, tmp_path: Path) -> None:
    """Points that lack the same comparisons all lack them, and none is shown."""
    lines = '[[strategies]]\nname = "round-robin"\n' * 2 + 'label = "Elo"\nrating = "elo"\n'
    (tmp_path / "alike.toml").write_text(lines)
    assert tourney("sweep", "alike.toml", EXAMPLES, *GRADED, "--problems", "1", "--no-plots", "--out", "s").code == 0
    ended = tourney("sweep", "alike.toml", EXAMPLES, *GRADED, "--no-plots", "--out", "s", "--offline", "--json")
    assert ended.code == 2
    assert ended.rows == []
    assert "2 of 2 points need comparisons that the ledger lacks" in ended.err


@pytest.mark.parametrize("verb", [("sweep", "small.toml"), ("math",)])
def test_the_bill_says_how_long_it_takes(tourney: Tourney, verb: tuple[str, ...]) -> None:
    slow = (*GRADED, "--judge", "synthetic", "-J", "latency=0.02", "-J", "sd=0", "--problems", "3", "--out", "s")
    (unknown,) = tourney(*verb, EXAMPLES, *slow, "--plan", "--json").rows
    assert unknown["seconds"] is None
    assert "--rate COMPARISONS_PER_SECOND" in tourney(*verb, EXAMPLES, *slow, "--plan").out
    (given,) = tourney(*verb, EXAMPLES, *slow, "--plan", "--rate", "4", "--json").rows
    assert given["seconds"] == pytest.approx(given["new"] / 4)
    assert tourney("math", EXAMPLES, *slow, "--n", "2").code == 0
    (measured,) = tourney(*verb, EXAMPLES, *slow, "--seed", "9", "--plan", "--in-flight", "8", "--json").rows
    assert measured["new"] > 0
    assert measured["seconds"] == pytest.approx(measured["new"] * mean_seconds(Path("s/ledger.sqlite")) / 8)
    assert (
        f"seconds       about {given['new'] / 4:,.1f}"
        in tourney(*verb, EXAMPLES, *slow[:-1], "t", "--plan", "--rate", "4").out
    )


def test_math_compares_ways_to_pick(tourney: Tourney, tmp_path: Path) -> None:
    ended = tourney("math", EXAMPLES, *GRADED, "--n", "2", "--n", "4", "--out", "m")
    assert ended.code == 0
    for part in ("Best of 2: 24 problems", "Best of 4", "pass@k", "oracle", "majority", "mixed pair in"):
        assert part in ended.out
    table = rows(tmp_path / "m/math.csv")
    assert {row["pick"] for row in table} >= {"random", "longest", "majority", "oracle"}
    for row in table:
        assert float(row["low"]) <= float(row["accuracy"]) <= float(row["high"])
    best = {row["n"]: row for row in table if row["pick"] == "oracle"}
    assert all(float(row["accuracy"]) <= float(best[row["n"]]["accuracy"]) for row in table)


def test_math_as_json(tourney: Tourney) -> None:
    ended = tourney(
        "math", EXAMPLES, *GRADED, "--n", "2", "--strategy", "knockout", "--seed", "3", "--json", "--out", "m"
    )
    assert ended.code == 0
    found: dict[str, Any] = {row["pick"]: row for row in ended.rows}
    assert found["knockout, budget N-1"]["comparisons"] > 0
    assert found["majority"]["against_majority"] is None
    assert found["knockout, budget N-1"]["against_majority_p"] <= 1


def test_math_grades_by_the_reference(tourney: Tourney) -> None:
    ended = tourney("math", EXAMPLES, "--n", "2", "--problems", "5", "--out", "m")
    labels = tourney("math", EXAMPLES, *GRADED, "--n", "2", "--problems", "5", "--out", "n")
    assert "by math-verify" in ended.out
    assert ended.out.split("grades")[0] == labels.out.split("grades")[0]


def test_labels_that_change_are_seen(tourney: Tourney, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in Path(EXAMPLES).read_text().splitlines()[:4]]
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    options = ("math", "a.jsonl", *GRADED, "--n", "2", "--json", "--out", "m")
    before = {row["pick"]: row["accuracy"] for row in tourney(*options).rows}
    for line in lines:
        for candidate in line["candidates"]:
            candidate["meta"]["correct"] = True
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    after = {row["pick"]: row["accuracy"] for row in tourney(*options).rows}
    assert set(after.values()) == {1.0}
    assert before != after


def test_an_interrupt_keeps_what_is_done(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tournament", "sweep", "small.toml", EXAMPLES, "--out", "s", "--no-plots"]
    command += ["--judge", "synthetic", "-J", "latency=0.05", "--in-flight", "4", "--together", "2"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    running = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    assert running.stderr is not None
    lines = [running.stderr.readline()]  # a point is done
    assert b"right (" in lines[0]
    time.sleep(0.2)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert b"the same command" in err
    assert b"points, 6 problems" in out
    with sqlite3.connect(tmp_path / "s/ledger.sqlite") as ledger:
        (paid,) = ledger.execute("SELECT count(*) FROM judgments").fetchone()
    assert json.loads((tmp_path / "s/summary.json").read_text())["judged_now"] == paid
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, env=environment, timeout=120, check=True)
    assert b"10 points, 6 problems" in again.stdout
    assert b"known already" in again.stderr


WRONG = {
    "no sweep of that name": (("sweep", "rrm-maths", EXAMPLES), ("rrm-math",)),
    "no candidates": (("sweep", "small.toml"), ("names no candidates", "CANDIDATES.jsonl")),
    "candidates that are not there": (("sweep", "small.toml", "none.jsonl"), ("none.jsonl", "does not exist")),
    "a judge without thinking": (("sweep", "rrm-thinking", EXAMPLES, "--judge", "checks"), ("thinking",)),
    "a grader that does not exist": (("math", EXAMPLES, "--grader", "me"), ("'me'", "labels")),
    "a strategy that does not exist": (("math", EXAMPLES, "--strategy", "knokout"), ("knockout",)),
    "a budget in words unknown": (("math", EXAMPLES, "--budget", "lots"), ("'lots'",)),
    "a number that is none": (("math", EXAMPLES, "--n", "four"), ("'four'", "--n")),
    "a rate without a bill": (("math", EXAMPLES, "--rate", "4"), ("--rate", "--plan")),
    "a rate that is none": (("math", EXAMPLES, "--rate", "nan", "--plan"), ("--rate nan",)),
    "one candidate": (("math", EXAMPLES, "--n", "1"), ("n: 1",)),
}


@pytest.mark.parametrize("what", WRONG)
def test_bad_input_is_one_line(tourney: Tourney, what: str) -> None:
    arguments, parts = WRONG[what]
    one_line(tourney(*arguments), *parts)


@pytest.mark.parametrize("name", ["points", "plots"])
def test_a_file_in_the_way_is_one_line(tourney: Tourney, tmp_path: Path, name: str) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / name).touch()
    ended = tourney("sweep", "small.toml", EXAMPLES, "--out", "s")
    assert ended.code == 2
    assert ended.err.splitlines()[-1].startswith(f"tourney: error: s/{name}: cannot be")


def test_a_grader_that_is_no_text_is_one_line(tourney: Tourney, tmp_path: Path) -> None:
    (tmp_path / "five.toml").write_text('grader = 5\n[[strategies]]\nname = "longest"\n')
    one_line(tourney("sweep", "five.toml", EXAMPLES, "--no-plots"), "five.toml", "grader=5")


def test_references_that_are_missing_are_named(tourney: Tourney, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in Path(EXAMPLES).read_text().splitlines()[:3]]
    del lines[1]["reference"]
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    one_line(tourney("math", "a.jsonl", "--out", "m"), lines[1]["id"], "reference", "--grader labels")
    assert not (tmp_path / "m").exists()


def test_no_server_is_said_once(tourney: Tourney) -> None:
    ended = tourney(
        "sweep", "small.toml", EXAMPLES, "--judge", "sglang", "--base-url", "http://127.0.0.1:9", "--out", "s"
    )
    assert ended.code == 3
    assert ended.err.splitlines()[-1].startswith("tourney: error: no server answers at http://127.0.0.1:9")
    assert "Traceback" not in ended.err


def test_without_matplotlib_it_says_how_to_install_it(
    tourney: Tourney, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    one_line(tourney("sweep", "small.toml", EXAMPLES, *NOISY, "--out", "s"), "tournament-engine[plot]")
    assert not (tmp_path / "s").exists()
    assert tourney("sweep", "small.toml", EXAMPLES, *NOISY, "--out", "s", "--no-plots").code == 0
