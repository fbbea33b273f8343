"""One trial of a judge: from its start over every pair to the figures, with the live line, Ctrl-C and resume."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tournament.cli import driving
from tournament.cli.options import Source
from tournament.cli.rank import Parts
from tournament.errors import UsageError
from tournament.experiments.trial.judged import Judged, Row, rows_of
from tournament.experiments.trial.pairs import Found, pair_problems
from tournament.experiments.trial.trial import Trial, try_judge
from tournament.output import Output
from tournament.records import AtomicWriter, dumps, read_problems
from tournament.run_folder import RunFolder
from tournament.runner import Played, Runner
from tournament.status import Heartbeat
from tournament.types import Problem

TRIAL = "trial.json"


@dataclass(slots=True)
class Trying:
    """One trial under way.

    Attributes:
        parts: Judge and strategies.
        source: The file of the pairs.
        found: The pairs.
        folder: The run folder.
        ledger: The ledger's file.
        log_level: The least that the folder's log takes.
        rows: The judgments so far.
    """

    parts: Parts
    source: Source
    found: Found
    folder: RunFolder
    ledger: Path
    log_level: str = "info"
    rows: list[Row] = field(default_factory=list)

    async def go(
        self, around: AbstractAsyncContextManager[object], document: Mapping[str, Any], report: Callable[[Trial], None]
    ) -> int:
        """Judge within `around`, write, and hand the figures to `report`; the exit code."""
        judging = driving.judging(self.parts.judge, self.folder, document, verb="judge eval", log_level=self.log_level)
        async with around, judging as heart:
            return await self._play(report, heart)

    async def _play(self, report: Callable[[Trial], None], heart: Heartbeat) -> int:
        started, pairs = time.monotonic(), self.found.pairs
        setup = self.parts.setup(len(pairs))
        ledger = driving.open_ledger(self.ledger)
        try:
            with Output(self.folder.path) as output:
                runner = Runner(setup, ledger, functools.partial(self._take, output))
                planned = len(pairs) * self.parts.config.votes
                await driving.drive(runner, self._problems(), heart, count=len(pairs), planned=planned)
                for _ in output.conclude(self._problems(), setup.pairing, setup.fallback, runner.pool.learn):
                    pass
        finally:
            ledger.close()
        facts = driving.facts(self.parts.config, runner, problems=len(pairs), seconds=time.monotonic() - started)
        run = {**facts, "tokens": output.spend.tokens, "hints": []}
        output.summarise({**run, "judge_model": runner.pool.learn().to_json()})
        if self.rows:
            self._report(run, report)
        elif not runner.stopped:
            raise UsageError("no pair was judged: the budget is too small for one comparison; raise --total-...")
        return driving.conclude(runner, heart, "not all pairs are judged")

    def _problems(self) -> Iterator[Problem]:
        return pair_problems(read_problems(self.source.path), self.found.pairs)

    def _take(self, output: Output, played: Played) -> None:
        place = played.problem.meta["pair"]
        self.rows += rows_of(played, place, self.found.pairs[place])
        output.add(played)

    def _report(self, run: Mapping[str, Any], report: Callable[[Trial], None]) -> None:
        kept = ("judge_identity", "seed", "complete", "stopped", "failed", "paid", "reused", "tokens")
        about = {**{name: run[name] for name in kept}, "wall_seconds": run["seconds"], "folder": str(self.folder.path)}
        judged = Judged.of(self.found.pairs, self.rows)
        trial = try_judge(run["judge"], judged, pairs=self.found.to_json(), run=about, seed=run["seed"])
        with AtomicWriter(self.folder.path / TRIAL) as writer:
            writer.write_line(dumps(trial.to_json()))
        report(trial)
