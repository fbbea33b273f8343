"""A reward function for reinforcement learning: every group of completions is a tournament, its ratings the rewards."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Unpack

from tournament.adapters import asked
from tournament.adapters.ranker import Ranker
from tournament.api import RankOptions
from tournament.errors import UsageError
from tournament.result import Result
from tournament.types import Problem

Rewards = list[float | None]


class TournamentReward(Ranker):
    """A reward function in the form of TRL's GRPO trainer: `reward(prompts, completions, **columns)`.

    Completions of one prompt are a group, and play a tournament among themselves. The reward is the rating: log-odds
    with mean 0 in each group, so that a difference of 1 is a preference of 73 %. All groups of a call are played side
    by side; a run limit of the budget is for the call, in equal shares.
    """

    def __init__(
        self,
        *,
        num_generations: int | None = None,
        normalised: bool = False,
        name: str = "tournament",
        **options: Unpack[RankOptions],
    ) -> None:
        """Say how to group and to scale; the other arguments are those of `tournament.arank`.

        Args:
            num_generations: How many completions in a row are a group; by default equal prompts make one.
            normalised: Whether to divide each group's rewards by their standard deviation.
            name: What a trainer calls it in its logs.
            options: As for `arank`, but that the strategy is swiss: all meet equally often, good and bad.

        Raises:
            UsageError: for names that do not exist, or a group of nothing.
        """
        if num_generations is not None and num_generations < 1:
            raise UsageError(f"num_generations={num_generations}: give at least 1, or leave it out")
        options.setdefault("strategy", "swiss")
        super().__init__(**options)
        self.__name__ = name
        self._size, self._normalised = num_generations, normalised

    def __call__(self, prompts: Sequence[object], completions: Sequence[object], **columns: object) -> Rewards:
        """Reward every completion.

        Args:
            prompts: One prompt a completion, text or chat messages.
            completions: Text or chat messages.
            columns: What else a trainer hands over; none of it is looked at.

        Returns:
            One reward a completion, in the same order. A group in which nothing could be compared is all None, which
            trainers leave out; one whose completions are all the same is all 0.

        Raises:
            JudgeUnreachableError: where the judge's server is gone.
            UsageError: where the lists do not belong together, or are no whole groups.
        """
        groups = self._groups(prompts, completions)
        return self._rewards(len(prompts), groups, self.rank(_problems(groups, prompts, completions)))

    async def arate(self, prompts: Sequence[object], completions: Sequence[object], **columns: object) -> Rewards:
        """The same for trainers and programs that await their reward functions."""
        groups = self._groups(prompts, completions)
        return self._rewards(len(prompts), groups, await self.arank(_problems(groups, prompts, completions)))

    def _groups(self, prompts: Sequence[object], completions: Sequence[object]) -> list[list[int]]:
        """The positions of each group's completions."""
        asked.same_length(prompts, completions)
        keys = [asked.content(prompt) for prompt in prompts]
        if self._size is None:
            found: dict[str, list[int]] = {}
            for position, key in enumerate(keys):
                found.setdefault(key, []).append(position)
            return list(found.values())
        if len(keys) % self._size:
            raise UsageError(f"{len(keys)} completions are no whole groups of {self._size}; correct num_generations")
        groups = [list(range(start, start + self._size)) for start in range(0, len(keys), self._size)]
        for group in groups:
            if len({keys[position] for position in group}) > 1:
                where = f"completions {group[0]} to {group[-1]}"
                raise UsageError(f"{where} answer different prompts; correct num_generations={self._size}")
        return groups

    def _rewards(self, count: int, groups: Sequence[Sequence[int]], results: Sequence[Result]) -> Rewards:
        rewards: Rewards = [None] * count
        for group, result in zip(groups, results, strict=True):
            ratings = _ratings(result)
            for position, rating in zip(group, _normal(ratings) if self._normalised else ratings, strict=True):
                rewards[position] = rating
        return rewards


def _problems(
    groups: Sequence[Sequence[int]], prompts: Sequence[object], completions: Sequence[object]
) -> list[Problem]:
    return [
        asked.problem(prompts[group[0]], [completions[at] for at in group], f"the group of prompt {group[0]}")
        for group in groups
    ]


def _ratings(result: Result) -> Rewards:
    """The ratings in the order of the candidates."""
    standings = sorted(result.ranking, key=lambda standing: int(standing.id))
    if all(standing.rank == 1 for standing in standings):  # one text, or the same text again and again
        return [0.0] * len(standings)
    if not any(standing.wins + standing.losses + standing.ties for standing in standings):
        return [None] * len(standings)
    return [standing.rating for standing in standings]


def _normal(ratings: Rewards) -> Rewards:
    known = [rating for rating in ratings if rating is not None]
    if not known:
        return ratings
    mean, deviation = statistics.fmean(known), statistics.pstdev(known)
    return [None if rating is None else (rating - mean) / deviation if deviation else 0.0 for rating in ratings]
