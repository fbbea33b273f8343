"""A server on a loopback socket that speaks SGLang's and OpenAI's routes, and shows faults on demand.

In tests it shows what the real server cannot be made to show: resets, cut bodies, overload. For benchmarks it answers
after a fixed latency: python tests/fake_server.py --latency-ms 50 --port 0 prints its base URL and serves until ended.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from aiohttp import web

MODEL = "fake/judge-model"
VERSION = "0.5.23"
# What looks at no candidate: it is neither scripted nor counted as asking the model.
_TOKENIZER = ("/v1/tokenize", "/v1/detokenize")
_CHOICES = re.compile(r"\(((?:[^|()\\]|\\.)*(?:\|(?:[^|()\\]|\\.)*)*)\)")


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
Template = Callable[[list[Mapping[str, str]]], str]


def say(text: str = Said().text, reason: str | None = "stop", reasoning: str = "", cached: int = 0) -> Answer:
    """An answer that is the same for every prompt."""
    said = Said(text=text, reason=reason, reasoning=reasoning, cached=cached)
    return lambda prompt, parameters: said


def chatml(messages: list[Mapping[str, str]]) -> str:
    """The chat template of Qwen and many others."""
    turns = (f"<|im_start|>{turn['role']}\n{turn['content']}<|im_end|>\n" for turn in messages)
    return "".join(turns) + "<|im_start|>assistant\n"


class Tokenizer:
    """Words with the blank before them, single other characters, and special tokens, numbered as they are met."""

    _PIECES = re.compile(r"<s>|</?think>|<\|\w+\|>| ?\w+|\s|[^\w\s]")

    def __init__(self, begin: str = "") -> None:
        self.begin = begin
        self._ids: dict[str, int] = {}
        self._texts: list[str] = []

    def ids(self, text: str, *, special: bool = False) -> list[int]:
        """A text's tokens, with the begin-of-text token before them where there is one and `special`."""
        pieces = self._PIECES.findall(text)
        return [self._id(piece) for piece in ([self.begin, *pieces] if special and self.begin else pieces)]

    def text(self, ids: Iterable[int], *, skip: bool = False) -> str:
        """The text of tokens, without the special ones where `skip`."""
        texts = (self._texts[number] for number in ids)
        return "".join(text for text in texts if not skip or text[:1] != "<" or len(text) == 1)

    def _id(self, piece: str) -> int:
        if piece not in self._ids:
            self._ids[piece] = len(self._texts)
            self._texts.append(piece)
        return self._ids[piece]


