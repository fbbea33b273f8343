"""An input by whatever name a user gives it: a file, standard input, Parquet, or a file on the Hugging Face hub."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tournament.errors import InputError
from tournament.records import hub
from tournament.records.lines import spool
from tournament.records.parquet import is_parquet, write_rows
from tournament.records.read import Scan, scan

_ENDINGS = (".gz", ".jsonl", ".parquet")


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """An input as lines in a file.

    Attributes:
        path: Where the lines are; for what is no file of JSON lines itself, a temporary file.
        name: A short name, such as for a run's folder.
        shown: How messages name it.
        rows: Whether its lines are the rows of a table.
    """

    path: Path
    name: str
    shown: str
    rows: bool = False

    def error(self, line: int | None, what: str) -> InputError:
        """What is wrong with a line, by the name that the user knows the input by."""
        if self.rows and line is not None:
            return InputError(self.shown, None, f"row {line}: {what}")
        return InputError(self.shown, line, what)

    def scan(
        self, *, takes: Callable[[str], bool] | None = None, progress: Callable[[int], None] | None = None
    ) -> Scan:
        """`scan` of the lines, with errors by the input's own name."""
        try:
            return scan(self.path, takes=takes, progress=progress)
        except InputError as error:
            raise self.error(error.line, error.what) from None


@contextmanager
def opened(argument: str, stdin: BinaryIO) -> Iterator[InputFile]:
    """An input as a file of lines: "-" is standard input, hf://... is fetched, Parquet becomes JSON lines.

    Whatever needs a temporary file has it until the end of the block. A file of lines is used as it is.

    Raises:
        UsageError: The extra `data` is missing, or an address is none.
        InputError: The input cannot be fetched or read.
    """
    with ExitStack() as stack:
        if argument == "-":
            path = spool(stdin, _folder(stack) / "stdin")
            found = InputFile(path=path, name="stdin", shown="<stdin>")
        elif argument.startswith(hub.SCHEME):
            found = InputFile(path=hub.fetch(argument), name=_name(argument), shown=argument)
        else:
            found = InputFile(path=Path(argument), name=_name(argument), shown=str(Path(argument)))
        if is_parquet(found.path):
            rows = _folder(stack) / "rows.jsonl"
            write_rows(found.path, found.shown, rows)
            found = InputFile(path=rows, name=found.name, shown=found.shown, rows=True)
        yield found


def _folder(stack: ExitStack) -> Path:
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tourney-")))


def _name(argument: str) -> str:
    name = Path(argument).name
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return name
