"""Arithmetic statements in a text, recomputed exactly: no evaluation of code, linear in the length of the text."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

_TEXT = 50_000
_STATEMENT = 200
_TOKENS = 60
_DEPTH = 20
_TOKEN = re.compile(r"\s*(?:(\d{1,3}(?:,\d{3})+(?:\.\d{1,12})?|\d{1,15}(?:\.\d{1,12})?|\.\d{1,12})(\s?%)?|([-+*/()]))")
_STATED = re.compile(r"\s*\$?\s*(-?)\s*\$?\s*(\d{1,3}(?:,\d{3})+|\d{1,15})?(\.\d{1,12})?(\s?%)?")
_EXPRESSION = frozenset("0123456789.,+-*/()% $")
_OPERATORS = str.maketrans({"\u00d7": "*", "\u00b7": "*", "\u00f7": "/", "\u2212": "-", "\u2013": "-"})
_TIMES = re.compile(r"(?<=[\d)%\s])[xX](?=[\s\d($])")
_LEADING = re.compile(r"^(?:[ ,+*/%)]|\.(?!\d)|- )+")
_UNIT_FRACTION = re.compile(r"\s*1\s*/\s*\d+\s*")
_ANNOTATION = re.compile(r"<<([^<>\n]{1,200})>>")


class Statement(NamedTuple):
    """One statement such as "16 - 3 = 13": how it reads, and whether it holds."""

    text: str
    right: bool


def statements(text: str) -> list[Statement]:
    """Every arithmetic statement of a text that can be recomputed, in order.

    GSM8K's calculator notes, `<<16-3=13>>`, are statements of their own and are looked through in the text around them.
    A stated number may be rounded to the digits it shows.
    """
    text = text[:_TEXT].translate(_OPERATORS)
    notes = _ANNOTATION.findall(text)
    found: list[Statement] = []
    for line in [*notes, *_ANNOTATION.sub("", text).splitlines()]:
        parts = _TIMES.sub("*", line).split("=")
        for left, right in pairwise(parts):
            statement = _check(left, right)
            if statement is not None:
                found.append(statement)
    return found


def _check(left: str, right: str) -> Statement | None:
    expression = _last_expression(left)
    stated = _STATED.match(right)
    if stated is None or not (stated[2] or stated[3]) or not any(sign in expression.lstrip("- ") for sign in "+-*/"):
        return None
    # "1/3 = 4" is a share of something that was named in words before it.
    value = None if _UNIT_FRACTION.fullmatch(expression) else evaluate(expression)
    if value is None:
        return None
    sign, whole, decimals, percent = stated.groups()
    claimed = Fraction((whole or "0").replace(",", "") + (decimals or "")) * (-1 if sign else 1)
    # Rounded to a whole number, or rounded or cut off after the decimals shown; twelve of them are floating point.
    slack = Fraction(51, 100) if not decimals else Fraction(101, 100) / 10 ** min(len(decimals) - 1, 9)
    holds = abs(value - claimed) <= slack or (percent is not None and abs(100 * value - claimed) <= slack)
    return Statement(f"{expression.strip()} = {stated[0].strip()}", holds)


def _last_expression(text: str) -> str:
    """The longest end of a text that can be part of an expression, from its first number, bracket or minus."""
    text = text[-_STATEMENT:]
    start = len(text)
    while start and text[start - 1] in _EXPRESSION:
        start -= 1
    return _LEADING.sub("", text[start:].replace("$", ""))


def evaluate(expression: str) -> Fraction | None:
    """The exact value of + - * / ( ) on decimal numbers and percentages; None where it is no such expression."""
    tokens: list[Fraction | str] = []
    position, expression = 0, expression.rstrip()
    while position < len(expression):
        match = _TOKEN.match(expression, position)
        if match is None or len(tokens) >= _TOKENS:
            return None
        if match[3]:
            tokens.append(match[3])
        else:
            value = Fraction(match[1].replace(",", ""))
            tokens.append(value / 100 if match[2] else value)
        position = match.end()
    try:
        value, rest = _sum(tokens, 0, 0)
    except (IndexError, ZeroDivisionError, ValueError):
        return None
    return value if rest == len(tokens) else None


def _sum(tokens: list[Fraction | str], at: int, depth: int) -> tuple[Fraction, int]:
    value, at = _product(tokens, at, depth)
    while at < len(tokens) and tokens[at] in ("+", "-"):
        other, after = _product(tokens, at + 1, depth)
        value, at = (value + other if tokens[at] == "+" else value - other), after
    return value, at


def _product(tokens: list[Fraction | str], at: int, depth: int) -> tuple[Fraction, int]:
    value, at = _factor(tokens, at, depth)
    while at < len(tokens) and tokens[at] in ("*", "/"):
        other, after = _factor(tokens, at + 1, depth)
        value, at = (value * other if tokens[at] == "*" else value / other), after
    return value, at


def _factor(tokens: list[Fraction | str], at: int, depth: int) -> tuple[Fraction, int]:
    token = tokens[at]
    if depth > _DEPTH:
        raise ValueError("too deep")
    if isinstance(token, Fraction):
        return token, at + 1
    if token == "-":  # noqa: S105  # a sign, not a secret
        value, at = _factor(tokens, at + 1, depth + 1)
        return -value, at
    if token != "(":  # noqa: S105  # a bracket, not a secret
        raise ValueError("an operator without a number before it")
    value, at = _sum(tokens, at + 1, depth + 1)
    if tokens[at] != ")":
        raise ValueError("a bracket that never closes")
    return value, at + 1
