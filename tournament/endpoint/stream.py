"""A stream of server-sent events: progress as comments while the request is under way, then the winner."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

from aiohttp import web

from tournament.endpoint.faults import ApiError
from tournament.endpoint.job import Job
from tournament.endpoint.service import Answer
from tournament.records import dumps

PERIOD_S = 0.25
KEEP_ALIVE_S = 10.0
HEADERS_AFTER_S = 3.0
"""Until then, or until the first candidate is there, an error still gets a status of its own."""

_HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


class Stream:
    """The answer to one request as events; `chunks` makes them of the outcome, `explain` an error of an exception."""

    def __init__(
        self,
        request: web.Request,
        job: Job,
        chunks: Callable[[Answer], Iterator[dict[str, Any]]],
        explain: Callable[[Exception], ApiError],
    ) -> None:
        self._request, self._job, self._chunks, self._explain = request, job, chunks, explain
        self._response = web.StreamResponse(headers=_HEADERS)
        self._said, self._said_at = "", time.monotonic()

    async def follow(self, answering: asyncio.Task[Answer]) -> tuple[web.StreamResponse, Answer | ApiError]:
        """Say how it goes until the answer is there, then send it; cancelled, it cancels the request's work too.

        What fails before the first byte went out is raised, what fails later is sent as an event.
        """
        try:
            while not (await asyncio.wait({answering}, timeout=PERIOD_S))[0]:
                await self._progress()
            outcome = await self._outcome(answering)
            await self._prepare()
            events = self._chunks(outcome) if isinstance(outcome, Answer) else iter([outcome.to_json()])
            for event in events:
                await self._response.write(f"data: {dumps(event)}\n\n".encode())
            await self._response.write(b"data: [DONE]\n\n")
            await self._response.write_eof()
        finally:
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)
        return self._response, outcome

    async def _outcome(self, answering: asyncio.Task[Answer]) -> Answer | ApiError:
        try:
            return await answering
        except Exception as error:
            if not self._response.prepared:
                raise
            return error if isinstance(error, ApiError) else self._explain(error)

    async def _progress(self) -> None:
        now = time.monotonic()
        if not (self._response.prepared or self._job.sampled or now - self._job.arrived >= HEADERS_AFTER_S):
            return
        await self._prepare()
        line = str(self._job)
        if line != self._said or now - self._said_at >= KEEP_ALIVE_S:
            self._said, self._said_at = line, now
            await self._response.write(f": tourney {line}\n\n".encode())

    async def _prepare(self) -> None:
        if not self._response.prepared:
            await self._response.prepare(self._request)
