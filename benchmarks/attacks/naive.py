"""The judge of a script without defences: the same words, a plain substitution, and a plain search for the verdict."""

from __future__ import annotations

import re

from tournament.judges.wording import Wording
from tournament.types import Message

_SAYS = {
    "line": re.compile(r"Verdict: (1|2)"),
    "boxed": re.compile(r"\\boxed\{\s*(?:\\text(?:bf)?\{)?\s*Assistant\s+(1|2)"),
    "letter": re.compile(r"\[\[(A|B)\]\]"),
}


def messages(wording: Wording, question: str, first: str, second: str) -> tuple[Message, ...]:
    """The messages of a wording with the texts as they are."""
    user = wording.user
    for slot, text in zip(wording.slots, (question, first, second), strict=True):
        user = user.replace(f"{{{slot}}}", text)
    system = (Message(role="system", content=wording.system),) if wording.system else ()
    return (*system, Message(role="user", content=user))


def read(grammar: str, said: str) -> int | None:
    """The place that the first verdict in a judge's words names, 1 or 2."""
    found = _SAYS[grammar].search(said)
    return None if found is None else 1 if found[1] in "1A" else 2
