"""The one currency: judge calls, counted where they are made, for ours and for theirs alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from tournament.simulation import KnowingJudge
from tournament.types import Comparison, Field, Judgment


class OverBudgetError(Exception):
    """Somebody asked the judge more often than the cell allows: a fault of the harness, never a result."""


class Asking:
    """A judge that looks at one field, counts its calls and refuses the first one over the budget."""

    def __init__(self, judge: KnowingJudge, field: Field, budget: int) -> None:
        self.field, self.budget, self.calls = field, budget, 0
        self._judge = judge
        self._shown: Counter[tuple[int, int]] = Counter()

    def __call__(self, first: int, second: int) -> float:
        """The preference for the entrant shown first, from 0 to 1; 0.5 where the judge has none.

        An order that is shown again gets the next repeat number, so a second opinion is a fresh one.
        """
        comparison = Comparison(first, second, self._shown[first, second])
        self._shown[first, second] += 1
        [judgment] = self.now([comparison])
        return 0.5 if judgment.p_first is None else judgment.p_first

    def now(self, comparisons: Sequence[Comparison]) -> Sequence[Judgment]:
        """The judgments of comparisons that carry their own repeat numbers, as the engine asks for them."""
        self.calls += len(comparisons)
        if self.calls > self.budget:
            raise OverBudgetError(f"{self.calls} judge calls where {self.budget} are allowed")
        return self._judge.judge_now(self.field, comparisons)


class Pick(NamedTuple):
    """The entrant that was picked, and the judge calls that it took."""

    best: int
    calls: int


class Picker(Protocol):
    """A way to pick the best of a field by asking a judge; a peer's, a plain one, or ours."""

    @property
    def name(self) -> str:
        """The column's name."""
        ...

    def fits(self, n: int, budget: int) -> bool:
        """Whether it can do its work on `n` candidates within `budget` judge calls."""
        ...

    def pick(self, asking: Asking, seed: int) -> int:
        """The index of the picked entrant; `seed` is a number of this problem's own, below 2**32."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Who takes part: the peers, plain baselines, and our strategies."""

    peers: tuple[Picker, ...]
    plain: tuple[Picker, ...]
    ours: tuple[Picker, ...]

    @property
    def everybody(self) -> tuple[Picker, ...]:
        """All of them, each name once."""
        return self.peers + self.plain + self.ours
