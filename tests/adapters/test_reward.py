"""Rewards for RL: ratings by group, in the order of the completions, whatever the groups look like."""

from __future__ import annotations

import asyncio
import statistics

import pytest

from tests.adapters.calls import Longer
from tournament import Budget, Candidate, Limits, Problem, rank
from tournament.adapters.asked import problem
from tournament.adapters.reward import TournamentReward
from tournament.errors import JudgeUnreachableError, UnknownNameError, UsageError

PROMPTS = ["p"] * 4 + ["q"] * 4
COMPLETIONS = ["a", "aaa", "aa", "aaaa", "bbbb", "bbb", "bb", "b"]


def ordered(rewards: list[float | None]) -> list[int]:
    known = [reward for reward in rewards if reward is not None]
    assert len(known) == len(rewards)
    return sorted(range(len(known)), key=known.__getitem__)


def test_a_better_completion_has_the_higher_reward_in_each_group() -> None:
    rewards = TournamentReward(judge=Longer())(PROMPTS, COMPLETIONS)
    assert ordered(rewards[:4]) == [0, 2, 1, 3]
    assert ordered(rewards[4:]) == [3, 2, 1, 0]
    for group in (rewards[:4], rewards[4:]):
        assert sum(reward or 0.0 for reward in group) == pytest.approx(0, abs=1e-5)


def test_rewards_are_the_ratings_of_a_ranking() -> None:
    found = TournamentReward(judge=Longer(), strategy="round-robin")(PROMPTS[:4], COMPLETIONS[:4])
    candidates = tuple(Candidate(id=str(i), text=text) for i, text in enumerate(COMPLETIONS[:4]))
    # The id decides who is shown first, and who was shown first moves ratings a little.
    name = problem("p", COMPLETIONS[:4], "").id
    [result] = rank([Problem(id=name, prompt="p", candidates=candidates)], judge=Longer(), strategy="round-robin")
    assert found == [next(s.rating for s in result.ranking if s.id == str(i)) for i in range(4)]


def test_groups_are_found_by_prompt_wherever_their_completions_stand() -> None:
    places = [0, 4, 1, 5, 6, 2, 3, 7]
    mixed = TournamentReward(judge=Longer())([PROMPTS[i] for i in places], [COMPLETIONS[i] for i in places])
    straight = TournamentReward(judge=Longer())(PROMPTS, COMPLETIONS)
    assert mixed == [straight[i] for i in places]


def test_or_by_their_number_in_a_row() -> None:
    judge = Longer()
    rewards = TournamentReward(judge=judge, num_generations=2)(["p"] * 4, ["a", "aa", "bbb", "b"])
    assert [reward is not None and reward > 0 for reward in rewards] == [False, True, True, False]
    assert {frozenset(pair) for pair in judge.asked} == {frozenset({"a", "aa"}), frozenset({"bbb", "b"})}
    with pytest.raises(UsageError, match="no whole groups of 2"):
        TournamentReward(judge=judge, num_generations=2)(["p"] * 3, ["a", "b", "c"])
    with pytest.raises(UsageError, match="different prompts"):
        TournamentReward(judge=judge, num_generations=2)(["p", "q"], ["a", "b"])
    with pytest.raises(UsageError, match="num_generations=0"):
        TournamentReward(judge=judge, num_generations=0)


def test_normalised_rewards_have_a_standard_deviation_of_one_in_each_group() -> None:
    plain = TournamentReward(judge=Longer())(PROMPTS, COMPLETIONS)
    scaled = TournamentReward(judge=Longer(), normalised=True)(PROMPTS, COMPLETIONS)
    for part in (slice(0, 4), slice(4, 8)):
        group = [reward for reward in scaled[part] if reward is not None]
        assert statistics.pstdev(group) == pytest.approx(1)
        assert statistics.fmean(group) == pytest.approx(0, abs=1e-9)
        assert ordered(scaled[part]) == ordered(plain[part])
    assert TournamentReward(judge=Longer(), normalised=True)(["p"] * 2, ["a", "b"]) == [0.0, 0.0]


def test_what_could_not_be_judged_has_no_reward_and_takes_no_other_group_down() -> None:
    reward = TournamentReward(judge=Longer())
    rewards = reward(["p", "p", "q", "q", "r"], ["broken", "also broken", "b", "bb", "alone"])
    assert rewards[:2] == [None, None]
    assert ordered(rewards[2:4]) == [0, 1]
    assert rewards[4] == 0.0
    assert reward(["p", "p"], ["same", "same"]) == [0.0, 0.0]
    assert TournamentReward(judge=Longer(), normalised=True)(["p", "p"], ["broken", "broken too"]) == [None, None]
    assert reward([], []) == []


def test_all_groups_of_a_call_share_its_budget_and_one_start_of_the_judge() -> None:
    judge = Longer()
    rewards = TournamentReward(judge=judge, budget=Budget(run=Limits(comparisons=9)))(PROMPTS, COMPLETIONS)
    assert len(judge.asked) == 8
    assert None not in rewards
    assert (judge.starts, judge.closes) == (1, 1)
    nothing = TournamentReward(judge=judge, budget=Budget(run=Limits(comparisons=1)))(PROMPTS, COMPLETIONS)
    assert nothing == [None] * 8


def test_chats_are_taken_as_they_are_and_other_columns_are_not_looked_at() -> None:
    chat = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": [{"type": "text", "text": "Why?"}]}]
    said = [[{"role": "assistant", "content": text}] for text in ("a", "aa")]
    reward = TournamentReward(judge=Longer())
    rewards = reward(
        prompts=[chat, chat], completions=said, completion_ids=[[1], [2]], trainer_state=object(), answer=["a", "b"]
    )
    assert ordered(rewards) == [0, 1]
    with pytest.raises(UsageError, match=r"prompt 0: completion 1\[0\]\.content is null"):
        reward([chat, chat], [said[0], [{"role": "assistant", "content": None}]])
    with pytest.raises(UsageError, match="2 prompts and 1 completions"):
        reward(["p", "p"], ["a"])
    with pytest.raises(UsageError, match="prompt is empty"):
        reward([" ", " "], ["a", "b"])


def test_awaited_rewards_are_the_same() -> None:
    reward = TournamentReward(judge=Longer())

    async def both() -> list[list[float | None]]:
        asked = reward.arate(PROMPTS, COMPLETIONS), reward.arate(prompts=["p"], completions=["a"])
        return list(await asyncio.gather(*asked))

    assert asyncio.run(both()) == [reward(PROMPTS, COMPLETIONS), [0.0]]
    assert asyncio.iscoroutinefunction(reward.arate)


def test_what_trainers_ask_of_a_reward_function() -> None:
    assert TournamentReward().__name__ == "tournament"
    assert TournamentReward(name="helpful").__name__ == "helpful"
    with pytest.raises(UnknownNameError):
        TournamentReward(strategy="swis")
    with pytest.raises(UnknownNameError):
        TournamentReward(judge="chekcs")


def test_a_lost_judge_is_an_error_and_no_reward() -> None:
    class Lost(Longer):
        async def start(self) -> None:
            raise JudgeUnreachableError("nobody answers")

    with pytest.raises(JudgeUnreachableError):
        TournamentReward(judge=Lost())(PROMPTS, COMPLETIONS)
