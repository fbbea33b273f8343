"""Final answers: what a response ends in, and when two answers are the same.

Everything here is linear in the length of the text and never evaluates anything: responses are untrusted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

_TAIL = 4_000
_LONGEST = 300
_DIGITS = 60
_MARKED = re.compile(
    r"(?:^|\n)[ \t]*(?:####|A:|\**(?:final )?answer:?\**:?)[ \t]*([^\n]{1,300})"
    r"|\banswer (?:is|=|equals)[: ]{0,3}([^\n]{1,300})",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?<![\w.])[-+\u2212]?[$\u20ac\u00a3]?[ ]?(?:\d[\d,]{0,60}(?:\.\d{1,60})?|\.\d{1,60})"
    r"(?:[ ]?/[ ]?\d{1,30})?(?![\deE])[ ]?%?"
)
_FRACTION = re.compile(r"\\[dt]?frac\{(-?\d{1,30})\}\{(\d{1,30})\}")
_COMMAND = re.compile(r"\\(?:text|mathrm|mathbf|textbf|left|right|,|!)")
_LETTER = re.compile(r"\(?([A-Za-z])\)?[.):]?")
_CLEAN = str.maketrans(
    {"\u2212": "-", "\u00d7": "x", "\u00a0": " ", "*": None, "`": None, "$": None, "{": None, "}": None}
)


def final_answer(text: str) -> str | None:
    r"""The final answer that a response ends in, normalised; None where it names none.

    The last marked answer counts: `\boxed{...}`, `#### x`, `A: x`, `Answer: x`, `the answer is x`. Without a mark, the
    last number of the last line that is not empty counts.
    """
    tail = text[-_TAIL:]
    boxed = _last_boxed(tail)
    if boxed is not None:
        return normal(boxed)
    marked = None
    for match in _MARKED.finditer(tail):
        marked = match
    if marked is not None:
        return normal(_clause(marked[1] or marked[2]))
    lines = tail.rstrip().rsplit("\n", 1)
    numbers = _NUMBER.findall(lines[-1][-_LONGEST:])
    return normal(numbers[-1]) if numbers else None


def normal(answer: str) -> str | None:
    """An answer in one spelling: numbers as exact fractions, choices as a capital letter, other text in lower case."""
    plain = _COMMAND.sub("", _FRACTION.sub(r"\1/\2", answer[:_LONGEST])).replace("\\", "")
    plain = plain.rpartition("=")[2] or plain
    text = " ".join(plain.translate(_CLEAN).split()).strip(" .,:;!")
    if not text:
        return None
    value = number(text)
    if value is not None:
        return str(value)
    letter = _LETTER.fullmatch(text)
    if letter:
        return letter[1].upper()
    found = _NUMBER.findall(text)
    if len(found) == 1 or (found and _NUMBER.match(text)):
        value = number(found[0])
        if value is not None:
            return str(value)
    return text.casefold()


def number(text: str) -> Fraction | None:
    """A number written with commas, a currency sign, a percent sign or as a fraction; None for anything else.

    A percent sign is a unit here, not a division: "20%" and "20" answer the same question.
    """
    plain = re.sub(r"[\s,$%\u20ac\u00a3]", "", text.replace("\u2212", "-"))
    if len(plain) > _DIGITS or not re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)(/\d+)?", plain):
        return None
    top, _, bottom = plain.partition("/")
    below = Fraction(bottom) if bottom else Fraction(1)
    return Fraction(top) / below if below else None


def same(a: str | None, b: str | None) -> bool:
    """Whether two answers, as texts, are the same answer; None is the same as nothing."""
    return a is not None and b is not None and normal(a) is not None and normal(a) == normal(b)


def group(answers: Sequence[str | None]) -> list[int]:
    """A group number for each answer, equal for the same answer, by first appearance; -1 where there is none."""
    seen: dict[str, int] = {}
    groups = []
    for answer in answers:
        name = None if answer is None else normal(answer)
        groups.append(-1 if name is None else seen.setdefault(name, len(seen)))
    return groups


def _clause(text: str) -> str:
    """What comes before the end of the sentence: "42. Hence" is 42, but "4.2" stays."""
    return re.split(r"\.(?:\s|$)|[;!?](?:\s|$)", text.strip(), maxsplit=1)[0]


def _last_boxed(text: str) -> str | None:
    start = text.rfind("\\boxed{")
    if start < 0:
        return None
    depth, begin = 0, start + len("\\boxed")
    for position in range(begin, len(text)):
        depth += (text[position] == "{") - (text[position] == "}")
        if depth == 0:
            return text[begin + 1 : position]
    return None
