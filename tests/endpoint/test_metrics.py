"""The metrics, read by Prometheus's own parser."""

from __future__ import annotations

import asyncio
import contextlib

import openai
from prometheus_client.parser import text_string_to_metric_families

from tests.endpoint.running import HeldPolicy, Running, endpoint, until
from tournament.endpoint.metrics import SECONDS

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


async def scraped(running: Running) -> tuple[Samples, dict[str, str]]:
    """Samples by name and labels, and the types of their families."""
    families = list(text_string_to_metric_families((await running.get("/metrics"))[1]))
    samples = {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}
    assert len(samples) == sum(len(family.samples) for family in families)
    assert all(family.documentation for family in families)
    return samples, {family.name: family.type for family in families}


def test_counters_and_histograms_say_what_happened() -> None:
    async def go() -> None:
        async with endpoint(n=4) as running:
            spends = [(await running.ask(seed=seed))["tourney"]["spend"] for seed in range(3)]
            await running.ask(seed=0, tourney={"budget": {"comparisons": 1}, "strategy": "round-robin"})
            with contextlib.suppress(openai.BadRequestError):
                await running.ask(tourney={"n": 0})
            samples, types = await scraped(running)
            outcome = {
                dict(labels)["outcome"]: v for (name, labels), v in samples.items() if name.endswith("requests_total")
            }
            assert outcome == {"ok": 3, "partial": 1, "invalid_value": 1}
            assert samples["tourney_candidates_total", (("outcome", "paid"),)] == 16
            told = sum(spend["policy"]["completion_tokens"] for spend in spends)
            assert samples["tourney_tokens_total", (("kind", "completion"), ("side", "policy"))] > told > 0
            assert types["tourney_request_seconds"] == types["tourney_critical_path_seconds"] == "histogram"
            assert types["tourney_requests"] == "counter"
            assert samples["tourney_request_seconds_count", ()] == 4
            for phase in ("queue", "sampling", "judging"):
                assert samples["tourney_critical_path_seconds_count", (("phase", phase),)] == 4
            paths = sum(v for (name, _), v in samples.items() if name == "tourney_critical_path_seconds_sum")
            assert abs(paths - samples["tourney_request_seconds_sum", ()]) < 1e-6

    asyncio.run(go())


def test_buckets_add_up_and_end_in_infinity() -> None:
    async def go() -> None:
        async with endpoint(n=2) as running:
            await running.ask()
            samples, _ = await scraped(running)
            rows = [
                (float(dict(labels)["le"]), value)
                for (name, labels), value in samples.items()
                if name == "tourney_request_seconds_bucket"
            ]
            assert [bound for bound, _ in sorted(rows)] == [*SECONDS, float("inf")]
            counts = [value for _, value in sorted(rows)]
            assert counts == sorted(counts)
            assert counts[-1] == 1

    asyncio.run(go())


def test_gauges_say_how_it_is_now() -> None:
    async def go() -> None:
        policy = HeldPolicy(lambda number: True)
        async with endpoint(policy, most=1) as running:
            tasks = [asyncio.create_task(running.ask(seed=seed)) for seed in range(3)]
            await until(lambda: running.up.service.admission.waiting == 2)
            samples, types = await scraped(running)
            assert samples["tourney_requests_in_flight", ()] == 1
            assert samples["tourney_requests_queued", ()] == 2
            assert samples["tourney_judges_lost", ()] == 0
            assert types["tourney_requests_queued"] == "gauge"
            policy.release.set()
            await asyncio.gather(*tasks)

    asyncio.run(go())


def test_what_a_client_that_went_away_had_paid_for_is_counted() -> None:
    async def go() -> None:
        policy = HeldPolicy(lambda number: number >= 2)
        async with endpoint(policy, n=4) as running:
            asking = asyncio.create_task(running.ask(stream=True))
            await until(lambda: policy.under_way == 2 and policy.asked == 4)
            stream = running.up.service.admission
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            await until(lambda: not stream.at_work)
            samples, _ = await scraped(running)
            assert samples["tourney_candidates_total", (("outcome", "paid"),)] == 2
            assert samples["tourney_candidates_total", (("outcome", "late"),)] == 2
            assert samples["tourney_tokens_total", (("kind", "prompt"), ("side", "policy"))] > 0

    asyncio.run(go())
