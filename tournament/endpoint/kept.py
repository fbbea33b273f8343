"""What an endpoint keeps between requests: samples beside a ledger on disk, or recent judgments in memory."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tournament.errors import LedgerError
from tournament.experiments.sampling.sample import Answer
from tournament.ledger_reader import Entry
from tournament.memory_ledger import MemoryLedger
from tournament.records import dumps

SUFFIX = ".samples"
RECENT_CHARS = 64 << 20
_ENTRY_CHARS = 256


class KeptSamples:
    """Samples that were paid for, by the request that asked for them: nothing is kept where no file is named.

    The file belongs to a ledger, whose lock holds it too.

    Raises:
        LedgerError: where the file is no such file, or cannot be written.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._file: sqlite3.Connection | None = None
        if path is not None:
            self._file = _opened(path)

    def key(self, body: Mapping[str, Any]) -> bytes:
        """What stands for a request: everything that is in it, the model and the seed included."""
        return hashlib.blake2b(dumps(body).encode(), digest_size=20).digest() if self._file else b""

    def find(self, places: Iterable[tuple[int, bytes]]) -> dict[int, Answer]:
        """The answers that are kept, by the numbers that they are asked by."""
        if self._file is None:
            return {}
        found: dict[int, Answer] = {}
        for number, key in places:
            with self._lock:
                row = self._file.execute("SELECT answer FROM samples WHERE key = ?", (key,)).fetchone()
            if row is not None:
                found[number] = Answer(*json.loads(row[0]))
        return found

    async def put(self, key: bytes, answer: Answer) -> None:
        """Keep an answer; returns when it is on disk."""
        if self._file is not None:
            await asyncio.to_thread(self._put, key, dumps(list(answer)))

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            with self._lock:  # a thread may still be writing for a request that was broken off
                self._file.close()

    def _put(self, key: bytes, text: str) -> None:
        assert self._file is not None
        try:
            with self._lock:
                self._file.execute("INSERT OR REPLACE INTO samples VALUES (?, ?)", (key, text))
        except sqlite3.Error as error:
            raise LedgerError(f"{self._path}: a sample cannot be kept ({error}); make room, or move it away") from None


def _opened(path: Path) -> sqlite3.Connection:
    try:
        file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        file.execute("PRAGMA journal_mode=WAL")
        file.execute("PRAGMA synchronous=NORMAL")
        file.execute("CREATE TABLE IF NOT EXISTS samples (key BLOB PRIMARY KEY, answer TEXT NOT NULL) WITHOUT ROWID")
        file.execute("SELECT key, answer FROM samples WHERE key = x''").fetchone()
    except sqlite3.Error as error:
        raise LedgerError(f"{path}: is no file of samples ({error}); move it away to start afresh") from None
    return file


class RecentLedger(MemoryLedger):
    """Judgments in memory, the oldest forgotten once their texts come to more than `most` characters.

    So requests that ask the same at about the same time pay once, and an endpoint that runs for weeks does not grow.
    """

    def __init__(self, most: int = RECENT_CHARS) -> None:
        super().__init__()
        self._most, self._chars = most, 0

    async def put(self, entries: Sequence[Entry]) -> None:
        """Keep judgments."""
        new = [entry for entry in entries if entry.key not in self._judgments]
        await super().put(new)
        kept = (self._judgments[entry.key] for entry in new if entry.key in self._judgments)
        self._chars += sum(_ENTRY_CHARS + len(judgment.text) for judgment in kept)
        while self._chars > self._most:
            oldest = next(iter(self._judgments))
            self._chars -= _ENTRY_CHARS + len(self._judgments.pop(oldest).text)
