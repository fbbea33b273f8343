"""While a judge is lost: nobody waits for it beyond a deadline, and what needs no judge is answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import openai
import pytest

from tests.core.helpers import StubJudge
from tests.endpoint.running import Running, endpoint, error_of
from tournament.endpoint import bench
from tournament.errors import JudgeUnreachableError
from tournament.types import Comparison, Field, Judgment


class Gone(StubJudge):
    """A judge that is lost at its first comparison, and then cannot be started in any time."""

    gone = breaks = False

    async def start(self) -> None:
        if self.breaks:
            raise ValueError("a start that should not fail like this")
        if self.gone:
            await asyncio.Event().wait()

    async def judge(self, field: Field, comparisons: Sequence[Comparison]) -> Sequence[Judgment]:
        self.gone = True
        raise JudgeUnreachableError("nobody answers")


@asynccontextmanager
async def lost(judge: Gone | None = None) -> AsyncIterator[Running]:
    async with endpoint(judges={"stub": judge or Gone()}) as running:
        with pytest.raises(openai.InternalServerError) as caught:
            await running.ask()
        assert error_of(caught.value)["code"] == "judge_lost"
        yield running


@pytest.mark.parametrize("deadline", [{"deadline": 0.2}, {}])
def test_nobody_waits_for_it_beyond_the_deadline_or_without_end(
    deadline: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not deadline:
        monkeypatch.setattr(bench, "PATIENCE_S", 0.1)

    async def go() -> None:
        async with lost() as running:
            async with asyncio.timeout(4):
                for _ in range(2):
                    with pytest.raises(openai.InternalServerError) as caught:
                        await running.ask(tourney=deadline)
                    assert error_of(caught.value)["code"] == "judge_unreachable"
            assert running.up.service.admission.at_work == 0

    asyncio.run(go())


def test_whatever_the_look_for_it_ends_in_it_is_only_still_lost() -> None:
    async def go() -> None:
        judge = Gone()
        async with lost(judge) as running:
            judge.breaks = True
            with pytest.raises(openai.InternalServerError) as caught:
                await running.ask()
            assert error_of(caught.value)["code"] == "judge_unreachable"

    asyncio.run(go())


def test_one_candidate_needs_no_judge() -> None:
    async def go() -> None:
        async with lost() as running:
            async with asyncio.timeout(4):
                said = await running.ask(temperature=0)
            assert said["choices"][0]["message"]["content"]
            assert said["tourney"]["n"] == 1

    asyncio.run(go())
