"""`tourney math`: grade candidates, and compare ways to pick one of N at given budgets."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from tournament.cli.clustered import on_cluster
from tournament.cli.options import Source, judge_config, judge_options, open_source
from tournament.cli.studying import SITTING, left_empty, rehearse, seated, sit, sitting_options
from tournament.experiments.scaling.grid import Choices, Grid, Line
from tournament.report import best_of_n
from tournament.report import sweep as report

_STRATEGIES = ("knockout", "auto")
_BASELINES = ("longest", "majority")
_BUDGETS = ("N-1",)


@click.command()
@click.argument("candidates", metavar="CANDIDATES.jsonl")
@judge_options
@click.option("--grader", help="What says who is right: math-verify, answers or labels. [default: by the file]")
@click.option("--strategy", "strategies", multiple=True, help="Who meets whom. [default: knockout and auto]")
@click.option(
    "--budget", "budgets", multiple=True, help='Such as 2N, all, "20k tokens", "0.05 money"; none. [default: N-1]'
)
@click.option("--n", "sizes", multiple=True, help="Candidates a problem, or all. [default: 2, 4, 8, ... and the most]")
@click.option("--votes", type=int, multiple=True, help="Parallel samples a match. [default: 1]")
@click.option("--rethink", "rethinks", type=int, multiple=True, help="How often an open match is thought over again.")
@click.option("--problems", type=int, help="Only so many of the first problems.")
@click.option("--seed", "seeds", type=int, multiple=True, help="Random seed; several are averaged. [default: 0]")
@click.option("--out", type=click.Path(path_type=Path), help="The folder. [default: runs/CANDIDATES-math]")
@sitting_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object a pick on stdout instead of tables.")
def command(
    candidates: str,
    out: Path | None,
    plan: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Grade every candidate of CANDIDATES.jsonl, and say how good which way to pick the best of N is.

    Beside every strategy stand a random pick (pass@1), the longest, the majority's answer (self-consistency),
    majorities weighted by P(best), and the oracle (pass@N); each with its interval, the share of the gap to the oracle
    that it closes, and paired tests on the same problems. All of it comes out of one ledger, as in `tourney sweep`, and
    the same command again resumes. The judge never sees references or labels. Options that describe points may be given
    again for more points: --n 2 --n 8 --votes 1 --votes 5.
    """
    with open_source(candidates, given["shard"]) as source:
        folder = out or Path("runs") / f"{source.name}-math"
        in_flight = judge_config(_judge_part(given)).in_flight
        sitting = seated(_grid(source, given), source, folder, given, plan=plan, in_flight=in_flight)
        if left_empty(sitting, plan=plan):
            return 0
        if plan:
            report.show_bill(rehearse(sitting), as_json=as_json)
            return 0
        if given["ray"]:
            return on_cluster(folder, candidates, in_flight=in_flight)
        outcome = asyncio.run(sit(sitting))
        report.write(outcome, sitting.folder, plots=False)
        best_of_n.write(outcome, sitting.folder)
        best_of_n.show(outcome, sitting.folder, as_json=as_json)
    return outcome.exit_code()


def _grid(source: Source, given: Mapping[str, Any]) -> Grid:
    config = judge_config(_judge_part(given))
    sizes = tuple(_size(text) for text in given["sizes"]) or _powers(source)
    choices = Choices(
        n=sizes,
        votes=tuple(dict.fromkeys(given["votes"])) or (1,),
        rethinks=tuple(dict.fromkeys(given["rethinks"])) or (0,),
        budgets=tuple("" if text == "none" else text for text in dict.fromkeys(given["budgets"])) or _BUDGETS,
    )
    names: Sequence[str] = [*dict.fromkeys([*_BASELINES, *(given["strategies"] or _STRATEGIES)])]
    grid = Grid(
        lines=tuple(Line(label=name, name=name, choices=choices) for name in names),
        seeds=tuple(dict.fromkeys(given["seeds"])) or (0,),
        problems=given["problems"],
        judge=config.judge,
        judge_options=config.judge_options,
        grader=given["grader"],
        prices=config.budget.prices,
    )
    grid.check()
    return grid


def _size(text: str) -> int | None:
    if text == "all":
        return None
    if not text.isdecimal():
        raise click.BadParameter(f"{text!r} is no number of candidates; give a whole number or all", param_hint="--n")
    return int(text)


def _powers(source: Source) -> tuple[int, ...]:
    """2, 4, 8, ... below the most candidates that a problem has, and that."""
    most = max(source.scan.largest_field, 2)
    return (*(2**i for i in range(1, most.bit_length()) if 2**i < most), most)


def _judge_part(given: Mapping[str, Any]) -> dict[str, Any]:
    own = (*SITTING, "grader", "strategies", "budgets", "sizes", "votes", "rethinks", "problems", "seeds")
    return {name: value for name, value in given.items() if name not in own}
