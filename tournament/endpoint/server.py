"""The endpoint over HTTP: routes, keys, bodies and statuses."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, NoReturn

from aiohttp import web

from tournament.endpoint import answers
from tournament.endpoint.access import Access
from tournament.endpoint.asked import Asked, read_request
from tournament.endpoint.faults import ApiError, internal, refused
from tournament.endpoint.job import Job
from tournament.endpoint.metrics import CONTENT_TYPE
from tournament.endpoint.service import Answer, Service
from tournament.endpoint.stream import Stream
from tournament.endpoint.terms import Terms
from tournament.endpoint.wishes import EXTRA
from tournament.records import dumps

CHAT, MODELS, HEALTH, METRICS = "/v1/chat/completions", "/v1/models", "/health", "/metrics"
MAX_BODY_BYTES = 4 << 20
CANCELLED = "cancelled"
_BACKLOG = 4096
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Noted:
    """What is noted of a request between its key and its end: who asks, and what became of it."""

    client: str = ""
    outcome: str = CANCELLED


_NOTED: ContextVar[_Noted] = ContextVar("noted")


class Server:
    """The endpoint on a socket. Cancelled requests are those whose client went away."""

    def __init__(self, service: Service, terms: Terms, access: Access, *, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self._service, self._terms, self._access = service, terms, access
        self._started = int(time.time())
        app = web.Application(client_max_size=max_body_bytes, middlewares=[self._guarded])
        app.add_routes([
            web.post(CHAT, self._chat),
            web.get(MODELS, self._models),
            web.get(MODELS + "/{name:.+}", self._model),
            web.get(HEALTH, self._health),
            web.get(METRICS, self._metrics),
        ])  # fmt: skip
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)

    async def start(self, host: str, port: int) -> str:
        """Listen; the address that clients are given.

        Raises:
            OSError: where the address cannot be listened on.
        """
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port, backlog=_BACKLOG).start()
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{self._runner.addresses[0][1]}"

    async def close(self, within_s: float = 0.0) -> None:
        """Take no more requests, let those that are there end within so many seconds, and close the socket."""
        try:
            async with asyncio.timeout(within_s):
                await self._service.admission.drained()
        except TimeoutError:
            log.warning("%d requests were broken off", self._service.admission.at_work)
        await self._runner.cleanup()

    @web.middleware
    async def _guarded(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Check the key, and give every error OpenAI's shape."""
        noted = _Noted()
        _NOTED.set(noted)
        try:
            if request.path != HEALTH:
                noted.client = self._access.client(request.headers, request.remote or "")
            return await handler(request)
        except ConnectionError:  # the client went away while it was being written to
            raise
        except Exception as error:
            failure = _explained(error)
            noted.outcome = failure.code
            return web.json_response(failure.to_json(), status=failure.status, headers=failure.headers)
        finally:
            if request.path == CHAT:
                self._service.metrics.ended(noted.outcome)

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        asked = read_request(await _body(request), self._terms)
        noted = _NOTED.get()
        job = self._service.job(asked, noted.client)
        head = answers.Head(id=f"chatcmpl-{secrets.token_hex(12)}", created=int(time.time()), model=self._terms.model)
        if asked.stream:
            response, outcome = await self._streamed(request, asked, job, head)
        else:
            outcome = await self._service.answer(asked, job)
            response = web.json_response(answers.completion(outcome, head), dumps=dumps)
        noted.outcome = _named(outcome)
        return response

    async def _streamed(
        self, request: web.Request, asked: Asked, job: Job, head: answers.Head
    ) -> tuple[web.StreamResponse, Answer | ApiError]:
        stream = Stream(request, job, lambda answer: answers.chunks(answer, head), _explained)
        return await stream.follow(asyncio.create_task(self._service.answer(asked, job)))

    async def _models(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [self._card()]})

    async def _model(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name != self._terms.model:
            message = f"the model {name[:100]!r} is not served here; it is {self._terms.model}"
            raise ApiError(404, message, param="model", code="model_not_found")
        return web.json_response(self._card())

    def _card(self) -> dict[str, Any]:
        terms = self._terms
        own = {"n": terms.n, "max_n": terms.max_n, "strategy": terms.config.strategy, "judges": list(terms.judges)}
        return {"id": terms.model, "object": "model", "created": self._started, "owned_by": "tourney", EXTRA: own}

    async def _health(self, request: web.Request) -> web.Response:
        """200 while requests can be answered; 503 while a judge is lost, which is looked for, or before the end."""
        lost = self._service.look_for_lost()
        status = "draining" if self._service.admission.draining else "judge lost" if lost else "ok"
        return web.json_response({"status": status}, status=200 if status == "ok" else 503)

    async def _metrics(self, request: web.Request) -> web.Response:
        return web.Response(text=self._service.metrics.text(), headers={"Content-Type": CONTENT_TYPE})


async def _body(request: web.Request) -> Any:
    # A page in a browser may send other types without asking, and so could spend money here.
    if request.content_type != "application/json":
        raise ApiError(415, "send the request as Content-Type: application/json", code="unsupported_media_type")
    try:
        raw = await request.read()
    except web.RequestPayloadError:
        raise refused("the body is not what its headers say: its length, its chunks or its encoding") from None
    try:
        return json.loads(raw, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        what = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]
        raise refused(f"the body is no JSON: {what}", code="invalid_json") from None


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON")


def _named(outcome: Answer | ApiError) -> str:
    if isinstance(outcome, ApiError):
        return outcome.code
    return "partial" if outcome.partial else "ok"


def _explained(error: Exception) -> ApiError:
    """The error that a client is told; what nobody expected is in the log with its trace."""
    match error:
        case ApiError():
            return error
        case web.HTTPRequestEntityTooLarge():
            return ApiError(413, f"the body is too large: {error.text}", code="body_too_large")
        case web.HTTPNotFound():
            return ApiError(404, f"there is no such path; the endpoint is POST {CHAT}", code="not_found")
        case web.HTTPException():
            return ApiError(error.status, error.reason, code="bad_request", headers=_kept(error))
    log.error("a request failed", exc_info=error)
    return internal(error)


def _kept(error: web.HTTPException) -> dict[str, str]:
    return {name: error.headers[name] for name in ("Allow", "Retry-After") if name in error.headers}
