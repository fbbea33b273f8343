from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tournament.answers import final_answer, group, normal, number, same


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("first 3\nso A: 26", "26"),
        ("#### 1,200.00", "1200"),
        ("The answer is $26.50.", "53/2"),
        (r"thus \boxed{\frac{1}{2}}", "1/2"),
        (r"\boxed{3} no, \boxed{{4}}", "4"),
        (r"\boxed{\text{Paris}}", "paris"),
        ("Answer: (b)", "B"),
        ("**Answer:** 0.5", "1/2"),
        ("we get 3 * 4 = 12 apples", "12"),
        ("The answer is 42 dollars. Hence 7 are left", "42"),
        ("The answer is 4.5. Done", "9/2"),
        ("A: 20%", "20"),
        ("A: \u22125", "-5"),
        ("A: 3\nThe answer is 4.", "4"),
        ("no number here", None),
        ("", None),
        (r"\boxed{", None),
        ("A: 1e999999999", "1e999999999"),
    ],
)
def test_final_answers(text: str, answer: str | None) -> None:
    assert final_answer(text) == answer


@given(st.fractions(max_denominator=10**6).filter(lambda value: abs(value) < 10**12))
def test_a_number_is_one_answer_however_it_is_written(value: Fraction) -> None:
    whole = value.numerator
    written = [str(whole), f"{whole:,}", f"${whole:,}", f" {whole}.00 ", f"{whole}%", f"**{whole}**", f"{whole} apples"]
    for one in written:
        assert same(one, str(whole)), one
    assert same(str(value), f"{value.numerator} / {value.denominator}") or value.denominator == 1


@given(st.text(), st.text())
def test_sameness_is_reflexive_and_symmetric(a: str, b: str) -> None:
    assert same(a, b) == same(b, a)
    assert same(a, a) or normal(a) is None


@given(st.lists(st.one_of(st.none(), st.sampled_from(["1", "1.0", "2", "A", "(a)", ""]))))
def test_groups_are_the_classes_of_sameness(answers: list[str | None]) -> None:
    groups = group(answers)
    for i, one in enumerate(answers):
        for j, other in enumerate(answers):
            assert same(one, other) == (groups[i] == groups[j] >= 0)


def test_different_numbers_are_different() -> None:
    assert not same("12", "1.2")
    assert not same("1/3", "0.33")
    assert not same("-5", "5")
    assert not same(None, None)
    assert number("1/0") is None


@pytest.mark.parametrize(
    "text",
    ["9" * 1_000_000, "{" * 500_000, r"\boxed{" * 100_000, "answer is " * 100_000, "1," * 500_000, "=" * 1_000_000,
     "#### " + "1" * 10**6, "\\frac{" * 100_000, "1/" * 300_000, "A: " * 300_000],
)  # fmt: skip
def test_hostile_texts_end(text: str) -> None:
    final_answer(text)
    normal(text)
    same(text, text)


@given(st.text(alphabet="0123456789.,$%/-+*= AB:\\boxed{}\n#", max_size=200))
def test_an_answer_found_is_already_normal(text: str) -> None:
    answer = final_answer(text)
    assert answer is None or normal(answer) in (answer, None) or normal(normal(answer) or "") == normal(answer)
