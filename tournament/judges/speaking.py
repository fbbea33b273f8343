"""What all judges that speak share: their profile and words, sampling, seeds, and how a reply becomes a judgment."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from tournament import seeding
from tournament.judge import TokenEstimate
from tournament.judges.profile import AUTO, GENERIC, WORDINGS, Profile, choose_wording, load_profile, profile_for
from tournament.judges.text_model import Reply
from tournament.judges.verdicts import THINK_END, Reading, read_verdict
from tournament.judges.wording import OFFICIAL
from tournament.types import Comparison, Judgment

T = TypeVar("T")
log = logging.getLogger(__name__)

_SEED_MASK = (1 << 31) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakingSettings:
    """The settings that every judge that speaks has; each kind of judge documents its own."""

    profile: str = AUTO
    wording: str = AUTO
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    expected_tokens: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values that no model takes."""
        if self.wording not in WORDINGS:
            raise ValueError(f"wording={self.wording!r}; give one of {', '.join(WORDINGS)}")
        if self.temperature is not None and not 0 <= self.temperature <= 10:
            raise ValueError(f"temperature={self.temperature}; give one between 0 and 10")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise ValueError(f"top_p={self.top_p}; give one above 0, up to 1")
        if self.max_tokens is not None and self.max_tokens < 1:
            raise ValueError(f"max_tokens={self.max_tokens}; give a positive number")
        if self.expected_tokens is not None and self.expected_tokens < 1:
            raise ValueError(f"expected_tokens={self.expected_tokens}; give a positive number")


class Speaking:
    """A profile, its wording and sampling; `adopt` completes it once the served model is known.

    `how` says how profile and wording came about, for people.
    """

    def __init__(self, settings: SpeakingSettings) -> None:
        self.settings = settings
        self.how = ""
        # What is only missing here may be found in the served model's own folder.
        wanted = AUTO if settings.wording == OFFICIAL else settings.wording
        self._take(load_profile(GENERIC if settings.profile == AUTO else settings.profile), "", wanted)

    def adopt(self, names: Sequence[str]) -> None:
        """Pick the profile by what the served model is called, unless one was named, and look for official words."""
        path = next((name for name in names if name.startswith("/")), "")
        if self.settings.profile == AUTO:
            self._take(profile_for(names), path, self.settings.wording)
            self.how = f"profile {self.profile.name} (picked by the model's name), {self.wording.source} wording"
        else:
            self._take(self.profile, path, self.settings.wording)
            self.how = f"profile {self.profile.name}, {self.wording.source} wording"
        log.info("%s", self.how)

    def _take(self, profile: Profile, path: str, wanted: str) -> None:
        self.profile = profile
        self.wording = choose_wording(profile, wanted, path)
        self.temperature = _first(self.settings.temperature, profile.temperature)
        self.top_p = _first(self.settings.top_p, profile.top_p)
        self.max_tokens = int(_first(self.settings.max_tokens, profile.max_tokens))

    def expected(self, most: int) -> int:
        """What an answer of at most so many tokens is expected to take.

        It does not go by the answers that came so far: budgets are planned with it, and whom a problem's candidates
        meet must not depend on which other problem was answered first.
        """
        own = self.settings.expected_tokens
        return most // 2 if own is None else min(most, own)

    def sampling(self) -> dict[str, Any]:
        """The part of a judge's identity that sampling and words make up; the words themselves are in the hash."""
        return {
            "temperature": self.temperature,
            "top_p": self.top_p,
            "max_tokens": self.max_tokens,
            "seed": self.settings.seed,
            "wording": self.wording.source,
        }

    def seed(self, comparison: Comparison, shown: str) -> int:
        """A seed for one request: another for every repeat and every text, the same in every run."""
        return seeding.key(self.settings.seed, "judge", str(comparison.repeat), shown) & _SEED_MASK

    def read(self, reply: Reply, spoken: str) -> Reading | None:
        """The verdict in the judge's words of this turn; None where it did not speak."""
        return None if reply.outcome is not None else read_verdict(self.wording.grammar, spoken, reply.finished)


def judgment(reply: Reply, reading: Reading | None, text: str, seconds: float) -> Judgment:
    """What is kept of a reply and its reading."""
    outcome, p_first = (reading.outcome, reading.p_first) if reading is not None else (reply.outcome, None)
    assert outcome is not None
    return Judgment(
        outcome=outcome,
        p_first=p_first,
        text=text,
        detail=reply.detail,
        prompt_tokens=reply.prompt_tokens,
        completion_tokens=reply.completion_tokens,
        cached_tokens=reply.cached_tokens,
        seconds=seconds,
        thinking_tokens=thought(reply),
    )


def thought(reply: Reply) -> int:
    """How many tokens of a reply came before its answer, by characters where the model does not say.

    A reply without the end of a think block is all reasoning.
    """
    if reply.thinking_tokens is not None:
        return reply.thinking_tokens
    before, end, _ = reply.text.rpartition(THINK_END)
    return round(reply.completion_tokens * len(before) / len(reply.text)) if end else reply.completion_tokens


async def together(calls: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """Await calls side by side; the first that fails cancels the rest and is raised as itself."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]


def total(parts: Sequence[TokenEstimate]) -> TokenEstimate:
    """The estimates of some comparisons together."""
    return TokenEstimate(
        expected_prompt=sum(part.expected_prompt for part in parts),
        expected_completion=sum(part.expected_completion for part in parts),
        worst_prompt=sum(part.worst_prompt for part in parts),
        worst_completion=sum(part.worst_completion for part in parts),
    )


def share_of(started: float, count: int) -> float:
    """Seconds since `started`, shared among as many comparisons, so that their sum is the time that passed."""
    return (time.monotonic() - started) / max(count, 1)


def _first(value: float | None, default: float) -> float:
    return default if value is None else value
