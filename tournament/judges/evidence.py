"""What can be seen about a candidate without a language model: named pieces of evidence, each a number and words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from tournament.answers import final_answer, group
from tournament.judges.arithmetic import statements
from tournament.types import Field

_TEXT = 50_000
_NUMBER = re.compile(r"(?<![\w.])(\d{1,3}(?:,\d{3})+(?:\.\d{1,12})?|\d{1,15}(?:\.\d{1,12})?)(?![\d])")
_WORD = re.compile(r"[a-z]+")
_COUNTS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_WORDS = {
    **{word: Fraction(value) for value, word in enumerate(_COUNTS)},
    **{"dozen": Fraction(12), "twenty": Fraction(20), "thirty": Fraction(30), "forty": Fraction(40)},
    **{"fifty": Fraction(50), "hundred": Fraction(100), "half": Fraction(1, 2)},
    **{"twice": Fraction(2), "double": Fraction(2), "triple": Fraction(3)},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was seen about each entrant of a field.

    Attributes:
        answers: The final answer of each, None where it names none.
        groups: Equal numbers for equal answers, -1 for none.
        wrong: The first arithmetic statement of each that does not hold, "" where all do.
        unused: The numbers of the question that each leaves out, as text.
        used: The share of the question's numbers that each uses.
    """

    answers: tuple[str | None, ...]
    groups: tuple[int, ...]
    wrong: tuple[str, ...]
    unused: tuple[tuple[str, ...], ...]
    used: tuple[float, ...]

    @property
    def comparable(self) -> bool:
        """Whether at least two entrants end in a final answer."""
        return sum(number >= 0 for number in self.groups) > 1

    def agreement(self, one: int, other: int) -> tuple[float, float]:
        """The shares of the remaining entrants that end in the answer of `one` and of `other`."""
        rest = [number for i, number in enumerate(self.groups) if i not in (one, other)]
        count = max(len(rest), 1)
        own, its = self.groups[one], self.groups[other]
        return (own >= 0) * rest.count(own) / count, (its >= 0) * rest.count(its) / count

    def features(self, first: int, second: int) -> tuple[float, float, float]:
        """Agreement, arithmetic and use of numbers, first less second."""
        mine, its = self.agreement(first, second)
        slips = float(bool(self.wrong[second])) - float(bool(self.wrong[first]))
        return mine - its, slips, self.used[first] - self.used[second]


def gather(field: Field) -> Evidence:
    """Look at every entrant of a field once."""
    answers = tuple(final_answer(text) for text in field.texts)
    asked = _numbers(_question(field))
    seen = [_numbers(text) for text in field.texts]
    unused = tuple(tuple(sorted(str(n) for n in asked - numbers)) for numbers in seen)
    return Evidence(
        answers=answers,
        groups=tuple(group(answers)),
        wrong=tuple(next((s.text for s in statements(text) if not s.right), "") for text in field.texts),
        unused=unused,
        used=tuple(1.0 - len(left) / len(asked) if asked else 0.0 for left in unused),
    )


def _question(field: Field) -> str:
    if isinstance(field.prompt, str):
        return field.prompt
    return "\n".join(message.content for message in field.prompt if message.role == "user")


def _numbers(text: str) -> frozenset[Fraction]:
    text = text[:_TEXT].lower()
    digits = {Fraction(found.replace(",", "")) for found in _NUMBER.findall(text)}
    return frozenset(digits | {_WORDS[word] for word in _WORD.findall(text) if word in _WORDS})
