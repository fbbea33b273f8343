"""`tourney serve`: an OpenAI-compatible endpoint that answers with the best of N."""

from __future__ import annotations

import asyncio
import logging
import shlex
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from tournament import registry
from tournament.cli.options import build_config, config_options, pairs, servers_option
from tournament.cli.recording import Terminal
from tournament.config import RunConfig
from tournament.endpoint.access import KEYS_ENV, Access, check_host, read_keys
from tournament.endpoint.assemble import Parts, Up, serving
from tournament.endpoint.terms import Terms
from tournament.errors import UsageError
from tournament.experiments.sampling.policy import Policy
from tournament.experiments.sampling.settings import LIMIT_FIELDS
from tournament.judge import Judge
from tournament.report.table import printable

F = TypeVar("F", bound=Callable[..., Any])
_TOTALS = tuple(f"total_{unit}" for unit in ("comparisons", "tokens", "seconds", "money"))


def _policy_options(command: F) -> F:
    """Where candidates come from, and what is said of them where a request says nothing."""
    for option in reversed((
        servers_option("--policy-url", required=True, help="The policy server's address"),
        click.option("--policy-model", default="", help="Name of its model. [default: the first that is listed]"),
        click.option("--policy-key-env", default="", help="Environment variable that holds its API key."),
        click.option("--policy-key-file", default="", help="File that holds it, where no variable is named."),
        click.option("--policy-in-flight", type=click.IntRange(1), default=256, show_default=True, help="At once."),
        click.option("--timeout-s", type=float, default=600.0, show_default=True, help="Seconds for one candidate."),
        click.option("--attempts", type=click.IntRange(1), default=3, show_default=True, help="Tries of a candidate."),
        click.option("--n", type=int, default=8, show_default=True, help="Candidates of a request that names no N."),
        click.option("--max-n", type=click.IntRange(1), default=64, show_default=True, help="The most one may ask."),
        click.option("--temperature", type=float, default=0.8, show_default=True, help="Where a request names none."),
        click.option("--top-p", type=float, default=0.95, show_default=True, help="Where a request names none."),
        click.option("--candidate-tokens", type=click.IntRange(1), default=2048, show_default=True,
                     help="Most tokens of a candidate, where a request names no max_tokens."),
        click.option("--max-candidate-tokens", type=click.IntRange(1), help="The most that a request may name."),
        click.option("--limit-field", type=click.Choice(LIMIT_FIELDS), default=LIMIT_FIELDS[0], show_default=True,
                     help="What the policy's server calls that."),
    )):  # fmt: skip
        command = option(command)
    return command


def _endpoint_options(command: F) -> F:
    """Where it listens, who may ask, and how much at once."""
    for option in reversed((
        click.option("--host", default="127.0.0.1", show_default=True, help="Address; others than loopback need keys."),
        click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0: a free one."),
        click.option("--api-key-file", multiple=True, help=f"Keys of clients, one a line; or variable {KEYS_ENV}."),
        click.option("--served-name", default="", help="What the endpoint calls its model. [default: the policy's]"),
        click.option("--allow-judge", multiple=True, metavar="'NAME KEY=VALUE ...'",
                     help="A further judge that requests may name, with its settings."),
        click.option("--deadline", type=float, help="Seconds until a request is answered as well as can be."),
        click.option("--max-requests", type=click.IntRange(1), default=256, show_default=True, help="At work at once."),
        click.option("--queue", type=click.IntRange(0), default=1024, show_default=True, help="The most that wait."),
        click.option("--max-body", type=click.IntRange(1), default=4 << 20, show_default=True, help="Most bytes."),
        click.option("--drain-s", type=float, default=30.0, show_default=True, help="Seconds to finish at the end."),
        click.option(
            "--ledger", type=click.Path(path_type=Path), help="Keep judgments and samples; nothing is paid twice."
        ),
    )):  # fmt: skip
        command = option(command)
    return command


