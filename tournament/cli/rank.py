"""`tourney rank`: the main job."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from tournament import registry
from tournament.api import FALLBACK
from tournament.cli import driving
from tournament.cli.clustered import on_cluster, ray_options
from tournament.cli.options import Source, build_config, config_options, open_source
from tournament.cli.pipe import mute_stdout
from tournament.cli.recording import recording_options
from tournament.cli.sharded import Judgments, shard_option
from tournament.config import RunConfig, deciding, fingerprint
from tournament.judge import Judge
from tournament.output import Output
from tournament.records import dumps, hub
from tournament.report.table import ROWS, print_plain, results_table, summary_lines
from tournament.result import Result
from tournament.run_folder import RunFolder
from tournament.runner import Runner, Setup
from tournament.sharding import Shard
from tournament.status import Heartbeat


@click.command()
@click.argument("candidates", metavar="CANDIDATES.jsonl")
@config_options
@click.option(
    "--out", type=click.Path(path_type=Path), help="The run folder. [default: runs/NAME-HASH, by configuration]"
)
@click.option(
    "--ledger", type=click.Path(path_type=Path), help="Reuse and extend this ledger. [default: OUT/ledger.sqlite]"
)
@shard_option
@ray_options
@click.option("--serve", is_flag=True, help="Start SGLang with the judge profile's model for this run, and end it.")
@click.option("--serve-flags", default="", help="Flags for sglang.launch_server, as one text, with --serve.")
@recording_options
@click.option("--json", "as_json", is_flag=True, help="Results as JSON lines on stdout instead of a table.")
def command(
    candidates: str,
    out: Path | None,
    ledger: Path | None,
    shard: Shard | None,
    ray: str | None,
    ray_workers: int | None,
    as_json: bool,
    max_failures: int | None,
    log_level: str,
    **given: Any,
) -> int:
    """Rank the candidates of every problem in CANDIDATES.jsonl ("-" for stdin) and pick the best.

    The default judge is the built-in checks, no language model: it weighs final answers, recomputed arithmetic and the
    question's numbers, and abstains from everything else. The same command again resumes: every judgment is in the
    run folder's ledger and is never paid for twice. Ctrl-C once finishes what is in flight and writes the results so
    far; twice stops at once.

    With --shard I/N a run plays its share of the problems, with its share of the budget, into OUT/shards/; any machine
    may play any shard at any time, and `tourney merge OUT` makes one run of them.
    """
    config, around = driving.with_server(build_config(given), given)
    parts = Parts(config, max_failures=max_failures)
    with open_source(candidates, shard) as source:
        document = {**parts.config.to_toml(), "input": _input(candidates, source)}
        base = out or Path("runs") / f"{source.name}-{fingerprint(deciding(document))}"
        if ray:
            return on_cluster(base, candidates, in_flight=parts.config.in_flight, seconds=config.budget.run.seconds)
        document |= {} if shard is None else {"shard": str(shard)}
        folder = RunFolder(base if shard is None else shard.folder(base))
        try:
            run = _Run(parts, source, folder, Judgments.of(base, folder.path, ledger), as_json)
            return asyncio.run(_within(around, run.go(document, log_level)))
        finally:
            folder.close()


def _input(argument: str, source: Source) -> dict[str, str]:
    """What config.toml says of the input: what stands for the candidates and, of a file, where it lies."""
    known, path = {"fingerprint": source.scan.fingerprint}, str(Path(argument).absolute())
    if argument == "-" or argument.startswith(hub.SCHEME) or not path.isprintable():
        return known  # a name that is no UTF-8 could not be written
    return {**known, "path": path}


async def _within(around: AbstractAsyncContextManager[object], run: Coroutine[Any, Any, int]) -> int:
    """A run, within a server of its own where one is to be started."""
    try:
        async with around:
            return await run
    finally:
        run.close()  # where the server did not come up


class Parts:
    """Judge and strategies, made before any file is touched, so that a wrong name costs nothing.

    `config` is the configuration with every default of theirs filled in.
    """

    def __init__(self, config: RunConfig, *, max_failures: int | None = None) -> None:
        self._max_failures = max_failures
        self.judge: Judge = registry.judge(config.judge, config.judge_options)
        self.pairing = registry.pairing(config.strategy, config.strategy_options)
        self.matching = registry.match_strategy(config.votes, config.rethinks, config.match_options)
        self.fallback = registry.pairing(FALLBACK)
        match_options = registry.resolved(self.matching)
        self.config = replace(
            config,
            judge_options=registry.resolved(registry.judge_settings(config.judge, config.judge_options)),
            strategy_options=registry.resolved(self.pairing),
            match_options={k: v for k, v in match_options.items() if k not in ("votes", "rethinks")},
        )

    def comparisons(self, source: Source) -> tuple[int, int]:
        """The fewest and the most comparisons that a run can take."""
        limit = self.config.budget.share(source.contested).comparisons
        totals = [0, 0]
        for size, count in source.scan.share.items():
            for i in (0, 1):
                each = self._matches(size, limit)[i] * self.matching.calls[i] if size > 1 else 0
                totals[i] += count * (each if limit is None else min(each, limit))
        return totals[0], totals[1]

    def _matches(self, size: int, limit: int | None) -> tuple[int, int]:
        return self.pairing.matches(size, None if limit is None else limit // self.matching.calls[1])

    def setup(self, contested: int) -> Setup:
        """What the runner needs."""
        config = self.config
        return Setup(
            judge=self.judge,
            pairing=self.pairing,
            matching=self.matching,
            fallback=self.fallback,
            limits=config.budget.share(contested),
            prices=config.budget.prices,
            seed=config.seed,
            in_flight=min(config.in_flight, getattr(self.judge, "most_in_flight", config.in_flight)),
            run_seconds=config.budget.run.seconds,
            max_failures=self._max_failures,
        )


class _Run:
    """One `tourney rank`, from the judge's start to the last line on the terminal."""

    def __init__(
        self,
        parts: Parts,
        source: Source,
        folder: RunFolder,
        judgments: Judgments,
        as_json: bool,
    ) -> None:
        self._parts, self._config, self._source, self._folder = parts, parts.config, source, folder
        self._judgments = judgments
        self._as_json = as_json
        self._shown: list[dict[str, Any]] = []

    async def go(self, document: dict[str, Any], log_level: str) -> int:
        """Run, write, print; the exit code."""
        judge = self._parts.judge
        async with driving.judging(judge, self._folder, document, verb="rank", log_level=log_level) as heart:
            return await self._play(heart)

    async def _play(self, heart: Heartbeat) -> int:
        started = time.monotonic()
        ledger = self._judgments.open()
        setup = self._parts.setup(self._source.contested)
        try:
            with Output(self._folder.path) as output:
                runner = Runner(setup, ledger, output.add)
                await driving.drive(
                    runner,
                    self._source.problems(),
                    heart,
                    count=self._source.count,
                    planned=self._parts.comparisons(self._source)[1],
                )
                ranked = output.conclude(self._source.problems(), setup.pairing, setup.fallback, runner.pool.learn)
                for result in driving.leaving_off(ranked):
                    self._take(result)
        finally:
            ledger.close()
        facts = driving.facts(self._config, runner, problems=self._source.count, seconds=time.monotonic() - started)
        facts |= {} if self._source.shard is None else {"shard": str(self._source.shard)}
        summary = output.summarise({**facts, "hints": _hints(output), "judge_model": runner.pool.learn().to_json()})
        self._print(summary)
        left = summary["input_problems"] - summary["problems"]
        return driving.conclude(runner, heart, f"{left} problems not begun")

    def _take(self, result: Result) -> None:
        if self._as_json:
            try:
                click.echo(dumps(result.to_json()))
            except BrokenPipeError:  # `| head`: the run goes on, since its results are in the folder too
                mute_stdout()
        elif len(self._shown) < ROWS:
            self._shown.append(result.to_json())

    def _print(self, summary: dict[str, Any]) -> None:
        from rich.console import Console

        console = Console(stderr=self._as_json)
        if not self._as_json:
            console.print(results_table(self._shown, summary["problems"]))
        if not self._as_json or console.is_terminal:
            print_plain(console, [*summary_lines(summary), f"files    {self._folder.path}"])


def _hints(output: Output) -> list[str]:
    hints = [f"the judge abstained from most pairs; {why}" for why in output.abstained_mostly()]
    if output.starved:
        hints.append("where the budget was too small for one comparison, raise --max-... or --total-...")
    return hints
