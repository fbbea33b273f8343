"""What judges behind an HTTP server share: where the server is, errors as replies, and knowing a dead server."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from tournament.errors import JudgeSetupError, JudgeUnreachableError
from tournament.judges.speaking import SpeakingSettings
from tournament.judges.text_model import Reply
from tournament.runtime.faults import BrokenConnectionError, HttpStatusError, RequestError, RequestTimeoutError
from tournament.runtime.keys import read_key
from tournament.runtime.retry import RetryPolicy
from tournament.types import Outcome

if TYPE_CHECKING:
    from tournament.runtime.client import JsonClient
    from tournament.runtime.roster import Vet

# After so many answers in a row that came from no live server, the judge is given up.
GIVE_UP_AFTER = 5
_GATEWAY_ERRORS = frozenset({502, 503, 504})
_NO_COUNT = 1 << 31
_TOO_LONG = re.compile(
    r"context.{0,3}length|context.{0,3}window|maximum context|exceeds? the (?:maximum|model|limit|available)|"
    r"(?:input|prompt|text|request) (?:\([^)]{0,60}\) )?(?:is )?(?:too long|too large|longer than)|too many tokens",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedSettings(SpeakingSettings):
    """The settings that every judge behind a server has; each kind of judge documents its own."""

    base_url: str
    model: str = ""
    timeout_s: float = 600.0
    attempts: int = 5
    api_key_env: str = ""
    api_key_file: str = ""

    def __post_init__(self) -> None:
        """Refuse values that no server takes."""
        SpeakingSettings.__post_init__(self)
        check_patience(self.timeout_s, self.attempts)


def check_patience(timeout_s: float, attempts: int) -> None:
    """Refuse a time to wait or a number of attempts that no request could have.

    Raises:
        ValueError: with what to give instead.
    """
    if not timeout_s > 0:
        raise ValueError(f"timeout_s={timeout_s}; give a positive number of seconds")
    if attempts < 1:
        raise ValueError(f"attempts={attempts}; give 1 or more")


class Endpoint:
    """One or more servers of the same model, and the count of answers in a row that came from no live one.

    Of several, one that was lost takes part again once `health_path` answers. `complete` makes a whole address of one
    that is named.
    """

    def __init__(
        self,
        base_url: str,
        *,
        key_env: str,
        key_file: str = "",
        timeout_s: float,
        attempts: int,
        health_path: str = "/health",
        complete: Callable[[str], str] = str,
    ) -> None:
        # Imported here, so that listing the judges and their settings does not wait for aiohttp.
        from tournament.runtime.fleet import Fleet

        self._fleet = Fleet(
            base_url,
            key=read_key(env=key_env, file=key_file),
            timeout_s=timeout_s,
            retry=RetryPolicy(attempts=attempts),
            health_path=health_path,
            complete=complete,
        )
        self._lost = 0

    @property
    def address(self) -> str:
        """Where it is, for messages."""
        return self._fleet.address

    @property
    def retries(self) -> int:
        """Attempts after the first, and requests that another server took over."""
        return self._fleet.retries + self._fleet.failovers

    async def close(self) -> None:
        """Give back the connections, and forget what was lost: the next start looks for itself."""
        self._lost = 0
        await self._fleet.close()

    def vet(self, vet: Vet) -> None:
        """From now on, ask this of a server that comes in or back: it gives what is wrong with it, or nothing."""
        self._fleet.vet(vet)

    async def get(self, path: str) -> Any:
        """The JSON that a path answers with."""
        return await self._fleet.get(path)

    async def each(self, path: str) -> dict[str, Any]:
        """The JSON that a path answers with, by the address of each server that is up."""
        return await self._fleet.each(path)

    async def ping(self, path: str) -> None:
        """Ask for a path whose answer matters by its status alone."""
        await self._fleet.ping(path)

    async def post(self, path: str, body: Any, *, near: Hashable = None, warm: Callable[[], None] | None = None) -> Any:
        """Ask for judgments; `warm` is called when the first words of a streamed answer are there.

        Raises:
            RequestError: where this request came to nothing.
            JudgeUnreachableError: where so many in a row did that the server must be gone.
        """
        try:
            answer = await self._fleet.post(path, body, near=near, first=warm)
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

    async def setup(self, request: Awaitable[Any]) -> Any:
        """Await a request of a judge's start, and turn what goes wrong into an error that ends the run."""
        try:
            return await request
        except HttpStatusError as error:
            self._refuse(error)
        except RequestError as error:
            what = f"{self.address} does not answer as a judge's server: {error}"
            raise JudgeUnreachableError(what) from error

    def _refuse(self, error: HttpStatusError) -> NoReturn:
        if error.status in (401, 403):
            raise JudgeSetupError(
                f"{self.address} refuses the API key (HTTP {error.status}); "
                "name the environment variable that holds one with api_key_env, or a file with api_key_file"
            ) from error
        if error.status in _GATEWAY_ERRORS:
            raise JudgeUnreachableError(
                f"{self.address} is not ready (HTTP {error.status}); wait until the server is up"
            ) from error
        raise JudgeSetupError(
            f"{self.address} does not answer as a judge's server ({error}); check base_url"
        ) from error


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


def whole_number(value: object) -> int:
    """A token count of a server's; 0 where it gives none, or one that no request can have."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _NO_COUNT else 0


def is_served(wanted: str, served: Sequence[str]) -> bool:
    """Whether a model's name is among the served ones, or is the end of the path of one."""
    return any(name == wanted or name.rstrip("/").endswith(f"/{wanted}") for name in served)


def one_model(address: str, infos: Sequence[Any]) -> tuple[str, str]:
    """The path and the served name of the model that all of some SGLang servers have.

    Raises:
        JudgeSetupError: where one is no SGLang server, or they serve different models.
    """
    served: dict[tuple[str, str], None] = {}
    for info in infos:
        if not isinstance(info, dict) or not isinstance(info.get("model_path"), str):
            raise JudgeSetupError(f"{address} is no SGLang server; use the judge openai for other servers")
        served[info["model_path"], info.get("served_model_name") or info["model_path"]] = None
    if len(served) != 1:
        models = ", ".join(sorted(names[0] for names in served)) or "none"
        raise JudgeSetupError(f"{address} serve different models: {models}; name servers of one model")
    return next(iter(served))


def other_model(address: str, infos: Sequence[Any], names: tuple[str, ...]) -> str:
    """What is wrong with SGLang servers that should have the model of these names; nothing where they have it."""
    try:
        served = one_model(address, infos)
    except JudgeSetupError as error:
        return str(error)
    return "" if served == names else f"it serves {' as '.join(served)}, and this run has {' as '.join(names)}"


async def not_listed(client: JsonClient, path: str, model: str) -> str:
    """What is wrong with a server that should list a model; nothing where it lists it, or has no proper listing."""
    listing = await client.get(path)
    try:
        names = [str(row["id"]) for row in listing["data"]]
    except (LookupError, TypeError):
        return ""
    return "" if is_served(model, names) else f"it serves {', '.join(names) or 'nothing'}, and this run has {model}"


def unknown_model(address: str, wanted: str, served: Sequence[str]) -> JudgeSetupError:
    """The error for a model that a server does not serve."""
    return JudgeSetupError(f"{address} does not serve {wanted!r}; it serves: {', '.join(served) or 'nothing'}")
