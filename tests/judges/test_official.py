"""The authors' own words: found in a model card by their hash, kept, and never taken for anything else."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tournament.errors import InputError, UsageError
from tournament.judges.official import Claim, claims_of, keep, kept, kept_file, words_in
from tournament.judges.wording import load_wording
from tournament.locate import config_file, config_names

# Made up for these tests; no model's authors wrote them.
SYSTEM = 'You weigh two pears.\n\nSay "left" or "right".\t\\boxed{Pear 1}'
HEAD, TAIL = "### Pears\n{query}\n", "\n\u00e9nd of the pears.\n"
CARD = '''# A model
Some words.

```bash
pip install pears
```

```python
from pears import weigh

SYSTEM = (
    "You weigh two pears.\\n\\n"
    'Say "left" or "right".\\t'
    "\\\\boxed{Pear 1}"
)
HEAD = """### Pears
{query}
"""

def prompt(first, second):
    return HEAD + f"{first} {second}" + """
\u00e9nd of the pears.
"""
```
'''


def claim(text: str) -> Claim:
    return Claim(characters=len(text), sha256=hashlib.sha256(text.encode()).hexdigest())


CLAIMS = {"system": (claim(SYSTEM),), "user": (claim(HEAD), claim(TAIL))}
WORDS = {"system": SYSTEM, "user": HEAD + TAIL}


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOURNEY_CONFIG", str(tmp_path / "own"))


def written(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def notebook(*cells: tuple[str, str | list[str]]) -> str:
    return json.dumps({"cells": [{"cell_type": kind, "source": source} for kind, source in cells]})


def only(text: str, code: str, tmp_path: Path) -> dict[str, str] | None:
    """What is found for one claimed text in a model card that holds this code."""
    return words_in(written(tmp_path, "README.md", f"```python\n{code}\n```\n"), {"user": (claim(text),)})


def test_a_claim_fits_its_text_and_no_other() -> None:
    assert claim("pear").fits("pear")
    assert not claim("pear").fits("peaR")
    assert not Claim(characters=5, sha256=claim("pear").sha256).fits("pear")


def test_a_table_of_claims_is_read() -> None:
    part = {"characters": 1, "sha256": "x"}
    assert claims_of({"model_card": "a/b", "system": [], "user": [part, part]}) == {
        "user": (Claim(characters=1, sha256="x"),) * 2
    }
    assert claims_of({}) == {}


def test_both_messages_are_taken_out_of_a_model_card(tmp_path: Path) -> None:
    card = written(tmp_path, "README.md", CARD)
    assert words_in(card, CLAIMS) == WORDS
    assert words_in(tmp_path, CLAIMS) == WORDS
    assert words_in(written(tmp_path, "windows.md", CARD.replace("\n", "\r\n")), CLAIMS) == WORDS


def test_a_script_and_a_notebook_hold_them_too(tmp_path: Path) -> None:
    code = CARD.partition("```python\n")[2].partition("```")[0]
    assert words_in(written(tmp_path, "demo.py", code), CLAIMS) == WORDS
    lines = code.splitlines(keepends=True)
    cells: list[tuple[str, str | list[str]]] = [
        ("markdown", "# x"),
        ("code", ["%pip install pears\n", "!ls\n", *lines]),
        ("code", "%%bash\nrm x"),
        ("raw", ""),
    ]
    assert words_in(written(tmp_path, "demo.ipynb", notebook(*cells)), CLAIMS) == WORDS
    assert words_in(written(tmp_path, "whole.ipynb", notebook(("code", code))), CLAIMS) == WORDS


def test_a_folder_is_looked_through_file_by_file(tmp_path: Path) -> None:
    written(tmp_path, "README.md", "# nothing here")
    written(tmp_path, "usage.md", f"~~~\nx = {HEAD!r}\n~~~\n")
    written(tmp_path, "demo.py", f"x = {TAIL!r}")
    assert words_in(tmp_path, CLAIMS) is None
    written(tmp_path, "demo.ipynb", notebook(("code", f"x = {SYSTEM!r}")))
    assert words_in(tmp_path, CLAIMS) == WORDS
    (tmp_path / "sub").mkdir()
    (tmp_path / "demo.py").rename(tmp_path / "sub" / "demo.py")
    assert words_in(tmp_path, CLAIMS) is None


@pytest.mark.parametrize(
    "code",
    [
        "x = 'a pear'",
        "x = 'a ' 'pear'",
        'x = "a\\x20pear"',
        'x = """a pear"""',
        "print(dict(a=['a pear']))",
        "def f():\n    'a pear'",
        "x = r'a pear'",
        "x = 'not it'\ny = 'a pear'",
        "x = '\\d'\ny = 'a pear'",
    ],
)
def test_a_literal_is_found_however_it_is_written(code: str, tmp_path: Path) -> None:
    assert only("a pear", code, tmp_path) == {"user": "a pear"}


@pytest.mark.parametrize(
    "code",
    [
        "",
        "a pear",
        "# 'a pear'",
        "x = f'a {kind}'",
        "x = f'a pear {kind}'",
        "x = 'a ' + 'pear'",
        "x = 'a {}'.format('pear')",
        "x = b'a pear'",
        "x = 'a Pear'",
        "x = ' a pear'",
        "x = '''a pear\n'''",
        "x = 'a pear' broken(",
        "x = 'a pear\x00'",
    ],
)
def test_nothing_else_is_taken_for_it(code: str, tmp_path: Path) -> None:
    assert only("a pear", code, tmp_path) is None


@pytest.mark.parametrize(
    "text", ["'a pear'", "x = 'a pear'\n", "    x = 'a pear'\n", "`x = 'a pear'`", "``\nx = 'a pear'\n``\n"]
)
def test_only_fenced_code_of_a_model_card_counts(text: str, tmp_path: Path) -> None:
    assert words_in(written(tmp_path, "README.md", text), {"user": (claim("a pear"),)}) is None


def test_code_that_is_no_python_hides_no_other(tmp_path: Path) -> None:
    deep = "(" * 50_000
    card = f"```\n$ run\n```\n\n````\nx = {deep}\n````\n\n```py title=x\nx = 'a pear'\n```\n"
    assert words_in(written(tmp_path, "README.md", card), {"user": (claim("a pear"),)}) == {"user": "a pear"}


def test_one_part_that_is_missing_leaves_nothing(tmp_path: Path) -> None:
    card = written(tmp_path, "README.md", CARD)
    other = Claim(characters=len(TAIL), sha256=claim("other").sha256)
    assert words_in(card, {**CLAIMS, "user": (claim(HEAD), other)}) is None
    assert words_in(card, {}) is None


def test_a_part_may_be_wanted_twice(tmp_path: Path) -> None:
    part = claim("a pear")
    card = written(tmp_path, "README.md", "```\n'a pear'\n```\n")
    assert words_in(card, {"system": (part,), "user": (part, part)}) == {"system": "a pear", "user": "a peara pear"}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"cells": 3}', '{"cells": [3]}', '{"cells": [{"cell_type": "code"}]}', "[" * 100_000, "\x00"],
)
@pytest.mark.parametrize("name", ["demo.ipynb", "README.md", "demo.py"])
def test_a_broken_file_holds_nothing(text: str, name: str, tmp_path: Path) -> None:
    assert words_in(written(tmp_path, name, text), CLAIMS) is None


def test_a_binary_file_holds_nothing_and_a_huge_one_is_refused(tmp_path: Path) -> None:
    binary = tmp_path / "weights.md"
    binary.write_bytes(bytes(range(256)) * 100)
    assert words_in(binary, CLAIMS) is None
    huge = tmp_path / "huge.md"
    with huge.open("wb") as stream:
        stream.truncate(9 << 20)
    with pytest.raises(InputError, match=r"huge\.md: is too large"):
        words_in(huge, CLAIMS)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.md: cannot be read"):
        words_in(tmp_path / "gone.md", CLAIMS)
    (tmp_path / "loop.md").symlink_to(tmp_path / "loop.md")
    with pytest.raises(InputError, match=r"loop\.md: cannot be read"):
        words_in(tmp_path / "loop.md", CLAIMS)


def test_words_are_kept_where_the_user_wants_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert kept("pears", CLAIMS) is None
    path = keep("pears", WORDS)
    assert path == kept_file("pears")
    assert path.is_relative_to(tmp_path / "own")
    assert kept("pears", CLAIMS) == WORDS
    assert kept("apples", CLAIMS) is None
    keep("pears", WORDS)
    monkeypatch.delenv("TOURNEY_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert kept_file("pears").is_relative_to(tmp_path / "xdg")
    assert kept("pears", CLAIMS) is None


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "null",
        "[]",
        "[" * 100_000,
        {},
        {"user": WORDS["user"]},
        {**WORDS, "other": ""},
        {**WORDS, "system": SYSTEM + " "},
        {**WORDS, "system": SYSTEM[:-1] + "!"},
        {**WORDS, "system": None},
        {**WORDS, "system": [SYSTEM]},
        {**WORDS, "user": TAIL + HEAD},
        {**WORDS, "user": HEAD},
        {**WORDS, "user": HEAD + TAIL + TAIL},
    ],
    ids=lambda stored: str(stored)[:20],
)
def test_words_that_were_tampered_with_are_not_taken(stored: Any) -> None:
    path = keep("pears", WORDS)
    path.write_text(stored if isinstance(stored, str) else json.dumps(stored), encoding="utf-8")
    assert kept("pears", CLAIMS) is None


def test_kept_bytes_that_are_no_text_are_not_taken() -> None:
    keep("pears", WORDS).write_bytes(b"\xff\xfe{")
    assert kept("pears", CLAIMS) is None


def test_a_folder_that_cannot_be_written_names_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOURNEY_CONFIG", os.fspath(written(tmp_path, "file", "")))
    with pytest.raises(UsageError, match="TOURNEY_CONFIG"):
        keep("pears", WORDS)


def test_the_shipped_template_fits_its_claim() -> None:
    template = config_file("prompts", "rm-r1-reasoning", "rm-r1-reasoning.txt")
    wording = load_wording("rm-r1-reasoning")
    assert len(template) == 508
    assert wording.official["user"][0].fits(template)
    assert wording.messages("{question}", "{answer_a}", "{answer_b}")[0].content == template


@pytest.mark.parametrize("name", config_names("prompts"))
def test_shipped_claims_are_whole(name: str) -> None:
    for parts in load_wording(name).official.values():
        for part in parts:
            assert part.characters > 0
            assert len(bytes.fromhex(part.sha256)) == 32
