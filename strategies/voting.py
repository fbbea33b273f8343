"""Majority voting over parallel samples of the judge, with the orders balanced.

Two orders of a pair cancel a judge's position bias (Zheng et al., "Judging LLM-as-a-Judge", 2023); several samples of
a reasoning judge vote as in self-consistency (Wang et al., 2023; five of them in Guo et al., "Reward Reasoning Model",
2025).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tournament.strategy import Decide, preference, shown
from tournament.types import Comparison, Judgment, Match, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Voting:
    """Majority of `votes` parallel samples, both orders in turn; stops once the majority cannot change.

    `limit` is the thinking limit of each sample in tokens; without one the judge's own holds.
    """

    votes: int = 3
    early_stop: bool = True
    limit: int | None = None

    def __post_init__(self) -> None:
        if self.votes < 1:
            raise ValueError(f"votes={self.votes}: a match needs at least one vote")
        if self.limit is not None and self.limit < 1:
            raise ValueError(f"limit={self.limit}: give at least one token")

    @property
    def calls(self) -> tuple[int, int]:
        """From a bare majority to all votes."""
        return (self.votes // 2 + 1 if self.early_stop else self.votes), self.votes

    def decide(self, match: Match, draw: int) -> Decide:
        """Ask for as many samples at once as the majority needs at the least, and again until it is settled."""
        orders = shown(match, draw), shown(match, draw ^ 1)
        asked: list[Comparison] = []
        judgments: list[Judgment] = []
        count = self.calls[0]
        while count:
            numbers = range(len(asked), len(asked) + count)
            batch = tuple(Comparison(*orders[i % 2], i // 2, self.limit) for i in numbers)
            asked += batch
            judgments += yield batch
            count = self._wanted(match, asked, judgments)
        return Verdict(match, _majority(match, asked, judgments), tuple(asked), tuple(judgments))

    def _wanted(self, match: Match, asked: list[Comparison], judgments: list[Judgment]) -> int:
        left = self.votes - len(asked)
        lead = abs(sum(_signs(match, asked, judgments)))
        return 0 if lead > left else min(left, (left - lead) // 2 + 1)


def _signs(match: Match, asked: Iterable[Comparison], judgments: Iterable[Judgment]) -> list[int]:
    """+1 for a vote for a, -1 for b, 0 for a tie; judgments without a preference do not vote."""
    preferences = (preference(match, c, j) for c, j in zip(asked, judgments, strict=True))
    return [(p > 0.5) - (p < 0.5) for p in preferences if p is not None]


def _majority(match: Match, asked: list[Comparison], judgments: list[Judgment]) -> float | None:
    signs = _signs(match, asked, judgments)
    return 0.5 + sum(signs) / (2 * len(signs)) if signs else None
