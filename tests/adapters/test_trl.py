"""The pairwise judge for TRL keeps to the contract of TRL's own base class."""

from __future__ import annotations

import inspect
import sys
import types
from abc import ABC, abstractmethod

import pytest

from tests.adapters.calls import Longer
from tournament import Budget, Limits
from tournament.adapters.trl import PairwiseJudge
from tournament.errors import JudgeUnreachableError, UsageError
from tournament.judges.calling import CallableJudge

PROMPTS = ["p", "q", "r"]
PAIRS = [["a", "aa"], ("bbb", "b"), ["cc", "ccc"]]


class BasePairwiseJudge(ABC):
    """What TRL 0.8 to 1.0 ask of a pairwise judge."""

    @abstractmethod
    def judge(self, prompts: list[str], completions: list[list[str]], shuffle_order: bool = True) -> list[int]: ...


@pytest.mark.parametrize("shuffle_order", [True, False])
def test_the_position_of_the_better_one(shuffle_order: bool) -> None:
    assert PairwiseJudge(judge=Longer()).judge(PROMPTS, PAIRS, shuffle_order) == [1, 0, 1]
    assert PairwiseJudge(judge=Longer(), votes=3).judge(PROMPTS, PAIRS, shuffle_order) == [1, 0, 1]


def test_it_is_called_as_trl_calls_it() -> None:
    ours, theirs = (inspect.signature(cls.judge).parameters for cls in (PairwiseJudge, BasePairwiseJudge))
    assert [(each.name, each.default, each.kind) for each in ours.values()] == [
        (each.name, each.default, each.kind) for each in theirs.values()
    ]


@pytest.mark.parametrize("home", ["trl.trainer.judges", "trl.experimental.judges.judges"])
@pytest.mark.parametrize("made_before", [False, True])
def test_it_is_an_instance_of_trls_class_where_that_is_there(
    home: str, made_before: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = types.ModuleType(home)
    module.BasePairwiseJudge = type("BasePairwiseJudge", (BasePairwiseJudge,), {})  # type: ignore[attr-defined]
    judge = PairwiseJudge(judge=Longer())
    monkeypatch.setitem(sys.modules, home, module)
    if made_before:
        judge.judge([], [])
    else:
        judge = PairwiseJudge(judge=Longer())
    assert isinstance(judge, module.BasePairwiseJudge)


def test_no_preference_is_never_made_into_one() -> None:
    pairs = [["broken", "aa"], ["same", "same"], ["bb", "aa"], ["a", "aa"]]
    judge = PairwiseJudge(judge=Longer())
    assert judge.judge(["p"] * 4, pairs) == [-1, -1, -1, 1]
    assert PairwiseJudge(judge=Longer(), budget=Budget(run=Limits(comparisons=1))).judge(PROMPTS, PAIRS) == [-1] * 3
    assert judge.judge([], []) == []


def test_the_order_is_the_callers_or_a_seeded_coin() -> None:
    prompts, pairs = [str(i) for i in range(40)], [["a", "b"]] * 40
    first = CallableJudge.of(lambda prompt, first, second: 1.0)
    assert PairwiseJudge(judge=first).judge(prompts, pairs, shuffle_order=False) == [0] * 40
    shuffled = PairwiseJudge(judge=first, seed=1).judge(prompts, pairs)
    assert 5 < sum(shuffled) < 35
    assert shuffled == PairwiseJudge(judge=first, seed=1).judge(prompts, pairs)
    assert shuffled != PairwiseJudge(judge=first, seed=2).judge(prompts, pairs)
    judge = Longer()
    PairwiseJudge(judge=judge, votes=4).judge(["p"], [["a", "aa"]], shuffle_order=False)
    assert judge.asked == [("a", "aa")] * 4
    with pytest.raises(UsageError, match="shuffle_order"):
        PairwiseJudge(judge=judge, rethinks=1).judge(["p"], [["a", "aa"]], shuffle_order=False)


def test_what_is_no_pair_is_refused() -> None:
    judge = PairwiseJudge(judge=Longer())
    for completions, words in (
        ([["a", "b", "c"]], r"completions\[0\] is no pair"),
        (["ab"], "no pair"),
        ([], "1 prompts"),
    ):
        with pytest.raises(UsageError, match=words):
            judge.judge(["p"], completions)
    with pytest.raises(UsageError, match="pair 0: completion 1 is a number"):
        judge.judge(["p"], [["a", 1]])
    with pytest.raises(UsageError, match="leave out strategy"):
        PairwiseJudge(strategy="swiss")


def test_a_server_that_is_gone_ends_the_training() -> None:
    class Lost(Longer):
        async def start(self) -> None:
            raise JudgeUnreachableError("nobody answers")

    with pytest.raises(JudgeUnreachableError):
        PairwiseJudge(judge=Lost()).judge(PROMPTS, PAIRS)
