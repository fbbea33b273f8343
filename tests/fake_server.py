"""A server on a loopback socket that speaks SGLang's and OpenAI's routes, and shows faults on demand.

In tests it shows what the real server cannot be made to show: resets, cut bodies, overload. For benchmarks it answers
after a fixed latency: python tests/fake_server.py --latency-ms 50 --port 0 prints its base URL and serves until ended.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from aiohttp import web

MODEL = "fake/judge-model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the fake model says to one prompt."""

    text: str = "Both were read.\nVerdict: 1"
    reason: str | None = "stop"
    reasoning: str = ""
    cached: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted:
    """One answer as given: `reset` drops the connection before it, `cut` in the middle of it."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    reset: bool = False
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request that came in."""

    path: str
    body: Any
    headers: Mapping[str, str]


Answer = Callable[[str, Mapping[str, Any]], Said]


def say(text: str = Said().text, reason: str | None = "stop", reasoning: str = "", cached: int = 0) -> Answer:
    """An answer that is the same for every prompt."""
    said = Said(text=text, reason=reason, reasoning=reasoning, cached=cached)
    return lambda prompt, parameters: said


class FakeServer:
    """The server, as an asynchronous context manager.

    `script` answers POST requests one by one before the model is asked; `fixed` answers paths for good. `answer` is
    given the prompt (of a chat, its messages as JSON) and the sampling parameters.
    """

    def __init__(
        self,
        answer: Answer | None = None,
        *,
        script: Iterable[Scripted] = (),
        fixed: Mapping[str, Scripted] | None = None,
        latency_s: float = 0.0,
        port: int = 0,
        context: int = 8192,
    ) -> None:
        self.answer = answer or say()
        self.script = list(script)
        self.fixed = dict(fixed or {})
        self.latency_s = latency_s
        self.context = context
        self.seen: list[Seen] = []
        self._port = port
        self._runner: web.AppRunner | None = None
        self.base_url = ""

    @property
    def posted(self) -> list[Any]:
        """The bodies of the POST requests so far."""
        return [seen.body for seen in self.seen if seen.body is not None]

    async def __aenter__(self) -> FakeServer:
        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, backlog=4096)
        await site.start()
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read()) if request.method == "POST" else None
        self.seen.append(Seen(path=request.path, body=body, headers=dict(request.headers)))
        if request.path in self.fixed:
            return await _scripted(self.fixed[request.path], request)
        if body is not None and self.script:
            return await _scripted(self.script.pop(0), request)
        if body is not None:
            await asyncio.sleep(self.latency_s)
        return self._serve(request.path, body)

    def _serve(self, path: str, body: Any) -> web.Response:
        if path == "/health":
            return web.Response()
        if path in ("/model_info", "/get_model_info"):
            return web.json_response({"model_path": f"/models/{MODEL}", "served_model_name": MODEL})
        if path == "/v1/models":
            return web.json_response({"data": [{"id": MODEL, "max_model_len": self.context}]})
        if path == "/generate":
            return web.json_response(self._generate(body))
        if path == "/v1/chat/completions":
            return web.json_response(self._chat(body))
        return web.json_response({"path": path, "body": body}) if body is not None else web.Response(status=404)

    def _generate(self, body: dict[str, Any]) -> Any:
        texts, parameters = body["text"], body["sampling_params"]
        if isinstance(texts, str):
            return self._generated(texts, parameters)
        return [self._generated(text, own) for text, own in zip(texts, parameters, strict=True)]

    def _generated(self, text: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        said = self.answer(text, parameters)
        meta = {
            "finish_reason": {"type": said.reason},
            "prompt_tokens": len(text.split()),
            "completion_tokens": len(said.text.split()),
            "cached_tokens": said.cached,
        }
        return {"text": said.text, "meta_info": meta}

    def _chat(self, body: dict[str, Any]) -> dict[str, Any]:
        prompt = json.dumps(body["messages"])
        said = self.answer(prompt, body)
        message = {"role": "assistant", "content": said.text, "reasoning_content": said.reasoning or None}
        usage = {
            "prompt_tokens": len(prompt.split()),
            "completion_tokens": len(said.text.split()),
            "prompt_tokens_details": {"cached_tokens": said.cached},
        }
        return {"choices": [{"message": message, "finish_reason": said.reason}], "usage": usage}


async def _scripted(answer: Scripted, request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(answer.delay_s)
    if not answer.reset and not answer.cut:
        return web.Response(status=answer.status, body=answer.body, headers=dict(answer.headers))
    response = web.StreamResponse(status=answer.status, headers={"Content-Length": str(len(answer.body) + 10)})
    if answer.cut:
        await response.prepare(request)
        await response.write(answer.body)
    if request.transport is not None:
        request.transport.abort() if answer.reset else request.transport.close()
    return response


async def _serve_forever(latency_s: float, port: int) -> None:
    async with FakeServer(latency_s=latency_s, port=port) as server:
        print(server.base_url, flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="Serve a fake judge on the loopback interface.")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="time before every answer")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve_forever(arguments.latency_ms / 1000, arguments.port))


if __name__ == "__main__":
    main()