@click.command()
@_policy_options
@config_options
@_endpoint_options
def command(**given: Any) -> int:
    """Answer chat requests with the best of N candidates, as an OpenAI-compatible endpoint.

    Candidates come from --policy-url, the judge is named as for `tourney rank` (--judge, --base-url), and --max-... are
    the most that the tournament of one request may take. A request may say more under "tourney": strategy, n, votes,
    budget, judge, deadline, seed, candidates. Ctrl-C or SIGTERM takes no more requests and finishes those under way;
    again, it stops at once.
    """
    config = build_config({**dict.fromkeys(_TOTALS), **given})
    judges = _judges(config, given["allow_judge"])
    terms = Terms(
        model=given["served_name"],
        judges=tuple(judges),
        config=config,
        n=given["n"],
        max_n=given["max_n"],
        max_tokens=given["max_candidate_tokens"],
        sampling=_sampling(given),
        limit_field=given["limit_field"],
        deadline_s=given["deadline"],
    )
    terms.try_out()
    with _warnings_shown():
        return asyncio.run(_serve(terms, _parts(given, judges)))


# What a whole run may take has no meaning where there is no end.
command.params = [option for option in command.params if option.name not in _TOTALS]


def _judges(config: RunConfig, allowed: tuple[str, ...]) -> dict[str, Judge]:
    judges = {config.judge: registry.judge(config.judge, config.judge_options)}
    for text in allowed:
        try:
            name, *settings = shlex.split(text) or [""]
        except ValueError as error:
            raise UsageError(f"--allow-judge {text!r}: {error}; write it as in a shell") from None
        name = name if name.endswith(".toml") else name.replace("_", "-")
        if name in judges:
            raise UsageError(f"--allow-judge {name}: it is there already; name each judge once")
        judges[name] = registry.judge(name, pairs(tuple(settings), f"--allow-judge {name}"))
    return judges


def _sampling(given: Mapping[str, Any]) -> dict[str, Any]:
    if not 0 <= given["temperature"] <= 2 or not 0 < given["top_p"] <= 1:
        raise UsageError("--temperature must be in 0 to 2, and --top-p more than 0 and at most 1")
    sampling = {name: given[name] for name in ("temperature", "top_p")}
    return {**sampling, given["limit_field"]: given["candidate_tokens"]}


def _parts(given: Mapping[str, Any], judges: dict[str, Judge]) -> Parts:
    if not 0 < given["timeout_s"] < float("inf"):
        raise UsageError(f"--timeout-s {given['timeout_s']:g}: give a positive number of seconds")
    if not 0 <= given["drain_s"] < float("inf"):
        raise UsageError(f"--drain-s {given['drain_s']:g}: give a number of seconds")
    access = Access(read_keys(given["api_key_file"]))
    check_host(given["host"], access)
    policy = Policy(
        given["policy_url"], model=given["policy_model"], key_env=given["policy_key_env"],
        key_file=given["policy_key_file"], timeout_s=given["timeout_s"], attempts=given["attempts"],
    )  # fmt: skip
    return Parts(
        policy=policy,
        judges=judges,
        access=access,
        host=given["host"],
        port=given["port"],
        ledger=given["ledger"],
        most=given["max_requests"],
        queue=given["queue"],
        policy_in_flight=given["policy_in_flight"],
        max_body_bytes=given["max_body"],
        drain_s=given["drain_s"],
    )


async def _serve(terms: Terms, parts: Parts) -> int:
    """Serve until the first signal, then finish what is under way; a second one ends at once."""
    loop, task, stop = asyncio.get_running_loop(), asyncio.current_task(), asyncio.Event()
    assert task is not None
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, task.cancel)
    try:
        async with serving(terms, parts) as up:
            for number in signals:  # from here on, the end is the normal one
                loop.add_signal_handler(number, stop.set)
            _announce(up, parts)
            await stop.wait()
            for number in signals:
                loop.add_signal_handler(number, task.cancel)
            click.echo("tourney: finishing what is under way; Ctrl-C again stops now", err=True)
    except asyncio.CancelledError:
        raise click.Abort from None
    return 0


def _announce(up: Up, parts: Parts) -> None:
    terms, judge = up.terms, next(iter(parts.judges.values()))
    said = f"best of {terms.n} from {terms.model}, judged by {judge.identity.label}, {terms.config.strategy}"
    who = "clients with a key" if parts.access else "this machine alone, without keys"
    click.echo(f"tourney: {printable(said)}; for {who}", err=True)
    click.echo(f"{up.url}/v1")


@contextmanager
def _warnings_shown() -> Iterator[None]:
    """Warnings of the library go to stderr for the length of the block."""
    library, terminal = logging.getLogger("tournament"), Terminal(traces=True)
    library.addHandler(terminal)
    try:
        yield
    finally:
        library.removeHandler(terminal)
