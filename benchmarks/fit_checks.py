"""Fit the weights of the built-in checks on one half of some problems and report on the other.

`python benchmarks/fit_checks.py FILE [--check]`: FILE is candidates.jsonl with `meta.correct` on every candidate. A
pair counts where one candidate is right and the other wrong; a tie counts as half right. The halves are told apart by a
hash of the problem's id; pieces of evidence were chosen on the first half only.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tournament.judges.checks import WEIGHTS
from tournament.judges.evidence import Evidence, gather
from tournament.ratings import wilson
from tournament.records import read_problems
from tournament.types import Field

Array = NDArray[np.float64]
AIM = 0.78
RIDGE = 1.0


def mixed_pairs(path: Path, half: int) -> tuple[Array, list[tuple[Evidence, list[bool]]]]:
    """The features of every mixed pair, right less wrong, and the fields they come from."""
    rows, fields = [], []
    for problem in read_problems(path):
        if hashlib.sha256(problem.id.encode()).digest()[0] % 2 != half:
            continue
        field = Field.of(problem)
        right = [bool(problem.candidates[members[0]].meta["correct"]) for members in field.members]
        evidence = gather(field)
        fields.append((evidence, right))
        places = range(len(field))
        rows += [evidence.features(i, j) for i in places for j in places if right[i] and not right[j]]
    return np.array(rows, dtype=np.float64).reshape(-1, len(WEIGHTS)), fields


def fit(features: Array) -> Array:
    """Logistic regression without an intercept, with a small ridge, by Newton's method."""
    weights = np.zeros(features.shape[1])
    for _ in range(50):
        p = 1.0 / (1.0 + np.exp(-features @ weights))
        slope = features.T @ (1.0 - p) - RIDGE * weights
        curve = (features * (p * (1.0 - p))[:, None]).T @ features + RIDGE * np.eye(len(weights))
        weights = weights + np.linalg.solve(curve, slope)
    return weights


def share(right: float, count: int) -> str:
    """A share in per cent with its 95 % Wilson interval."""
    interval = wilson(right, count)
    return f"{100 * right / count:.1f} % [{100 * interval.low:.1f}, {100 * interval.high:.1f}] of {count}"


def right_of(scores: Array) -> float:
    """How many pairs are right, a tie being half."""
    return float((scores > 1e-9).sum() + 0.5 * (np.abs(scores) <= 1e-9).sum())


def picks(fields: Sequence[tuple[Evidence, list[bool]]], weights: Array) -> list[str]:
    """The share of problems whose candidate with the highest mean preference is right, beside chance and the oracle."""
    picked = chance = oracle = 0.0
    for evidence, right in fields:
        n = len(right)
        odds = np.array([[np.dot(weights, evidence.features(i, j)) for j in range(n)] for i in range(n)])
        means = (1.0 / (1.0 + np.exp(-odds))).mean(axis=1)
        best = np.flatnonzero(means >= means.max() - 1e-9)
        picked += float(np.mean([right[i] for i in best]))
        chance += float(np.mean(right))
        oracle += float(any(right))
    count = len(fields)
    return [f"pick    {share(picked, count)}", f"random  {share(chance, count)}", f"oracle  {share(oracle, count)}"]


def main() -> int:
    """Fit, report, and with --check compare with the weights that are shipped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument(
        "--check", action="store_true", help="exit 0 only where the shipped weights are these and reach the aim"
    )
    options = parser.parse_args()
    fitting, _ = mixed_pairs(options.file, 0)
    held, fields = mixed_pairs(options.file, 1)
    weights = fit(fitting)
    shipped = np.array(list(WEIGHTS.values()))
    print(f"fitted on {len(fitting)} pairs: {dict(zip(WEIGHTS, weights.round(3).tolist(), strict=True))}")
    for column, name in enumerate(WEIGHTS):
        decided = held[held[:, column] != 0, column]
        print(f"{name:10}  decides {share(len(decided), len(held))}; right in {share(right_of(decided), len(decided))}")
    print("\n".join(picks(fields, shipped)))
    right = right_of(held @ shipped)
    print(f"held-out pairs right: {share(right, len(held))}")
    agrees = bool(np.abs(weights - shipped).max() < 0.01) and right / len(held) >= AIM
    return 0 if agrees or not options.check else 1


if __name__ == "__main__":
    sys.exit(main())
