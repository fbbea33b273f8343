"""Fit the weights of the built-in checks on one half of some problems and report on the other.

    python benchmarks/fit_checks.py FILE [--check]

FILE is candidates.jsonl with `meta.correct` on every candidate. A pair counts where one candidate is right
and the other wrong; a tie counts as half right. The halves are told apart by a hash of the problem's id;
pieces of evidence were chosen on the first half only. Picks are those of the shipped weights, beside picks
that need no judge.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tournament.judges.checks import WEIGHTS, ChecksJudge
from tournament.judges.evidence import Evidence, gather
from tournament.ratings import wilson
from tournament.records import read_problems
from tournament.types import Comparison, Field

Array = NDArray[np.float64]
AIM = 0.78
RIDGE = 1.0
RESAMPLES = 2_000


class Labelled(NamedTuple):
    """A field, what was seen about it, and which of its entrants are right."""

    field: Field
    evidence: Evidence
    right: list[bool]

    def mixed(self) -> list[Comparison]:
        """Every pair of a right entrant, shown first, and a wrong one."""
        places = range(len(self.right))
        return [Comparison(i, j) for i in places for j in places if self.right[i] and not self.right[j]]


def labelled(path: Path, half: int) -> list[Labelled]:
    """The problems of one half."""
    fields = []
    for problem in read_problems(path):
        if hashlib.sha256(problem.id.encode()).digest()[0] % 2 == half:
            field = Field.of(problem)
            right = [bool(problem.candidates[members[0]].meta["correct"]) for members in field.members]
            fields.append(Labelled(field, gather(field), right))
    return fields


def features(fields: Sequence[Labelled]) -> Array:
    """The evidence of every mixed pair, right less wrong, (pairs, pieces of evidence)."""
    rows = [one.evidence.features(pair.first, pair.second) for one in fields for pair in one.mixed()]
    return np.array(rows, dtype=np.float64).reshape(-1, len(WEIGHTS))


def fit(rows: Array) -> Array:
    """Logistic regression without an intercept, with a small ridge, by Newton's method."""
    weights = np.zeros(rows.shape[1])
    for _ in range(50):
        p = 1.0 / (1.0 + np.exp(-rows @ weights))
        slope = rows.T @ (1.0 - p) - RIDGE * weights
        curve = (rows * (p * (1.0 - p))[:, None]).T @ rows + RIDGE * np.eye(len(weights))
        weights = weights + np.linalg.solve(curve, slope)
    return weights


def share(right: float, count: int) -> str:
    """A share in per cent with its 95 % Wilson interval."""
    interval = wilson(right, count)
    return f"{100 * right / count:.1f} % [{100 * interval.low:.1f}, {100 * interval.high:.1f}] of {count}"


def right_of(scores: Array) -> float:
    """How many pairs are right, a tie being half."""
    return float((scores > 1e-9).sum() + 0.5 * (np.abs(scores) <= 1e-9).sum())


def judged(fields: Sequence[Labelled]) -> tuple[Array, Array]:
    """By field: how many mixed pairs the judge itself gets right, a tie being half, and how many it has."""
    judge, right, count = ChecksJudge(), [], []
    for one in fields:
        preferred = [judgment.p_first for judgment in judge.judge_now(one.field, one.mixed())]
        right.append(right_of(np.array([p - 0.5 for p in preferred if p is not None])))
        count.append(len(preferred))
    return np.array(right, dtype=np.float64), np.array(count, dtype=np.float64)


def resampled(right: Array, count: Array) -> tuple[float, float]:
    """A 95 % interval of the share right with whole problems drawn anew: pairs of one are not independent."""
    drawn = np.random.default_rng(0).integers(len(right), size=(RESAMPLES, len(right)))
    low, high = np.quantile(right[drawn].sum(axis=1) / count[drawn].sum(axis=1), [0.025, 0.975])
    return float(low), float(high)


def mean_preference(one: Labelled) -> list[float]:
    """The mean preference of the shipped judge for each entrant over all others."""
    places = range(len(one.right))
    pairs = [Comparison(i, j) for i in places for j in places if i != j]
    total = [0.0] * len(places)
    for pair, judgment in zip(pairs, ChecksJudge().judge_now(one.field, pairs), strict=True):
        total[pair.first] += judgment.p_first or 0.0
    return total


def majority(one: Labelled) -> list[float]:
    """How many candidates, identical ones counted, end in each entrant's answer; 0 without an answer."""
    sizes: Counter[int] = Counter()
    for name, members in zip(one.evidence.groups, one.field.members, strict=True):
        sizes[name] += len(members)
    return [float(sizes[name]) if name >= 0 else 0.0 for name in one.evidence.groups]


def picked(one: Labelled, values: Sequence[float]) -> float:
    """The chance that the entrant of the highest value is right; equal ones are drawn from."""
    best = max(values)
    equal = np.array(values) >= best - 1e-9
    return float(np.mean(np.array(one.right)[equal]))


def chance(one: Labelled) -> float:
    """The share of the candidates, identical ones counted, that are right."""
    return float(np.average(one.right, weights=[len(members) for members in one.field.members]))


def picks(fields: Sequence[Labelled]) -> list[str]:
    """The share of problems where the pick is right, by what picks."""
    ways = {
        "checks": [picked(one, mean_preference(one)) for one in fields],
        "random": [chance(one) for one in fields],
        "longest": [picked(one, [float(len(text)) for text in one.field.texts]) for one in fields],
        "majority": [picked(one, majority(one)) for one in fields],
        "oracle": [float(any(one.right)) for one in fields],
    }
    return [f"pick by {name:9} {share(sum(right), len(right))}" for name, right in ways.items()]


def report(rows: Array, held: Sequence[Labelled]) -> float:
    """Print what the held-out half shows, the figure last; the share of its mixed pairs that are right."""
    for column, name in enumerate(WEIGHTS):
        decided = rows[rows[:, column] != 0, column]
        decides, right = share(len(decided), len(rows)), share(right_of(decided), len(decided))
        print(f"{name:10}  decides {decides}; right in {right}")
    print("\n".join(picks(held)))
    held_right, count = judged(held)
    low, high = resampled(held_right, count)
    print(f"with whole problems drawn anew: [{100 * low:.1f}, {100 * high:.1f}]")
    print(f"held-out pairs right: {share(float(held_right.sum()), int(count.sum()))}")
    return float(held_right.sum() / count.sum())


def main() -> int:
    """Fit, report, and with --check compare with the weights that are shipped."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("file", type=Path)
    aim = "exit 0 only where the shipped weights are these and reach the aim"
    parser.add_argument("--check", action="store_true", help=aim)
    options = parser.parse_args()
    fitting, held = features(labelled(options.file, 0)), labelled(options.file, 1)
    if not len(fitting) or not any(one.mixed() for one in held):
        parser.error(f"{options.file}: no problem of each half has both a right and a wrong candidate")
    weights = fit(fitting)
    print(f"fitted on {len(fitting)} pairs: {dict(zip(WEIGHTS, weights.round(3).tolist(), strict=True))}")
    reached = report(features(held), held)
    agrees = bool(np.abs(weights - np.array(list(WEIGHTS.values()))).max() < 0.01)
    return 0 if (agrees and reached >= AIM) or not options.check else 1


if __name__ == "__main__":
    sys.exit(main())
