"""Comparisons that share a prefix: next to each other, the first of them alone until its prompt has been read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest

from tests.core.helpers import STUB, StubJudge, paid, perfect, problem, setup, start
from tournament.memory_ledger import MemoryLedger
from tournament.registry import matching
from tournament.types import Comparison, Field, Judgment


@dataclass
class WarmJudge(StubJudge):
    """Writes down what is asked and when a prompt has been read; `fails` never says so and raises."""

    log: list[tuple[str, int]] = field(default_factory=list)
    fails: bool = False

    async def judge(self, field: Field, comparisons: Sequence[Comparison]) -> Sequence[Judgment]:
        self.log += [("asked", comparison.first) for comparison in comparisons]
        return await super().judge(field, comparisons)

    async def judge_warming(self, field: Field, comparison: Comparison, warm: Callable[[], None]) -> Judgment:
        self.log.append(("leads", comparison.first))
        if self.fails:
            raise RuntimeError("broken")
        for _ in range(5):
            await asyncio.sleep(0)
        self.log.append(("warm", comparison.first))
        warm()
        [judgment] = await super().judge(field, [comparison])
        return judgment


def played(judge: WarmJudge, n: int = 6, votes: int = 1) -> list[tuple[str, int]]:
    vote = matching("voting", {"votes": votes, "stop": "none"})
    start([problem(0, n)], setup(judge, "round-robin", vote), MemoryLedger())
    return judge.log


@pytest.mark.parametrize("votes", [1, 2])
def test_followers_wait_until_the_prefix_is_warm(votes: int) -> None:
    log = played(WarmJudge(paid(), batch_size=1), votes=votes)
    for first in range(6):
        events = [what for what, of in log if of == first]
        if len(events) > 1:
            assert events[:2] == ["leads", "warm"]
            assert set(events[2:]) <= {"asked"}


def test_comparisons_of_one_prefix_go_out_next_to_each_other() -> None:
    asked = [of for what, of in played(WarmJudge(paid(), batch_size=1), votes=2) if what != "warm"]
    changes = sum(one != other for one, other in pairwise(asked))
    # A leader may go while the followers of the one before are still being sent, never more than that.
    assert changes <= 2 * len(set(asked))


def test_a_leader_that_breaks_holds_nobody_up() -> None:
    judge = WarmJudge(paid(), batch_size=1, fails=True)
    delivered, runner = start([problem(0, 6)], setup(judge, "round-robin", matching("single")), MemoryLedger())
    assert runner.progress.paid == 15
    assert len(delivered) == 1


def test_results_are_those_of_a_judge_without_prefixes() -> None:
    plain, _ = start([problem(0, 6)], setup(StubJudge(perfect), "round-robin", matching("single")), MemoryLedger())
    warm, _ = start(
        [problem(0, 6)], setup(WarmJudge(perfect, batch_size=1), "round-robin", matching("single")), MemoryLedger()
    )
    assert [p.result.ranking for p in plain] == [p.result.ranking for p in warm]


def test_a_prefix_that_was_read_is_not_waited_for_again() -> None:
    """A second round of matches finds the prefixes of the first."""
    judge = WarmJudge(paid(), batch_size=1)
    start([problem(0, 4)], setup(judge, "round-robin", matching("rethinking", {"rethinks": 1})), MemoryLedger())
    leaders = [of for what, of in judge.log if what == "leads"]
    assert len(leaders) == len(set(leaders))


# Accounts


@pytest.mark.parametrize("deterministic", [False, True])
def test_paid_and_known_already_add_up_to_what_was_used(deterministic: bool) -> None:
    """Also where problems share their content, and where a judge that repeats itself votes several times."""
    judge = StubJudge(paid(), identity=replace(STUB, deterministic=deterministic))
    same = [problem(0, 4), problem(0, 4), problem(1, 4)]
    problems = [replace(each, id=f"{i}") for i, each in enumerate(same)]
    delivered, runner = start(
        problems, setup(judge, "round-robin", matching("voting", {"votes": 4, "stop": "none"})), MemoryLedger()
    )
    used = sum(played.result.spend.comparisons for played in delivered)
    assert used == 3 * 6 * 4
    assert runner.progress.paid + runner.progress.reused == used
    assert runner.progress.paid == sum(judge.judged.values())
