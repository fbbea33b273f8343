"""An asynchronous client for servers that take and give JSON. It is the one place that retries."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any

import aiohttp
from yarl import URL

from tournament.errors import JudgeUnreachableError, UsageError
from tournament.runtime.connector import connector
from tournament.runtime.events import LastEvent, refusal_in
from tournament.runtime.faults import (
    BadBodyError,
    BrokenConnectionError,
    HttpStatusError,
    RequestError,
    RequestTimeoutError,
    kind_of,
)
from tournament.runtime.retry import RETRYABLE, RetryPolicy, retry_after
from tournament.runtime.throttle import Throttle
from tournament.waits import Wait, waits

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 64 << 20
CONNECT_TIMEOUT_S = 10.0
_EXCERPT_CHARS = 500
_PARSE_ASIDE_BYTES = 1 << 20
_OVERLOAD = frozenset({429, 503})
_HIDDEN = "***"
_SECRET_CHARS = 8
First = Callable[[], None] | None
_START_HINT = "start one with: python -m sglang.launch_server --model-path MODEL --port 30000"


class JsonClient:
    """JSON over HTTP to one server, over one pool of connections.

    The key goes to `base_url` only: redirects are not followed, and proxies of the environment are not used. `retries`
    counts the attempts after the first of all requests so far. With a throttle, every attempt holds a slot of it, and
    the waits between attempts hold none.
    """

    def __init__(
        self,
        base_url: str,
        *,
        key: str = "",
        timeout_s: float = 600.0,
        retry: RetryPolicy | None = None,
        max_body_bytes: int = MAX_BODY_BYTES,
        throttle: Throttle | None = None,
    ) -> None:
        self._base = checked(base_url)
        self._key = key
        self._timeout_s = timeout_s
        self._retry = retry or RetryPolicy()
        self._max_body_bytes = max_body_bytes
        self._throttle = throttle
        self._session: aiohttp.ClientSession | None = None
        self.retries = 0

    @property
    def address(self) -> str:
        """The server's address, for messages."""
        return str(self._base)

    async def ping(self, path: str) -> None:
        """Ask for a path whose answer matters by its status alone. Raises as `post` does."""
        await self._request("GET", path, None)

    async def get(self, path: str) -> Any:
        """The JSON that a path answers with. Raises as `post` does."""
        return await self._parsed(await self._request("GET", path, None))

    async def post(self, path: str, body: Any, first: First = None) -> Any:
        """The JSON that a path answers a JSON body with; of a stream of events, the last one.

        `first` is called when the first event of a stream is there.

        Raises:
            JudgeUnreachableError: where no attempt could connect, or its certificate is not trusted.
            RequestError: where there was no good answer.
        """
        return await self._parsed(await self._request("POST", path, body, first))

    async def close(self) -> None:
        """Give back the connections; the next request opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _request(self, method: str, path: str, body: Any, first: First = None) -> bytes:
        with waits().during(Wait.REQUEST):
            return await self._tried(method, path, body, first)

    async def _tried(self, method: str, path: str, body: Any, first: First) -> bytes:
        failures = 0
        failure: Exception
        while True:
            try:
                return await self._throttled(method, path, body, first)
            except aiohttp.ClientSSLError as error:
                raise _untrusted(self.address, error) from None
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
                failure = _unreachable(self.address, error)
            except RequestError as error:
                failure = error
            failures += 1
            again = failures < self._retry.attempts and _passes(failure)
            waits().failed(kind_of(failure), again=again)
            if not again:
                raise failure
            self.retries += 1
            await self._back_off(failure, failures)

    async def _back_off(self, failure: Exception, failures: int) -> None:
        wanted_s = getattr(failure, "wanted_s", None)
        delay_s = self._retry.delay(failures, wanted_s)
        facts = {"server": self.address, "why": kind_of(failure), "attempt": failures + 1, "wait_s": round(delay_s, 3)}
        log.info("a request is tried again", extra={"facts": facts})
        # A wait that the server asked for is its throttle and not ours.
        with waits().during(Wait.RETRY if wanted_s is None else Wait.THROTTLE):
            await asyncio.sleep(delay_s)

    async def _throttled(self, method: str, path: str, body: Any, first: First) -> bytes:
        if self._throttle is None:
            return await self._attempt(method, path, body, first)
        async with self._throttle.slot() as sent:
            try:
                content = await self._attempt(method, path, body, first)
            except HttpStatusError as error:
                if error.status in _OVERLOAD:
                    self._overloaded(self._throttle, error, sent)
                raise
            except RequestTimeoutError as error:
                self._overloaded(self._throttle, error, sent)
                raise
            if self._throttle.answered():
                log.info("the limit on requests in flight is lifted", extra={"facts": {"server": self.address}})
            return content

    def _overloaded(self, throttle: Throttle, error: HttpStatusError | RequestTimeoutError, sent: int) -> None:
        wanted_s = getattr(error, "wanted_s", None)
        if throttle.overloaded(wanted_s, sent):
            facts = {"server": self.address, "why": kind_of(error), "limit": throttle.limit, "wanted_s": wanted_s}
            log.info("the limit on requests in flight is cut", extra={"facts": facts})

    async def _attempt(self, method: str, path: str, body: Any, first: First) -> bytes:
        url = self._base.with_path(self._base.path.rstrip("/") + path)
        try:
            async with self._opened().request(method, url, json=body, allow_redirects=False) as response:
                streamed = first is not None and response.content_type == "text/event-stream"
                content = await (self._last_event(response, first) if streamed else self._read(response))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            raise
        except TimeoutError:
            raise RequestTimeoutError(f"no answer from {self.address} within {self._timeout_s:g} s") from None
        except (aiohttp.ClientError, ConnectionError) as error:
            reason = self._excerpt(_reason(error).encode(errors="replace"))  # it may quote what the server said
            raise BrokenConnectionError(f"the connection to {self.address} broke: {reason}") from None
        if not 200 <= response.status < 300:
            wanted_s = retry_after(response.headers.get("Retry-After"))
            raise HttpStatusError(response.status, self._excerpt(content), wanted_s)
        return self._without_key(content)

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        content = bytearray()
        async for chunk in response.content.iter_chunked(1 << 16):
            content += chunk
            if len(content) > self._max_body_bytes:
                raise BadBodyError(f"{self.address} answered with more than {self._max_body_bytes} bytes")
        return bytes(content)

    async def _last_event(self, response: aiohttp.ClientResponse, first: First) -> bytes:
        events = LastEvent(first or _nothing)
        async for chunk in response.content.iter_any():
            events.feed(chunk)
            if events.held > self._max_body_bytes:
                raise BadBodyError(f"{self.address} answered with more than {self._max_body_bytes} bytes")
        if not events.ended:
            raise BrokenConnectionError(f"the connection to {self.address} broke in the middle of a stream")
        status = refusal_in(events.data)
        if status is not None:
            raise HttpStatusError(status, self._excerpt(events.data))
        return events.data

    async def _parsed(self, content: bytes) -> Any:
        try:
            # A large body takes long enough to parse that other requests would wait for it.
            if len(content) > _PARSE_ASIDE_BYTES:
                return await asyncio.to_thread(json.loads, content)
            return json.loads(content)
        except (ValueError, RecursionError):
            shown = self._excerpt(content) or "nothing"
            failure = BadBodyError(f"{self.address} answered with something other than JSON: {shown}")
            waits().failed(kind_of(failure), again=False)
            raise failure from None

    def _excerpt(self, content: bytes) -> str:
        # Cut after the key is taken out, so that no part of it is left at the edge.
        most = 4 * _EXCERPT_CHARS + 4 * len(self._key)
        text = content[:most].decode("utf-8", "replace")
        if self._key:
            text = text.replace(self._key, _HIDDEN)
            text = text[: 1 - len(self._key)] if len(content) > most and len(self._key) > 1 else text
        return " ".join(text.split())[:_EXCERPT_CHARS]

    def _without_key(self, content: bytes) -> bytes:
        """An answer without the key, which a server may echo; what comes from it is kept and shown."""
        if len(self._key) < _SECRET_CHARS:  # so short a key is a word of any answer, and no secret
            return content
        written = {self._key, json.dumps(self._key)[1:-1]}
        for key in written:
            content = content.replace(key.encode(), _HIDDEN.encode())
        return content

    def _opened(self) -> aiohttp.ClientSession:
        # Made at the first request: aiohttp binds a session to the running event loop.
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=connector(),
                headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
                timeout=aiohttp.ClientTimeout(total=self._timeout_s, sock_connect=CONNECT_TIMEOUT_S),
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


def _nothing() -> None:
    pass


def _passes(failure: Exception) -> bool:
    """Whether another attempt may go better."""
    if isinstance(failure, HttpStatusError):
        return failure.status in RETRYABLE
    return isinstance(failure, BrokenConnectionError | JudgeUnreachableError)


def checked(base_url: str) -> URL:
    """An address of a server, found to be one.

    Raises:
        UsageError: where it is none, or more than one.
    """
    shown = base_url if "@" not in base_url else "..."  # what stands before it may be a password
    problem = f"base_url={shown!r} is no address; give one such as http://127.0.0.1:30000"
    try:
        url = URL(base_url.strip().rstrip("/"))
    except ValueError:
        raise UsageError(problem) from None
    if url.scheme not in ("http", "https") or not url.host or not _nameable(url.host):
        raise UsageError(problem)
    if url.user is not None or url.password is not None:
        raise UsageError(f"base_url for {url.host} holds a user name or password; name an environment variable instead")
    if url.query_string or url.fragment:
        raise UsageError(f"base_url for {url.host} holds more than an address, after ? or #; leave that out")
    return url


def _nameable(host: str) -> bool:
    """Whether a host can be looked up at all; a lookup of another one fails in its own way."""
    return host.isprintable() and all(0 < len(label) < 64 for label in host.removesuffix(".").split("."))


def _unreachable(address: str, error: Exception) -> JudgeUnreachableError:
    return JudgeUnreachableError(f"no server answers at {address} ({_reason(error)}); {_START_HINT}")


def _untrusted(address: str, error: Exception) -> JudgeUnreachableError:
    cause = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error
    why = getattr(cause, "verify_message", None) or getattr(cause, "reason", None) or type(cause).__name__
    what = f"{address} has no certificate that is trusted here ({why}), so it was sent nothing"
    return JudgeUnreachableError(f"{what}; name the file of its authority in SSL_CERT_FILE, or correct the address")


def _reason(error: Exception) -> str:
    cause = getattr(error, "os_error", None) or error
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
