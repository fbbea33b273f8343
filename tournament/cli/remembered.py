"""How a sweep was asked for, kept in its folder, so that `tourney merge` can play its shards together."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from tournament.cli.again import verb_of
from tournament.config import deciding
from tournament.errors import RunFolderError, UsageError
from tournament.experiments.scaling.grid import Grid
from tournament.records import AtomicWriter, hub
from tournament.run_folder import COMMAND, as_written, differences, read_object
from tournament.sharding import Shard

_EXPECTED = "tourney.expected"
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
    """Write down the verb under way; `fingerprint` stands for its problems.

    Raises:
        RunFolderError: where it is not what `expecting` was told.
    """
    context, document = click.get_current_context(), _document(grid, fingerprint)
    expected = context.meta.get(_EXPECTED)
    if expected is not None and (different := differences(expected, document)):
        what = "; ".join(different)
        raise RunFolderError(f"{folder}: its shards were made from something else ({what}); put it back as it was")
    parameters = {name: _plain(name, value) for name, value in context.params.items() if name not in ANEW}
    written = {
        "verb": context.info_name,
        "parameters": parameters,
        "document": document,
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
            part = None if shard is None else Shard.parse(shard)
        except UsageError as error:
            raise RunFolderError(f"{path}: {error}") from None
        if told["verb"] not in ("sweep", "math"):
            raise ValueError(f"{COMMAND}: the verb {told['verb']!r} plays no grid")
        parameters, document = dict(told["parameters"]), dict(told["document"])
        deciding(document)  # what is laid beside that of another
        if "\\u0000" in json.dumps(parameters):
            raise ValueError(f"{COMMAND}: no parameter holds a zero")
        return Remembered(verb=told["verb"], parameters=parameters, document=document, shard=part)


def parsed(how: Remembered, folder: Path) -> dict[str, Any]:
    """The parameters as the verb's own options take them: a file may come from somebody else.

    Raises:
        RunFolderError: where the verb would refuse them.
    """
    command = verb_of(how.verb)
    many = {parameter.name: parameter.multiple for parameter in command.params if parameter.name not in ANEW}
    said = {name: value for name, value in how.parameters.items() if name in many and value is not None}
    said = {name: [value] if many[name] and isinstance(value, str) else value for name, value in said.items()}
    try:
        with as_written(folder):  # a list where a number is due
            return dict(command.make_context(how.verb, [], default_map=said).params)
    except click.ClickException as error:
        raise RunFolderError(f"{folder / COMMAND}: {error.format_message()}") from None


@contextmanager
def expecting(document: Mapping[str, Any]) -> Iterator[None]:
    """For blocks that play a grid again: it has to be the one of this document."""
    meta = click.get_current_context().meta
    meta[_EXPECTED] = document
    try:
        yield
    finally:
        del meta[_EXPECTED]


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
