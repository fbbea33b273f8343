"""Our own strategies and the plain baselines, run as `simulate` runs them: the engine's `play` and an instant judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.peers.asking import Asking, Picker
from tournament import registry
from tournament.engine import open_record, play
from tournament.strategy import MatchStrategy, PairingStrategy

NAMES = ("auto", "adaptive", "hybrid", "halving", "pivot", "teams")
"""Our strategies, the default first; those that this version does not know are passed over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A strategy of ours under a limit on comparisons.

    `whole` says that it takes part only where the limit leaves room for all of it, which is what a knockout means.
    """

    name: str
    pairing: PairingStrategy
    matching: MatchStrategy
    whole: bool = False

    def fits(self, n: int, budget: int) -> bool:
        """Every strategy answers under any limit; a whole one needs room for its most comparisons."""
        return not self.whole or self.pairing.matches(n)[1] * self.matching.calls[1] <= budget

    def pick(self, asking: Asking, seed: int) -> int:
        """Play the field to its end or to the end of the budget."""
        limit = asking.budget
        record = open_record(asking.field, seed=seed, limit=limit, calls=self.matching.calls[1])
        under_way = play(record, self.pairing, self.matching, seed=seed)
        try:
            wave = next(under_way)
            while True:
                granted = wave[: limit - asking.calls]
                wave = under_way.send([*asking.now(granted), *[None] * (len(wave) - len(granted))])
        except StopIteration:
            return self.pairing.best(record)


def played(name: str, *, label: str = "", votes: int = 1, whole: bool = False, **options: object) -> Played:
    """A registered strategy with parameters, as a column of the tables."""
    pairing, matching = registry.pairing(name, options), registry.match_strategy(votes)
    return Played(name=label or name, pairing=pairing, matching=matching, whole=whole)


def plain() -> tuple[Picker, ...]:
    """What anybody would write first: knockouts, and a balanced random share of all pairs under Elo or Bradley-Terry.

    With a budget of all pairs the latter two are the full round-robins.
    """
    knockouts = [played("knockout", label=f"knockout-{votes}", votes=votes, whole=True) for votes in (1, 3, 5)]
    pairs = [
        played("round-robin", label="elo", rating="elo"),
        played("round-robin", label="bradley-terry", rating="bradley-terry"),
    ]
    return (*knockouts, *pairs, *ours(("swiss",)))


def ours(names: Sequence[str] = NAMES) -> tuple[Picker, ...]:
    """Those of the named strategies that are registered, in the order of the names."""
    known = registry.known("pairing strategy")
    return tuple(played(name) for name in names if name in known)
