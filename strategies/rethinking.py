"""Sequential re-thinking: a match that stays undecided, or whose two orders disagree, is thought over again."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tournament.strategy import Decide, preference, tally
from tournament.types import Comparison, Judgment, Match, Outcome, Verdict

from .voting import Voting

_RUNG = re.compile(r"([1-9][0-9]{0,8})(k?)")
_OWN = "own"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rethinking:
    """`votes` samples first; up to `rethinks` times, both orders go on from their own reasoning.

    A match is thought over again while it is undecided, while an order was truncated, or while the orders disagree.
    `ladder` gives the thinking limits in tokens: the first of the votes ("own" for the judge's own limit), the next one
    of the first re-think, and so on; the last of them holds for all re-thinks after it. "1k" is 1,024.
    """

    votes: int = 2
    rethinks: int = 2
    ladder: str = "own,2k,4k,8k"

    def __post_init__(self) -> None:
        if self.votes < 2:
            raise ValueError(f"votes={self.votes}: re-thinking compares both orders, so it needs at least two votes")
        if self.rethinks < 0:
            raise ValueError(f"rethinks={self.rethinks}: give 0 or more")
        _rungs(self.ladder)

    @property
    def calls(self) -> tuple[int, int]:
        """From a bare majority to all votes and all re-thinks of both orders."""
        inner = Voting(votes=self.votes).calls
        return inner[0], inner[1] + 2 * self.rethinks

    def decide(self, match: Match, draw: int) -> Decide:
        """Vote; while the match is open, hand each order its latest reasoning back and ask again."""
        start, *rungs = _rungs(self.ladder)
        first = yield from Voting(votes=self.votes, limit=start).decide(match, draw)
        asked, judgments = list(first.comparisons), list(first.judgments)
        verdict = first
        for number in range(self.rethinks):
            latest = _latest(asked, judgments)
            if _settled(verdict) and all(judgment.outcome is not Outcome.TRUNCATED for _, judgment in latest):
                break
            limit = rungs[min(number, len(rungs) - 1)] if rungs else start
            batch = tuple(_again(comparison, judgment, limit) for comparison, judgment in latest)
            answers = yield batch
            asked += batch
            judgments += answers
            thought = tally(match, batch, answers)
            verdict = thought if thought.p_a is not None else verdict
        return Verdict(match, verdict.p_a, tuple(asked), tuple(judgments))


def _rungs(ladder: str) -> list[int | None]:
    """The limits of a ladder in tokens, None for the judge's own."""
    rungs: list[int | None] = []
    for text in ladder.split(","):
        rung = _RUNG.fullmatch(text.strip().lower())
        if rung is None and text.strip() != _OWN:
            raise ValueError(f"ladder={ladder!r}: {text.strip()!r} is no limit; write them as own,1k,2k,4k,8k")
        rungs.append(int(rung[1]) * (1024 if rung[2] else 1) if rung else None)
    return rungs


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


def _again(comparison: Comparison, judgment: Judgment, limit: int | None) -> Comparison:
    """The same order once more, going on from what was said where anything was said."""
    going_on = judgment if judgment.text else None
    return comparison._replace(repeat=comparison.repeat + 1, thinking_limit=limit, continues=going_on)
