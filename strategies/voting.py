"""Majority voting over parallel samples of the judge, with the orders balanced, until the evidence is enough.

Two orders of a pair cancel a judge's position bias (Zheng et al., "Judging LLM-as-a-Judge", 2023); several samples of
a reasoning judge vote as in self-consistency (Wang et al., 2023; five of them in Guo et al., "Reward Reasoning Model",
2025). When a vote stops is said in `stopping.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from tournament.strategy import Decide, shown
from tournament.types import Comparison, Judgment, Match, Verdict

from . import stopping

_STOPS = ("majority", "posterior", "sprt", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Voting:
    """Majority of up to `votes` parallel samples, both orders in turn, until `stop` says that it is enough.

    The verdict goes to the majority of the samples asked for. "posterior" and "sprt" look at the evidence after whole
    pairs only, one sample in each order, so that a position bias cancels. Where `votes` is odd, the last sample has no
    partner: it is asked for only where the pairs do not settle the majority, in the order of the match's coin, and its
    bias stands. Ties and judgments without a preference are no evidence, but they are samples.

    Attributes:
        votes: The most samples of a match.
        stop: "majority" ends where the rest cannot change the majority; "none" asks for all. "posterior" and "sprt" end
            there too, or as soon as `confidence` is reached: by the posterior of an unlimited vote of the same judge,
            or by Wald's sequential test. It is about the judge's own long-run vote, not about the truth.
        confidence: When "posterior" and "sprt" have seen enough; above 0.5 and below 1.
        accuracy: Share of right votes that "sprt" tests for; above 0.5 and below 1.
        limit: Thinking limit of each sample in tokens; without one the judge's own holds.
    """

    votes: int = 3
    stop: str = "majority"
    confidence: float = 0.95
    accuracy: float = 0.7
    limit: int | None = None

    def __post_init__(self) -> None:
        if self.votes < 1:
            raise ValueError(f"votes={self.votes}: a match needs at least one vote")
        if self.stop not in _STOPS:
            raise ValueError(f"stop={self.stop!r}: choose {', '.join(_STOPS[:-1])} or {_STOPS[-1]}")
        for name in ("confidence", "accuracy"):
            if not 0.5 < getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)}: give a share above 0.5 and below 1, such as 0.95")
        if self.limit is not None and self.limit < 1:
            raise ValueError(f"limit={self.limit}: give at least one token")

    @property
    def calls(self) -> tuple[int, int]:
        """From a unanimous vote to all votes."""
        return self.wanted(lead=0.0, counted=0, asked=0), self.votes

    def decide(self, match: Match, draw: int) -> Decide:
        """Ask for as many samples at once as are needed at the least, and again until the vote is over."""
        orders = shown(match, draw), shown(match, draw ^ 1)
        asked: list[Comparison] = []
        judgments: list[Judgment] = []
        evidence: list[float] = []
        while count := self.wanted(
            lead=math.fsum(evidence), counted=sum(vote != 0 for vote in evidence), asked=len(asked)
        ):
            numbers = range(len(asked), len(asked) + count)
            batch = tuple(Comparison(*orders[i % 2], i // 2, self.limit) for i in numbers)
            asked += batch
            judgments += yield batch
            evidence = self._evidence(match, asked, judgments)
        p_a = 0.5 + math.fsum(evidence) / (2 * len(evidence)) if evidence else None
        return Verdict(match, p_a, tuple(asked), tuple(judgments))

    def wanted(self, *, lead: float, counted: int, asked: int) -> int:
        """How many samples to ask for next; 0 where the vote is over.

        Args:
            lead: Votes for one side less those for the other.
            counted: Votes so far, without ties and judgments that have no preference.
            asked: Samples so far, the two orders in turn.
        """
        if self.stop == "none":
            return self.votes - asked
        return stopping.wanted(lead=abs(lead), counted=counted, asked=asked, leads=self._leads())

    def _leads(self) -> tuple[float, ...]:
        if self.stop == "posterior":
            return stopping.posterior_leads(self.votes, self.confidence)
        lead = stopping.sprt_lead(self.accuracy, self.confidence) if self.stop == "sprt" else math.inf
        return (lead,) * (self.votes + 1)

    def _evidence(self, match: Match, asked: Iterable[Comparison], judgments: Iterable[Judgment]) -> list[float]:
        """What each judgment with a preference adds to the lead of a: 1 for a, -1 for b, 0 for a tie.

        A soft preference is a whole vote, as it would be in the unlimited vote that "posterior" is about; only "sprt"
        takes it for the part of a vote by which it exceeds a tie. It is read as the judge gave it, for the first shown,
        so that two orders of the same strength cancel to the last bit.
        """
        evidence = []
        for comparison, judgment in zip(asked, judgments, strict=True):
            if judgment.p_first is not None:
                lead = 2.0 * judgment.p_first - 1.0
                vote = lead if self.stop == "sprt" else float((lead > 0) - (lead < 0))
                evidence.append(vote if comparison.first == match.a else -vote)
        return evidence
