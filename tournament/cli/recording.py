"""What a run leaves about itself while it goes on: its log and its status, for whoever looks from outside."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from tournament.progress import Progress
from tournament.report.table import printable
from tournament.run_log import LEVELS, run_log
from tournament.status import Heartbeat, Seen
from tournament.waits import Wait

F = TypeVar("F", bound=Callable[..., Any])
log = logging.getLogger(__name__)


def recording_options(command: F) -> F:
    """Add what long runs are told: when to give up, and how much to log."""
    options = [
        click.option(
            "--max-failures",
            type=click.IntRange(min=0),
            help="The most comparisons that may fail in this session; one more ends the run. [default: no limit]",
        ),
        click.option(
            "--log-level",
            type=click.Choice(LEVELS),
            default="info",
            show_default=True,
            help="The least that run.log in the run folder takes.",
        ),
    ]
    return functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), command)


@contextmanager
def recorded(folder: Path, verb: str, level: str, facts: Mapping[str, Any]) -> Iterator[Heartbeat]:
    """Log and status of a run for the length of the block, which says in the heartbeat's `how` how it ended."""
    with run_log(folder, level, Terminal()):
        said = "the run resumes" if facts.get("resumed") else "the run begins"
        log.info(said, extra={"facts": {"verb": verb, **facts}})
        heart = Heartbeat(folder, verb)
        try:
            yield heart
        except (KeyboardInterrupt, asyncio.CancelledError):
            heart.how = "interrupted"
            raise
        except BaseException as error:
            heart.how = f"error, {type(error).__name__}"
            raise
        finally:
            heart.end()
            told = _told(heart.seen) if heart.seen else {}
            log.info("the run ends", extra={"facts": {"how": heart.how, **told}})


def _told(seen: Seen) -> dict[str, Any]:
    counters: Progress = seen.counters
    return {
        "paid": counters.paid,
        "reused": counters.reused,
        "problems_done": counters.done,
        "failed_comparisons": sum(counters.failures.values()),
        "retries": seen.waits.retries,
        **{f"{wait.value}_s": round(seen.waits.seconds(wait), 3) for wait in Wait},
    }


class Terminal(logging.Handler):
    """Warnings of the library, such as a server that is lost, as lines on stderr.

    With `traces` those of errors follow, where there is no run folder whose log would keep them.
    """

    def __init__(self, *, traces: bool = False) -> None:
        super().__init__(logging.WARNING)
        self._traces = traces

    def emit(self, record: logging.LogRecord) -> None:
        """Print a warning, safe for a terminal."""
        click.echo(f"tourney: {printable(record.getMessage())}", err=True)
        if self._traces and record.exc_info:
            click.echo(logging.Formatter().formatException(record.exc_info), err=True)
