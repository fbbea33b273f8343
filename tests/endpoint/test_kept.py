"""What stays between requests is bounded, and room is made for the sockets of everybody."""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tournament.endpoint.kept import KeptSamples, RecentLedger
from tournament.experiments.sampling.sample import Answer
from tournament.ledger_reader import Entry
from tournament.types import Comparison, Judgment, Outcome

ROOT = Path(__file__).parents[2]


def entry(number: int, chars: int, outcome: Outcome = Outcome.DECIDED) -> Entry:
    judgment = Judgment(outcome, 1.0, text="x" * chars)
    return Entry(b"%d" % number, "p", "a", "b", Comparison(0, 1), judgment)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3000)), max_size=40))
def test_a_ledger_in_memory_forgets_the_oldest_first_and_stays_small(puts: list[tuple[int, int]]) -> None:
    ledger = RecentLedger(most=10_000)
    order: list[bytes] = []
    for number, chars in puts:
        asyncio.run(ledger.put([entry(number, chars)]))
        if (key := b"%d" % number) not in order:
            order.append(key)
        found = ledger.find(order)
        assert sum(256 + len(judgment.text) for judgment in found.values()) <= 10_000
        order = order[len(order) - len(found) :]
        assert list(found) == order


def test_failures_are_not_kept() -> None:
    ledger = RecentLedger()
    asyncio.run(ledger.put([entry(1, 5, Outcome.FAILED)]))
    assert not ledger.find([b"1"])


def test_samples_are_found_by_everything_that_was_asked(tmp_path: Path) -> None:
    kept = KeptSamples(tmp_path / "samples")
    body = {"model": "m", "messages": [{"role": "user", "content": "q"}], "seed": 1, "temperature": 0.8}
    answer = Answer("text \ufffd \u2028", "thinking", "stop", 5, 7)
    asyncio.run(kept.put(kept.key(body), answer))
    kept.close()
    kept = KeptSamples(tmp_path / "samples")
    assert kept.find([(3, kept.key(body))]) == {3: answer}
    for name, value in (("model", "other"), ("seed", 2), ("temperature", 0.7), ("stop", ["x"])):
        assert not kept.find([(3, kept.key({**body, name: value}))])
    kept.close()


@pytest.mark.skipif(resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 2000, reason="no 2,000 open files are allowed here")
def test_the_limit_on_open_files_is_raised() -> None:
    script = (
        "import resource as r; from tournament.endpoint.assemble import raise_file_limit as raise_it;"
        "hard = r.getrlimit(r.RLIMIT_NOFILE)[1]; r.setrlimit(r.RLIMIT_NOFILE, (256, hard)); raise_it(100);"
        "assert r.getrlimit(r.RLIMIT_NOFILE) == (381, hard); raise_it(1);"
        "assert r.getrlimit(r.RLIMIT_NOFILE) == (381, hard);"
        "raise_it(10**9); assert r.getrlimit(r.RLIMIT_NOFILE) == (hard, hard)"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
