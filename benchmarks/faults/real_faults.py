"""What happens to the real SGLang, one function for each row of the table."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from benchmarks.faults.real import HASTY, PATIENT, TIGHT_TOKENS, Bench, Trial, outcomes, prepared, trial
from benchmarks.faults.session import Row
from tests.sglang_cpu.install import default_directory, is_installed

Child = subprocess.Popen[str]

ABORTS = ("all", "verdicts", "single")
ONE_AT_A_TIME = ("--max-running-requests", "1")
SHORT_QUEUE = (*ONE_AT_A_TIME, "--max-queued-requests", "1")
# Tokens of the pool: fewer than a pair's prompt has, and a few more than that.
SMALL_POOL, NARROW_POOL = "200", "340"


def killed(bench: Bench, row: Row) -> None:
    """SIGKILL to all of SGLang, which is back while the run waits; once under a tight token limit."""

    def spoil(attempt: Trial, child: Child) -> None:
        attempt.under_way(child, 1 if attempt.limit else 2)
        bench.real.kill()
        bench.real.again()

    for limit in (None, TIGHT_TOKENS):
        with trial(bench, row, limit=limit, attempts=PATIENT) as attempt:
            attempt.session(partial(spoil, attempt))
            attempt.again()


def killed_for_good(bench: Bench, row: Row) -> None:
    """SIGKILL to all of SGLang while a verdict is asked for; it is back after the run has given up."""

    def spoil(child: Child) -> None:
        attempt.under_way(child, ending=True)
        bench.real.kill()

    with trial(bench, row, attempts=HASTY) as attempt:
        attempt.session(spoil)
        bench.real.again()
        attempt.again()


def out_of_memory(bench: Bench, row: Row) -> None:
    """One child killed as the kernel kills what takes too much memory; SGLang ends itself, and is started anew."""

    def spoil(attempt: Trial, name: str, child: Child) -> None:
        attempt.under_way(child)
        bench.real.kill_child(name)
        bench.real.again()

    for name in ("scheduler", "detokenizer"):
        with trial(bench, row, attempts=PATIENT) as attempt:
            attempt.session(partial(spoil, attempt, name))
            attempt.again()


def terminated(bench: Bench, row: Row) -> None:
    """SIGTERM: SGLang drains, ends or is killed, and is started anew."""

    def spoil(child: Child) -> None:
        attempt.under_way(child)
        drained = bench.real.drain()
        print(f"SIGTERM: {'drained' if drained else 'did not end in time, killed'}", file=sys.stderr)
        bench.real.again()

    with trial(bench, row, attempts=PATIENT) as attempt:
        attempt.session(spoil)
        attempt.again()


def aborted(bench: Bench, row: Row, kinds: Sequence[str] = ABORTS) -> None:
    """/abort_request with abort_all while the judge thinks and while it is asked for a verdict, and of single ones."""

    def all_of_them(attempt: Trial, child: Child) -> None:
        attempt.under_way(child)
        bench.real.abort()

    def verdicts(attempt: Trial, child: Child) -> None:
        attempt.under_way(child, ending=True)
        bench.real.abort()

    def single(attempt: Trial, child: Child) -> None:
        for answered in (0, 2, 4):
            for rid in attempt.under_way(child, answered)[:1]:
                bench.real.abort(rid)

    spoils = dict(zip(ABORTS, (all_of_them, verdicts, single), strict=True))
    for kind in kinds:
        with trial(bench, row) as attempt:
            attempt.session(partial(spoils[kind], attempt))
            attempt.must_have("abort")
            attempt.again()


def aborted_in_queue(bench: Bench, row: Row) -> None:
    """/abort_request with abort_all where all but one wait in SGLang's queue."""

    def spoil(child: Child) -> None:
        attempt.until(child, lambda: len(bench.real.witness.open_requests()) >= 3)
        bench.real.abort()

    with trial(bench, row, *ONE_AT_A_TIME) as attempt:
        attempt.session(spoil)
        attempt.must_have("abort")
        attempt.again()


def queue_full(bench: Bench, row: Row, limits: Sequence[int | None] = (None, TIGHT_TOKENS)) -> None:
    """One request at a time and one in the queue, and eight are asked for; once under a tight token limit."""
    for limit in limits:
        with trial(bench, row, *SHORT_QUEUE, limit=limit, in_flight=8) as attempt:
            ended = attempt.session()
            row.troubles += [f"exit {ended.code} with a full queue"] * (ended.code != 0)
            if limit is None:
                attempt.must_have("503")
            attempt.again()


def pool_too_small(bench: Bench, row: Row) -> None:
    """A KV pool that holds no pair: all are refused, and judged once SGLang has room."""
    with trial(bench, row, "--max-total-tokens", SMALL_POOL) as attempt:
        ended = attempt.session()
        found = outcomes(attempt.command)
        if ended.code != 0 or set(found) != {"refused"}:
            row.troubles.append(f"exit {ended.code}, and not all refused: {found}")
        bench.real.up()
        attempt.again()


def pool_too_narrow(bench: Bench, row: Row) -> None:
    """A KV pool that holds a pair and not what the judge has to say: cut off, and the same in every session."""
    with trial(bench, row, "--max-total-tokens", NARROW_POOL, max_tokens=64) as attempt:
        row.tries += 1
        ends = [attempt.session() for _ in range(2)]
        found = outcomes(attempt.command)
        typed = bool(found) and set(found) <= {"truncated", "refused"}
        row.survived += [ended.code for ended in ends] == [0, 0] and typed
        row.troubles += [f"not all typed: {found}"] * (not typed)


FAULTS: dict[str, Callable[[Bench, Row], None]] = {
    "SGLang: /abort_request": aborted,
    "SGLang: SIGKILL, back while the run waits": killed,
    "SGLang: SIGKILL, the run gives up": killed_for_good,
    "SGLang: a child killed, as out of memory": out_of_memory,
    "SGLang: SIGTERM, back while the run waits": terminated,
    "SGLang: /abort_request in its queue": aborted_in_queue,
    "SGLang: queue full": queue_full,
    "SGLang: KV pool smaller than a pair": pool_too_small,
    "SGLang: KV pool smaller than an answer": pool_too_narrow,
}


def rows(folder: Path, only: str = "") -> Iterator[Row]:
    """The rows of the real server whose name holds a text, one after another on one server."""
    chosen = {name: fault for name, fault in FAULTS.items() if only in name}
    directory = default_directory()
    if not is_installed(directory):
        yield from (Row(name=name, message="skipped: SGLang is not installed here") for name in chosen)
    elif chosen:
        with prepared(directory, folder) as bench:
            for name, fault in chosen.items():
                started = time.monotonic()
                row = Row(name=name)
                fault(bench, row)
                print(f"{time.monotonic() - started:6.1f} s  {'  '.join(row.cells())}", file=sys.stderr, flush=True)
                yield row
