"""A judge behind SGLang's native `/generate`, which takes text and so can go on in the middle of a turn."""

from __future__ import annotations

from dataclasses import dataclass

from tournament.judges.reasoning import ReasoningJudge
from tournament.judges.served import ServedSettings
from tournament.judges.sglang_text import SglangText
from tournament.judges.text_model import Warm
from tournament.types import Comparison, Field, Judgment


@dataclass(frozen=True, slots=True, kw_only=True)
class SglangSettings(ServedSettings):
    """Settings of a judge behind SGLang.

    Attributes:
        base_url: address of the server, of several of the same model with commas, or @FILE that lists them.
        model: what the server must serve (a served name, or the end of the model's path); empty takes what is there.
        profile: judge profile, see `tourney list judges`, or a file of yours; auto picks it by the served model's name.
        wording: official, tourney's, or auto for the official one where it is at hand.
        temperature: sampling temperature; none takes the profile's.
        top_p: nucleus sampling; none takes the profile's.
        thinking: most tokens of a think block before the answer; 0 for a model without one; none takes the profile's.
        max_tokens: most tokens of an answer, after any thinking; none takes the profile's.
        expected_tokens: tokens that an answer takes as a rule, thinking included, to plan budgets with: the mean of an
            earlier run; none takes half of the most.
        soft: preferences are the probabilities of the verdict's labels, at one more token a comparison.
        seed: seed of the judge's sampling; acts only where the server runs with --enable-deterministic-inference.
        wrapping: chat format: chatml, deepseek-r1, llama3, plain, or server for its own; empty takes the profile's.
        batch_size: comparisons sent in one request; 1 where a router stands before the servers.
        timeout_s: seconds to wait for one answer.
        attempts: how often a request is tried when the server fails.
        api_key_env: environment variable that holds the server's API key.
        api_key_file: file that holds it, where no variable is named.
    """

    base_url: str = "http://127.0.0.1:30000"
    thinking: int | None = None
    soft: bool = False
    wrapping: str = ""
    batch_size: int = 1

    def __post_init__(self) -> None:
        """Refuse values that no server takes."""
        ServedSettings.__post_init__(self)
        if self.batch_size < 1 or (self.thinking is not None and self.thinking < 0):
            raise ValueError("batch_size starts at 1 and thinking at 0")


class SglangJudge(ReasoningJudge):
    """A model served by SGLang that is shown two candidates, thinks, and says which is better."""

    def __init__(self, settings: SglangSettings) -> None:
        text = SglangText(
            settings.base_url,
            model=settings.model,
            key_env=settings.api_key_env,
            key_file=settings.api_key_file,
            timeout_s=settings.timeout_s,
            attempts=settings.attempts,
        )
        super().__init__("sglang", settings, settings, text)
        self._batch_size = settings.batch_size

    @property
    def batch_size(self) -> int | None:
        """Comparisons in one request."""
        return self._batch_size

    async def judge_warming(self, field: Field, comparison: Comparison, warm: Warm) -> Judgment:
        """Judge one comparison, and call `warm` once its prompt is in the server's prefix cache."""
        [judged] = await self.judge(field, [comparison], warm)
        return judged
