"""Uncached prompt tokens of a round-robin on the real SGLang: the engine's order against the same matches shuffled.

    python benchmarks/prefix.py [--base-url URL] [--candidates 16] [--words 150]

Both sides make the same comparisons with the same judge at the same number in flight, on a server whose prefix cache is
emptied before each. Its cache holds about eight prompts, as little as that of a GPU holds of prompts with thousands of
tokens when many problems are under way. The aim: at least three times fewer uncached tokens.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._common import Aims, table
from benchmarks._sglang import SKIPPED, flush, installed, server
from tournament import registry
from tournament.judges.sglang import SglangJudge, SglangSettings
from tournament.memory_ledger import MemoryLedger
from tournament.runner import Played, Runner, Setup
from tournament.types import Candidate, Comparison, Field, Judgment, Problem

AIM = 3.0
IN_FLIGHT = 4
POOL = ("--max-total-tokens", "4096")


def _words(count: int, draw: random.Random) -> str:
    stock = [
        "the",
        "sum",
        "of",
        "both",
        "parts",
        "is",
        "taken",
        "twice",
        "and",
        "compared",
        "with",
        "what",
        "was",
        "asked",
        "so",
        "that",
        "nothing",
        "is",
        "left",
    ]
    return " ".join(draw.choice(stock) for _ in range(count))


def problem(candidates: int, words: int) -> Problem:
    """One problem with long candidates that share nothing with each other."""
    draw = random.Random(1)
    texts = [f"{i}: {_words(words, draw)}" for i in range(candidates)]
    return Problem(
        id="long",
        prompt=_words(words // 2, draw),
        candidates=tuple(Candidate(id=str(i), text=text) for i, text in enumerate(texts)),
    )


async def _engine(settings: SglangSettings, of: Problem) -> list[tuple[Comparison, Judgment]]:
    """A round-robin as the engine plays it."""
    judge, played = SglangJudge(settings), list[Played]()
    setup = Setup(
        judge=judge,
        pairing=registry.pairing("round-robin"),
        matching=registry.match_strategy(),
        fallback=registry.pairing("majority"),
        in_flight=IN_FLIGHT,
    )
    try:
        await judge.start()
        await Runner(setup, MemoryLedger(), played.append).run([of])
    finally:
        await judge.close()
    verdicts = played[0].record.verdicts
    return [pair for v in verdicts for pair in zip(v.comparisons, v.judgments, strict=True)]


async def _shuffled(settings: SglangSettings, of: Problem, comparisons: list[Comparison]) -> list[Judgment]:
    """The same comparisons in random order, as many in flight, without waiting for one another."""
    judge, gate, field = SglangJudge(settings), asyncio.Semaphore(IN_FLIGHT), Field.of(of)

    async def one(comparison: Comparison) -> Judgment:
        async with gate:
            [judged] = await judge.judge(field, [comparison])
            return judged

    try:
        await judge.start()
        return await asyncio.gather(*map(one, comparisons))
    finally:
        await judge.close()


def _uncached(judgments: list[Judgment]) -> tuple[int, int]:
    asked = sum(j.prompt_tokens for j in judgments)
    return asked, asked - sum(j.cached_tokens for j in judgments)


def main() -> int:
    """Run both sides; the exit code says whether the aim was reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base-url", help="a running server; a fresh one on the CPU without it")
    parser.add_argument("--candidates", type=int, default=16)
    parser.add_argument("--words", type=int, default=150, help="length of a candidate")
    options = parser.parse_args()
    if not options.base_url and installed() is None:
        print(SKIPPED)
        return 0
    of, aims = problem(options.candidates, options.words), Aims()
    with server(options.base_url, POOL) as url:
        settings = SglangSettings(base_url=url, max_tokens=4, timeout_s=1800)
        flush(url)
        ours = asyncio.run(_engine(settings, of))
        comparisons = [comparison for comparison, _ in ours]
        random.Random(2).shuffle(comparisons)
        flush(url)
        theirs = asyncio.run(_shuffled(settings, of, comparisons))
    (asked, left), (asked_too, left_too) = _uncached([j for _, j in ours]), _uncached(theirs)
    rows = [("engine", asked, left), ("shuffled", asked_too, left_too)]
    table(
        ["order", "comparisons", "prompt tokens", "uncached", "hit rate"],
        [[name, str(len(ours)), f"{a:,}", f"{u:,}", f"{1 - u / a:.1%}"] for name, a, u in rows],
    )
    ratio = left_too / max(left, 1)
    aims.check(f"{ratio:.2f} times fewer uncached prompt tokens than in shuffled order (aim {AIM:g})", ratio >= AIM)
    return aims.finish(f"uncached ratio {ratio:.2f}")


if __name__ == "__main__":
    raise SystemExit(main())
