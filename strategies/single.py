"""One comparison a match, shown in a random order."""

from __future__ import annotations

from dataclasses import dataclass

from tournament.strategy import Decide, preference, shown
from tournament.types import Comparison, Match, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """One comparison in a random order."""

    @property
    def calls(self) -> tuple[int, int]:
        """Always one."""
        return 1, 1

    def asks_once(self) -> bool:
        """One comparison, taken as it is."""
        return True

    def decide(self, match: Match, draw: int) -> Decide:
        """Ask once; the coin of the match says who is shown first."""
        asked = (Comparison(*shown(match, draw)),)
        judgments = yield asked
        return Verdict(match, preference(match, asked[0], judgments[0]), asked, judgments)
