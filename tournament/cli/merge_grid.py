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
from tournament.cli.remembered import ANEW, Remembered, expecting, parsed, recalled
from tournament.errors import InputError, RunFolderError
from tournament.experiments.scaling.bench import JUDGES
from tournament.merging import Part, gather
from tournament.records import AtomicWriter
from tournament.run_folder import COMMAND, LEDGER, RunFolder, differences, read_object


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


def merge_grid(
    parts: Sequence[GridPart], out: Path, candidates: str | None, *, lender: Path | None, as_json: bool
) -> int:
    """Put sweeps together in the folder `out`; the exit code of the verb that played them.

    Raises:
        InputError: where their candidates are no file that is here.
        RunFolderError: where their judges, or the candidates, are not the same.
    """
    how = parts[0].how
    given = {**parsed(how, parts[0].folder), **dict.fromkeys(ANEW), "out": out, "as_json": as_json, "offline": True}
    given["candidates"] = candidates or _here(given["candidates"], parts[0].folder)
    judges = _judges(out, parts)
    with closing(RunFolder(out)), closing(driving.open_ledger(out / LEDGER)) as ledger:
        judgments, known = asyncio.run(gather(ledger, [part.folder / LEDGER for part in parts], lender))
        with AtomicWriter(out / JUDGES) as writer:
            writer.write_line(json.dumps(judges, indent=2))
    click.echo(f"tourney: {judgments:,} judgments of {len(parts):,} sweeps, {known:,} of them known already", err=True)
    with expecting(how.document):
        return again(how.verb, given)


def _here(candidates: str | None, folder: Path) -> str | None:
    """The file that a sweep was made from; None where its own file names one."""
    if candidates is not None and not Path(candidates).is_file():
        raise InputError(str(folder / COMMAND), None, "names no file of candidates that is here; give it with --input")
    return candidates


def _judges(out: Path, parts: Sequence[GridPart]) -> dict[str, Any]:
    """Who judged, by what was asked for: in the parts, and in what was played in `out` before."""
    found: dict[str, tuple[Path, Any]] = {}
    for part in parts:
        for name, identity in _told(part.folder).items():
            folder, other = found.setdefault(name, (part.folder, identity))
            if different := differences({"identity": other}, {"identity": identity}):
                what = "; ".join(different)
                raise RunFolderError(f"{folder} and {part.folder} are not of one run: {what}; merge them apart")
    return {**_told(out), **{name: identity for name, (_, identity) in found.items()}}


def _told(folder: Path) -> dict[str, Any]:
    return read_object(folder / JUDGES) if (folder / JUDGES).exists() else {}
