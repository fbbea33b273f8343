"""Every fault of the server, the disk and the clock against `tourney rank`, in one table.

    python benchmarks/faults/run.py [--quick] [--only TEXT] [--at-once N] [--sglang] [--load]

Each try runs one command until it ends well, and holds the server's own log against the ledger and the results against
those of an undisturbed run. Exits 0 only where nothing was lost, paid twice or over a budget, every try came to the
undisturbed result or to one clear line, and no traceback, key or half-written file was left anywhere. `apart` counts
what no ledger could hold: answers that broke off, were worthless or were given up, what was in flight at a kill, and
ledgers that were refused.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from benchmarks._common import table
from benchmarks.faults import crash, damage, load, real_faults
from benchmarks.faults.network import Setting, attack, prepare
from benchmarks.faults.scripts import FAULTS, Fault
from benchmarks.faults.session import HEADER, Row

Job = Callable[[], Iterable[Row]]


def jobs(setting: Setting, *, quick: bool) -> dict[str, Job]:
    """Everything that is attacked, by name."""
    kills, writes, cuts = (20, 10, 24) if quick else (200, 100, 200)

    def network(fault: Fault) -> Job:
        return lambda: [attack(setting, fault, quick=quick)]

    found: dict[str, Job] = {fault.name: network(fault) for fault in FAULTS}
    return {
        **found,
        "SIGKILL at a random moment": lambda: [crash.kills(setting, kills, random.Random(1))],
        "SIGKILL inside a ledger write": lambda: [crash.kills_in_writes(setting, writes, random.Random(2))],
        "no room": lambda: crash.full_disk(setting),
        "read-only": lambda: [crash.read_only(setting)],
        "cut off": lambda: damage.truncated(setting, cuts, random.Random(3)),
        "two processes": lambda: [crash.two_at_once(setting)],
        "clock": lambda: [crash.clock_back(setting)],
        "signals": lambda: crash.signals(setting),
        "terminal": lambda: crash.terminal_gone(setting),
    }


def _told(name: str, job: Job) -> list[Row]:
    started = time.monotonic()
    rows = list(job())
    print(f"{time.monotonic() - started:6.1f} s  {name}", file=sys.stderr, flush=True)
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description="Faults against tourney rank, in one table.")
    parser.add_argument("--quick", action="store_true", help="fewer kills, cuts and token limits")
    parser.add_argument("--only", default="", help="those whose name holds this text")
    parser.add_argument("--at-once", type=int, default=2, help="how many are tried side by side")
    parser.add_argument("--sglang", action="store_true", help="also what happens to the real SGLang (CPU)")
    parser.add_argument("--load", action="store_true", help="also 100,000 problems with 5,000 in flight (quick: 5,000)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(options.at_once) as pool:
        setting = prepare(Path(name))
        chosen = {n: job for n, job in jobs(setting, quick=options.quick).items() if options.only in n}
        rows = [row for found in pool.map(_told, chosen, chosen.values()) for row in found]
        if options.sglang:
            rows += real_faults.rows(Path(name), options.only)
        if options.load:
            rows += load.rows(Path(name) / "load", quick=options.quick)
    return report(rows)


def report(rows: list[Row]) -> int:
    """Print the table and what is wrong in it; the exit code."""
    table(HEADER, [row.cells() for row in rows])
    for row in rows:
        for trouble in dict.fromkeys(row.troubles):
            print(f"TROUBLE  {row.name}: {trouble}")
    tries, survived = sum(row.tries for row in rows), sum(row.survived for row in rows)
    lost, twice, over = (sum(getattr(row, what) for row in rows) for what in ("lost", "paid_twice", "overrun"))
    print(f"{tries} tries, {survived} survived, lost {lost}, paid twice {twice}, tokens over a budget {over}")
    return 0 if all(row.kept for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
