"""The first pass: counts, the fingerprint, ids across the whole file."""

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tournament.errors import InputError
from tournament.records import Scan, read, scan

Write = Callable[..., Path]
CHAT = [{"role": "user", "content": "é?"}]
A = {"id": "a", "prompt": "1+1?", "candidates": ["2", "3", "2"], "reference": "2"}
B = {"id": "b", "prompt": CHAT, "candidates": [{"id": "x", "text": "ü"}, {"id": "y", "text": ""}]}


def test_counts(write: Write) -> None:
    third = {"prompt": "c", "candidates": ["x", "y"]}
    found = scan(write(A, B, third))
    assert found == Scan(
        problems=3,
        candidates=7,
        largest_field=2,
        fingerprint=found.fingerprint,
        fields={2: 3},
        share={2: 3},
    )
    assert scan(write(A, {"prompt": "c", "candidates": ["x"]})).fields == {1: 1, 2: 1}


def test_the_fingerprint_is_the_same_for_ever(write: Write) -> None:
    canonical = (
        b'["a","1+1?",[["0","2"],["1","3"],["2","2"]],"2"]',
        b'["b",[["user","\\u00e9?"]],[["x","\\u00fc"],["y",""]],null]',
    )
    total = sum(int(hashlib.sha256(line).hexdigest(), 16) for line in canonical)
    assert scan(write(A, B)).fingerprint == f"{total % 2**256:064x}"
    assert f"{total % 2**256:064x}" == "b4782ff8a74b3a7d571b3ec305512dcba1575ef8bddceaf0c518e28cf81df1b9"


def test_order_format_dialect_and_meta_do_not_change_the_fingerprint(write: Write) -> None:
    before = scan(write(A, B)).fingerprint
    rewritten = {
        "meta": {"k": 1},
        "note": "n",
        **B,
        "candidates": [{"text": "ü", "id": "x", "n": 1}, B["candidates"][1]],
    }
    loose = json.dumps(rewritten, ensure_ascii=False, separators=(" ,\t", " : ")).encode()
    assert scan(write(b"", loose + b"\r", A)).fingerprint == before
    responses = {"id": "a", "prompt": "1+1?", "responses": A["candidates"], "reference": 2}
    assert scan(write(responses, B)).fingerprint == before


def test_a_pair_has_the_fingerprint_of_its_canonical_form(write: Write) -> None:
    pair = {"id": "p", "prompt": "a", "chosen": "x", "rejected": "y"}
    texts = [{"id": "chosen", "text": "x"}, {"id": "rejected", "text": "y"}]
    canonical = {"id": "p", "prompt": "a", "candidates": texts}
    assert scan(write(pair)).fingerprint == scan(write(canonical)).fingerprint


@pytest.mark.parametrize(
    "change",
    [
        {"id": "c"},
        {"prompt": "1+1"},
        {"prompt": [{"role": "user", "content": "1+1?"}]},
        {"candidates": ["2", "3"]},
        {"candidates": ["3", "2", "2"]},
        {"candidates": ["2", "3", {"id": "z", "text": "2"}]},
        {"reference": "3"},
        {"reference": None},
    ],
)
def test_whatever_counts_changes_the_fingerprint(write: Write, change: dict[str, Any]) -> None:
    assert scan(write({**A, **change})).fingerprint != scan(write(A)).fingerprint


def test_a_repeated_id_names_both_lines(write: Write) -> None:
    path = write(A, b"", B, {**B, "id": "c"}, {**A, "prompt": "other"}, B)
    what = re.escape(f'{path}:5: id "a" was used on line 1 already; ids must be unique')
    with pytest.raises(InputError, match=f"^{what}$"):
        scan(path)


@pytest.mark.parametrize("first", [{**A, "id": 3}, {**A, "id": "3"}])
def test_numbers_and_defaults_clash_with_texts(write: Write, first: dict[str, Any]) -> None:
    with pytest.raises(InputError, match='2: id "3" was used on line 1 already'):
        scan(write(first, {**A, "id": 3}))
    anonymous = {"prompt": "a", "candidates": ["x"]}
    with pytest.raises(InputError, match='2: id "line-2" was used on line 1 already'):
        scan(write({**A, "id": "line-2"}, anonymous))


def test_equal_hashes_of_unequal_ids_are_no_repetition(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "_hash", lambda _: 7)
    assert scan(write(A, B)).problems == 2
    with pytest.raises(InputError, match='3: id "b" was used on line 2 already'):
        scan(write(A, B, B))


def test_a_strange_id_is_shown_on_one_line(write: Write) -> None:
    path = write({**A, "id": "\x1b[31m\n" + "x" * 500}, {**A, "id": "\x1b[31m\n" + "x" * 500})
    with pytest.raises(InputError) as caught:
        scan(path)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200 + len(str(path))


def test_progress_is_told_how_many_were_read(write: Write) -> None:
    told: list[int] = []
    scan(write(*({**A, "id": index} for index in range(2500))), progress=told.append)
    assert told == [1000, 2000, 2500]


def test_a_share_counts_those_problems_alone_that_are_taken(write: Write) -> None:
    rows = [{"id": f"p{i}", "prompt": "c", "candidates": [f"{j}" for j in range(i + 1)]} for i in range(4)]
    found = scan(write(*rows), takes=lambda name: name in ("p1", "p3"))
    assert found.share == {2: 1, 4: 1}
    assert found.fields == {1: 1, 2: 1, 3: 1, 4: 1}
