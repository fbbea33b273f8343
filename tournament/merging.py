"""Runs of one configuration over the same problems, such as the shards of one, put together as one run.

Nothing is judged: a problem's row, its comparisons and its spend are taken from a run that has played it, and what all
of them together say about the judge ranks every problem anew, as at the end of a single run.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any

from tournament.config import deciding
from tournament.drafts import MOST, Row, checked
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
    SUMMARY,
    as_written,
    differences,
    read_config,
    read_lines,
    read_summary,
)
from tournament.runner import came_to_nothing
from tournament.sharding import SHARDS, Shard
from tournament.strategy import Record
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
        """Its summary.json, empty where it never came to an end.

        Raises:
            RunFolderError: where it is damaged.
        """
        if not (self.folder / SUMMARY).exists():
            return {}
        told = read_summary(self.folder)
        with as_written(self.folder):
            json.dumps(told, allow_nan=False)
            told["retries"] = int(told.get("retries", 0))
        return told


def expanded(folders: Iterable[Path]) -> list[Path]:
    """Folders of runs, where one that holds shards stands for those."""
    every: dict[Path, None] = {}
    for folder in folders:
        shards = sorted(path for path in (folder / SHARDS).glob("*") if any((path / n).is_file() for n in _MARKS))
        every |= dict.fromkeys(shards or [folder])
    return list(every)


def part_of(folder: Path) -> Part:
    """The run in a folder.

    Raises:
        RunFolderError: where there is none.
    """
    document = read_config(folder)
    shard = document.pop("shard", None)
    with as_written(folder):  # what is laid beside that of another
        deciding(document)
        dict(document.get("input", {}))
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


async def gather(ledger: Ledger, paths: Iterable[Path], lender: Path | None = None) -> tuple[int, int]:
    """Take every judgment of the ledgers of some runs into one; how many there were, and how many it knew already.

    Args:
        ledger: Takes them.
        paths: The ledgers; those that are not there are left out.
        lender: One more, which the runs only read, and which is not counted.

    Raises:
        LedgerError: where a ledger cannot be read or written.
    """
    there = 0
    for path in _others([lender] if lender else [], ledger):
        await _take_over(ledger, path)
    before = ledger.count()
    for path in _others(paths, ledger):
        there += await _take_over(ledger, path)
    return there, there - (ledger.count() - before)


def _others(paths: Iterable[Path], ledger: Ledger) -> list[Path]:
    return [path for path in paths if path.is_file() and not path.samefile(ledger.path)]


async def _take_over(ledger: Ledger, path: Path) -> int:
    with closing(LedgerReader(path)) as reader:
        return await _put_all(ledger, reader)


async def _put_all(ledger: Ledger, reader: LedgerReader) -> int:
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

    A problem that several runs have played is taken from one that played it to its end, with the fewest comparisons
    that failed, else from the one that went furthest. `left` counts those that none has played, `failed` those whose
    comparisons failed and said nothing.
    """

    def __init__(self, parts: Iterable[Part], pool: Pool) -> None:
        self.left = self.failed = 0
        self._pool = pool
        self._streams = [_Stream(part.folder) for part in parts if _has_results(part.folder)]

    def play(self, problems: Iterable[Problem], output: Output) -> Iterator[bool]:
        """Take every problem into `output`; yields whether there was anything to take.

        Raises:
            RunFolderError: where a run's files are damaged, or were made of the input in another order.
        """
        for problem in problems:
            found = [told for stream in self._streams if (told := stream.take(problem)) is not None]
            if found:
                best = max(found, key=lambda told: told.merit)
                with as_written(best.folder):
                    self._pool.add(best.record)
                    output.take(best.row, best.lines, best.verdicts)
                self.failed += came_to_nothing(best.verdicts)
            self.left += not found
            yield bool(found)
        for stream in self._streams:
            stream.check_end()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What a run has written of one problem."""

    folder: Path
    row: Row
    record: Record
    lines: list[dict[str, Any]]
    verdicts: list[Verdict]

    @property
    def merit(self) -> tuple[bool, int, int]:
        """The greater, the better."""
        failed = sum(judgment.outcome is Outcome.FAILED for verdict in self.verdicts for judgment in verdict.judgments)
        return self.row["complete"], -failed, self.row["spend"]["comparisons"]


def _verdict(cells: Sequence[Any], lines: Iterator[Mapping[str, Any]]) -> Verdict:
    a, b, p_a, shown = cells
    told = [next(lines) for _ in shown]
    comparisons = [
        Comparison(first, second, line["repeat"], line["thinking_limit"])
        for (first, second, *_), line in zip(shown, told, strict=True)
    ]
    return Verdict(Match(a, b), p_a, tuple(comparisons), tuple(map(_judgment, told)))


def _judgment(line: Mapping[str, Any]) -> Judgment:
    p_first, judged = line["p_first"], [line[name] for name in _JUDGED]
    if not (p_first is None or 0 <= p_first <= 1):
        raise ValueError(f"the preference {p_first} is none")
    if not all(0 <= number < MOST for number in judged if isinstance(number, int | float)):
        raise ValueError("a comparison cost what none does")
    return Judgment(Outcome(line["outcome"]), p_first, *judged)


class _Stream:
    """The problems of a run, in its order: rows, and the comparisons that belong to them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Both are open from now on, since a run that ends meanwhile puts others in their place.
        self._rows, compared = _begun(read_lines(folder / DRAFTS)), _begun(read_lines(folder / COMPARISONS))
        self._compared = groupby(compared, itemgetter("problem"))
        self._row = next(self._rows, None)

    def take(self, problem: Problem) -> _Told | None:
        """What is told of a problem, None where another one comes next."""
        row = self._row
        with as_written(self._folder):
            if row is None or row["id"] != problem.id:
                return None
            record = checked(row, problem)
            count = sum(len(verdict.comparisons) for verdict in record.verdicts)
            lines = list(islice(next(self._compared, ("", ()))[1], count + 1)) if count else []
            if len(lines) != count or any(line["problem"] != problem.id for line in lines):
                raise ValueError(f"{COMPARISONS} tells another number of comparisons of {problem.id!r} than {DRAFTS}")
            self._row = next(self._rows, None)
            rest = iter(lines)
            verdicts = [_verdict(cells, rest) for verdicts in row["rounds"] for cells in verdicts]
            return _Told(folder=self._folder, row=row, record=record, lines=lines, verdicts=verdicts)

    def check_end(self) -> None:
        """Refuse a run whose problems came in another order than those of the input."""
        if self._row is not None:
            what = f"its problem {self._row['id']!r} does not come in the input, or not in this order"
            raise RunFolderError(f"{self._folder}: {what}; give the file that it was made from with --input")


def _has_results(folder: Path) -> bool:
    """Whether a run in a folder was ended, or stopped, with results; one that was killed may have left some of them."""
    return all((folder / name).is_file() for name in (DRAFTS, COMPARISONS))


def _begun(lines: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Lines of which the first has been read, so that their file is open."""
    return chain(list(islice(lines, 1)), lines)
