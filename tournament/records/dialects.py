"""The shapes a problem may be written in, canonical first; a new one is a new row of `DIALECTS`.

| dialect | keys | candidates |
| --- | --- | --- |
| canonical | `prompt`, `candidates` | texts or objects with `id`, `text`, `meta` |
| preference pair | `prompt`, `chosen`, `rejected` | two, with the ids "chosen" and "rejected" |
| responses | `prompt`, `responses` | as in the canonical one |

All of them take `id`, `reference` and `meta` too, and keep every other key in `meta`. Each line is recognised
by its own keys; where several dialects fit, the first row wins and the other keys go to `meta`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from tournament.records import fields
from tournament.records.fields import RecordError
from tournament.types import Candidate, Message, Problem, Prompt

_COMMON = frozenset({"id", "prompt", "reference", "meta"})
_SIDES = ("chosen", "rejected")
_ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One shape of a problem: the keys that tell it from others, and what makes a problem of such an object.

    `read` takes the object and the number of its line, and raises `RecordError`.
    """

    name: str
    keys: frozenset[str]
    read: Callable[[Mapping[str, Any], int], Problem]


def to_problem(record: Mapping[str, Any], line: int) -> Problem:
    """Read an object in whichever dialect its keys are of.

    Raises:
        RecordError: The object is of no dialect, or not what its dialect asks for.
    """
    for dialect in DIALECTS:
        if record.keys() >= dialect.keys:
            return dialect.read(record, line)
    raise _unknown(record)


def _from_candidates(record: Mapping[str, Any], line: int) -> Problem:
    return _from_list(record, line, "candidates")


def _from_responses(record: Mapping[str, Any], line: int) -> Problem:
    return _from_list(record, line, "responses")


def _from_list(record: Mapping[str, Any], line: int, key: str) -> Problem:
    prompt = fields.prompt(fields.required(record, "prompt"))
    return _problem(record, line, prompt, fields.candidates(record[key], key), _COMMON | {key})


def _from_pair(record: Mapping[str, Any], line: int) -> Problem:
    answers = tuple(Candidate(id=side, text=_answer(record[side], side)) for side in _SIDES)
    if record.get("prompt") is None and isinstance(record["chosen"], list):
        prompt = _shared_prompt(record)
    else:
        prompt = fields.prompt(fields.required(record, "prompt"))
    return _problem(record, line, prompt, answers, _COMMON.union(_SIDES))


def _problem(
    record: Mapping[str, Any],
    line: int,
    prompt: Prompt,
    candidates: tuple[Candidate, ...],
    known: frozenset[str],
) -> Problem:
    return Problem(
        id=fields.identifier(record.get("id"), "id", f"line-{line}"),
        prompt=prompt,
        candidates=candidates,
        reference=fields.reference(record.get("reference")),
        meta=fields.meta(record, known),
    )


def _answer(value: object, side: str) -> str:
    """The text of one side of a pair: itself, or the last thing that the assistant says in a chat."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        raise RecordError(f"{side} is {fields.kind(value)}; it must be text or a list of chat messages")
    for message in reversed(fields.messages(value, side)):
        if message.role == _ASSISTANT:
            return message.content
    raise RecordError(f'{side} has no message of the role "{_ASSISTANT}"; add the answer')


def _shared_prompt(record: Mapping[str, Any]) -> Prompt:
    """The messages that both chats of a pair begin with.

    Each chat must then end in one answer. Had it more turns, its last answer would be judged against a prompt
    that it never answered.
    """
    if not isinstance(record["rejected"], list):
        raise RecordError("prompt is missing; add it, or write both chosen and rejected as chat messages")
    chosen, rejected = (fields.messages(record[side], side) for side in _SIDES)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(chosen, rejected, strict=False)))
    shared = min(same, len(chosen) - 1, len(rejected) - 1)
    if shared == 0:
        raise RecordError("prompt is missing, and chosen and rejected share no first message; add a prompt")
    for side, chat in zip(_SIDES, (chosen, rejected), strict=True):
        _refuse_long_tail(side, chat[shared:])
    return fields.filled(chosen[:shared])


def _refuse_long_tail(side: str, tail: tuple[Message, ...]) -> None:
    if len(tail) != 1 or tail[0].role != _ASSISTANT:
        raise RecordError(
            f"{side} goes on for {len(tail)} messages after the shared prompt; it must be one, "
            f'of the role "{_ASSISTANT}": cut it there, or add a prompt'
        )


DIALECTS = (
    Dialect(name="canonical", keys=frozenset({"candidates"}), read=_from_candidates),
    Dialect(name="preference pair", keys=frozenset(_SIDES), read=_from_pair),
    Dialect(name="responses", keys=frozenset({"responses"}), read=_from_responses),
)


def _unknown(record: Mapping[str, Any]) -> RecordError:
    shapes = [f"prompt, {', '.join(sorted(row.keys))} ({row.name})" for row in DIALECTS]
    return RecordError(f"{_reason(record)}; a problem has the keys {', or '.join(shapes)}")


def _reason(record: Mapping[str, Any]) -> str:
    for dialect in DIALECTS:
        missing = sorted(dialect.keys - record.keys())
        if len(missing) < len(dialect.keys):
            return f"{missing[0]} is missing beside {min(dialect.keys & record.keys())}"
    for key in sorted(key for dialect in DIALECTS for key in dialect.keys):
        near = fields.nearest(key, record)
        if near:
            return f'the key {fields.quote(near)} is unknown (did you mean "{key}"?)'
    return "no key tells where the candidates are"
