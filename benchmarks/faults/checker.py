"""Holds a server's own log against a ledger: what was lost, paid twice, or spent over a budget.

A judgment counts as acknowledged by the server where the whole of its answer went out while the client still listened.
What the client had given up, or the server broke off, is counted apart: nobody could have written it down.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A part of a server's log, summed up.

    `judgments` counts the whole answers by pair, `apart` the answers that broke off or were given up, `worthless` the
    whole answers that held no judgment, `tokens` what the judgments cost, `hits` the requests that the fault met and
    `strays` the requests that came to the other host, `leaked` those of them with a key.
    """

    received: Counter[str]
    judgments: Counter[str]
    tokens: int
    apart: int
    worthless: int
    hits: int
    strays: int
    leaked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What one run, of one or more sessions, lost and paid twice, and the tokens over its budget."""

    lost: int = 0
    paid_twice: int = 0
    overrun: int = 0

    def __add__(self, other: Account) -> Account:
        return Account(
            lost=self.lost + other.lost,
            paid_twice=self.paid_twice + other.paid_twice,
            overrun=self.overrun + other.overrun,
        )

    @property
    def clean(self) -> bool:
        """Whether every promise was kept."""
        return not (self.lost or self.paid_twice or self.overrun)


def read_log(path: Path, skip: int = 0) -> tuple[Seen, int]:
    """What a log says after its first `skip` lines, and the number of its lines."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return sum_up([json.loads(line) for line in lines[skip:]]), len(lines)


def sum_up(notes: Sequence[dict[str, Any]]) -> Seen:
    """The notes of a server, summed up."""
    ended = [note for note in notes if note["what"] == "ended"]
    judgments = [note for note in ended if note["how"] == "judgment" and note["status"] == 200]
    strays = [note for note in notes if note["what"] == "stray"]
    return Seen(
        received=Counter(note["pair"] for note in notes if note["what"] == "received"),
        judgments=Counter(note["pair"] for note in judgments),
        tokens=sum(note["tokens"] for note in judgments),
        apart=sum(note["how"] == "broken" for note in ended),
        worthless=sum(note["how"] == "worthless" for note in ended),
        hits=sum(note["what"] == "fault" for note in notes),
        strays=len(strays),
        leaked=sum(bool(note["key"]) for note in strays),
    )


def read_ledger(path: Path) -> Counter[str]:
    """The judgments in a ledger by pair, those that cost nothing left out; the ledger itself is not touched.

    Nothing was paid for what failed, nor for what a server refused unread, so either may be asked for again.

    It is read from a copy, since opening it would do the work of a resumed run: take over what a killed one left in
    the write-ahead log.
    """
    if not path.exists():
        return Counter()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        for suffix in ("", "-wal"):
            part = path.with_name(path.name + suffix)
            if part.exists():
                shutil.copyfile(part, copy.with_name(copy.name + suffix))
        connection = sqlite3.connect(copy)
        try:
            paid = "outcome != 'failed' AND (outcome != 'refused' OR prompt_tokens > 0)"
            asked = f"SELECT problem, first, second FROM judgments WHERE {paid}"
            return Counter(" ".join(row) for row in connection.execute(asked))
        except sqlite3.DatabaseError:  # killed before the table was made, or damaged on purpose
            return Counter()
        finally:
            connection.close()


def check(before: Counter[str], seen: Seen, after: Counter[str], *, killed: bool, limit: int | None = None) -> Account:
    """One session: the ledger before it, what the server saw, the ledger after it.

    Lost is what was in the ledger and is no more, and, unless the session was killed, what the server answered whole
    and the ledger does not hold. Paid twice is what was asked again though the ledger held it, and every whole judgment
    of a pair after the first.
    """
    lost = (before - after).total()
    if not killed:
        lost += sum(pair not in after for pair in seen.judgments)
    asked_again = sum(count for pair, count in seen.received.items() if pair in before)
    twice = sum(count - 1 for pair, count in seen.judgments.items() if pair not in before)
    over = 0 if limit is None else max(0, seen.tokens - limit)
    return Account(lost=lost, paid_twice=asked_again + twice, overrun=over)
