r"""The verdict in a box, as RRM writes it: `\boxed{Assistant 1}` or `\boxed{Assistant 2}`.

The last box decides, and only where its braces are balanced and it holds exactly one of the two names. Blanks around
the name and a `\text{...}` around it are layout. Whatever else the last box holds makes the answer unparsable; the
authors' script decides those by a coin (Guo et al., "Reward Reasoning Model", 2025, `RRM-evaluation`).
"""

from __future__ import annotations

import re

from tournament.judges.verdicts.grammar import UNPARSABLE, Grammar, Reading, decided

_BOX = "\\boxed{"
_NAME = re.compile(r"\s{0,8}(?:\\text(?:bf)?\{\s{0,8}Assistant\s{1,8}([12])\s{0,8}\}|Assistant\s{1,8}([12]))\s{0,8}")


class BoxedGrammar(Grammar):
    """The last box names the better assistant; there are no ties."""

    name = "boxed"
    labels = ("1", "2")
    cue = "\\boxed{Assistant"
    endings = (" 1}", " 2}")
    spoken = re.compile(r"\\boxed\{(?=\s*+(?:\\text(?:bf)?\{\s*+)?Assistant)", re.IGNORECASE)

    def find(self, answer: str) -> Reading:
        """What the last box says."""
        start = answer.rfind(_BOX)
        end = _closing(answer, start + len(_BOX)) if start >= 0 else None
        if end is None:
            return UNPARSABLE
        found = _NAME.fullmatch(answer, start + len(_BOX), end)
        if found is None:
            return UNPARSABLE
        group = 1 if found[1] else 2
        return decided(found[group] == self.labels[0], found.start(group))

    def without_verdict(self, answer: str) -> str:
        """The text before the last box, and before other boxes that it would end in then."""
        start = answer.rfind(_BOX)
        while start >= 0:
            answer = answer[:start].rstrip()
            start = answer.rfind(_BOX)
            if start >= 0 and _closing(answer, start + len(_BOX)) != len(answer) - 1:
                break
        return answer.rstrip()


def _closing(text: str, start: int) -> int | None:
    """Where the brace opened just before `start` closes."""
    depth = 1
    for index in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if not depth:
            return index
    return None
