"""A ledger that is gone with the program: what the API uses where no run folder is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from tournament.ledger_reader import Entry
from tournament.types import Judgment, Outcome


class MemoryLedger:
    """Judgments kept for as long as this object lives."""

    def __init__(self) -> None:
        self._judgments: dict[bytes, Judgment] = {}

    def find(self, keys: Sequence[bytes]) -> dict[bytes, Judgment]:
        """The judgments already known, by key; those that cost nothing are not among them."""
        return {key: self._judgments[key] for key in keys if key in self._judgments}

    async def put(self, entries: Sequence[Entry]) -> None:
        """Keep judgments."""
        kept = {entry.key: entry.judgment for entry in entries if _is_paid(entry.judgment)}
        self._judgments.update(kept)

    def close(self) -> None:
        """Nothing to give back."""


def _is_paid(judgment: Judgment) -> bool:
    """As the ledger on disk sees it: a comparison that failed, or was refused unread, may be tried again."""
    unread = judgment.outcome is Outcome.REFUSED and not judgment.prompt_tokens
    return judgment.outcome is not Outcome.FAILED and not unread
