"""Rows of played problems on disk until the run is over, and after it where they are given a name."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from tournament.errors import TourneyError


class DraftFile:
    """Takes rows of plain JSON and gives them back in the same order, however many there are.

    The file is gone with the program; one with a `name` takes it where it is used as a context that ends well.

    Raises:
        TourneyError: where the folder's disk is full.
    """

    def __init__(self, folder: Path, name: str = "") -> None:
        self._folder, self._name = folder, name
        self._temporary = folder / f".{name}.{os.getpid()}.tmp"
        with self._writing():
            self._file: TextIO = self._named() if name else self._unnamed()

    def _unnamed(self) -> TextIO:
        return tempfile.TemporaryFile("w+", encoding="utf-8", dir=self._folder)

    def _named(self) -> TextIO:
        self._temporary.unlink(missing_ok=True)
        return self._temporary.open("x+", encoding="utf-8")

    def add(self, row: Mapping[str, Any]) -> None:
        """Keep a row."""
        with self._writing():
            self._file.write(json.dumps(row) + "\n")

    def rows(self) -> Iterator[dict[str, Any]]:
        """All rows, first to last."""
        with self._writing():
            self._file.seek(0)  # writes what is still to be written
        for line in self._file:
            yield json.loads(line)

    def __enter__(self) -> DraftFile:
        """The file itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Give the file its name where all went well, and close it."""
        try:
            if kind is None and self._name:
                self._publish()
        finally:
            self.close()

    def _publish(self) -> None:
        with self._writing():
            self._file.flush()
            os.fsync(self._file.fileno())
            os.replace(self._temporary, self._folder / self._name)

    def close(self) -> None:
        """Give the file back; one that has not got its name is removed."""
        with contextlib.suppress(OSError):  # what could not be written on a full disk
            self._file.close()
        if self._name:
            with contextlib.suppress(OSError):
                self._temporary.unlink(missing_ok=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise TourneyError(f"{self._folder}: cannot be written ({error.strerror}); make room and repeat") from None
