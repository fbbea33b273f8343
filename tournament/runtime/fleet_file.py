"""The file that lists the servers of a fleet, read again and again while the fleet is at work."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from pathlib import Path

from tournament.errors import InputError, UsageError
from tournament.runtime.addresses import Place
from tournament.runtime.client import checked

log = logging.getLogger(__name__)

LOOK_S = 1.0
"""Seconds between two looks at the file."""

MOST_BYTES = 1 << 20
_MOST_CHARS = 1000
_COMMENT = re.compile(r"(?:^|\s)#.*")
_MOST_WEIGHT = 0xFFFF
_SRV_FIELDS = 4
_SHAPES = "write `address`, `address weight`, or `priority weight port host` as in a DNS SRV record"

Complete = Callable[[str], str]


class FleetFile:
    """The servers that a file lists. `complete` makes a whole address of one that is written there.

    A line is `address`, `address weight`, or an SRV record as `dig +short SRV` prints it: `priority weight port host`.
    Lines may be empty, and # begins a comment. `http://` may be left out where there is a port.

    It is read at once, but what is wrong with it then is kept as `flaw`: who asks no server may do without it.
    """

    def __init__(self, path: Path, complete: Complete = str) -> None:
        self.path = path
        self.flaw: InputError | None = None
        self.places: tuple[Place, ...] = ()
        self._complete = complete
        try:
            self.places = self._read()
        except InputError as error:
            self.flaw = error
        self._seen: tuple[Place, ...] | str = self.places
        self._taken: tuple[Place, ...] | str = self.places

    async def changed(self) -> bool:
        """Look at the file; whether `places` are others now. What makes no sense is warned of once, and not taken."""
        found = await asyncio.to_thread(self._found)
        if found != self._seen:  # somebody may be in the middle of writing it, so what counts is what stays
            self._seen = found
            return False
        if found == self._taken:
            return False
        self._taken = found
        if isinstance(found, str):
            log.warning("%s; the servers stay as they were until that is put right", found)
            return False
        changed, self.places = found != self.places, found
        return changed

    def _found(self) -> tuple[Place, ...] | str:
        try:
            return self._read()
        except InputError as error:
            return str(error)

    def _read(self) -> tuple[Place, ...]:
        return parsed(_text(self.path), str(self.path), self._complete)


def parsed(text: str, name: str, complete: Complete = str) -> tuple[Place, ...]:
    """The servers that a file's text lists; errors call the file `name`."""
    places: dict[str, tuple[int, Place]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if len(line) > _MOST_CHARS:
            raise InputError(
                name, number, f"has more than {_MOST_CHARS} characters; it should list servers, one a line"
            )
        fields = _COMMENT.sub("", line).split()
        if not fields:
            continue
        try:
            place = _place(fields, complete)
        except UsageError as error:
            raise InputError(name, number, str(error)) from None
        first, _ = places.setdefault(place.url, (number, place))
        if first != number:
            raise InputError(name, number, f"{place.url} stands on line {first} already; name each server once")
    if not places:
        raise InputError(name, None, f"lists no server; {_SHAPES}")
    return tuple(place for _, place in places.values())


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            missing = "there is no such file" if not path.exists() else "is no file that can be read again"
            raise InputError(str(path), None, f"{missing}; it should list the servers, one a line")
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # a ValueError for a name with a zero byte in it
        why = getattr(error, "strerror", None) or "its name is no path"
        raise InputError(str(path), None, f"cannot be read ({why}); check the path") from None
    if len(content) > MOST_BYTES:
        raise InputError(str(path), None, f"holds more than {MOST_BYTES} bytes; it should list servers, one a line")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(str(path), None, "is no text; it should list servers, one a line") from None


def _place(fields: list[str], complete: Complete) -> Place:
    if len(fields) == _SRV_FIELDS and all(map(_is_number, fields[:3])):
        return _record(*fields, complete=complete)
    if len(fields) > 2:
        raise UsageError(f"{len(fields)} words are no server; {_SHAPES}")
    weight = fields[1] if len(fields) > 1 else "1"
    if not _is_number(weight) or not 1 <= int(weight) <= _MOST_WEIGHT:
        what = f"weight {weight!r}: give a whole number from 1 to {_MOST_WEIGHT}"
        raise UsageError(f"{what}; to send a server nothing more, take its line out")
    return Place(url=_url(fields[0], complete), weight=int(weight))


def _record(priority: str, weight: str, port: str, host: str, *, complete: Complete) -> Place:
    url = _url(f"{host.removesuffix('.')}:{int(port)}", complete)
    # A weight of 0 stands for the smallest share in RFC 2782, not for none.
    return Place(url=url, weight=min(max(int(weight), 1), _MOST_WEIGHT), priority=int(priority))


def _url(address: str, complete: Complete) -> str:
    if "://" not in address:
        if checked(f"http://{address}").explicit_port is None:
            raise UsageError(f"{address!r} has no port; write it as {address}:30000, or as an address with http://")
        address = f"http://{address}"
    return str(checked(complete(address)))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
