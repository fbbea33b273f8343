"""`tourney merge`: shards, or other runs of one configuration, as one run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from itertools import compress
from pathlib import Path
from typing import Any

import click

from tournament import registry
from tournament.api import FALLBACK
from tournament.cli import driving
from tournament.cli.merge_grid import grid_parts, merge_grid
from tournament.cli.options import Source, open_source
from tournament.cli.pipe import mute_stdout
from tournament.config import RunConfig
from tournament.config import merge as configured
from tournament.errors import InputError, UsageError
from tournament.merging import Merged, Part, expanded, gather, missing, part_of, refuse_unlike
from tournament.output import Output
from tournament.pool import Pool
from tournament.records import dumps
from tournament.report.table import ROWS, print_plain, results_table, summary_lines
from tournament.result import Result
from tournament.run_folder import CONFIG, LEDGER, RunFolder
from tournament.sharding import SHARDS, Shard
from tournament.waits import Wait


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), help="The folder of the whole run. [default: that of the shards]"
)
@click.option("--input", "candidates", help="The file that the runs were made from. [default: where config.toml says]")
@click.option("--ledger", type=click.Path(path_type=Path), help="The ledger that the runs read besides their own.")
@click.option("--partial", is_flag=True, help="Merge although shards are missing.")
@click.option("--json", "as_json", is_flag=True, help="Results as JSON lines on stdout instead of a table.")
def command(
    runs: tuple[Path, ...], out: Path | None, candidates: str | None, ledger: Path | None, partial: bool, as_json: bool
) -> int:
    """Put the run folders RUNS together: the shards of one run, or runs of one configuration over the same problems.

    RUNS are those of `rank`, `sweep` or `math`. A folder that holds shards stands for all of them. The merged run is
    what one process would have left: results ranked with what all shards together say about the judge, comparisons,
    ledger, summary; of a sweep its tables. No judge is asked, and what several ledgers hold counts once. Shards that
    are under way may be merged too; merge again when they are done.
    """
    return merge(runs, out, candidates, lender=ledger, partial=partial, as_json=as_json)


def merge(
    runs: Sequence[Path],
    out: Path | None,
    candidates: str | None,
    *,
    lender: Path | None,
    partial: bool,
    as_json: bool,
) -> int:
    """Put run folders together in `out`, with the input `candidates` where config.toml is not to say; the exit code.

    What is in the ledger `lender`, which the runs only read, comes into that of the merged run too.

    Raises:
        UsageError: where shards are missing and that is not meant, or there is no saying where the merged run goes.
        RunFolderError: where a folder is no run's, or they are not of one run.
    """
    if lender is not None and not lender.is_file():
        raise UsageError(f"--ledger {lender}: is not there; name the one that the runs were given, or leave it out")
    folders = expanded(runs)
    grids = grid_parts(folders)
    parts: Sequence[Part] = grids or [part_of(folder) for folder in folders]
    refuse_unlike(parts)
    if (lack := missing(parts)) and not partial:
        raise UsageError(
            f"{_named(lack)} missing; give the folders of all shards, or take what is there with --partial"
        )
    if grids:
        return merge_grid(grids, out or _common(parts), candidates, lender=lender, as_json=as_json)
    with open_source(candidates or _path_of(parts)) as source:
        known = parts[0].document.get("input", {}).get("fingerprint")
        if source.scan.fingerprint != known:
            raise UsageError(f"{source.path}: holds other problems than {parts[0].folder} was made from; see --input")
        folder = RunFolder(out or _common(parts))
        try:
            return _Merge(parts, source, folder, as_json, lender).go()
        finally:
            folder.close()


def _named(shards: Sequence[Shard]) -> str:
    few = ", ".join(map(str, shards[:5])) + (f" and {len(shards) - 5:,} more" if len(shards) > 5 else "")
    return f"shards {few} are" if len(shards) > 1 else f"shard {few} is"


def _path_of(parts: Sequence[Part]) -> str:
    for part in parts:
        path = part.document.get("input", {}).get("path")
        if isinstance(path, str) and Path(path).is_file():
            return path
    where = parts[0].folder / CONFIG
    raise InputError(str(where), None, "names no file of candidates that is here; give it with --input")


def _common(parts: Sequence[Part]) -> Path:
    """The run that all parts are shards of, by where they lie."""
    above = {part.folder.parent for part in parts}
    if len(above) == 1 and (shards := above.pop()).name == SHARDS:
        return shards.parent
    raise UsageError("these folders are not the shards below one run's; say with --out where the merged run goes")


class _Merge:
    """One merge, from the ledgers to the last line on the terminal."""

    def __init__(
        self, parts: Sequence[Part], source: Source, folder: RunFolder, as_json: bool, lender: Path | None
    ) -> None:
        self._parts, self._source, self._folder, self._as_json, self._lender = parts, source, folder, as_json, lender
        self._shown: list[dict[str, Any]] = []

    def go(self) -> int:
        """Merge, write, print; the exit code."""
        started, document = time.monotonic(), dict(self._parts[0].document)
        config = configured(RunConfig(), document, str(self._parts[0].folder / CONFIG))
        summaries = [part.summary for part in self._parts]
        self._folder.claim(document)
        gathered = self._gather()
        pool = Pool(config.seed)
        merged = Merged(self._parts, pool)
        pairing, fallback = registry.pairing(config.strategy, config.strategy_options), registry.pairing(FALLBACK)
        with Output(self._folder.path) as output:
            there = bytearray(merged.play(self._source.problems(), output))
            played = compress(self._source.problems(), there)
            for result in output.conclude(played, pairing, fallback, pool.learn):
                self._take(result)
        facts = {**_facts(config, self._parts, summaries, merged), "input_problems": self._source.count}
        facts |= {"reused": output.spend.comparisons, "seconds": time.monotonic() - started}
        summary = output.summarise({**facts, "hints": [], "judge_model": pool.learn().to_json()})
        self._print(summary)
        click.echo(f"tourney: {gathered}", err=True)
        return self._conclude(merged, summaries)

    def _gather(self) -> str:
        ledger = driving.open_ledger(self._folder.path / LEDGER)
        try:
            judgments, known = asyncio.run(gather(ledger, [part.folder / LEDGER for part in self._parts], self._lender))
        finally:
            ledger.close()
        twice = f", {known:,} of them known already" if known else ""
        return f"{judgments:,} judgments of {len(self._parts):,} runs{twice}"

    def _take(self, result: Result) -> None:
        if self._as_json:
            try:
                click.echo(dumps(result.to_json()))
            except BrokenPipeError:  # `| head`: the merge goes on
                mute_stdout()
        elif len(self._shown) < ROWS:
            self._shown.append(result.to_json())

    def _print(self, summary: dict[str, Any]) -> None:
        from rich.console import Console

        if not self._as_json:
            console = Console()
            console.print(results_table(self._shown, summary["problems"]))
            print_plain(console, [*summary_lines(summary), f"files    {self._folder.path}"])

    def _conclude(self, merged: Merged, summaries: Sequence[Mapping[str, Any]]) -> int:
        """Say what is not done yet; 1 where anything is not, or where problems failed."""
        ended = zip(self._parts, summaries, strict=True)
        waiting = [str(part.shard or part.folder) for part, each in ended if not each.get("complete")]
        if merged.left or waiting:
            of_whom = f" ({', '.join(waiting[:5])}{', ...' if len(waiting) > 5 else ''} did not come to the end)"
            what = f"{merged.left:,} problems not played{of_whom if waiting else ''}"
            click.echo(f"tourney: incomplete: {what}; run those shards again, then merge again", err=True)
            return 1
        return 1 if merged.failed else 0


def _facts(
    config: RunConfig, parts: Sequence[Part], summaries: Sequence[Mapping[str, Any]], merged: Merged
) -> Mapping[str, Any]:
    """What summary.json says of how the parts were played; a merge itself judges nothing."""
    told: Mapping[str, Any] = next(filter(None, summaries), {})
    complete = not merged.left and all(each.get("complete") for each in summaries)
    return {
        "judge": told.get("judge", config.judge),
        "judge_identity": told.get("judge_identity", {}),
        "strategy": config.strategy,
        "seed": config.seed,
        "complete": complete,
        "stopped": "" if complete else "incomplete",
        "failed": merged.failed,
        "paid": 0,
        "retries": sum(each.get("retries", 0) for each in summaries),
        "waited_s": {wait.value: 0.0 for wait in Wait},
        "merged": [
            {
                "folder": str(part.folder),
                "shard": str(part.shard or ""),
                "paid": each.get("paid"),
                "seconds": each.get("seconds"),
            }
            for part, each in zip(parts, summaries, strict=True)
        ],
    }
