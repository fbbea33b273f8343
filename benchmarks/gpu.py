"""Comparisons a second and prefix hit rate on a GPU: the engine against a plain loop, at 1, 8, 64 and 256 in flight.

    python benchmarks/gpu.py [--base-url URL | --model FOLDER] [--profile generic-chat]

Without --base-url, SGLang is started with the model. Without a GPU or a server it says so and is skipped.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._common import table
from benchmarks._sglang import flush
from benchmarks.prefix import Asked, engine, judged, plain, problem
from tournament.judges.sglang import SglangSettings
from tournament.runtime.server import ServerPlan, serving

IN_FLIGHT = (1, 8, 64, 256)
PROBLEMS, QUESTION, WORDS = 4, 500, 250


def _measure(base_url: str, profile: str, candidates: int) -> None:
    settings = SglangSettings(base_url=base_url, profile=profile, timeout_s=1800)
    rows = []
    for in_flight in IN_FLIGHT:
        size = candidates if in_flight > 1 else 4
        asked: list[Asked] = []
        for name in ("engine", "plain loop"):
            flush(base_url)
            started = time.perf_counter()
            if name == "engine":
                problems = [problem(number, QUESTION, WORDS, size) for number in range(PROBLEMS)]
                asked, judgments = judged(asyncio.run(engine(settings, problems, in_flight)))
            else:
                judgments = asyncio.run(plain(settings, asked, in_flight))
            rate = len(judgments) / (time.perf_counter() - started)
            hits = sum(j.cached_tokens for j in judgments) / max(1, sum(j.prompt_tokens for j in judgments))
            rows.append([name, str(in_flight), str(len(judgments)), f"{rate:.2f}", f"{hits:.1%}"])
    table(["side", "in flight", "comparisons", "a second", "hit rate"], rows)


async def _served(model: str, profile: str, candidates: int) -> None:
    async with serving(ServerPlan(model=model)) as running:
        await asyncio.to_thread(_measure, running.base_url, profile, candidates)


def main() -> int:
    """Measure on what is there; 0 also where nothing is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base-url", help="a running server")
    parser.add_argument("--model", help="folder or hub id of a model to serve")
    parser.add_argument("--profile", default="generic-chat")
    parser.add_argument("--candidates", type=int, default=16)
    options = parser.parse_args()
    if options.base_url:
        _measure(options.base_url, options.profile, options.candidates)
    elif not options.model or shutil.which("nvidia-smi") is None:
        print("skipped: no GPU here (no nvidia-smi), or no --model to serve; --base-url measures a running server")
    else:
        asyncio.run(_served(options.model, options.profile, options.candidates))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
