"""One line to one JSON object, with every text in it fit to be shown, stored and sent."""

from __future__ import annotations

import json
import re
from typing import Any

from tournament.records.fields import RecordError, child, kind

# Python's JSON reader lets through two things that break later on: NUL characters and halves of surrogate
# pairs. Both can only be written as escapes, so a line without these bytes needs no closer look.
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_LONGEST_NAME = 120


def parse_object(raw: bytes) -> dict[str, Any]:
    """The object that a line of a file holds.

    Raises:
        RecordError: The line is not UTF-8, no JSON, no object, or holds NUL or half a surrogate pair.
    """
    try:
        value = json.loads(raw.decode("utf-8"))
        if _SUSPECT.search(raw):
            _refuse_unsafe(value, "")
    except UnicodeDecodeError as error:
        what = f"the line is not UTF-8 from byte {error.start + 1} on (0x{raw[error.start]:02x})"
        raise RecordError(f"{what}; save the file as UTF-8") from None
    except json.JSONDecodeError as error:
        raise RecordError(_no_json(raw, error)) from None
    except RecursionError:
        raise RecordError("the line is nested too deeply; make it flatter") from None
    except RecordError:
        raise
    except ValueError:
        raise RecordError("the line holds a whole number of thousands of digits; write it as text") from None
    if not isinstance(value, dict):
        raise RecordError(f"the line is {kind(value)}; {_one_a_line(raw)}")
    return value


def _no_json(raw: bytes, error: json.JSONDecodeError) -> str:
    if b"\0" in raw:
        return f"the line holds a NUL byte (byte {raw.index(0) + 1}); remove it"
    return f"the line is no JSON (column {error.colno}: {error.msg}); {_one_a_line(raw)}"


def _one_a_line(raw: bytes) -> str:
    if raw.lstrip().startswith(b"["):
        return "write one object a line instead of a list of them (jq -c '.[]' does so)"
    return "write one JSON object a line (jq -c . does so)"


def _refuse_unsafe(value: object, path: str) -> None:
    if isinstance(value, str):
        _refuse_unsafe_text(value, path or "the line")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _refuse_unsafe(inner, f"{path}[{index}]")
    elif isinstance(value, dict):
        for key, inner in value.items():
            name = child(path, key)
            _refuse_unsafe_text(key, f"the key {name}")
            _refuse_unsafe(inner, name)


def _refuse_unsafe_text(text: str, name: str) -> None:
    if len(name) > _LONGEST_NAME:
        name = f"{name[:_LONGEST_NAME]}..."
    if "\0" in text:
        raise RecordError(f"{name} holds a NUL character (\\u0000); remove it")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        half = f"\\u{ord(text[error.start]):04x}"
        raise RecordError(f"{name} holds half a surrogate pair ({half}); remove it") from None
