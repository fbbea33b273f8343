"""Text as a reader sees it: look-alikes of ASCII as ASCII, without what is invisible; and text that nobody sees.

A tokenizer may normalise before it looks for special tokens, and a language model reads `</response_1>` much as it
reads the real one where a letter of it is Cyrillic, or where blanks of no width stand in it. Signs are looked for in
the plain form, and broken in the text itself, which keeps every character that languages and emoji need.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Unicode's default ignorable characters, and controls other than blanks: they show nothing.
_HIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]+"
)
# Tags spell ASCII that no person sees and that models read; only the flags of three countries are written with them.
# Two variation selectors in a row belong to no character: they carry bytes.
_TAGS = {"gbeng", "gbsct", "gbwls"}
_FLAGS = "|".join("\U0001f3f4" + "".join(chr(0xE0000 + ord(c)) for c in name) + "\U000e007f" for name in sorted(_TAGS))
_CARRIERS = re.compile(f"({_FLAGS})|[\U000e0000-\U000e007f]+|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{{2,}}")
# Where single characters have ASCII as their compatibility form.
_COMPATIBLE = ((0x80, 0x3400), (0xFB00, 0x10000), (0x1D400, 0x1D800), (0x1F100, 0x1F1E0), (0x1FBF0, 0x1FBFA))
# Letters of other scripts and signs that look like ASCII: each group is an ASCII character and its look-alikes.
_LOOKS = (
    "a\u0430\u0251\u03b1 b\u042c\u0185 c\u0441\u03f2 d\u0501 e\u0435\u04bd g\u0261\u0581 h\u04bb\u0570 "
    "i\u0456\u03b9\u0131 j\u0458\u03f3 k\u043a\u03ba l\u04cf m\u043c n\u0578\u043f o\u043e\u03bf\u0585 "
    "p\u0440\u03c1 q\u051b r\u0433\u1d26 s\u0455\ua731 t\u0442\u03c4 u\u03c5\u057d\u0446 v\u03bd\u0475 "
    "w\u051d\u0461 x\u0445\u03c7 y\u0443\u03b3\u04af z\u1d22 A\u0410\u0391 B\u0412\u0392 C\u0421 E\u0415\u0395 "
    "H\u041d\u0397 I\u0406\u04c0 J\u0408 K\u041a\u039a M\u041c\u039c N\u039d O\u041e\u039f P\u0420\u03a1 S\u0405 "
    "T\u0422\u03a4 U\u054d V\u0474 X\u0425\u03a7 Y\u0423\u03a5\u04ae Z\u0396 "
    "<\u2039\u2329\u3008\u27e8\u276e\u276c\u02c2\u1438 >\u203a\u232a\u3009\u27e9\u276f\u276d\u02c3\u1433 "
    "/\u2044\u2215\u2571\u29f8 \\\u2216\u29f5\u29f9 |\u2223\u2502\u2503\u01c0\u2758 '\u2019\u2018\u02bc\u2032 "
    ":\u2236\ua789\u02d0 _\u2017"
)


def without_carriers(text: str) -> str:
    """The text with every run of characters that only carry hidden text as one U+FFFD; flags and emoji stay."""
    return text if text.isascii() else _CARRIERS.sub(lambda run: run[1] or "\ufffd", text)


def plain(text: str) -> tuple[str, list[int] | None]:
    """The text without what is invisible, look-alikes as ASCII, and the place of each of its characters in the text.

    The places are None where each is its own.
    """
    if _HIDDEN.search(text) is None:
        return (text if text.isascii() else text.translate(_table())), None
    places: list[int] = []
    end = 0
    for hidden in _HIDDEN.finditer(text):
        places.extend(range(end, hidden.start()))
        end = hidden.end()
    places.extend(range(end, len(text)))
    return "".join([text[place] for place in places]).translate(_table()), places


@lru_cache(maxsize=1)
def _table() -> dict[int, int]:
    """ASCII by the code of each look-alike; one character for one, so that places stay what they are."""
    table = {ord(like): ord(group[0]) for group in _LOOKS.split() for like in group[1:]}
    for start, end in _COMPATIBLE:
        for code in range(start, end):
            form = unicodedata.normalize("NFKC", chr(code))
            if len(form) == 1 and "!" <= form <= "~":
                table[code] = ord(form)
    return table
