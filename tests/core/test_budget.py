"""A budget is never overrun, by a problem or by a run."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.helpers import StubJudge, problem, setup, start
from tournament.budget import Account, Budget, Limits, Prices
from tournament.errors import UsageError
from tournament.judge import TokenEstimate
from tournament.judges.synthetic import SyntheticJudge, SyntheticSettings
from tournament.registry import matching
from tournament.types import Judgment, Outcome, Spend

SLACK = 1 + 1e-9
PRICES = Prices(prompt=2.0, completion=5.0)
maybe = st.none()
limits = st.builds(
    Limits,
    comparisons=maybe | st.integers(1, 60),
    tokens=maybe | st.integers(1, 20_000),
    money=maybe | st.floats(1e-6, 0.1),
)


def judgment(prompt: int, completion: int) -> Judgment:
    return Judgment(Outcome.DECIDED, 1.0, prompt_tokens=prompt, completion_tokens=completion)


def within(spend: Spend, limits: Limits) -> bool:
    return (
        (limits.comparisons is None or spend.comparisons <= limits.comparisons)
        and (limits.tokens is None or spend.tokens <= limits.tokens)
        and (limits.money is None or spend.money <= limits.money * SLACK)
    )


@given(
    problem_limits=limits,
    run_limits=limits,
    pairing=st.sampled_from(["knockout", "round-robin"]),
    match=st.sampled_from(["single", "voting", "rethinking"]),
    tokens=st.integers(0, 400),
    batch=st.sampled_from([None, 1, 3]),
    seed=st.integers(0, 99),
)
@settings(max_examples=50)
def test_no_run_spends_more_than_it_may(
    problem_limits: Limits, run_limits: Limits, pairing: str, match: str, tokens: int, batch: int | None, seed: int
) -> None:
    budget = Budget(problem=problem_limits, run=run_limits, prices=PRICES)
    judge = SyntheticJudge(SyntheticSettings(tokens=tokens, prompt_tokens=100, tie_rate=0.3, seed=seed))
    judge.batch_size = batch
    problems = [problem(i, n) for i, n in enumerate((2, 5, 6))]
    options = {"limits": budget.share(3), "prices": PRICES, "seed": seed}
    delivered, _ = start(problems, setup(judge, pairing, matching(match), **options))
    assert len(delivered) == 3
    total = Spend()
    for played in delivered:
        assert within(played.result.spend, problem_limits)
        judged = [j for v in played.record.verdicts for j in v.judgments]
        assert played.result.spend.comparisons == len(judged)
        assert played.result.spend.tokens == sum(j.prompt_tokens + j.completion_tokens for j in judged)
        assert played.result.spend.money == pytest.approx(
            PRICES.of(sum(j.prompt_tokens for j in judged), sum(j.completion_tokens for j in judged))
        )
        total += played.result.spend
    assert within(total, run_limits)


@pytest.mark.parametrize("batch", [None, 1, 2, 7])
@pytest.mark.parametrize("limit", [1, 3, 4, 9, 10, 14])
def test_a_limit_on_comparisons_is_used_up(limit: int, batch: int | None) -> None:
    judge = StubJudge(batch_size=batch)
    delivered, _ = start([problem(0)], setup(judge, "round-robin", limits=Limits(comparisons=limit)))
    assert sum(judge.judged.values()) == delivered[0].result.spend.comparisons == min(limit, 10)
    assert delivered[0].result.partial == (limit < 10)
    assert delivered[0].result.note == ("budget spent" if limit < 10 else "")


def test_what_was_reserved_in_vain_is_used_after_all() -> None:
    """Estimates are three times what an answer takes: ten answers fit, though only three worst cases do."""
    judge = StubJudge(tokens=10)
    delivered, _ = start([problem(0)], setup(judge, "round-robin", limits=Limits(tokens=200 + 10)))
    assert delivered[0].result.spend.tokens == 200
    assert not delivered[0].result.partial


def test_a_worst_case_that_does_not_fit_is_not_tried() -> None:
    judge = StubJudge(tokens=10)
    delivered, _ = start([problem(0)], setup(judge, "round-robin", limits=Limits(tokens=29)))
    assert not judge.judged
    assert delivered[0].result.partial
    assert delivered[0].result.best == "c0"
    assert "picked without the judge" in delivered[0].result.note


estimates = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=12)


@given(limits=limits, waves=st.lists(estimates, max_size=6), data=st.data())
def test_an_account_never_grants_more_than_its_limits(
    limits: Limits, waves: Sequence[Sequence[tuple[int, int]]], data: st.DataObject
) -> None:
    account = Account(limits, PRICES)
    for wave in waves:
        granted = [e for e in wave if account.reserve(TokenEstimate(worst_prompt=e[0], worst_completion=e[1]))]
        used = [judgment(*(data.draw(st.integers(0, most)) for most in estimate)) for estimate in granted]
        account.settle(used)
        assert within(account.spent, limits)
        assert (account.held_comparisons, account.held_tokens, account.held_money) == (0, 0, 0.0)


def test_a_refused_reservation_holds_nothing() -> None:
    account = Account(Limits(comparisons=5, tokens=100, money=0.000301), PRICES)
    assert account.reserve(TokenEstimate(worst_prompt=60))
    assert not account.reserve(TokenEstimate(worst_prompt=41))
    assert not account.reserve(TokenEstimate(worst_completion=37))
    assert account.reserve(TokenEstimate(worst_completion=36))
    assert account.held_comparisons == 2
    account.settle([judgment(10, 0), judgment(0, 6)])
    assert account.spent == Spend(comparisons=2, prompt_tokens=10, completion_tokens=6, money=PRICES.of(10, 6))
    assert not account.reserve(TokenEstimate(worst_prompt=85))
    assert account.reserve(TokenEstimate(worst_prompt=84))


@pytest.mark.parametrize("kind", ["comparisons", "tokens", "seconds", "money"])
@pytest.mark.parametrize("value", [0, -1, math.nan])
@pytest.mark.parametrize("whose", ["problem", "run"])
def test_limits_that_allow_nothing_are_refused(kind: str, value: float, whose: str) -> None:
    with pytest.raises(UsageError, match=kind):
        Budget(**{whose: Limits(**{kind: value})}, prices=PRICES)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("whose", ["problem", "run"])
def test_money_needs_prices(whose: str) -> None:
    with pytest.raises(UsageError, match="price"):
        Budget(**{whose: Limits(money=1.0)})  # type: ignore[arg-type]  # problem or run
    Budget(**{whose: Limits(money=1.0)}, prices=Prices(completion=1.0))


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf])
@pytest.mark.parametrize("kind", ["prompt", "completion"])
def test_prices_that_would_lift_a_limit_are_refused(kind: str, value: float) -> None:
    with pytest.raises(UsageError, match="price"):
        Prices(**{kind: value})


def test_prices_are_for_a_million_tokens() -> None:
    assert PRICES.of(1_000_000, 0) == 2.0
    assert PRICES.of(0, 500_000) == 2.5


@given(limits, limits, st.integers(0, 50))
def test_shares_add_up_to_no_more_than_the_whole(own: Limits, run: Limits, count: int) -> None:
    share = Budget(problem=own, run=run, prices=PRICES).share(count)
    for kind in ("comparisons", "tokens", "money"):
        mine, per, whole = (getattr(limit, kind) for limit in (share, own, run))
        assert (mine is None) == (per is None and whole is None)
        if per is not None:
            assert mine <= per
        if whole is not None:
            assert mine * max(count, 1) <= whole * SLACK
        if mine is not None and per is None:
            assert mine == pytest.approx(whole / max(count, 1), abs=1)


def test_run_seconds_are_nobodys_share() -> None:
    assert Budget(run=Limits(seconds=10.0), problem=Limits(seconds=3.0)).share(2).seconds == 3.0
    assert Budget(run=Limits(seconds=10.0)).share(2).seconds is None


@given(st.lists(st.builds(Spend, comparisons=st.integers(0, 9), prompt_tokens=st.integers(0, 9)), max_size=5))
def test_spends_add_up(spends: list[Spend]) -> None:
    total = sum(spends, Spend())
    assert total.comparisons == sum(spend.comparisons for spend in spends)
    assert total.tokens == total.to_json()["tokens"] == sum(spend.prompt_tokens for spend in spends)


@pytest.mark.parametrize(
    ("limits", "planned"),
    [
        (Limits(), None),
        (Limits(comparisons=7), 7),
        (Limits(tokens=1000), 5),  # 4 x 150 and the worst case of the fifth, 400
        (Limits(tokens=399), 0),
        (Limits(tokens=400), 1),
        (Limits(tokens=1000, comparisons=3), 3),
        (Limits(money=0.0011, seconds=1.0), 3),  # 0.0002 each, 0.0006 at the worst
        (Limits(seconds=1.0), None),
    ],
)
def test_a_plan_leaves_room_for_the_worst_case_of_the_last(limits: Limits, planned: int | None) -> None:
    estimate = TokenEstimate(expected_prompt=100, expected_completion=50, worst_prompt=200, worst_completion=200)
    assert limits.planned(estimate, Prices(prompt=1.0, completion=2.0)) == planned


def test_what_costs_nothing_is_not_limited() -> None:
    assert Limits(tokens=5).planned(TokenEstimate(), Prices()) is None


def test_a_strategy_plans_with_what_tokens_buy() -> None:
    field = [problem(0, 8)]
    judge = StubJudge(tokens=10)  # 30 tokens at the worst, 20 in the end
    delivered, _ = start(field, setup(judge, "halving", limits=Limits(tokens=400)))
    used = delivered[0].result.spend
    assert not delivered[0].result.partial
    assert 10 <= used.comparisons <= 13
    assert used.tokens <= 400
