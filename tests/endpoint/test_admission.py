"""Who is let in and when: places shared fairly among clients, a bounded line, and an end that waits."""

from __future__ import annotations

import asyncio
from collections import Counter

import aiohttp
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.endpoint.running import ASK, MODEL, HeldPolicy, Running, endpoint, error_of, until
from tournament.endpoint.admission import Admission
from tournament.endpoint.fair import WHO, FairGate, Who
from tournament.endpoint.faults import ApiError

JOBS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 3), st.integers(0, 3)), min_size=1, max_size=25)


@given(JOBS, st.integers(1, 4), st.sets(st.integers(0, 24), max_size=6))
def test_a_gate_never_lets_in_too_many_and_forgets_nobody(
    jobs: list[tuple[str, int, int]], capacity: int, cancelled: set[int]
) -> None:
    async def go() -> None:
        gate = FairGate(capacity)
        done: list[int] = []

        async def one(number: int, client: str, weight: int, steps: int) -> None:
            WHO.set(Who(client, number))
            async with gate.slot(0, weight):
                assert gate.used <= capacity
                for _ in range(steps):
                    await asyncio.sleep(0)
                done.append(number)

        tasks = [asyncio.create_task(one(number, *job)) for number, job in enumerate(jobs)]
        await asyncio.sleep(0)
        for number in cancelled & set(range(len(jobs))):
            tasks[number].cancel()
        async with asyncio.timeout(5):
            await asyncio.gather(*tasks, return_exceptions=True)
        assert gate.used == gate.queued == 0
        assert set(done) >= set(range(len(jobs))) - cancelled

    asyncio.run(go())


def test_who_is_let_in_and_cancelled_in_the_same_moment_gives_the_place_back() -> None:
    async def go() -> None:
        gate = FairGate(1)

        async def one() -> None:
            async with gate.slot(0):
                raise AssertionError

        async with gate.slot(0):
            waiting = asyncio.create_task(one())
            await asyncio.sleep(0)
            assert gate.queued == 1
        waiting.cancel()  # its turn has come, and it has not run since
        await asyncio.gather(waiting, return_exceptions=True)
        assert waiting.cancelled()
        assert gate.used == 0

    asyncio.run(go())


def test_one_client_with_many_does_not_hold_up_others() -> None:
    async def go() -> None:
        gate, order = FairGate(2), list[str]()

        async def one(number: int, client: str) -> None:
            WHO.set(Who(client, number))
            async with gate.slot(0):
                order.append(client)
                await asyncio.sleep(0)

        clients = "h" * 20 + "xxyy"
        await asyncio.gather(*(one(number, client) for number, client in enumerate(clients)))
        # The two that were there first, then turn by turn: nobody waits behind the line of the one with many.
        assert Counter(order[:10])["x"] == Counter(order[:10])["y"] == 2

    asyncio.run(go())


def test_what_a_client_began_first_goes_first() -> None:
    async def go() -> None:
        gate, order = FairGate(1), list[int]()

        async def one(number: int) -> None:
            WHO.set(Who("one", number))
            async with gate.slot(0):
                order.append(number)
                await asyncio.sleep(0)

        await asyncio.gather(*(one(number) for number in (9, 5, 7, 1, 3)))
        assert order == [9, 1, 3, 5, 7]

    asyncio.run(go())


def test_a_full_line_turns_away_the_client_that_has_the_most_in_it() -> None:
    async def go() -> None:
        admission = Admission(most=1, queue=3)
        ended: list[str] = []

        async def one(number: int, client: str) -> None:
            WHO.set(Who(client, number))
            try:
                admission.check()
                async with admission.turn(None):
                    await asyncio.sleep(0.01)
                ended.append(client)
            except ApiError as error:
                ended.append(f"{client} {error.status}")

        async with asyncio.TaskGroup() as group:
            for number, client in enumerate("hhhhhx"):
                group.create_task(one(number, client))
                await asyncio.sleep(0)
        assert Counter(ended) == {"h": 3, "h 429": 2, "x": 1}

    asyncio.run(go())


