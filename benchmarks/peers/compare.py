"""Accuracy for judge calls: pairsort and llm-verifier beside our strategies, one judge, one run.

    python benchmarks/peers/compare.py [--quick] [--world NAME] [--n N] [--problems P] [--jobs J] [--csv FILE]

Install the peers with `pip install -r benchmarks/peers/requirements.txt`. Ends with 0 only where no peer is ahead in
any cell beyond noise, with 1 where one is, and with 2 where the peers are missing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from benchmarks.peers import report
from benchmarks.peers.asking import Picker, Sides
from benchmarks.peers.cells import Plan, play_all
from benchmarks.peers.ours import NAMES, ours, plain
from benchmarks.peers.pivot import PivotTournament
from benchmarks.peers.sorting import PairSort
from benchmarks.peers.worlds import WORLDS, judge_of
from tournament.errors import TourneyError, UsageError

SIZES, QUICK_SIZES = (8, 16, 32, 64), (8, 32)
QUICK_WORLDS = ("math70", "bt")
PROBLEMS, QUICK_PROBLEMS = 400, 60


def peers() -> tuple[Picker, ...]:
    """The peers in the configurations of the README.

    Raises:
        UsageError: where one is not installed.
    """
    missing = [name for name in ("pairsort", "llm_verifier") if find_spec(name) is None]
    if missing:
        how = "pip install -r benchmarks/peers/requirements.txt"
        raise UsageError(f"{' and '.join(missing)} not installed; {how} (best in a virtual environment of its own)")
    return (
        PairSort(name="pairsort", both_orders=True),
        PairSort(name="pairsort-once", both_orders=False),
        PairSort(name="pairsort-swiss", both_orders=False, schedule="swiss"),
        PivotTournament(name="llm-verifier"),
        PivotTournament(name="llm-verifier-2", pivots=2),
    )


def compare(plan: Plan, sides: Sides, jobs: int = 1, csv: Path | None = None) -> int:
    """Play, print every table, and give the exit code."""
    results = play_all(plan, sides.everybody, jobs)
    report.accuracies(plan, results, sides)
    report.ratios(plan, results, sides)
    judged = report.verdicts(results, sides)
    report.leads(judged)
    if csv is not None:
        report.write_csv(csv, results, sides)
    lost, cells = report.peer_leads(judged)
    print(f"a peer is ahead beyond noise in {lost} of {cells} cells")
    return 1 if lost else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer worlds, sizes, budgets and problems")
    parser.add_argument("--world", action="append", help=f"one of {', '.join(WORLDS)}; may be given again")
    parser.add_argument("--n", action="append", type=int, help="candidates a problem; may be given again")
    parser.add_argument("--problems", type=int, help="problems a cell")
    parser.add_argument("--ours", default=",".join(NAMES), help="our strategies; those not registered are skipped")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--csv", type=Path, help="write every figure to this file too")
    return parser.parse_args(arguments)


def _plan(options: argparse.Namespace) -> Plan:
    plan = Plan(
        worlds=tuple(options.world or (QUICK_WORLDS if options.quick else WORLDS)),
        sizes=tuple(options.n or (QUICK_SIZES if options.quick else SIZES)),
        problems=(QUICK_PROBLEMS if options.quick else PROBLEMS) if options.problems is None else options.problems,
        seed=options.seed,
        quick=options.quick,
    )
    if min(plan.sizes) < 2 or plan.problems < 1 or options.jobs < 1:
        raise UsageError("give --n of at least 2, and --problems and --jobs of at least 1")
    for world in plan.worlds:
        judge_of(world, plan.seed)
    return plan


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare as the options say."""
    options = _options(arguments)
    try:
        plan = _plan(options)
        chosen = ours([name.strip() for name in options.ours.split(",")])
        sides = Sides(peers=peers(), plain=plain(), ours=chosen or ours(("knockout", "round-robin")))
        return compare(plan, sides, options.jobs, options.csv)
    except TourneyError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
