"""The wording of a judge, read from `configs/judges/`, and the chat messages made from it."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tournament.errors import UsageError
from tournament.judges.neutralise import neutralise, response_only
from tournament.locate import config_text
from tournament.types import Message, Prompt

# Raised when the same wording comes to be shown in another way, so that old judgments are not taken for new ones.
_RENDERING = 1
_SLOTS = ("question", "response_1", "response_2")
_SLOT = re.compile(r"\{(" + "|".join(_SLOTS) + r")\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatPrompt:
    """A judge's wording: system and user message, the cue to think again, the cue for a verdict, and its sampling."""

    name: str
    summary: str
    system: str
    user: str
    rethink: str
    verdict_cue: str
    temperature: float
    top_p: float
    max_tokens: int

    @property
    def prompt_hash(self) -> str:
        """A hash of every word that a judge is shown; sampling is no part of it."""
        words = [_RENDERING, self.system, self.user, self.rethink, self.verdict_cue]
        return hashlib.sha256(json.dumps(words).encode()).hexdigest()[:16]

    def messages(self, prompt: Prompt, first: str, second: str) -> tuple[Message, Message]:
        """The system and the user message that show two candidates in this order."""
        texts = (question_text(prompt), response_only(first), response_only(second))
        shown = dict(zip(_SLOTS, texts, strict=True))
        # One pass, so that a slot's name inside a candidate stays the text that it is.
        user = _SLOT.sub(lambda slot: shown[slot[1]], self.user)
        return Message(role="system", content=self.system), Message(role="user", content=user)


@lru_cache(maxsize=256)
def question_text(prompt: Prompt) -> str:
    """A prompt as one neutralised text: a chat becomes a row of turns, each between marks with its role."""
    if isinstance(prompt, str):
        return neutralise(prompt.strip())
    return "\n".join(_turn(message) for message in prompt)


def _turn(message: Message) -> str:
    role = re.sub(r"[^a-z0-9]+", "_", message.role.lower()).strip("_")[:24] or "unknown"
    return f"<turn_{role}>\n{neutralise(message.content.strip())}\n</turn_{role}>"


def load_prompt(name: str) -> ChatPrompt:
    """The wording of that name in `configs/judges/`.

    Raises:
        UnknownNameError: where there is none of that name.
        UsageError: where the file lacks something.
    """
    where = f"configs/judges/{name}.toml"
    try:
        return _parse(tomllib.loads(config_text("judges", name)))
    except KeyError as error:
        raise UsageError(f"{where}: {error.args[0]} is missing; add it") from None
    except (tomllib.TOMLDecodeError, TypeError, ValueError) as error:
        raise UsageError(f"{where}: {error}") from error


def _parse(document: dict[str, Any]) -> ChatPrompt:
    words, sampling = document["prompt"], document["sampling"]
    missing = [slot for slot in _SLOTS if f"{{{slot}}}" not in words["user"]]
    if missing:
        raise ValueError(f"prompt.user lacks {{{missing[0]}}}; say where it goes")
    return ChatPrompt(
        name=document["name"],
        summary=document["summary"],
        system=words["system"].strip(),
        user=words["user"].strip(),
        rethink=words["rethink"].strip(),
        verdict_cue=document["verdict"]["cue"].strip(),
        temperature=float(sampling["temperature"]),
        top_p=float(sampling["top_p"]),
        max_tokens=int(sampling["max_tokens"]),
    )
