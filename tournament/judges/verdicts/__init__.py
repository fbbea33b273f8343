"""Verdict grammars, one for each family of judges, by name."""

from __future__ import annotations

from collections.abc import Mapping

from tournament.errors import UnknownNameError
from tournament.judges.verdicts.boxed import BoxedGrammar
from tournament.judges.verdicts.grammar import THINK_END, THINK_START, Grammar, Reading, read_verdict
from tournament.judges.verdicts.letter import LetterGrammar
from tournament.judges.verdicts.line import LineGrammar

GRAMMARS: Mapping[str, Grammar] = {
    grammar.name: grammar for grammar in (LineGrammar(), BoxedGrammar(), LetterGrammar())
}

__all__ = ["GRAMMARS", "THINK_END", "THINK_START", "Grammar", "Reading", "grammar", "read_verdict"]


def grammar(name: str) -> Grammar:
    """The grammar of that name.

    Raises:
        UnknownNameError: where there is none of that name.
    """
    if name not in GRAMMARS:
        raise UnknownNameError("verdict grammar", name, GRAMMARS)
    return GRAMMARS[name]
