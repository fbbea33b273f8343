"""A judge behind any server that speaks OpenAI's chat completions: SGLang, vLLM, llama.cpp, Ollama, hosted ones."""

from __future__ import annotations

import os
import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from tournament.errors import JudgeSetupError
from tournament.judge import JudgeIdentity, TokenEstimate
from tournament.judges.continuing import own_words
from tournament.judges.served import (
    Endpoint,
    ServedSettings,
    failed_reply,
    is_served,
    not_listed,
    unknown_model,
    whole_number,
)
from tournament.judges.speaking import Speaking, judgment, share_of, together, total
from tournament.judges.text_model import Reply
from tournament.judges.tokens import capped, likely_tokens, most_tokens
from tournament.judges.verdicts import THINK_END, THINK_START
from tournament.runtime.faults import HttpStatusError, RequestError
from tournament.types import Comparison, Field, Judgment, Message, Outcome

DEFAULT_KEY_ENV = "OPENAI_API_KEY"
DEFAULT_KEY_SCHEME, DEFAULT_KEY_HOST = "https", "api.openai.com"
# What a server's chat template may put around the messages: role marks, a date, a note on tools.
TEMPLATE_TOKENS = 1024
MODELS = "/models"
_NO_LISTING = frozenset({404, 405, 501})


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAISettings(ServedSettings):
    """Settings of a judge behind chat completions.

    Attributes:
        base_url: address of the server, of several with commas, or @FILE that lists them; /v1 is added where one has no
            path.
        model: name of the model; empty takes the first that the server lists.
        profile: judge profile, see `tourney list judges`, or a file of yours; auto picks it by the model's name.
        wording: official, tourney's, or auto for the official one where it is at hand.
        temperature: sampling temperature; none takes the profile's.
        top_p: nucleus sampling; none takes the profile's.
        max_tokens: most tokens of an answer, with any reasoning; none takes the profile's thinking and answer together.
        expected_tokens: tokens that an answer takes as a rule, thinking included, to plan budgets with: the mean of an
            earlier run; none takes half of the most.
        seed: seed of the judge's sampling; servers may ignore it.
        timeout_s: seconds to wait for one answer.
        attempts: how often a request is tried when the server fails.
        api_key_env: environment variable that holds the API key; for api.openai.com OPENAI_API_KEY by itself.
        api_key_file: file that holds the API key, where no variable is named.
        limit_field: what the server calls the limit of an answer: max_tokens or max_completion_tokens.
    """

    base_url: str = "http://127.0.0.1:30000"
    limit_field: str = "max_tokens"

    def __post_init__(self) -> None:
        """Refuse values that no server takes."""
        ServedSettings.__post_init__(self)
        if self.limit_field not in ("max_tokens", "max_completion_tokens"):
            raise ValueError(f"limit_field={self.limit_field!r}; give max_tokens or max_completion_tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """One request: its messages, the limit of the answer, and what stands before the answer in the kept text."""

    messages: tuple[Message, ...]
    limit: int
    seed: int
    near: Hashable
    before: str = ""

    @property
    def text(self) -> str:
        return "\n".join(message.content for message in self.messages)


class OpenAIJudge:
    """A chat model that is shown two candidates and says which is better."""

    batch_size: int | None = 1

    def __init__(self, settings: OpenAISettings) -> None:
        self.speaking = Speaking(settings)
        self.endpoint = Endpoint(
            settings.base_url,
            key_env=settings.api_key_env or ("" if settings.api_key_file else own_key(settings.base_url)),
            key_file=settings.api_key_file,
            timeout_s=settings.timeout_s,
            attempts=settings.attempts,
            complete=with_version,
            health_path=MODELS,  # below /v1 there is no other path that every such server has
        )
        self.model = settings.model
        self.context: int | None = None
        self._settings = settings

    @property
    def identity(self) -> JudgeIdentity:
        """The model, the wording and the sampling; where the server is does not matter."""
        return JudgeIdentity(
            kind="openai",
            label=f"openai: {self.model or 'first model listed'} ({self.speaking.profile.name}, "
            f"{self.speaking.wording.source} wording)",
            model=self.model,
            prompt_hash=self.speaking.wording.prompt_hash,
            settings={**self.speaking.sampling(), "max_tokens": self._limit},
        )

    @property
    def how(self) -> str:
        """How profile and wording came about, for people."""
        return self.speaking.how

    @property
    def retries(self) -> int:
        """Requests sent again so far."""
        return self.endpoint.retries

    @property
    def _limit(self) -> int:
        """The most tokens of an answer; servers count the thinking of a model that thinks as part of it."""
        own = self._settings.max_tokens
        return own if own is not None else self.speaking.profile.thinking + self.speaking.max_tokens

    async def close(self) -> None:
        """Give back the connections."""
        await self.endpoint.close()

    async def start(self) -> None:
        """Check that the server answers and lists the model; take its first model where none is named."""
        await self._find_model()
        self.endpoint.vet(lambda client: not_listed(client, MODELS, self.model))
        self.speaking.adopt([self.model])

    async def _find_model(self) -> None:
        listed = await self.endpoint.setup(self._listed())
        if listed is None:
            if not self.model:
                raise JudgeSetupError(f"{self.endpoint.address} lists no models; name one with model")
            return
        names = list(listed)
        if self.model and not is_served(self.model, names):
            raise unknown_model(self.endpoint.address, self.model, names)
        if not self.model and not names:
            raise JudgeSetupError(f"{self.endpoint.address} serves no model; start it with one")
        # The server's own spelling, since it takes no other.
        self.model = self.model if self.model in names else next(n for n in names if is_served(self.model or n, [n]))
        self.context = listed[self.model]

    async def _listed(self) -> dict[str, int | None] | None:
        """Served names and their context lengths; None where the server has no listing."""
        try:
            listing = await self.endpoint.get(MODELS)
        except HttpStatusError as error:
            if error.status in _NO_LISTING:
                return None
            raise
        try:
            return {row["id"]: whole_number(row.get("max_model_len")) or None for row in listing["data"]}
        except (LookupError, TypeError, AttributeError):
            return None

    def plan(self, field: Field, comparisons: Sequence[Comparison]) -> TokenEstimate:
        """What comparisons cost; the worst case holds for every tokenizer that falls back to bytes."""
        return total([self._plan_one(self._draft(field, comparison)) for comparison in comparisons])

    def _plan_one(self, draft: _Draft) -> TokenEstimate:
        limit = capped(draft.limit, self.context)
        return TokenEstimate(
            expected_prompt=capped(likely_tokens(draft.text), self.context),
            expected_completion=self.speaking.expected(limit),
            worst_prompt=capped(most_tokens(draft.text) + TEMPLATE_TOKENS, self.context),
            worst_completion=limit,
        )

    async def judge(self, field: Field, comparisons: Sequence[Comparison]) -> Sequence[Judgment]:
        """Judge comparisons of one field, each in a request of its own."""
        return await together([self._judge_one(self._draft(field, comparison)) for comparison in comparisons])

    async def _judge_one(self, draft: _Draft) -> Judgment:
        started = time.monotonic()
        try:
            reply = _reply(await self.endpoint.post("/chat/completions", self._body(draft), near=draft.near))
        except RequestError as error:
            reply = failed_reply(error)
        text = draft.before + reply.text if reply.outcome is None else reply.text
        return judgment(reply, self.speaking.read(reply, reply.text), text, share_of(started, 1))

    def _draft(self, field: Field, comparison: Comparison) -> _Draft:
        first, second = field.texts[comparison.first], field.texts[comparison.second]
        wording = self.speaking.wording
        messages = wording.messages(field.prompt, first, second)
        before = ""
        if comparison.continues is not None:
            # Without its tags, since chat templates drop what is marked as thinking from earlier turns.
            words, _ = own_words(comparison.continues, wording.grammar)
            messages += (
                Message(role="assistant", content=words),
                Message(role="user", content=wording.rethink),
            )
            before = f"{words}\n\n{wording.rethink}\n\n"
        seed = self.speaking.seed(comparison, "\n".join(message.content for message in messages))
        # A limit is one of thinking; a model that thinks needs room for its answer besides.
        answer = self.speaking.max_tokens if self.speaking.profile.thinking else 0
        limit = self._limit if comparison.thinking_limit is None else max(1, comparison.thinking_limit) + answer
        return _Draft(messages=messages, limit=limit, seed=seed, before=before, near=(field.prompt, first))

    def _body(self, draft: _Draft) -> dict[str, Any]:
        return {
            "model": self.model,
            "messages": [{"role": message.role, "content": message.content} for message in draft.messages],
            "temperature": self.speaking.temperature,
            "top_p": self.speaking.top_p,
            "seed": draft.seed,
            self._settings.limit_field: draft.limit,
        }


def own_key(base_url: str) -> str:
    """The variable of the default key, which goes to its own host, encrypted, and to nobody else unless it is named.

    A file that lists servers gets it for none of them: the next edit may name others.
    """
    parts = [_split(url.strip()) for url in base_url.split(",")]
    ours = all((part.scheme, part.hostname) == (DEFAULT_KEY_SCHEME, DEFAULT_KEY_HOST) for part in parts)
    return DEFAULT_KEY_ENV if ours and os.environ.get(DEFAULT_KEY_ENV) else ""


def with_version(base_url: str) -> str:
    """The address of the API: /v1 is added where it has no path."""
    url = base_url.strip().rstrip("/")
    return url if _split(url).path or not url else f"{url}/v1"


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:  # such as a bracket that stays open; the client refuses it
        return urlsplit("")


def _reply(answer: Any) -> Reply:
    try:
        choice = answer["choices"][0]
        message, reason = choice["message"], choice.get("finish_reason")
        said, refusal = message.get("content") or "", message.get("refusal") or ""
        thought = message.get("reasoning_content") or message.get("reasoning") or ""
        usage = answer.get("usage") or {}
        cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens")
    except (LookupError, TypeError, AttributeError):
        return Reply(outcome=Outcome.FAILED, detail=f"an answer without a message: {str(answer)[:200]}")
    outcome, detail = _trouble(reason, str(refusal))
    return Reply(
        text=_joined(str(thought), str(said)),
        finished=reason != "length",
        outcome=outcome,
        detail=detail,
        prompt_tokens=whole_number(usage.get("prompt_tokens")),
        completion_tokens=whole_number(usage.get("completion_tokens")),
        cached_tokens=whole_number(cached),
    )


def _trouble(reason: object, refusal: str) -> tuple[Outcome | None, str]:
    if reason == "content_filter":
        return Outcome.REFUSED, "the server's content filter ended the answer"
    if refusal:
        return Outcome.REFUSED, f"the model refused: {refusal[:200]}"
    if reason in ("abort", "error"):
        return Outcome.FAILED, f"the server ended it: {reason}"
    return None, ""


def _joined(thought: str, said: str) -> str:
    if not thought:
        return said
    # A thought without an answer stays open, and so is read as truncated.
    return f"{THINK_START}\n{thought}\n{THINK_END}\n\n{said}" if said else f"{THINK_START}\n{thought}"
