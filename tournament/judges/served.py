"""What judges behind an HTTP server share: settings, replies, errors as judgments, and knowing a dead server."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn, TypeVar

from tournament import seeding
from tournament.errors import JudgeSetupError, JudgeUnreachableError
from tournament.judge import TokenEstimate
from tournament.judges.chat_prompt import ChatPrompt, load_prompt
from tournament.judges.tokens import RunningMean
from tournament.judges.verdict import read_verdict
from tournament.runtime.faults import BrokenConnectionError, HttpStatusError, RequestError, RequestTimeoutError
from tournament.runtime.keys import read_key
from tournament.runtime.retry import RetryPolicy
from tournament.types import Comparison, Judgment, Outcome

T = TypeVar("T")

# After so many answers in a row that came from no live server, the judge is given up.
GIVE_UP_AFTER = 5
_GATEWAY_ERRORS = frozenset({502, 503, 504})
_SEED_MASK = (1 << 31) - 1
_TOO_LONG = re.compile(
    r"context.{0,3}length|context.{0,3}window|maximum context|exceeds? the (?:maximum|model|limit|available)|"
    r"(?:input|prompt|text|request) (?:\([^)]{0,60}\) )?(?:is )?(?:too long|too large|longer than)|too many tokens",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedSettings:
    """The settings that every judge behind a server has; each kind of judge documents its own."""

    base_url: str
    model: str = ""
    prompt: str = "generic-chat"
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    seed: int = 0
    timeout_s: float = 600.0
    attempts: int = 5
    api_key_env: str = ""

    def __post_init__(self) -> None:
        """Refuse values that no server takes."""
        if self.temperature is not None and not 0 <= self.temperature <= 10:
            raise ValueError(f"temperature={self.temperature}; give one between 0 and 10")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise ValueError(f"top_p={self.top_p}; give one above 0, up to 1")
        if self.max_tokens is not None and self.max_tokens < 1:
            raise ValueError(f"max_tokens={self.max_tokens}; give a positive number")
        if not self.timeout_s > 0:
            raise ValueError(f"timeout_s={self.timeout_s}; give a positive number of seconds")
        if self.attempts < 1:
            raise ValueError(f"attempts={self.attempts}; give 1 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a server answered to one request, before a verdict is read from it.

    `outcome` is None where the model spoke, else why it did not; `detail` then says more.
    """

    text: str = ""
    finished: bool = True
    outcome: Outcome | None = None
    detail: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0

    def after(self, earlier: Reply) -> Reply:
        """This reply with the usage of an earlier one of the same comparison added."""
        return replace(
            self,
            prompt_tokens=self.prompt_tokens + earlier.prompt_tokens,
            completion_tokens=self.completion_tokens + earlier.completion_tokens,
            cached_tokens=self.cached_tokens + earlier.cached_tokens,
        )


