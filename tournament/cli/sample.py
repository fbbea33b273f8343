"""`tourney sample`: candidates for every problem, from a policy model on a server."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from tournament.cli import driving
from tournament.cli.handles import make_room
from tournament.cli.options import servers_option
from tournament.cli.pipe import mute_stdout
from tournament.errors import TourneyError, UsageError
from tournament.experiments.sampling.bill import bill
from tournament.experiments.sampling.draw import Drawing, Tally, Wanted
from tournament.experiments.sampling.journal import Journal, journal_path, load
from tournament.experiments.sampling.output import write
from tournament.experiments.sampling.policy import Policy
from tournament.experiments.sampling.problems import Found, read
from tournament.experiments.sampling.settings import LIMIT_FIELDS, PLACE, Sampling, digest
from tournament.experiments.sampling.summary import Summary
from tournament.records import dumps, spool
from tournament.report.table import printable
from tournament.types import Problem

F = TypeVar("F", bound=Callable[..., Any])
_PERIOD_S = 0.25


def _sampling_options(command: F) -> F:
    """What decides a sample, apart from the model."""
    for option in reversed((
        click.option("--temperature", type=float, default=0.8, show_default=True, help="Sampling temperature."),
        click.option("--top-p", type=float, default=0.95, show_default=True, help="Nucleus sampling."),
        click.option("--max-tokens", type=int, default=2048, show_default=True, help="Most tokens of a sample."),
        click.option("--seed", type=int, default=0, show_default=True, help="Seed; every sample gets one of its own."),
        click.option("--system", default="", help="System message, for prompts that bring none."),
        click.option("--template", help=f"The user's message, with {PLACE} where the prompt goes."),
        click.option("--suffix", help="A line after every prompt; short for a template that ends so."),
        click.option("--completions", is_flag=True, help="Continue the text at /v1/completions, without a chat."),
        click.option("--body", multiple=True, metavar="KEY=JSON", help="A further field of every request."),
        click.option(
            "--limit-field", type=click.Choice(LIMIT_FIELDS), default=LIMIT_FIELDS[0], show_default=True,
            help="What the server calls the limit of a sample.",
        ),
    )):  # fmt: skip
        command = option(command)
    return command


@click.command()
@click.argument("problems", metavar="PROBLEMS.jsonl")
@click.option("--n", type=click.IntRange(min=1), default=16, show_default=True, help="Samples of each problem.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The file of candidates to write.")
@servers_option("--base-url", default=("http://127.0.0.1:30000",), show_default=True, help="The server's address")
@click.option("--model", default="", help="Name of the model. [default: the first that the server lists]")
@_sampling_options
@click.option("--problems", "most", type=click.IntRange(min=1), help="Only the first so many problems.")
@click.option("--in-flight", type=click.IntRange(min=1), default=64, show_default=True, help="Requests at once.")
@click.option("--timeout-s", type=float, default=600.0, show_default=True, help="Seconds to wait for one sample.")
@click.option(
    "--attempts", type=click.IntRange(min=1), default=5, show_default=True, help="How often a request is tried."
)
@click.option("--api-key-env", default="", help="Environment variable that holds the API key.")
@click.option("--api-key-file", default="", help="File that holds the API key, where no variable is named.")
@click.option("--drop-thinking", is_flag=True, help="Leave thinking out of the candidates' meta; the journal keeps it.")
@click.option("--plan", is_flag=True, help="Only say what it would take: samples, and tokens at the most.")
@click.option("--json", "as_json", is_flag=True, help="The summary, or the plan, as one JSON object.")
def command(problems: str, most: int | None, plan: bool, as_json: bool, out: Path, **given: Any) -> int:
    """Draw --n candidates for every problem in PROBLEMS.jsonl ("-" for stdin) from a model on a server.

    A problem has its prompt under prompt, question, problem or instruction, and may have a reference or an answer, an
    id or a unique_id. Candidates that are there already are ignored. The candidates go to --out, ready for
    `tourney rank` and `tourney math`.

    Every sample is in OUT.samples.jsonl the moment it is there. The same command resumes, a larger --n draws the rest,
    and samples that failed are asked for again. Ctrl-C once finishes what is in flight and writes what is there; twice
    stops at once.
    """
    sampling = _sampling(given)
    _check_out(out, problems)
    found = _read(problems, most)
    wanted = [_wanted(sampling, problem) for problem in found.problems]
    if plan:
        _show_plan(sampling, wanted, out, given["n"], given["model"], as_json)
        return 0
    make_room(given["in_flight"])
    policy = Policy(
        given["base_url"], model=given["model"], completions=sampling.completions, key_env=given["api_key_env"],
        key_file=given["api_key_file"], timeout_s=given["timeout_s"], attempts=given["attempts"],
    )  # fmt: skip
    return asyncio.run(_Session(policy, sampling, found, wanted, out, given, as_json).go())


def _sampling(given: dict[str, Any]) -> Sampling:
    template, suffix = given["template"], given["suffix"]
    if template is not None and suffix is not None:
        raise UsageError("--suffix and --template exclude each other; write the suffix into the template")
    if template is None:
        template = PLACE if suffix is None else f"{PLACE}\n{suffix}"
    if not 0 < given["timeout_s"] < float("inf"):
        raise UsageError(f"--timeout-s {given['timeout_s']:g}: give a positive number of seconds")
    names = ("temperature", "top_p", "max_tokens", "seed", "system", "completions", "limit_field")
    return Sampling(**{name: given[name] for name in names}, template=template, body=_body(given["body"]))


def _body(texts: tuple[str, ...]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        try:
            body[name] = json.loads(value)
            dumps(body[name])  # NaN and its like are no JSON, though Python reads them
        except ValueError:
            equals = ""
        if not equals or not name:
            raise UsageError(f"--body {text!r}: write it as KEY=JSON, such as top_k=20 or stop='[\"Q:\"]'")
    return body


def _check_out(out: Path, problems: str) -> None:
    """Refuse an output that would destroy something, before anything is paid."""
    if out.suffix == ".gz":
        raise UsageError(f"--out {out}: candidates are written as plain text; leave out .gz")
    if not out.absolute().parent.is_dir():
        raise UsageError(f"--out {out}: there is no folder {out.parent}; make it first")
    if not out.exists():
        return
    if not out.is_file():
        raise UsageError(f"--out {out}: it is no regular file; choose another")
    if problems != "-" and Path(problems).exists() and out.samefile(problems):
        raise UsageError(f"--out {out}: it is the file of problems itself; choose another")
    if not journal_path(out).exists():
        what = f"it is there already, without the journal {journal_path(out).name} of its samples"
        raise UsageError(f"--out {out}: {what}; choose another, or move it away")


def _read(problems: str, most: int | None) -> Found:
    if problems != "-":
        return read(Path(problems), most=most)
    with tempfile.TemporaryDirectory(prefix="tourney-") as folder:
        return read(spool(sys.stdin.buffer, Path(folder) / "stdin"), most=most, name="<stdin>")


def _wanted(sampling: Sampling, problem: Problem) -> Wanted:
    worded = sampling.worded(problem)
    return Wanted(problem=problem.id, worded=worded, prompt=digest(worded))


def _show_plan(sampling: Sampling, wanted: list[Wanted], out: Path, n: int, model: str, as_json: bool) -> None:
    contents = load(journal_path(out))
    if contents.places:
        # No server is asked, and so the model is whatever the journal says.
        header = {"model": contents.header.get("model"), **sampling.to_json()}
        contents.check(journal_path(out), header, {one.problem: one.prompt for one in wanted})
    planned = bill(wanted, contents, n=n, max_tokens=sampling.max_tokens)
    click.echo(dumps(planned.to_json()) if as_json else "\n".join(planned.lines()))


@dataclass(slots=True)
class _Session:
    """One `tourney sample`, from the first look at the server to the last line on the terminal."""

    policy: Policy
    sampling: Sampling
    found: Found
    wanted: list[Wanted]
    out: Path
    given: dict[str, Any]
    as_json: bool

    async def go(self) -> int:
        """Draw, write, print; the exit code."""
        try:
            await self.policy.start()
            header = {"model": self.policy.model, **self.sampling.to_json()}
            journal = Journal(journal_path(self.out), header, {one.problem: one.prompt for one in self.wanted})
            try:
                return await self._draw(journal)
            finally:
                journal.close()
        finally:
            await self.policy.close()

    async def _draw(self, journal: Journal) -> int:
        n = self.given["n"]
        drawing = Drawing(self.policy, journal, self.sampling, self.wanted, n=n, in_flight=self.given["in_flight"])
        known = n * len(self.wanted) - drawing.tally.wanted
        self._announce(journal, known)
        lost: TourneyError | None = None
        try:
            with driving.interruptible(drawing.interrupt, stopped=lambda: drawing.interrupted):
                await _watched(drawing)
        except TourneyError as error:
            lost = error
        seconds = drawing.tally.seconds
        written = write(self.out, self.found.problems, journal, n=n, keep_thinking=not self.given["drop_thinking"])
        summary = Summary(
            model=self.policy.model,
            n=n,
            problems=len(self.wanted),
            out=self.out,
            written=written,
            tally=drawing.tally,
            known=known,
            retries=self.policy.retries,
            seconds=seconds,
            interrupted=drawing.interrupted,
            greedy=self.sampling.temperature == 0,
        )
        self._print(summary)
        if lost is not None:
            raise lost
        return driving.INTERRUPTED if drawing.interrupted else 1 if drawing.tally.failed else 0

    def _announce(self, journal: Journal, known: int) -> None:
        """Say what was read, and what need not be drawn."""
        lines = [str(self.found)]
        if self.found.answered:
            lines.append(f"{self.found.answered:,} of them have candidates, which are ignored")
        if known:
            lines.append(f"{known:,} of {self.given['n'] * len(self.wanted):,} samples are in {journal.path} already")
        for line in lines:
            click.echo(f"tourney: {printable(line)}", err=True)

    def _print(self, summary: Summary) -> None:
        try:
            if self.as_json:
                click.echo(dumps(summary.to_json()))
            else:
                click.echo("\n".join(map(printable, summary.lines())))
        except BrokenPipeError:  # the reader went away; the file is written by now
            mute_stdout()
        for note in summary.notes():
            click.echo(f"tourney: {printable(note)}", err=True)


async def _watched(drawing: Drawing) -> None:
    """Draw with the live line on stderr; without it where stderr is no terminal."""
    from rich.progress import BarColumn, TextColumn

    from tournament.report.bar import passing_bar

    tally = drawing.tally
    columns = (BarColumn(bar_width=20), TextColumn("{task.description}", style="cyan", markup=False))
    with passing_bar(*columns) as bar:
        task = bar.add_task("", total=tally.wanted)

        async def watch() -> None:
            while True:
                bar.update(task, completed=tally.drawn + tally.failed, description=_status(tally))
                await asyncio.sleep(_PERIOD_S)

        async with driving.beside(watch()):
            await drawing.run()


def _status(tally: Tally) -> str:
    """The state of a session in one line."""
    seconds, done = tally.seconds, tally.drawn + tally.failed
    parts = [f"{done:,}/{tally.wanted:,} samples", f"{tally.drawn / seconds:,.1f}/s"]
    parts.append(f"{tally.tokens / seconds:,.0f} tokens/s")
    if tally.failed:
        parts.append(f"{tally.failed:,} failed")
    if tally.cut:
        parts.append(f"{100 * tally.cut / tally.drawn:.0f} % cut")
    if done:
        minutes, rest = divmod(round(seconds / done * (tally.wanted - done)), 60)
        parts.append(f"{minutes // 60}:{minutes % 60:02}:{rest:02} left")
    return ", ".join(parts)
