"""Who may ask: bearer keys compared in constant time, and a loopback address for those who name none."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from tournament.endpoint.faults import ApiError
from tournament.errors import UsageError

KEYS_ENV = "TOURNEY_SERVE_API_KEYS"
_MOST_CHARS = 1 << 20
_BEARER = "bearer "
_LOCAL_NAMES = ("localhost", "localhost.localdomain")


class Access:
    """The keys of an endpoint, as digests; without any, whoever reaches it may ask."""

    def __init__(self, keys: Iterable[str] = ()) -> None:
        self._digests = [_digest(key) for key in dict.fromkeys(keys)]

    def __bool__(self) -> bool:
        return bool(self._digests)

    def client(self, headers: Mapping[str, str], address: str) -> str:
        """A name for who asks, which tells nothing of the key: by key, or by address where there are none.

        Raises:
            ApiError: 401 for a key that is missing or wrong, 403 for a web page that reaches a loopback address.
        """
        if not self._digests:
            _refuse_web_pages(headers)
            return address
        said = headers.get("Authorization", "")
        key = said[len(_BEARER) :].strip() if said[: len(_BEARER)].lower() == _BEARER else ""
        given, found = _digest(key), -1
        for place, digest in enumerate(self._digests):  # all of them, so that the time says nothing
            if hmac.compare_digest(given, digest):
                found = place
        if not key or found < 0:
            what = "the API key is not valid here" if key else "no API key; send it as Authorization: Bearer KEY"
            raise ApiError(401, what, code="invalid_api_key", headers={"WWW-Authenticate": "Bearer"})
        return f"key {found + 1}"


def read_keys(files: Iterable[str], environment: Mapping[str, str] = os.environ) -> list[str]:
    """The keys of some files, one a line, and of the variable `KEYS_ENV`, between commas or blanks.

    Raises:
        UsageError: for a file that cannot be read or holds none; the message never holds a key.
    """
    keys = environment.get(KEYS_ENV, "").replace(",", " ").split()
    for file in files:
        found = [line.strip() for line in _contents(file).splitlines()]
        found = [line for line in found if line and not line.startswith("#")]
        if not found:
            raise UsageError(f"--api-key-file {file}: holds no API key; write one a line")
        keys += found
    if not all(key.isascii() and key.isprintable() and " " not in key for key in keys):
        raise UsageError("an API key for clients holds blanks or is no plain text; use letters, digits and signs")
    return keys


def check_host(host: str, access: Access) -> None:
    """Refuse an address that others can reach where no key is asked for.

    Raises:
        UsageError: with what to do.
    """
    if not access and not is_loopback(host):
        what = "others could spend your tokens; name keys with --api-key-file, or keep to 127.0.0.1"
        raise UsageError(f"--host {host} without an API key: {what}")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    name = host.strip("[]").lower()
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name in _LOCAL_NAMES


def _refuse_web_pages(headers: Mapping[str, str]) -> None:
    """A page in a browser of this machine could reach a loopback address under a name of its own."""
    host = headers.get("Host", "")
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    if host and not is_loopback(name):
        message = f"this endpoint has no API keys and answers to loopback names alone, not to {host[:80]!r}"
        raise ApiError(403, message, code="forbidden_host")


def _contents(file: str) -> str:
    try:
        with Path(file).expanduser().open(encoding="utf-8", errors="replace") as stream:
            return stream.read(_MOST_CHARS)
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise UsageError(f"--api-key-file {file}: cannot be read ({reason})") from None


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
