"""Text from a GGUF file that llama.cpp runs in this process. What llama.cpp does was read off xllamacpp 2026.10."""

from __future__ import annotations

import asyncio
import importlib
import json
import math
import os
import secrets
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tournament.errors import JudgeSetupError, JudgeUnreachableError
from tournament.judges import gguf
from tournament.judges.label_tokens import LabelTokens, label_tokens
from tournament.judges.served import failed_reply, whole_number
from tournament.judges.speaking import together
from tournament.judges.text_model import Draft, Reply, Sampling, Warm, Weights, tokens_before
from tournament.judges.verdicts import THINK_END, THINK_START
from tournament.runtime.faults import RequestError
from tournament.types import Message, Outcome

if TYPE_CHECKING:
    from tournament.runtime.client import JsonClient

# A long thought on a slow processor takes hours, and a model in this process does not vanish.
_PATIENCE_S = 86_400.0
# Prompts that another took the place of are kept in memory up to this size, so that re-thinking finds them again.
_KEPT_PROMPTS_MIB = 2048
_SILENT = -1
# A label that is not among so many likeliest tokens has less than a thousandth of the probability, and counts as none.
_LIKELIEST = 1000


class LocalText:
    """A model that llama.cpp runs in this process, `parallel` requests at a time.

    llama.cpp comes as a whole HTTP server here, which cannot be kept from listening: it takes a free port of 127.0.0.1
    and answers only to a key that is drawn at every start. All requests go that way, because only there can they be
    taken back, and only there are the tokens' ids given and the chat template applied.
    """

    def __init__(self, path: str, *, context: int, threads: int, gpu_layers: int, parallel: int) -> None:
        self._path = Path(path).expanduser().absolute()
        self._wanted = (context, threads, gpu_layers, parallel)
        self.model, self.revision = self._path.name, ""
        self.context: int | None = None
        self.names: tuple[str, ...] = (str(self._path), self._path.name)
        self._server: Any = None
        self._client: JsonClient | None = None
        self._slots = asyncio.Semaphore(parallel)
        self._templated = False
        self._think_end: int | None = None
        self._labels: dict[tuple[str, str], LabelTokens] = {}

    @property
    def address(self) -> str:
        """The path of the file."""
        return str(self._path)

    @property
    def retries(self) -> int:
        """None: what failed in this process would fail again."""
        return 0

    async def start(self) -> None:
        """Load the model, and learn its name, context length and special tokens.

        Raises:
            JudgeSetupError: where xllamacpp is not installed, or the file is missing or cannot be loaded.
        """
        from tournament.runtime.client import JsonClient
        from tournament.runtime.retry import RetryPolicy

        header = await asyncio.to_thread(gguf.read_header, self._path)
        key = secrets.token_hex()
        self._server = await asyncio.to_thread(_loaded, self._path, header, self._wanted, key)
        self.model, self._templated = header.name or self._path.name, header.templated
        self.revision = await asyncio.to_thread(gguf.revision, self._path)
        once = RetryPolicy(attempts=1)
        self._client = JsonClient(self._server.listening_address, key=key, timeout_s=_PATIENCE_S, retry=once)
        self._slots = asyncio.Semaphore(self._wanted[-1])
        self.context = (await self._client.get("/props"))["default_generation_settings"]["n_ctx"]
        ids = await self.tokens(THINK_END, special=False)
        self._think_end = ids[0] if ids is not None and len(ids) == 1 else None

    async def close(self) -> None:
        """End what is still being generated, and free the model's memory."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()
        await asyncio.to_thread(self._unload)

    def _unload(self) -> None:
        # Its end waits for the batch that is being computed.
        self._server = None

    async def tokens(self, text: str, *, special: bool) -> list[int] | None:
        """The ids of a text's tokens, with what the tokenizer puts around them where `special`; None where unknown."""
        try:
            answer = await self._ask("/tokenize", {"content": text, "add_special": special, "parse_special": True})
            return [int(number) for number in answer["tokens"]]
        except (RequestError, LookupError, TypeError, ValueError):
            return None

    async def render(self, messages: Sequence[Message]) -> str | None:
        """Messages in the file's own chat template, without the begin-of-text token; None where it has none.

        Raises:
            JudgeSetupError: where llama.cpp cannot apply the template.
        """
        if not self._templated:
            return None
        shown = [{"role": message.role, "content": message.content} for message in messages]
        try:
            # Where /completion puts a begin-of-text token, llama.cpp takes it away from the template's text.
            return str((await self._ask("/apply-template", {"messages": shown}))["prompt"])
        except (RequestError, LookupError, TypeError) as error:
            raise JudgeSetupError(
                f"the chat template of {self.address} cannot be applied ({error}); name the chat format with wrapping"
            ) from None

    async def generate(self, drafts: Sequence[Draft], sampling: Sampling, warm: Warm | None = None) -> list[Reply]:
        """Text for each draft; `warm` is called at the end only, because each request has a cache of its own."""
        try:
            return await together([self._generate(draft, sampling) for draft in drafts])
        finally:
            if warm is not None:
                warm()

    async def _generate(self, draft: Draft, sampling: Sampling) -> Reply:
        body = {
            "prompt": draft.text,
            "n_predict": draft.limit,
            "seed": draft.seed,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            # What llama.cpp adds of its own (top_k 40, min_p 0.05) no profile asks for.
            "samplers": ["temperature", "top_p"],
            "cache_prompt": True,
            "return_tokens": True,
            # Otherwise a model that has them as control tokens would never be heard to end its thinking.
            "preserved_tokens": [THINK_START, THINK_END],
            **({"grammar": _grammar(draft.choices)} if draft.choices else {}),
        }
        try:
            return self._reply(await self._complete(body))
        except RequestError as error:
            return _failed(error)

    async def weigh(self, draft: Draft, labels: tuple[str, str]) -> Weights:
        """The labels' probabilities as the next token, before any sampling; from a request for one token."""
        if labels not in self._labels:
            self._labels[labels] = await label_tokens(self, draft.text, labels)
        known = self._labels[labels]
        body = {
            "prompt": known.cut(draft.text),
            "n_predict": 1,
            "n_probs": _LIKELIEST,
            "seed": draft.seed,
            "cache_prompt": True,
        }
        try:
            answer = await self._complete(body)
            likeliest = answer["completion_probabilities"][0]["top_logprobs"]
            found = {entry["id"]: math.exp(entry["logprob"]) for entry in likeliest}
            first, second = (found.get(number, 0.0) for number in known.ids)
            return Weights(first=first, second=second, reply=self._reply(answer))
        except RequestError as error:
            return Weights(first=0.0, second=0.0, reply=_failed(error))
        except (LookupError, TypeError):
            failed = Reply(outcome=Outcome.FAILED, detail="llama.cpp gave no probabilities of the labels")
            return Weights(first=0.0, second=0.0, reply=failed)

    async def _complete(self, body: dict[str, Any]) -> Any:
        async with self._slots:
            return await self._ask("/completion", body)

    async def _ask(self, path: str, body: dict[str, Any]) -> Any:
        assert self._client is not None, "start() comes first"
        try:
            return await self._client.post(path, body)
        except JudgeUnreachableError:
            raise JudgeUnreachableError(f"llama.cpp in this process no longer answers for {self.address}") from None

    def _reply(self, answer: Any) -> Reply:
        try:
            text, reason, reused = str(answer["content"]), answer["stop_type"], answer["timings"]["cache_n"]
            return Reply(
                text=text,
                finished=reason in ("eos", "word"),
                prompt_tokens=whole_number(answer["tokens_evaluated"]),
                completion_tokens=whole_number(answer["tokens_predicted"]),
                cached_tokens=whole_number(reused),
                thinking_tokens=tokens_before(self._think_end, answer.get("tokens")),
            )
        except (LookupError, TypeError, AttributeError):
            return Reply(outcome=Outcome.FAILED, detail=f"an answer without text and usage: {str(answer)[:200]}")


