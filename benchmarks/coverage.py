"""How often the 95 % interval of a rating holds the truth, and whether P(best) is as often right as it says.

    python benchmarks/coverage.py [--quick] [--problems N] [--seed N]

The judge is the synthetic one, so every strength is known. Strengths and ratings are taken against the mean of the
field, as `field_stderr` is. "learned" rates each problem with the judge model that `learn` made from all problems of
the row, "alone" without one. The intervals of the pick alone, under the learned model, stand beside them: it was picked
because its rating is high. P(best) is what the learned model says of the pick on average, against the share of picks
that were truly best, with its 95 % Wilson interval.

Strengths of the worlds "sd" are normal, which is what the model assumes; those of "math" are two values, and several
candidates are best. A judge that repeats itself breaks the model's independence. These are reported, without an aim.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from numpy.typing import NDArray

from benchmarks._common import Aims, table
from tournament import registry
from tournament.engine import open_record, play
from tournament.experiments.budgets import comparisons_of
from tournament.judges.synthetic import SyntheticJudge, SyntheticSettings
from tournament.ratings import JudgedFit, JudgeModel, fit_judged, learn, normal, p_best, wilson
from tournament.strategy import Record
from tournament.types import Field

SDS, BIASES, SIZES = (0.5, 1.0, 1.28, 1.5, 2.5), (0.0, 1.5), (4, 8, 32)
INTERVALS = 2048
"""Intervals a row, about: problems times candidates."""
LOW, HIGH = 0.93, 0.97
ENOUGH = 2.0
"""Comparisons a candidate from which the aim holds."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """A strategy under a budget."""

    label: str
    strategy: str
    parameters: Mapping[str, Any]
    budget: str

    def enough(self, n: int) -> bool:
        """Whether there are two comparisons a candidate."""
        return comparisons_of(self.budget, n) >= ENOUGH * n


DESIGNS = (
    Design(label="knockout", strategy="knockout", parameters={}, budget="N-1"),
    Design(label="halving 2N", strategy="halving", parameters={}, budget="2N"),
    Design(label="halving 3N", strategy="halving", parameters={}, budget="3N"),
    Design(label="adaptive 5N", strategy="adaptive", parameters={"confidence": 1.0}, budget="5N"),
    Design(label="round-robin", strategy="round-robin", parameters={}, budget="all"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A synthetic judge; `kept` says that it is as the model assumes."""

    label: str
    settings: SyntheticSettings
    kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """What the ratings of a row's problems came to: whether each interval held, what the pick's did, and P(best)."""

    held: NDArray[np.bool_]
    held_pick: NDArray[np.bool_]
    said: Floats
    right: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One world, size and design, with the learned model and without."""

    n: int
    design: Design
    world: World
    model: JudgeModel
    learned: Rated
    alone: Rated

    def cells(self) -> list[str]:
        """The row of the table."""
        said, right = self.learned.said.mean(), self.learned.right
        share = wilson(right.sum(), right.size)
        return [
            f"{self.n} {self.design.label}, {self.world.label}",
            f"{self.model.spread:.2f}",
            f"{self.model.first_bias:+.2f}",
            *(f"{100 * part.mean():.1f}" for part in (self.learned.held, self.alone.held, self.learned.held_pick)),
            f"{100 * said:.0f}",
            f"{100 * right.mean():.0f} [{100 * float(share.low):.0f}, {100 * float(share.high):.0f}]",
        ]


HEADER = ("N design, world", "spread", "bias", "learned %", "alone %", "pick %", "P(best) %", "was best %")


def worlds(quick: bool) -> Iterator[World]:
    """Normal strengths with and without a position bias, then what the model does not assume."""
    for sd in (0.5, 1.5) if quick else SDS:
        for bias in (1.5,) if quick else BIASES:
            label = f"sd {sd:g}" + (f", bias {bias:g}" if bias else "")
            yield World(label=label, settings=SyntheticSettings(sd=sd, position_bias=bias), kept=True)
    yield World(label="sd 1.5, repeats .5", settings=SyntheticSettings(sd=1.5, self_repeat=0.5), kept=False)
    math = SyntheticSettings(world="math", accuracy=0.7)
    yield World(label="math .7", settings=math, kept=False)


def played(design: Design, n: int, world: World, problems: int, seed: int) -> tuple[list[Record], Floats]:
    """The records of some problems, and their true strengths against the mean of the field, (problems, n)."""
    judge = SyntheticJudge(world.settings)
    texts, members = tuple(map(str, range(n))), tuple((i,) for i in range(n))
    names = [f"coverage-{seed}-{number}" for number in range(problems)]
    fields = [Field(problem_id=name, prompt=name, ids=texts, texts=texts, members=members) for name in names]
    records = [_record(design, field, judge, comparisons_of(design.budget, n), seed) for field in fields]
    strengths = np.array([judge.strengths(field) for field in fields])
    return records, strengths - strengths.mean(-1, keepdims=True)


def _record(design: Design, field: Field, judge: SyntheticJudge, limit: int, seed: int) -> Record:
    pairing, matching = registry.pairing(design.strategy, design.parameters), registry.match_strategy(1)
    record, used = open_record(field, seed=seed, limit=limit, calls=matching.calls[1]), 0
    under_way = play(record, pairing, matching, seed=seed)
    try:
        wave = next(under_way)
        while True:
            granted = wave[: limit - used]
            used += len(granted)
            wave = under_way.send([*judge.judge_now(field, granted), *[None] * (len(wave) - len(granted))])
    except StopIteration:
        return record


def rated(fits: Sequence[JudgedFit], strengths: Floats) -> Rated:
    """Hold the intervals and the picks of some problems against the truth."""
    rating = np.stack([fit.rating for fit in fits])
    interval = normal(rating, np.stack([fit.field_stderr for fit in fits]))
    held = (interval.low <= strengths) & (strengths <= interval.high)
    pick = rating.argmax(-1)
    at = np.arange(len(pick)), pick
    chance = p_best(rating, np.stack([fit.covariance for fit in fits]))
    return Rated(held=held, held_pick=held[at], said=chance[at], right=strengths[at] >= strengths.max(-1) - 1e-12)


def measure(design: Design, n: int, world: World, problems: int, seed: int) -> Row:
    """Play a row's problems, learn the judge from all of them, and rate each with and without what was learned."""
    records, strengths = played(design, n, world, problems, seed)
    evidence = [record.evidence for record in records]
    model = learn(evidence)
    alone = rated([fit_judged(part) for part in evidence], strengths)
    learned = rated([fit_judged(part, model) for part in evidence], strengths)
    return Row(n=n, design=design, world=world, model=model, learned=learned, alone=alone)


