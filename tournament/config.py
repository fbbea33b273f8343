"""One run's configuration: what the command line, a TOML file or a preset asks for, and how it is written down."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import tomli_w

from tournament import locate, toml
from tournament.budget import Budget, Limits, Prices
from tournament.errors import InputError, UnknownNameError, UsageError
from tournament.registry import coerce

DEFAULT_JUDGE = "checks"
DEFAULT_STRATEGY = "auto"

_INCIDENTAL = (
    *("base_url", "cheap_base_url", "api_key_env", "api_key_file", "timeout_s", "attempts", "batch_size"),
    *("threads", "gpu_layers", "parallel", "gguf"),
)
"""Judge settings that say how a judge is reached and not how it judges; they may differ when a run is resumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """Everything that a user can choose about a run, in the sections of config.toml."""

    judge: str = DEFAULT_JUDGE
    judge_options: Mapping[str, Any] = field(default_factory=dict)
    strategy: str = DEFAULT_STRATEGY
    strategy_options: Mapping[str, Any] = field(default_factory=dict)
    votes: int = 1
    rethinks: int = 0
    match_options: Mapping[str, Any] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    seed: int = 0
    in_flight: int = 64

    def to_toml(self) -> dict[str, Any]:
        """The configuration as the tables of config.toml."""
        return {
            "seed": self.seed,
            "in_flight": self.in_flight,
            "judge": {"name": self.judge, **self.judge_options},
            "strategy": {"name": self.strategy, **self.strategy_options},
            "match": {"votes": self.votes, "rethinks": self.rethinks, **self.match_options},
            "budget": {"problem": _known(self.budget.problem), "run": _known(self.budget.run)},
            "prices": _known(self.budget.prices),
        }


def deciding(document: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a run's document that decides its results: without what only says how fast, or where things are."""
    judge = {key: value for key, value in document.get("judge", {}).items() if key not in _INCIDENTAL}
    budget = {scope: dict(limits) for scope, limits in document.get("budget", {}).items()}
    budget.get("run", {}).pop("seconds", None)
    rest = {key: value for key, value in document.items() if key not in ("in_flight", "tourney")}
    if "input" in rest:  # the same candidates at another path are the same candidates
        rest["input"] = {key: value for key, value in rest["input"].items() if key != "path"}
    return {**rest, "judge": judge, "budget": budget}


def _known(record: Limits | Prices) -> dict[str, Any]:
    return {item.name: value for item in fields(record) if (value := getattr(record, item.name)) is not None}


def merge(config: RunConfig, document: Mapping[str, Any], where: str) -> RunConfig:
    """Lay the tables of a TOML document over a configuration; what else a finished run wrote down is skipped.

    Raises:
        UnknownNameError: for a key that means nothing.
        UsageError: for a value of the wrong kind.
    """
    plain = {"seed": int, "in_flight": int}
    for key, value in sorted(document.items(), key=lambda item: item[0] != "prices"):  # money limits need prices
        if key in plain:
            config = replace(config, **{key: coerce(value, plain[key], f"{where}: {key}")})
        elif key in _SECTIONS:
            if not isinstance(value, Mapping):
                raise UsageError(f"{where}: {key} must be a table, [{key}]")
            config = replace(config, **_SECTIONS[key](config, value, f"{where}: [{key}]"))
        elif key not in ("input", "identity", "shard", "tourney"):
            raise UnknownNameError(f"key in {where}", key, [*plain, *_SECTIONS])
    return config


def _named(kind: str, config: RunConfig, table: Mapping[str, Any], where: str) -> dict[str, Any]:
    name = coerce(table.get("name", getattr(config, kind)), str, f"{where} name")
    kept = getattr(config, f"{kind}_options") if name == getattr(config, kind) else {}
    return {kind: name, f"{kind}_options": {**kept, **{k: v for k, v in table.items() if k != "name"}}}


def _match(config: RunConfig, table: Mapping[str, Any], where: str) -> dict[str, Any]:
    counts = {k: coerce(table[k], int, f"{where} {k}") for k in ("votes", "rethinks") if k in table}
    rest = {k: v for k, v in table.items() if k not in counts}
    return {**counts, "match_options": {**config.match_options, **rest}}


def _budget(config: RunConfig, table: Mapping[str, Any], where: str) -> dict[str, Any]:
    for key in table:
        if key not in ("problem", "run"):
            raise UnknownNameError(f"key in {where}", key, ["problem", "run"])
    problem, run = (
        _limits(getattr(config.budget, key), table.get(key, {}), f"{where} {key}") for key in ("problem", "run")
    )
    return {"budget": replace(config.budget, problem=problem, run=run)}


def _limits(limits: Limits, table: Mapping[str, Any], where: str) -> Limits:
    kinds = {"comparisons": int, "tokens": int, "seconds": float, "money": float}
    if not isinstance(table, Mapping):
        raise UsageError(f"{where} must be a table of limits, such as {{comparisons = 100}}")
    for key in table:
        if key not in kinds:
            raise UnknownNameError(f"key in {where}", key, kinds)
    return replace(limits, **{key: coerce(value, kinds[key], f"{where} {key}") for key, value in table.items()})


def _prices(config: RunConfig, table: Mapping[str, Any], where: str) -> dict[str, Any]:
    for key in table:
        if key not in ("prompt", "completion"):
            raise UnknownNameError(f"key in {where}", key, ["prompt", "completion"])
    prices = replace(config.budget.prices, **{k: coerce(v, float, f"{where} {k}") for k, v in table.items()})
    return {"budget": replace(config.budget, prices=prices)}


_SECTIONS: dict[str, Any] = {
    "judge": lambda *args: _named("judge", *args),
    "strategy": lambda *args: _named("strategy", *args),
    "match": _match,
    "prices": _prices,
    "budget": _budget,
}


def load(path: Path) -> dict[str, Any]:
    """Read a TOML configuration.

    Raises:
        InputError: where it cannot be read; with the line where it is no TOML.
    """
    try:
        return toml.parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(str(path), None, f"cannot be read ({error.strerror}); check the path") from None
    except (toml.TomlError, UnicodeDecodeError) as error:
        raise InputError(str(path), None, f"is no TOML ({error})") from None


def preset(name: str) -> dict[str, Any]:
    """The tables of a preset that ships with the engine."""
    return toml.parse(locate.config_text("presets", name))


def dump(document: Mapping[str, Any]) -> str:
    """TOML text of some tables."""
    return tomli_w.dumps(document)


def fingerprint(document: Mapping[str, Any]) -> str:
    """Eight hexadecimal digits that stand for a document."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:8]
