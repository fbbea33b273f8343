"""How many tokens a text can come to, without the model's tokenizer."""

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
