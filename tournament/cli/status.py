"""`tourney status`: how a run goes that somebody else has begun."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

import click

from tournament.records import dumps
from tournament.standing import Standing, State
from tournament.summing import stands

PERIOD_S = 2.0


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--watch", is_flag=True, help="Look again every two seconds until the run ends.")
@click.option("--json", "as_json", is_flag=True, help="The status as one JSON object; with --watch, a line each time.")
def command(run: Path, watch: bool, as_json: bool) -> int:
    """Say how the run in the folder RUN goes: progress, rate, spend, errors, time left, and why it is slow.

    For runs of `rank`, `judge eval`, `sweep` and `math`, under way or ended; from another terminal, or from another
    machine that sees the folder; of a run in shards, how they stand together. It only reads: the run does not notice.
    """
    show = _Lines(as_json)
    standing = stands(run)
    show(standing)
    while watch and standing.state in (State.STARTING, State.RUNNING, State.SILENT):
        try:
            time.sleep(PERIOD_S)
        except KeyboardInterrupt:
            return 0
        standing = stands(run)
        show(standing)
    return 0


class _Lines:
    """Prints one standing after the other; on a terminal each takes the place of the one before."""

    def __init__(self, as_json: bool) -> None:
        self._as_json, self._live = as_json, sys.stdout.isatty()
        self._shown = 0

    def __call__(self, standing: Standing) -> None:
        """Print."""
        if self._as_json:
            click.echo(dumps(standing.to_json()))
            return
        from tournament.report.standing import standing_lines  # here, so that --json does not wait for rich
        from tournament.report.table import printable

        if self._shown:
            click.echo(f"\x1b[{self._shown}A\x1b[J" if self._live else "\n", nl=False)
        lines = [" ".join(printable(line).splitlines()) for line in standing_lines(standing)]
        # Cut at the edge, so that the number of lines on the screen is known.
        width = shutil.get_terminal_size().columns if self._live else None
        for line in lines:
            click.echo(line[:width])
        self._shown = len(lines)
