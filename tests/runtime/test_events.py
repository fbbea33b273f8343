"""Streams of events: the first is told at once, the last is kept, however the bytes are cut."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from tournament.runtime.client import JsonClient
from tournament.runtime.events import LastEvent, refusal_in
from tournament.runtime.faults import BadBodyError, BrokenConnectionError, HttpStatusError
from tournament.runtime.retry import RetryPolicy


@given(
    numbers=st.lists(st.integers(), min_size=1, max_size=20),
    cuts=st.lists(st.integers(1, 40), min_size=1, max_size=50),
    comment=st.sampled_from([b"", b": ping\n\n", b"event: x\n"]),
)
def test_the_last_event_is_kept_however_the_stream_is_cut(numbers: list[int], cuts: list[int], comment: bytes) -> None:
    firsts: list[bytes] = []
    events = LastEvent(lambda: firsts.append(b"told"))
    rest = (
        b"".join(comment + b"data: " + json.dumps({"n": n}).encode() + b"\n\n" for n in numbers) + b"data: [DONE]\n\n"
    )
    while rest:
        cut = cuts.pop() if cuts else len(rest)
        events.feed(rest[:cut])
        rest = rest[cut:]
    assert events.ended
    assert json.loads(events.data) == {"n": numbers[-1]}
    assert firsts == [b"told"]


def streamed(*chunks: bytes, limit: int = 1000) -> tuple[object, list[str]]:
    """What a client makes of a stream, and whether it heard of its first event."""
    said: list[str] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for chunk in chunks:
            await response.write(chunk)
        return response

    async def run() -> object:
        app = web.Application()
        app.router.add_post("/x", handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        client = JsonClient(url, retry=RetryPolicy(attempts=1), max_body_bytes=limit)
        try:
            return await client.post("/x", {}, lambda: said.append("first"))
        finally:
            await client.close()
            await runner.cleanup()

    return asyncio.run(run()), said


def test_a_client_gives_the_last_event_and_tells_of_the_first() -> None:
    answer, said = streamed(b'data: {"a": 1}\n\n', b'data: {"a": 2}\n\ndata: [DONE]\n\n')
    assert answer == {"a": 2}
    assert said == ["first"]


def test_a_stream_without_its_end_is_a_broken_connection() -> None:
    with pytest.raises(BrokenConnectionError, match="in the middle of a stream"):
        streamed(b'data: {"a": 1}\n\n')


def test_a_stream_that_is_too_large_is_refused() -> None:
    with pytest.raises(BadBodyError, match="more than 100 bytes"):
        streamed(b"data: " + b"x" * 200, limit=100)


def test_a_last_event_that_is_no_json_is_refused() -> None:
    with pytest.raises(BadBodyError, match="something other than JSON"):
        streamed(b"data: <html>\n\ndata: [DONE]\n\n")


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (b'{"error": {"message": "too long", "code": 400}}', 400),
        (b'{"error": {"message": "what"}}', 500),
        (b'{"text": "", "meta_info": {"finish_reason": {"type": "abort", "status_code": 503}}}', 503),
        (b'{"text": "", "meta_info": {"finish_reason": {"type": "abort"}}}', None),
        (b'{"text": "x", "meta_info": {"finish_reason": {"type": "stop", "matched": 2}}}', None),
        (b'{"text": "x", "meta_info": {}}', None),
        (b"[]", None),
        (b"<html>", None),
    ],
)
def test_a_refusal_on_a_stream_is_told_from_an_answer(event: bytes, status: int | None) -> None:
    assert refusal_in(event) == status


def test_a_refusal_on_a_stream_is_the_error_that_it_would_have_been() -> None:
    with pytest.raises(HttpStatusError, match="too long") as caught:
        streamed(b'data: {"error": {"message": "too long", "code": 400}}\n\ndata: [DONE]\n\n')
    assert caught.value.status == 400
