"""Playing a grid at the terminal: what `tourney sweep` and `tourney math` share."""

from __future__ import annotations

import asyncio
import functools
import math
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import click

from tournament import __version__
from tournament.cli import driving
from tournament.cli.clustered import ray_options
from tournament.cli.options import Source
from tournament.cli.recording import recorded, recording_options
from tournament.cli.remembered import remember
from tournament.cli.sharded import Judgments, shard_option
from tournament.errors import UsageError
from tournament.experiments.grading import grade
from tournament.experiments.scaling.bench import Bench, at_once
from tournament.experiments.scaling.bill import Bill, Item, bill, items
from tournament.experiments.scaling.grid import Grid, Point
from tournament.experiments.scaling.outcome import Outcome
from tournament.experiments.scaling.rehearsal import Rehearsed
from tournament.experiments.scaling.study import Scored, Study
from tournament.experiments.scaling.truth import truth
from tournament.ledger import Ledger
from tournament.ledger_reader import mean_seconds
from tournament.memory_ledger import MemoryLedger
from tournament.progress import Progress
from tournament.records import read_problems
from tournament.report.live import watch_many
from tournament.report.table import printable
from tournament.run_folder import RunFolder
from tournament.status import Seen
from tournament.types import Problem

SITTING = ("ledger", "shard", "ray", "ray_workers", "together", "rate", "offline", "max_failures", "log_level")
"""What `sitting_options` say, but for `plan`."""

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """What is to be played, and where its files and judgments lie.

    `together` is how many points are played side by side, `rate` how many comparisons a second the judge makes, where
    somebody said so.
    """

    grid: Grid
    source: Source
    folder: Path
    judgments: Judgments
    offline: bool = False
    in_flight: int = 64
    together: int = 8
    rate: float | None = None
    verb: str = "sweep"
    max_failures: int | None = None
    log_level: str = "info"

    @property
    def fingerprint(self) -> str:
        """Stands for the problems that are played."""
        shard = self.source.shard
        return self.source.scan.fingerprint if shard is None else f"{self.source.scan.fingerprint} {shard}"

    def problems(self) -> Iterator[Problem]:
        """The problems that are played: the shard's, of the first ones of the file."""
        first, shard = islice(read_problems(self.source.path), self.grid.problems), self.source.shard
        return first if shard is None else shard.share(first)


def sitting_options(command: F) -> F:
    """Add what is said about how points are played, whichever they are."""
    options = [
        click.option("--ledger", type=click.Path(path_type=Path), help="The ledger. [default: OUT/ledger.sqlite]"),
        click.option(
            "--together",
            type=click.IntRange(min=1),
            default=8,
            show_default=True,
            help="Points played side by side, so that the judge never waits for the last comparisons of one.",
        ),
        click.option("--plan", is_flag=True, help="Print the bill, point by point, and stop."),
        click.option(
            "--rate",
            type=float,
            help="With --plan: comparisons a second that your server makes. [default: as in the ledger]",
        ),
        click.option("--offline", is_flag=True, help="Ask no judge: only what the ledger holds."),
        shard_option,
        ray_options,
    ]
    return functools.reduce(lambda wrapped, option: option(wrapped), [recording_options, *reversed(options)], command)


def seated(
    grid: Grid, source: Source, folder: Path, given: Mapping[str, Any], *, plan: bool, in_flight: int
) -> Sitting:
    """What is to be played, by what `sitting_options` say; `folder` is that of the whole run.

    Raises:
        UsageError: where the rate is none, or no bill is asked for.
    """
    own = folder if source.shard is None else source.shard.folder(folder)
    return Sitting(
        grid=grid,
        source=source,
        folder=own,
        judgments=Judgments.of(folder, own, given["ledger"]),
        offline=given["offline"],
        in_flight=in_flight,
        together=given["together"],
        rate=_rate(given["rate"], plan=plan),
        verb=click.get_current_context().info_name or "sweep",
        max_failures=given["max_failures"],
        log_level=given["log_level"],
    )


def _rate(rate: float | None, *, plan: bool) -> float | None:
    if rate is None:
        return None
    if not plan:
        raise UsageError("--rate is for the time of a bill; add --plan, or leave it out")
    if not 0 < rate < math.inf:
        raise UsageError(f"--rate {rate}: give the comparisons a second, more than 0")
    return rate


def left_empty(sitting: Sitting, *, plan: bool) -> bool:
    """Whether no problem falls to this shard; its folder then says so, unless it is only asked for a bill."""
    if next(sitting.problems(), None) is not None:
        return False
    if not plan:
        with (
            closing(RunFolder(sitting.folder)),
            recorded(sitting.folder, sitting.verb, sitting.log_level, {"points": 0}) as heart,
        ):
            remember(sitting.folder, sitting.grid, sitting.source.scan.fingerprint, sitting.source.shard)
            heart.how = "complete"
    click.echo(f"tourney: no problem falls to shard {sitting.source.shard}; there is nothing to play", err=True)
    return True


def rehearse(sitting: Sitting) -> Bill:
    """The bill of what is still to be played."""
    return asyncio.run(_rehearse(sitting))


