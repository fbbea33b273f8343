"""The judge through SGLang's own router, which hands on less than a server takes and answers fewer routes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import pytest

from tournament.judges.sglang import SglangJudge, SglangSettings
from tournament.types import Candidate, Comparison, Field, Judgment, Outcome, Problem

from . import needs
from .install import default_directory, is_router_installed
from .router import serve_router
from .server import CONTEXT_LENGTH, MODEL_NAME, Server

MAX_TOKENS = 4
BOTH_ORDERS = [Comparison(0, 1), Comparison(1, 0)]
ANSWERED = {Outcome.DECIDED, Outcome.TIE, Outcome.UNPARSABLE, Outcome.TRUNCATED, Outcome.CONTRADICTORY}


def _field(*texts: str) -> Field:
    candidates = tuple(Candidate(id=str(index), text=text) for index, text in enumerate(texts))
    return Field.of(Problem(id="p", prompt="What is 1 + 1?", candidates=candidates))


PAIR = _field("The answer is 2.", "The answer is 3.")


@pytest.fixture(scope="module")
def router(sglang_server: Server) -> Iterator[Server]:
    """The router before the session's server."""
    directory = default_directory()
    needs.need(is_router_installed(directory), f"SGLang's router is not installed in {directory}")
    with serve_router(directory, [sglang_server.base_url]) as router:
        yield router


def _judged(
    server: Server, comparisons: Sequence[Comparison], *, batch_size: int = 1, of: Field = PAIR, soft: bool = False
) -> tuple[SglangJudge, list[Judgment]]:
    """Starts a judge, lets it judge, and closes it."""
    # The chat format is named, since a router cannot be asked for the model's own.
    settings = SglangSettings(
        base_url=server.base_url,
        model=MODEL_NAME,
        wrapping="chatml",
        max_tokens=MAX_TOKENS,
        batch_size=batch_size,
        soft=soft,
        timeout_s=300,
        attempts=2,
    )

    async def run() -> tuple[SglangJudge, list[Judgment]]:
        judge = SglangJudge(settings)
        try:
            await judge.start()
            waves = [comparisons[at : at + batch_size] for at in range(0, len(comparisons), batch_size)]
            return judge, [judgment for wave in waves for judgment in await judge.judge(of, wave)]
        finally:
            await judge.close()

    return asyncio.run(run())


def test_both_orders_are_judged_as_by_the_server_itself(sglang_server: Server, router: Server) -> None:
    judge, routed = _judged(router, BOTH_ORDERS)
    _, [direct] = _judged(sglang_server, BOTH_ORDERS[:1])
    assert judge.identity.model.endswith("/model")
    assert {judgment.outcome for judgment in routed} <= ANSWERED
    # The request for the verdict holds the words before it, which may be cut into tokens otherwise.
    assert abs(routed[0].prompt_tokens - direct.prompt_tokens) <= MAX_TOKENS
    worst = judge.plan(PAIR, BOTH_ORDERS[:1])
    for judgment in routed:
        assert judgment.text
        assert 100 < judgment.prompt_tokens <= worst.worst_prompt
        assert 0 < judgment.completion_tokens <= worst.worst_completion


def test_the_router_tells_what_a_soft_preference_needs(router: Server) -> None:
    _, [judgment] = _judged(router, BOTH_ORDERS[:1], soft=True)
    assert judgment.label_mass is not None
    assert 0 < judgment.label_mass <= 1


def test_a_batch_is_judged_though_the_router_refuses_lists(router: Server) -> None:
    _, judgments = _judged(router, BOTH_ORDERS, batch_size=2)
    assert len(judgments) == 2
    assert {judgment.outcome for judgment in judgments} <= ANSWERED


def test_a_pair_that_is_too_long_is_refused(router: Server) -> None:
    too_long = _field("The answer is 2.", "word " * (CONTEXT_LENGTH + 10))
    _, [judgment] = _judged(router, BOTH_ORDERS[:1], of=too_long)
    assert judgment.outcome is Outcome.REFUSED
    assert str(CONTEXT_LENGTH) in judgment.detail
