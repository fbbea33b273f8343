"""The verdict as a letter in brackets, as RM-R1 writes it: `<answer>[[A]]</answer>` or `<answer>[[B]]</answer>`.

The last such answer decides. Where the other letter stands in double brackets anywhere else after the thinking, the
judge contradicts itself: RM-R1's own evaluation counts such a verdict as wrong, here it is called what it is.
"""

from __future__ import annotations

import re

from tournament.judges.verdicts.grammar import CONTRADICTORY, UNPARSABLE, Grammar, Reading, decided

_ANSWER = re.compile(r"<answer>\s{0,8}\[\[([AB])\]\]\s{0,8}</answer>")


class LetterGrammar(Grammar):
    """The last `<answer>` names the better chatbot by its letter; there are no ties."""

    name = "letter"
    labels = ("A", "B")
    cue = "<answer>[["
    endings = ("A]]</answer>", "B]]</answer>")
    spoken = re.compile(r"\[\[[AB]\]\]", re.IGNORECASE)

    def find(self, answer: str) -> Reading:
        """What the last answer says, where nothing outside it says the opposite."""
        found = _last(answer)
        if found is None:
            return UNPARSABLE
        first = found[1] == self.labels[0]
        other = self.labels[1] if first else self.labels[0]
        outside = answer[: found.start()] + answer[found.end() :]
        return CONTRADICTORY if f"[[{other}]]" in outside else decided(first, found.start(1))

    def without_verdict(self, answer: str) -> str:
        """The text before the last answer, and before other answers that it would end in then."""
        end = None
        for found in reversed(list(_ANSWER.finditer(answer))):
            if end is not None and answer[found.end() : end].strip():
                break
            end = found.start()
        return answer[:end].rstrip()


def _last(answer: str) -> re.Match[str] | None:
    found = None
    for found in _ANSWER.finditer(answer):  # noqa: B007
        pass
    return found
