"""A sweep: worlds, numbers of candidates, budgets and strategies, every one with every other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tournament import registry
from tournament.errors import TourneyError, UnknownNameError, UsageError
from tournament.experiments.budgets import comparisons_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A strategy of a sweep.

    Attributes:
        label: What tables call it.
        name: The pairing strategy's registered name.
        votes: Parallel samples a match.
        parameters: Parameters of the pairing strategy.
    """

    label: str
    name: str
    votes: int = 1
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What is to be simulated.

    Attributes:
        seed: Random seed of every world and strategy; all strategies meet the same problems.
        problems: Problems of each world and number of candidates.
        n: Numbers of candidates a problem, each 2 at the least.
        budgets: Comparisons a problem, in words of `budgets.comparisons_of`.
        worlds: Settings of the synthetic judge by the world's name.
        strategies: What is compared.
    """

    seed: int = 0
    problems: int
    n: tuple[int, ...]
    budgets: tuple[str, ...]
    worlds: Mapping[str, Mapping[str, Any]]
    strategies: tuple[Entry, ...]

    def check(self) -> None:
        """Refuse what cannot be simulated, before anything is.

        Raises:
            UsageError: that starts with the key of the sweep that is wrong.
        """
        if self.problems < 1:
            raise UsageError(f"problems: {self.problems} is too few; give 1 or more")
        for key, values in (("n", self.n), ("budgets", self.budgets), ("strategies", self.strategies)):
            if not values:
                raise UsageError(f"{key}: there are none; name at least one")
        if not self.worlds:
            raise UsageError("worlds: there are none; name at least one, such as [worlds.mine]")
        self._check_sizes()
        for name, settings in self.worlds.items():
            _check_world(name, settings)
        for number, entry in enumerate(self.strategies, 1):
            _check_entry(number, entry)
        _distinct("n", self.n)
        _distinct("budgets", self.budgets)
        _distinct("strategies", [entry.label for entry in self.strategies])

    def _check_sizes(self) -> None:
        for n in self.n:
            if n < 2:
                raise UsageError(f"n: {n} candidates leave nothing to choose; give 2 or more")
            for budget in self.budgets:
                try:
                    comparisons_of(budget, n)
                except ValueError as error:
                    raise UsageError(f"budgets: {error}") from None

    def narrowed(
        self,
        *,
        worlds: Sequence[str] = (),
        strategies: Sequence[str] = (),
        n: Sequence[int] = (),
        problems: int | None = None,
        seed: int | None = None,
    ) -> Sweep:
        """A part of the sweep: some worlds, some strategies, or with other numbers.

        A strategy is meant by its label; where no label is like that, all of that registered name are meant.

        Raises:
            UnknownNameError: where the sweep has no such world or strategy.
        """
        _known("world", worlds, self.worlds)
        _known("strategy", strategies, {name for each in self.strategies for name in (each.label, each.name)})
        return replace(
            self,
            worlds={name: self.worlds[name] for name in self.worlds if not worlds or name in worlds},
            strategies=tuple(each for each in self.strategies if not strategies or self._meant(each, strategies)),
            n=tuple(dict.fromkeys(n)) or self.n,
            problems=self.problems if problems is None else problems,
            seed=self.seed if seed is None else seed,
        )

    def _meant(self, entry: Entry, names: Sequence[str]) -> bool:
        labels = {each.label for each in self.strategies}
        return entry.label in names or (entry.name in names and entry.name not in labels)


def _known(kind: str, names: Sequence[str], known: Mapping[str, Any] | set[str]) -> None:
    for name in names:
        if name not in known:
            raise UnknownNameError(f"{kind} of the sweep", name, known)


def _check_world(name: str, settings: Mapping[str, Any]) -> None:
    if "seed" in settings:
        raise UsageError(f"[worlds.{name}] seed: worlds share the sweep's seed; write `seed` at the top")
    try:
        registry.judge_settings("synthetic", settings)
    except TourneyError as error:
        raise UsageError(f"[worlds.{name}]: {error}") from None


def _check_entry(number: int, entry: Entry) -> None:
    try:
        registry.pairing(entry.name, entry.parameters)
        registry.match_strategy(entry.votes)
    except TourneyError as error:
        raise UsageError(f"[[strategies]] number {number}: {error}") from None


def _distinct(key: str, values: Sequence[Any]) -> None:
    for i, value in enumerate(values):
        if value in values[:i]:
            remedy = "give one of them another label" if key == "strategies" else "name it once"
            raise UsageError(f"{key}: {value!r} is there twice; {remedy}")
