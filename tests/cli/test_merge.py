"""Shards and merges: whatever the number of shards, the merged run is the run of one process, byte for byte."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.conftest import Candidates, Tourney
from tournament.errors import UsageError
from tournament.ledger import Ledger
from tournament.ledger_reader import LedgerReader
from tournament.sharding import Shard

NOISY = ("--judge", "synthetic", "-J", "tokens=100", "-J", "tie_rate=0.1", "-J", "unparsable_rate=0.2")
WHOLE = ("results.jsonl", "comparisons.jsonl", "drafts.jsonl")


def played(tourney: Tourney, file: str, *options: str, shards: int, out: str = "run") -> None:
    for index in range(1, shards + 1):
        assert tourney("rank", file, *options, "--out", out, "--shard", f"{index}/{shards}").code == 0


def count(path: Path) -> int:
    reader = LedgerReader(path)
    try:
        return reader.count()
    finally:
        reader.close()


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--strategy", "knockout", "--votes", "3"),
        ("--strategy", "adaptive", "--max-comparisons", "9", "--rethink", "2"),
        ("--strategy", "round-robin", "--total-tokens", "40000", "--seed", "5"),
    ],
    ids=["auto", "votes", "rethinks", "tokens"],
)
@pytest.mark.parametrize("shards", [1, 3, 7])
def test_a_merged_run_is_the_run_of_one_process(
    tourney: Tourney, candidates: Candidates, options: tuple[str, ...], shards: int
) -> None:
    file = candidates(12, 6)
    assert tourney("rank", file, *NOISY, *options, "--out", "alone").code == 0
    played(tourney, file, *NOISY, *options, shards=shards)
    assert tourney("merge", "run").code == 0
    for name in WHOLE:
        assert Path("run", name).read_bytes() == Path("alone", name).read_bytes()
    one, other = (json.loads(Path(run, "summary.json").read_text()) for run in ("alone", "run"))
    for name in ("spend", "judge_health", "judge_model", "problems", "input_problems", "complete", "chosen", "failed"):
        assert one[name] == other[name], name
    assert count(Path("run/ledger.sqlite")) == count(Path("alone/ledger.sqlite"))


def test_the_same_command_goes_on_in_the_merged_folder_for_nothing(tourney: Tourney, candidates: Candidates) -> None:
    file = candidates(8)
    played(tourney, file, *NOISY, shards=2)
    assert tourney("merge", "run").code == 0
    before = Path("run/results.jsonl").read_bytes()
    assert tourney("rank", file, *NOISY, "--out", "run").code == 0
    assert json.loads(Path("run/summary.json").read_text())["paid"] == 0
    assert Path("run/results.jsonl").read_bytes() == before


def test_a_shard_does_not_pay_for_what_the_whole_run_or_a_named_ledger_knows(
    tourney: Tourney, candidates: Candidates
) -> None:
    file = candidates(8)
    assert tourney("rank", file, *NOISY, "--out", "run").code == 0
    played(tourney, file, *NOISY, shards=2)
    played(tourney, file, *NOISY, "--ledger", "run/ledger.sqlite", shards=2, out="other")
    for folder in (*Path("run/shards").iterdir(), *Path("other/shards").iterdir()):
        assert json.loads((folder / "summary.json").read_text())["paid"] == 0
    assert tourney("merge", "run").code == 0


def test_what_several_runs_hold_counts_once(tourney: Tourney, candidates: Candidates) -> None:
    file = candidates(9)
    assert tourney("rank", file, *NOISY, "--out", "alone").code == 0
    played(tourney, file, *NOISY, shards=3)
    ended = tourney("merge", "alone", "run", "--out", "all")
    assert ended.code == 0
    judgments = count(Path("alone/ledger.sqlite"))
    assert f"{2 * judgments} judgments of 4 runs, {judgments} of them known already" in ended.err
    assert count(Path("all/ledger.sqlite")) == judgments
    for name in WHOLE:
        assert Path("all", name).read_bytes() == Path("alone", name).read_bytes()


def test_a_shard_that_did_not_come_to_its_end_leaves_its_problems_out(tourney: Tourney, candidates: Candidates) -> None:
    file = candidates(10)
    assert tourney("rank", file, *NOISY, "--out", "alone").code == 0
    played(tourney, file, *NOISY, shards=2)
    (_, other) = sorted(Path("run/shards").iterdir())
    for name in ("drafts.jsonl", "results.jsonl", "comparisons.jsonl", "summary.json"):  # as if it were under way
        (other / name).unlink()
    ended = tourney("merge", "run")
    assert ended.code == 1
    ids = [json.loads(line)["id"] for line in Path("run/results.jsonl").read_text().splitlines()]
    mine = [f"p{i}" for i in range(10) if Shard(index=1, of=2).takes(f"p{i}")]
    assert ids == mine
    assert f"{10 - len(mine)} problems not played (2/2 did not come to the end)" in ended.err
    assert json.loads(Path("run/summary.json").read_text())["complete"] is False
    # Its judgments are there all the same, and so the shard, given again, has nothing to pay.
    assert tourney("rank", file, *NOISY, "--out", "run", "--shard", "2/2").code == 0
    assert json.loads((other / "summary.json").read_text())["paid"] == 0
    assert tourney("merge", "run").code == 0
    assert Path("run/results.jsonl").read_bytes() == Path("alone/results.jsonl").read_bytes()


def test_a_run_budget_is_that_of_all_shards_together(tourney: Tourney, candidates: Candidates) -> None:
    file = candidates(10, 8)
    played(tourney, file, *NOISY, "--total-comparisons", "40", shards=4)
    assert tourney("merge", "run").code == 0
    assert json.loads(Path("run/summary.json").read_text())["spend"]["comparisons"] <= 40


def test_missing_shards_are_named_and_may_be_left_out_on_purpose(tourney: Tourney, candidates: Candidates) -> None:
    file = candidates(10)
    for index in (1, 3):
        tourney("rank", file, *NOISY, "--out", "run", "--shard", f"{index}/4")
    ended = tourney("merge", "run")
    assert (ended.code, ended.out) == (2, "")
    assert "shards 2/4, 4/4 are missing; give the folders of all shards" in ended.err
    assert not Path("run/results.jsonl").exists()
    ended = tourney("merge", "run", "--partial", "--json")
    assert ended.code == 1
    takes = [Shard(index=index, of=4).takes for index in (1, 3)]
    assert [row["id"] for row in ended.rows] == [f"p{i}" for i in range(10) if any(take(f"p{i}") for take in takes)]


def test_runs_that_differ_are_refused_with_the_difference(tourney: Tourney, candidates: Candidates) -> None:
    file = candidates(6)
    tourney("rank", file, *NOISY, "--out", "a", "--shard", "1/2")
    tourney("rank", file, *NOISY, "--out", "b", "--shard", "2/2", "--seed", "4", "--votes", "3")
    ended = tourney("merge", "a/shards/1-of-2", "b/shards/2-of-2", "--out", "all")
    assert ended.code == 2
    assert "seed was 0, now 4" in ended.err
    assert "match.votes was 1, now 3" in ended.err
    assert len(ended.err.splitlines()) == 1
    assert not Path("all").exists()


def test_two_ways_to_share_are_refused(tourney: Tourney, candidates: Candidates) -> None:
    file = candidates(6)
    tourney("rank", file, *NOISY, "--out", "run", "--shard", "1/2")
    tourney("rank", file, *NOISY, "--out", "run", "--shard", "2/3")
    ended = tourney("merge", "run")
    assert ended.code == 2
    assert "is shard 1/2" in ended.err
    assert "is shard 2/3" in ended.err


def test_the_input_may_lie_elsewhere_and_must_be_the_same(tourney: Tourney, candidates: Candidates) -> None:
    file = candidates(6)
    played(tourney, file, *NOISY, shards=2)
    lines = Path(file).read_text().splitlines()
    Path(file).unlink()
    ended = tourney("merge", "run")
    assert ended.code == 2
    assert "names no file of candidates that is here; give it with --input" in ended.err
    other = candidates(7, name="other.jsonl")
    assert "holds other problems than" in tourney("merge", "run", "--input", other).err
    backwards = candidates(lines=lines[::-1], name="backwards.jsonl")
    ended = tourney("merge", "run", "--input", backwards)
    assert ended.code == 2
    assert "not in this order; give the file that it was made from with --input" in ended.err
    same = candidates(lines=lines, name="same.jsonl")
    assert tourney("merge", "run", "--input", same).code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("merge",), "Missing argument"),
        (("merge", "nowhere"), "nowhere: holds no config.toml; give the folder of a run"),
        (("merge", "alone"), "say with --out where the merged run goes"),
    ],
)
def test_what_cannot_be_merged_is_one_line(
    tourney: Tourney, candidates: Candidates, arguments: tuple[str, ...], said: str
) -> None:
    tourney("rank", candidates(), *NOISY, "--out", "alone")
    ended = tourney(*arguments)
    assert (ended.code, len(ended.err.splitlines())) == (2, 1)
    assert said in ended.err


@pytest.mark.parametrize("text", ["0/3", "4/3", "1/0", "1", "a/b", "1/2/3", "-1/2", "1/100001", "\u0661/2"])
def test_a_shard_is_written_i_of_n(tourney: Tourney, candidates: Candidates, text: str) -> None:
    ended = tourney("rank", candidates(), "--shard", text)
    assert (ended.code, len(ended.err.splitlines())) == (2, 1)
    assert "shard" in ended.err


def test_a_shard_reads_no_ledger_that_is_not_there(tourney: Tourney, candidates: Candidates) -> None:
    ended = tourney("rank", candidates(), "--shard", "1/2", "--ledger", "none.sqlite")
    assert ended.code == 2
    assert "none.sqlite: is not there, and a shard only reads it" in ended.err


@given(st.lists(st.text(), unique=True, max_size=50), st.integers(1, 20))
def test_every_problem_falls_to_exactly_one_shard(ids: list[str], of: int) -> None:
    shards = [Shard(index=index, of=of) for index in range(1, of + 1)]
    assert all(sum(shard.takes(name) for shard in shards) == 1 for name in ids)
    assert all(Shard.parse(str(shard)) == shard for shard in shards)
    assert len({shard.folder(Path()) for shard in shards}) == of


def test_shards_are_of_about_one_size() -> None:
    counts = Counter(next(i for i in range(1, 9) if Shard(index=i, of=8).takes(f"p{n}")) for n in range(8000))
    assert set(counts) == set(range(1, 9))
    # Seven standard deviations of a binomial with 8,000 draws and a chance of one in eight.
    assert max(abs(count - 1000) for count in counts.values()) < 7 * (8000 / 8 * 7 / 8) ** 0.5


def test_a_shard_beyond_the_last_is_none() -> None:
    with pytest.raises(UsageError, match="shard 3/2"):
        Shard(index=3, of=2)


def test_a_ledger_may_be_read_while_it_is_written(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    try:
        assert count(tmp_path / "ledger.sqlite") == 0
    finally:
        ledger.close()
