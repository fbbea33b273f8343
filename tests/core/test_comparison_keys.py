"""Everything that changes a judgment changes its key, and nothing else does."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tournament.comparison_keys import Keys
from tournament.judge import JudgeIdentity
from tournament.types import Comparison, Field, Judgment, Message, Outcome

IDENTITY = JudgeIdentity(kind="k", label="l", model="m", revision="r", prompt_hash="h", settings={"t": 0.6})
FIELD = Field(problem_id="p", prompt="q", ids=("x", "y", "z"), texts=("a", "b", "c"), members=((0,), (1,), (2,)))
ASKED = Comparison(0, 1)
texts = st.text(st.characters(), max_size=40) | st.sampled_from(
    ["\ud800", "a\0b", "'; DROP TABLE judgments; --", "\U0010ffff"]
)


def key(
    comparison: Comparison = ASKED,
    *,
    identity: JudgeIdentity = IDENTITY,
    field: Field = FIELD,
) -> bytes:
    return Keys(identity, field).of(comparison)


THINKING = Judgment(Outcome.DECIDED, 1.0, text="so far")
OTHER_KEYS = {
    "kind": key(identity=replace(IDENTITY, kind="K")),
    "model": key(identity=replace(IDENTITY, model="M")),
    "revision": key(identity=replace(IDENTITY, revision="R")),
    "prompt template": key(identity=replace(IDENTITY, prompt_hash="H")),
    "settings": key(identity=replace(IDENTITY, settings={"t": 0.7})),
    "deterministic": key(identity=replace(IDENTITY, deterministic=True)),
    "reads the field": key(identity=replace(IDENTITY, reads_field=True)),
    "prompt": key(field=replace(FIELD, prompt="Q")),
    "chat prompt": key(field=replace(FIELD, prompt=(Message(role="user", content="q"),))),
    "system prompt": key(field=replace(FIELD, prompt=(Message(role="system", content="q"),))),
    "chat of two": key(
        field=replace(FIELD, prompt=(Message(role="user", content="q"), Message(role="user", content="")))
    ),
    "first": key(Comparison(2, 1)),
    "second": key(Comparison(0, 2)),
    "order": key(Comparison(1, 0)),
    "text": key(field=replace(FIELD, texts=("A", "b", "c"))),
    "repeat": key(Comparison(0, 1, 1)),
    "limit": key(Comparison(0, 1, 0, 100)),
    "other limit": key(Comparison(0, 1, 0, 1000)),
    "limit 0": key(Comparison(0, 1, 0, 0)),
    "continues": key(Comparison(0, 1, 0, None, THINKING)),
    "continues otherwise": key(Comparison(0, 1, 0, None, THINKING._replace(text="otherwise"))),
}


def test_whatever_changes_a_judgment_changes_its_key() -> None:
    assert len({*OTHER_KEYS.values(), key()}) == len(OTHER_KEYS) + 1
    assert {len(k) for k in OTHER_KEYS.values()} == {20}


def test_what_changes_no_judgment_changes_no_key() -> None:
    assert key(identity=replace(IDENTITY, label="another name")) == key()
    assert key(identity=replace(IDENTITY, settings={"b": 1, "a": 2})) == key(
        identity=replace(IDENTITY, settings={"a": 2, "b": 1})
    )
    assert key(field=replace(FIELD, problem_id="other", ids=("1", "2", "3"), members=((0, 3), (1,), (2,)))) == key()
    turned = replace(FIELD, texts=("c", "b", "a"))
    assert key(Comparison(2, 1), field=turned) == key()
    assert key(field=replace(FIELD, texts=("a", "b"))) == key()
    paid = THINKING._replace(seconds=9.0, completion_tokens=5)
    assert key(Comparison(0, 1, 0, None, paid)) == OTHER_KEYS["continues"]


def test_a_judge_that_repeats_itself_is_paid_once() -> None:
    sure = replace(IDENTITY, deterministic=True)
    assert key(Comparison(0, 1, 0), identity=sure) == key(Comparison(0, 1, 5), identity=sure)
    assert key(Comparison(0, 1), identity=sure) != key(Comparison(1, 0), identity=sure)


def test_a_judge_that_reads_the_field_is_paid_for_every_field() -> None:
    reader = replace(IDENTITY, reads_field=True)
    assert key(identity=reader) != key(identity=reader, field=replace(FIELD, texts=("a", "b", "d")))
    assert key(identity=reader) != key(identity=reader, field=replace(FIELD, texts=("a", "b")))
    assert key(identity=reader) == key(identity=reader, field=replace(FIELD, texts=("a", "b", "c")[:3], problem_id="o"))
    assert key(Comparison(0, 2), identity=reader) == key(
        Comparison(0, 1), identity=reader, field=replace(FIELD, texts=("a", "c", "b"))
    )


parts = st.tuples(texts, texts, texts, st.integers(0, 3), st.none() | st.integers(0, 3), st.none() | texts)


@given(one=parts, other=parts)
def test_keys_are_equal_only_where_everything_is(one: tuple[object, ...], other: tuple[object, ...]) -> None:
    def of(prompt: str, first: str, second: str, repeat: int, limit: int | None, said: str | None) -> bytes:
        field = replace(FIELD, prompt=prompt, texts=(first, second))
        continues = None if said is None else Judgment(Outcome.TIE, 0.5, said)
        return key(Comparison(0, 1, repeat, limit, continues), field=field)

    assert (of(*one) == of(*other)) == (one == other)  # type: ignore[arg-type]  # six parts, as drawn


@given(turns=st.lists(st.tuples(texts, texts), max_size=3), others=st.lists(st.tuples(texts, texts), max_size=3))
def test_chats_are_told_apart(turns: list[tuple[str, str]], others: list[tuple[str, str]]) -> None:
    one, other = (
        key(field=replace(FIELD, prompt=tuple(Message(role=r, content=c) for r, c in chat))) for chat in (turns, others)
    )
    assert (one == other) == (turns == others)
