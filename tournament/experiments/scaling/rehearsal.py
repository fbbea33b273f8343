"""Playing without paying: what is not in the ledger is answered by a stand-in, counted, and forgotten."""

from __future__ import annotations

from collections.abc import Sequence

from tournament.judge import InProcess, Judge, JudgeIdentity, TokenEstimate
from tournament.judges.synthetic import SyntheticJudge, SyntheticSettings
from tournament.ledger import Ledger
from tournament.ledger_reader import Entry
from tournament.memory_ledger import MemoryLedger
from tournament.types import Comparison, Field, Judgment


class Rehearsed(MemoryLedger):
    """A ledger that lends its judgments and takes none: new ones stay in memory.

    `new` counts those that a judge would have had to make, `asked` holds the keys that were looked for since it was
    last emptied: what a point needs, whoever paid for it.
    """

    def __init__(self, lender: Ledger | None) -> None:
        super().__init__()
        self._lender = lender
        self.new = 0
        self.asked: set[bytes] = set()

    @property
    def made_up(self) -> int:
        """How many of `asked` were made up, for whichever point: what the lender lacks of what a point needs."""
        return sum(key in self._judgments for key in self.asked)

    def find(self, keys: Sequence[bytes]) -> dict[bytes, Judgment]:
        """The judgments that are lent, or were made up before, by key."""
        self.asked.update(keys)
        found = super().find(keys)
        if self._lender is not None:
            found.update(self._lender.find([key for key in keys if key not in found]))
        return found

    async def put(self, entries: Sequence[Entry]) -> None:
        """Keep judgments in memory, and count them."""
        self.new += len(entries)
        await super().put(entries)


class StandIn(InProcess):
    """Answers as a judge might whose candidates are 1.5 log-odds apart, under the identity of the one it stands for.

    `stands_for` is that judge, and `estimate` adds up what it would expect to spend on what was asked.
    """

    def __init__(self, judge: Judge, identity: JudgeIdentity | None = None) -> None:
        self.stands_for = judge
        self._made_up = SyntheticJudge(SyntheticSettings())
        self.identity = identity or judge.identity
        self.estimate = TokenEstimate()

    def plan(self, field: Field, comparisons: Sequence[Comparison]) -> TokenEstimate:
        """What the other judge would plan with."""
        return self.stands_for.plan(field, comparisons)

    def judge_now(self, field: Field, comparisons: Sequence[Comparison]) -> Sequence[Judgment]:
        """Make judgments up, with the tokens that the other judge would expect."""
        judgments = []
        for comparison, judgment in zip(comparisons, self._made_up.judge_now(field, comparisons), strict=True):
            estimate = self.stands_for.plan(field, [comparison])
            self.estimate = _sum(self.estimate, estimate)
            completion = min(estimate.expected_completion, estimate.worst_completion)
            judgments.append(judgment._replace(prompt_tokens=estimate.expected_prompt, completion_tokens=completion))
        return judgments


def _sum(a: TokenEstimate, b: TokenEstimate) -> TokenEstimate:
    return TokenEstimate(**{name: getattr(a, name) + getattr(b, name) for name in TokenEstimate.__slots__})
