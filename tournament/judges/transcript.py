"""The parts of what a judge said: its thinking, its rubric, its own solution, its evaluation, its quotes.

RM-R1 writes its reasons between tags (Chen et al., "RM-R1: Reward Modeling as Reasoning", 2025); a broken tag costs
only its own part. The text itself stays in the ledger, so the parts can always be read from it again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tournament.judges.verdicts.grammar import THINK_END, THINK_START

TAGS = ("type", "rubric", "justify", "solution", "eval", "quote_A", "summary_A", "quote_B", "summary_B")
# A judge that repeats itself for ever would otherwise make the parts many times as long as its text.
_MOST_OF_A_KIND = 32
_OPENING = re.compile(f"<({'|'.join(TAGS)})>")


def thinking_of(text: str) -> str:
    """What the judge said in its think block; all of it where the block was never closed, "" where there is none."""
    if THINK_END in text:
        return text.rpartition(THINK_END)[0].replace(THINK_START, "", 1).strip()
    return text.partition(THINK_START)[2].strip() if THINK_START in text else ""


def parts_of(text: str) -> Mapping[str, list[str]]:
    """The tagged parts of a judge's answer, in the order in which they stand, by tag; only tags that are there.

    A part ends at the first closing tag of its kind; one that is never closed is left out. Thinking is not looked at.
    """
    if "</" not in text:  # most judges write no tags, and a run asks for every text
        return {}
    answer = text.rpartition(THINK_END)[2]
    parts: dict[str, list[str]] = {}
    closed = {tag: answer.rfind(f"</{tag}>") for tag in TAGS}
    for opening in _OPENING.finditer(answer):
        tag = opening[1]
        if opening.end() <= closed[tag] and len(parts.get(tag, ())) < _MOST_OF_A_KIND:
            parts.setdefault(tag, []).append(answer[opening.end() : answer.index(f"</{tag}>", opening.end())].strip())
    return parts
