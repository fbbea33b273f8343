"""What the log of `crowd.py` says: what was asked and answered, what each problem cost, and who waited for whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from benchmarks.faults.checker import Seen


class Note(NamedTuple):
    """One line: `kind` r (received), j (answered whole) or b (the client had gone), `open` requests at that time."""

    kind: str
    at: float
    open: int
    tokens: int
    pair: str

    @property
    def problem(self) -> int:
        """The problem's place in the file, from 0."""
        return int(self.pair.partition(" ")[0][1:])


def notes(path: Path) -> Iterator[Note]:
    """The lines of a log."""
    with path.open(encoding="ascii") as log:
        for line in log:
            kind, at, busy, tokens, pair = line.rstrip("\n").split(" ", 4)
            yield Note(kind, float(at), int(busy), int(tokens), pair)


@dataclass(slots=True, kw_only=True)
class Session:
    """What a server saw of one session. `tokens` holds those of whole answers by pair."""

    received: Counter[str] = field(default_factory=Counter)
    judgments: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    broken: int = 0
    peak: int = 0
    last_s: float = 0.0

    @classmethod
    def of(cls, found: Iterable[Note]) -> Session:
        """The notes of a session, summed up."""
        session = cls()
        for note in found:
            session.peak, session.last_s = max(session.peak, note.open), note.at
            if note.kind == "r":
                session.received[note.pair] += 1
            elif note.kind == "j":
                session.judgments[note.pair] += 1
                session.tokens[note.pair] += note.tokens
            else:
                session.broken += 1
        return session

    @property
    def seen(self) -> Seen:
        """The session as the checker wants to have it."""
        return Seen(
            received=self.received,
            judgments=self.judgments,
            tokens=self.tokens.total(),
            apart=self.broken,
            worthless=0,
            hits=0,
            strays=0,
            leaked=0,
        )


def overrun(known: Counter[str], session: Session, limit: int) -> tuple[int, int]:
    """Tokens over the limits of all problems, and the most that one problem came to.

    `known` are the tokens of the pairs that the ledger held before the session; they count against a problem's limit.
    """
    each: Counter[str] = Counter()
    for tokens in (known, session.tokens):
        for pair, count in tokens.items():
            each[pair.partition(" ")[0]] += count
    return sum(max(0, count - limit) for count in each.values()), max(each.values(), default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fairness:
    """Whether problems went through in about the order of the file.

    `spread` is how many places the furthest problem was ever ahead of the oldest unfinished one; `median_s` and
    `longest_s` say for how long a problem was open, from its first request to its last answer.
    """

    spread: int
    median_s: float
    longest_s: float


def fairness(path: Path) -> Fairness:
    """How fair a session was that has a log of its own."""
    first, last = _spans(path)
    times = sorted(last[problem][0] - begun for problem, begun in first.items())
    if not times:
        return Fairness(spread=0, median_s=0.0, longest_s=0.0)
    return Fairness(spread=_spread(path, last), median_s=times[len(times) // 2], longest_s=times[-1])


def _spans(path: Path) -> tuple[dict[int, float], dict[int, tuple[float, int]]]:
    first: dict[int, float] = {}
    last: dict[int, tuple[float, int]] = {}
    for line, note in enumerate(notes(path)):
        first.setdefault(note.problem, note.at)
        last[note.problem] = (note.at, line)
    return first, last


def _spread(path: Path, last: dict[int, tuple[float, int]]) -> int:
    order = iter(sorted(last))
    oldest, furthest, spread = next(order, None), 0, 0
    for line, note in enumerate(notes(path)):
        furthest = max(furthest, note.problem)
        while oldest is not None and last[oldest][1] <= line:
            oldest = next(order, None)
        if oldest is not None:
            spread = max(spread, furthest - oldest)
    return spread
