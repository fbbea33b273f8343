"""What a verdict grammar is, and what all of them share: only words after the thinking count."""

from __future__ import annotations

import re
from typing import ClassVar, NamedTuple, Protocol

from tournament.types import Outcome

THINK_START, THINK_END = "<think>", "</think>"


class Reading(NamedTuple):
    """What an answer says: the outcome, the preference for the candidate shown first, and where the label begins.

    `label` is an index into the text that was read; None where there is no one label.
    """

    outcome: Outcome
    p_first: float | None
    label: int | None = None


UNPARSABLE = Reading(Outcome.UNPARSABLE, None)
CONTRADICTORY = Reading(Outcome.CONTRADICTORY, None)
TRUNCATED = Reading(Outcome.TRUNCATED, None)


class Grammar(Protocol):
    """How one family of judges writes its verdict.

    `labels` name the candidate shown first and the one shown second. `cue` is what stands before a label where the
    verdict alone is asked for, and `endings` are the texts that may follow the cue. `spoken` finds every part of a text
    that could be read as a verdict if a judge repeated it; a blank after its first character makes it none.
    """

    name: ClassVar[str]
    labels: ClassVar[tuple[str, str]]
    cue: ClassVar[str]
    endings: ClassVar[tuple[str, ...]]
    spoken: ClassVar[re.Pattern[str]]

    def find(self, answer: str) -> Reading:
        """Read an answer that came to its own end and holds no thinking."""
        ...

    def without_verdict(self, answer: str) -> str:
        """The answer up to its verdict: what the judge said before it settled."""
        ...


def read_verdict(grammar: Grammar, text: str, finished: bool) -> Reading:
    """What a judge's text says.

    Args:
        grammar: how this judge writes its verdict.
        text: everything that the judge said, its thinking included.
        finished: whether it came to its own end, instead of a token limit.
    """
    thinking, end, answer = text.rpartition(THINK_END)
    if not finished or THINK_START in answer:
        return TRUNCATED
    reading = grammar.find(answer)
    if reading.label is None:
        return reading
    return reading._replace(label=reading.label + len(thinking) + len(end))


def decided(first: bool, label: int) -> Reading:
    """The reading of a verdict for one of the two."""
    return Reading(Outcome.DECIDED, 1.0 if first else 0.0, label)
