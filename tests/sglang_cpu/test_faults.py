"""The cheapest rows of `benchmarks/faults/run.py --sglang`: the real SGLang with a full queue, aborting, and killed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.faults import real_faults
from benchmarks.faults.real import Bench, prepared
from benchmarks.faults.session import Row

from . import needs


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    # A server of its own, since it is killed; one comparison at a time and one in the queue for all three tests.
    with prepared(needs.sglang(), tmp_path_factory.mktemp("faults"), *real_faults.SHORT_QUEUE, problems=1) as bench:
        yield bench


def test_a_full_queue_is_waited_for(bench: Bench) -> None:
    row = Row(name="queue full")
    real_faults.queue_full(bench, row, limits=(None,))
    assert row.tries == 1
    assert row.kept, row


def test_what_is_aborted_is_no_verdict_and_is_asked_again(bench: Bench) -> None:
    row = Row(name="abort")
    real_faults.aborted(bench, row, kinds=("verdicts",))
    assert row.tries == 1
    assert row.kept, row


def test_a_run_that_gave_up_a_killed_server_goes_on_once_it_is_back(bench: Bench) -> None:
    row = Row(name="killed")
    real_faults.killed_for_good(bench, row)
    assert row.tries == 1
    assert row.kept, row