def _failed(error: RequestError) -> Reply:
    """The reply that an error stands for, with llama.cpp's own words where it has some."""
    reply = failed_reply(error)
    try:
        return replace(reply, detail=str(json.loads(getattr(error, "body", ""))["error"]["message"]))
    except (ValueError, LookupError, TypeError):
        return reply


def _grammar(choices: Sequence[str]) -> str:
    """A grammar in llama.cpp's notation for exactly one of the texts."""
    return "root ::= " + " | ".join(f'"{"".join(map(_escaped, choice))}"' for choice in choices)


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return f"\\x{ord(character):02x}" if ord(character) < 0x20 else character


def _loaded(path: Path, header: gguf.Header, wanted: tuple[int, int, int, int], key: str) -> Any:
    """A running server of xllamacpp's; the only place that knows the package."""
    try:
        xllamacpp = importlib.import_module("xllamacpp")
    except ImportError:
        raise JudgeSetupError(
            "the local judge runs models with llama.cpp; install it: pip install 'tournament-engine[local]'"
        ) from None
    context, threads, gpu_layers, parallel = wanted
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_parallel = parallel
    # llama.cpp divides it among the requests that run at once.
    params.n_ctx = (context or header.context) * parallel
    params.n_gpu_layers = gpu_layers
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads or _cores()
    params.cache_ram_mib = _KEPT_PROMPTS_MIB
    params.verbosity = _SILENT
    params.hostnames, params.port = ["127.0.0.1"], 0
    params.api_keys = [key]
    params.n_threads_http = parallel + 2
    params.ui = params.endpoint_slots = False
    try:
        return xllamacpp.Server(params)
    except (RuntimeError, ValueError):
        raise JudgeSetupError(
            f"llama.cpp cannot load {path}: the file is broken or of a kind it does not know, or the memory is too "
            "small for it and its context; check the file, or give a smaller context or parallel=1"
        ) from None


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
