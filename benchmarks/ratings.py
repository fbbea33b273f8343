"""The speed of ratings: `tournament.ratings.fit` beside choix and evalica, and whether the estimates are the same.

    python benchmarks/ratings.py [--quick]

choix is asked for the same posterior mode: its `alpha` is 1 / (2 * variance) in code. `opt_pairwise` is taken with the
faster of its two optimisers that comes within the aim of our estimate. evalica and choix's spectral
`ilsr_pairwise_dense` know no such prior: they answer another question, so only their time is shown. Ours gives the
covariance as well. All are timed in turns, in this run, in CPU time on one core; the figures are medians.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any, Literal

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from numpy.typing import NDArray

from benchmarks._common import Aims, table
from tournament import seeding
from tournament.ratings import PRIOR_SD, fit

SIZE, LARGE, LARGE_COMPARISONS = 32, 1000, 20_000
PROBLEMS, QUICK_PROBLEMS = 10_000, 1_000
RATIO_AIM, EQUAL_AIM = 50.0, 1e-6
ROUNDS, SAMPLE, LARGE_ROUNDS = 5, 3, 1
ALPHA = 1.0 / (2.0 * PRIOR_SD**2)
SPREAD = 1.5
Optimiser = Literal["BFGS", "Newton-CG"]
OPTIMISERS: dict[Optimiser, float] = {"BFGS": 1e-6, "Newton-CG": 1e-6}
"""choix's optimisers, each with the loosest power of ten as tolerance that comes within the aim."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """Median seconds a problem by name, and the largest difference of choix's estimates from ours by optimiser."""

    seconds: dict[str, float]
    apart: dict[str, float]

    @property
    def choix(self) -> str:
        """The fastest optimiser that found the same mode; the nearest one where none did."""
        same = [name for name, difference in self.apart.items() if difference <= EQUAL_AIM]
        return min(same, key=lambda name: self.seconds[name]) if same else min(self.apart, key=lambda n: self.apart[n])

    @property
    def ratio(self) -> float:
        """How many times faster ours is than choix, a problem."""
        return self.seconds[self.choix] / self.seconds["ours"]


def _wins(problems: int, n: int, comparisons: int, rng: np.random.Generator) -> Floats:
    """Random problems of so many different pairs, one comparison each: summed preferences, (problems, n, n)."""
    strengths = rng.normal(0.0, SPREAD, (problems, n))
    first, second = np.triu_indices(n, 1)
    wins = np.zeros((problems, n, n))
    for number in range(problems):
        pairs = rng.permutation(len(first))[:comparisons]
        a, b = first[pairs], second[pairs]
        lead = strengths[number, a] - strengths[number, b]
        won = rng.random(comparisons) < 1.0 / (1.0 + np.exp(-lead))
        wins[number, np.where(won, a, b), np.where(won, b, a)] = 1.0
    return wins


def _seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.process_time()
    result = work()
    return time.process_time() - started, result


def _timed(wins: Floats, rounds: int, sample: int) -> Timed:
    """Time all in turns: ours on the whole batch, the others on other problems of it in each round."""
    seconds: dict[str, list[float]] = {}
    apart: dict[str, float] = dict.fromkeys(OPTIMISERS, 0.0)
    for number in range(rounds):
        taken, ours = _seconds(lambda: fit(wins).rating)
        seconds.setdefault("ours", []).append(taken / len(wins))
        for index in [(number * sample + k) % len(wins) for k in range(sample)]:
            for name, work in _peers(wins[index]).items():
                taken, rating = _seconds(work)
                seconds.setdefault(name, []).append(taken)
                if name in apart:
                    apart[name] = max(apart[name], float(np.abs(rating - ours[index]).max()))
    return Timed(seconds={name: median(taken) for name, taken in seconds.items()}, apart=apart)


def _peers(wins: Floats) -> dict[str, Callable[[], Any]]:
    """The others' calls for one problem, their input made ready beforehand."""
    import choix
    import evalica

    n, pairs = len(wins), [(int(i), int(j)) for i, j in np.argwhere(wins)]
    winners, losers = [str(i) for i, _ in pairs], [str(j) for _, j in pairs]
    first = [evalica.Winner.X] * len(pairs)

    def mode(method: Optimiser, tolerance: float) -> Callable[[], Any]:
        return lambda: choix.opt_pairwise(n, pairs, alpha=ALPHA, method=method, tol=tolerance)

    calls: dict[str, Callable[[], Any]] = {name: mode(name, tolerance) for name, tolerance in OPTIMISERS.items()}
    calls["spectral"] = lambda: choix.ilsr_pairwise_dense(wins, alpha=0.1, max_iter=1000)
    calls["evalica"] = lambda: evalica.bradley_terry(winners, losers, first)
    return calls


