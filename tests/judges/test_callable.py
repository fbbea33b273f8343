"""Any Python function as a judge: plain or a coroutine, with its errors kept to one comparison."""

from __future__ import annotations

import asyncio
import sys
from types import ModuleType

import pytest

from tests.core.helpers import FIRST, entrants, problem, setup, start, strength
from tournament import select, simulate
from tournament.errors import UsageError
from tournament.judges.calling import CallableJudge
from tournament.registry import judge as by_name
from tournament.types import Comparison, Judgment, Outcome, Prompt

FIELD = entrants(3)
ASKED = [Comparison(0, 1), Comparison(2, 0)]


def stronger(prompt: Prompt, first: str, second: str) -> float:
    return 1.0 if strength(first) > strength(second) else 0.0


async def stronger_later(prompt: Prompt, first: str, second: str) -> float:
    await asyncio.sleep(0)
    return stronger(prompt, first, second)


class Object:
    async def __call__(self, prompt: Prompt, first: str, second: str) -> float:
        return stronger(prompt, first, second)


def said(value: object) -> Judgment:
    """The judgment that a function's answer becomes."""
    (found,) = CallableJudge.of(lambda *_: value).judge_now(FIELD, ASKED[:1])  # type: ignore[arg-type]  # anything
    return found


@pytest.mark.parametrize("function", [stronger, stronger_later, Object()], ids=["plain", "coroutine", "object"])
def test_functions_and_coroutines_judge(function: object) -> None:
    judge = CallableJudge.of(function)  # type: ignore[arg-type]  # one of three shapes
    found = asyncio.run(judge.judge(FIELD, ASKED))
    assert [j.p_first for j in found] == [0.0, 1.0]
    delivered, _ = start([problem(0), problem(1)], setup(judge, "round-robin"))
    assert {played.result.best for played in delivered} == {"c4"}


def test_a_plain_function_runs_beside_the_event_loop() -> None:
    async def go() -> bool:
        came = asyncio.Event()
        loop = asyncio.get_running_loop()

        def waits(prompt: Prompt, first: str, second: str) -> float:
            # The loop has to run while this does, or the call never comes back.
            return asyncio.run_coroutine_threadsafe(set_it(), loop).result(timeout=30)

        async def set_it() -> float:
            came.set()
            return 1.0

        await CallableJudge.of(waits).judge(FIELD, ASKED[:1])
        return came.is_set()

    assert asyncio.run(go())


@pytest.mark.parametrize(
    ("value", "outcome", "p_first"),
    [
        (1, Outcome.DECIDED, 1.0),
        (0.25, Outcome.DECIDED, 0.25),
        (True, Outcome.DECIDED, 1.0),
        (0.5, Outcome.TIE, 0.5),
        (None, Outcome.UNPARSABLE, None),
        (1.01, Outcome.FAILED, None),
        (float("nan"), Outcome.FAILED, None),
        ("much", Outcome.FAILED, None),
        ([1], Outcome.FAILED, None),
    ],
)
def test_what_answers_mean(value: object, outcome: Outcome, p_first: float | None) -> None:
    found = said(value)
    assert (found.outcome, found.p_first) == (outcome, p_first)
    assert bool(found.detail) == (p_first is None)


def test_a_judgment_is_taken_as_it_is() -> None:
    assert said(FIRST._replace(text="because")) == FIRST._replace(text="because")


@pytest.mark.parametrize("later", [False, True])
def test_an_error_is_one_failed_comparison(later: bool) -> None:
    def picky(prompt: Prompt, first: str, second: str) -> float:
        if "0.0" in first + second:
            raise KeyError("zero")
        return stronger(prompt, first, second)

    async def picky_later(prompt: Prompt, first: str, second: str) -> float:
        return picky(prompt, first, second)

    delivered, _ = start([problem(0)], setup(CallableJudge.of(picky_later if later else picky), "round-robin"))
    judgments = [j for v in delivered[0].record.verdicts for j in v.judgments]
    failed = [j.detail for j in judgments if j.outcome is Outcome.FAILED]
    assert failed == ["KeyError: 'zero'"] * 4
    assert len(judgments) == 10
    assert (delivered[0].result.best, delivered[0].result.partial) == ("c4", False)


def test_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("my_judges")
    module.stronger = stronger  # type: ignore[attr-defined]  # made on the spot
    module.number = 7  # type: ignore[attr-defined]  # made on the spot
    monkeypatch.setitem(sys.modules, "my_judges", module)
    judge = by_name("callable", {"function": "my_judges:stronger", "deterministic": "yes"})
    assert judge.identity.deterministic
    assert select("q", ["answer 1", "answer 2"], judge=judge).best == "1"
    for wrong in ("", "my_judges", "my_judges:", "my_judges:nothing", "no_such_module:f", "my_judges:number"):
        with pytest.raises(UsageError, match="function="):
            by_name("callable", {"function": wrong})


def test_another_function_is_another_judge() -> None:
    def weaker(prompt: Prompt, first: str, second: str) -> float:
        return 1.0 - stronger(prompt, first, second)

    one, same, other = (CallableJudge.of(f).identity.digest() for f in (stronger, stronger, weaker))
    assert one == same != other
    assert CallableJudge.of(stronger, deterministic=True).identity.digest() != one


def test_it_cannot_simulate() -> None:
    with pytest.raises(UsageError, match="simulat"):
        simulate(judge=CallableJudge.of(stronger))
    with pytest.raises(UsageError, match="plain function"):
        CallableJudge.of(stronger_later).judge_now(FIELD, ASKED)
