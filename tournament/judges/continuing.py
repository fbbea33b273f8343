"""How a judge's turn begins: empty, with an open think block, or with its own earlier words and a cue to go on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tournament.judges.neutralise import neutralise_own
from tournament.judges.verdicts import THINK_END, THINK_START, Grammar
from tournament.judges.wording import Wording
from tournament.types import Judgment

_OPEN = f"{THINK_START}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The text that stands at the start of the judge's turn before it speaks.

    `spoken` is the part of it that belongs to the words a verdict is read from: an open think block, and what the judge
    said after the last cue. `thinks` says that the block is open.
    """

    text: str = ""
    spoken: str = ""
    thinks: bool = False

    def followed_by(self, text: str) -> Opening:
        """The opening with words of this turn after it."""
        return replace(self, text=self.text + text, spoken=self.spoken + text)


def opening(earlier: Judgment | None, wording: Wording, *, thinks: bool) -> Opening:
    """How the turn begins: `thinks` opens a think block; an earlier judgment's words are put back, with the cue.

    The words come back without their verdict. Where they hold thinking, they come back without its end too and the
    block stays open, so that the judge goes on with the thought itself.
    """
    if earlier is None:
        return Opening(text=_OPEN, spoken=_OPEN, thinks=True) if thinks else Opening()
    words, thought = own_words(earlier, wording.grammar)
    start = _OPEN if thinks or thought else ""
    return Opening(text=f"{start}{words}\n\n{wording.rethink}\n", spoken=start, thinks=bool(start))


def own_words(earlier: Judgment, grammar: Grammar) -> tuple[str, bool]:
    """What a judge said, without the end of its thinking and its verdict, and whether that is its thinking.

    The words are neutralised: a judge that wrote `<|im_end|>` as plain text must not end its turn when read again.
    Nothing else at their beginning is changed, so that they are found in the prefix cache.
    """
    thinking, end, _ = earlier.text.rpartition(THINK_END)
    thought = bool(end) or THINK_START in earlier.text
    words = thinking if end else earlier.text
    if not thought:
        words = grammar.without_verdict(words)
    elif words.startswith(_OPEN):
        words = words.removeprefix(_OPEN)
    else:
        words = words.lstrip().removeprefix(THINK_START).lstrip()
    return neutralise_own(words.rstrip()), thought
