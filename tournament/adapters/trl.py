"""A pairwise judge as TRL's trainers and callbacks call one; TRL itself is not needed."""

from __future__ import annotations

import sys
from abc import ABCMeta
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Unpack

from tournament.adapters import asked
from tournament.adapters.ranker import Ranker
from tournament.api import RankOptions
from tournament.errors import UsageError
from tournament.result import Result
from tournament.strategy import Decide, tally
from tournament.types import Comparison, Match

# Where TRL keeps its base class, by version: up to 0.28, and from 0.25 to 1.0. Later ones have none.
_HOMES = ("trl.trainer.judges", "trl.experimental.judges.judges")
NO_PREFERENCE = -1
"""What TRL's judges answer with where they cannot say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsGiven:
    """A match strategy that always shows the earlier candidate first.

    Attributes:
        votes: How often it asks.
    """

    votes: int = 1

    @property
    def calls(self) -> tuple[int, int]:
        """Always as many as there are votes."""
        return self.votes, self.votes

    def decide(self, match: Match, draw: int) -> Decide:
        """Ask side by side; the verdict is the mean of what has a preference."""
        asks = tuple([Comparison(min(match), max(match), repeat) for repeat in range(self.votes)])
        judgments = yield asks
        return tally(match, asks, judgments)


class PairwiseJudge(Ranker):
    """A judge of pairs for TRL: `judge(prompts, completions, shuffle_order)`.

    It is an instance of TRL's `BasePairwiseJudge` wherever that class has been imported before this object is made or
    used. Each pair is one match; `votes` and `rethinks` say how it is decided. All pairs of a call share a run limit of
    the budget.
    """

    def __init__(self, **options: Unpack[RankOptions]) -> None:
        """Take the options of `tournament.arank` but for `strategy`, since two candidates meet in one match.

        Raises:
            UsageError: for names that do not exist, and for a strategy.
        """
        if "strategy" in options:
            raise UsageError("a pairwise judge plays one match a pair; leave out strategy")
        options["strategy"] = "knockout"
        super().__init__(**options)
        _register()

    def judge(self, prompts: Sequence[object], completions: Sequence[object], shuffle_order: bool = True) -> list[int]:
        """Say which of two completions is better, for every prompt.

        Args:
            prompts: One prompt a pair, text or chat messages.
            completions: One pair of completions a prompt.
            shuffle_order: Whether a seeded coin says who is shown first, or else the first of the pair is.

        Returns:
            0 or 1 a pair: the position of the better one. -1 where there is no preference: a failed or unreadable
            comparison, a tie, two equal completions, a spent budget. No coin decides in its place.

        Raises:
            JudgeUnreachableError: where the judge's server is gone; a training that went on would learn from noise.
            UsageError: where the two lists do not belong together or something is no pair.
        """
        _register()
        asked.same_length(prompts, completions)
        problems = [
            asked.problem(prompt, _pair(pair, number), f"pair {number}")
            for number, (prompt, pair) in enumerate(zip(prompts, completions, strict=True))
        ]
        results = self.rank(problems) if shuffle_order else self.rank(problems, match=self._as_given())
        return [_better(result) for result in results]

    def _as_given(self) -> AsGiven:
        if self._options.get("match") is not None or self._options.get("rethinks"):
            raise UsageError("shuffle_order=False fixes who is shown first; make the judge without match or rethinks")
        return AsGiven(votes=self._options.get("votes", 1))


def _pair(pair: object, number: int) -> Sequence[object]:
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise UsageError(f"completions[{number}] is no pair; give two completions for each prompt")
    return pair


def _better(result: Result) -> int:
    return int(result.best) if result.ranking[0].wins else NO_PREFERENCE


def _register() -> None:
    """Make this a virtual subclass of TRL's own class, if that is there; TRL is never imported from here."""
    for home in _HOMES:
        base = getattr(sys.modules.get(home), "BasePairwiseJudge", None)
        if isinstance(base, ABCMeta):
            base.register(PairwiseJudge)
