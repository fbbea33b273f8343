"""Shards of sweeps: merged, they make the tables of one process, and of nothing else than they were made from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Candidates, Tourney
from tests.cli.test_merge import NOISY, count, played
from tests.cli.test_sweep import EXAMPLES
from tests.cli.test_sweep import SWEEP as SMALL

SWEEP = SMALL.replace('"2N"]', '"2N", "400 tokens"]').replace("problems = 6", "problems = 9")
GRIDS = {
    "sweep": ("sweep", "small.toml", EXAMPLES, "--no-plots", "--seed", "1", "--seed", "2"),
    "math": ("math", EXAMPLES, "--problems", "8", "--n", "2", "--n", "4", "--strategy", "knockout"),
}


def test_the_grid_has_a_budget_in_tokens() -> None:
    assert '"400 tokens"' in SWEEP
    assert "problems = 9" in SWEEP


@pytest.mark.parametrize("verb", GRIDS)
def test_merged_shards_of_a_grid_make_the_tables_of_one_process(tourney: Tourney, verb: str) -> None:
    Path("small.toml").write_text(SWEEP)
    command = (*GRIDS[verb], *NOISY)
    assert tourney(*command, "--out", "alone").code == 0
    for index in (1, 2, 3):
        assert tourney(*command, "--out", "run", "--shard", f"{index}/3").code == 0
    ended = tourney("merge", "run")
    assert ended.code == 0, ended.err
    tables = sorted(path.name for path in Path("alone").glob("*.csv"))
    assert "points.csv" in tables
    for name in tables:
        assert Path("run", name).read_bytes() == Path("alone", name).read_bytes(), name
    assert count(Path("run/ledger.sqlite")) == count(Path("alone/ledger.sqlite"))


def test_what_a_sweep_lacks_is_said_when_its_shards_are_merged(tourney: Tourney) -> None:
    command = (*GRIDS["math"], *NOISY)
    tourney(*command, "--out", "run", "--shard", "1/2")
    ended = tourney("merge", "run")
    assert (ended.code, ended.err.count("shard 2/2 is missing")) == (2, 1)
    ended = tourney("merge", "run", "--partial")
    assert ended.code == 2
    assert "need comparisons that the ledger lacks" in ended.err


def test_sweeps_that_differ_are_refused_with_the_difference(tourney: Tourney, candidates: Candidates) -> None:
    tourney(*GRIDS["math"], *NOISY, "--out", "a", "--shard", "1/2")
    tourney(*GRIDS["math"], *NOISY, "-J", "sd=3", "--out", "b", "--shard", "2/2")
    ended = tourney("merge", "a", "b", "--out", "all")
    assert ended.code == 2
    assert "judge.sd was" in ended.err
    tourney("rank", candidates(), *NOISY, "--out", "c")
    ended = tourney("merge", "a", "c", "--out", "all")
    assert ended.code == 2
    assert "c: is no sweep's folder, and a/shards/1-of-2 is" in ended.err


def test_a_shard_without_problems_is_a_shard_all_the_same(tourney: Tourney, candidates: Candidates) -> None:
    file = candidates(2)
    played(tourney, file, *NOISY, shards=5)
    assert tourney("merge", "run").code == 0
    ended = [tourney(*GRIDS["math"], "--problems", "2", *NOISY, "--out", "m", "--shard", f"{i}/5") for i in range(1, 6)]
    assert [each.code for each in ended] == [0] * 5
    assert 3 <= sum("there is nothing to play" in each.err for each in ended) < 5
    assert tourney("merge", "m").code == 0


def test_the_tables_of_a_shard_lie_in_its_own_folder(tourney: Tourney) -> None:
    Path("small.toml").write_text(SWEEP)
    assert tourney(*GRIDS["sweep"], *NOISY, "--out", "run", "--shard", "1/2").code == 0
    assert [path.name for path in Path("run").iterdir()] == ["shards"]
    assert Path("run/shards/1-of-2/points.csv").exists()


def shards_of_a_sweep(tourney: Tourney, *options: str, problems: int = 8) -> str:
    """The file of candidates that both were made from."""
    lines = Path(EXAMPLES).read_text().splitlines(keepends=True)
    Path("in.jsonl").write_text("".join(lines[:problems]))
    Path("small.toml").write_text(SWEEP)
    for index in (1, 2):
        verb = ("sweep", "small.toml", "in.jsonl", "--no-plots", *NOISY, *options)
        assert tourney(*verb, "--out", "run", "--shard", f"{index}/2").code == 0
    return "in.jsonl"


def test_a_sweep_or_an_input_that_was_changed_is_refused(tourney: Tourney) -> None:
    file = Path(shards_of_a_sweep(tourney))
    whole = file.read_text()
    less = "".join(whole.splitlines(keepends=True)[:-1])
    Path("less.jsonl").write_text(less)
    for change, arguments, said in (
        (lambda: None, ("--input", "less.jsonl"), "input.fingerprint was"),
        (lambda: file.write_text(less), (), "input.fingerprint was"),
        (lambda: Path("small.toml").write_text(SWEEP.replace("[1, 3]", "[1]")), ("--input", "whole.jsonl"), "points."),
    ):
        Path("whole.jsonl").write_text(whole)
        change()
        ended = tourney("merge", "run", *arguments)
        assert ended.code == 2
        assert "its shards were made from something else" in ended.err
        assert said in ended.err
        assert not list(Path("run").glob("*.csv"))


def test_what_shards_read_from_another_ledger_comes_into_the_merged_one(tourney: Tourney) -> None:
    shards_of_a_sweep(tourney)
    assert tourney("merge", "run").code == 0
    Path("run").rename("known")
    shards_of_a_sweep(tourney, "--ledger", "known/ledger.sqlite")
    assert tourney("merge", "run").code == 2
    assert tourney("merge", "run", "--ledger", "known/ledger.sqlite").code == 0
    assert Path("run/points.csv").read_bytes() == Path("known/points.csv").read_bytes()
    assert count(Path("run/ledger.sqlite")) == count(Path("known/ledger.sqlite"))
    ended = tourney("merge", "run", "--ledger", "nowhere.sqlite")
    assert (ended.code, len(ended.err.splitlines())) == (2, 1)
    assert "nowhere.sqlite: is not there" in ended.err


def test_shards_whose_servers_judged_as_somebody_else_are_refused(tourney: Tourney) -> None:
    shards_of_a_sweep(tourney)
    file = Path("run/shards/2-of-2/judges.json")
    told = json.loads(file.read_text())
    for identity in told.values():
        identity["model"] = "another"
    file.write_text(json.dumps(told))
    ended = tourney("merge", "run")
    assert (ended.code, len(ended.err.splitlines())) == (2, 1)
    assert "identity.model was" in ended.err


def test_what_a_folder_knew_of_other_judges_stays(tourney: Tourney) -> None:
    shards_of_a_sweep(tourney)
    Path("run/judges.json").write_text(json.dumps({"another": {"model": "m"}}))
    assert tourney("merge", "run").code == 0
    assert "another" in json.loads(Path("run/judges.json").read_text())


PARAMETERS = {
    "seeds": (5, ["x"], [[1]]),
    "sweep": (5, None, "none.toml", "\0.toml", [1]),
    "candidates": ("-", "hf://datasets/a/b/c.jsonl", [1], "\0", "."),
    "log_level": ("x", 5),
    "together": (-3, "x", [1]),
    "in_flight": (1e99, "x", 0),
    "judge": (5, "none", ["x"]),
    "judge_option": ([5], "x", {"a": 1}),
    "base_url": ([5], 5),
    "max_failures": (-1, "x"),
    "grader": (5, "none"),
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_that_somebody_else_wrote(tourney: Tourney, name: str) -> None:
    shards_of_a_sweep(tourney, problems=2)
    file = Path("run/shards/1-of-2/command.json")
    sound = json.loads(file.read_text())
    for value in PARAMETERS[name]:
        file.write_text(json.dumps({**sound, "parameters": {**sound["parameters"], name: value}}))
        ended = tourney("merge", "run")
        assert (ended.code, len(ended.err.splitlines())) in {(2, 1), (2, 2)}, (value, ended.err)
        assert not list(Path("run").glob("*.csv"))


def test_parameters_decide_neither_where_to_write_nor_what_to_ask(tourney: Tourney) -> None:
    shards_of_a_sweep(tourney, problems=2)
    file = Path("run/shards/1-of-2/command.json")
    sound = json.loads(file.read_text())
    outside = {"out": "outside", "ledger": "outside.sqlite", "offline": False, "ray": "local", "plan": True}
    more = {"help": True, "version": True, "shard": "1/9", "rate": "x", "serve": True}
    file.write_text(json.dumps({**sound, "parameters": {**sound["parameters"], **outside, **more}}))
    before = set(Path().iterdir())
    ended = tourney("merge", "run")
    assert ended.code == 0, ended.err
    assert Path("run/points.csv").exists()
    assert set(Path().iterdir()) == before


def test_a_shard_without_problems_has_ended(tourney: Tourney) -> None:
    for index in range(1, 6):
        tourney(*GRIDS["math"], "--problems", "2", *NOISY, "--out", "m", "--shard", f"{index}/5")
    assert "shards: 5 ended" in tourney("status", "m").out
    for index in range(1, 6):
        tourney(*GRIDS["math"], "--problems", "2", *NOISY, "--out", "bill", "--shard", f"{index}/5", "--plan")
    assert not Path("bill").exists()


def test_the_status_is_that_of_whoever_told_of_itself_last(tourney: Tourney) -> None:
    shards_of_a_sweep(tourney, problems=2)
    assert "shards: 2 ended" in tourney("status", "run").out
    assert tourney("merge", "run").code == 0
    assert "shards" not in tourney("status", "run").out
    shards_of_a_sweep(tourney, problems=2)
    assert "shards: 2 ended" in tourney("status", "run").out
