"""The verdict as a line of its own: `Verdict: 1`, `Verdict: 2` or `Verdict: tie`.

Only the tail counts: the last five lines that are not empty. A verdict line is a whole line, so a verdict that the
judge quotes in a sentence is none. Where the tail holds two different verdicts the judge contradicts itself; an early
"Verdict: 1" that is followed by six lines of other text was not the end of its reasoning.
"""

from __future__ import annotations

import re

from tournament.judges.verdicts.grammar import CONTRADICTORY, UNPARSABLE, Grammar, Reading, decided
from tournament.types import Outcome

TAIL_LINES = 5
_LONGEST_LINE = 200
_MARKUP = str.maketrans("", "", "*_`#")
_LINE = re.compile(
    r"(?:(?:my |the )?(?:final )?verdict ?(?:is ?)?[:\uff1a] ?(?:response )?(\[\[)?(1|2|tie)(?(1)\]\])"
    r"|\[\[(1|2|tie)\]\])[.!]?",
    re.IGNORECASE | re.ASCII,
)
# Reading takes markup away, so in a shown text it may stand between any two characters.
_MARKUP_RUN, _GAP = "[*_`#]*+", r"[*_`#\s]*+"
_TIE = _MARKUP_RUN.join("tie")
_SPOKEN = re.compile(
    rf"{_MARKUP_RUN.join('verdict')}{_GAP}(?:i{_MARKUP_RUN}s{_GAP})?:"
    "|" + _MARKUP_RUN.join((r"\[", r"\[", f"(?:1|2|{_TIE})", r"\]", r"\]")),
    re.IGNORECASE,
)


class LineGrammar(Grammar):
    """A last line that says 1, 2 or tie."""

    name = "line"
    labels = ("1", "2")
    cue = "Verdict:"
    endings = (" 1", " 2", " tie")
    spoken = _SPOKEN

    def find(self, answer: str) -> Reading:
        """The one verdict of the last lines."""
        found = [(start, line, said) for start, line in _tail(answer) if (said := _verdict(line)) is not None]
        verdicts = {said for _, _, said in found}
        if len(verdicts) > 1:
            return CONTRADICTORY
        if not verdicts:
            return UNPARSABLE
        start, line, verdict = found[-1]
        label = start + line.lower().rindex(verdict)
        if verdict == "tie":
            return Reading(Outcome.TIE, 0.5, label)
        return decided(verdict == self.labels[0], label)

    def without_verdict(self, answer: str) -> str:
        """The text up to the first verdict line of its tail, as often as its tail holds one."""
        lines = _filled(answer)
        verdicts = [index for index, (_, line) in enumerate(lines) if _verdict(line) is not None]
        end = len(lines)
        while verdicts and verdicts[-1] >= end - TAIL_LINES:
            end = verdicts.pop()
        return (answer if end == len(lines) else answer[: lines[end][0]]).rstrip()


def _tail(text: str) -> list[tuple[int, str]]:
    return _filled(text)[-TAIL_LINES:]


def _filled(text: str) -> list[tuple[int, str]]:
    """The lines that are not empty, each with where it begins."""
    lines, start = [], 0
    for line in text.splitlines(keepends=True):
        if line.strip():
            lines.append((start, line))
        start += len(line)
    return lines


def _verdict(line: str) -> str | None:
    line = line.strip()
    if len(line) > _LONGEST_LINE:
        return None
    found = _LINE.fullmatch(" ".join(line.translate(_MARKUP).split()))
    return (found[2] or found[3]).lower() if found else None
