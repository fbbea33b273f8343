"""Uncached prompt tokens of round-robins on the real SGLang: the engine's order against the same matches shuffled.

    python benchmarks/prefix.py [--base-url URL] [--problems 3] [--question 900] [--words 40]

Both sides make the same comparisons with the same judge at the same number in flight, on a server whose prefix cache is
emptied before each. The cache holds less than two prompts, as little as a GPU's holds of prompts with tens of thousands
of tokens when many problems are under way. What sharing a prefix can save is the wording, the question and the
candidate shown first; the candidate shown second is read anew each time, so the ratio follows from how long the
question is. The aim, for long questions and 16 candidates: at least three times fewer uncached tokens.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from collections.abc import Sequence
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
CANDIDATES = 16
IN_FLIGHT = 4
POOL = ("--max-total-tokens", "2560")
_STOCK = "the sum of both parts is taken twice and then compared with what was asked so that nothing is left out"

Asked = tuple[Field, Comparison]


def problem(number: int, question: int, words: int, candidates: int = CANDIDATES) -> Problem:
    """A problem with so many words in its question and in each candidate, which share nothing with each other."""
    draw, stock = random.Random(number), _STOCK.split()

    def text(count: int) -> str:
        return " ".join(draw.choice(stock) for _ in range(count))

    return Problem(
        id=f"p{number}",
        prompt=f"{number}: {text(question)}",
        candidates=tuple(Candidate(id=str(i), text=f"{i}: {text(words)}") for i in range(candidates)),
    )


async def engine(settings: SglangSettings, problems: Sequence[Problem], in_flight: int) -> list[Played]:
    """Round-robins as the engine plays them."""
    judge, played = SglangJudge(settings), list[Played]()
    setup = Setup(
        judge=judge,
        pairing=registry.pairing("round-robin"),
        matching=registry.match_strategy(),
        fallback=registry.pairing("majority"),
        in_flight=in_flight,
    )
    try:
        await judge.start()
        await Runner(setup, MemoryLedger(), played.append).run(problems)
    finally:
        await judge.close()
    return played


async def plain(settings: SglangSettings, asked: Sequence[Asked], in_flight: int) -> list[Judgment]:
    """Comparisons in the order given, as many in flight, without waiting for one another."""
    judge, gate = SglangJudge(settings), asyncio.Semaphore(in_flight)

    async def one(field: Field, comparison: Comparison) -> Judgment:
        async with gate:
            return (await judge.judge(field, [comparison]))[0]

    try:
        await judge.start()
        return await asyncio.gather(*(one(*each) for each in asked))
    finally:
        await judge.close()


def judged(played: Sequence[Played]) -> tuple[list[Asked], list[Judgment]]:
    """What was asked in a run, and what came back."""
    verdicts = [(each.record.field, verdict) for each in played for verdict in each.record.verdicts]
    asked = [(field, comparison) for field, verdict in verdicts for comparison in verdict.comparisons]
    return asked, [judgment for _, verdict in verdicts for judgment in verdict.judgments]


def prompts(judgments: Sequence[Judgment]) -> tuple[int, int]:
    """Prompt tokens, and those of them that were not in the cache."""
    asked = sum(judgment.prompt_tokens for judgment in judgments)
    return asked, asked - sum(judgment.cached_tokens for judgment in judgments)


def main() -> int:
    """Run both sides; the exit code says whether the aim was reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base-url", help="a running server; a fresh one on the CPU without it")
    parser.add_argument("--problems", type=int, default=3)
    parser.add_argument("--question", type=int, default=900, help="words of a question")
    parser.add_argument("--words", type=int, default=40, help="words of a candidate")
    options = parser.parse_args()
    if not options.base_url and installed() is None:
        print(SKIPPED)
        return 0
    problems = [problem(number, options.question, options.words) for number in range(options.problems)]
    with server(options.base_url, POOL) as url:
        settings = SglangSettings(base_url=url, max_tokens=2, timeout_s=1800)
        flush(url)
        asked, ours = judged(asyncio.run(engine(settings, problems, IN_FLIGHT)))
        random.Random(2).shuffle(asked)
        flush(url)
        theirs = asyncio.run(plain(settings, asked, IN_FLIGHT))
    sides = {"engine": prompts(ours), "shuffled": prompts(theirs)}
    table(
        ["order", "comparisons", "prompt tokens", "uncached", "hit rate"],
        [
            [name, str(len(ours)), f"{all_:,}", f"{left:,}", f"{1 - left / all_:.1%}"]
            for name, (all_, left) in sides.items()
        ],
    )
    ratio, aims = sides["shuffled"][1] / max(sides["engine"][1], 1), Aims()
    aims.check(f"{ratio:.2f} times fewer uncached prompt tokens than in shuffled order (aim {AIM:g})", ratio >= AIM)
    return aims.finish(f"uncached ratio {ratio:.2f}")


if __name__ == "__main__":
    raise SystemExit(main())
