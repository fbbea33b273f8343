"""What an application gets: the winner as a chat completion, by the official client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from openai.types.chat import ChatCompletion

from tests.endpoint.running import ASK, MODEL, by_seed, checks, endpoint, perfect
from tests.fake_server import FakeServer, Said
from tournament.budget import Budget, Limits, Prices
from tournament.config import RunConfig


def numbers(said: Mapping[str, Any]) -> list[int]:
    return [int(row["text"].split()[-1]) for row in said["tourney"]["candidates"]]


def test_the_best_of_n_wins_and_all_of_it_is_told() -> None:
    async def go() -> None:
        async with endpoint() as running:
            said = await running.ask(tourney={"n": 6, "strategy": "round-robin", "candidates": True})
            [choice] = said["choices"]
            assert choice["message"]["content"] == f"answer {max(numbers(said))}"
            assert choice["finish_reason"] == "stop"
            assert (said["object"], said["model"]) == ("chat.completion", MODEL)
            told = said["tourney"]
            assert (told["n"], told["distinct"], told["strategy"], told["judge"]) == (6, 6, "round-robin", "callable")
            assert told["ranking"][0]["id"] == told["best"]
            assert [row["rank"] for row in told["ranking"]] == [1, 2, 3, 4, 5, 6]
            assert told["confidence"]["p_best"] == told["ranking"][0]["p_best"] > 1 / 6
            assert told["confidence"]["low"] < told["confidence"]["rating"] < told["confidence"]["high"]
            assert told["spend"]["judge"]["comparisons"] == 15
            assert (told["partial"], told["note"]) == (False, "")
            assert set(told["seconds"]) == {"queue", "sampling", "judging", "total"}

    asyncio.run(go())


def test_usage_holds_the_tokens_of_every_candidate_and_of_the_judge() -> None:
    async def go() -> None:
        judge_server = FakeServer(model="judge")
        async with judge_server:
            from tournament import registry

            judge = registry.judge("openai", {"base_url": judge_server.base_url})
            async with endpoint(judges={"openai": judge}, n=3) as running:
                said = await running.ask()
                bodies = running.policy.posted
                count = running.policy.tokenizer.ids
                prompt = 3 * len(count(json.dumps(ASK)))
                written = sum(len(count(by_seed("", body).text)) for body in bodies)
                spend = said["tourney"]["spend"]
                assert spend["policy"]["prompt_tokens"] == prompt
                assert spend["policy"]["completion_tokens"] == written
                assert spend["judge"]["comparisons"] == len(judge_server.posted) > 0
                assert spend["judge"]["prompt_tokens"] > 0
                usage = said["usage"]
                assert usage["prompt_tokens"] == prompt + spend["judge"]["prompt_tokens"]
                assert usage["completion_tokens"] == written + spend["judge"]["completion_tokens"]
                assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]

    asyncio.run(go())


def test_sampling_fields_go_to_the_policy_and_each_candidate_has_a_seed_of_its_own() -> None:
    async def go() -> None:
        async with endpoint() as running:
            await running.ask(
                temperature=1.5, top_p=0.5, max_tokens=7, stop=["END"], seed=11, presence_penalty=0.5,
                response_format={"type": "text"}, user="somebody",
            )  # fmt: skip
            bodies = running.policy.posted
            assert len(bodies) == 4
            for body in bodies:
                assert body["messages"] == ASK
                assert (body["temperature"], body["top_p"], body["max_tokens"]) == (1.5, 0.5, 7)
                assert (body["stop"], body["presence_penalty"]) == (["END"], 0.5)
                assert body["response_format"] == {"type": "text"}
                assert "user" not in body
                assert "tourney" not in body
                assert "stream" not in body
            assert len({body["seed"] for body in bodies}) == 4

    asyncio.run(go())


def test_the_same_seed_gives_the_same_answer_and_another_seed_other_candidates() -> None:
    async def go() -> None:
        async with endpoint() as running:
            wishes = {"candidates": True}
            once, again, other = [await running.ask(seed=seed, tourney=wishes) for seed in (5, 5, 6)]
            assert once["choices"] == again["choices"]
            assert once["tourney"]["ranking"] == again["tourney"]["ranking"]
            assert numbers(once) == numbers(again) != numbers(other)

    asyncio.run(go())


def test_equal_requests_pay_nothing_twice_with_a_ledger_even_after_a_restart(tmp_path: Path) -> None:
    async def go() -> None:
        ledger = tmp_path / "ledger.sqlite"
        async with endpoint(ledger=ledger) as running:
            first = await running.ask()
            asked = len(running.policy.posted)
            again = await running.ask()
            assert len(running.policy.posted) == asked == 4
        async with endpoint(ledger=ledger) as running:
            later = await running.ask()
            assert not running.policy.posted
        assert first["choices"] == again["choices"] == later["choices"]
        for said in (again, later):
            assert said["usage"]["total_tokens"] == 0
            assert said["tourney"]["spend"]["judge"]["comparisons"] == 0
            assert said["tourney"]["spend"]["judge"]["reused"] > 0
            assert said["tourney"]["spend"]["policy"] == {
                "candidates": 0, "kept": 4, "prompt_tokens": 0, "completion_tokens": 0,
            }  # fmt: skip

    asyncio.run(go())


def test_identical_candidates_are_merged_and_nothing_is_compared() -> None:
    async def go() -> None:
        policy = FakeServer(lambda prompt, parameters: Said(text="same"), model=MODEL)
        async with endpoint(policy) as running:
            said = await running.ask()
            assert said["choices"][0]["message"]["content"] == "same"
            told = said["tourney"]
            assert (told["n"], told["distinct"], told["spend"]["judge"]["comparisons"]) == (4, 1, 0)
            assert "all candidates are the same" in told["note"]
            assert not told["partial"]

    asyncio.run(go())


def test_a_greedy_request_samples_one_candidate() -> None:
    async def go() -> None:
        async with endpoint() as running:
            said = await running.ask(temperature=0)
            assert len(running.policy.posted) == 1
            assert "temperature 0" in said["tourney"]["note"]

    asyncio.run(go())


def test_a_budget_ends_the_tournament_and_the_operators_limit_is_the_most() -> None:
    async def go() -> None:
        config = RunConfig(strategy="round-robin", budget=Budget(problem=Limits(comparisons=4)))
        async with endpoint(config=config, n=6) as running:
            for wished, most in ((2, 2), (100, 4)):
                told = (await running.ask(tourney={"budget": {"comparisons": wished}}))["tourney"]
                spend = told["spend"]["judge"]
                assert spend["comparisons"] + spend["reused"] == most
                assert told["partial"]

    asyncio.run(go())


def test_money_counts_where_there_are_prices() -> None:
    async def go() -> None:
        config = RunConfig(budget=Budget(prices=Prices(prompt=1.0, completion=2.0)))
        async with FakeServer(model="judge") as server:
            from tournament import registry

            judge = registry.judge("openai", {"base_url": server.base_url})
            async with endpoint(judges={"openai": judge}, config=config) as running:
                spend = (await running.ask(tourney={"budget": {"money": 1.0}}))["tourney"]["spend"]["judge"]
                assert spend["money"] == (spend["prompt_tokens"] + 2 * spend["completion_tokens"]) / 1e6 > 0

    asyncio.run(go())


def test_only_allowed_judges_can_be_named() -> None:
    async def go() -> None:
        async with endpoint(judges={"callable": perfect(), "checks": checks()}) as running:
            for name in ("checks", "callable"):
                assert (await running.ask(tourney={"judge": name}))["tourney"]["judge"] == name

    asyncio.run(go())


def test_thinking_is_kept_from_the_judge_and_comes_beside_the_answer() -> None:
    def answer(prompt: str, parameters: Mapping[str, Any]) -> Said:
        return Said(text=by_seed(prompt, parameters).text, reasoning="let me see")

    async def go() -> None:
        async with endpoint(FakeServer(answer, model=MODEL)) as running:
            [choice] = (await running.ask())["choices"]
            assert choice["message"]["reasoning_content"] == "let me see"
            assert choice["message"]["content"].startswith("answer ")

    asyncio.run(go())


def test_a_candidate_cut_in_its_thinking_takes_no_part() -> None:
    def answer(prompt: str, parameters: Mapping[str, Any]) -> Said:
        if parameters["seed"] % 2:
            return Said(text="<think>for ever and ever", reason="length")
        return Said(text=f"<think>short</think>\n{by_seed(prompt, parameters).text}")

    async def go() -> None:
        async with endpoint(FakeServer(answer, model=MODEL), n=12) as running:
            said = await running.ask(tourney={"candidates": True})
            told = said["tourney"]
            empty = [row for row in told["candidates"] if not row["text"]]
            assert 0 < len(empty) < 12
            assert len(told["ranking"]) == 12 - len(empty)
            assert f"{len(empty)} of 12 candidates had no text" in told["note"]
            assert said["choices"][0]["message"]["content"].startswith("answer ")

    asyncio.run(go())


def test_text_parts_and_a_system_message_are_understood() -> None:
    async def go() -> None:
        async with endpoint() as running:
            chat = [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": [{"type": "text", "text": "Which is "}, {"type": "text", "text": "best?"}]},
            ]
            await running.ask(messages=chat)
            shown = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Which is best?"}]
            assert running.policy.posted[0]["messages"] == shown

    asyncio.run(go())


def test_the_model_is_listed_and_may_be_named_by_the_end_of_its_path() -> None:
    async def go() -> None:
        async with endpoint() as running:
            assert [model.id async for model in running.client.models.list()] == [MODEL]
            assert (await running.client.models.retrieve(MODEL)).owned_by == "tourney"
            assert (await running.ask(model="policy-1b"))["choices"]

    asyncio.run(go())


@pytest.mark.parametrize(("said", "told"), [("length", "length"), ("eos", "stop"), ("tool_calls", "stop")])
def test_why_it_ended_is_a_word_that_clients_know(said: str, told: str) -> None:
    async def go() -> None:
        policy = FakeServer(lambda prompt, parameters: Said(text="same", reason=said), model=MODEL)
        async with endpoint(policy) as running:
            body = {"model": MODEL, "messages": ASK}
            answer = ChatCompletion.model_validate((await running.post(body))[1])
            assert answer.choices[0].finish_reason == told
            streamed = await running.client.chat.completions.create(model=MODEL, messages=ASK, stream=True)
            finishes = [chunk.choices[0].finish_reason async for chunk in streamed]
            assert [finish for finish in finishes if finish] == [told]

    asyncio.run(go())