def pooled(rows: Sequence[Row], which: str) -> float:
    """The share of all intervals of some rows that held."""
    return float(np.mean(np.concatenate([getattr(row, which).held.ravel() for row in rows])))


def check(rows: Sequence[Row], aims: Aims) -> None:
    """One aim a size and design, over the worlds that are as the model assumes."""
    for n, design in dict.fromkeys((row.n, row.design.label) for row in rows):
        mine = [row for row in rows if (row.n, row.design.label) == (n, design) and row.world.kept]
        shares = [float(row.learned.held.mean()) for row in mine]
        share, alone = pooled(mine, "learned"), pooled(mine, "alone")
        words = (
            f"N = {n}, {design}: {100 * share:.1f} % of the 95 % intervals hold"
            f" ({100 * min(shares):.1f} to {100 * max(shares):.1f} by world; {100 * alone:.1f} % alone)"
        )
        if mine[0].design.enough(n):
            aims.check(words, LOW <= share <= HIGH)
        else:
            aims.lines.append(f"no aim  {words}")


def main() -> int:
    """Measure, print the table, the aims and the headline."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="N = 8, fewer worlds, fewer problems")
    parser.add_argument("--problems", type=int, help=f"problems a row; about {INTERVALS} / N where not given")
    parser.add_argument("--seed", type=int, default=0, help="random seed")
    options = parser.parse_args()
    rows = [
        measure(design, n, world, options.problems or INTERVALS // n // (4 if options.quick else 1), options.seed)
        for n in ((8,) if options.quick else SIZES)
        for design in DESIGNS
        for world in worlds(options.quick)
    ]
    table(HEADER, [row.cells() for row in rows])
    aims = Aims()
    check(rows, aims)
    mine = [row for row in rows if row.world.kept and row.design.enough(row.n)]
    within = sum(LOW <= float(row.learned.held.mean()) <= HIGH for row in mine)
    aims.lines.append(f"no aim  {within} of the {len(mine)} rows that these pool lie within the aim by themselves")
    said = float(np.mean(np.concatenate([row.learned.said for row in mine])))
    right = float(np.mean(np.concatenate([row.learned.right for row in mine])))
    return aims.finish(
        f"{100 * pooled(mine, 'learned'):.1f} % of 95 % intervals hold with what was learned of the judge,"
        f" {100 * pooled(mine, 'alone'):.1f} % without; P(best) says {100 * said:.0f} %, {100 * right:.0f} % were best"
    )


if __name__ == "__main__":
    sys.exit(main())
