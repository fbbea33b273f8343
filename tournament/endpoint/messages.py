"""The messages of a chat request: which of them are understood, and as what."""

from __future__ import annotations

import re
from typing import Any

from tournament.endpoint.faults import refused
from tournament.types import Message, Prompt

ROLES = ("system", "developer", "user", "assistant")
_OWN = frozenset({"role", "content"})
# What clients echo of an answer, and what says nothing to a model.
_LEFT_OUT = frozenset({"name", "reasoning_content", "reasoning"})
_MOST = 10_000
# Legal in JSON, yet refused by tokenizers and in files: NUL, and halves of characters.
_UNFIT = re.compile("[\0\ud800-\udfff]")


def read_messages(value: Any) -> tuple[Message, ...]:
    """The messages of a request, their text parts put together.

    Raises:
        ApiError: for what is no chat of texts, or holds something that could not be honoured.
    """
    if not isinstance(value, list) or not value:
        raise refused("messages must be a list of at least one message", "messages", "invalid_type")
    if len(value) > _MOST:
        raise refused(f"messages holds {len(value)} messages; send at most {_MOST}", "messages")
    chat = tuple(_message(one, f"messages[{place}]") for place, one in enumerate(value))
    if not any(turn.content.strip() for turn in chat):
        raise refused("messages holds no text to answer", "messages")
    return chat


def prompt_of(chat: tuple[Message, ...]) -> Prompt:
    """What a judge is shown: the text of a single question, or the chat."""
    return chat[0].content if len(chat) == 1 and chat[0].role == "user" else chat


def _message(value: Any, where: str) -> Message:
    if not isinstance(value, dict):
        raise refused(f"{where} must be an object with role and content", where, "invalid_type")
    role = value.get("role")
    if role not in ROLES:
        raise refused(f"{where}.role must be one of {', '.join(ROLES)}", f"{where}.role")
    for name, held in value.items():
        if name not in _OWN | _LEFT_OUT and held not in (None, [], {}, ""):
            raise refused(f"{where}.{str(name)[:60]} cannot be honoured: candidates are texts", where, "unsupported")
    return Message(role=role, content=_text(value.get("content"), f"{where}.content"))


def _text(value: Any, where: str) -> str:
    if isinstance(value, list):
        return "".join(_part(part, f"{where}[{place}]") for place, part in enumerate(value))
    if not isinstance(value, str):
        raise refused(f"{where} must be text or a list of text parts", where, "invalid_type")
    return _UNFIT.sub("\ufffd", value)


def _part(value: Any, where: str) -> str:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind not in ("text", "input_text") or not isinstance(value.get("text"), str):
        raise refused(f"{where} must be a text part; candidates are judged by texts alone", where, "unsupported")
    return _UNFIT.sub("\ufffd", value["text"])
