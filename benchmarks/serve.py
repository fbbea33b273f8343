"""What the endpoint adds to a request's critical path, how many requests it answers a second, and 1,000 held at once.

`tourney serve` is a program of its own here, before a policy and a judge that answer after fixed times. A request's
critical path is then known: one candidate, and one comparison for each round of a knockout.

    python benchmarks/serve.py [--quick]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import re
import statistics
import subprocess
import sys
import time
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks._common import Aims, cpu_of, environment, loopback, python, table  # noqa: E402  # after the path is set

MODEL = "policy"
N = 8
HELD = 1000
MOST_OVERHEAD_S = 0.1
MOST_MEMORY_MIB = 400
LEAST_A_SECOND = 10.0


async def _policy(latency_s: float) -> None:
    """A policy whose candidates carry the mark that the loopback judge reads."""

    async def chat(request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        await asyncio.sleep(latency_s)
        problem = zlib.crc32(body["messages"][-1]["content"].encode())
        text = f"The answer is {body['seed'] % 97}. <<p{problem}/c{body['seed']}>>"
        choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        return web.json_response({"choices": [choice], "usage": {"prompt_tokens": 20, "completion_tokens": 12}})

    async def models(request: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": MODEL}]})

    app = web.Application()
    app.add_routes([web.get("/v1/models", models), web.post("/v1/chat/completions", chat)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=8192).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


@contextmanager
def _started(*command: str) -> Iterator[tuple[str, int]]:
    """A program whose first line is its address; that, and its process id."""
    process = subprocess.Popen(python(*command), stdout=subprocess.PIPE, text=True, env=environment(), cwd=ROOT)
    try:
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        assert line, "the program did not come up"
        yield line, process.pid
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _endpoint(policy_s: float, judge_s: float, *options: str) -> Iterator[tuple[str, int]]:
    """`tourney serve` before servers of fixed latencies: its /v1 and its process id."""
    with _started(__file__, "--policy", str(policy_s)) as (policy, _), loopback(judge_s) as (judge, _):
        command = ("-m", "tournament", "serve", "--policy-url", policy, "--judge", "openai", "--base-url", judge)
        fixed = ("--strategy", "knockout", "--n", str(N), "--port", "0", "--in-flight", "4096")
        with _started(*command, *fixed, "--policy-in-flight", "8192", *options) as started:
            yield started


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Some requests, and what came of them: seconds of each, statuses, peak of those held, seconds of all."""

    seconds: tuple[float, ...]
    statuses: Counter[int]
    peak: int
    wall_s: float


async def _ask(url: str, count: int, at_once: int, n: int = N) -> Asked:
    """Send so many requests, each about something else, and look at the metrics meanwhile."""
    places, statuses, seconds, peak = asyncio.Semaphore(at_once), Counter[int](), list[float](), 0
    timeout, started = aiohttp.ClientTimeout(total=600), time.monotonic()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as session:

        async def one(number: int) -> None:
            question = {"role": "user", "content": f"Question {number} of {count}, {at_once} at once?"}
            body = {"model": MODEL, "messages": [question], "tourney": {"n": n}}
            async with places:
                begun = time.monotonic()
                async with session.post(f"{url}/chat/completions", json=body) as answer:
                    document = await answer.json()
                seconds.append(time.monotonic() - begun)
            whole = answer.status == 200 and not document["tourney"]["partial"]
            statuses[answer.status if whole or answer.status != 200 else -1] += 1

        async def look() -> None:
            nonlocal peak
            while True:
                async with session.get(f"{url.removesuffix('/v1')}/metrics") as answer:
                    peak = max(peak, _held(await answer.text()))
                await asyncio.sleep(0.1)

        looking = asyncio.create_task(look())
        await asyncio.gather(*(one(number) for number in range(count)))
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
    return Asked(seconds=tuple(seconds), statuses=statuses, peak=peak, wall_s=time.monotonic() - started)


def _held(metrics: str) -> int:
    return sum(int(value) for value in re.findall(r"^tourney_requests_(?:in_flight|queued) (\d+)$", metrics, re.M))


