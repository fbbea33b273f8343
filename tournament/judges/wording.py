"""What a judge is told: the words in `configs/prompts/`, and the chat messages made from them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from tournament.errors import UsageError
from tournament.judges.neutralise import Marks, broken, neutralise, response_only
from tournament.judges.official import Claim, claims_of, hold
from tournament.judges.verdicts import Grammar, grammar
from tournament.locate import config_file, config_text
from tournament.toml import parse
from tournament.types import Message, Prompt

# Raised when the same words come to be shown in another way, so that old judgments are not taken for new ones.
_RENDERING = 3
_SLOT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
OURS, OFFICIAL = "tourney's", "official"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """System and user message of a judge, the cue to think again, and how the verdict is written.

    `slots` are the names of question, first and second response in `user`; `marks` the strings that only the wording
    may write. `source` is "tourney's", or "official" for the words of the judge's authors. `system` may be empty.
    """

    name: str
    summary: str
    system: str
    user: str
    rethink: str
    slots: tuple[str, str, str]
    marks: Marks
    grammar: Grammar
    official: Mapping[str, tuple[Claim, ...]]
    source: str = OURS

    @property
    def prompt_hash(self) -> str:
        """A hash of every word that a judge is shown, and of what is done to the texts; sampling is no part of it."""
        shown = [self.system, self.user, list(self.slots), self.rethink]
        words = [_RENDERING, *shown, self.grammar.name, list(self.marks.texts)]
        return hashlib.sha256(json.dumps(words).encode()).hexdigest()[:16]

    def messages(self, prompt: Prompt, first: str, second: str) -> tuple[Message, ...]:
        """The messages that show two candidates in this order."""
        texts = (question_text(prompt), response_only(first), response_only(second))
        harmless = (broken(self.grammar.spoken, self.marks.broken(text)) for text in texts)
        shown = dict(zip(self.slots, harmless, strict=True))
        # One pass, so that a slot's name inside a candidate stays the text that it is.
        user = re.sub(r"\{(" + "|".join(self.slots) + r")\}", lambda slot: shown[slot[1]], self.user)
        spoken = (Message(role="system", content=self.system),) if self.system else ()
        return (*spoken, Message(role="user", content=user))

    def with_official(self, words: Mapping[str, str]) -> Wording:
        """The same with the authors' own system and user message."""
        return replace(self, system=words.get("system", ""), user=words["user"], source=OFFICIAL)


@lru_cache(maxsize=256)
def question_text(prompt: Prompt) -> str:
    """A prompt as one neutralised text: a chat becomes a row of turns, each between marks with its role."""
    if isinstance(prompt, str):
        return neutralise(prompt.strip())
    return "\n".join(_turn(message) for message in prompt)


def _turn(message: Message) -> str:
    role = re.sub(r"[^a-z0-9]+", "_", message.role.lower()).strip("_")[:24] or "unknown"
    return f"<turn_{role}>\n{neutralise(message.content.strip())}\n</turn_{role}>"


def load_wording(name: str) -> Wording:
    """The wording of that name, or in the file of that name where it ends in `.toml`.

    Raises:
        UnknownNameError: where there is none of that name.
        UsageError: where the file lacks something.
    """
    where = name if name.endswith(".toml") else f"configs/prompts/{name}.toml"
    try:
        return _parse(name, parse(config_text("prompts", name)))
    except KeyError as error:
        raise UsageError(f"{where}: {error.args[0]} is missing; add it") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"{where}: {error}") from error


def _parse(name: str, document: dict[str, Any]) -> Wording:
    user = config_file("prompts", name, document["user_file"]) if "user_file" in document else document["user"].strip()
    slots, marks = document["slots"], document.get("marks", [])
    if not isinstance(slots, list) or len(slots) != 3 or not all(map(_SLOT_NAME.fullmatch, map(str, slots))):
        raise ValueError("slots must be three names, of the question and of the first and second response")
    if not isinstance(marks, list) or not all(isinstance(mark, str) and mark.strip() for mark in marks):
        raise ValueError("marks must be a list of texts")
    question, first, second = slots
    missing = [slot for slot in (question, first, second) if f"{{{slot}}}" not in user]
    if missing:
        raise ValueError(f"user lacks {{{missing[0]}}}; say where it goes")
    system, claims = document.get("system", "").strip(), claims_of(document.get("official", {}))
    words = {role: text for role, text in (("system", system), ("user", user)) if text}
    return Wording(
        name=name,
        summary=document["summary"],
        system=system,
        user=user,
        rethink=document["rethink"].strip(),
        slots=(question, first, second),
        marks=Marks(tuple(marks)),
        grammar=grammar(document["verdict"]),
        official=claims,
        source=OFFICIAL if claims and hold(words, claims) else OURS,
    )
