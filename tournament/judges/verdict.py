"""Reading the verdict from a judge's own words.

Only the tail counts: the last five lines that are not empty, after thinking has ended. A verdict line is a whole line,
so a verdict that the judge quotes in a sentence is none. Where the tail holds two different verdicts the judge
contradicts itself; an early "Verdict: 1" that is followed by six lines of other text was not the end of its reasoning.
"""

from __future__ import annotations

import re

from tournament.types import Outcome

TAIL_LINES = 5
THINK_START, THINK_END = "<think>", "</think>"
_LONGEST_LINE = 200
_MARKUP = str.maketrans("", "", "*_`#")
_LINE = re.compile(
    r"(?:(?:my |the )?(?:final )?verdict ?(?:is )?[:\uff1a] ?(?:response )?(\[\[)?(1|2|tie)(?(1)\]\])"
    r"|\[\[(1|2|tie)\]\])[.!]?",
    re.IGNORECASE,
)
_P_FIRST = {"1": 1.0, "2": 0.0, "tie": 0.5}


def read_verdict(text: str, finished: bool) -> tuple[Outcome, float | None]:
    """What a judge's text says, and its preference for the candidate shown first (None where it has none).

    Args:
        text: everything that the judge said, its thinking included.
        finished: whether it came to its own end, instead of a token limit.
    """
    answer = text.rpartition(THINK_END)[2]
    if not finished or THINK_START in answer:
        return Outcome.TRUNCATED, None
    verdicts = {verdict for line in _tail(answer) if (verdict := _verdict(line)) is not None}
    if len(verdicts) > 1:
        return Outcome.CONTRADICTORY, None
    if not verdicts:
        return Outcome.UNPARSABLE, None
    p_first = _P_FIRST[verdicts.pop()]
    return (Outcome.TIE if p_first == 0.5 else Outcome.DECIDED), p_first


def without_verdict(text: str) -> str:
    """The text up to the first verdict line of its tail: what the judge said before it settled."""
    lines = text.rstrip().splitlines()
    filled = [index for index, line in enumerate(lines) if line.strip()][-TAIL_LINES:]
    cut = next((index for index in filled if _verdict(lines[index]) is not None), len(lines))
    return "\n".join(lines[:cut]).rstrip()


def _tail(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()][-TAIL_LINES:]


def _verdict(line: str) -> str | None:
    line = line.strip()
    if len(line) > _LONGEST_LINE:
        return None
    found = _LINE.fullmatch(" ".join(line.translate(_MARKUP).split()))
    return (found[2] or found[3]).lower() if found else None
