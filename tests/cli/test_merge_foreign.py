"""What a merge makes of folders that came from somebody else, that are damaged, or that change under its hands."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Candidates, Tourney
from tests.cli.test_merge import NOISY, count, played
from tournament.merging import Merged, part_of
from tournament.output import Output
from tournament.pool import Pool
from tournament.records import read_problems

ROOT = Path(__file__).parents[2]
SHARD = Path("run/shards/1-of-1")


@pytest.mark.parametrize("damage", ["{}\n", '{"id": "p0", "rounds": 3}\n', "no json\n"])
@pytest.mark.parametrize("name", ["drafts.jsonl", "comparisons.jsonl"])
def test_a_damaged_shard_is_named(tourney: Tourney, candidates: Candidates, name: str, damage: str) -> None:
    played(tourney, candidates(4), *NOISY, shards=1)
    file = Path("run/shards/1-of-1", name)
    file.write_text(damage + file.read_text())
    ended = tourney("merge", "run")
    assert (ended.code, len(ended.err.splitlines())) == (2, 1)
    assert "shards/1-of-1" in ended.err
    assert not Path("run/results.jsonl").exists()


def changed(name: str, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the first row of a file of the shard."""
    file = SHARD / name
    first, *rest = file.read_text().splitlines(keepends=True)
    row = json.loads(first)
    change(row)
    file.write_text(json.dumps(row) + "\n" + "".join(rest))


DRAFTS: dict[str, tuple[Any, ...]] = {
    "all_met": (None, 1),
    "calls": ("x", True),
    "complete": ([1], 1),
    "fallback": ("x",),
    "limit": ("x", 1.5),
    "lot_key": ("x", None),
    "note": (5, None),
    "spend": ({}, {"x": 1}, 5, {"money": float("nan")}, {"seconds": "x"}, {"comparisons": -1}, {"seconds": 10**400}),
    "rounds": tuple(
        [[verdict]]
        for verdict in (
            *(
                [0, 0, 1.0, []],
                [0, 77, 1.0, []],
                [0, 1, 7.0, []],
                [-1, 1, 1.0, []],
                [0, 1],
                5,
                [0, 1, float("nan"), []],
            ),
            *([0, 1, 1.0, [[0, 2, 1.0]]], [0, 1, None, [[0, 1, None, "x"]]], [0, 1, 1.0, [[0, 1, "x"]]]),
        )
    ),
}
COMPARISONS: dict[str, tuple[Any, ...]] = {
    "p_first": ("x", [1], 7),
    "prompt_tokens": (float("nan"),),
    "outcome": ("x", None),
    "thinking_tokens": ("x", 10**400, -1),
    "extra": (float("inf"),),
}


@pytest.mark.parametrize("name", ["drafts.jsonl", "comparisons.jsonl"])
def test_rows_that_no_run_wrote(tourney: Tourney, candidates: Candidates, name: str) -> None:
    played(tourney, candidates(3), *NOISY, shards=1)
    shutil.copytree(SHARD, "sound")
    for key, values in (DRAFTS if name == "drafts.jsonl" else COMPARISONS).items():
        for value in values:
            changed(name, lambda row, key=key, value=value: row.update({key: value}))  # type: ignore[misc]
            ended = tourney("merge", "run")
            assert (ended.code, len(ended.err.splitlines())) == (2, 1), (key, value, ended.err)
            assert "run/shards/1-of-1: a file of it is not as this tourney writes it" in ended.err
            assert not Path("run/results.jsonl").exists()
            shutil.copy(Path("sound", name), SHARD / name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("config.toml", "input = 5"),
        ("config.toml", "judge = 5"),
        ("config.toml", "budget = [5]"),
        ("config.toml", "shard = [5]"),
        ("config.toml", "[input]\npath = 5\nfingerprint = 7"),
        ("config.toml", '[input]\npath = "\\u0000"'),
        ("summary.json", "{"),
        ("summary.json", '{"retries": "x"}'),
        ("summary.json", '{"retries": null}'),
        ("summary.json", '{"complete": true, "judge": NaN}'),
    ],
)
def test_a_configuration_or_a_summary_that_no_run_wrote(
    tourney: Tourney, candidates: Candidates, name: str, text: str
) -> None:
    played(tourney, candidates(3), *NOISY, shards=1)
    (SHARD / name).write_text(text)
    ended = tourney("merge", "run")
    assert (ended.code, len(ended.err.splitlines())) == (2, 1), ended.err
    assert "run/shards/1-of-1" in ended.err
    assert sorted(path.name for path in Path("run").iterdir() if path.name != ".lock") == ["shards"]


