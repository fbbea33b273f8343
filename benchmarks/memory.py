"""Memory of `tourney rank`: the peak of the child process for two sizes of input, which should not differ.

    python benchmarks/memory.py [--quick]

Ranks 10,000 and 100,000 problems (quick: 5,000 and 20,000) of 8 short candidates with the synthetic judge.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._common import Aims, environment, python, table, write_problems

SIZE = 8
AIM_MB, FLAT = 500.0, 1.25


def _peak(count: int) -> tuple[float, float]:
    """Peak resident megabytes and seconds of ranking so many problems."""
    with tempfile.TemporaryDirectory() as name:
        source, out = Path(name) / "problems.jsonl", Path(name) / "out"
        write_problems(source, count, SIZE)
        command = python("-m", "tournament", "rank", str(source), "--judge", "synthetic", "--out", str(out))
        started = time.perf_counter()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment())
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
        assert child.returncode == 0, f"tourney rank ended with {child.returncode}"
        with (out / "results.jsonl").open("rb") as results:
            assert sum(1 for _ in results) == count, "some problems have no result"
    return usage.ru_maxrss / 1024, seconds


def main() -> int:
    parser = argparse.ArgumentParser(description="Memory of `tourney rank`.")
    parser.add_argument("--quick", action="store_true", help="5,000 and 20,000 problems")
    small, large = (5_000, 20_000) if parser.parse_args().quick else (10_000, 100_000)
    peaks = {count: _peak(count) for count in (small, large)}
    rows = [(f"{count:,}", f"{mb:.0f}", f"{seconds:.1f}") for count, (mb, seconds) in peaks.items()]
    table(("problems", "peak MB", "seconds"), rows)
    most, ratio = peaks[large][0], peaks[large][0] / peaks[small][0]
    aims = Aims()
    aims.check(f"peak under {AIM_MB:.0f} MB at {large:,} problems: {most:.0f}", most < AIM_MB)
    words = f"flat: the larger peak at most {FLAT} times the smaller (ratio, {large // small} times the problems)"
    aims.check(f"{words}: {ratio:.2f}", ratio <= FLAT)
    return aims.finish(f"memory: {most:.0f} MB at {large:,} problems, {ratio:.2f} times that of {small:,}")


if __name__ == "__main__":
    raise SystemExit(main())
