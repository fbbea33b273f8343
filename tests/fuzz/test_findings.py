"""What fuzzing and reading the code have found: each once broke a reader, and is one clear line now."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tournament import toml
from tournament.errors import LedgerError, UnknownNameError
from tournament.ledger import Ledger
from tournament.ledger_schema import SCHEMA, VERSION
from tournament.run_folder import as_written, differences
from tournament.runtime.events import LastEvent
from tournament.runtime.retry import retry_after

from . import readers

BIG = b"9" * 5000
TOML = {
    "thousands of digits": b"seed = " + BIG,
    "thousands of hexadecimal digits": b"seed = 0x" + b"f" * 5000,
    "a number that is no float": b"[budget.run]\nmoney = 1" + b"0" * 400,
    "nesting": b"a = " + b"[" * 3000,
    "no UTF-8": b"\xff\xfe",
}


@pytest.mark.parametrize("reader", ["config", "sweep", "simulation", "profile", "wording", "claimed config"])
@pytest.mark.parametrize("case", TOML)
def test_toml(case: str, reader: str) -> None:
    said = readers.refused(reader, TOML[case])
    assert said
    assert "\n" not in said
    assert len(said) < 1000


def test_toml_keeps_what_is_sound() -> None:
    text = "a = 9223372036854775807\nb = -9223372036854775808\nc = [{d = 1e300}]\n"
    assert toml.parse(text) == {"a": 2**63 - 1, "b": -(2**63), "c": [{"d": 1e300}]}
    with pytest.raises(toml.TomlError, match="64 bits"):
        toml.parse("a = [9223372036854775808]")


ROWS = {
    "null": b"null\n",
    "a list": b"[1]\n",
    "no keys": b"{}\n",
    "an id that is none": b'{"id": 5}\n',
    "nesting": b"[" * 100_000 + b"\n",
    "no UTF-8": b"\xff\xfe\n",
    "digits": BIG + b"\n",
    "nothing": b"",
}


@pytest.mark.parametrize(
    "name",
    [
        *("results", "comparisons", "summary", "point", "judges", "sweep summary", "sweep table"),
        *("drafts", "merged comparisons", "merged summary", "command", "merged judges"),
    ],
)
@pytest.mark.parametrize("case", ROWS)
def test_files_of_finished_runs(case: str, name: str) -> None:
    assert readers.refused(name, ROWS[case]) == ""  # the verbs end with a code; whatever they raise is raised here


@pytest.mark.parametrize("name", ["journal", "recorded", "problems", "gguf", "notebook"])
@pytest.mark.parametrize("case", [case for case in ROWS if case != "nothing"])
def test_other_files(case: str, name: str) -> None:
    readers.refused(name, ROWS[case])


@pytest.mark.parametrize(
    "header",
    [
        f"Wed, 21 Oct 2026 07:28:{'9' * 400} GMT",
        f"Wed, 21 Oct {'9' * 30} 07:28:00 GMT",
        "9" * 5000,
        "\x00",
        "-1",
        "0x1",
    ],
)
def test_retry_after(header: str) -> None:
    found = retry_after(header)
    assert found is None or found >= 0


def made(path: Path, *statements: str) -> Path:
    connection = sqlite3.connect(path)
    for statement in (SCHEMA, f"PRAGMA user_version={VERSION}", *statements):
        connection.execute(statement)
    connection.commit()
    connection.close()
    return path


ROW = (
    "INSERT INTO judgments (key, outcome, text, detail, prompt_tokens, completion_tokens, cached_tokens, seconds,"
    " problem, first, second, repeat) VALUES (x'00', {outcome}, {text}, '', 1, 1, 0, 0.5, {problem}, 'a', 'b', 0)"
)


@pytest.mark.parametrize(
    "row",
    [
        ROW.format(outcome="'no such outcome'", text="''", problem="'p'"),
        ROW.format(outcome="'tie'", text="7", problem="5"),
        ROW.format(outcome="'tie'", text="x'ff'", problem="'p'"),
        ROW.format(outcome="'tie'", text="CAST(x'ff' AS TEXT)", problem="'p'"),
    ],
    ids=["outcome", "a number", "bytes", "no UTF-8"],
)
def test_rows_that_no_tourney_wrote(row: str, tmp_path: Path) -> None:
    ledger = Ledger(made(tmp_path / "l.sqlite", row))
    try:
        with_trouble = 0
        for read in (lambda: ledger.find([b"\0"]), lambda: list(ledger.entries())):
            try:
                read()
            except LedgerError:
                with_trouble += 1
        assert with_trouble or "7" in row
    finally:
        ledger.close()


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON judgments BEGIN DELETE FROM judgments; END",
        "CREATE VIEW v AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n",
    ],
)
def test_a_ledger_runs_nothing(statement: str, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="views or triggers"):
        Ledger(made(tmp_path / "l.sqlite", statement))


def test_a_stream_that_comes_byte_by_byte_is_read_once() -> None:
    heard: list[int] = []
    events = LastEvent(lambda: heard.append(1))
    whole = b"data: " + b"x" * 300_000 + b"\n\ndata: [DONE]\n"
    for place in range(len(whole)):
        events.feed(whole[place : place + 1])
    assert (events.ended, len(events.data), heard) == (True, 300_000, [1])


def test_names_in_messages_are_short() -> None:
    assert len(str(UnknownNameError("key", "x" * 100_000, ["a"]))) < 300
    old = {f"{'k' * 1000}{number}": number for number in range(500)}
    assert len("; ".join(differences(old, {}))) < 6000


def test_a_terminal_that_cannot_show_a_letter_is_no_damaged_file(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError), as_written(tmp_path):
        "\u00e9".encode("ascii")
