"""Text from SGLang's native routes. What the server does was read off SGLang 0.5.23."""

from __future__ import annotations

import math
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from tournament.judges.label_tokens import LabelTokens, label_tokens
from tournament.judges.served import (
    Endpoint,
    failed_reply,
    is_served,
    one_model,
    other_model,
    unknown_model,
    whole_number,
)
from tournament.judges.speaking import together
from tournament.judges.text_model import Draft, Reply, Sampling, Warm, Weights, tokens_before
from tournament.judges.verdicts import THINK_END
from tournament.runtime.faults import HttpStatusError, RequestError
from tournament.types import Message, Outcome

if TYPE_CHECKING:
    from tournament.runtime.client import JsonClient

# From this version on a request says how often its stream is sent, so that one with thousands of tokens can be watched
# for its first without being sent thousands of times.
_STREAMS_FROM = (0, 5, 23)
_NO_STREAM = 1 << 20
_PLACE_CHARS = 12


class SglangText:
    """A model on one or more SGLang servers, asked over `/generate`."""

    def __init__(
        self, base_url: str, *, model: str, key_env: str, key_file: str = "", timeout_s: float, attempts: int
    ) -> None:
        self.endpoint = Endpoint(base_url, key_env=key_env, key_file=key_file, timeout_s=timeout_s, attempts=attempts)
        self.model, self.revision = model, ""
        self.context: int | None = None
        self.names: tuple[str, ...] = ()
        self._wanted = model
        self._streams = False
        self._think_end: int | None = None
        self._labels: dict[tuple[tuple[str, str], str], LabelTokens] = {}

    @property
    def address(self) -> str:
        """Where it is, for messages."""
        return self.endpoint.address

    @property
    def retries(self) -> int:
        """Requests sent again so far."""
        return self.endpoint.retries

    async def close(self) -> None:
        """Give back the connections."""
        await self.endpoint.close()

    async def start(self) -> None:
        """Check that every server is up and serves the model; learn its name, context length and special tokens."""
        await self.endpoint.setup(self.endpoint.ping("/health"))
        infos = await self.endpoint.setup(_model_infos(self._of_each))
        self.names = one_model(self.address, infos)
        if self._wanted and not is_served(self._wanted, self.names):
            raise unknown_model(self.address, self._wanted, sorted(set(self.names)))
        self.model = self.names[0]
        revision = str(infos[0].get("weight_version") or "")
        self.revision = "" if revision == "default" else revision  # a router tells none
        self.context = await self.endpoint.setup(self._context_length())
        self._streams = await self.endpoint.setup(self._version()) >= _STREAMS_FROM
        ids = await self.tokens(THINK_END, special=False)
        self._think_end = ids[0] if ids is not None and len(ids) == 1 else None
        self.endpoint.vet(self._flaw)

    async def _of_each(self, path: str) -> list[Any]:
        return list((await self.endpoint.each(path)).values())

    async def _flaw(self, client: JsonClient) -> str:
        """What is wrong with a server that wants to take part."""

        async def of_one(path: str) -> list[Any]:
            return [await client.get(path)]

        return other_model(client.address, await _model_infos(of_one), self.names)

    async def _context_length(self) -> int | None:
        try:
            listing = await self.endpoint.get("/v1/models")
            return whole_number(listing["data"][0]["max_model_len"]) or None
        except (RequestError, LookupError, TypeError):
            return None  # a router does not tell

    async def _version(self) -> tuple[int, ...]:
        try:
            info = await self.endpoint.get("/server_info")
            numbers = re.match(r"\d+(?:\.\d+)*", str(info["version"]))
        except (RequestError, LookupError, TypeError):
            return ()
        return tuple(int(part) for part in numbers[0].split(".")) if numbers else ()

    async def tokens(self, text: str, *, special: bool) -> list[int] | None:
        """The ids of a text's tokens, with what the tokenizer puts around them where `special`; None where unknown."""
        return await self._ids({"prompt": text, "add_special_tokens": special})

    async def _ids(self, what: dict[str, Any]) -> list[int] | None:
        try:
            ids = (await self.endpoint.post("/v1/tokenize", {"model": self.names[-1], **what}))["tokens"]
        except (RequestError, LookupError, TypeError):
            return None
        return ids if isinstance(ids, list) and all(isinstance(item, int) for item in ids) else None

    async def render(self, messages: Sequence[Message]) -> str | None:
        """Messages in the chat template that the server itself would use, without the begin-of-text token."""
        shown = [{"role": message.role, "content": message.content} for message in messages]
        ids = await self._ids({"messages": shown, "add_generation_prompt": True})
        begun = await self.tokens("x", special=True)
        bare = await self.tokens("x", special=False)
        if not ids or not begun or not bare:
            return None
        if len(begun) > len(bare) and begun[0] == ids[0]:  # /generate puts it there again
            ids = ids[1:]
        try:
            body = {"model": self.names[-1], "tokens": ids, "skip_special_tokens": False}
            return str((await self.endpoint.post("/v1/detokenize", body))["text"])
        except (RequestError, LookupError, TypeError):
            return None

    async def generate(self, drafts: Sequence[Draft], sampling: Sampling, warm: Warm | None = None) -> list[Reply]:
        """Text for each draft, in one request."""
        single = len(drafts) == 1
        parameters = [_parameters(draft, sampling) for draft in drafts]
        texts = [draft.text for draft in drafts]
        body: dict[str, Any] = {
            "text": texts[0] if single else texts,
            "sampling_params": parameters[0] if single else parameters,
        }
        if warm is not None and single and self._streams:
            body["stream"] = True
            parameters[0]["stream_interval"] = _NO_STREAM
        elif warm is not None:
            warm()  # a whole answer is too long to wait for
        try:
            answer = await self.endpoint.post("/generate", body, near=drafts[0].near, warm=warm)
        except RequestError as error:
            if single or not isinstance(error, HttpStatusError) or error.status >= 500:
                return [failed_reply(error)] * len(drafts)
            # One text that the server refuses makes it refuse the whole list.
            return [reply for [reply] in await together([self.generate([draft], sampling) for draft in drafts])]
        finally:
            if warm is not None:
                warm()
        return self._replies([answer] if single else answer, len(drafts))

    async def weigh(self, draft: Draft, labels: tuple[str, str]) -> Weights:
        """The labels' probabilities as the next token, from a request for one token."""
        # Which tokens the labels are depends on what stands before them, of which judges write little that differs.
        place = (labels, draft.text[-_PLACE_CHARS:])
        if place not in self._labels:
            self._labels[place] = await label_tokens(self, draft.text, labels)
        known = self._labels[place]
        body = {
            "text": known.cut(draft.text),
            "sampling_params": {"temperature": 1.0, "max_new_tokens": 1, "sampling_seed": draft.seed},
            "return_logprob": True,
            "token_ids_logprob": list(known.ids),
        }
        try:
            answer = await self.endpoint.post("/generate", body, near=draft.near)
            [reply] = self._replies([answer], 1)
            # One list for the one token, of [logprob, id, text] for each id asked for.
            found = {entry[1]: math.exp(entry[0]) for entry in answer["meta_info"]["output_token_ids_logprobs"][0]}
            return Weights(first=found[known.ids[0]], second=found[known.ids[1]], reply=reply)
        except RequestError as error:
            return Weights(first=0.0, second=0.0, reply=failed_reply(error))
        except (LookupError, TypeError):
            failed = Reply(outcome=Outcome.FAILED, detail="the server gave no probabilities of the labels")
            return Weights(first=0.0, second=0.0, reply=failed)

    def _replies(self, answers: Any, count: int) -> list[Reply]:
        if not isinstance(answers, list) or len(answers) != count:
            got = f"{len(answers)} answers" if isinstance(answers, list) else "no list of answers"
            return [
                Reply(outcome=Outcome.FAILED, detail=f"asked for {count} answers in one request, got {got}")
            ] * count
        return [self._reply(answer) for answer in answers]

    def _reply(self, answer: Any) -> Reply:
        try:
            text, meta = answer["text"], answer["meta_info"]
            reason = (meta["finish_reason"] or {}).get("type")
        except (LookupError, TypeError, AttributeError):
            return Reply(outcome=Outcome.FAILED, detail=f"an answer without text and meta_info: {str(answer)[:200]}")
        aborted = reason not in ("stop", "length")
        return Reply(
            text=str(text),
            finished=reason == "stop",
            outcome=Outcome.FAILED if aborted else None,
            detail=f"the server ended it: {str(meta['finish_reason'])[:200]}" if aborted else "",
            prompt_tokens=whole_number(meta.get("prompt_tokens")),
            completion_tokens=whole_number(meta.get("completion_tokens")),
            cached_tokens=whole_number(meta.get("cached_tokens")),
            thinking_tokens=self._thought(answer.get("output_ids")),
        )

    def _thought(self, ids: Any) -> int | None:
        """How many tokens came before the end of the think block, where that is one token of the model's."""
        return tokens_before(self._think_end, ids)


async def _model_infos(get: Callable[[str], Awaitable[list[Any]]]) -> list[Any]:
    """What servers say that they serve; `get` gives the answers of all of them to a path."""
    for path in ("/model_info", "/workers", "/get_model_info"):
        try:
            answers = await get(path)
        except HttpStatusError as error:
            if error.status != 404 or path == "/get_model_info":
                raise
            continue
        # A router tells of all its workers; /get_model_info it would ask of one, which may be gone. Servers before
        # 0.5.3 know only the latter.
        return [info for answer in answers for info in _workers(answer)] if path == "/workers" else answers
    raise AssertionError


def _workers(answer: Any) -> list[Any]:
    """What the workers of a router serve, those that are well where any is."""
    try:
        workers = answer["workers"]
        well = [worker["metadata"] for worker in workers if worker.get("is_healthy")]
        return well or [worker["metadata"] for worker in workers]
    except (LookupError, TypeError, AttributeError):
        return [None]


def _parameters(draft: Draft, sampling: Sampling) -> dict[str, Any]:
    choices = "|".join(re.escape(choice) for choice in draft.choices)
    return {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_new_tokens": draft.limit,
        "sampling_seed": draft.seed,
        **({"regex": f"({choices})"} if choices else {}),
    }
