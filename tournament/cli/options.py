"""The options that several verbs share, and how they become a configuration and an input file."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from tournament.cli.handles import make_room
from tournament.config import DEFAULT_JUDGE, RunConfig, load, merge, preset
from tournament.errors import UsageError
from tournament.records import Scan, opened, read_problems
from tournament.runtime.addresses import AT, file_named
from tournament.sharding import Shard
from tournament.types import Problem

F = TypeVar("F", bound=Callable[..., Any])

_SHARED = ", shared equally by its problems and rounded down"
_CLOCK = "; problems that come after it get none"
_LIMIT_HELP = "The most {unit} {scope}."
_UNITS: dict[str, tuple[type, str]] = {
    "comparisons": (int, "comparisons"),
    "tokens": (int, "tokens (prompt and completion)"),
    "seconds": (float, "wall-clock seconds"),
    "money": (float, "money, in the unit of the prices"),
}


def servers_option(flag: str, *, help: str, **rest: Any) -> Callable[[F], F]:  # noqa: A002
    """An option that takes the addresses of servers, or a file that lists them; one text, as judges take it."""
    words = f"{help}; several with commas or by repeating it, or @FILE that lists them and is followed."
    return click.option(flag, multiple=True, callback=_servers, help=words, **rest)


def _servers(context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> str | None:
    files = [file for text in texts if (file := file_named(text)) is not None]
    if files and len(texts) > 1:
        raise UsageError(f"{parameter.opts[0]} {AT}{files[0]} lists servers by itself; put the others into that file")
    # From wherever the run goes on.
    joined = f"{AT}{files[0].absolute()}" if files else ",".join(texts)
    return joined if texts else None


_JUDGE = [
    click.option(
        "--judge",
        help="Who compares: a kind of judge, a profile such as rrm-7b, or your profile.toml; `tourney list judges`."
        " [default: by the served model with --base-url, else checks, no language model]",
    ),
    servers_option("--base-url", help="The judge server's address"),
    click.option("--gguf", help="Judge with this GGUF file in this process; short for -J gguf=..."),
    click.option("-J", "--judge-option", multiple=True, metavar="KEY=VALUE", help="A setting of the judge."),
]
_PRICES = [
    click.option("--price-prompt", type=float, help="Money for a million prompt tokens."),
    click.option("--price-completion", type=float, help="Money for a million completion tokens."),
]
_IN_FLIGHT = click.option("--in-flight", type=int, help="The most comparisons under way at once. [default: 64]")
_REST = ("config", "preset", "strategy", "confidence", "votes", "rethink", "seed")
"""What `judge_options` leaves as by default, and the limits besides."""


def judge_options(command: F) -> F:
    """Add what is said about the judge alone: for verbs that bring strategies and budgets of their own."""
    return functools.reduce(lambda wrapped, option: option(wrapped), [_IN_FLIGHT, *reversed(_JUDGE + _PRICES)], command)


def judge_config(given: Mapping[str, Any], start: RunConfig | None = None) -> RunConfig:
    """The configuration that `judge_options` make of another, or of the defaults."""
    rest = [*_REST, *(f"{scope}_{unit}" for scope in ("max", "total") for unit in _UNITS)]
    return build_config({**dict.fromkeys(rest), "strategy_option": (), "match_option": (), **given}, start)


def config_options(command: F) -> F:
    """Add judge, strategy, match, budget, price and seed options to a verb."""
    options = [
        click.option("--config", type=click.Path(path_type=Path), help="A TOML file with the same settings."),
        click.option("--preset", help="A named set of settings; see `tourney list presets`."),
        *_JUDGE,
        click.option("--strategy", help="Who meets whom; `tourney list strategies`. [default: auto]"),
        click.option(
            "-S", "--strategy-option", multiple=True, metavar="KEY=VALUE", help="A parameter of the strategy."
        ),
        click.option(
            "--confidence", type=float, help="Stop a problem once P(best) reaches this; short for -S confidence=..."
        ),
        click.option("--votes", type=int, help="Parallel samples a match, orders balanced. [default: 1]"),
        click.option("--rethink", type=int, help="How often an open match is thought over again. [default: 0]"),
        click.option(
            "-M", "--match-option", multiple=True, metavar="KEY=VALUE", help="A parameter of voting or re-thinking."
        ),
        *[_limit(f"--max-{unit}", unit, "a problem may take") for unit in _UNITS],
        *[
            _limit(f"--total-{unit}", unit, "the run may take" + (_SHARED if unit != "seconds" else _CLOCK))
            for unit in _UNITS
        ],
        *_PRICES,
        click.option("--seed", type=int, help="Random seed: same seed, same matches, same result. [default: 0]"),
        _IN_FLIGHT,
    ]
    return functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), command)


def _limit(flag: str, unit: str, scope: str) -> Callable[[Any], Any]:
    kind, words = _UNITS[unit]
    return click.option(flag, type=kind, help=_LIMIT_HELP.format(unit=words, scope=scope))


def build_config(given: Mapping[str, Any], start: RunConfig | None = None) -> RunConfig:
    """The configuration of the options: defaults (or `start`), then preset, then file, then flags."""
    config = start or RunConfig()
    if given["preset"]:
        config = merge(config, preset(given["preset"]), f"preset {given['preset']}")
    if given["config"]:
        config = merge(config, load(given["config"]), str(given["config"]))
    config = merge(config, _flags(given, config), "options")
    if config.in_flight < 1:
        raise UsageError(f"--in-flight {config.in_flight}: give at least 1")
    make_room(config.in_flight)
    return config


def _flags(given: Mapping[str, Any], config: RunConfig) -> dict[str, Any]:
    judge = pairs(given["judge_option"], "-J")
    judge |= _known(base_url=given["base_url"], gguf=given["gguf"])
    document: dict[str, Any] = {
        "judge": {"name": _judge_name(given, config), **judge},
        "strategy": {
            "name": _dashed(given["strategy"] or config.strategy),
            **pairs(given["strategy_option"], "-S"),
            **_known(confidence=given["confidence"]),
        },
        "match": _known(votes=given["votes"], rethinks=given["rethink"]) | pairs(given["match_option"], "-M"),
        "budget": {
            "problem": _known(**{unit: given[f"max_{unit}"] for unit in _UNITS}),
            "run": _known(**{unit: given[f"total_{unit}"] for unit in _UNITS}),
        },
        "prices": _known(prompt=given["price_prompt"], completion=given["price_completion"]),
    }
    return document | _known(seed=given["seed"], in_flight=given["in_flight"])


def _judge_name(given: Mapping[str, Any], config: RunConfig) -> str:
    """The judge that is named; where none is, a server or a model file that is named says which kind it needs."""
    if given["judge"]:
        name = str(given["judge"])
        return name if name.endswith(".toml") else _dashed(name)
    if config.judge != DEFAULT_JUDGE:
        return config.judge
    return "local" if given["gguf"] else "sglang" if given["base_url"] else DEFAULT_JUDGE


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def _known(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def pairs(texts: tuple[str, ...], flag: str) -> dict[str, Any]:
    """KEY=VALUE texts as a dictionary; `flag` is what a complaint calls them."""
    found: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise UsageError(f"{flag} {text!r}: write it as KEY=VALUE")
        found[key.replace("-", "_")] = value
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An input file that has been read once from end to end and found sound; `shard` is the part to be played."""

    path: Path
    name: str
    scan: Scan
    shard: Shard | None = None

    @property
    def contested(self) -> int:
        """Problems of the whole file with at least two different candidates: those that share a run's budget."""
        return sum(count for size, count in self.scan.fields.items() if size > 1)

    @property
    def count(self) -> int:
        """Problems to be played."""
        return sum(self.scan.share.values())

    def problems(self) -> Iterator[Problem]:
        """The problems to be played, in the order of the file."""
        every = read_problems(self.path)
        return every if self.shard is None else self.shard.share(every)


@contextmanager
def open_source(argument: str, shard: Shard | None = None) -> Iterator[Source]:
    """Check the whole input before anything is spent; standard input, Parquet and hf:// are kept as lines meanwhile."""
    with opened(argument, sys.stdin.buffer) as file:
        scan = file.scan(takes=None if shard is None else shard.takes)
        yield Source(path=file.path, name=file.name, scan=scan, shard=shard)
