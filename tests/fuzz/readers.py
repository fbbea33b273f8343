"""Everything that reads what somebody else may have written, each as a function of bytes.

A reader may refuse with an error of the project's own tree and with nothing else; `seeds.py` has sound inputs.
`tests/fuzz` feeds them by hypothesis, `benchmarks/faults/fuzz.py` by coverage where atheris is installed.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tournament.answers import final_answer, same
from tournament.cli.main import run
from tournament.config import RunConfig, load, merge
from tournament.errors import TourneyError
from tournament.experiments import sweep_file
from tournament.experiments.sampling import journal, problems
from tournament.experiments.sampling.sample import read_answer
from tournament.experiments.scaling import grid_file
from tournament.judges import official
from tournament.judges.gguf import read_header
from tournament.judges.neutralise import Marks, broken, neutralise, neutralise_own, response_only
from tournament.judges.openai import _reply
from tournament.judges.profile import load_profile
from tournament.judges.recorded import RecordedJudge, RecordedSettings
from tournament.judges.verdicts import GRAMMARS, read_verdict
from tournament.judges.wording import load_wording
from tournament.ledger import Ledger
from tournament.ledger_reader import mean_seconds
from tournament.records import read_problems
from tournament.run_folder import RunFolder
from tournament.runtime.events import LastEvent, refusal_in
from tournament.runtime.faults import RequestError
from tournament.runtime.retry import retry_after

Reader = Callable[[bytes], None]
EXPECTED = (TourneyError, RequestError)

CANDIDATES = "".join(
    json.dumps(
        {"id": f"p{i}", "prompt": "q", "candidates": [{"text": f"{j}", "meta": {"correct": j == 0}} for j in range(3)]}
    )
    + "\n"
    for i in range(3)
)
GRID = 'grader = "labels"\nn = [2]\n[[strategies]]\nname = "round-robin"\nvotes = 2\nbudgets = ["2N"]\n'


@dataclass(frozen=True)
class Workplace:
    """A finished run and a finished sweep, to be damaged, in a folder of their own."""

    folder: Path

    @property
    def run(self) -> Path:
        return self.folder / "run"

    @property
    def sweep(self) -> Path:
        return self.folder / "sweep"

    @property
    def point(self) -> Path:
        return next((self.sweep / "points").glob("*.jsonl"))


@functools.cache
def workplace() -> Workplace:
    """Made once a process, by the command line itself."""
    made = Workplace(Path(tempfile.mkdtemp(prefix="tourney-fuzz-")))
    (made.folder / "in.jsonl").write_text(CANDIDATES)
    (made.folder / "grid.toml").write_text(GRID)
    judge = ("--judge", "synthetic")
    source = str(made.folder / "in.jsonl")
    grid = str(made.folder / "grid.toml")
    quiet("rank", source, *judge, "--strategy", "knockout", "--out", str(made.run))
    quiet("sweep", grid, source, *judge, "--out", str(made.sweep), "--no-plots")
    return made


def clear() -> None:
    """Remove the workplace."""
    if workplace.cache_info().currsize:
        shutil.rmtree(workplace().folder, ignore_errors=True)
        workplace.cache_clear()


def quiet(*arguments: str) -> int:
    """The command line without its words."""
    sink = io.StringIO()
    with contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink):
        return run(list(arguments))


@contextlib.contextmanager
def damaged(path: Path, data: bytes) -> Iterator[None]:
    """A file with other content, for the length of the block."""
    sound = path.read_bytes() if path.exists() else None
    path.write_bytes(data)
    try:
        yield
    finally:
        path.write_bytes(sound) if sound is not None else path.unlink(missing_ok=True)


@contextlib.contextmanager
def emptied(folder: Path) -> Iterator[None]:
    """A folder that is not there after the block."""
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def by_file(name: str, read: Callable[[Path], object]) -> Reader:
    """A reader of a file of that name."""

    def reader(data: bytes) -> None:
        path = workplace().folder / name
        with damaged(path, data):
            read(path)

    return reader


def of_run(name: str, *commands: tuple[str, ...], folder: str = "run") -> Reader:
    """Verbs that look at a run folder of which one file is damaged; RUN and IN stand for the folder and its input."""

    def reader(data: bytes) -> None:
        where = workplace().folder
        path = where / folder / name if name != "POINT" else workplace().point
        for command in commands:
            names = {"RUN": str(where / folder), "IN": str(where / "in.jsonl"), "GRID": str(where / "grid.toml")}
            names |= {"POINT": str(path), "PAGE": str(where / "page.html"), "ALL": str(where / "all")}
            with damaged(path, data), emptied(where / "all"):
                assert quiet(*(names.get(word, word) for word in command)) in (0, 1, 2)

    return reader


def config(path: Path) -> None:
    merge(RunConfig(), load(path), "c.toml")


def wording(path: Path) -> None:
    words = load_wording(str(path))
    for message in words.messages("question", "one", "two"):
        message.content.encode()


def card(path: Path) -> None:
    official.words_in(path, {"user": (official.Claim(characters=10, sha256="0" * 64),)})


def ledger(path: Path) -> None:
    try:
        opened = Ledger(path)
        try:
            opened.find([b"k" * 32, bytes(32)])
            opened.count()
            list(opened.entries())
            list(opened.entries("p0"))
        finally:
            opened.close()
        mean_seconds(path)
    finally:
        for ending in ("-wal", "-shm", "-journal"):
            path.with_name(path.name + ending).unlink(missing_ok=True)


def claim(path: Path) -> None:
    folder = RunFolder(path.parent / "claimed")
    try:
        (folder.path / "config.toml").write_bytes(path.read_bytes())
        folder.claim({"seed": 1})
    finally:
        folder.close()


def texts(data: bytes) -> None:
    """What is done to the words of judges and candidates."""
    text = data.decode("utf-8", "surrogatepass" if b"\xed" in data else "replace") if _is_text(data) else ""
    for grammar in GRAMMARS.values():
        for finished in (True, False):
            read_verdict(grammar, text, finished)
        grammar.without_verdict(text)
    for made_safe in (
        neutralise(text),
        neutralise_own(text),
        response_only(text),
        Marks(("[A's  answer]",)).broken(text),
        *(broken(grammar.spoken, text) for grammar in GRAMMARS.values()),
    ):
        made_safe.encode()
    same(final_answer(text), text)


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def answers(data: bytes) -> None:
    """What a server answered."""
    refusal_in(data)
    events = LastEvent(lambda: None)
    for start in range(0, len(data), 7):
        events.feed(data[start : start + 7])
    try:
        body: Any = json.loads(data)
    except (ValueError, RecursionError):
        return
    _reply(body)
    read_answer(body)


def lines(path: Path) -> None:
    for _ in read_problems(path):
        pass


SHOW: tuple[tuple[str, ...], ...] = (("show", "RUN"), ("show", "RUN", "p1"))
PAGES: tuple[tuple[str, ...], ...] = (("report", "RUN", "--text", "--html", "PAGE"), ("compare", "RUN", "RUN"))
TRIAL: tuple[tuple[str, ...], ...] = (("judge", "eval", "--run", "RUN", "--labels", "IN"),)
SWEPT: tuple[tuple[str, ...], ...] = (
    ("sweep", "GRID", "IN", "--judge", "synthetic", "--out", "RUN", "--no-plots", "--offline"),
)
MERGED: tuple[tuple[str, ...], ...] = (("merge", "RUN", "--input", "IN", "--out", "ALL"),)

READERS: Mapping[str, Reader] = {
    "config": by_file("c.toml", config),
    "sweep": by_file("s.toml", lambda path: grid_file.read(str(path))),
    "simulation": by_file("w.toml", lambda path: sweep_file.read(str(path))),
    "profile": by_file("j.toml", lambda path: load_profile(str(path))),
    "wording": by_file("p.toml", wording),
    "card": by_file("README.md", card),
    "notebook": by_file("card.ipynb", card),
    "ledger": by_file("l.sqlite", ledger),
    "claimed config": by_file("config.toml", claim),
    "journal": by_file("o.samples.jsonl", journal.load),
    "problems": by_file("q.jsonl", problems.read),
    "candidates": by_file("x.jsonl", lines),
    "recorded": by_file("r.jsonl", lambda path: RecordedJudge(RecordedSettings(file=str(path)))),
    "gguf": by_file("m.gguf", read_header),
    "results": of_run("results.jsonl", *SHOW, *PAGES),
    "comparisons": of_run("comparisons.jsonl", *SHOW, *PAGES, *TRIAL),
    "summary": of_run("summary.json", *SHOW, *PAGES, *TRIAL),
    "run config": of_run("config.toml", *PAGES, *MERGED),
    "drafts": of_run("drafts.jsonl", *MERGED),
    "merged comparisons": of_run("comparisons.jsonl", *MERGED),
    "merged summary": of_run("summary.json", *MERGED),
    "command": of_run("command.json", *MERGED, folder="sweep"),
    "merged judges": of_run("judges.json", *MERGED, folder="sweep"),
    "status": of_run("status.json", ("status", "RUN"), ("status", "RUN", "--json")),
    "sweep table": of_run("summary.csv", ("report", "RUN", "--html", "PAGE"), folder="sweep"),
    "sweep summary": of_run("summary.json", ("report", "RUN", "--html", "PAGE"), folder="sweep"),
    "point": of_run("POINT", *SWEPT, ("compare", "POINT", "POINT"), folder="sweep"),
    "judges": of_run("judges.json", *SWEPT, folder="sweep"),
    "texts": texts,
    "answers": answers,
    "retry after": lambda data: _waited(retry_after(data.decode("latin-1"))),
}


def _waited(seconds: float | None) -> None:
    assert seconds is None or seconds >= 0


def refused(reader: str, data: bytes) -> str:
    """What a reader says against an input, empty where it takes it; whatever else it raises is a finding."""
    try:
        READERS[reader](data)
    except EXPECTED as error:
        return str(error) or type(error).__name__
    return ""
