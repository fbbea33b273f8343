"""Prefix hit rate over two SGLang servers: tourney's own fleet beside SGLang's router, cache-aware and in turns.

    python benchmarks/fleet.py [--quick] [--file FILE] [--problems 3] [--candidates 6] [--repetitions 2]

The same round-robins of the same file, with the same judge, go over each way from empty prefix caches: `--base-url A,B`
with tourney's affinity, and the router with its policies. The engine's own order of comparisons is measured beside a
random one, in which as many are in flight and none waits for another. The hit rate is `cached_tokens` over
`prompt_tokens`, as the servers counted them. What a prompt shares with others is the wording with all, the question
with its problem's, and the first candidate with a few; where the second candidate begins nothing more can be cached.

`share` is the part of the requests that the busier server got: a hit rate is easy where one server does all the work.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._common import ROOT, Aims, table
from benchmarks._sglang import SKIPPED, flush, generated, halves, serve_on
from benchmarks.prefix import Asked, engine, judged, plain, prompts
from tests.sglang_cpu.install import default_directory, is_installed, is_router_installed
from tests.sglang_cpu.router import serve_router
from tests.sglang_cpu.server import Server
from tournament.judges.sglang import SglangSettings
from tournament.records import read_problems
from tournament.types import Judgment, Problem

IN_FLIGHT = 8
# The router's own limits leave everything at one server until 64 more requests are open there.
BALANCED = ("--balance-abs-threshold", "4", "--balance-rel-threshold", "1.1")
# A server on a busy CPU may take a while for a token; it is not dead for that.
PATIENT = ("--health-check-timeout-secs", "60")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How requests reach the servers: without a `policy` straight from tourney. `ordered` is the engine's own order."""

    name: str
    policy: str = ""
    flags: tuple[str, ...] = ()
    ordered: bool = True


FLEET = Way(name="fleet A,B")
AWARE = Way(name="router cache_aware, balanced", policy="cache_aware", flags=BALANCED)
TURNS = Way(name="router round_robin", policy="round_robin")
QUICK = (FLEET, AWARE, TURNS)
ALL = (
    *QUICK,
    Way(name="router cache_aware, as it is", policy="cache_aware"),
    Way(name="fleet A,B, random order", ordered=False),
    Way(name="router round_robin, random order", policy="round_robin", ordered=False),
)


@dataclass(slots=True)
class Seen:
    """What one way came to: in each repetition the prompt tokens, those not cached, and the busier server's share."""

    comparisons: int = 0
    tokens: list[tuple[int, int]] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)

    @property
    def rates(self) -> list[float]:
        """The hit rates."""
        return [1 - uncached / whole for whole, uncached in self.tokens]


def problems_of(path: Path, count: int, size: int) -> list[Problem]:
    """The first problems that have so many candidates, each cut to that many."""
    large = (problem for problem in read_problems(path) if len(problem.candidates) >= size)
    cut = [
        Problem(id=each.id, prompt=each.prompt, candidates=each.candidates[:size])
        for each in itertools.islice(large, count)
    ]
    assert len(cut) == count, f"{path} holds {len(cut)} problems of {size} candidates; ask for no more"
    return cut


@contextlib.contextmanager
def reached(way: Way, directory: Path, workers: Sequence[Server]) -> Iterator[str]:
    """What `base_url` has to be for a way."""
    urls = [worker.base_url for worker in workers]
    if not way.policy:
        yield ",".join(urls)
        return
    with serve_router(directory, urls, policy=way.policy, extra=[*way.flags, *PATIENT]) as router:
        yield router.base_url


def play(way: Way, url: str, problems: Sequence[Problem], asked: list[Asked], draw: int) -> list[Judgment]:
    """The judgments of a round-robin; `asked` takes its comparisons, or gives them to a way without the order."""
    # The router cannot tell the model's chat template, so the judge is told.
    settings = SglangSettings(base_url=url, wrapping="chatml", max_tokens=2, timeout_s=1800)
    if not way.ordered:
        return asyncio.run(plain(settings, random.Random(draw).sample(asked, len(asked)), IN_FLIGHT))
    asked[:], judgments = judged(asyncio.run(engine(settings, problems, IN_FLIGHT)))
    return judgments


def measure(
    way: Way, directory: Path, workers: Sequence[Server], problems: Sequence[Problem], asked: list[Asked], seen: Seen
) -> None:
    """Play the problems over one way, from empty caches."""
    with reached(way, directory, workers) as url:
        for worker in workers:
            flush(worker.base_url)
        before = [generated(worker) for worker in workers]
        judgments = play(way, url, problems, asked, len(seen.tokens))
    counts = [generated(worker) - start for worker, start in zip(workers, before, strict=True)]
    seen.comparisons = len(judgments)
    seen.tokens.append(prompts(judgments))
    seen.shares.append(max(counts) / sum(counts))


def show(found: dict[Way, Seen]) -> None:
    """Print the table."""
    rows = []
    for way, seen in found.items():
        tokens, uncached = (sum(column) // len(seen.tokens) for column in zip(*seen.tokens, strict=True))
        rates = ", ".join(f"{rate:.1%}" for rate in seen.rates)
        cells = (seen.comparisons, f"{tokens:,}", f"{uncached:,}", rates, f"{max(seen.shares):.0%}")
        rows.append([way.name, *map(str, cells)])
    table(["way", "comparisons", "prompt tokens", "uncached", "hit rate", "share"], rows)


def main() -> int:
    """Measure every way; the exit code says whether affinity and the cache-aware router are above taking turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three ways, once, over two problems")
    parser.add_argument("--file", type=Path, default=ROOT / "examples/gsm8k.jsonl")
    parser.add_argument("--problems", type=int, help="[default: 3; quick: 2]")
    parser.add_argument("--candidates", type=int, default=6)
    parser.add_argument("--repetitions", type=int, help="[default: 2; quick: 1]")
    options = parser.parse_args()
    directory = default_directory()
    if not is_installed(directory) or not is_router_installed(directory):
        print(SKIPPED)
        return 0
    problems = problems_of(options.file, options.problems or (2 if options.quick else 3), options.candidates)
    asked: list[Asked] = []
    found = {way: Seen() for way in (QUICK if options.quick else ALL)}
    with contextlib.ExitStack() as stack:
        workers = [stack.enter_context(serve_on(directory, cores)) for cores in halves()]
        for _ in range(options.repetitions or (1 if options.quick else 2)):
            for way, seen in found.items():
                measure(way, directory, workers, problems, asked, seen)
                print(f"{way.name}: {seen.rates[-1]:.1%}", file=sys.stderr, flush=True)
    show(found)
    return verdict(found)


def verdict(found: dict[Way, Seen]) -> int:
    """Check the aims in the worst case: the lowest of one against the highest of the other."""
    aims, turns = Aims(), max(found[TURNS].rates)
    for way in (FLEET, AWARE):
        least = min(found[way].rates)
        aims.check(f"{way.name}: {least:.1%} at the least, {TURNS.name} {turns:.1%} at the most", least > turns)
    return aims.finish(f"hit rate {min(found[FLEET].rates):.1%} against {turns:.1%} in turns")


if __name__ == "__main__":
    raise SystemExit(main())
