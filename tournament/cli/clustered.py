"""--ray: the same verb, its shards played by workers of a Ray cluster, then merged here."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import io
import os
import re
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from tournament.calls import TOO_MANY_FAILURES
from tournament.cli.again import again
from tournament.cluster import INTERRUPTED, LOCAL, Cluster, Said
from tournament.errors import RunFolderError, TourneyError, UsageError
from tournament.merging import expanded
from tournament.report.table import printable
from tournament.report.together import shown_together
from tournament.run_folder import LOCK, RunFolder
from tournament.sharding import SHARDS, Shard
from tournament.summing import beginnings, together

_NAME = re.compile(r"[0-9]+-of-([1-9][0-9]{0,8})", re.ASCII)
_PATIENCE_S, _PERIOD_S = 120.0, 0.5
F = TypeVar("F", bound=Callable[..., Any])


def ray_options(command: F) -> F:
    """Add --ray and --ray-workers."""
    options = [
        click.option(
            "--ray",
            metavar="[ADDRESS]",
            is_flag=False,
            flag_value=LOCAL,
            help="Play on the Ray cluster at ADDRESS (auto, ray://HOST:10001), or on a local one of all cores; results"
            " are those of one process. Every node has to see OUT and the input.",
        ),
        click.option("--ray-workers", type=int, help="Shards played at once. [default: the cluster's cores]"),
    ]
    return functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), command)


def on_cluster(out: Path, candidates: str, *, in_flight: int, seconds: float | None = None) -> int:
    """Play the verb under way in shards on the cluster that its parameters name; the exit code.

    Args:
        out: The folder of the whole run.
        candidates: The input, as it was named.
        in_flight: The most comparisons under way at once, on all workers together.
        seconds: The most that the whole run may take.
    """
    context = click.get_current_context()
    given = dict(context.params)
    _refuse(given, candidates)
    cluster = Cluster(given["ray"], given["ray_workers"])
    try:
        folder = RunFolder(out)  # so that nobody else plays here
        try:
            shards = _shards(out, min(cluster.workers, in_flight))
            at_once = min(cluster.workers, in_flight, len(shards))
            share = {**_share(given, in_flight // at_once), "out": out.absolute()}
            play = functools.partial(_play, str(context.info_name), share, str(Path.cwd()), _deadline(seconds))
            ended = _watched(cluster, shards, play, out, given["max_failures"], at_once)
        finally:
            folder.close()
    finally:
        cluster.close()
    return _conclude(ended, out, candidates, lender=given["ledger"], as_json=given["as_json"])


def _refuse(given: Mapping[str, Any], candidates: str) -> None:
    if given["shard"] is not None:
        raise UsageError("--shard is one share of a run, and --ray plays all of them; leave one out")
    if given.get("serve"):
        raise UsageError("--serve would start a server on every worker; start one with `tourney judge serve` instead")
    if candidates == "-":
        raise UsageError("--ray: the workers cannot read this standard input; put it into a file that they see")


def _shards(out: Path, workers: int) -> list[Shard]:
    """One shard a worker; where a run was begun here before, the shards it had, so that nothing is paid for twice."""
    names = (_NAME.fullmatch(path.name) for path in (out / SHARDS).glob("*"))
    of = {int(name[1]) for name in names if name is not None}
    if len(of) > 1:
        raise UsageError(f"{out / SHARDS}: is shared in several ways; merge them first, or choose another --out")
    count = of.pop() if of else workers
    return [Shard(index=index, of=count) for index in range(1, count + 1)]


def _share(given: Mapping[str, Any], in_flight: int) -> dict[str, Any]:
    """The parameters of one worker."""
    own = {"ray": None, "ray_workers": None, "plan": False, "as_json": True}
    return {**given, **own, "in_flight": in_flight}


def _deadline(seconds: float | None) -> float | None:
    return None if seconds is None else time.time() + seconds


def _play(verb: str, given: Mapping[str, Any], cwd: str, deadline: float | None, shard: Shard) -> Said:
    """Play a shard; called in a worker, in its main thread, so that a stop arrives as Ctrl-C does."""
    from tournament.cli.main import guarded

    err = io.StringIO()
    parameters = {**given, "shard": shard}
    if deadline is not None:
        parameters["total_seconds"] = max(deadline - time.time(), 0.001)
    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,  # results are in the folder
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(err),
    ):
        try:
            with contextlib.chdir(cwd):
                _await_free(shard.folder(parameters["out"]) / LOCK)
                code = guarded(lambda: again(verb, parameters))
        except FileNotFoundError:
            return Said(2, f"{cwd}: is not there on this worker; play from a folder that every node sees")
    return Said(code, err.getvalue())


def _await_free(lock: Path) -> None:
    """Wait until nobody holds a shard; of a node that died, a shared file system may know only after a while."""
    until = time.monotonic() + _PATIENCE_S
    while lock.exists() and time.monotonic() < until:
        with lock.open("a") as file, contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(_PERIOD_S)


def _watched(
    cluster: Cluster, shards: list[Shard], play: Callable[[Shard], Said], out: Path, most: int | None, at_once: int
) -> Mapping[Shard, Said]:
    """Play on the cluster, and end it where more than `most` comparisons failed, on all workers together."""
    folders = [shard.folder(out) for shard in shards]
    stale = beginnings(folders)
    too_many = False
    with _interrupting(cluster), shown_together() as draw:

        def watch() -> None:
            nonlocal too_many
            with contextlib.suppress(RunFolderError):  # one left damaged is written anew by who plays there
                standing = together(folders, stale)
                draw(standing)
                if most is not None and sum(standing.told.get("failures", {}).values()) > most:
                    too_many = True
                    cluster.stop()

        ended = cluster.play(shards, play, watch, at_once)
    if not too_many:
        return ended
    failed = Said(1, f"{TOO_MANY_FAILURES}; the same command resumes")
    return {shard: failed if said.code == INTERRUPTED else said for shard, said in ended.items()}


@contextmanager
def _interrupting(cluster: Cluster) -> Iterator[None]:
    """Ctrl-C once lets every worker finish what is in flight, twice ends them."""
    pressed = False

    def handle(*_: object) -> None:
        nonlocal pressed
        if not pressed:
            click.echo("tourney: finishing what is in flight; Ctrl-C again stops now", err=True)
        cluster.stop(at_once=pressed)
        pressed = True

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _conclude(ended: Mapping[Shard, Said], out: Path, candidates: str, *, lender: Path | None, as_json: bool) -> int:
    """Merge what there is, and say which shards did not come to their end; the worst of all exit codes."""
    from tournament.cli.merge import merge

    worst = max((said.code for said in ended.values()), default=0)
    told = {_last(said.words) for said in ended.values() if said.code}
    for shard, said in sorted(ended.items(), key=lambda item: item[0].index):
        if said.code and (words := _last(said.words)) in told:
            told.discard(words)
            click.echo(f"tourney: shard {shard}: {printable(words)}", err=True)
    begun = [folder for folder in expanded([out]) if folder != out]
    if worst == 2 or not begun:
        return worst
    try:
        code = merge(begun, out, candidates, lender=lender, partial=True, as_json=as_json)
    except TourneyError as error:
        if not worst:
            raise
        click.echo(f"tourney: not merged: {printable(str(error))}", err=True)
        return worst
    return INTERRUPTED if worst == INTERRUPTED else max(code, worst)


def _last(words: str) -> str:
    lines = [line for line in words.splitlines() if line.strip()]
    return lines[-1].removeprefix("tourney: ").removeprefix("error: ") if lines else "ended with an error"
