"""Runs of one configuration over the same problems, such as the shards of one, put together as one run.

Nothing is judged: a problem's row, its comparisons and its spend are taken from a run that has played it, and what all
of them together say about the judge ranks every problem anew, as at the end of a single run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from tournament.drafts import Row, record_of
from tournament.errors import RunFolderError, UsageError
from tournament.ledger import Ledger
from tournament.ledger_reader import Entry, LedgerReader
from tournament.output import Output
from tournament.pool import Pool
from tournament.run_folder import (
    COMMAND,
    COMPARISONS,
    CONFIG,
    DRAFTS,
    LEDGER,
    SUMMARY,
    as_written,
    differences,
    read_config,
    read_lines,
    read_summary,
)
from tournament.runner import came_to_nothing
from tournament.sharding import SHARDS, Shard
from tournament.types import Comparison, Judgment, Match, Outcome, Problem, Verdict

_AT_ONCE = 1000
_MARKS = (CONFIG, COMMAND)
_JUDGED = [name for name in Judgment._fields if name not in ("outcome", "p_first")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One run to be merged: its folder, what decides its results, and its shard, None for a whole run."""

    folder: Path
    document: Mapping[str, Any]
    shard: Shard | None

    @property
    def summary(self) -> Mapping[str, Any]:
        """Its summary.json, empty where it never came to an end."""
        return read_summary(self.folder) if (self.folder / SUMMARY).exists() else {}


def expanded(folders: Iterable[Path]) -> list[Path]:
    """Folders of runs, where one that holds shards stands for those."""
    every: dict[Path, None] = {}
    for folder in folders:
        shards = sorted(path for path in (folder / SHARDS).glob("*") if any((path / n).exists() for n in _MARKS))
        every |= dict.fromkeys(shards or [folder])
    return list(every)


def part_of(folder: Path) -> Part:
    """The run in a folder.

    Raises:
        RunFolderError: where there is none.
    """
    document = read_config(folder)
    shard = document.pop("shard", None)
    try:
        return Part(folder=folder, document=document, shard=None if shard is None else Shard.parse(str(shard)))
    except UsageError as error:
        raise RunFolderError(f"{folder / CONFIG}: {error}") from None


def refuse_unlike(parts: Sequence[Part]) -> None:
    """Refuse to put together what was not made alike.

    Raises:
        RunFolderError: naming two folders and what differs between them.
    """
    first = parts[0]
    for other in parts[1:]:
        if different := differences(first.document, other.document):
            what = "; ".join(different)
            raise RunFolderError(f"{first.folder} and {other.folder} are not of one run: {what}; merge them apart")
        if first.shard and other.shard and first.shard.of != other.shard.of:
            what = f"{first.folder} is shard {first.shard}, {other.folder} is shard {other.shard}"
            raise RunFolderError(f"{what}: these are two ways to share the problems; merge those of one of them")


def missing(parts: Sequence[Part]) -> list[Shard]:
    """The shards that nobody gave; none where a whole run is among the parts."""
    shards = [part.shard for part in parts]
    if not shards or shards[0] is None or None in shards:
        return []
    every = (Shard(index=index, of=shards[0].of) for index in range(1, shards[0].of + 1))
    return [shard for shard in every if shard not in shards]


async def gather(ledger: Ledger, folders: Iterable[Path]) -> tuple[int, int]:
    """Take every judgment of the ledgers in some folders into one; how many there were, and how many it knew already.

    Raises:
        LedgerError: where a ledger cannot be read or written.
    """
    there = 0
    before = ledger.count()
    for folder in folders:
        path = folder / LEDGER
        if path.exists() and not path.samefile(ledger.path):
            reader = LedgerReader(path)
            try:
                there += await _take_over(ledger, reader)
            finally:
                reader.close()
    return there, there - (ledger.count() - before)


async def _take_over(ledger: Ledger, reader: LedgerReader) -> int:
    count = 0
    batch: list[Entry] = []
    for entry in reader.entries():
        batch.append(entry)
        if len(batch) == _AT_ONCE:
            await ledger.put(batch)
            count, batch = count + len(batch), []
    if batch:
        await ledger.put(batch)
    return count + len(batch)


class Merged:
    """Hands the problems of several runs to an output, each once, in the order of the input.

    A problem that several runs have played is taken from one that played it to its end, else from the one that went
    furthest. `left` counts those that none has played, `failed` those whose comparisons failed and said nothing.
    """

    def __init__(self, parts: Iterable[Part], pool: Pool) -> None:
        self.left = self.failed = 0
        self._pool = pool
        self._streams = [_Stream(part.folder) for part in parts if (part.folder / DRAFTS).exists()]

    def play(self, problems: Iterable[Problem], output: Output) -> Iterator[bool]:
        """Take every problem into `output`; yields whether there was anything to take.

        Raises:
            RunFolderError: where a run's files are damaged, or were made of the input in another order.
        """
        for problem in problems:
            found = [told for stream in self._streams if (told := stream.take(problem.id)) is not None]
            if found:
                best = max(found, key=lambda told: (told.row["complete"], told.row["spend"]["comparisons"]))
                self._pool.add(record_of(best.row, problem))
                output.take(best.row, best.lines, verdicts := best.verdicts)
                self.failed += came_to_nothing(verdicts)
            self.left += not found
            yield bool(found)
        for stream in self._streams:
            stream.check_end()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What a run has written of one problem."""

    row: Row
    lines: list[dict[str, Any]]

    @property
    def verdicts(self) -> list[Verdict]:
        lines = iter(self.lines)
        return [_verdict(cells, lines) for verdicts in self.row["rounds"] for cells in verdicts]


def _verdict(cells: Sequence[Any], lines: Iterator[Mapping[str, Any]]) -> Verdict:
    a, b, p_a, shown = cells
    told = [next(lines) for _ in shown]
    comparisons = [
        Comparison(first, second, line["repeat"], line["thinking_limit"])
        for (first, second, *_), line in zip(shown, told, strict=True)
    ]
    return Verdict(Match(a, b), p_a, tuple(comparisons), tuple(map(_judgment, told)))


def _judgment(line: Mapping[str, Any]) -> Judgment:
    return Judgment(Outcome(line["outcome"]), line["p_first"], *(line[name] for name in _JUDGED))


class _Stream:
    """The problems of a run, in its order: rows, and the comparisons that belong to them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows = read_lines(folder / DRAFTS)
        self._compared = groupby(read_lines(folder / COMPARISONS), itemgetter("problem"))
        self._row = next(self._rows, None)

    def take(self, problem: str) -> _Told | None:
        """What is told of a problem, None where another one comes next."""
        row = self._row
        with as_written(self._folder):
            if row is None or row["id"] != problem:
                return None
            count = sum(len(cells[3]) for verdicts in row["rounds"] for cells in verdicts)
            lines = list(next(self._compared)[1]) if count else []
            if len(lines) != count or any(line["problem"] != problem for line in lines):
                raise ValueError(f"{COMPARISONS} tells another number of comparisons of {problem!r} than {DRAFTS}")
            self._row = next(self._rows, None)
            told = _Told(row=row, lines=lines)
            told.verdicts  # noqa: B018  # so that a damaged line is found here
            return told

    def check_end(self) -> None:
        """Refuse a run whose problems came in another order than those of the input."""
        if self._row is not None:
            what = f"its problem {self._row['id']!r} does not come in the input, or not in this order"
            raise RunFolderError(f"{self._folder}: {what}; give the file that it was made from with --input")
