"""At a deadline the best known so far is the answer, marked partial; an error only where nothing is known."""

from __future__ import annotations

import asyncio

import openai
import pytest

from tests.endpoint.running import HeldPolicy, endpoint, error_of, until
from tournament.judges.calling import CallableJudge


async def _never(prompt: object, first: str, second: str) -> float:
    await asyncio.Event().wait()
    return 0.0


def test_candidates_that_do_not_come_in_time_are_left_out_and_the_others_compared() -> None:
    async def go() -> None:
        policy = HeldPolicy(lambda number: number >= 3)
        async with endpoint(policy, n=6) as running:
            said = await running.ask(tourney={"deadline": 1.5, "candidates": True, "strategy": "round-robin"})
            told = said["tourney"]
            assert told["n"] == 3
            assert told["partial"]
            assert "3 of 6 candidates did not come in time" in told["note"]
            assert told["spend"]["judge"]["comparisons"] == 3
            best = max(told["candidates"], key=lambda row: int(row["text"].split()[-1]))
            assert said["choices"][0]["message"]["content"] == best["text"]

    asyncio.run(go())


def test_comparisons_that_do_not_come_in_time_leave_the_best_so_far() -> None:
    async def go() -> None:
        async with endpoint(judges={"callable": CallableJudge.of(_never)}) as running:
            told = (await running.ask(tourney={"deadline": 1.5}))["tourney"]
            assert told["n"] == 4
            assert told["partial"]
            assert "time spent" in told["note"]

    asyncio.run(go())


def test_a_budget_of_seconds_ends_the_tournament_alone() -> None:
    async def go() -> None:
        async with endpoint(judges={"callable": CallableJudge.of(_never)}) as running:
            told = (await running.ask(tourney={"budget": {"seconds": 0.1}}))["tourney"]
            assert (told["n"], told["partial"]) == (4, True)

    asyncio.run(go())


def test_where_nothing_was_sampled_it_is_an_error() -> None:
    async def go() -> None:
        policy = HeldPolicy(lambda number: True)
        async with endpoint(policy) as running:
            with pytest.raises(openai.APIStatusError) as caught:
                await running.ask(tourney={"deadline": 0.1})
            assert caught.value.status_code == 504
            assert error_of(caught.value)["code"] == "deadline_exceeded"

    asyncio.run(go())


def test_the_operators_deadline_holds_for_whoever_names_none_or_a_later_one() -> None:
    async def go() -> None:
        policy = HeldPolicy(lambda number: True)
        async with endpoint(policy, deadline_s=0.1) as running:
            for wishes in ({}, {"deadline": 1000}):
                with pytest.raises(openai.APIStatusError) as caught:
                    await running.ask(tourney=wishes)
                assert caught.value.status_code == 504

    asyncio.run(go())


def test_a_deadline_that_passes_in_the_queue() -> None:
    async def go() -> None:
        policy = HeldPolicy(lambda number: True)
        async with endpoint(policy, most=1) as running:
            first = asyncio.create_task(running.ask())
            await until(lambda: policy.under_way == 4)
            with pytest.raises(openai.APIStatusError) as caught:
                await running.ask(tourney={"deadline": 0.05})
            assert caught.value.status_code == 504
            policy.release.set()
            assert (await first)["choices"]

    asyncio.run(go())
