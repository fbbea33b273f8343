"""A judge behind SGLang's native `/generate`, which takes text and so can go on in the middle of a turn.

A judge that thinks in a block of its own gets its thinking limit in two steps: it thinks up to the limit; where the
block is still open then, it is closed and the judge is asked for the verdict alone. Re-thinking puts the judge's own
words back without their end and verdict, and lets it go on in the same turn; SGLang's prefix cache keeps the old
tokens nearly free. Behaviour of the server was read off SGLang 0.5.23.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tournament.errors import JudgeSetupError
from tournament.judge import JudgeIdentity, TokenEstimate
from tournament.judges.continuing import Opening, opening
from tournament.judges.served import (
    Reply,
    ServedJudge,
    ServedSettings,
    failed_reply,
    is_served,
    share_of,
    together,
    total,
    unknown_model,
    whole_number,
)
from tournament.judges.tokens import capped, likely_tokens, most_tokens
from tournament.judges.verdict import THINK_END
from tournament.judges.wrapping import OPENS_THINKING, wrapping
from tournament.runtime.faults import HttpStatusError, RequestError
from tournament.types import Comparison, Field, Judgment, Outcome

VERDICT_TOKENS = 16
# What thinking that was cut off may hold when it is sent again; a longer text is left truncated instead, so that the
# tokens reserved for a comparison always suffice.
_BYTES_PER_THOUGHT = 8
_CLOSING_BYTES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class SglangSettings(ServedSettings):
    """Settings of a judge behind SGLang.

    Attributes:
        base_url: address of the server.
        model: what the server must serve (a served name, or the end of the model's path); empty takes what is there.
        prompt: wording in configs/judges.
        temperature: sampling temperature; none takes the wording's own.
        top_p: nucleus sampling; none takes the wording's own.
        max_tokens: most tokens of an answer, after any thinking; none takes the wording's own.
        seed: seed of the judge's sampling; acts only where the server runs with --enable-deterministic-inference.
        timeout_s: seconds to wait for one answer.
        attempts: how often a request is tried when the server fails.
        api_key_env: environment variable that holds the server's API key.
        wrapping: chat format: chatml, deepseek-r1, llama3 or plain.
        thinking: tokens of thinking in a block of its own before the answer; 0 for a judge without one.
        batch_size: comparisons sent in one request; 1 where a router stands before the servers.
    """

    base_url: str = "http://127.0.0.1:30000"
    wrapping: str = "chatml"
    thinking: int = 0
    batch_size: int = 1

    def __post_init__(self) -> None:
        """Refuse values that no server takes."""
        ServedSettings.__post_init__(self)
        if self.batch_size < 1 or self.thinking < 0:
            raise ValueError("batch_size starts at 1 and thinking at 0")
        if self.wrapping in OPENS_THINKING and not self.thinking:
            raise ValueError(f"wrapping {self.wrapping} is for models that think; give thinking, such as 4096")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """One request: the prompt up to the assistant's turn, how that turn begins, and what may follow."""

    prompt: str
    opening: Opening
    limit: int
    seed: int
    stop: str = ""

    @property
    def text(self) -> str:
        return self.prompt + self.opening.text


class SglangJudge(ServedJudge):
    """A model served by SGLang that is shown two candidates and says which is better."""

    def __init__(self, settings: SglangSettings) -> None:
        super().__init__(settings, settings.base_url, settings.api_key_env)
        self._settings = settings
        self._wrap = wrapping(settings.wrapping)

    @property
    def identity(self) -> JudgeIdentity:
        """The served model, the wording and the sampling; where the server is does not matter."""
        settings = {
            **self._sampling(),
            "wrapping": self._settings.wrapping,
            "thinking": self._settings.thinking,
        }
        return JudgeIdentity(
            kind="sglang",
            label=f"sglang: {self.model or 'any model'}",
            model=self.model,
            revision=self.revision,
            prompt_hash=self.prompt.prompt_hash,
            settings=settings,
        )

    @property
    def batch_size(self) -> int | None:
        """Comparisons in one request."""
        return self._settings.batch_size

    async def start(self) -> None:
        """Check that the server is up and serves the model; learn the model's name and context length."""
        await self._setup(self.client.ping("/health"))
        info = await self._setup(self._model_info())
        if not isinstance(info, dict) or not isinstance(info.get("model_path"), str):
            raise JudgeSetupError(f"{self.client.address} is no SGLang server; use the judge openai for other servers")
        served = [info["model_path"], info.get("served_model_name") or info["model_path"]]
        if self._settings.model and not is_served(self._settings.model, served):
            raise unknown_model(self.client.address, self._settings.model, sorted(set(served)))
        self.model = info["model_path"]
        self.revision = str(info.get("weight_version") or "")
        self.context = await self._setup(self._context_length())

    async def _model_info(self) -> Any:
        try:
            return await self.client.get("/model_info")
        except HttpStatusError as error:
            if error.status != 404:
                raise
            return await self.client.get("/get_model_info")  # servers before 0.5.3, and the router

    async def _context_length(self) -> int | None:
        try:
            listing = await self.client.get("/v1/models")
            return whole_number(listing["data"][0]["max_model_len"]) or None
        except (RequestError, LookupError, TypeError):
            return None

    def plan(self, field: Field, comparisons: Sequence[Comparison]) -> TokenEstimate:
        """What comparisons cost; the worst case holds for every tokenizer that falls back to bytes."""
        return total([self._plan_one(self._draft(field, comparison)) for comparison in comparisons])

    def _plan_one(self, draft: _Draft) -> TokenEstimate:
        prompt, completion = most_tokens(draft.text), draft.limit
        worst_prompt, worst_completion = capped(prompt, self.context), capped(completion, self.context)
        if draft.opening.thinks:
            worst_prompt += capped(_room_for_ending(draft), self.context)
            worst_completion += self._tail_limit
        return TokenEstimate(
            expected_prompt=capped(likely_tokens(draft.text), self.context),
            expected_completion=self._lengths.expected(worst_completion),
            worst_prompt=worst_prompt,
            worst_completion=worst_completion,
        )

    @property
    def _tail_limit(self) -> int:
        return max(self.max_tokens, VERDICT_TOKENS)

    async def judge(self, field: Field, comparisons: Sequence[Comparison]) -> Sequence[Judgment]:
        """Judge comparisons of one field in one request, and in a second those whose thinking was cut off."""
        started = time.monotonic()
        drafts = [self._draft(field, comparison) for comparison in comparisons]
        replies = await self._generate(drafts)
        cut = [index for index, reply in enumerate(replies) if self._is_cut(drafts[index], reply)]
        if cut:
            endings = [self._ending(drafts[index], replies[index]) for index in cut]
            for index, draft, reply in zip(cut, endings, await self._generate(endings), strict=True):
                drafts[index], replies[index] = draft, reply.after(replies[index])
        seconds = share_of(started, len(comparisons))
        return [self._read(draft, reply, seconds) for draft, reply in zip(drafts, replies, strict=True)]

    def _draft(self, field: Field, comparison: Comparison) -> _Draft:
        first, second = field.texts[comparison.first], field.texts[comparison.second]
        prompt = self._wrap(self.prompt.messages(field.prompt, first, second))
        start = opening(comparison.continues, self.prompt.rethink, thinks=self._settings.thinking > 0)
        limit = self._answer_limit(comparison)
        if start.thinks and comparison.thinking_limit is None:
            limit = self._settings.thinking or self.max_tokens
        seed = self._request_seed(comparison, prompt + start.text)
        return _Draft(prompt=prompt, opening=start, limit=limit, seed=seed)

    def _is_cut(self, draft: _Draft, reply: Reply) -> bool:
        if not draft.opening.thinks or reply.outcome is not None or reply.finished:
            return False
        return most_tokens(self._ending(draft, reply).text) <= _room_for_ending(draft)

    def _ending(self, draft: _Draft, reply: Reply) -> _Draft:
        if THINK_END in reply.text:
            start, limit, stop = draft.opening.followed_by(reply.text), self.max_tokens, ""
        else:
            closed = f"{reply.text.rstrip()}\n{THINK_END}\n\n{self.prompt.verdict_cue}"
            start, limit, stop = draft.opening.followed_by(closed), VERDICT_TOKENS, "\n"
        return _Draft(prompt=draft.prompt, opening=start, limit=limit, seed=draft.seed, stop=stop)

    def _read(self, draft: _Draft, reply: Reply, seconds: float) -> Judgment:
        text = draft.opening.text + reply.text if reply.outcome is None else ""
        return self._judgment(reply, text, draft.opening.spoken + reply.text, seconds)

    async def _generate(self, drafts: Sequence[_Draft]) -> list[Reply]:
        single = len(drafts) == 1
        parameters = [self._parameters(draft) for draft in drafts]
        texts = [draft.text for draft in drafts]
        body = {"text": texts[0] if single else texts, "sampling_params": parameters[0] if single else parameters}
        try:
            answer = await self._post("/generate", body)
        except RequestError as error:
            if single or not isinstance(error, HttpStatusError) or error.status >= 500:
                return [failed_reply(error)] * len(drafts)
            # One text that the server refuses makes it refuse the whole list.
            return [reply for [reply] in await together([self._generate([draft]) for draft in drafts])]
        return _replies([answer] if single else answer, len(drafts))

    def _parameters(self, draft: _Draft) -> dict[str, Any]:
        return {
            "temperature": self.temperature,
            "top_p": self.top_p,
            "max_new_tokens": draft.limit,
            "sampling_seed": draft.seed,
            **({"stop": [draft.stop]} if draft.stop else {}),
        }


def _room_for_ending(draft: _Draft) -> int:
    """Tokens reserved for the prompt of a second request: what was sent, what was thought, and the closing words."""
    return most_tokens(draft.text) + _BYTES_PER_THOUGHT * draft.limit + _CLOSING_BYTES


def _replies(answers: Any, count: int) -> list[Reply]:
    if not isinstance(answers, list) or len(answers) != count:
        got = f"{len(answers)} answers" if isinstance(answers, list) else "no list of answers"
        return [Reply(outcome=Outcome.FAILED, detail=f"asked for {count} answers in one request, got {got}")] * count
    return [_reply(answer) for answer in answers]


def _reply(answer: Any) -> Reply:
    try:
        text, meta = answer["text"], answer["meta_info"]
        reason = (meta["finish_reason"] or {}).get("type")
    except (LookupError, TypeError, AttributeError):
        return Reply(outcome=Outcome.FAILED, detail=f"an answer without text and meta_info: {str(answer)[:200]}")
    aborted = reason not in ("stop", "length")
    return Reply(
        text=str(text),
        finished=reason == "stop",
        outcome=Outcome.FAILED if aborted else None,
        detail=f"the server ended it: {str(meta['finish_reason'])[:200]}" if aborted else "",
        prompt_tokens=whole_number(meta.get("prompt_tokens")),
        completion_tokens=whole_number(meta.get("completion_tokens")),
        cached_tokens=whole_number(meta.get("cached_tokens")),
    )
