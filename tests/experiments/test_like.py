"""Worlds like a run: what is known of its judge comes out, and what is no run is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tournament.cli.main import run as tourney
from tournament.errors import RunFolderError
from tournament.experiments import like as module
from tournament.experiments.like import Likeness, like, with_likenesses
from tournament.experiments.sweep_file import read

JUDGES: dict[str, tuple[dict[str, float], tuple[str, ...]]] = {
    "biased": (
        {"sd": 1.5, "position_bias": 1.8, "self_repeat": 0.8, "tie_rate": 0.08, "unparsable_rate": 0.05},
        ("--strategy", "round-robin", "--votes", "2"),
    ),
    "plain": ({"sd": 0.8, "truncated_rate": 0.1}, ("--strategy", "halving", "--max-comparisons", "32")),
}
ERRORS = {
    "sd": 0.2,
    "position_bias": 0.2,
    "self_repeat": 0.25,  # the root of a correlation: none and 0.06 are hard to tell apart
    "tie_rate": 0.015,
    "unparsable_rate": 0.015,
    "truncated_rate": 0.015,
}


@pytest.mark.parametrize("case", JUDGES)
def test_the_settings_of_a_synthetic_judge_come_out(case: str, tmp_path: Path) -> None:
    settings, how = JUDGES[case]
    lines = [
        json.dumps({"id": f"p{i}", "prompt": f"q{i}", "candidates": [f"{i} {j}" for j in range(8)]}) for i in range(120)
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    given = [part for key, value in settings.items() for part in ("-J", f"{key}={value}")]
    folder = str(tmp_path / "run")
    assert tourney(["rank", str(tmp_path / "in.jsonl"), "--judge", "synthetic", *given, *how, "--out", folder]) == 0
    found = like(tmp_path / "run")
    world = found.world()
    for name, error in ERRORS.items():
        assert world[name] == pytest.approx(settings.get(name, 0.0), abs=error), name
    assert (found.problems, found.sizes) == (120, (8,))
    with_likenesses(read("quick"), [found]).check()


def written(folder: Path, sizes: Sequence[int], rows: Sequence[Mapping[str, Any]]) -> Path:
    """A run folder of problems p0, p1 ... with candidates c0, c1 ... and these comparisons."""
    folder.mkdir()
    results = [
        {"id": f"p{i}", "ranking": [{"id": f"c{j}", "rank": j + 1} for j in range(n)]} for i, n in enumerate(sizes)
    ]
    (folder / "results.jsonl").write_text("".join(json.dumps(result) + "\n" for result in results))
    (folder / "comparisons.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def row(problem: int, first: int, second: int, p_first: float | None = 1.0, **other: Any) -> dict[str, Any]:
    """One line of comparisons.jsonl, as far as it matters."""
    a, b = sorted((first, second))
    outcome = "tie" if p_first == 0.5 else "decided"
    ids = {"a": f"c{a}", "b": f"c{b}", "first": f"c{first}", "second": f"c{second}"}
    known = {"problem": f"p{problem}", "round": 0, "rethink": False, "outcome": outcome, "p_first": p_first}
    return {**known, **ids, **other}


def test_comparisons_are_counted_by_kind(tmp_path: Path) -> None:
    rows = [row(0, 0, 1), row(0, 1, 0, 0.5), row(0, 0, 2, None, outcome="truncated")]
    rows += [row(1, 0, 1, None, outcome=outcome) for outcome in ("unparsable", "refused")]
    found = like(written(tmp_path / "run", [3, 2, 5], rows))
    assert (found.comparisons, found.problems, found.sizes) == (5, 2, (2, 3))
    assert (found.ties, found.cut, found.void) == (0.2, 0.2, 0.4)
    assert not found.repeated
    assert "no pair was judged twice" in str(found)


def test_a_rethink_takes_the_place_of_what_it_went_on_from(tmp_path: Path) -> None:
    first = row(0, 0, 1, 0.0, thinking_limit=1)
    other = [row(0, 1, 0, 1.0), row(0, 0, 1, 0.0, round=1)]
    again = row(0, 0, 1, 1.0, thinking_limit=2, rethink=True)
    whole = like(written(tmp_path / "one", [2], [first, other[0], again, other[1]]))
    final = like(written(tmp_path / "two", [2], [other[0], again, other[1]]))
    assert whole.comparisons == 3
    assert whole.world() == final.world()


def test_the_order_of_the_files_changes_nothing_and_enough_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [row(i, i % 3, 3, (i + 1) / 26) for i in range(25) if i != 12]
    rows.append(row(12, 0, 1))
    found = like(written(tmp_path / "run", [4] * 25, rows))
    (tmp_path / "other").mkdir()
    mirrored = like(written(tmp_path / "other" / "run", [4] * 25, rows[::-1]))
    assert (found.model, found.problems) == (mirrored.model, 25)
    monkeypatch.setattr(module, "MOST", 10)
    assert like(tmp_path / "run").problems == 9


def test_identical_candidates_are_one(tmp_path: Path) -> None:
    folder = written(tmp_path / "run", [3], [row(0, 0, 1)])
    ranking = [{"id": "c0", "rank": 1}, {"id": "c2", "rank": 1}, {"id": "c1", "rank": 3}]
    (folder / "results.jsonl").write_text(json.dumps({"id": "p0", "ranking": ranking}))
    assert like(folder).sizes == (2,)


def test_rare_sizes_are_left_out(tmp_path: Path) -> None:
    rows = [row(i, 0, 1) for i in range(30)]
    assert like(written(tmp_path / "run", [2] * 2 + [4] * 20 + [8] * 8, rows)).sizes == (4, 8)


def lone(**other: Any) -> list[dict[str, Any]]:
    """A run's only comparison, with something wrong."""
    return [row(0, 0, 1, **other)]


