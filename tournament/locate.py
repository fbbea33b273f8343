"""Where the configuration files lie that ship with the engine."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable

from tournament.errors import UnknownNameError


def _folder(kind: str) -> Traversable:
    return resources.files("tournament.configs").joinpath(kind)


def config_names(kind: str) -> list[str]:
    """The names of the configurations of a kind: "judges", "presets" or "sweeps"."""
    folder = _folder(kind)
    if not folder.is_dir():
        return []
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def config_text(kind: str, name: str) -> str:
    """The text of one configuration.

    Raises:
        UnknownNameError: where there is none of that name.
    """
    if name not in config_names(kind):
        raise UnknownNameError(kind.removesuffix("s"), name, config_names(kind))
    return _folder(kind).joinpath(f"{name}.toml").read_text(encoding="utf-8")
