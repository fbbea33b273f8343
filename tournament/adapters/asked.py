"""Prompts and completions as other libraries hand them over, as problems."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from tournament.errors import UsageError
from tournament.records import fields
from tournament.records.fields import RecordError
from tournament.types import Candidate, Problem


def problem(prompt: object, completions: object, where: str) -> Problem:
    """A problem; its id is a hash of what it says, so that it plays the same in whatever batch it comes.

    Args:
        prompt: Text, or chat messages as dictionaries with role and content.
        completions: The candidates, each text or chat messages; their ids are their positions, "0", "1", ...
        where: What to call them in an error.

    Raises:
        UsageError: where something is neither text nor messages, or there is nothing to choose from.
    """
    if isinstance(completions, str) or not isinstance(completions, Sequence) or not completions:
        raise UsageError(f"{where} has no list of completions; give at least one")
    try:
        asked = fields.prompt(prompt)
        texts = [text(each, f"completion {number}") for number, each in enumerate(completions)]
    except RecordError as flaw:
        raise UsageError(f"{where}: {flaw}") from None
    said = json.dumps([content(prompt), texts])
    candidates = tuple([Candidate(id=str(number), text=each) for number, each in enumerate(texts)])
    return Problem(id=hashlib.sha256(said.encode()).hexdigest()[:16], prompt=asked, candidates=candidates)


def text(completion: object, name: str) -> str:
    """What a completion says; of chat messages, the contents of all, with a blank line between them."""
    if not isinstance(completion, list):
        return fields.text(completion, name)
    return "\n\n".join([message.content for message in fields.messages(completion, name)])


def content(prompt: object) -> str:
    """A text that is equal for equal prompts and for no others."""
    return json.dumps(prompt, sort_keys=True, default=str)


def same_length(prompts: Sequence[object], completions: Sequence[object]) -> None:
    """Refuse lists that do not belong together.

    Raises:
        UsageError: with both lengths.
    """
    if len(prompts) != len(completions):
        raise UsageError(f"{len(prompts)} prompts and {len(completions)} completions; give one for each")
