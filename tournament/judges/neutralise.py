"""Text of prompts and candidates, made unable to open a role, end its section or speak as a special token.

Chat templates and tokenizers give some strings a meaning: `<|im_start|>`, `</think>`, `[INST]`, `<start_of_turn>`. A
space after the opening bracket takes that meaning away and leaves the text readable. Ordinary markup such as `<b>` or
`<div>` stays as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from tournament.judges.lookalikes import plain, without_carriers

_WORDS = (
    "think|thinking|thought|reasoning|reflection|tool|tools|system|user|assistant|human|model|sys|ai|"
    "s|bos|eos|pad|unk|mask|sep|cls|sop|eop|eoh|eoa|eom|image|audio|video|question|answer|filename|reponame|"
    "unused[0-9]{1,6}|mask:[0-9]{1,3}|(?:seed|minimax):[a-z_]{1,40}"
)
_SECTIONS = "question|response_[0-9]|turn_[a-z0-9_]{1,24}"
# In capitals only: `a[end]` and `x[mask]` are code.
_SQUARE_WORDS = (
    "INST|THINK|IMG|AUDIO|ARGS|PREFIX|MIDDLE|SUFFIX|[gs]?MASK|CLS|SEP|PAD|UNK|[A-Z]{1,16}(?:_[A-Z]{1,16}){1,4}"
)
_FALCON = "TITLE|ABSTRACT|INTRODUCTION|SUMMARY|COMMENT|ANSWER|QUESTION|DOMAIN|PREFIX|SUFFIX|MIDDLE"

# Every repetition has an upper bound, so the search is linear in the length of the text. What is searched is plain.
_SPECIAL = re.compile(
    "(?i:<(?="
    r"\|[^\s|]"  # <|im_start|> and whatever else begins like it
    r"|[^\s<>|]{1,40}\|>"  # <turn|>
    rf"|/?(?:{_WORDS})\s{{0,8}}(?:/\s{{0,8}})?>"  # </think>, <s>, <bos>
    rf"|/?(?:{_SECTIONS})[\s/]"  # </response_1 class="x">
    r"|/?(?:[a-z][a-z0-9]{0,31})?(?:_[a-z0-9]{1,31}){1,7}\s{0,8}>"  # <start_of_turn>, </response_1>, <_user>
    r"|</?sys>"  # <<SYS>>
    rf"))|\[(?=/?(?:{_SQUARE_WORDS})\])"  # [/INST], [TOOL_CALLS], [gMASK]
    r"|\[(?=(?i:\|(?:system|user|assistant|tool|human|ai|endofturn)\|\]))"  # EXAONE
    r"|\](?=[~!]{1,2}[a-z]~?[\[\]])|\[(?=e~\[)"  # MiniMax
    rf"|>(?=>(?:{_FALCON})<<)"
)
# A judge that names the sections of its prompt in its own turn does no harm.
_SPECIAL_BUT_SECTIONS = re.compile(rf"(?!</?(?:question|response_[12])>)(?:{_SPECIAL.pattern})")
_SURROGATE = re.compile("[\ud800-\udfff]")
_THINK_END = "</think>"


def neutralise(text: str) -> str:
    """The text with a space put into every string that a template or tokenizer could take for its own.

    Characters that look like others, and invisible ones between them, hide nothing. Doing it twice changes nothing
    more. Lone surrogates, which no server accepts, become U+FFFD, and so does a run of characters that only carry
    hidden text.
    """
    return broken(_SPECIAL, text)


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
        return broken(self._pattern, text)


def neutralise_own(text: str) -> str:
    """A judge's own words, made safe to put back into its turn; changed as little as can be, for the prefix cache."""
    return broken(_SPECIAL_BUT_SECTIONS, text)


def broken(pattern: re.Pattern[str], text: str) -> str:
    """The text with a blank after the first character of every place where its plain form matches."""
    text = without_carriers(_SURROGATE.sub("\ufffd", text))
    shape, places = plain(text)
    starts = (found.start() for found in pattern.finditer(shape))
    ends = [(start if places is None else places[start]) + 1 for start in starts]
    return " ".join(text[start:end] for start, end in zip([0, *ends], [*ends, len(text)], strict=True))


@lru_cache(maxsize=1024)
def response_only(text: str) -> str:
    """What a judge sees of a candidate: what follows its last `</think>`, neutralised.

    A candidate that opens a think block and never closes it keeps its whole text, since nothing says where the
    thinking ends.
    """
    return neutralise(text.rpartition(_THINK_END)[2].strip())
