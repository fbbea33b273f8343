"""TEMPORARY STAND-IN until the real answers.py lands; helper 4 owns this file and overwrites it."""

from collections.abc import Sequence


def final_answer(text: str) -> str | None:
    words = text.split()
    return words[-1].strip(".") if words else None


def group(answers: Sequence[str | None]) -> list[int]:
    seen: dict[str, int] = {}
    return [-1 if a is None else seen.setdefault(a, len(seen)) for a in answers]
