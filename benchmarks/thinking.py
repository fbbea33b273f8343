"""Thinking limits and re-thinking on the real SGLang: limits held to the token, old tokens out of the prefix cache.

    python benchmarks/thinking.py [--base-url URL] [--profile rrm-7b]

The small model on the CPU thinks nonsense until it is cut, which is what a limit has to hold against; with --base-url a
real judge is measured. Re-thinking climbs a ladder of limits and looks at what each request had to read anew.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._common import Aims, table
from benchmarks._sglang import SKIPPED, installed, server
from tournament.judges.sglang import SglangJudge, SglangSettings
from tournament.types import Candidate, Comparison, Field, Judgment, Problem

LIMITS = (1, 8, 64, 200)
LADDER = (32, 64, 128, 256)
AIM = 0.95
PROBLEMS = [
    Field.of(
        Problem(
            id=str(n),
            prompt=f"A shop sells {n} pens at 2 euros each. How much do they cost together?",
            candidates=(
                Candidate(id="right", text=f"{n} pens at 2 euros are {2 * n} euros. The answer is {2 * n}."),
                Candidate(id="wrong", text=f"{n} pens and 2 euros are {n + 2} euros. The answer is {n + 2}."),
            ),
        )
    )
    for n in (3, 7, 11, 19)
]


async def _judged(settings: SglangSettings, comparisons: Sequence[tuple[Field, Comparison]]) -> list[Judgment]:
    judge = SglangJudge(settings)
    try:
        await judge.start()
        calls = (judge.judge(field, [comparison]) for field, comparison in comparisons)
        return [judgment for [judgment] in await asyncio.gather(*calls)]
    finally:
        await judge.close()


def _limits(settings: SglangSettings, aims: Aims) -> None:
    rows, worst, silent, total = [], 0, 0, 0
    for style, own in (("block", settings), ("plain text", replace(settings, profile="generic-chat", thinking=0))):
        for limit in LIMITS:
            asked = [(field, Comparison(a, 1 - a, 0, limit)) for field in PROBLEMS for a in (0, 1)]
            judgments = asyncio.run(_judged(own, asked))
            longest = max(judgment.thinking_tokens for judgment in judgments)
            cut = sum(judgment.cut for judgment in judgments)
            silent += sum(judgment.cut and judgment.p_first is None for judgment in judgments)
            worst, total = max(worst, longest - limit), total + len(judgments)
            rows.append([style, str(limit), str(longest), f"{cut} of {len(judgments)}"])
    table(["thinking", "limit", "longest", "cut off"], rows)
    aims.check(f"no thought of {total} is over its limit (longest overshoot {worst} tokens)", worst <= 0)
    aims.check(f"every thought that was cut off came to a verdict all the same ({silent} did not)", silent == 0)


def _rethinks(settings: SglangSettings, aims: Aims) -> float:
    rows: list[list[str]] = []
    earlier: list[Judgment | None] = [None] * len(PROBLEMS)
    asked = cached = 0
    for number, limit in enumerate(LADDER):
        waves = [(f, Comparison(0, 1, number, limit, j)) for f, j in zip(PROBLEMS, earlier, strict=True)]
        judgments = asyncio.run(_judged(settings, waves))
        prompt, found = sum(j.prompt_tokens for j in judgments), sum(j.cached_tokens for j in judgments)
        rows.append([f"{'first' if not number else 're-think'} to {limit}", f"{prompt:,}", f"{found / prompt:.1%}"])
        if number:
            asked, cached = asked + prompt, cached + found
        earlier = list(judgments)
    table(["thought", "prompt tokens", "from the cache"], rows)
    aims.check(
        f"{cached / asked:.1%} of a re-think's prompt tokens came from the cache (aim {AIM:.0%})", cached / asked >= AIM
    )
    return cached / asked


def main() -> int:
    """Measure both; the exit code says whether the aims were reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base-url", help="a running server; a fresh one on the CPU without it")
    parser.add_argument("--profile", default="rrm-7b", help="the judge profile of the model that is served")
    options = parser.parse_args()
    if not options.base_url and installed() is None:
        print(SKIPPED)
        return 0
    aims = Aims()
    with server(options.base_url) as url:
        settings = SglangSettings(base_url=url, profile=options.profile, timeout_s=1800, max_tokens=64)
        if not options.base_url:
            settings = replace(settings, wrapping="chatml")  # the small model's
        _limits(settings, aims)
        share = _rethinks(settings, aims)
    return aims.finish(f"re-think cached share {share:.3f}")


if __name__ == "__main__":
    raise SystemExit(main())
