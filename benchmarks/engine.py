"""What the engine costs: CPU a comparison, the rate against a server, simulation, and start-up.

    python benchmarks/engine.py [--quick]

Every comparison of two things is a ratio taken in this run, in turns, as the median of several rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import aiohttp

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._common import MODEL, Aims, cpu_of, environment, loopback, problem, python, table
from tournament import registry, seeding, simulate
from tournament.judge import Judge
from tournament.ledger import Ledger
from tournament.output import Output
from tournament.registry import match_strategy
from tournament.runner import Runner, Setup
from tournament.types import Problem

SIZE = 32
MATCHES = SIZE - 1
LATENCY = 0.05
CPU_AIM_US, SHARE_AIM, SIMULATE_AIM, PLAIN_AIM, HELP_AIM_S = 100.0, 0.9, 20.0, 0.5, 0.3
FULL = 0.85
HEAVY = ("scipy", "aiohttp", "matplotlib")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Comparisons a second, and the share of one core that client and server were busy."""

    rate: float
    client: float
    server: float


async def _live(judge: Judge, problems: list[Problem], folder: Path, in_flight: int = 64) -> None:
    """The live path as `tourney rank` has it: runner, ledger on disk, result files."""
    setup = Setup(
        judge=judge,
        pairing=registry.pairing("knockout"),
        matching=match_strategy(),
        fallback=registry.pairing("majority"),
        in_flight=in_flight,
    )
    ledger = Ledger(folder / "ledger.sqlite")
    try:
        with Output(folder) as output:
            runner = Runner(setup, ledger, output.add)
            await judge.start()
            await runner.run(problems)
            results = output.conclude(problems, setup.pairing, setup.fallback, runner.pool.learn)
            assert sum(1 for _ in results) == len(problems)
    finally:
        ledger.close()
        await judge.close()
    assert runner.progress.paid == MATCHES * len(problems), "some comparisons were not judged"


async def _plain(base_url: str, problems: list[Problem], in_flight: int) -> None:
    """The same brackets as a plain gather loop: no ledger, no ratings, no files, no budget."""
    slots = asyncio.Semaphore(in_flight)
    url = f"{base_url}/v1/chat/completions"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def ask(made: Problem, a: int, b: int) -> int:
            shown = f"{made.prompt}\n1: {made.candidates[a].text}\n2: {made.candidates[b].text}\nWhich is better?"
            body = {"model": MODEL, "messages": [{"role": "user", "content": shown}]}
            async with slots, session.post(url, json=body) as response:
                answer = await response.json()
            return a if answer["choices"][0]["message"]["content"].endswith("1") else b

        async def play(made: Problem) -> None:
            rng = seeding.generator(0, "pairing", made.id)
            alive = [int(i) for i in rng.permutation(len(made.candidates))]
            while len(alive) > 1:
                pairs = zip(alive[::2], alive[1::2], strict=True)
                alive = list(await asyncio.gather(*(ask(made, a, b) for a, b in pairs)))

        await asyncio.gather(*(play(made) for made in problems))


def _cpu_us(work: Callable[[], object], comparisons: int) -> float:
    started = time.process_time()
    work()
    return (time.process_time() - started) / comparisons * 1e6


def _instant(problems: list[Problem]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_live(registry.judge("synthetic"), problems, Path(folder)))


def _costs(count: int, rounds: int, aims: Aims) -> float:
    """CPU a comparison of the live path and of `simulate`, in turns."""
    problems = [problem(number, SIZE) for number in range(count)]
    pairs = []
    for _ in range(rounds):
        live = _cpu_us(lambda: _instant(problems), count * MATCHES)
        pairs.append((live, _cpu_us(lambda: simulate(n=SIZE, problems=count), count * MATCHES)))
    live, instant = (median(pair[i] for pair in pairs) for i in (0, 1))
    ratio = median(pair[0] / pair[1] for pair in pairs)
    table(
        (f"instant judge, knockout of {SIZE}, {count:,} problems", "CPU us a comparison", "comparisons/s of a core"),
        [("live: runner, ledger, result files", f"{live:.1f}", f"{1e6 / live:,.0f}"),
         ("simulate: no event loop, no files", f"{instant:.1f}", f"{1e6 / instant:,.0f}")],
    )  # fmt: skip
    aims.check(f"live path under {CPU_AIM_US:.0f} us of CPU a comparison: {live:.1f}", live < CPU_AIM_US)
    words = f"simulate at least {SIMULATE_AIM:.0f} times the live path's comparisons/s (ratio of CPU): {ratio:.1f}"
    aims.check(words, ratio >= SIMULATE_AIM)
    return live


