"""The judge that is only statistics keeps to the rates it is given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.helpers import entrants
from tournament.comparison_keys import Keys
from tournament.errors import UsageError
from tournament.judges.synthetic import SyntheticJudge, SyntheticSettings
from tournament.ratings import wilson
from tournament.registry import judge as by_name
from tournament.types import Comparison, Field, Judgment, Message, Outcome

FIELD = entrants(45)
ALL = [Comparison(a, b) for a, b in permutations(range(45), 2)]


def judged(**settings: object) -> list[Judgment]:
    return SyntheticJudge(SyntheticSettings(**settings)).judge_now(FIELD, ALL)  # type: ignore[arg-type]  # by name


def holds(expected: float, judgments: list[Judgment], what: Callable[[Judgment], bool]) -> bool:
    """Whether a share is what it should be: within an interval that one in a thousand misses, at a fixed seed."""
    interval = wilson(sum(map(what, judgments)), len(judgments), level=0.999)
    return bool(interval.low <= expected <= interval.high)


@pytest.mark.parametrize("seed", [0, 1])
def test_broken_answers_come_at_their_rates(seed: int) -> None:
    found = judged(tie_rate=0.2, unparsable_rate=0.1, truncated_rate=0.05, seed=seed)
    assert holds(0.2, found, lambda j: j.outcome is Outcome.TIE and j.p_first == 0.5)
    assert holds(0.1, found, lambda j: j.outcome is Outcome.UNPARSABLE and j.p_first is None)
    assert holds(0.05, found, lambda j: j.outcome is Outcome.TRUNCATED and j.p_first is None)
    assert holds(0.65, found, lambda j: j.outcome is Outcome.DECIDED and j.p_first in (0.0, 1.0))


@pytest.mark.parametrize(
    ("bias", "share"), [(0.0, 0.5), (1.0, 0.7310586), (-2.0, 0.1192029), (800.0, 1.0), (-800.0, 0.0)]
)
def test_the_first_is_favoured_by_the_position_bias(bias: float, share: float) -> None:
    assert holds(share, judged(sd=0.0, position_bias=bias), lambda j: j.p_first == 1.0)


@pytest.mark.parametrize("accuracy", [0.5, 0.7, 0.95])
def test_the_right_one_of_a_mixed_pair_wins_with_the_accuracy(accuracy: float) -> None:
    judge = SyntheticJudge(SyntheticSettings(world="math", accuracy=accuracy, share_right=0.4))
    right = judge.strengths(FIELD) > 0
    mixed = [c for c in ALL if right[c.first] and not right[c.second]] if accuracy > 0.5 else ALL
    assert len(mixed) > 300
    assert holds(accuracy, judge.judge_now(FIELD, mixed), lambda j: j.p_first == 1.0)
    if accuracy > 0.5:
        level = [c for c in ALL if right[c.first] == right[c.second]]
        assert holds(0.5, judge.judge_now(FIELD, level), lambda j: j.p_first == 1.0)


def test_as_many_are_right_as_should_be() -> None:
    judge = SyntheticJudge(SyntheticSettings(world="math", share_right=0.3))
    strengths = judge.strengths(entrants(3000))
    interval = wilson(int((strengths > 0).sum()), 3000, level=0.999)
    assert interval.low <= 0.3 <= interval.high


def test_strengths_are_normal_in_the_given_width() -> None:
    strengths = SyntheticJudge(SyntheticSettings(sd=2.0)).strengths(entrants(4000))
    assert abs(strengths.mean()) < 4 * 2.0 / 4000**0.5
    assert strengths.std() == pytest.approx(2.0, rel=0.05)


STANDING = SyntheticSettings(self_repeat=1.0)


def test_a_judge_that_repeats_itself_says_the_same_in_both_orders() -> None:
    judge = SyntheticJudge(STANDING)
    for a, b in permutations(range(20), 2):
        forth = {j.p_first for j in judge.judge_now(FIELD, [Comparison(a, b, repeat) for repeat in range(4)])}
        back = {j.p_first for j in judge.judge_now(FIELD, [Comparison(b, a, repeat) for repeat in range(4)])}
        assert len(forth) == len(back) == 1
        assert forth != back


def test_a_judge_that_does_not_repeat_itself_says_otherwise_now_and_then() -> None:
    judge = SyntheticJudge(SyntheticSettings(sd=0.0))
    repeated = [(c, c._replace(repeat=1)) for c in ALL]
    same = sum(one == other for one, other in (judge.judge_now(FIELD, pair) for pair in repeated))
    interval = wilson(same, len(ALL), level=0.999)
    assert interval.low <= 0.5 <= interval.high


def always(judge: SyntheticJudge, field: Field, a: int, b: int) -> set[float | None]:
    """What a judge whose opinions are beyond doubt says of a pair, seen from a, in both orders and three repeats."""
    forth = judge.judge_now(field, [Comparison(a, b, repeat) for repeat in range(3)])
    back = judge.judge_now(field, [Comparison(b, a, repeat) for repeat in range(3)])
    return {j.p_first for j in forth} | {1.0 - (j.p_first or 0.0) for j in back}


CERTAIN = 1e9
"""A log-odds scale on which chance has no say."""


def test_the_effect_of_a_pair_is_standing_and_seen_alike_from_both_sides() -> None:
    judge = SyntheticJudge(SyntheticSettings(sd=0.0, intransitivity=CERTAIN))
    for a, b in combinations(range(20), 2):
        assert len(always(judge, FIELD, a, b)) == 1


def test_effects_of_pairs_make_circles_as_often_as_chance_would() -> None:
    """Of three fair and independent winners, a quarter are circles; strengths alone make none."""
    fields = [entrants(3, name="circle") for _ in range(600)]
    fields = [replace(field, prompt=f"question {number}") for number, field in enumerate(fields)]

    def circles(judge: SyntheticJudge) -> int:
        ring = [Comparison(0, 1), Comparison(1, 2), Comparison(2, 0)]
        return sum(len({j.p_first for j in judge.judge_now(field, ring)}) == 1 for field in fields)

    interval = wilson(circles(SyntheticJudge(SyntheticSettings(sd=0.0, intransitivity=CERTAIN))), 600, level=0.999)
    assert interval.low <= 0.25 <= interval.high
    assert circles(SyntheticJudge(SyntheticSettings(sd=CERTAIN))) == 0


def test_effects_of_pairs_have_the_given_width() -> None:
    """With strengths level and a position bias c, the first wins where a normal effect is above -c."""
    found = judged(sd=0.0, intransitivity=CERTAIN, position_bias=CERTAIN)
    interval = wilson(sum(j.p_first == 1.0 for j in found), len(found), level=0.999)
    assert interval.low <= 0.8413447 <= interval.high


def test_length_sways_the_judge_and_not_the_truth() -> None:
    """With strengths and lengths equally wide, the longer and the stronger of a pair win equally often: 3/4."""
    field = entrants(3000)
    plain = SyntheticJudge(SyntheticSettings(sd=CERTAIN))
    swayed = SyntheticJudge(SyntheticSettings(sd=CERTAIN, length_bias=CERTAIN))
    assert np.array_equal(plain.strengths(field), swayed.strengths(field))
    pairs = [Comparison(2 * i, 2 * i + 1) for i in range(1500)]
    told = zip(plain.judge_now(field, pairs), swayed.judge_now(field, pairs), strict=True)
    interval = wilson(sum(one.p_first == other.p_first for one, other in told), 1500, level=0.999)
    assert interval.low <= 0.75 <= interval.high


def test_a_liking_for_length_is_a_transitive_order_that_turns_with_its_sign() -> None:
    likes, dislikes = (SyntheticJudge(SyntheticSettings(sd=0.0, length_bias=b)) for b in (CERTAIN, -CERTAIN))
    wins = [sum(always(likes, FIELD, a, b) == {1.0} for b in range(20) if b != a) for a in range(20)]
    assert sorted(wins) == list(range(20))
    for a, b in combinations(range(20), 2):
        assert always(likes, FIELD, a, b) == {float(wins[a] > wins[b])}
        assert always(dislikes, FIELD, a, b) == {float(wins[a] < wins[b])}


SETTINGS = st.fixed_dictionaries(
    {
        "world": st.sampled_from(["bt", "math"]),
        "seed": st.integers(0, 99),
        "position_bias": st.sampled_from([0.0, 0.4, -3.0]),
        "intransitivity": st.sampled_from([0.0, 0.5, 2.0]),
        "length_bias": st.sampled_from([0.0, 0.7, -1.0]),
        "self_repeat": st.sampled_from([0.0, 0.5]),
        "tie_rate": st.sampled_from([0.0, 0.2]),
        "unparsable_rate": st.sampled_from([0.0, 0.1]),
    }
)


@given(settings=SETTINGS, repeat=st.integers(0, 3))
def test_arrays_are_judged_as_comparisons_one_by_one(settings: dict[str, object], repeat: int) -> None:
    judge = SyntheticJudge(SyntheticSettings(**settings))  # type: ignore[arg-type]  # by name
    fields = [replace(entrants(6), prompt=f"question {number}") for number in range(4)]
    asked = [(which, *pair) for which in range(4) for pair in permutations(range(6), 2)]
    which, first, second = np.array(asked, dtype=np.int64).T
    found = judge.preferences(fields, which, first, second, np.full(len(asked), repeat))
    told = [judge.judge_now(fields[w], [Comparison(a, b, repeat)])[0].p_first for w, a, b in asked]
    assert [None if np.isnan(p) else float(p) for p in found] == told


def test_without_pair_effects_and_length_bias_judgments_are_what_they_were() -> None:
    """Pinned from before there were such settings."""
    found = judged(tie_rate=0.2, self_repeat=0.3, position_bias=0.4, seed=3)
    said = "".join({0.0: "s", 0.5: "-", 1.0: "f"}[j.p_first or 0.0] for j in found[:60])
    assert said == PINNED


PINNED = "ssff-ffsfsfsfffssfs-ffsssffsfsf-s-ssff-ssfssff-fff-ffffff-f-"


def test_tokens_and_time_stay_below_the_estimate_and_come_near_it_on_average() -> None:
    judge = SyntheticJudge(SyntheticSettings(tokens=200, prompt_tokens=70, latency=0.5, tie_rate=0.3))
    found = judge.judge_now(FIELD, ALL)
    assert all(100 <= j.completion_tokens <= 400 and j.prompt_tokens == 70 for j in found)
    assert all(0.25 <= j.seconds <= 1.0 for j in found)
    estimate = judge.plan(FIELD, ALL)
    assert estimate.worst_completion == 400 * len(ALL)
    assert estimate.worst_prompt == estimate.expected_prompt == sum(j.prompt_tokens for j in found)
    assert sum(j.completion_tokens for j in found) == pytest.approx(estimate.expected_completion, rel=0.05)


@given(
    seed=st.integers(0, 99),
    texts=st.lists(st.text(max_size=5), min_size=2, max_size=5, unique=True),
    prompt=st.text(max_size=5) | st.just((Message(role="user", content="q"),)),
    data=st.data(),
)
def test_what_a_ledger_takes_for_the_same_is_judged_the_same(
    seed: int, texts: list[str], prompt: str | tuple[Message, ...], data: st.DataObject
) -> None:
    """Two problems may share their content; whose judgment is kept must not matter."""
    swayed = SyntheticSettings(seed=seed, tie_rate=0.2, self_repeat=0.3, tokens=50, intransitivity=1.0, length_bias=1.0)
    judge = SyntheticJudge(swayed)
    n = len(texts)
    one = replace(entrants(n), texts=tuple(texts), prompt=prompt)
    other = replace(entrants(n, name="other"), texts=tuple(data.draw(st.permutations(texts))), prompt=prompt)
    for a, b in permutations(range(n), 2):
        here = Comparison(a, b, 1, 100)
        there = Comparison(other.texts.index(texts[a]), other.texts.index(texts[b]), 1, 100)
        assert Keys(judge.identity, one).of(here) == Keys(judge.identity, other).of(there)
        assert judge.judge_now(one, [here]) == judge.judge_now(other, [there])


def test_prompts_seeds_orders_repeats_and_limits_all_matter() -> None:
    judge = SyntheticJudge(SyntheticSettings(sd=0.0))

    def all_of(**change: object) -> list[Judgment]:
        return judge.judge_now(FIELD, [c._replace(**change) for c in ALL])  # type: ignore[arg-type]  # by name

    variants = [
        all_of(),
        all_of(repeat=1),
        all_of(repeat=2),
        all_of(thinking_limit=100),
        all_of(continues=Judgment(Outcome.TIE, 0.5, "hm")),
        judge.judge_now(replace(FIELD, prompt="other"), ALL),
        judge.judge_now(FIELD, [Comparison(c.second, c.first) for c in ALL]),
        judged(sd=0.0, seed=1),
    ]
    assert all(one != other for i, one in enumerate(variants) for other in variants[:i])
    assert variants[0] == all_of() == asyncio.run(judge.judge(FIELD, ALL))


def test_its_identity_tells_its_settings() -> None:
    settings = (SyntheticSettings(), SyntheticSettings(seed=1), STANDING)
    assert len({SyntheticJudge(each).identity.digest() for each in settings}) == 3
    assert "no language model" in SyntheticJudge(STANDING).identity.label


@pytest.mark.parametrize(
    "settings",
    [
        {"world": "flat"},
        {"tie_rate": -0.1},
        {"tie_rate": 0.6, "unparsable_rate": 0.6},
        {"accuracy": 1},
        {"accuracy": 0},
        {"self_repeat": 2},
        {"sd": -1},
        {"tokens": -1},
        {"latency": "nan"},
        {"intransitivity": -0.1},
        {"length_bias": "inf"},
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="judge synthetic"):
        by_name("synthetic", settings)