async def _rehearse(sitting: Sitting) -> Bill:
    outcome = _opened(sitting)
    lender = _lender(sitting)
    ledger = Rehearsed(lender)
    bench = Bench(sitting.grid, sitting.folder, offline=sitting.offline, rehearse=True)
    found: list[Item] = []
    try:
        with tempfile.TemporaryDirectory(prefix="tourney-") as scratch:  # a bill leaves nothing behind
            study = _study(sitting, outcome, bench, ledger, Path(scratch), keep=False)
            async for item in items(study, sitting.grid.points(), ledger, bench):
                found.append(item)
        return bill(found, bench, sitting.grid.prices, _pace(sitting, bench))
    finally:
        await bench.close()
        if lender is not None:
            lender.close()


def _pace(sitting: Sitting, bench: Bench) -> float | None:
    """Seconds from one judgment to the next: as the user says, or as it was for the judgments in the ledger."""
    if sitting.rate is not None:
        return 1.0 / sitting.rate
    seconds = mean_seconds(sitting.judgments.own) if sitting.judgments.own.exists() else None
    if not seconds:  # judges that are ready at once write down no time
        return None
    return seconds / max((at_once(each.stands_for, sitting.in_flight) for each in bench.stand_ins), default=1)


async def sit(sitting: Sitting) -> Outcome:
    """Play every point of the grid, or as many as the interrupt and the judge allow."""
    outcome, started = _opened(sitting), time.monotonic()
    with closing(RunFolder(sitting.folder)), closing(sitting.judgments.open()) as ledger:
        remember(sitting.folder, sitting.grid, sitting.source.scan.fingerprint, sitting.source.shard)
        bench = Bench(sitting.grid, sitting.folder, offline=sitting.offline)
        lent = Rehearsed(ledger) if sitting.offline else None
        study = _study(sitting, outcome, bench, lent or ledger, sitting.folder, keep=lent is None)
        facts = {"points": outcome.total, "tourney": __version__}
        with recorded(sitting.folder, sitting.verb, sitting.log_level, facts) as heart:
            try:
                for thinking in sitting.grid.limits():  # no judge, no sweep: not even its baselines
                    await bench.get(thinking)
                heart.follow(lambda: _seen(study, outcome))
                with driving.interruptible(study.interrupt, stopped=lambda: study.stopped):
                    async with driving.beside(heart.beat()):
                        await _play_all(sitting, study, outcome, lent)
            finally:
                await bench.close()
            heart.how = study.stopped or "complete"
    outcome.paid = 0 if sitting.offline else study.paid
    outcome.stopped, outcome.lost_judge = study.stopped, study.lost_judge
    outcome.seconds = time.monotonic() - started
    driving.tell_slow(study.waits)
    left = f"{len(outcome.scored)} of {outcome.total} points are done"
    driving.tell_stopped(study.stopped, study.lost_judge, left)
    return outcome


def _seen(study: Study, outcome: Outcome) -> Seen:
    counters = Progress()
    for part in (study.ended, *study.progress.values()):
        counters.add(part)
    points = (len(outcome.scored), outcome.total)
    return Seen(counters=counters, waits=study.waits, prices=outcome.grid.prices, points=points)


async def _play_all(sitting: Sitting, study: Study, outcome: Outcome, lent: Rehearsed | None) -> None:
    def done(scored: Scored) -> None:
        outcome.scored.append(scored)
        click.echo(f"[{len(outcome.scored)}/{outcome.total}] {printable(_said(scored))}", err=True)

    points = sitting.grid.points()
    if lent is not None:
        await _play_known(study, points, outcome, lent, done)
        return
    try:
        async with driving.beside(watch_many(lambda: study.progress, sitting.grid.prices)):
            await study.play_all(points, sitting.together, done)
    finally:
        places = {str(point): place for place, point in enumerate(points)}
        outcome.scored.sort(key=lambda scored: places[str(scored.point)])


async def _play_known(
    study: Study, points: list[Point], outcome: Outcome, lent: Rehearsed, done: Callable[[Scored], None]
) -> None:
    """Play what the ledger reaches, one point after the other, so that what each lacks can be counted."""
    for point in points:
        lent.asked.clear()
        scored = await study.play(point)
        if scored is None:
            return
        if lent.made_up:
            outcome.missing.append((point, lent.made_up))
        else:
            done(scored)


def _said(scored: Scored) -> str:
    right = sum(line["correct"] for line in scored.picks)
    count = len(scored.picks)
    source = "known already" if not scored.paid else f"{scored.paid:,} judged now"
    failed = f", {scored.failed:,} failed" if scored.failed else ""
    return (
        f"{scored.point}: {right:,} of {count:,} right ({100 * right / max(count, 1):.1f} %),"
        f" {scored.used:,} comparisons, {source}{failed}"
    )


def _opened(sitting: Sitting) -> Outcome:
    """Grade the candidates before anything is spent."""
    grid = sitting.grid
    grades = grade(sitting.problems(), by=grid.grader)
    known = truth(sitting.problems(), grades)
    return Outcome(grid=grid, grades=grades, truth=known, ids=list(known.of), total=len(grid.points()))


def _study(
    sitting: Sitting, outcome: Outcome, bench: Bench, ledger: Ledger | MemoryLedger, folder: Path, *, keep: bool
) -> Study:
    return Study(
        sitting.grid,
        sitting.problems,
        sitting.fingerprint,
        outcome.truth,
        bench,
        ledger,
        folder,
        in_flight=sitting.in_flight,
        keep=keep,
        max_failures=sitting.max_failures,
    )


def _lender(sitting: Sitting) -> Ledger | None:
    return sitting.judgments.open() if sitting.judgments.own.exists() else None