def _row(name: str, timed: Timed) -> list[str]:
    micro = {each: f"{1e6 * taken:,.1f}" for each, taken in timed.seconds.items()}
    others = [micro["BFGS"], micro["Newton-CG"], micro["spectral"], micro["evalica"]]
    return [name, micro["ours"], *others, f"{timed.ratio:,.1f}", f"{timed.apart[timed.choix]:.1e}"]


def _measure(problems: int) -> int:
    rng, aims = seeding.generator(0, "benchmark", "ratings"), Aims()
    every = SIZE * (SIZE - 1) // 2
    rows, headline = [], ""
    for comparisons in (every, 2 * SIZE):
        timed = _timed(_wins(problems, SIZE, comparisons, rng), ROUNDS, SAMPLE)
        name = f"{problems:,} problems of {SIZE}, {comparisons} comparisons"
        rows.append(_row(name, timed))
        reached = timed.ratio >= RATIO_AIM
        aims.check(f"{name}: {timed.ratio:.0f} times choix ({timed.choix}) a problem (aim {RATIO_AIM:.0f})", reached)
        _check_equal(aims, name, timed)
        headline = (
            headline or f"{1e6 * timed.seconds['ours']:.0f} µs a problem of {SIZE}, {timed.ratio:.0f} times choix"
        )
    small = _timed(_wins(problems, 8, 28, rng), ROUNDS, SAMPLE)
    rows.append(_row(f"{problems:,} problems of 8, 28 comparisons", small))
    large = _timed(_wins(1, LARGE, LARGE_COMPARISONS, rng), LARGE_ROUNDS, 1)
    name = f"one graph of {LARGE:,}, {LARGE_COMPARISONS:,} comparisons"
    rows.append(_row(name, large))
    _check_equal(aims, name, large)
    header = ["µs of CPU a problem, median", "ours", "BFGS", "Newton-CG", "spectral*", "evalica*", "ratio", "apart"]
    table(header, rows)
    print("BFGS, Newton-CG: choix.opt_pairwise with our prior; ratio and apart: to the faster with the same estimate.")
    print("* another estimate (choix.ilsr_pairwise_dense, evalica.bradley_terry): no normal prior\n")
    return aims.finish(headline)


def _check_equal(aims: Aims, name: str, timed: Timed) -> None:
    apart = timed.apart[timed.choix]
    aims.check(f"{name}: choix's estimate within {apart:.1e} of ours (aim {EQUAL_AIM:.0e})", apart <= EQUAL_AIM)


def main() -> int:
    """Measure; the exit code says whether the aims were reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_PROBLEMS:,} problems instead of {PROBLEMS:,}")
    options = parser.parse_args()
    missing = [name for name in ("choix", "evalica") if find_spec(name) is None]
    if missing:
        print(f"error: {' and '.join(missing)} not installed; pip install -e .[dev]", file=sys.stderr)
        return 2
    return _measure(QUICK_PROBLEMS if options.quick else PROBLEMS)


if __name__ == "__main__":
    raise SystemExit(main())
