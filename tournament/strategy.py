"""The two strategy protocols, what strategies are handed, and what they answer with. No I/O, no clock."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tournament import seeding
from tournament.ratings import Evidence, JudgedFit, JudgeModel, fit_judged, order, p_best
from tournament.types import Comparison, Field, Judgment, Match, Outcome, Round, Verdict

Play = Generator[Round, list[Verdict], None]
Decide = Generator[tuple[Comparison, ...], tuple[Judgment, ...], Verdict]


@dataclass(slots=True, kw_only=True)
class Record:
    """Every verdict of a problem so far, round by round, in the order in which the strategy asked for the matches.

    `lot_key` stands for seed and problem in the drawing of lots. `limit` is the number of comparisons that may be used,
    None where there is no such limit, and `calls` the most that one match takes. `complete` says that the strategy
    played to its end. `judge` tells what is known of the judge from elsewhere, such as the other problems of a run; it
    is called where ratings are wanted.
    """

    field: Field
    lot_key: int
    limit: int | None = None
    calls: int = 1
    judge: Callable[[], JudgeModel] | None = None
    rounds: list[list[Verdict]] = dataclasses.field(default_factory=list)
    complete: bool = False
    _lots: NDArray[np.float64] | None = dataclasses.field(default=None, init=False, repr=False, compare=False)
    _evidence: Evidence | None = dataclasses.field(default=None, init=False, repr=False, compare=False)
    _counted: int = dataclasses.field(default=0, init=False, repr=False, compare=False)

    @property
    def lots(self) -> NDArray[np.float64]:
        """One uniform number an entrant, drawn from (seed, problem id, text): the last tie-break.

        They are drawn when they are first looked at, since most problems have no tie that needs them.
        """
        if self._lots is None:
            self._lots = np.array([seeding.uniform(key) for key in seeding.keys(self.lot_key, self.field.texts)])
        return self._lots

    @property
    def draw(self) -> NDArray[np.float64]:
        """The lots by which ties are broken, shape `(n,)`: last are entrants that were only ever too long to judge.

        A candidate that pads its text until no pair with it fits the judge must not win by lot what it would lose.
        """
        without = [verdict for verdict in self.verdicts if verdict.p_a is None]
        too_long = {loser for verdict in without if (loser := longer(verdict, self.field)) is not None}
        if too_long:
            too_long -= {entrant for verdict in self.verdicts if verdict.p_a is not None for entrant in verdict.match}
        return self.lots - np.isin(np.arange(len(self.field)), list(too_long)) if too_long else self.lots

    @property
    def verdicts(self) -> list[Verdict]:
        """The verdicts of all rounds, first to last."""
        return [verdict for verdicts in self.rounds for verdict in verdicts]

    @property
    def evidence(self) -> Evidence:
        """What the comparisons so far say, by order; entries are `[entrant, entrant]`. It grows with the record."""
        if self._evidence is None:
            self._evidence = Evidence.none(len(self.field))
        for verdicts in self.rounds[self._counted :]:
            _count(self._evidence, verdicts)
        self._counted = len(self.rounds)
        return self._evidence

    def seats(self, rng: np.random.Generator) -> list[int]:
        """The entrants in a random order that depends on their texts and not on their places in the file."""
        by_lot = np.argsort(self.lots, kind="stable")
        return [int(i) for i in by_lot[rng.permutation(len(by_lot))]]

    def matches_left(self, without_limit: int) -> int:
        """How many more matches the budget surely pays for; where there is no limit, up to `without_limit` in all."""
        verdicts = self.verdicts
        if self.limit is None:
            return max(without_limit - len(verdicts), 0)
        used = sum(max(len(verdict.comparisons), 1) for verdict in verdicts)
        return max(self.limit - used, 0) // self.calls

    def pairs(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Matches as an (m, 2) array of entrants and the (m,) preferences for the first of each; NaN for none."""
        verdicts = self.verdicts
        pairs = np.array([v.match for v in verdicts], dtype=np.int64).reshape(-1, 2)
        p_a = np.array([np.nan if v.p_a is None else v.p_a for v in verdicts], dtype=np.float64)
        return pairs, p_a

    def wins(self) -> NDArray[np.float64]:
        """The (n, n) sums of preference: entry [i, j] is what i took from its matches with j."""
        total = np.zeros((len(self.field), len(self.field)))
        for (a, b), p_a, _, _ in self.verdicts:
            if p_a is not None:
                total[a, b] += p_a
                total[b, a] += 1.0 - p_a
        return total


def standing(
    comparisons: Sequence[Comparison], judgments: Sequence[Judgment]
) -> Iterator[tuple[Comparison, float | None]]:
    """The comparisons of a match with what each says for the first; nothing where a re-think went on from it."""
    continued = {id(comparison.continues) for comparison in comparisons if comparison.continues is not None}
    for comparison, judgment in zip(comparisons, judgments, strict=False):
        yield comparison, None if id(judgment) in continued else judgment.p_first


def longer(verdict: Verdict, field: Field) -> int | None:
    """The longer entrant of a match that the judge refused unread, as too long; None for any other match."""
    judgments = verdict.judgments
    if verdict.p_a is not None or not judgments:
        return None
    if any(judgment.outcome is not Outcome.REFUSED or judgment.prompt_tokens for judgment in judgments):
        return None
    a, b = (len(field.texts[entrant]) for entrant in verdict.match)
    return None if a == b else verdict.match[a < b]