def _peak_mib(pid: int) -> float:
    """The most memory that a process ever held."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else math.nan


def _latency(aims: Aims, quick: bool) -> float:
    """Requests one at a time and several at once, over the critical path of a knockout; the median of the former."""
    policy_s, judge_s, rounds = 0.3, 0.1, int(math.log2(N))
    path_s, rows, alone = policy_s + rounds * judge_s, list[list[str]](), 0.0
    with _endpoint(policy_s, judge_s) as (url, _):
        asyncio.run(_ask(url, 2, 2))
        for at_once in (1, 4):
            asked = asyncio.run(_ask(url, (10 if quick else 40) * at_once, at_once))
            over = [seconds - path_s for seconds in asked.seconds]
            middle, most = statistics.median(over), max(over)
            alone = alone or middle
            rows.append([f"{at_once} at once", f"{path_s:.3f}", f"{middle * 1e3:.0f}", f"{most * 1e3:.0f}"])
    table(["latency", "critical path s", "over it ms (median)", "(most)"], rows)
    aims.check(f"one at a time {alone * 1e3:.0f} ms over the critical path, at most {MOST_OVERHEAD_S * 1e3:.0f}",
               alone <= MOST_OVERHEAD_S)  # fmt: skip
    return alone


def _throughput(aims: Aims, quick: bool) -> float:
    """Requests a second where nobody is waited for."""
    count = 150 if quick else 600
    with _endpoint(0.0, 0.0) as (url, pid):
        asyncio.run(_ask(url, 8, 8))
        before = cpu_of(pid)
        asked = asyncio.run(_ask(url, count, 64))
        cpu_s = (cpu_of(pid) - before) / count
    rate = count / asked.wall_s
    row = [f"{count} at 64 at once", f"{rate:.1f}", f"{rate * (2 * N - 1):.0f}", f"{cpu_s * 1e3:.1f}"]
    table(["throughput", "requests/s", "model calls/s", "endpoint CPU ms each"], [row])
    aims.check(f"{rate:.1f} requests/s, at least {LEAST_A_SECOND:.0f}", rate >= LEAST_A_SECOND)
    return rate


def _hold(aims: Aims, quick: bool) -> Asked:
    """So many requests at once that each waits for its candidates at the same time."""
    policy_s, n = (10.0 if quick else 20.0), (2 if quick else 4)
    with _endpoint(policy_s, 0.05, "--max-requests", str(HELD)) as (url, pid):
        before = _peak_mib(pid)
        asked = asyncio.run(_ask(url, HELD, HELD, n))
        after = _peak_mib(pid)
    row = [
        f"{HELD}, n = {n}",
        str(asked.peak),
        str(asked.statuses[200]),
        f"{asked.wall_s:.1f}",
        f"{before:.0f}",
        f"{after:.0f}",
    ]
    table(["held", "peak at once", "answered", "seconds", "MiB before", "MiB at the most"], [row])
    aims.check(f"{asked.statuses[200]} of {HELD} answered whole; others: {dict(asked.statuses)}",
               asked.statuses[200] == HELD)  # fmt: skip
    aims.check(f"{asked.peak} requests held at once, at least {HELD}", asked.peak >= HELD)
    aims.check(f"{after:.0f} MiB at the most, at most {MOST_MEMORY_MIB}", after <= MOST_MEMORY_MIB)
    return asked


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="The endpoint's latency, throughput and 1,000 requests at once.")
    parser.add_argument("--quick", action="store_true", help="fewer requests")
    parser.add_argument("--policy", type=float, help=argparse.SUPPRESS)
    options: Any = parser.parse_args(arguments)
    if options.policy is not None:
        asyncio.run(_policy(options.policy))
        return 0
    aims = Aims()
    over, rate, held = _latency(aims, options.quick), _throughput(aims, options.quick), _hold(aims, options.quick)
    return aims.finish(f"serve: +{over * 1e3:.0f} ms, {rate:.1f} requests/s, {held.peak} held at once")


if __name__ == "__main__":
    sys.exit(main())
