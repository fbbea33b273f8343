"""Chat messages as the one text that a native generate call takes, up to where the assistant speaks.

The begin-of-text token is left out: the server's tokenizer puts it there itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from tournament.errors import JudgeSetupError, UnknownNameError
from tournament.judges.text_model import TextModel
from tournament.judges.verdicts import THINK_START
from tournament.types import Message

Wrapping = Callable[[Sequence[Message]], str]


def _chatml(messages: Sequence[Message]) -> str:
    turns = (f"<|im_start|>{m.role}\n{m.content}<|im_end|>\n" for m in messages)
    return "".join(turns) + "<|im_start|>assistant\n"


def _llama3(messages: Sequence[Message]) -> str:
    turns = (f"<|start_header_id|>{m.role}<|end_header_id|>\n\n{m.content}<|eot_id|>" for m in messages)
    return "".join(turns) + "<|start_header_id|>assistant<|end_header_id|>\n\n"


def _deepseek_r1(messages: Sequence[Message]) -> str:
    marks = {"system": "", "user": "<\uff5cUser\uff5c>", "assistant": "<\uff5cAssistant\uff5c>"}
    return "".join(f"{marks[m.role]}{m.content}" for m in messages) + marks["assistant"]


def _plain(messages: Sequence[Message]) -> str:
    return "\n\n".join(m.content for m in messages) + "\n\n"


WRAPPINGS: Mapping[str, Wrapping] = {
    "chatml": _chatml,
    "deepseek-r1": _deepseek_r1,
    "llama3": _llama3,
    "plain": _plain,
}
SERVER = "server"
"""The model's own chat template, learned from what it makes of two marked messages."""
_MARKS = {"system": "Xq7-system-7qX", "user": "Xq7-user-7qX"}

# Templates of these models open the think block themselves, so the model's own text holds only its end.
OPENS_THINKING = frozenset({"deepseek-r1"})


def wrapping(name: str) -> Wrapping:
    """The wrapping of that name.

    Raises:
        UnknownNameError: where there is none of that name.
    """
    if name not in WRAPPINGS:
        raise UnknownNameError("wrapping", name, [*WRAPPINGS, SERVER])
    return WRAPPINGS[name]


class Learned(NamedTuple):
    """A chat template as a wrapping, whether it opens a think block, and a hash of all that it adds to messages."""

    wrap: Wrapping
    opens_thinking: bool
    digest: str


async def learned(model: TextModel) -> Learned:
    """The model's own chat template, learned from what it makes of messages that are marked.

    Raises:
        JudgeSetupError: where there is no template to be had, or it does not keep the messages as they are.
    """
    with_system = await _around(model, ("system", "user"))
    alone = await _around(model, ("user",))
    if with_system is None or alone is None:
        raise JudgeSetupError(
            f"{model.address} tells no chat template of {model.model} (a router does not); "
            "name the chat format with -J wrapping=, such as chatml"
        )
    frames = {2: with_system, 1: alone}
    last = alone[-1]
    opens = last.rstrip().endswith(THINK_START)
    if opens:  # the judge opens it itself, so that it can also put back what it thought before
        frames = {count: (*frame[:-1], frame[-1].rstrip().removesuffix(THINK_START)) for count, frame in frames.items()}

    def wrap(messages: Sequence[Message]) -> str:
        frame = frames[len(messages)]
        spoken = (text + message.content for text, message in zip(frame, messages, strict=False))
        return "".join(spoken) + frame[-1]

    digest = hashlib.sha256(json.dumps([with_system, alone]).encode()).hexdigest()[:8]
    return Learned(wrap, opens, digest)


async def _around(model: TextModel, roles: Sequence[str]) -> tuple[str, ...] | None:
    """What the template puts before, between and after messages of these roles; None where there is no template."""
    rendered = await model.render([Message(role=role, content=_MARKS[role]) for role in roles])
    if rendered is None:
        return None
    parts, rest = [], rendered
    for role in roles:
        before, mark, rest = rest.partition(_MARKS[role])
        if not mark:
            raise JudgeSetupError(
                f"the chat template of {model.model} changes its messages; name the chat format with -J wrapping="
            )
        parts.append(before)
    return (*parts, rest)
