"""Problems from a file: a first pass that checks and counts them, and a stream in constant memory."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tournament.errors import InputError
from tournament.records.dialects import to_problem
from tournament.records.fields import RecordError, quote
from tournament.records.lines import read_lines
from tournament.records.parse import parse_object
from tournament.types import Problem

_PROGRESS_EVERY = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What a file of problems holds.

    `candidates` counts all of them; `largest_field` and `fields` count distinct texts, `fields` as the number
    of problems for each number of distinct candidates. `fingerprint` is 64 hexadecimal digits that stand for
    the problems and nothing else: neither the order and format of the lines nor dialect or `meta` change it.
    Where problem ids are left out, the line numbers are the ids and so do count. `share` counts, as `fields` does,
    those problems alone that `scan` was asked about.
    """

    problems: int
    candidates: int
    largest_field: int
    fingerprint: str
    fields: dict[int, int]
    share: dict[int, int]


def read_problems(path: Path) -> Iterator[Problem]:
    """Read the problems of a file, one at a time, plain or gzipped.

    Ids are not compared across the file, as that takes memory; `scan` does it.

    Raises:
        InputError: The file or one of its lines cannot be read, or there are no problems in it.
    """
    for _, problem in _numbered(path):
        yield problem


def scan(
    path: Path, *, takes: Callable[[str], bool] | None = None, progress: Callable[[int], None] | None = None
) -> Scan:
    """Check every line of a file and count what it holds; takes some 8 bytes of memory a problem.

    `takes` tells by its id whether a problem is to be counted in `share`; all are where it is not given. `progress` is
    told the number of problems read so far, every thousand problems and at the end.

    Raises:
        InputError: The file or one of its lines cannot be read, two problems share an id, or there are none.
    """
    hashes = array("Q")
    sizes: Counter[int] = Counter()
    share: Counter[int] = Counter()
    total = candidates = 0
    for _, problem in _numbered(path):
        hashes.append(_hash(problem.id))
        total += _digest(problem)
        candidates += len(problem.candidates)
        size = len({candidate.text for candidate in problem.candidates})
        sizes[size] += 1
        share[size] += takes is None or takes(problem.id)
        if progress and len(hashes) % _PROGRESS_EVERY == 0:
            progress(len(hashes))
    if progress:
        progress(len(hashes))
    problems = len(hashes)
    _refuse_repeated_ids(path, _repeated(hashes))
    return Scan(
        problems=problems,
        candidates=candidates,
        largest_field=max(sizes),
        fingerprint=f"{total % 2**256:064x}",
        fields=dict(sorted(sizes.items())),
        share={size: count for size, count in sorted(share.items()) if count},
    )


def _numbered(path: Path) -> Iterator[tuple[int, Problem]]:
    empty = True
    for line, raw in read_lines(path):
        try:
            problem = to_problem(parse_object(raw), f"line-{line}")
        except RecordError as flaw:
            raise InputError(str(path), line, str(flaw)) from None
        empty = False
        yield line, problem
    if empty:
        raise InputError(str(path), None, "holds no problems; write one JSON object a line")


def _hash(problem_id: str) -> int:
    return int.from_bytes(hashlib.blake2b(problem_id.encode(), digest_size=8).digest(), "little")


def _digest(problem: Problem) -> int:
    """A problem as a number of 256 bits; they are added up, so order is nothing and no pair cancels out."""
    prompt: object = problem.prompt
    if not isinstance(problem.prompt, str):
        prompt = [[message.role, message.content] for message in problem.prompt]
    candidates = [[candidate.id, candidate.text] for candidate in problem.candidates]
    canonical = json.dumps([problem.id, prompt, candidates, problem.reference], separators=(",", ":"))
    return int.from_bytes(hashlib.sha256(canonical.encode("ascii")).digest(), "big")


def _repeated(hashes: array[int]) -> set[int]:
    """The hashes that occur more than once; sorts them in place."""
    values = np.frombuffer(hashes, dtype=np.uint64)
    values.sort()
    return set(values[1:][values[1:] == values[:-1]].tolist())


def _refuse_repeated_ids(path: Path, repeated: set[int]) -> None:
    """Read the file again for the ids behind repeated hashes; equal hashes of unequal ids are harmless."""
    if not repeated:
        return
    first: dict[str, int] = {}
    for line, problem in _numbered(path):
        if _hash(problem.id) not in repeated:
            continue
        if problem.id in first:
            what = f"id {quote(problem.id)} was used on line {first[problem.id]} already; ids must be unique"
            raise InputError(str(path), line, what)
        first[problem.id] = line
