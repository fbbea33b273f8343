"""How a sweep was asked for, kept in its folder, so that `tourney merge` can play its shards together."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from tournament.errors import RunFolderError, UsageError
from tournament.experiments.scaling.grid import Grid
from tournament.records import AtomicWriter, hub
from tournament.run_folder import COMMAND, as_written, read_object
from tournament.sharding import Shard

ANEW = ("out", "shard", "ray", "ray_workers", "plan", "as_json", "ledger", "offline", "rate")
"""Parameters that another playing of the same grid says anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """A verb with its parameters, what decides its figures as a run's document, and the shard that it played."""

    verb: str
    parameters: Mapping[str, Any]
    document: Mapping[str, Any]
    shard: Shard | None


def remember(folder: Path, grid: Grid, fingerprint: str, shard: Shard | None) -> None:
    """Write down the verb under way; `fingerprint` stands for its problems."""
    context = click.get_current_context()
    parameters = {name: _plain(name, value) for name, value in context.params.items() if name not in ANEW}
    written = {
        "verb": context.info_name,
        "parameters": parameters,
        "document": _document(grid, fingerprint),
        "shard": None if shard is None else str(shard),
    }
    with AtomicWriter(folder / COMMAND) as writer:
        writer.write_line(json.dumps(written, indent=2))


def recalled(folder: Path) -> Remembered | None:
    """What was written down in a folder, None where nothing was.

    Raises:
        RunFolderError: where the file is damaged.
    """
    path = folder / COMMAND
    if not path.exists():
        return None
    told = read_object(path)
    with as_written(folder):
        shard = told["shard"]
        try:
            parsed = None if shard is None else Shard.parse(shard)
        except UsageError as error:
            raise RunFolderError(f"{path}: {error}") from None
        if told["verb"] not in ("sweep", "math"):
            raise ValueError(f"{COMMAND}: the verb {told['verb']!r} plays no grid")
        return Remembered(
            verb=told["verb"], parameters=dict(told["parameters"]), document=dict(told["document"]), shard=parsed
        )


def _plain(name: str, value: Any) -> Any:
    """A parameter as JSON; what names a file does so from anywhere."""
    if isinstance(value, tuple):
        return [_plain("", each) for each in value]
    if isinstance(value, Path):
        return str(value.absolute())
    is_file = (name == "candidates" and value not in (None, "-")) or (name == "sweep" and value.endswith(".toml"))
    return str(Path(value).absolute()) if is_file and not value.startswith(hub.SCHEME) else value


def _document(grid: Grid, fingerprint: str) -> dict[str, Any]:
    """What decides a grid's figures, in words that can be laid beside those of another."""
    points: dict[str, str] = {str(point): json.dumps(point.to_json(), sort_keys=True) for point in grid.points()}
    return {
        "judge": {"name": grid.judge, **grid.judge_options},
        "problems": grid.problems,
        "grader": grid.grader,
        "prices": {"prompt": grid.prices.prompt, "completion": grid.prices.completion},
        "points": points,
        "input": {"fingerprint": fingerprint},
    }
