"""Values out of a request's body, each refused by name where it is not what it should be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tournament.endpoint.faults import refused

DEEPEST = 100
"""How deep lists and objects may lie in each other; far below what readers and writers of JSON can take."""


def whole(body: Mapping[str, Any], name: str, low: int, high: int, where: str = "") -> int | None:
    """A whole number in [low, high]; None where there is none."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise refused(f"{where}{name} must be a whole number", f"{where}{name}", "invalid_type")
    if not low <= value <= high:
        raise refused(f"{where}{name} is {_shown(value)}; give {low} to {high}", f"{where}{name}")
    return value


def number(
    body: Mapping[str, Any], name: str, low: float, high: float, where: str = "", *, above: bool = False
) -> float | None:
    """A number in [low, high], or in (low, high] where `above`; None where there is none."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refused(f"{where}{name} must be a number", f"{where}{name}", "invalid_type")
    if not low <= value <= high or (above and value == low):
        least = f"more than {low:g}" if above else f"at least {low:g}"
        most = "" if math.isinf(high) else f", and at most {high:g}"
        raise refused(f"{where}{name} is {_shown(value)}; give {least}{most}", f"{where}{name}")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if math.isinf(found):
        raise refused(f"{where}{name} must be finite", f"{where}{name}")
    return found


def flag(body: Mapping[str, Any], name: str, where: str = "") -> bool:
    """True or false; false where there is none."""
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise refused(f"{where}{name} must be true or false", f"{where}{name}", "invalid_type")
    return bool(value)


def word(body: Mapping[str, Any], name: str, where: str = "") -> str | None:
    """A text; None where there is none."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise refused(f"{where}{name} must be text", f"{where}{name}", "invalid_type")
    return value


def table(body: Mapping[str, Any], name: str, known: tuple[str, ...], where: str = "") -> Mapping[str, Any]:
    """An object with no other keys than the known ones; an empty one where there is none."""
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise refused(f"{where}{name} must be an object", f"{where}{name}", "invalid_type")
    for key in value:
        if key not in known:
            path = f"{where}{name}.{_shown(key)}"
            raise refused(f"{path} is unknown; known are {', '.join(known)}", path, "unknown_parameter")
    return value


def plain(value: Any, depth: int = DEEPEST) -> bool:
    """Whether a value that is sent on unread can be written as JSON again: finite numbers, not too deep."""
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return depth > 0 and all(plain(one, depth - 1) for one in inner)
    return not isinstance(value, float) or math.isfinite(value)


def _shown(value: object) -> str:
    text = str(value) if not isinstance(value, int) or abs(value) < 1 << 64 else "a huge number"
    return text if len(text) <= 60 else f"{text[:60]}..."