class FakeServer:
    """The server, as an asynchronous context manager.

    `script` answers POST requests one by one before the model is asked; `fixed` answers paths for good. `answer` is
    given the prompt (of a chat, its messages as JSON) and the sampling parameters; where a grammar leaves it no choice
    its first one is taken instead. `weights` are the probabilities of the next token by its text; `count` how many
    tokens a text is said to have. `begin` is the begin-of-text token. The end of a stream waits for `may_end`, where
    there is one.
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
        model: str = MODEL,
        template: Template | None = chatml,
        begin: str = "",
        weights: Mapping[str, float] | None = None,
        count: Callable[[str], int] | None = None,
        may_end: asyncio.Event | None = None,
    ) -> None:
        self.answer = answer or say()
        self.tokenizer = Tokenizer(begin)
        self.model = model
        self._template = template
        self._weights = dict(weights or {})
        self._count = count or (lambda text: len(self.tokenizer.ids(text)))
        self._may_end = may_end
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
        """The bodies of the POST requests so far, but for those to the tokenizer."""
        return [seen.body for seen in self.seen if seen.body is not None and seen.path not in _TOKENIZER]

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
        body: Any = json.loads(await request.read()) if request.method == "POST" else None
        self.seen.append(Seen(path=request.path, body=body, headers=dict(request.headers)))
        if request.path in self.fixed:
            return await _scripted(self.fixed[request.path], request)
        if request.path in _TOKENIZER:
            return self._tokenize(request.path, body)
        if body is not None and self.script:
            return await _scripted(self.script.pop(0), request)
        if body is not None:
            await asyncio.sleep(self.latency_s)
        if request.path == "/generate" and body.get("stream"):
            return await self._stream(request, self._generate(body))
        return self._serve(request.path, body)

    def _serve(self, path: str, body: Any) -> web.Response:
        if path == "/health":
            return web.Response()
        if path in ("/model_info", "/get_model_info"):
            return web.json_response({"model_path": f"/models/{self.model}", "served_model_name": self.model})
        if path == "/server_info":
            return web.json_response({"version": VERSION})
        if path == "/v1/models":
            return web.json_response({"data": [{"id": self.model, "max_model_len": self.context}]})
        if path == "/generate":
            return web.json_response(self._generate(body))
        if path == "/v1/chat/completions":
            return web.json_response(self._chat(body))
        return web.json_response({"path": path, "body": body}) if body is not None else web.Response(status=404)

    def _tokenize(self, path: str, body: dict[str, Any]) -> web.Response:
        if path == "/v1/detokenize":
            text = self.tokenizer.text(body["tokens"], skip=body.get("skip_special_tokens", True))
            return web.json_response({"text": text})
        if "messages" not in body:
            ids = self.tokenizer.ids(body["prompt"], special=body["add_special_tokens"])
        elif self._template is None:
            return web.json_response({"error": "no chat template"}, status=400)
        else:  # the template writes the begin-of-text token itself
            ids = self.tokenizer.ids(self.tokenizer.begin + self._template(body["messages"]))
        return web.json_response({"tokens": ids, "count": len(ids)})

    def _generate(self, body: dict[str, Any]) -> Any:
        texts, parameters = body["text"], body["sampling_params"]
        if isinstance(texts, str):
            return self._generated(texts, parameters, body.get("token_ids_logprob") or ())
        return [self._generated(text, own) for text, own in zip(texts, parameters, strict=True)]

    def _generated(self, text: str, parameters: Mapping[str, Any], asked: Iterable[int] = ()) -> dict[str, Any]:
        said = self.answer(text, parameters)
        if "regex" in parameters and re.fullmatch(parameters["regex"], said.text) is None:
            said = Said(text=_first_choice(parameters["regex"]), cached=said.cached)
        meta: dict[str, Any] = {
            "finish_reason": {"type": said.reason},
            "prompt_tokens": self._count(text),
            "completion_tokens": self._count(said.text),
            "cached_tokens": said.cached,
        }
        if asked:
            known = {number: self._weights.get(self.tokenizer.text([number]), 0.0) for number in asked}
            rows = [[math.log(weight) if weight else -1e9, number, None] for number, weight in known.items()]
            meta["output_token_ids_logprobs"] = [rows]
        return {"text": said.text, "output_ids": self.tokenizer.ids(said.text), "meta_info": meta}

    async def _stream(self, request: web.Request, answer: dict[str, Any]) -> web.StreamResponse:
        """Two events, as SGLang sends them: the text so far after the first token, then all of it; and the end."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        begun = {**answer["meta_info"], "finish_reason": None, "completion_tokens": 1}
        ids = answer["output_ids"][:1]
        await response.write(_event({"text": self.tokenizer.text(ids), "output_ids": ids, "meta_info": begun}))
        if self._may_end is not None:
            await self._may_end.wait()
        await response.write(_event(answer) + b"data: [DONE]\n\n")
        return response

    def _chat(self, body: dict[str, Any]) -> dict[str, Any]:
        prompt = json.dumps(body["messages"])
        said = self.answer(prompt, body)
        message = {"role": "assistant", "content": said.text, "reasoning_content": said.reasoning or None}
        usage = {
            "prompt_tokens": self._count(prompt),
            "completion_tokens": self._count(said.text),
            "prompt_tokens_details": {"cached_tokens": said.cached},
        }
        return {"choices": [{"message": message, "finish_reason": said.reason}], "usage": usage}


def _first_choice(regex: str) -> str:
    found = _CHOICES.fullmatch(regex)
    assert found is not None, f"this server knows lists of choices only, and no {regex!r}"
    return re.sub(r"\\(.)", r"\1", re.split(r"(?<!\\)\|", found[1])[0])


def _event(document: Any) -> bytes:
    return f"data: {json.dumps(document)}\n\n".encode()


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
