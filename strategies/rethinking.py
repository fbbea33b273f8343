"""Sequential re-thinking: a match that stays undecided, or whose two orders disagree, is thought over again."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tournament.strategy import Decide, preference, tally
from tournament.types import Comparison, Judgment, Match, Verdict

from .voting import Voting

_LONGEST = 2.0**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Rethinking:
    """`votes` samples first; up to `rethinks` times, both orders go on from their own reasoning with a larger limit.

    The thinking limit is `limit` tokens for the first re-think and grows by `growth` with each one after it.
    """

    votes: int = 2
    rethinks: int = 2
    limit: int = 2048
    growth: float = 2.0

    def __post_init__(self) -> None:
        if self.votes < 2:
            raise ValueError(f"votes={self.votes}: re-thinking compares both orders, so it needs at least two votes")
        if self.rethinks < 0 or self.limit < 1 or not 1 <= self.growth < math.inf:
            raise ValueError("rethinks must be 0 or more, limit 1 or more, growth 1 or more")

    @property
    def calls(self) -> tuple[int, int]:
        """From a bare majority to all votes and all re-thinks of both orders."""
        inner = Voting(votes=self.votes).calls
        return inner[0], inner[1] + 2 * self.rethinks

    def decide(self, match: Match, draw: int) -> Decide:
        """Vote; while the match is open, hand each order its latest reasoning back and ask again."""
        first = yield from Voting(votes=self.votes).decide(match, draw)
        asked, judgments = list(first.comparisons), list(first.judgments)
        verdict, limit = first, float(self.limit)
        for _ in range(self.rethinks):
            if _settled(verdict):
                break
            batch = tuple(_again(c, j, int(limit)) for c, j in _latest(asked, judgments))
            answers = yield batch
            asked += batch
            judgments += answers
            thought = tally(match, batch, answers)
            verdict = thought if thought.p_a is not None else verdict
            limit = min(limit * self.growth, _LONGEST)
        return Verdict(match, verdict.p_a, tuple(asked), tuple(judgments))


def _settled(verdict: Verdict) -> bool:
    """Whether there is a winner, and no order whose judgments, taken together, go against it."""
    if verdict.winner is None:
        return False
    match, sides = verdict.match, dict[int, float]()
    for comparison, judgment in zip(verdict.comparisons, verdict.judgments, strict=True):
        p_a = preference(match, comparison, judgment)
        if p_a is not None:
            sides[comparison.first] = sides.get(comparison.first, 0.0) + p_a - 0.5
    sign = 1.0 if verdict.winner == match.a else -1.0
    return all(total * sign >= 0 for total in sides.values())


def _latest(asked: list[Comparison], judgments: list[Judgment]) -> list[tuple[Comparison, Judgment]]:
    """The last comparison of each order with its judgment."""
    latest = {comparison.first: (comparison, judgment) for comparison, judgment in zip(asked, judgments, strict=True)}
    return list(latest.values())


def _again(comparison: Comparison, judgment: Judgment, limit: int) -> Comparison:
    """The same order once more, going on from what was said where anything was said."""
    going_on = judgment if judgment.text else None
    return comparison._replace(repeat=comparison.repeat + 1, thinking_limit=limit, continues=going_on)