def _measure(pid: int, work: Callable[[], object], comparisons: int) -> Rate:
    own, other, started = time.process_time(), cpu_of(pid), time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    return Rate(
        rate=comparisons / seconds,
        client=(time.process_time() - own) / seconds,
        server=(cpu_of(pid) - other) / seconds,
    )


def _against_server(base_url: str, pid: int, in_flight: int, count: int) -> tuple[Rate, Rate]:
    """The engine and the plain loop, one after the other, with as many in flight."""
    problems = [problem(number, SIZE) for number in range(count)]

    def engine() -> None:
        with tempfile.TemporaryDirectory() as folder:
            judge = registry.judge("openai", {"base_url": base_url})
            asyncio.run(_live(judge, problems, Path(folder), in_flight))

    plain = _measure(pid, lambda: asyncio.run(_plain(base_url, problems, in_flight)), count * MATCHES)
    return _measure(pid, engine, count * MATCHES), plain


def _rates(quick: bool, rounds: int, aims: Aims) -> None:
    """The share of the ideal rate, `in_flight / latency`, while the machine can keep it up."""
    rows = []
    with loopback(LATENCY) as (base_url, pid):
        # Long enough that the last rounds of the last problems, with few comparisons open, hardly count.
        for in_flight, count in ((50, 600), (200, 600), (1000, 500 if quick else 1000)):
            ideal = in_flight / LATENCY
            runs = [_against_server(base_url, pid, in_flight, count) for _ in range(rounds)]
            engine, plain = (sorted((run[i] for run in runs), key=lambda r: r.rate)[len(runs) // 2] for i in (0, 1))
            ratio = median(e.rate / p.rate for e, p in runs)
            rows += [_row(f"{in_flight} in flight: engine", engine, ideal), _row("  plain loop", plain, ideal)]
            full = engine.client >= FULL or plain.rate < SHARE_AIM * ideal
            if not full:
                share = engine.rate / ideal
                words = f"{in_flight} in flight: at least {SHARE_AIM:.0%} of the ideal rate: {share:.0%}"
                aims.check(words, share >= SHARE_AIM)
            else:
                words = (
                    f"{in_flight} in flight: the client's core is full ({engine.client:.0%}) or the plain loop misses"
                    f" the ideal too; at least {PLAIN_AIM:.0%} of the plain loop's rate (ratio): {ratio:.0%}"
                )
                aims.check(words, ratio >= PLAIN_AIM)
    name = f"server that answers after {LATENCY * 1000:.0f} ms"
    table((name, "comparisons/s", "of ideal", "client CPU", "server CPU"), rows)


def _row(name: str, rate: Rate, ideal: float) -> tuple[str, ...]:
    return name, f"{rate.rate:,.0f}", f"{rate.rate / ideal:.0%}", f"{rate.client:.0%}", f"{rate.server:.0%}"


def _start_up(aims: Aims) -> None:
    seconds = []
    for _ in range(7):
        started = time.perf_counter()
        subprocess.run(python("-m", "tournament", "--help"), env=environment(), check=True, capture_output=True)
        seconds.append(time.perf_counter() - started)
    code = f"import json, sys, tournament; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    done = subprocess.run(python("-c", code), env=environment(), check=True, capture_output=True, text=True)
    pulled = json.loads(done.stdout)
    table(("start-up", "seconds"), [("tourney --help, least of 7", f"{min(seconds):.2f}")])
    aims.check(f"tourney --help under {HELP_AIM_S} s: {min(seconds):.2f}", min(seconds) < HELP_AIM_S)
    aims.check(f"import tournament pulls in none of {', '.join(HEAVY)}: {', '.join(pulled) or 'none'}", not pulled)


def main() -> int:
    parser = argparse.ArgumentParser(description="What the engine costs.")
    parser.add_argument("--quick", action="store_true", help="fewer problems and rounds")
    quick = parser.parse_args().quick
    aims = Aims()
    live = _costs(200 if quick else 1000, 3 if quick else 5, aims)
    _rates(quick, 1 if quick else 3, aims)
    _start_up(aims)
    return aims.finish(f"engine: {live:.1f} us of CPU a comparison on the live path")


if __name__ == "__main__":
    raise SystemExit(main())