@pytest.mark.parametrize("kept", [0, 1])
def test_fewer_comparisons_than_are_told(tourney: Tourney, candidates: Candidates, kept: int) -> None:
    played(tourney, candidates(3), *NOISY, shards=1)
    file = SHARD / "comparisons.jsonl"
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:kept]))
    ended = tourney("merge", "run")
    assert (ended.code, len(ended.err.splitlines())) == (2, 1)
    assert "another number of comparisons of 'p0' than drafts.jsonl" in ended.err


def test_a_run_that_was_killed_between_two_of_its_files_has_no_results_yet(
    tourney: Tourney, candidates: Candidates
) -> None:
    played(tourney, candidates(6), *NOISY, shards=2)
    Path("run/shards/2-of-2/comparisons.jsonl").unlink()
    Path("run/shards/2-of-2/summary.json").unlink()
    ended = tourney("merge", "run")
    assert ended.code == 1
    assert "(2/2 did not come to the end)" in ended.err


def test_a_problem_is_taken_from_the_run_in_which_fewer_comparisons_failed(
    tourney: Tourney, candidates: Candidates
) -> None:
    file = candidates(3)
    assert tourney("rank", file, *NOISY, "--out", "sound").code == 0
    shutil.copytree("sound", "bad")
    rows = Path("bad/comparisons.jsonl").read_text().splitlines()
    failed = [json.dumps({**json.loads(row), "outcome": "failed", "p_first": None}) + "\n" for row in rows]
    Path("bad/comparisons.jsonl").write_text("".join(failed))
    for order in (("bad", "sound"), ("sound", "bad")):
        assert tourney("merge", *order, "--out", "-".join(order)).code == 0
    one, other = (Path(out, "comparisons.jsonl").read_bytes() for out in ("bad-sound", "sound-bad"))
    assert one == other == Path("sound/comparisons.jsonl").read_bytes()


def test_files_that_take_the_place_of_others_meanwhile(tourney: Tourney, candidates: Candidates) -> None:
    """A shard that is played again and ends while its results of before are being merged."""
    file = candidates(4)
    assert tourney("rank", file, *NOISY, "--out", "run").code == 0
    merged = Merged([part_of(Path("run"))], Pool())
    Path("other").write_text("")
    os.replace("other", "run/comparisons.jsonl")
    Path("all").mkdir()
    with Output(Path("all")) as output:
        assert list(merged.play(read_problems(Path(file)), output)) == [True] * 4


def test_a_reader_that_goes_away_does_not_end_a_merge(tourney: Tourney, candidates: Candidates) -> None:
    played(tourney, candidates(300), shards=1)
    command = [sys.executable, "-m", "tournament", "merge", "run", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    child = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout is not None
    child.stdout.close()
    child.communicate()
    assert child.returncode == 0
    assert len(Path("run/results.jsonl").read_text().splitlines()) == 300


@pytest.mark.parametrize("name", ["drafts.jsonl", "comparisons.jsonl", "ledger.sqlite"])
def test_a_pipe_in_a_folder_is_waited_for_by_nobody(tourney: Tourney, candidates: Candidates, name: str) -> None:
    played(tourney, candidates(3), *NOISY, shards=1)
    (SHARD / name).unlink()
    os.mkfifo(SHARD / name)
    assert tourney("merge", "run").code in (0, 1)


def test_what_a_shard_read_from_another_ledger_may_be_had_in_the_merged_one(
    tourney: Tourney, candidates: Candidates
) -> None:
    file = candidates(5)
    assert tourney("rank", file, *NOISY, "--out", "known").code == 0
    played(tourney, file, *NOISY, "--ledger", "known/ledger.sqlite", shards=2)
    assert tourney("merge", "run", "--ledger", "known/ledger.sqlite").code == 0
    assert count(Path("run/ledger.sqlite")) == count(Path("known/ledger.sqlite")) > 0
