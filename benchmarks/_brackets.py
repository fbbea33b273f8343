"""Recorded knockouts from a file: who met whom in which round, who was shown first, and who won.

A file holds one JSON object a line: "id", "candidates" (how many), and "matches", each with "round" from 1, "match"
from 0, the candidate numbers "first" (shown first), "second" and "winner", and "boxed", the words in the judge's box;
"champion" may stand beside them. The matches of a round are numbered in the order of the bracket. A field that is no
power of two has its byes as the engine gives them: in the first round alone, and their candidates follow the winners.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from reprlib import repr as brief
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tournament.errors import InputError
from tournament.types import Candidate, Problem

BOXES = ("Assistant 1", "Assistant 2")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedMatch:
    """A match as it was judged: candidate numbers, and what the judge put into its box."""

    round: int
    number: int
    first: int
    second: int
    winner: int
    boxed: str | None

    @property
    def against_its_box(self) -> bool:
        """Whether the box names the other candidate as the better."""
        return self.boxed in BOXES and (self.boxed == BOXES[0]) != (self.winner == self.first)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """The recorded knockout of one problem, round by round, and the line of the file that it came from."""

    id: str
    line: int
    candidates: int
    rounds: tuple[tuple[RecordedMatch, ...], ...]
    champion: int

    @property
    def matches(self) -> list[RecordedMatch]:
        """All matches, first to last."""
        return [match for matches in self.rounds for match in matches]

    @property
    def draw(self) -> str:
        """The pairs of the first round, then those who had a bye, as the `knockout` strategy takes a draw."""
        entered = (number for matches in self.rounds[:2] for m in matches for number in (m.first, m.second))
        return ",".join(map(str, dict.fromkeys(entered))) or "given"

    @property
    def problem(self) -> Problem:
        """The problem in the engine's terms; its id stands in for the prompt, the numbers for the texts."""
        names = map(str, range(self.candidates))
        return Problem(id=self.id, prompt=self.id, candidates=tuple(Candidate(id=name, text=name) for name in names))


def read_brackets(path: Path) -> list[Bracket]:
    """Read the recorded knockouts of a file.

    Raises:
        InputError: for a file that cannot be read, is empty, or has a line that is no whole knockout.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise InputError(str(path), None, f"cannot be read ({error.strerror}); give the file of brackets") from None
    brackets: dict[str, Bracket] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            bracket = _bracket(_object(line), number)
            if bracket.id in brackets:
                earlier = brackets[bracket.id].line
                raise ValueError(f"id {brief(bracket.id)} is that of line {earlier} too; give each problem its own")
        except ValueError as error:
            raise InputError(str(path), number, str(error)) from None
        brackets[bracket.id] = bracket
    if not brackets:
        raise InputError(str(path), None, "holds no bracket; give a file with one JSON object a line")
    return list(brackets.values())


def _object(line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        why = f"{error.msg} at column {error.colno}" if isinstance(error, json.JSONDecodeError) else str(error)
        raise ValueError(f"no JSON ({why}); the file may be cut or damaged, fetch it again") from None
    if not isinstance(row, dict):
        raise ValueError(f"{brief(row)} is no bracket; give an object with id, candidates and matches")
    return row


def _bracket(row: dict[str, Any], line: int) -> Bracket:
    name, rows = row.get("id"), row.get("matches")
    if type(name) not in (str, int):
        raise ValueError(f"id is {brief(name)}; give the problem an id in words")
    n = _number(row, "candidates", 1, None, "")
    if not isinstance(rows, list):
        raise ValueError(f"matches is {brief(rows)}; give a list of matches")
    if n == 1 and rows:
        raise ValueError("matches holds some, but there is 1 candidate; give the number of candidates")
    rounds = _rounds([_match(each, n) for each in rows], n)
    last = rounds[-1][0].winner if rounds else 0
    champion = _number(row, "champion", 0, n, "") if "champion" in row else last
    return Bracket(id=str(name), line=line, candidates=n, rounds=rounds, champion=champion)


def _match(row: Any, n: int) -> RecordedMatch:
    if not isinstance(row, dict):
        raise ValueError(f"{brief(row)} is no match; give objects with round, match, first, second and winner")
    number = _number(row, "round", 1, (n - 1).bit_length() + 1, "a match: ")
    match = _number(row, "match", 0, n, f"round {number}: ")
    where = f"round {number}, match {match}: "
    first, second, winner = (_number(row, name, 0, n, where) for name in ("first", "second", "winner"))
    if first == second:
        raise ValueError(f"{where}first and second are both {first}; give two candidates")
    if winner not in (first, second):
        raise ValueError(f"{where}winner {winner} is neither {first} nor {second}; give one of the two")
    boxed = row.get("boxed")
    if not isinstance(boxed, str | None):
        raise ValueError(f"{where}boxed is {brief(boxed)}; give the words in the judge's box, or null")
    return RecordedMatch(round=number, number=match, first=first, second=second, winner=winner, boxed=boxed)


def _number(row: Mapping[str, Any], name: str, low: int, end: int | None, where: str) -> int:
    value = row.get(name)
    if type(value) is int and value >= low and (end is None or value < end):
        return value
    what = f"is {brief(value)}" if name in row else "is missing"
    fits = f"of at least {low}" if end is None else f"from {low} to {brief(end - 1)}"
    raise ValueError(f"{where}{name} {what}; give a whole number {fits}")


def _rounds(matches: Sequence[RecordedMatch], n: int) -> tuple[tuple[RecordedMatch, ...], ...]:
    """The matches by round, each round in the order of its numbers; as many as a knockout of `n` has."""
    last = (n - 1).bit_length()
    rounds = []
    for number in range(1, last + 1):
        held = sorted((m for m in matches if m.round == number), key=lambda match: match.number)
        size = 1 << (last - number) if number > 1 else n - (1 << last) // 2
        _check_round(held, f"round {number}", size, n)
        rounds.append(tuple(held))
    return tuple(rounds)


def _check_round(held: Sequence[RecordedMatch], where: str, size: int, n: int) -> None:
    if not held:
        raise ValueError(f"{where} is missing; give every round of the knockout of {brief(n)} candidates")
    if len(held) != size:
        whole = f"a knockout of {brief(n)} candidates, with byes in round 1 alone, has {brief(size)} there"
        raise ValueError(f"matches in {where}: {len(held)}; give a whole bracket: {whole}")
    if [match.number for match in held] != list(range(size)):
        raise ValueError(f"{where}: its matches are not numbered 0 to {size - 1}; give each number once")
    (candidate, times), *_ = Counter(c for match in held for c in (match.first, match.second)).most_common(1)
    if times > 1:
        raise ValueError(f"{where}: candidate {candidate} has {times} matches; give each candidate one match a round")
