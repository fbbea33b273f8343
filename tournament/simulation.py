"""Simulation: many synthetic problems without an event loop, a ledger or a clock."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
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
from tournament.ratings import wilson
from tournament.strategy import MatchStrategy, OneComparison, PairingStrategy, Play, Record
from tournament.types import Field, Match, Verdict

TOGETHER = 256
"""Problems that are played side by side."""

Ints = NDArray[np.int64]


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
    """How often a strategy picked the truly best candidate, with a 95 % Wilson interval, and what it took."""

    problems: int
    correct: int
    comparisons: int
    interval: tuple[float, float] = field(default=(0.0, 1.0))

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

    The matches are those of a live run with the same seed. Where every match is one comparison, nothing limits them and
    the judge can judge arrays, the problems go side by side and a round of all of them is judged at once; that changes
    the speed and nothing else.

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
    texts = tuple(str(i) for i in range(n))
    members = tuple((i,) for i in range(n))
    correct = comparisons = 0
    with rare_collections():
        for start in range(0, problems, TOGETHER):
            names = [f"simulated-{number}" for number in range(start, min(start + TOGETHER, problems))]
            fields = [Field(problem_id=name, prompt=name, ids=texts, texts=texts, members=members) for name in names]
            if limit is None and isinstance(matching, OneComparison) and isinstance(judge, ArrayJudge):
                played = _play_together(fields, judge, pairing, seed)
            else:
                played = [_play_one(entrants, judge, pairing, matching, limit, seed) for entrants in fields]
            correct += sum(_is_best(judge, entrants, pick) for entrants, (pick, _) in zip(fields, played, strict=True))
            comparisons += sum(used for _, used in played)
    interval = wilson(correct, problems)
    return Simulation(
        problems=problems,
        correct=correct,
        comparisons=comparisons,
        interval=(float(interval.low), float(interval.high)),
    )


@dataclass(slots=True)
class _Game:
    """One problem under way among others."""

    number: int
    record: Record
    strategy: Play
    matches: list[Match]
    used: int = 0

    def receive(self, verdicts: list[Verdict]) -> bool:
        """Hand over a round; whether there is another."""
        self.used += len(verdicts)
        self.record.rounds.append(verdicts)
        try:
            self.matches = self.strategy.send(verdicts)
        except StopIteration:
            self.record.complete = True
            return False
        return True


def _play_together(
    fields: Sequence[Field], judge: ArrayJudge, pairing: PairingStrategy, seed: int
) -> list[tuple[int, int]]:
    """The pick and the number of comparisons of each problem: the same as `_play_one`, a round of all at a time."""
    games = [_open_game(number, entrants, pairing, seed) for number, entrants in enumerate(fields)]
    keys = np.array([seeding.key(seed, "match", entrants.problem_id) for entrants in fields], dtype=np.uint64)
    met = np.zeros((len(fields), len(fields[0]), len(fields[0])), dtype=np.int64)
    going = [game for game in games if game.matches]
    while going:
        matches = [match for game in going for match in game.matches]
        which = np.repeat([game.number for game in going], [len(game.matches) for game in going])
        verdicts = _judge_round(fields, judge, matches, which, keys, met)
        start, still = 0, []
        for game in going:
            stop = start + len(game.matches)
            if game.receive(verdicts[start:stop]):
                still.append(game)
            start = stop
        going = still
    return [(pairing.best(game.record), game.used) for game in games]


def _open_game(number: int, entrants: Field, pairing: PairingStrategy, seed: int) -> _Game:
    record = open_record(entrants, seed=seed)
    strategy = pairing.play(record, seeding.generator(seed, "pairing", entrants.problem_id))
    matches = next(strategy, []) if len(entrants) > 1 else []
    record.complete = not matches
    return _Game(number, record, strategy, matches)


def _judge_round(
    fields: Sequence[Field], judge: ArrayJudge, matches: list[Match], which: Ints, keys: NDArray[np.uint64], met: Ints
) -> list[Verdict]:
    """One comparison for each match, shown as `strategy.shown` would have it; `met` counts comparisons by order."""
    a, b = np.array(matches, dtype=np.int64).T
    low, high = np.minimum(a, b), np.maximum(a, b)
    meeting = met[which, a, b] + met[which, b, a]
    coin = (seeding.match_draws(keys[which], low, high, meeting) & np.uint64(1)).astype(bool)
    first, second = np.where(coin, low, high), np.where(coin, high, low)
    p_first = judge.preferences(fields, which, first, second, met[which, first, second])
    met[which, first, second] += 1
    p_a = np.where(first == a, p_first, 1.0 - p_first)
    if np.isnan(p_a).any():
        return [Verdict(m, None if math.isnan(p) else p) for m, p in zip(matches, p_a.tolist(), strict=True)]
    return list(map(Verdict, matches, p_a.tolist()))


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
) -> tuple[int, int]:
    """The pick and the number of comparisons of one problem."""
    record = open_record(entrants, seed=seed, limit=limit)
    game, used = play(record, pairing, matching, seed=seed), 0
    try:
        wave = next(game)
        while True:
            granted = wave if limit is None else wave[: limit - used]
            used += len(granted)
            answers = [*judge.judge_now(entrants, granted), *[None] * (len(wave) - len(granted))]
            wave = game.send(answers)
    except StopIteration:
        return pairing.best(record), used
