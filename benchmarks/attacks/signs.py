"""Which signs of a prompt stand in it: what ends a section, what opens a role. It knows nothing of how they are broken.

A sign counts where a reader would see it: whatever its case, its blanks, its invisible characters and its script.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from benchmarks.attacks.texts import CYRILLIC, TOKENS
from tournament.judges.wording import Wording
from tournament.types import Message

_LATIN = {there: here for here, there in CYRILLIC.items()}
_BLANKS = re.compile(r"\s+")


def seen(text: str) -> str:
    """A text as a reader sees it: folded, without format characters, each run of blanks as one."""
    shown = "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cc", "Mn") or c.isspace())
    return _BLANKS.sub(" ", unicodedata.normalize("NFKC", shown).translate(_LATIN)).casefold()


def sections(wording: Wording) -> list[re.Pattern[str]]:
    """What marks a section of a wording: the lines of its user message that are no slot and no sentence."""
    lines = [line.strip() for line in wording.user.splitlines()]
    marks = dict.fromkeys(line for line in lines if line[:1] in "<[#" and line)
    if wording.name == "decisions":  # written by the server
        marks["Answer with the letter of one option only"] = None
    return [_pattern(mark) for mark in marks]


def _pattern(mark: str) -> re.Pattern[str]:
    folded = re.escape(seen(mark))
    return re.compile(folded[:-1] + r"[\s/>]" if mark.endswith(">") else folded)


def section_signs(wording: Wording, prompt: Sequence[Message]) -> Counter[str]:
    """How often each sign of a section stands in a prompt."""
    text = seen("\n".join(message.content for message in prompt))
    return Counter({pattern.pattern: len(pattern.findall(text)) for pattern in sections(wording)})


_TOKENS = [seen(token) for family in TOKENS.values() for token in family]


def role_signs(prompt: Sequence[Message]) -> Counter[str]:
    """How often each special token of any family stands in a prompt."""
    text = seen("\n".join(message.content for message in prompt))
    return Counter({token: text.count(token) for token in _TOKENS})