def _count(evidence: Evidence, verdicts: Sequence[Verdict]) -> None:
    """Add the judgments of some verdicts; those that a re-think went on from are superseded by it.

    A verdict that does not tell its comparisons counts as one comparison of unknown order.
    """
    shown: list[tuple[int, int, float]] = []
    unknown: list[tuple[int, int, float]] = []
    for (a, b), p_a, comparisons, judgments in verdicts:
        if p_a is not None and not comparisons:
            unknown += [(a, b, p_a), (b, a, 1.0 - p_a)]
        shown += [(c.first, c.second, p) for c, p in standing(comparisons, judgments) if p is not None]
    for rows, weight in ((shown, 1.0), (unknown, 0.5)):
        if rows:
            first, second, p_first = zip(*rows, strict=True)
            evidence.add(first, second, p_first, weight=weight)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Entrants from best to worst, each with its rating on the log-odds scale, standard error and P(best).

    `order` is a tuple of entrant indices; the arrays are indexed by entrant. `tie_breaks` names what decided between
    entrants that were equal, and `best_by` names what decided the first place, None where no tie-break was needed.
    `chosen` says in words what a strategy that chooses chose, and why.
    """

    order: tuple[int, ...]
    rating: NDArray[np.float64]
    stderr: NDArray[np.float64]
    p_best: NDArray[np.float64]
    tie_breaks: tuple[str, ...] = ()
    best_by: str | None = None
    chosen: str = ""


class PairingStrategy(Protocol):
    """Who meets whom. A frozen dataclass of its parameters.

    A pair that meets again, in a later round or in the same one, is asked for a new judgment, in the other order first.
    """

    def matches(self, n: int, limit: int | None = None) -> tuple[int, int]:
        """The fewest and the most matches that a field of `n` entrants takes where `limit` of them are paid for."""
        ...

    def play(self, record: Record, rng: np.random.Generator) -> Play:
        """Yield a round of matches, receive its verdicts in the same order; return when done.

        The verdicts are in `record` too by the time they are received. A verdict may have no preference. When the
        budget ends in the middle, the generator is closed.
        """
        ...

    def rank(self, record: Record) -> Ranking:
        """The best order known from the verdicts so far. Callable at any time, so a spent budget still answers."""
        ...

    def best(self, record: Record) -> int:
        """The first entrant of `rank`, without the cost of the whole ranking."""
        ...


class MatchStrategy(Protocol):
    """How one match is decided. A frozen dataclass of its parameters."""

    @property
    def calls(self) -> tuple[int, int]:
        """The fewest and the most comparisons that one match can take."""
        ...

    def decide(self, match: Match, draw: int) -> Decide:
        """Yield comparisons that may run side by side, receive their judgments; return the verdict.

        `draw` is a uniform 64-bit integer that belongs to this match: its lowest bit is the coin for who is shown
        first, and `numpy.random.default_rng(draw)` gives more. The repeat numbers start at 0 for each order.
        """
        ...


@runtime_checkable
class OneComparison(MatchStrategy, Protocol):
    """A match strategy that always asks once, in the order of `shown`, and takes the answer as it is.

    The method only marks it: a simulation then judges whole rounds of such matches as arrays.
    """

    def asks_once(self) -> bool:
        """True."""
        ...


def shown(match: Match, draw: int) -> tuple[int, int]:
    """The entrant to show first and the one to show second, by the coin of the match (the same for a-b and b-a)."""
    low, high = (match.a, match.b) if match.a < match.b else (match.b, match.a)
    return (low, high) if draw & 1 else (high, low)


def preference(match: Match, comparison: Comparison, judgment: Judgment) -> float | None:
    """What a judgment says for `match.a`, in [0, 1]; None where it has no preference."""
    p_first = judgment.p_first
    if p_first is None:
        return None
    return p_first if comparison.first == match.a else 1.0 - p_first


def tally(match: Match, comparisons: Sequence[Comparison], judgments: Sequence[Judgment]) -> Verdict:
    """The verdict that averages the preferences at hand; one without a preference where there are none.

    This is also the verdict of a match that a spent budget cuts short.
    """
    known = [
        p
        for comparison, judgment in zip(comparisons, judgments, strict=True)
        if (p := preference(match, comparison, judgment)) is not None
    ]
    p_a = sum(known) / len(known) if known else None
    return Verdict(match, p_a, tuple(comparisons), tuple(judgments))


def posterior(record: Record) -> JudgedFit:
    """The ratings that the judgments so far speak for, with what is known or found out about the judge."""
    return fit_judged(record.evidence, record.judge and record.judge())


def ranked(record: Record, primary: NDArray[np.float64], *, rating: NDArray[np.float64] | None = None) -> Ranking:
    """Rank by `primary` (n,), higher first; equal values by head-to-head, then by rating, then by the seeded lots.

    The rating is that of the `posterior` unless one is given; standard errors, taken against the mean of the field, and
    P(best) are always the posterior's.
    """
    return ranked_by(posterior(record), record, primary, rating=rating)


def ranked_by(
    fitted: JudgedFit, record: Record, primary: NDArray[np.float64], *, rating: NDArray[np.float64] | None = None
) -> Ranking:
    """`ranked` with a posterior that is known already."""
    ordering = order(primary, record.wins(), record.draw, rating=fitted.rating)
    return Ranking(
        order=ordering.order,
        rating=fitted.rating if rating is None else rating,
        stderr=fitted.field_stderr,
        p_best=p_best(fitted.rating, fitted.covariance),
        tie_breaks=ordering.tie_breaks,
        best_by=ordering.tie_break_for_best,
    )
