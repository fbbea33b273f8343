"""Accuracy of the pick on problems whose candidates carry labels, such as GSM8K with real model solutions.

    python benchmarks/gsm8k.py FILE [--judge checks] [--strategy auto] [--votes 1] [--limit N] [-J KEY=VALUE ...]
    python benchmarks/gsm8k.py FILE --run RUNFOLDER

Every candidate needs `meta.correct`. The labels and the reference are taken out before `tourney rank` sees the file, so
neither the engine nor its judge can know them. Next to the judge's picks stand the picks that need no judge.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._common import environment, python, table
from tournament import rank
from tournament.ratings import wilson
from tournament.records import read_problems
from tournament.types import Problem

BASELINES = ("first", "longest", "majority")


def _read(path: Path, limit: int | None) -> list[Problem]:
    problems = [made for number, made in enumerate(read_problems(path)) if limit is None or number < limit]
    for made in problems:
        for candidate in made.candidates:
            if not isinstance(candidate.meta.get("correct"), bool):
                where = f"{path}: candidate {candidate.id} of {made.id}"
                raise SystemExit(f"{where} has no meta.correct; give true or false")
    return problems


def _write_without_labels(problems: list[Problem], path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        for made in problems:
            prompt = made.prompt
            if not isinstance(prompt, str):
                raise SystemExit(f"{made.id}: this benchmark takes prompts that are plain text")
            candidates = [{"id": c.id, "text": c.text} for c in made.candidates]
            file.write(json.dumps({"id": made.id, "prompt": prompt, "candidates": candidates}) + "\n")


def _judged(problems: list[Problem], options: argparse.Namespace, folder: Path) -> Path:
    """Rank with `tourney rank`; the run folder."""
    source, out = folder / "problems.jsonl", folder / "run"
    _write_without_labels(problems, source)
    command = python("-m", "tournament", "rank", str(source), "--out", str(out), "--judge", options.judge)
    command += ["--strategy", options.strategy, "--votes", str(options.votes), "--seed", str(options.seed)]
    for setting in options.judge_option:
        command += ["-J", setting]
    if options.base_url:
        command += ["--base-url", options.base_url]
    done = subprocess.run(command, env=environment(), stdout=subprocess.DEVNULL)
    if done.returncode not in (0, 1):
        raise SystemExit(f"tourney rank ended with {done.returncode}; its message stands above")
    return out


def _picks(run: Path) -> tuple[dict[str, str], int]:
    """The pick of every problem of a run, and the comparisons that it took."""
    rows = [json.loads(line) for line in (run / "results.jsonl").open(encoding="utf-8")]
    return {row["id"]: row["best"] for row in rows}, sum(row["spend"]["comparisons"] for row in rows)


def _right(problems: list[Problem], picks: Mapping[str, str]) -> int:
    return sum(c.meta["correct"] for made in problems for c in made.candidates if c.id == picks[made.id])


def _row(name: str, right: int, total: int) -> tuple[str, str, str, str]:
    interval = wilson(right, total)
    return name, f"{right:,}", f"{right / total:.1%}", f"{float(interval.low):.1%} to {float(interval.high):.1%}"


def _share_right(made: Problem) -> float:
    return sum(bool(c.meta["correct"]) for c in made.candidates) / len(made.candidates)


def _random_row(problems: list[Problem]) -> tuple[str, str, str, str]:
    """The exact expectation of a pick at random; its spread is that of the draw, the problems being given."""
    chances = [_share_right(made) for made in problems]
    expected = sum(chances)
    spread = 1.96 * math.sqrt(sum(chance * (1 - chance) for chance in chances))
    low, high = ((expected + sign * spread) / len(problems) for sign in (-1, 1))
    share = expected / len(problems)
    return "random (exact expectation)", f"{expected:,.1f}", f"{share:.1%}", f"{low:.1%} to {high:.1%}"


def _report(problems: list[Problem], picks: Mapping[str, str], name: str, comparisons: int) -> None:
    total = len(problems)
    right = _right(problems, picks)
    rows = [_random_row(problems)]
    for baseline in BASELINES:
        best = {result.id: result.best for result in rank(problems, strategy=baseline, judge="checks")}
        rows.append(_row(baseline, _right(problems, best), total))
    possible = sum(_share_right(made) > 0 for made in problems)
    rows += [_row(name, right, total), _row("oracle (one is right)", possible, total)]
    table(("pick", "right", "accuracy", "95 % interval"), rows)
    mixed = [made for made in problems if 0 < _share_right(made) < 1]
    print(f"{total:,} problems, {len(mixed):,} of them with right and wrong candidates, {comparisons:,} comparisons")
    if mixed:
        _, count, share, interval = _row("", _right(mixed, picks), len(mixed))
        print(f"where there was a choice: {count} of {len(mixed):,} right, {share} ({interval})")
    _, count, share, interval = _row("", right, total)
    print(f"pick accuracy {share} ({interval}), {count} of {total:,}, {name}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Accuracy of the pick on problems with labelled candidates.")
    add: Callable[..., object] = parser.add_argument
    add("file", type=Path, help="problems with meta.correct for every candidate")
    add("--run", type=Path, help="read the picks from this run folder instead of ranking")
    add("--judge", default="checks")
    add("--base-url", help="the judge server's address")
    add("-J", "--judge-option", action="append", default=[], metavar="KEY=VALUE", help="a setting of the judge")
    add("--strategy", default="auto")
    add("--votes", type=int, default=1)
    add("--seed", type=int, default=0)
    add("--limit", type=int, help="only the first so many problems")
    return parser.parse_args()


def main() -> int:
    options = _options()
    problems = _read(options.file, options.limit)
    if options.run is not None:
        picks, comparisons = _picks(options.run)
        problems = [made for made in problems if made.id in picks]
        name = f"run {options.run}"
    else:
        with tempfile.TemporaryDirectory() as folder:
            picks, comparisons = _picks(_judged(problems, options, Path(folder)))
        name = f"{options.judge}, {options.strategy}, votes {options.votes}"
    if not problems:
        raise SystemExit("no problem of the file is in the results; is this the run's input?")
    _report(problems, picks, name, comparisons)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
