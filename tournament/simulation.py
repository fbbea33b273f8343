"""Simulation: many synthetic problems without an event loop, a ledger or a clock."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tournament import registry, seeding
from tournament.budget import Limits
from tournament.engine import open_record, play
from tournament.errors import UsageError
from tournament.garbage import rare_collections
from tournament.judge import InstantJudge, Judge
from tournament.pool import Pool
from tournament.ratings import JudgeModel, wilson
from tournament.strategy import MatchStrategy, OneComparison, PairingStrategy, Play, Record
from tournament.types import Comparison, Field, Judgment, Match, Outcome, Verdict

TOGETHER = 256
"""Problems that are played side by side."""

Ints = NDArray[np.int64]

_DECIDED = {p: Judgment(Outcome.TIE if p == 0.5 else Outcome.DECIDED, p) for p in (0.0, 0.5, 1.0)}
_VOID = Judgment(Outcome.UNPARSABLE, None)


@runtime_checkable
class KnowingJudge(InstantJudge, Protocol):
    """A judge that answers at once and knows the truth."""

    def strengths(self, field: Field) -> NDArray[np.float64]:
        """The true strengths of a field, (n,), in log-odds."""
        ...


@runtime_checkable
class ArrayJudge(KnowingJudge, Protocol):
    """A judge that also judges arrays of comparisons of many fields."""

    def preferences(
        self, fields: Sequence[Field], which: Ints, first: Ints, second: Ints, repeat: Ints
    ) -> NDArray[np.float64]:
        """The preferences for the first, (m,), NaN for none; `which` says whose field each comparison belongs to."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """How often a strategy picked the truly best candidate, with a 95 % Wilson interval, and what it took.

    `correct_each` says it problem by problem, for paired tests between strategies on the same problems.
    """

    problems: int
    correct: int
    comparisons: int
    interval: tuple[float, float] = field(default=(0.0, 1.0))
    correct_each: tuple[bool, ...] = field(default=(), repr=False)

    @property
    def accuracy(self) -> float:
        """The share of problems whose best candidate was picked."""
        return self.correct / self.problems if self.problems else math.nan


def simulate(
    *,
    n: int = 8,
    problems: int = 1000,
    judge: Judge | Mapping[str, Any] | None = None,
    strategy: str | PairingStrategy = "knockout",
    match: MatchStrategy | None = None,
    votes: int = 1,
    limits: Limits | None = None,
    seed: int = 0,
) -> Simulation:
    """Play problems of `n` synthetic candidates without an event loop, a ledger or a clock.

    The matches are those of a live run with the same seed. Where every match is one comparison and the judge can judge
    arrays, the problems go side by side and a round of all of them is judged at once; that changes the speed and
    nothing else.

    Args:
        n: Candidates a problem.
        problems: How many problems.
        judge: A synthetic judge, or its settings; it must be able to answer at once and to tell its strengths.
        strategy: Who meets whom.
        match: How one match is decided; made from `votes` where it is not given.
        votes: Parallel samples a match.
        limits: Only the limit on comparisons counts.
        seed: Random seed of judge and strategy.

    Returns:
        Accuracy of the pick and comparisons used. A pick is correct where no candidate is truly stronger.
    """
    if n < 1 or problems < 0:
        raise UsageError(f"n={n}, problems={problems}: simulate needs at least one candidate a problem")
    if judge is None or isinstance(judge, Mapping):
        judge = registry.judge("synthetic", {"seed": seed, **(judge or {})})
    if not isinstance(judge, KnowingJudge):
        raise UsageError(f"judge {judge.identity.label!r} cannot simulate; use the synthetic judge")
    pairing = registry.pairing(strategy) if isinstance(strategy, str) else strategy
    matching = match or registry.match_strategy(votes)
    limit = None if limits is None else limits.comparisons
    played: list[tuple[Record, int]] = []
    with rare_collections():
        for fields in _fields(n, problems):
            if isinstance(matching, OneComparison) and isinstance(judge, ArrayJudge):
                played += _play_together(fields, judge, pairing, limit, seed)
            else:
                played += [_play_one(entrants, judge, pairing, matching, limit, seed) for entrants in fields]
        records = [record for record, _ in played]
        picks = _picks(records, pairing, seed)
        right = [_is_best(judge, record.field, pick) for record, pick in zip(records, picks, strict=True)]
    interval = wilson(sum(right), problems)
    return Simulation(
        problems=problems,
        correct=sum(right),
        comparisons=sum(used for _, used in played),
        interval=(float(interval.low), float(interval.high)),
        correct_each=tuple(right),
    )


def _fields(n: int, problems: int) -> Iterator[list[Field]]:
    """The problems, those together that are played side by side."""
    texts, members = tuple(str(i) for i in range(n)), tuple((i,) for i in range(n))
    for start in range(0, problems, TOGETHER):
        names = [f"simulated-{number}" for number in range(start, min(start + TOGETHER, problems))]
        yield [Field(problem_id=name, prompt=name, ids=texts, texts=texts, members=members) for name in names]


def _picks(records: list[Record], pairing: PairingStrategy, seed: int) -> list[int]:
    """What a run of all these problems would pick: by what they say together about the judge, where ratings decide."""
    pools: list[Pool] = []

    def judge() -> JudgeModel:
        if not pools:
            pools.append(Pool.of(records, seed))
        return pools[0].learn()

    for record in records:
        record.judge = judge
    return [pairing.best(record) for record in records]


@dataclass(slots=True)
class _Game:
    """One problem under way among others."""

    number: int
    record: Record
    strategy: Play
    matches: list[Match]
    used: int = 0

    @property
    def granted(self) -> list[Match]:
        """The matches of this round that the budget still pays for."""
        limit = self.record.limit
        return self.matches if limit is None else self.matches[: limit - self.used]

    def receive(self, verdicts: list[Verdict]) -> bool:
        """Hand over the verdicts of the granted matches; whether there is another round."""
        self.used += len(verdicts)
        unpaid = [Verdict(match, None) for match in self.matches[len(verdicts) :]]
        self.record.rounds.append(verdicts + unpaid)
        if unpaid:
            self.strategy.close()
            return False
        try:
            self.matches = self.strategy.send(verdicts)
        except StopIteration:
            self.record.complete = True
            return False
        return True


def _play_together(
    fields: Sequence[Field], judge: ArrayJudge, pairing: PairingStrategy, limit: int | None, seed: int
) -> list[tuple[Record, int]]:
    """The record and the number of comparisons of each problem: the same as `_play_one`, a round of all at a time."""
    games = [_open_game(number, entrants, pairing, limit, seed) for number, entrants in enumerate(fields)]
    keys = np.array([seeding.key(seed, "match", entrants.problem_id) for entrants in fields], dtype=np.uint64)
    met = np.zeros((len(fields), len(fields[0]), len(fields[0])), dtype=np.int64)
    going = [game for game in games if game.matches]
    while going:
        granted = [game.granted for game in going]
        counts = [len(matches) for matches in granted]
        which = np.repeat([game.number for game in going], counts)
        verdicts = _judge_round(fields, judge, [match for matches in granted for match in matches], which, keys, met)
        start, still = 0, []
        for game, count in zip(going, counts, strict=True):
            stop = start + count
            if game.receive(verdicts[start:stop]):
                still.append(game)
            start = stop
        going = still
    return [(game.record, game.used) for game in games]


def _open_game(number: int, entrants: Field, pairing: PairingStrategy, limit: int | None, seed: int) -> _Game:
    record = open_record(entrants, seed=seed, limit=limit)
    strategy = pairing.play(record, seeding.generator(seed, "pairing", entrants.problem_id))
    matches = next(strategy, []) if len(entrants) > 1 else []
    record.complete = not matches
    return _Game(number, record, strategy, matches)


def _judge_round(
    fields: Sequence[Field], judge: ArrayJudge, matches: list[Match], which: Ints, keys: NDArray[np.uint64], met: Ints
) -> list[Verdict]:
    """One comparison for each match, shown as `strategy.shown` would have it; `met` counts comparisons by order.

    A pair that comes up again in the round is judged after the ones before it have been counted, as the engine does.
    """
    a, b = np.array(matches, dtype=np.int64).reshape(-1, 2).T
    low, high = np.minimum(a, b), np.maximum(a, b)
    first, second, repeat = np.empty_like(a), np.empty_like(a), np.empty_like(a)
    for now in _layers((which * len(fields[0]) + low) * len(fields[0]) + high):
        w, lo, hi = which[now], low[now], high[now]
        meeting = met[w, lo, hi] + met[w, hi, lo]
        coin = (seeding.match_draws(keys[w], lo, hi, meeting) & np.uint64(1)).astype(bool)
        first[now], second[now] = np.where(coin, lo, hi), np.where(coin, hi, lo)
        repeat[now] = met[w, first[now], second[now]]
        met[w, first[now], second[now]] += 1
    p_first = judge.preferences(fields, which, first, second, repeat)
    p_a = np.where(first == a, p_first, 1.0 - p_first).tolist()
    asked = map(Comparison, first.tolist(), second.tolist(), repeat.tolist())
    answers = map(_judgment, p_first.tolist())
    return [
        Verdict(match, None if p != p else p, (comparison,), (judgment,))  # only NaN differs from itself
        for match, p, comparison, judgment in zip(matches, p_a, asked, answers, strict=True)
    ]


def _layers(pairs: Ints) -> Iterator[Ints]:
    """Places of the first of equal numbers, then of the second, and so on."""
    by_pair = np.argsort(pairs, kind="stable")
    starts = np.flatnonzero(np.diff(pairs[by_pair], prepend=-1))
    turn = np.empty_like(pairs)
    turn[by_pair] = np.arange(len(pairs)) - np.repeat(starts, np.diff(starts, append=len(pairs)))
    for number in range(int(turn.max(initial=-1)) + 1):
        yield np.flatnonzero(turn == number)


def _judgment(p_first: float) -> Judgment:
    """The judgment that a preference of the array judge stands for."""
    return _DECIDED.get(p_first) or (_VOID if p_first != p_first else Judgment(Outcome.DECIDED, p_first))


def _is_best(judge: KnowingJudge, entrants: Field, pick: int) -> bool:
    strengths = judge.strengths(entrants)
    return bool(strengths[pick] >= strengths.max())


def _play_one(
    entrants: Field,
    judge: KnowingJudge,
    pairing: PairingStrategy,
    matching: MatchStrategy,
    limit: int | None,
    seed: int,
) -> tuple[Record, int]:
    """The record and the number of comparisons of one problem."""
    record = open_record(entrants, seed=seed, limit=limit, calls=matching.calls[1])
    game, used = play(record, pairing, matching, seed=seed), 0
    try:
        wave = next(game)
        while True:
            granted = wave if limit is None else wave[: limit - used]
            used += len(granted)
            answers = [*judge.judge_now(entrants, granted), *[None] * (len(wave) - len(granted))]
            wave = game.send(answers)
    except StopIteration:
        return record, used
