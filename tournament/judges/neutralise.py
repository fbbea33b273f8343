"""Text of prompts and candidates, made unable to open a role, end its section or speak as a special token.

Chat templates and tokenizers give some strings a meaning: `<|im_start|>`, `</think>`, `[INST]`, `<start_of_turn>`. A
space after the opening bracket takes that meaning away and leaves the text readable. Ordinary markup such as `<b>` or
`<div>` stays as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

# Full-width forms of the brackets count too: tokenizers that normalise turn them into the plain ones.
_OPEN, _CLOSE = "[<\uff1c\ufe64]", "[>\uff1e\ufe65]"
_SLASH, _BAR = "[/\uff0f]", "|\uff5c"
_WORDS = (
    "think|thinking|thought|reasoning|reflection|tool|tools|system|user|assistant|human|model|sys|"
    "s|bos|eos|pad|unk|mask|sep|cls|image|audio|video|question|answer|unused[0-9]{1,6}"
)
# In capitals only: `a[end]` and `x[mask]` are code.
_SQUARE_WORDS = "INST|THINK|IMG|AUDIO|ARGS|PREFIX|MIDDLE|SUFFIX|MASK|CLS|SEP|PAD|UNK|[A-Z]{1,16}(?:_[A-Z]{1,16}){1,4}"

# Every repetition has an upper bound, so the search is linear in the length of the text.
_SPECIAL = re.compile(
    f"(?i:{_OPEN}(?="
    rf"[{_BAR}][^\s{_BAR}]"  # <|im_start|> and whatever else begins like it
    rf"|{_SLASH}?(?:{_WORDS})\s{{0,8}}(?:{_SLASH}\s{{0,8}})?{_CLOSE}"  # </think>, <s>, <bos>
    rf"|{_SLASH}?[a-z][a-z0-9]{{0,31}}(?:_[a-z0-9]{{1,31}}){{1,7}}\s{{0,8}}{_CLOSE}"  # <start_of_turn>, </response_1>
    rf"|{_OPEN}{_SLASH}?sys{_CLOSE}"  # <<SYS>>
    f"))|[\\[\uff3b](?={_SLASH}?(?:{_SQUARE_WORDS})[\\]\uff3d])"  # [/INST], [TOOL_CALLS]
)
# A judge that names the sections of its prompt in its own turn does no harm.
_SPECIAL_BUT_SECTIONS = re.compile(rf"(?!</?(?:question|response_[12])>)(?:{_SPECIAL.pattern})")
# One character for one, so that a place in the plain form is the place in the text.
_PLAIN = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_SURROGATE = re.compile("[\ud800-\udfff]")
_THINK_END = "</think>"


def neutralise(text: str) -> str:
    """The text with a space put into every string that a template or tokenizer could take for its own.

    Doing it twice changes nothing more. Lone surrogates, which no server accepts, become U+FFFD.
    """
    return _broken(_SPECIAL, text)


@dataclass(frozen=True)
class Marks:
    """The strings that only a wording may write: headings of its sections, the words of a verdict.

    In whatever is shown, a blank after the first character takes their meaning away. Case and the number of blanks in
    them do not matter.
    """

    texts: tuple[str, ...] = ()

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        words = (r"\s++".join(re.escape(word) for word in text.split()) for text in self.texts)
        return re.compile("|".join(f"(?:{text})" for text in words) or r"(?!)", re.IGNORECASE)

    def broken(self, text: str) -> str:
        """The text with every mark in it broken; doing it twice changes nothing more."""
        return _broken(self._pattern, text)


def neutralise_own(text: str) -> str:
    """A judge's own words, made safe to put back into its turn; changed as little as can be, for the prefix cache."""
    return _broken(_SPECIAL_BUT_SECTIONS, text)


def _broken(pattern: re.Pattern[str], text: str) -> str:
    """The text with a blank after the first character of every match; full-width letters match as plain ones."""
    text = _SURROGATE.sub("\ufffd", text)
    places = [found.start() + 1 for found in pattern.finditer(text if text.isascii() else text.translate(_PLAIN))]
    return " ".join(text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True))


@lru_cache(maxsize=1024)
def response_only(text: str) -> str:
    """What a judge sees of a candidate: what follows its last `</think>`, neutralised.

    A candidate that opens a think block and never closes it keeps its whole text, since nothing says where the
    thinking ends.
    """
    return neutralise(text.rpartition(_THINK_END)[2].strip())