def test_the_client_is_told_when_to_come_back() -> None:
    async def go() -> None:
        policy = HeldPolicy(lambda number: True)
        async with endpoint(policy, most=1, queue=1) as running:
            taken = [asyncio.create_task(running.ask(seed=seed)) for seed in range(2)]
            admission = running.up.service.admission
            await until(lambda: (admission.at_work, admission.waiting) == (1, 1))
            with pytest.raises(openai.RateLimitError) as caught:
                await running.ask(seed=9)
            assert error_of(caught.value)["type"] == "rate_limit_error"
            assert int(caught.value.response.headers["Retry-After"]) >= 1
            policy.release.set()
            assert all(said["choices"] for said in await asyncio.gather(*taken))

    asyncio.run(go())


def test_clients_are_told_apart_by_their_keys() -> None:
    async def go() -> None:
        policy = HeldPolicy(lambda number: number == 0)
        async with endpoint(policy, keys=("hog", "guest"), most=1, n=1) as running:
            finished: list[str] = []

            async def ask(key: str, seed: int) -> None:
                client = running.client.with_options(api_key=key)
                other = Running(up=running.up, policy=policy, client=client, session=running.session)
                await other.ask(seed=seed)
                finished.append(key)

            admission = running.up.service.admission
            tasks = [asyncio.create_task(ask("hog", seed)) for seed in range(6)]
            await until(lambda: admission.waiting == 5)
            tasks.append(asyncio.create_task(ask("guest", 0)))
            await until(lambda: admission.waiting == 6)
            policy.release.set()
            await asyncio.gather(*tasks)
            assert finished.index("guest") <= 2

    asyncio.run(go())


def test_the_end_waits_for_requests_under_way_and_takes_no_more() -> None:
    async def go() -> None:
        policy = HeldPolicy(lambda number: True)
        async with endpoint(policy) as running:
            asking = asyncio.create_task(running.ask())
            await until(lambda: policy.under_way == 4)
            running.up.service.admission.draining = True
            with pytest.raises(openai.InternalServerError) as caught:
                await running.ask()
            assert caught.value.status_code == 503
            assert (await running.get("/health"))[0] == 503
            policy.release.set()
            assert (await asking)["choices"]

    asyncio.run(go())


def test_requests_that_ask_the_same_at_once_share_their_judgments() -> None:
    async def go() -> None:
        async with endpoint() as running:
            said = await asyncio.gather(*(running.ask(seed=1) for _ in range(5)))
            paid = [one["tourney"]["spend"]["judge"]["comparisons"] for one in said]
            total = [
                one["tourney"]["spend"]["judge"]["comparisons"] + one["tourney"]["spend"]["judge"]["reused"]
                for one in said
            ]
            assert sum(paid) == total[0]
            assert len(set(total)) == 1

    asyncio.run(go())


@pytest.mark.parametrize("streamed", [True, False])
def test_the_line_is_never_longer_than_it_may_be(streamed: bool) -> None:
    async def go() -> None:
        policy = HeldPolicy(lambda number: True)
        async with endpoint(policy, most=1, queue=2, n=1) as running:
            admission = running.up.service.admission
            bodies = [{"model": MODEL, "messages": ASK, "stream": streamed, "seed": seed} for seed in range(20)]
            async with aiohttp.ClientSession() as session:

                async def ask(body: dict[str, object]) -> int:
                    async with session.post(running.up.url + "/v1/chat/completions", json=body) as answer:
                        await answer.read()
                        return answer.status

                tasks = [asyncio.create_task(ask(body)) for body in bodies]
                await until(lambda: sum(task.done() for task in tasks) + admission.at_work + admission.waiting == 20)
                assert (admission.at_work, admission.waiting) == (1, 2)
                policy.release.set()
                assert Counter(await asyncio.gather(*tasks)) == {200: 3, 429: 17}

    asyncio.run(go())
