"""What a vote costs that stops, against a fixed number of samples, at equal error.

    python benchmarks/voting.py [--quick]

The judge is the synthetic one on pairs of a right and a wrong candidate. Errors and mean samples are added up over all
ballots, so they have no noise; a simulation with the judge itself stands beside them, with 95 % intervals. A level vote
is half an error. "Needs" are the fewest mean samples at which a rule errs no more often than k samples do: straight
lines join its settings, 2 to 32 votes at confidences from 0.6 to 0.9999, as a coin between two of them would. Settings
are chosen for each judge, as k is; they contain the plain majority. A number k that errs no less often than a smaller
one is left out: nobody should ask so often. A saving below 0 is a loss.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, product
from pathlib import Path
from statistics import mean

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._common import Aims, table
from strategies.voting import Voting
from tournament.judges.synthetic import SyntheticJudge, SyntheticSettings
from tournament.ratings import normal, wilson
from tournament.seeding import generator, key
from tournament.types import Field, Match

COUNTS = (1, 3, 5, 7, 9, 15)
CONFIDENCES = (0.6, 0.7, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999, 0.9999)
VOTES = (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 16, 24, 32)
EVIDENCE = ("posterior", "sprt")
STOPS = ("majority", *EVIDENCE)
AGREE = 0.9999

Chances = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A synthetic judge: accuracy, share of repeated opinions, log-odds for the candidate shown first."""

    accuracy: float
    self_repeat: float
    position_bias: float

    def __str__(self) -> str:
        return f"accuracy {self.accuracy:g}  self-repeat {self.self_repeat:g}  position bias {self.position_bias:g}"

    def opinions(self) -> list[tuple[float, Chances]]:
        """What the judge may hold of a pair: how likely, and the chances to be right with the right one first, second.

        A standing opinion is one draw for the pair, so it is right in both orders, in the likelier one, or in none.
        """
        odds = math.log(self.accuracy / (1 - self.accuracy))
        first, second = (1 / (1 + math.exp(-odds - sign * self.position_bias)) for sign in (1, -1))
        held, fresh = self.self_repeat, 1 - self.self_repeat
        return [
            (second, (held + fresh * first, held + fresh * second)),
            (first - second, (held + fresh * first, fresh * second)),
            (1 - first, (fresh * first, fresh * second)),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How often a rule errs, how often it differs from the judge's own unlimited vote, and its mean samples."""

    error: float
    off: float
    samples: float


@lru_cache(maxsize=4096)
def wave(count: int, chances: Chances) -> NDArray[np.float64]:
    """The distribution of the right votes among `count` samples that take turns between two chances."""
    total = np.ones(1)
    for number in range(count):
        chance = chances[number % 2]
        total = np.convolve(total, [1 - chance, chance])
    return total


def ballots(rule: Voting, chances: Chances) -> tuple[float, float]:
    """The exact error and mean samples of a rule whose samples take turns between two chances to be right."""
    states: dict[tuple[int, int], float] = {(0, 0): 1.0}
    error = samples = 0.0
    while states:
        asked, lead = state = min(states)
        weight = states.pop(state)
        more = rule.wanted(lead=lead, counted=asked, asked=asked)
        if not more:
            error += weight * (0.5 if lead == 0 else float(lead < 0))
            samples += weight * asked
            continue
        turn = chances if asked % 2 == 0 else (chances[1], chances[0])
        for right, chance in enumerate(wave(more, turn)):
            after = asked + more, lead + 2 * right - more
            states[after] = states.get(after, 0.0) + weight * float(chance)
    return error, samples


@lru_cache(maxsize=4096)
def exact(world: World, rule: Voting) -> Outcome:
    """Add up opinions, both starting orders and all ballots."""
    error = off = samples = 0.0
    for weight, (first, second) in world.opinions():
        for chances in ((first, second), (second, first)):
            wrong, taken = ballots(rule, chances)
            error += weight / 2 * wrong
            samples += weight / 2 * taken
            off += weight / 2 * (wrong if first + second >= 1 else 1 - wrong)
    return Outcome(error=error, off=off, samples=samples)


@lru_cache(maxsize=64)
def frontier(world: World, stop: str) -> tuple[Outcome, ...]:
    """The settings on the lower convex hull of error over mean samples, from the fewest samples on."""
    rules = (Voting(votes=votes, stop=stop, confidence=sure) for votes, sure in product(VOTES, CONFIDENCES))
    kept: list[Outcome] = []
    for new in sorted((exact(world, rule) for rule in rules), key=lambda outcome: (outcome.samples, outcome.error)):
        if kept and new.error >= kept[-1].error - 1e-12:
            continue
        while len(kept) > 1 and slope(kept[-2], kept[-1]) >= slope(kept[-2], new):
            kept.pop()
        kept.append(new)
    return tuple(kept)


def slope(one: Outcome, other: Outcome) -> float:
    """Errors that a sample more adds between two settings; negative where it saves some."""
    return (other.error - one.error) / (other.samples - one.samples)


def needs(settings: Sequence[Outcome], error: float) -> float:
    """The fewest mean samples for an error: a straight line between neighbours; NaN where it is out of reach."""
    if settings[0].error <= error + 1e-12:
        return settings[0].samples
    for one, other in pairwise(settings):
        if other.error <= error + 1e-12:
            part = (one.error - error) / (one.error - other.error)
            return one.samples + part * (other.samples - one.samples)
    return math.nan


def sensible(world: World) -> list[int]:
    """The numbers of samples that err less often than every smaller one."""
    errors = {k: exact(world, Voting(votes=k, stop="none")).error for k in COUNTS}
    return [k for k in COUNTS if all(errors[k] < errors[j] - 1e-12 for j in COUNTS if j < k)]


def samples_of(world: World, k: int) -> dict[str, float]:
    """Mean samples of each rule at the error of k samples."""
    error = exact(world, Voting(votes=k, stop="none")).error
    each = {"majority": exact(world, Voting(votes=k)).samples}
    return each | {stop: needs(frontier(world, stop), error) for stop in EVIDENCE}


def percent(share: float) -> str:
    """A share in per cent with its sign; "-" where there is none."""
    return "-" if math.isnan(share) else f"{100 * share:+.0f} %"


def spread(values: Sequence[float]) -> str:
    """The mean of some shares and the range that they lie in."""
    return f"{percent(mean(values))} [{percent(min(values))}, {percent(max(values))}]" if values else "-"


def show_equal_error(worlds: Sequence[World]) -> dict[int, dict[str, list[float]]]:
    """Print what each rule needs, by world; the savings by k and rule."""
    savings: dict[int, dict[str, list[float]]] = {k: {stop: [] for stop in STOPS} for k in COUNTS}
    for world in worlds:
        rows = []
        for k in sensible(world):
            found, error = samples_of(world, k), exact(world, Voting(votes=k, stop="none")).error
            rows.append([str(k), f"{100 * error:.2f} %"])
            for stop, samples in found.items():
                rows[-1].append("-" if math.isnan(samples) else f"{samples:.2f} ({percent(1 - samples / k)})")
                savings[k][stop] += [] if math.isnan(samples) else [1 - samples / k]
        print(world)
        table(["k", "error", *(f"{stop} needs (saves)" for stop in STOPS)], rows)
    print("saved at the error of k samples: mean over these judges [least, most]")
    rows = [[str(k), str(len(by["majority"])), *(spread(by[stop]) for stop in STOPS)] for k, by in savings.items()]
    table(["k", "judges", *STOPS], rows)
    return savings


def show_same_votes(worlds: Sequence[World]) -> None:
    """Print what changes where only the rule does, by --votes and confidence."""
    print("the same --votes, against stop=majority: samples, and error in percentage points; mean over these judges")
    rows = []
    for votes, stop, confidence in product((5, 9, 15, 32), EVIDENCE, (0.9, 0.95, 0.99)):
        rule = Voting(votes=votes, stop=stop, confidence=confidence)
        pairs = [(exact(world, rule), exact(world, Voting(votes=votes))) for world in worlds]
        samples = [ours.samples / theirs.samples - 1 for ours, theirs in pairs]
        errors = [100 * (ours.error - theirs.error) for ours, theirs in pairs]
        off = mean(ours.off for ours, _ in pairs)
        change = f"{mean(errors):+.2f} [{min(errors):+.2f}, {max(errors):+.2f}]"
        rows.append([f"{votes} {stop} {confidence:g}", spread(samples), change, f"{100 * off:.1f} %"])
    table(["--votes, stop, confidence", "samples", "error", "not the judge's own long-run vote"], rows)


def mixed(judge: SyntheticJudge, count: int) -> Iterator[tuple[Field, int]]:
    """Fields of a right and a wrong candidate, and which of them is right."""
    number = 0
    while count:
        name, number = f"pair {number}", number + 1
        field = Field(problem_id=name, prompt=name, ids=("0", "1"), texts=("0", "1"), members=((0,), (1,)))
        strengths = judge.strengths(field)
        if strengths[0] != strengths[1]:
            count -= 1
            yield field, int(strengths[1] > strengths[0])


def simulated(world: World, rule: Voting, count: int) -> tuple[list[float], list[int]]:
    """Errors and samples of `count` matches, decided by the strategy itself."""
    # A seed of its own: the judge's luck is of the pair, so one seed would make all rules and judges lucky together.
    seed = key(0, "benchmark", str(world), str(rule)) >> 32
    settings = SyntheticSettings(
        world="math",
        accuracy=world.accuracy,
        self_repeat=world.self_repeat,
        position_bias=world.position_bias,
        seed=seed,
    )
    judge, draws = SyntheticJudge(settings), generator(seed, "benchmark")
    errors, samples = [], []
    for field, right in mixed(judge, count):
        deciding = rule.decide(Match(0, 1), int(draws.integers(1 << 63)))
        asked = next(deciding)
        try:
            while True:
                asked = deciding.send(tuple(judge.judge_now(field, asked)))
        except StopIteration as stop:
            verdict = stop.value
        errors.append(0.5 if verdict.winner is None else float(verdict.winner != right))
        samples.append(len(verdict.comparisons))
    return errors, samples


def show_simulation(worlds: Sequence[World], count: int, aims: Aims) -> None:
    """Print the simulation beside the exact figures, and check that they agree."""
    rows, apart = [], 0
    for world, stop in product(worlds, STOPS):
        rule = Voting(votes=9, stop=stop)
        (errors, samples), truth = simulated(world, rule, count), exact(world, rule)
        spread_of = float(np.std(samples) / math.sqrt(count))
        shown, wide = ((wilson(sum(errors), count, p), normal(mean(samples), spread_of, p)) for p in (0.95, AGREE))
        apart += not (wide[0].low <= truth.error <= wide[0].high and wide[1].low <= truth.samples <= wide[1].high)
        shares = f"{100 * mean(errors):.1f} % [{100 * shown[0].low:.1f}, {100 * shown[0].high:.1f}]"
        taken = f"{mean(samples):.2f} [{shown[1].low:.2f}, {shown[1].high:.2f}]"
        rows.append([f"{world}  {stop}", f"{100 * truth.error:.1f} %", shares, f"{truth.samples:.2f}", taken])
    print(f"9 votes, confidence 0.95: exact, and {count:,} simulated matches with 95 % intervals")
    table(["judge, stop", "error", "simulated", "samples", "simulated"], rows)
    aims.check(
        f"{len(rows) - apart} of {len(rows)} simulations hold the exact figures in {AGREE:.2%} intervals", not apart
    )


def main() -> int:
    """Print the tables, the aims and the headline."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--quick", action="store_true", help="one accuracy instead of three, fewer simulated matches")
    options = parser.parse_args()
    grid = product((0.7,) if options.quick else (0.6, 0.7, 0.8), (0.0, 0.5), (0.0, 0.4))
    worlds = [World(accuracy=p, self_repeat=again, position_bias=bias) for p, again, bias in grid]
    aims = Aims()
    savings = show_equal_error(worlds)
    show_same_votes(worlds)
    show_simulation(worlds, 1_000 if options.quick else 4_000, aims)
    errors = [
        exact(w, Voting(votes=k)).error - exact(w, Voting(votes=k, stop="none")).error for w in worlds for k in COUNTS
    ]
    unequal = max(map(abs, errors))
    aims.check(f"majority errs as all votes do, to {unequal:.0e}", unequal < 1e-9)
    words = ", ".join(f"{stop} {spread(savings[5][stop])}" for stop in STOPS)
    return aims.finish(f"calls saved at the error of 5 samples, mean over {len(worlds)} judges [least, most]: {words}")


if __name__ == "__main__":
    sys.exit(main())
