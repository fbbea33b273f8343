"""`tourney sweep`: a grid of points out of one ledger, with tables, CSV and plots."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from tournament.budget import Budget
from tournament.cli.clustered import on_cluster
from tournament.cli.options import judge_config, judge_options, open_source
from tournament.cli.studying import SITTING, left_empty, rehearse, seated, sit, sitting_options
from tournament.config import RunConfig
from tournament.errors import UsageError
from tournament.experiments.scaling import grid_file
from tournament.experiments.scaling.grid import Grid
from tournament.report import sweep as report


@click.command()
@click.argument("sweep", metavar="SWEEP.toml")
@click.argument("candidates", metavar="[CANDIDATES.jsonl]", required=False)
@judge_options
@click.option("--grader", help="What says who is right: math-verify, answers or labels. [default: by the file]")
@click.option("--problems", type=int, help="Only so many of the first problems.")
@click.option("--seed", "seeds", type=int, multiple=True, help="In place of the sweep's seeds; may be given again.")
@click.option("--out", type=click.Path(path_type=Path), help="The sweep's folder. [default: runs/CANDIDATES-SWEEP]")
@sitting_options
@click.option("--no-plots", is_flag=True, help="Draw nothing; plots need the extra `plot`.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a point on stdout instead of tables.")
def command(
    sweep: str,
    candidates: str | None,
    out: Path | None,
    plan: bool,
    no_plots: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Play every point of SWEEP.toml (or of one that ships) on CANDIDATES.jsonl, all out of one ledger.

    A point is a strategy with a number of candidates, votes, a thinking limit, re-thinks, a budget and a seed. What one
    point paid for, every other one reuses; the same command again plays only what is missing. --plan says first what
    each point would add. The folder gets points.csv (a row a point and seed), summary.csv, rounds.csv, baselines.csv,
    summary.json, and plots as SVG and PNG.
    """
    file = grid_file.read(sweep, lambda grid: changed(grid, given))
    source_name = candidates or (str(file.candidates) if file.candidates else None)
    if source_name is None:
        raise UsageError(f"{sweep} names no candidates; give the file: tourney sweep {sweep} CANDIDATES.jsonl")
    if not (no_plots or plan):
        report.check_plots()
    with open_source(source_name, given["shard"]) as source:
        folder = out or Path("runs") / f"{source.name}-{Path(sweep).stem}"
        in_flight = judge_config(_judge_part(given)).in_flight
        sitting = seated(file.grid, source, folder, given, plan=plan, in_flight=in_flight)
        if left_empty(sitting, plan=plan):
            return 0
        if plan:
            report.show_bill(rehearse(sitting), as_json=as_json)
            return 0
        if given["ray"]:
            return on_cluster(folder, source_name, in_flight=in_flight)
        outcome = asyncio.run(sit(sitting))
        report.write(outcome, sitting.folder, plots=not no_plots)
        report.show(outcome, sitting.folder, as_json=as_json)
    return outcome.exit_code()


def changed(grid: Grid, given: Mapping[str, Any]) -> Grid:
    """A grid with what the command line says about judge, problems, seeds and grader."""
    start = RunConfig(judge=grid.judge, judge_options=grid.judge_options, budget=Budget(prices=grid.prices))
    config = judge_config(_judge_part(given), start)
    return replace(
        grid,
        judge=config.judge,
        judge_options=config.judge_options,
        prices=config.budget.prices,
        problems=grid.problems if given["problems"] is None else given["problems"],
        seeds=tuple(dict.fromkeys(given["seeds"])) or grid.seeds,
        grader=given["grader"] or grid.grader,
    )


def _judge_part(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in (*SITTING, "grader", "problems", "seeds")}
