"""Reading a ledger: by key, or from end to end. It takes no lock, and in WAL mode never waits for the writer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tournament.errors import LedgerError
from tournament.ledger_schema import COLUMNS, SELECT, VERSION
from tournament.types import Comparison, Judgment, Outcome

# What reading a row that no tourney wrote ends in.
_FOREIGN = (ValueError, TypeError, AttributeError)


class Entry(NamedTuple):
    """One judgment to be kept: its key, what was compared, and what came back."""

    key: bytes
    problem: str
    first: str
    second: str
    comparison: Comparison
    judgment: Judgment


class LedgerReader:
    """The judgments of a ledger, whoever writes it meanwhile.

    Args:
        path: The ledger's file.
        connection: How to reach it; None opens the file for reading alone.

    Raises:
        LedgerError: where the file is missing, damaged, or of another version.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection | None = None) -> None:
        self.path = path
        self._connection = _opened(path) if connection is None else connection

    def find(self, keys: Sequence[bytes]) -> dict[bytes, Judgment]:
        """The judgments already paid for, by key; those that cost nothing are not among them."""
        found: dict[bytes, Judgment] = {}
        try:
            for start in range(0, len(keys), 500):
                part = keys[start : start + 500]
                for key, *judged in self._connection.execute(f"{SELECT} ({','.join('?' * len(part))})", part):
                    found[key] = _judgment(judged)
        except (sqlite3.Error, *_FOREIGN) as error:
            raise broken(self.path, error) from error
        return found

    def count(self) -> int:
        """How many judgments are kept."""
        try:
            return int(self._connection.execute("SELECT count(*) FROM judgments").fetchone()[0])
        except sqlite3.Error as error:
            raise broken(self.path, error) from error

    def entries(self, problem: str | None = None) -> Iterator[Entry]:
        """Every judgment kept, or those of one problem."""
        where = "" if problem is None else "WHERE problem = ?"
        try:
            rows = self._connection.execute(
                f"SELECT {COLUMNS} FROM judgments {where}",  # noqa: S608
                () if problem is None else (stored(problem),),
            )
            for key, *judged, name, first, second, repeat, limit in rows:
                shown = (_text(name), _text(first), _text(second))
                entry = Entry(key, *shown, Comparison(-1, -1, repeat, limit), _judgment(judged))
                yield entry
        except (sqlite3.Error, *_FOREIGN) as error:
            raise broken(self.path, error) from error

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def mean_seconds(path: Path) -> float | None:
    """The mean seconds a comparison of a ledger took, None for an empty one; a run may be using it meanwhile.

    Raises:
        LedgerError: where it is no ledger.
    """
    connection = _opened(path)
    try:
        mean: float | None = connection.execute("SELECT avg(seconds) FROM judgments").fetchone()[0]
    except sqlite3.Error as error:
        raise broken(path, error) from None
    finally:
        connection.close()
    return mean


def broken(path: Path, error: Exception) -> LedgerError:
    """What is wrong with a ledger, and what to do about it."""
    if "locked" in str(error):
        return LedgerError(f"{path}: the ledger is locked by another program; end it, then run again")
    return LedgerError(
        f"{path}: the ledger cannot be used ({error}); save what is readable with"
        f" `sqlite3 {path} .recover`, or move it away to start afresh"
    )


def stored(text: str) -> str | bytes:
    """Text as SQLite takes it: half surrogates, which JSON may hold and UTF-8 may not, make it bytes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def _opened(path: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)
        try:
            connection.execute("PRAGMA trusted_schema=OFF")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            connection.execute("SELECT 1 FROM judgments LIMIT 1").fetchone()
        except sqlite3.Error:
            connection.close()
            raise
    except (sqlite3.Error, OSError) as error:
        raise LedgerError(f"{path}: cannot be read as a ledger ({error}); give the ledger.sqlite of a run") from None
    if version != VERSION:
        connection.close()
        raise LedgerError(
            f"{path}: a ledger of version {version}, to be read as version {VERSION}; the command that made it, given"
            " again, brings it up to date"
        )
    return connection


def _judgment(judged: list[Any]) -> Judgment:
    outcome, p_first, text, detail, *counts, cut, label_mass, p_cheap = judged
    return Judgment._make(
        (Outcome(outcome), p_first, _text(text), _text(detail), *counts, bool(cut), label_mass, p_cheap)
    )


def _text(stored: str | bytes) -> str:
    return stored if isinstance(stored, str) else stored.decode("utf-8", "surrogatepass")
