"""One request, read and checked as a whole before anything is paid for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tournament.budget import Limits
from tournament.endpoint import values
from tournament.endpoint.faults import ApiError, refused
from tournament.endpoint.messages import prompt_of, read_messages
from tournament.endpoint.terms import Terms
from tournament.endpoint.wishes import EXTRA, Wishes, read_wishes
from tournament.judges.served import is_served
from tournament.types import Message, Prompt

LIMITS = ("max_tokens", "max_completion_tokens")
_NUMBERS = {"temperature": (0.0, 2.0), "presence_penalty": (-2.0, 2.0), "frequency_penalty": (-2.0, 2.0)}
# Sent on as they are; what is wrong with them the policy's server says.
_SENT_ON = frozenset({
    "stop", "top_k", "min_p", "repetition_penalty", "logit_bias", "response_format", "reasoning_effort",
    "chat_template_kwargs", "stop_token_ids", "ignore_eos", "skip_special_tokens", "separate_reasoning", "regex",
    "ebnf", "min_tokens", "verbosity",
})  # fmt: skip
# They say nothing about what the answer should be.
_NOTES = frozenset({
    "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention",
    "parallel_tool_calls",
})  # fmt: skip
_OWN = frozenset({"model", "messages", "stream", "stream_options", "seed", "top_p", "n", *LIMITS, EXTRA})
_NEVER = {
    "tools": "candidates are texts, and tools cannot be called",
    "tool_choice": "candidates are texts, and tools cannot be called",
    "functions": "candidates are texts, and functions cannot be called",
    "function_call": "candidates are texts, and functions cannot be called",
    "logprobs": "the winner comes without probabilities",
    "top_logprobs": "the winner comes without probabilities",
    "audio": "candidates are texts",
    "modalities": "candidates are texts",
    "prediction": "the winner is not known before it is chosen",
    "web_search_options": "nothing is searched for",
    "best_of": f"say how many candidates to sample in {EXTRA}.n",
}
_EMPTY: tuple[object, ...] = (None, False, [], {}, "", "none", ["text"])
_MOST_TOKENS = 1 << 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that can be honoured: what the policy is sent, and the wishes for the tournament."""

    messages: tuple[Message, ...]
    sampling: Mapping[str, Any]
    wishes: Wishes
    stream: bool = False
    include_usage: bool = False

    @property
    def prompt(self) -> Prompt:
        """What the judge is shown as the prompt."""
        return prompt_of(self.messages)

    @property
    def limits(self) -> Limits:
        """The limits of the tournament."""
        return self.wishes.limits

    @property
    def samples(self) -> int:
        """Candidates to sample: one where the policy is asked to be greedy, since all would be the same."""
        return 1 if self.sampling.get("temperature") == 0 else self.wishes.n


def read_request(body: Any, terms: Terms) -> Asked:
    """A request out of the JSON that came.

    Raises:
        ApiError: naming the field that is wrong, unknown, or cannot be honoured.
    """
    if not isinstance(body, dict):
        raise refused("the body must be a JSON object", None, "invalid_type")
    _check_names(body)
    _check_model(values.word(body, "model"), terms)
    options = values.table(body, "stream_options", ("include_usage", "include_obfuscation"))
    return Asked(
        messages=read_messages(body.get("messages")),
        sampling=_sampling(body, terms),
        wishes=read_wishes(body, terms),
        stream=values.flag(body, "stream"),
        include_usage=values.flag(options, "include_usage", "stream_options."),
    )


def _check_names(body: Mapping[str, Any]) -> None:
    for name, value in body.items():
        if name in _NEVER and value not in _EMPTY:
            raise refused(f"{name} cannot be honoured: {_NEVER[name]}", name, "unsupported_parameter")
        if name not in _OWN | _SENT_ON | _NOTES | _NUMBERS.keys() | _NEVER.keys():
            shown = name[:60]
            raise refused(f"{shown} is not known here, and so could not be honoured", shown, "unknown_parameter")
    if values.whole(body, "n", 0, 1 << 31) not in (None, 1):
        message = f"n choices cannot be given: one candidate wins; say how many to sample in {EXTRA}.n"
        raise refused(message, "n", "unsupported_parameter")


def _check_model(name: str | None, terms: Terms) -> None:
    if not name:
        raise refused(f"model is missing; it is {terms.model} here", "model", "missing_parameter")
    if name != terms.model and not is_served(name, [terms.model]):
        message = f"the model {name[:100]!r} is not served here; it is {terms.model}"
        raise ApiError(404, message, param="model", code="model_not_found")


def _sampling(body: Mapping[str, Any], terms: Terms) -> dict[str, Any]:
    fields = {name: body[name] for name in sorted(_SENT_ON) if body.get(name) is not None}
    for name, value in fields.items():
        if not values.plain(value):
            raise refused(f"{name} is nested too deeply, or holds a number that is too large", name)
    for name, (low, high) in _NUMBERS.items():
        if (value := values.number(body, name, low, high)) is not None:
            fields[name] = value
    if (top_p := values.number(body, "top_p", 0.0, 1.0, above=True)) is not None:
        fields["top_p"] = top_p
    given = [values.whole(body, name, 1, terms.max_tokens or _MOST_TOKENS) for name in LIMITS]
    limits = [value for value in given if value is not None]
    if limits:
        fields[terms.limit_field] = min(limits)
    return {**terms.sampling, **fields}
