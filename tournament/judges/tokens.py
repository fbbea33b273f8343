"""How many tokens a text can come to, without the model's tokenizer, and what answers have taken so far."""

from __future__ import annotations

import unicodedata

_CHARS_PER_TOKEN = 4
# Begin-of-text, the space that some tokenizers put in front, and the like.
_EXTRA_TOKENS = 8


def most_tokens(text: str) -> int:
    """An upper bound for any tokenizer that falls back to bytes: no token covers less than one byte.

    Some tokenizers normalise before they split, which can lengthen a text, so the longest form counts.
    """
    if text.isascii():
        return len(text) + _EXTRA_TOKENS
    forms = (text, unicodedata.normalize("NFC", text), unicodedata.normalize("NFKC", text))
    return max(len(form.encode("utf-8", "surrogatepass")) for form in forms) + _EXTRA_TOKENS


def likely_tokens(text: str) -> int:
    """A guess for ordinary text."""
    return len(text) // _CHARS_PER_TOKEN + 1


def capped(tokens: int, context: int | None) -> int:
    """Tokens, but no more than the model's context length holds, where that is known."""
    return tokens if context is None else min(tokens, context)


class RunningMean:
    """The mean length of the answers so far; before the first, half of what they may take."""

    def __init__(self) -> None:
        self._sum = 0
        self._count = 0

    def add(self, tokens: int) -> None:
        """Count one answer."""
        self._sum += tokens
        self._count += 1

    def expected(self, most: int) -> int:
        """The mean, but no more than `most`."""
        return min(most, round(self._sum / self._count) if self._count else most // 2)
