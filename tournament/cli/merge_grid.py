"""`tourney merge` of sweeps: one ledger out of the shards', and the grid played again from it, without a judge."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from tournament.cli import driving
from tournament.cli.again import again
from tournament.cli.remembered import ANEW, Remembered, recalled
from tournament.errors import RunFolderError
from tournament.experiments.scaling.bench import JUDGES
from tournament.merging import Part, gather
from tournament.records import AtomicWriter
from tournament.run_folder import LEDGER, RunFolder, read_object


@dataclass(frozen=True, slots=True, kw_only=True)
class GridPart(Part):
    """The folder of a sweep, or of one shard of it, and how it was asked for."""

    how: Remembered


def grid_parts(folders: Sequence[Path]) -> list[GridPart]:
    """The folders as those of sweeps; none where none of them is one.

    Raises:
        RunFolderError: where some are and some are not.
    """
    found = [(folder, recalled(folder)) for folder in folders]
    parts = [
        GridPart(folder=folder, document=how.document, shard=how.shard, how=how)
        for folder, how in found
        if how is not None
    ]
    if parts and len(parts) < len(found):
        other = next(folder for folder, how in found if how is None)
        raise RunFolderError(f"{other}: is no sweep's folder, and {parts[0].folder} is; merge them apart")
    return parts


def merge_grid(parts: Sequence[GridPart], out: Path, candidates: str | None, *, as_json: bool) -> int:
    """Put sweeps together in the folder `out`; the exit code of the verb that played them."""
    with closing(RunFolder(out)), closing(driving.open_ledger(out / LEDGER)) as ledger:
        judgments, known = asyncio.run(gather(ledger, [part.folder for part in parts]))
        judges: dict[str, Any] = {}
        for part in parts:
            judges |= read_object(part.folder / JUDGES) if (part.folder / JUDGES).exists() else {}
        with AtomicWriter(out / JUDGES) as writer:
            writer.write_line(json.dumps(judges, indent=2))
    click.echo(f"tourney: {judgments:,} judgments of {len(parts):,} sweeps, {known:,} of them known already", err=True)
    how = parts[0].how
    given = {**how.parameters, **dict.fromkeys(ANEW), "out": out, "as_json": as_json, "offline": True}
    return again(how.verb, given if candidates is None else {**given, "candidates": candidates})
