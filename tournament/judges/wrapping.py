"""Chat messages as the one text that a native generate call takes, up to where the assistant speaks.

The begin-of-text token is left out: the server's tokenizer puts it there itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tournament.errors import UnknownNameError
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
# Templates of these models open the think block themselves, so the model's own text holds only its end.
OPENS_THINKING = frozenset({"deepseek-r1"})


def wrapping(name: str) -> Wrapping:
    """The wrapping of that name.

    Raises:
        UnknownNameError: where there is none of that name.
    """
    if name not in WRAPPINGS:
        raise UnknownNameError("wrapping", name, WRAPPINGS)
    return WRAPPINGS[name]
