"""The store of every judgment ever paid for: SQLite, keyed by a hash of everything that changes a judgment.

One thread owns the writing connection. It takes all judgments that are waiting, writes them in one transaction, and
only then lets their strategies hear of them. Reading uses a connection of its own, which in WAL mode never waits for
the writer; a look-up by key takes microseconds and is done in place.
"""

from __future__ import annotations

import asyncio
import fcntl
import queue
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from tournament.errors import LedgerError
from tournament.ledger_reader import Entry, LedgerReader, broken, stored
from tournament.ledger_schema import INSERT, SCHEMA, SELECT, VERSION, bring_up_to_date
from tournament.types import Judgment

BUSY_SECONDS = 5.0

_Put = tuple[Sequence[Entry], asyncio.Future[None]]


class Ledger:
    """Judgments on disk; opened for one run at a time.

    Args:
        path: The file.
        lenders: Other ledgers, whose judgments are found as well; they are closed with this one.

    Raises:
        LedgerError: where the file is damaged, locked by another program, or of another version.
    """

    def __init__(self, path: Path, lenders: Sequence[LedgerReader] = ()) -> None:
        self.path = path
        self._lenders = lenders
        self._waiting: queue.SimpleQueue[_Put | None] = queue.SimpleQueue()
        # A ledger that was empty holds only what this run puts in, since it is locked: a mark for each key put saves
        # most look-ups. Two keys may share a mark; then the look-up is made and finds nothing.
        self._fresh: bytearray | None = None
        self._lock = _locked(path)
        try:
            self._writer = self._open()
        except LedgerError:
            self._lock.close()
            raise
        self._reader = LedgerReader(path, sqlite3.connect(path, check_same_thread=False, isolation_level=None))
        self._thread = threading.Thread(target=self._write_all, name="ledger", daemon=True)
        self._thread.start()

    def find(self, keys: Sequence[bytes]) -> dict[bytes, Judgment]:
        """The judgments already paid for, by key; those that cost nothing are not among them."""
        fresh = self._fresh
        found = self._reader.find(keys if fresh is None else [key for key in keys if fresh[_place(key)]])
        for lender in self._lenders:
            found.update(lender.find([key for key in keys if key not in found]))
        return found

    async def put(self, entries: Sequence[Entry]) -> None:
        """Keep judgments; returns when they are on disk."""
        if self._fresh is not None:
            for entry in entries:
                self._fresh[_place(entry.key)] = 1
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.put((entries, done))
        await done

    def count(self) -> int:
        """How many judgments are kept."""
        return self._reader.count()

    def entries(self, problem: str | None = None) -> Iterator[Entry]:
        """Every judgment kept, or those of one problem; for audits and for people."""
        return self._reader.entries(problem)

    def close(self) -> None:
        """Write what is waiting and close the file."""
        self._waiting.put(None)
        self._thread.join()
        for reader in (self._reader, *self._lenders):
            reader.close()
        self._writer.close()
        self._lock.close()

    def _open(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = None
        try:
            _refuse_truncated(self.path)
            connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None)
            self._prepare(connection)
        except (sqlite3.Error, LedgerError) as error:
            if connection is not None:
                connection.close()
            raise (error if isinstance(error, LedgerError) else broken(self.path, error)) from None
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        # A ledger may come from somebody else: nothing in it is to be run, and what looks like a table is to be one.
        connection.execute("PRAGMA trusted_schema=OFF")
        if connection.execute("SELECT 1 FROM sqlite_master WHERE type IN ('view', 'trigger') LIMIT 1").fetchone():
            raise LedgerError(f"{self.path}: holds views or triggers, which no ledger does; choose another file")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, 1, VERSION):
            raise LedgerError(f"{self.path}: a ledger of version {version}; this tourney reads version {VERSION}")
        if version == 1:
            bring_up_to_date(connection)
        connection.execute(SCHEMA)
        connection.execute(f"PRAGMA user_version={VERSION}")
        connection.execute(f"{SELECT} (NULL)").fetchone()  # somebody else's table lacks the columns
        if connection.execute("SELECT 1 FROM judgments LIMIT 1").fetchone() is None:
            self._fresh = bytearray(1 << 22)

    def _write_all(self) -> None:
        ending = False
        while not ending:
            batch = [self._waiting.get()]
            while not self._waiting.empty():
                batch.append(self._waiting.get())
            ending = None in batch
            self._write([item for item in batch if item is not None])

    def _write(self, batch: list[_Put]) -> None:
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            self._writer.executemany(INSERT, (_row(entry) for entries, _ in batch for entry in entries))
            self._writer.execute("COMMIT")
        except Exception as error:  # whatever it is, nobody may wait for this thread for ever
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            known = isinstance(error, sqlite3.Error)
            refused = LedgerError(f"{self.path}: a judgment cannot be kept ({type(error).__name__}: {error})")
            _tell(batch, broken(self.path, error) if known else refused)
        else:
            _tell(batch, None)


def _place(key: bytes) -> int:
    return int.from_bytes(key[:4], "little") >> 10


def _tell(batch: list[_Put], error: LedgerError | None) -> None:
    """Wake every event loop that waits for this batch once, which costs much less than once for each of its puts."""
    for loop in {done.get_loop(): None for _, done in batch}:
        futures = [done for _, done in batch if done.get_loop() is loop]
        with suppress(RuntimeError):  # the loop was closed in the meantime: nobody waits there any more
            loop.call_soon_threadsafe(_settle, futures, error)


def _settle(futures: list[asyncio.Future[None]], error: LedgerError | None) -> None:
    for done in futures:
        if not done.done():  # it is done where who waited was cancelled
            done.set_result(None) if error is None else done.set_exception(error)


def _row(entry: Entry) -> tuple[object, ...]:
    comparison, judgment = entry.comparison, entry.judgment
    texts = (stored(judgment.text), stored(judgment.detail))
    shown = (stored(entry.problem), stored(entry.first), stored(entry.second))
    row = (entry.key, judgment.outcome.value, judgment.p_first, *texts, *judgment[4:], *shown)
    return (*row, comparison.repeat, comparison.thinking_limit)


def _locked(path: Path) -> BinaryIO:
    """The file of a ledger, held for this run alone: two runs on one ledger would pay twice for the same comparison."""
    try:
        file = path.open("ab")
    except OSError as error:
        what = f"{path}: cannot be opened ({error.strerror}); choose a file in a folder of yours"
        raise LedgerError(what) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        what = f"{path}: another tourney is using this ledger; wait for it, or choose another with --ledger"
        raise LedgerError(what) from None
    return file


def _refuse_truncated(path: Path) -> None:
    """SQLite's header counts the pages; fewer on disk means that the file was cut off.

    A program that was killed may leave the missing pages in the write-ahead log, from which SQLite restores them.
    """
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        return
    with path.open("rb") as file:
        header = file.read(100)
    if not header:
        return
    size = int.from_bytes(header[16:18], "big")
    pages = int.from_bytes(header[28:32], "big")
    if len(header) < 100 or path.stat().st_size < (65536 if size == 1 else size) * pages:
        raise sqlite3.DatabaseError("it is shorter than its header says: cut off")
