"""Server-sent events, of which only the first and the last matter: that words have come, and all of them."""

from __future__ import annotations

from collections.abc import Callable

_FIELD, _END = b"data:", b"[DONE]"


class LastEvent:
    """Takes the bytes of a stream; `first` is called at the first event, `data` is the latest whole one."""

    def __init__(self, first: Callable[[], None]) -> None:
        self.data = b""
        self.ended = False
        self._first = first
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._rest += chunk
        while (end := self._rest.find(b"\n")) >= 0:
            line = bytes(self._rest[:end]).strip()
            del self._rest[: end + 1]
            if line.startswith(_FIELD):
                self._event(line.removeprefix(_FIELD).strip())

    @property
    def held(self) -> int:
        """Bytes kept at present."""
        return len(self._rest) + len(self.data)

    def _event(self, data: bytes) -> None:
        if data == _END:
            self.ended = True
            return
        if not self.data:
            self._first()
        self.data = data
