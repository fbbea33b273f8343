"""The command `tourney`: its verbs, loaded when they are used, and one line for every error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import click

from tournament import __version__
from tournament.cli.lazy import LazyGroup
from tournament.errors import TourneyError

_VERBS = {
    "rank": "Rank the candidates of every problem in a file and pick the best.",
    "plan": "Say what a run would cost, before paying for it.",
    "simulate": "Say how good which strategy is for how many comparisons, in worlds like yours.",
    "sample": "Draw candidates for every problem from a model on a server.",
    "math": "Grade candidates against references, and compare strategies at given budgets.",
    "sweep": "Play strategies x N x votes x limits x budgets out of one ledger, with tables and plots.",
    "merge": "Put shards, or other runs of one configuration, together as one run.",
    "serve": "Answer chat requests with the best of N: an OpenAI-compatible endpoint.",
    "compare": "Compare two runs: paired difference, problems that flipped, cost.",
    "convert": "Rewrite a file of another shape as canonical problems, checked and counted.",
    "status": "Say how a run under way goes: progress, rate, spend, errors, time left.",
    "show": "Show a run, or one problem of it: matches, ratings, the judge's words.",
    "report": "Write a run, two runs or a sweep as one HTML file to look at, or as text.",
    "judge": "Start a judge, try it out, put it on trial, take over its authors' wording.",
    "list": "List strategies, judges, presets or sweeps with their parameters.",
}


_MODULES = {verb: f"tournament.cli.{verb}" for verb in _VERBS}


@click.group(
    cls=LazyGroup,
    modules=_MODULES,
    summaries=_VERBS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="tourney")
def cli() -> None:
    """Pick the best of N responses by letting a judge compare them in pairs, under a budget.

    Without a server the judge is the built-in checks, no language model: `tourney rank examples/gsm8k.jsonl`. With a
    model on SGLang: `tourney rank FILE --judge sglang --base-url http://127.0.0.1:30000`.

    Exit codes: 0 all well, 1 some problems failed, 2 wrong usage or input, 3 judge unreachable, 130 interrupted.
    """


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code; every expected error is one line on stderr."""
    # Our matrices are small: a second thread only waits for the first. To be set before numpy is loaded.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    return guarded(lambda: cli.main(args=arguments, prog_name="tourney", standalone_mode=False))


def guarded(call: Callable[[], Any]) -> int:
    """Call something and return its exit code; every expected error is one line on stderr."""
    try:
        code = call()
        return code if isinstance(code, int) else 0
    except TourneyError as error:
        return _complain(str(error), error.exit_code)
    except click.Abort:
        return _complain("interrupted", 130)
    except click.ClickException as error:
        context = error.ctx if isinstance(error, click.UsageError) else None
        hint = f" (see `{context.command_path} --help`)" if context else ""
        return _complain(f"{error.format_message()}{hint}", 2)
    except KeyboardInterrupt:
        return _complain("interrupted", 130)


def _complain(message: str, code: int) -> int:
    # Names and words of files and servers are in it, which must not drive the terminal.
    line = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in " ".join(message.split()))
    click.echo(f"tourney: error: {line}", err=True)
    return code


def entry(*_: Any) -> None:
    """The console script."""
    sys.exit(run())


if __name__ == "__main__":
    entry()