class ServedJudge:
    """A client, a wording and its sampling, and the count of answers that came from no live server."""

    def __init__(self, settings: ServedSettings, base_url: str, key_env: str) -> None:
        # Imported here, so that listing the judges and their settings does not wait for aiohttp.
        from tournament.runtime.client import JsonClient

        self.prompt: ChatPrompt = load_prompt(settings.prompt)
        self.client = JsonClient(
            base_url,
            key=read_key(env=key_env),
            timeout_s=settings.timeout_s,
            retry=RetryPolicy(attempts=settings.attempts),
        )
        self.temperature = _first(settings.temperature, self.prompt.temperature)
        self.top_p = _first(settings.top_p, self.prompt.top_p)
        self.max_tokens = int(_first(settings.max_tokens, self.prompt.max_tokens))
        self.seed = settings.seed
        self.model = settings.model
        self.revision = ""
        self.context: int | None = None
        self._lengths = RunningMean()
        self._lost = 0

    async def close(self) -> None:
        """Give back the connections."""
        await self.client.close()

    def _sampling(self) -> dict[str, Any]:
        """The part of the identity's settings that both kinds of judge share."""
        return {
            "temperature": self.temperature,
            "top_p": self.top_p,
            "max_tokens": self.max_tokens,
            "seed": self.seed,
        }

    def _answer_limit(self, comparison: Comparison) -> int:
        return self.max_tokens if comparison.thinking_limit is None else max(1, comparison.thinking_limit)

    def _request_seed(self, comparison: Comparison, shown: str) -> int:
        """A seed for one request: another for every repeat and every text, the same in every run."""
        return seeding.key(self.seed, "judge", str(comparison.repeat), shown) & _SEED_MASK

    def _judgment(self, reply: Reply, text: str, spoken: str, seconds: float) -> Judgment:
        """Read a reply: `text` is kept, the verdict is read from `spoken`, the judge's words of this turn."""
        if reply.completion_tokens:
            self._lengths.add(reply.completion_tokens)
        if reply.outcome is not None:
            outcome, p_first = reply.outcome, None
        else:
            outcome, p_first = read_verdict(spoken, reply.finished)
        return Judgment(
            outcome=outcome,
            p_first=p_first,
            text=text,
            detail=reply.detail,
            prompt_tokens=reply.prompt_tokens,
            completion_tokens=reply.completion_tokens,
            cached_tokens=reply.cached_tokens,
            seconds=seconds,
        )

    async def _post(self, path: str, body: Any) -> Any:
        """Ask for judgments.

        Raises:
            RequestError: where this request came to nothing.
            JudgeUnreachableError: where so many in a row did that the server must be gone.
        """
        try:
            answer = await self.client.post(path, body)
        except (RequestError, JudgeUnreachableError) as error:
            self._lost = self._lost + 1 if _is_lost(error) else 0
            if self._lost >= GIVE_UP_AFTER:
                what = f"{self._lost} requests in a row got no answer; the last: {error}"
                raise JudgeUnreachableError(what) from error
            if isinstance(error, RequestError):
                raise
            raise BrokenConnectionError(str(error)) from error
        self._lost = 0
        return answer

    async def _setup(self, request: Awaitable[Any]) -> Any:
        """Await a request of `start`, and turn what goes wrong into an error that ends the run."""
        try:
            return await request
        except HttpStatusError as error:
            self._refuse(error)
        except RequestError as error:
            what = f"{self.client.address} does not answer as a judge's server: {error}"
            raise JudgeUnreachableError(what) from error

    def _refuse(self, error: HttpStatusError) -> NoReturn:
        if error.status in (401, 403):
            raise JudgeSetupError(
                f"{self.client.address} refuses the API key (HTTP {error.status}); "
                "name the environment variable that holds one with api_key_env"
            ) from error
        if error.status in _GATEWAY_ERRORS:
            raise JudgeUnreachableError(
                f"{self.client.address} is not ready (HTTP {error.status}); wait until the server is up"
            ) from error
        raise JudgeSetupError(
            f"{self.client.address} does not answer as a judge's server ({error}); check base_url"
        ) from error


async def together(calls: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """Await calls side by side; the first that fails cancels the rest and is raised as itself."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]


def failed_reply(error: RequestError) -> Reply:
    """The reply that an error of the client stands for: refused for a pair that is too long, else failed."""
    refused = isinstance(error, HttpStatusError) and (
        error.status == 413 or (error.status in (400, 422) and _TOO_LONG.search(error.body) is not None)
    )
    return Reply(outcome=Outcome.REFUSED if refused else Outcome.FAILED, detail=str(error))


def _is_lost(error: Exception) -> bool:
    if isinstance(error, HttpStatusError):
        return error.status in _GATEWAY_ERRORS
    return isinstance(error, JudgeUnreachableError | BrokenConnectionError | RequestTimeoutError)


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


def whole_number(value: object) -> int:
    """A token count of a server's; 0 where it gives none."""
    return value if isinstance(value, int) and value > 0 else 0


def is_served(wanted: str, served: Sequence[str]) -> bool:
    """Whether a model's name is among the served ones, or is the end of the path of one."""
    return any(name == wanted or name.rstrip("/").endswith(f"/{wanted}") for name in served)


def unknown_model(address: str, wanted: str, served: Sequence[str]) -> JudgeSetupError:
    """The error for a model that a server does not serve."""
    return JudgeSetupError(f"{address} does not serve {wanted!r}; it serves: {', '.join(served) or 'nothing'}")


def _first(value: float | None, default: float) -> float:
    return default if value is None else value
