"""The cascade: the cheap judge decides what is clear to it, the reasoning judge the rest, and both are paid for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.judges.serving import field
from tournament import registry
from tournament.errors import UnknownNameError, UsageError
from tournament.judges.calling import CallableJudge
from tournament.judges.cascade import CascadeJudge, CascadeSettings
from tournament.types import Comparison, Field, Judgment, Outcome

OF = field("short", "a longer one", "the longest one of all")
ALL = [Comparison(a, b) for a in range(3) for b in range(3) if a != b]


class Told(CallableJudge):
    """Answers every comparison with one judgment, and notes them."""

    def __init__(self, judgment: Judgment) -> None:
        self.judgment, self.seen = judgment, list[Comparison]()

    @property
    def asked(self) -> int:
        return len(self.seen)

    async def start(self) -> None:
        pass

    async def judge(self, field: Field, comparisons: Sequence[Comparison]) -> list[Judgment]:
        self.seen += comparisons
        return [self.judgment] * len(comparisons)


def cascade(cheap: Judgment, reasoning: Judgment, **settings: float) -> tuple[CascadeJudge, Told, Told]:
    judge = CascadeJudge(CascadeSettings(cheap="checks", reasoning="checks", **settings))  # type: ignore[arg-type]
    first, second = Told(cheap), Told(reasoning)
    judge._cheap, judge._reasoning = first, second
    return judge, first, second


def cheap(p_first: float | None) -> Judgment:
    outcome = Outcome.UNPARSABLE if p_first is None else Outcome.DECIDED
    return Judgment(outcome, p_first, prompt_tokens=10, seconds=1.0, label_mass=0.9)


THOUGHT = Judgment(Outcome.DECIDED, 0.0, text="thought", prompt_tokens=100, completion_tokens=50, seconds=2.0)


@given(p_first=st.none() | st.floats(0, 1), threshold=st.floats(0.51, 1))
def test_what_is_not_clear_goes_on(p_first: float | None, threshold: float) -> None:
    judge, first, second = cascade(cheap(p_first), THOUGHT, threshold=threshold, audit=0.0)
    judgments = asyncio.run(judge.judge(OF, ALL))
    clear = p_first is not None and max(p_first, 1 - p_first) >= threshold
    assert first.asked == len(ALL)
    assert second.asked == (0 if clear else len(ALL))
    for judgment in judgments:
        if clear:
            assert judgment == cheap(p_first)
        else:
            assert judgment.p_first == THOUGHT.p_first
            assert judgment.p_cheap == p_first
            assert (judgment.prompt_tokens, judgment.completion_tokens, judgment.seconds) == (110, 50, 3.0)


@pytest.mark.parametrize(("audit", "low", "high"), [(0.0, 0, 0), (0.5, 40, 80), (1.0, 120, 120)])
def test_an_audit_lets_a_share_of_what_is_clear_go_on(audit: float, low: int, high: int) -> None:
    many = field(*(f"text {i}" for i in range(16)))
    pairs = [Comparison(a, b) for a in range(16) for b in range(a)]
    judge, _, second = cascade(cheap(0.99), THOUGHT, audit=audit)
    judgments = asyncio.run(judge.judge(many, pairs))
    assert low <= second.asked <= high
    assert sum(judgment.p_cheap is not None for judgment in judgments) == second.asked
    again, _, _ = cascade(cheap(0.99), THOUGHT, audit=audit)
    assert asyncio.run(again.judge(many, pairs[::-1])) == judgments[::-1]


def test_what_the_reasoning_judge_left_open_stays_open() -> None:
    judge, _, _ = cascade(cheap(0.6), Judgment(Outcome.TRUNCATED, None), audit=0.0)
    [judgment] = asyncio.run(judge.judge(OF, ALL[:1]))
    assert (judgment.outcome, judgment.p_first, judgment.p_cheap) == (Outcome.TRUNCATED, None, 0.6)


def test_thinking_again_is_for_the_reasoning_judge_alone() -> None:
    judge, first, second = cascade(cheap(0.99), THOUGHT, audit=0.0)
    asyncio.run(judge.judge(OF, [Comparison(0, 1, 1, 2048, THOUGHT), Comparison(0, 1)]))
    assert (first.asked, second.asked) == (1, 1)


def test_one_that_others_wait_for_is_warm_at_the_latest_when_it_is_answered() -> None:
    judge, _, second = cascade(cheap(0.6), THOUGHT, audit=0.0)
    judgment = asyncio.run(judge.judge_warming(OF, ALL[0], lambda: None))
    assert (judgment.p_first, judgment.p_cheap, second.asked) == (0.0, 0.6, 1)


def test_the_identity_is_that_of_both_and_of_what_decides() -> None:
    def digest(**settings: object) -> str:
        return registry.judge("cascade", {"cheap": "checks", "reasoning": "synthetic", **settings}).identity.digest()

    assert digest() == digest()
    assert len({digest(), digest(threshold=0.8), digest(audit=0.1), digest(reasoning="checks"), digest(seed=1)}) == 5


@pytest.mark.parametrize(
    "settings",
    [{"threshold": 0.5}, {"threshold": 1.1}, {"audit": -1}, {"cheap": "cascade"}, {"cheap_with": "thinking"}],
)
def test_bad_settings_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="cascade"):
        registry.judge("cascade", {"cheap": "checks", "reasoning": "checks", **settings})


def test_a_setting_of_a_judge_that_has_none_of_that_name_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="soft"):
        registry.judge("cascade", {"cheap": "checks", "reasoning": "synthetic", "reasoning_with": "soft=true"})


def test_an_audit_that_comes_to_nothing_takes_nothing_away() -> None:
    judge, _, _ = cascade(cheap(0.99), Judgment(Outcome.TRUNCATED, None, prompt_tokens=5), audit=1.0)
    [judgment] = asyncio.run(judge.judge(OF, ALL[:1]))
    assert (judgment.outcome, judgment.p_first, judgment.p_cheap) == (Outcome.DECIDED, 0.99, None)
    assert (judgment.prompt_tokens, judgment.detail) == (15, "audit: truncated")


def test_a_match_that_only_the_cheap_judge_saw_is_thought_over_from_the_start() -> None:
    judge, first, second = cascade(cheap(0.99), THOUGHT, audit=0.0)
    asyncio.run(judge.judge(OF, [Comparison(0, 1, 1, 2048, cheap(0.99)._replace(text="A 0.99"))]))
    assert first.asked == 0
    assert [comparison.continues for comparison in second.seen] == [None]


def test_a_child_without_an_address_is_given_none() -> None:
    options = {"cheap": "checks", "reasoning": "sglang", "base_url": "http://127.0.0.1:9"}
    assert registry.judge("cascade", options).identity.kind == "cascade"
