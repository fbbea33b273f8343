"""What verbs that ask a model share at the terminal: the server, the ledger, the live line, Ctrl-C, the last word."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from tournament import __version__, calls
from tournament.calls import TOO_MANY_FAILURES
from tournament.cli.recording import recorded
from tournament.config import RunConfig
from tournament.errors import RunFolderError, UsageError
from tournament.judge import Judge
from tournament.ledger import Ledger
from tournament.ledger_reader import LedgerReader
from tournament.report.live import watch
from tournament.report.table import printable
from tournament.run_folder import RunFolder
from tournament.runner import Runner
from tournament.status import Heartbeat, Seen
from tournament.types import Problem
from tournament.waits import Wait, Waits, slow_shares, slowness

T = TypeVar("T")
log = logging.getLogger(__name__)

_WAITED_S = 2.0
"""Less than this is no slowness that the end of a run tells of."""

INTERRUPTED = 130
"""The exit code after Ctrl-C."""


def with_server(config: RunConfig, given: Mapping[str, Any]) -> tuple[RunConfig, AbstractAsyncContextManager[object]]:
    """The configuration, and what to run within: with --serve a server of the run's own, else nothing.

    Raises:
        UsageError: where --serve and an address or a model file are given, or the judge is no profile to serve.
    """
    if not (given["serve"] or given["serve_flags"]):
        return config, cast("AbstractAsyncContextManager[object]", nullcontext())
    if given["base_url"] or given["gguf"]:
        raise UsageError("--serve starts a server of its own; leave out --base-url and --gguf")
    from tournament.cli.serving import announced, served  # here, so that other runs do not wait for aiohttp

    config, plan = served(config, given["serve_flags"])
    return config, announced(plan)


@asynccontextmanager
async def judging(
    judge: Judge, folder: RunFolder, document: Mapping[str, Any], *, verb: str, log_level: str
) -> AsyncIterator[Heartbeat]:
    """A judge that is up for the length of the block, in a folder that holds runs of this configuration alone.

    The folder's log and status go on until the block ends.
    """
    try:
        await judge.start()
        if how := getattr(judge, "how", ""):
            click.echo(f"tourney: judge: {printable(how)}", err=True)
        resumed = folder.claim({**document, "identity": judge.identity.to_json(), "tourney": {"version": __version__}})
        facts = {"resumed": resumed, "judge": judge.identity.label, "tourney": __version__}
        with recorded(folder.path, verb, log_level, facts) as heart:
            yield heart
    finally:
        await judge.close()


def open_ledger(path: Path, lenders: Sequence[LedgerReader] = ()) -> Ledger:
    """The ledger at a path; what `lenders` hold is found in it too.

    Raises:
        RunFolderError: where it cannot be written.
        LedgerError: where it is damaged, locked by another program, or of another version.
    """
    try:
        return Ledger(path, lenders)
    except OSError as error:
        raise RunFolderError(f"{path}: cannot be written ({error.strerror}); choose another with --ledger") from None


@contextmanager
def interruptible(interrupt: Callable[[], None], *, stopped: Callable[[], object]) -> Iterator[None]:
    """Ctrl-C calls `interrupt` for the length of the block; the first one, when nothing is `stopped` yet, says so."""

    def handle() -> None:
        log.info("Ctrl-C", extra={"facts": {"again": bool(stopped())}})
        if not stopped():
            click.echo("tourney: finishing what is in flight; Ctrl-C again stops now", err=True)
        interrupt()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, handle)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)


@asynccontextmanager
async def beside(line: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """The live line, drawn until the block ends."""
    live = asyncio.get_running_loop().create_task(line)
    try:
        yield
    finally:
        live.cancel()
        with suppress(asyncio.CancelledError):
            await live


async def drive(runner: Runner, problems: Iterable[Problem], heart: Heartbeat, *, count: int, planned: int) -> None:
    """Play `count` problems, in `planned` comparisons at the most; Ctrl-C is in the runner's hands."""
    progress, prices = runner.progress, runner.setup.prices
    heart.follow(lambda: Seen(counters=progress, waits=progress.waits, prices=prices, problems=count, planned=planned))
    line = watch(progress, problems=count, planned=planned, prices=prices)
    with interruptible(runner.interrupt, stopped=lambda: runner.stopped):
        async with beside(heart.beat()), beside(line):
            await runner.run(problems)
    heart.say("writing the results")
    if runner.stopped == calls.INTERRUPTED:
        click.echo("tourney: writing the results so far; Ctrl-C again leaves them to the same command", err=True)


def leaving_off(results: Iterable[T]) -> Iterator[T]:
    """Results as they are ranked, which takes long after many problems; Ctrl-C ends it and says what is left.

    Every judgment is in the ledger by then, so the same command ranks and writes without asking a judge.

    Raises:
        KeyboardInterrupt: between two results. Python's own handler raises it anywhere, and where that is the end of
            some object's life, of which there are thousands after many requests, it is shown and then forgotten.
    """
    asked: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: asked.append(number))
    try:
        for result in results:
            yield result
            if asked:
                said = "no results were written; every judgment is kept, the same command writes them"
                click.echo(f"tourney: {said}", err=True)
                raise KeyboardInterrupt
    finally:
        signal.signal(signal.SIGINT, before)


def conclude(runner: Runner, heart: Heartbeat, left: str) -> int:
    """Say why a run ended early and what is left of it, and why it was slow; its exit code."""
    heart.how = runner.stopped or "complete"
    tell_slow(runner.progress.waits)
    tell_stopped(runner.stopped, runner.lost_judge, left)
    return exit_code(runner)


def facts(config: RunConfig, runner: Runner, *, problems: int, seconds: float) -> dict[str, Any]:
    """What summary.json says of how a run went."""
    progress, judge = runner.progress, runner.setup.judge
    return {
        "judge": judge.identity.label,
        "judge_identity": judge.identity.to_json(),
        "strategy": config.strategy,
        "seed": config.seed,
        "input_problems": problems,
        "complete": not runner.stopped,
        "stopped": runner.stopped,
        "failed": progress.failed,
        "paid": progress.paid,
        "reused": progress.reused,
        "retries": getattr(judge, "retries", 0),
        "seconds": seconds,
        "waited_s": {wait.value: progress.waits.seconds(wait) for wait in Wait},
    }


def tell_slow(waits: Waits) -> None:
    """Say what the requests of a run waited for, where it was worth a word."""
    slow = slowness(slow_shares([waits]))
    if slow and waits.seconds(Wait.THROTTLE) + waits.seconds(Wait.RETRY) >= _WAITED_S:
        click.echo(f"tourney: slow: {', '.join(slow)}, of the requests' time", err=True)


def tell_stopped(stopped: str, lost: Exception | None, left: str) -> None:
    """Say why a run ended early and what is left of it; nothing where it did not."""
    if stopped:
        reason = f"; {printable(str(lost))}" if lost else ""
        click.echo(f"tourney: {stopped}: {left}; the same command resumes{reason}", err=True)


def exit_code(runner: Runner) -> int:
    """The code of a run: that of a lost judge, 130 after Ctrl-C, 1 where problems or too many comparisons failed."""
    if runner.lost_judge is not None:
        return runner.lost_judge.exit_code
    if runner.stopped:
        return 1 if runner.stopped == TOO_MANY_FAILURES else INTERRUPTED
    return 1 if runner.progress.failed else 0