BAD = {
    "only ties": (lone(p_first=0.5), "no comparison of this run was decided"),
    "nothing": ([], "no comparison of this run was decided"),
    "stranger": ([row(0, 0, 7)], "is no comparison of this run"),
    "outcome": (lone(outcome="won"), "is no comparison of this run"),
    "preference": (lone(p_first=2.0), "is no comparison of this run"),
    "text": (lone(p_first="yes"), "is no comparison of this run"),
    "keys": ([{"problem": "p0"}], "is no comparison of this run"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_run_is_refused(case: str, tmp_path: Path) -> None:
    rows, said = BAD[case]
    folder = written(tmp_path / "run", [2], rows)
    with pytest.raises(RunFolderError, match=said) as error:
        like(folder)
    assert str(error.value).startswith(str(folder))


@pytest.mark.parametrize("line", ["[]", "{}", '{"id": 3}', '{"id": "p0"}', "{"])
def test_broken_results_are_refused(line: str, tmp_path: Path) -> None:
    folder = written(tmp_path / "run", [2], lone())
    (folder / "results.jsonl").write_text(line)
    with pytest.raises(RunFolderError, match=r"results\.jsonl"):
        like(folder)


def test_a_sweep_takes_the_runs_worlds_and_sizes(tmp_path: Path) -> None:
    one = like(written(tmp_path / "one", [4, 4], [row(0, 0, 1), row(1, 0, 1)]))
    two = like(written(tmp_path / "two", [6], lone()))
    sweep = read("quick")
    mixed = with_likenesses(sweep, [one, two])
    assert (list(mixed.worlds), mixed.n) == (["like one", "like two"], (4, 6))
    assert (mixed.strategies, mixed.budgets, mixed.problems) == (sweep.strategies, sweep.budgets, sweep.problems)
    kept = with_likenesses(sweep, [one, one], worlds=True, n=True)
    assert (list(kept.worlds), kept.n) == ([*sweep.worlds, "like one (1)", "like one (2)"], sweep.n)
    assert isinstance(one, Likeness)
