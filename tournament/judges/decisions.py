"""The cheap judge: SGLang's `/v1/decisions` scores the letters of two options, and generates no text.

The server owns the last lines of the prompt (SGLang 0.5.23, prompt format 1). It answers with the options'
probabilities and with the mass that all labels have in the whole vocabulary.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tournament.errors import JudgeSetupError
from tournament.judge import JudgeIdentity, TokenEstimate
from tournament.judges.served import (
    Endpoint,
    check_patience,
    failed_reply,
    is_served,
    one_model,
    other_model,
    unknown_model,
    whole_number,
)
from tournament.judges.soft import LEAST_MASS
from tournament.judges.speaking import share_of, together
from tournament.judges.tokens import likely_tokens, most_tokens
from tournament.judges.wording import load_wording
from tournament.runtime.faults import HttpStatusError, RequestError
from tournament.types import Comparison, Field, Judgment, Message, Outcome

if TYPE_CHECKING:
    from tournament.runtime.client import JsonClient

PROMPT_FORMAT = 1
_OPTIONS = ("Response 1", "Response 2")
# What the server's chat template and its own lines put around the text.
_AROUND_TOKENS = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionsSettings:
    """Settings of the cheap judge behind SGLang's /v1/decisions.

    Attributes:
        base_url: address of the server, of several of the same model with commas, or @FILE that lists them.
        model: what the server must serve; empty takes what is there. Models that always think are refused by it.
        prompt: wording in configs/prompts.
        least_mass: probability of both letters together below which the judge has no preference.
        timeout_s: seconds to wait for one answer.
        attempts: how often a request is tried when the server fails.
        api_key_env: environment variable that holds the server's API key.
        api_key_file: file that holds it, where no variable is named.
    """

    base_url: str = "http://127.0.0.1:30000"
    model: str = ""
    prompt: str = "decisions"
    least_mass: float = LEAST_MASS
    timeout_s: float = 600.0
    attempts: int = 5
    api_key_env: str = ""
    api_key_file: str = ""

    def __post_init__(self) -> None:
        """Refuse values that mean nothing."""
        check_patience(self.timeout_s, self.attempts)
        if not 0 <= self.least_mass <= 1:
            raise ValueError(f"least_mass={self.least_mass}; give a probability")


class DecisionsJudge:
    """A model that is asked for one letter, and whose probabilities are the preference."""

    batch_size: int | None = 1

    def __init__(self, settings: DecisionsSettings) -> None:
        self._settings = settings
        self._wording = load_wording(settings.prompt)
        self.endpoint = Endpoint(
            settings.base_url,
            key_env=settings.api_key_env,
            key_file=settings.api_key_file,
            timeout_s=settings.timeout_s,
            attempts=settings.attempts,
        )
        self.model = settings.model
        self._names = ("", "")

    @property
    def identity(self) -> JudgeIdentity:
        """The model and the words. Scoring draws nothing, so a repeat would only say the same."""
        return JudgeIdentity(
            kind="decisions",
            label=f"decisions: {self.model or 'any model'}",
            model=self.model,
            prompt_hash=self._wording.prompt_hash,
            settings={"prompt_format": PROMPT_FORMAT, "least_mass": self._settings.least_mass},
            deterministic=True,
        )

    @property
    def retries(self) -> int:
        """Requests sent again so far."""
        return self.endpoint.retries

    async def start(self) -> None:
        """Check that the server decides, with one small question, and learn what it serves."""
        await self.endpoint.setup(self.endpoint.ping("/health"))
        infos = await self.endpoint.setup(self.endpoint.each("/model_info"))
        names = self._names = one_model(self.endpoint.address, list(infos.values()))
        if self.model and not is_served(self.model, names):
            raise unknown_model(self.endpoint.address, self.model, sorted(set(names)))
        self.model = names[0]
        await self._try_out()
        self.endpoint.vet(self._flaw)

    async def _flaw(self, client: JsonClient) -> str:
        """What is wrong with a server that wants to take part."""
        return other_model(client.address, [await client.get("/model_info")], self._names)

    async def _try_out(self) -> None:
        try:
            await self.endpoint.post("/v1/decisions", self._body("1 + 1"))
        except HttpStatusError as error:
            if error.status == 404:
                what = "has no /v1/decisions; it needs SGLang 0.5.23 or later"
            else:
                what = f"cannot decide with {self.model} ({error}); serve a model that answers without thinking"
            raise JudgeSetupError(f"{self.endpoint.address} {what}") from error
        except RequestError as error:
            raise JudgeSetupError(f"{self.endpoint.address} does not decide ({error}); check base_url") from error

    async def close(self) -> None:
        """Give back the connections."""
        await self.endpoint.close()

    def plan(self, field: Field, comparisons: Sequence[Comparison]) -> TokenEstimate:
        """Prompt tokens only; the worst case holds for every tokenizer that falls back to bytes."""
        texts = [self._text(field, comparison) for comparison in comparisons]
        return TokenEstimate(
            expected_prompt=sum(likely_tokens(text) for text in texts),
            worst_prompt=sum(most_tokens(text) for text in texts) + len(texts) * self._around,
        )

    @property
    def _around(self) -> int:
        return most_tokens(self._wording.system) + _AROUND_TOKENS

    async def judge(self, field: Field, comparisons: Sequence[Comparison]) -> Sequence[Judgment]:
        """Judge comparisons of one field, each in a request of its own."""
        return await together([self._judge_one(field, comparison) for comparison in comparisons])

    async def _judge_one(self, field: Field, comparison: Comparison) -> Judgment:
        started = time.monotonic()
        near = (field.prompt, field.texts[comparison.first])
        try:
            answer = await self.endpoint.post("/v1/decisions", self._body(self._text(field, comparison)), near=near)
            judged = self._read(answer)
        except RequestError as error:
            reply = failed_reply(error)
            judged = Judgment(reply.outcome or Outcome.FAILED, None, detail=reply.detail)
        except (LookupError, TypeError, ValueError, AttributeError):
            judged = Judgment(Outcome.FAILED, None, detail="an answer without probabilities")
        return judged._replace(seconds=share_of(started, 1))

    def _text(self, field: Field, comparison: Comparison) -> str:
        *_, user = self._wording.messages(field.prompt, field.texts[comparison.first], field.texts[comparison.second])
        assert isinstance(user, Message)
        return user.content

    def _body(self, text: str) -> dict[str, Any]:
        options = [{"name": name} for name in _OPTIONS]
        question = {"id": "better", "type": "choice", "question": self._wording.system, "options": options}
        return {"input": text, "questions": [question], "prompt_format_version": PROMPT_FORMAT}

    def _read(self, answer: Any) -> Judgment:
        decided = answer["answers"]["better"]
        p_first, mass = float(decided["probabilities"][_OPTIONS[0]]), float(decided["label_mass"])
        if not 0 <= p_first <= 1 or not mass >= 0:
            raise ValueError
        known = mass >= self._settings.least_mass
        if not known:
            outcome, detail = Outcome.UNPARSABLE, f"the letters have {mass:.3f} of the probability"
        else:
            outcome, detail = Outcome.TIE if p_first == 0.5 else Outcome.DECIDED, ""
        return Judgment(
            outcome,
            p_first if known else None,
            text=f"A {p_first:.4f}, B {1 - p_first:.4f}, both letters {mass:.4f}",
            detail=detail,
            prompt_tokens=whole_number((answer.get("usage") or {}).get("prompt_tokens")),
            label_mass=min(1.0, mass),
        )
