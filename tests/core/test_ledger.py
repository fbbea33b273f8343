"""Nothing paid for is lost or paid twice: real SQLite files, good and bad."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.helpers import FAILED, FIRST, TIE, VOID
from tournament.errors import LedgerError
from tournament.judge import JudgeIdentity
from tournament.ledger import Ledger
from tournament.ledger_reader import Entry
from tournament.memory_ledger import MemoryLedger
from tournament.types import Comparison, Field, Judgment, Outcome

IDENTITY = JudgeIdentity(kind="k", label="l", model="m", revision="r", prompt_hash="h", settings={"t": 0.6})
FIELD = Field(problem_id="p", prompt="q", ids=("x", "y", "z"), texts=("a", "b", "c"), members=((0,), (1,), (2,)))
ASKED = Comparison(0, 1)


@contextmanager
def opened(path: Path) -> Iterator[Ledger]:
    ledger = Ledger(path)
    try:
        yield ledger
    finally:
        ledger.close()


def entry(key: bytes, judgment: Judgment, *, problem: str = "p", first: str = "x", second: str = "y") -> Entry:
    return Entry(key, problem, first, second, Comparison(0, 1, 3, 500), judgment)


def put(ledger: Ledger | MemoryLedger, *entries: Entry) -> None:
    asyncio.run(ledger.put(entries))


texts = st.text(st.characters(), max_size=40) | st.sampled_from(
    ["\ud800", "a\0b", "'; DROP TABLE judgments; --", "\U0010ffff"]
)
judgments = st.builds(
    Judgment,
    outcome=st.sampled_from([outcome for outcome in Outcome if outcome is not Outcome.FAILED]),
    p_first=st.none() | st.floats(0, 1),
    text=texts,
    detail=texts,
    prompt_tokens=st.integers(0, 1 << 40),
    completion_tokens=st.integers(0, 1 << 40),
    cached_tokens=st.integers(0, 1 << 40),
    seconds=st.floats(0, 1e6),
    thinking_tokens=st.integers(0, 1 << 40),
    cut=st.booleans(),
    label_mass=st.none() | st.floats(0, 1),
    p_cheap=st.none() | st.floats(0, 1),
).filter(lambda judgment: judgment.outcome is not Outcome.REFUSED or judgment.prompt_tokens > 0)


rows = st.dictionaries(st.binary(min_size=20, max_size=20), judgments, max_size=8)


@given(rows=rows, problem=texts, first=texts, second=texts)
def test_what_was_put_is_found_as_it_was(rows: dict[bytes, Judgment], problem: str, first: str, second: str) -> None:
    with TemporaryDirectory() as folder, opened(Path(folder) / "l") as ledger:
        put(ledger, *(entry(key, j, problem=problem, first=first, second=second) for key, j in rows.items()))
        assert ledger.find(list(rows)) == rows
        assert list(ledger.entries(f"not {problem}")) == []
        kept = {e.key: e for e in ledger.entries(problem)}
    assert {key: e.judgment for key, e in kept.items()} == rows
    assert all(e[1:4] == (problem, first, second) and e.comparison[2:4] == (3, 500) for e in kept.values())


def test_finds_many_and_only_what_is_asked_for(tmp_path: Path) -> None:
    keys = [i.to_bytes(20, "big") for i in range(1300)]
    with opened(tmp_path / "l") as ledger:
        put(ledger, *(entry(key, VOID._replace(prompt_tokens=i)) for i, key in enumerate(keys)))
        assert ledger.count() == len(list(ledger.entries())) == 1300
        found = ledger.find(keys[7:1290])
        assert [found.pop(key).prompt_tokens for key in keys[7:1290]] == list(range(7, 1290))
        assert found == {}
        assert ledger.find([b"?" * 20]) == {}
        assert ledger.find([]) == {}


@pytest.mark.parametrize("reopen", [False, True])
def test_a_failed_comparison_makes_room_and_a_paid_one_never_does(tmp_path: Path, reopen: bool) -> None:
    key = b"k" * 20
    ledger = Ledger(tmp_path / "l")
    for given_, kept in ((FAILED, {}), (FAILED, {}), (VOID, {key: VOID}), (FAILED, {key: VOID}), (TIE, {key: VOID})):
        put(ledger, entry(key, given_))
        if reopen:
            ledger.close()
            ledger = Ledger(tmp_path / "l")
        assert ledger.find([key]) == kept
        assert ledger.count() == 1
    ledger.close()


def test_a_ledger_in_memory_finds_likewise() -> None:
    ledger, key = MemoryLedger(), b"k" * 20
    put(ledger, entry(key, FAILED))
    assert ledger.find([key]) == {}
    put(ledger, entry(key, TIE))
    put(ledger, entry(key, FAILED))
    assert ledger.find([key, b"?" * 20]) == {key: TIE}
    ledger.close()


def test_closing_and_opening_keeps_everything(tmp_path: Path) -> None:
    for i in range(4):
        with opened(tmp_path / "l") as ledger:
            assert ledger.count() == i
            put(ledger, entry(bytes([i]) * 20, FIRST._replace(text=f"said {i}")))
    with opened(tmp_path / "l") as ledger:
        assert [ledger.find([bytes([i]) * 20])[bytes([i]) * 20].text for i in range(4)] == [
            f"said {i}" for i in range(4)
        ]


def test_many_who_put_at_once_are_all_answered(tmp_path: Path) -> None:
    async def go(ledger: Ledger) -> None:
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            for i in range(200):
                group.create_task(ledger.put([entry(i.to_bytes(20, "big"), VOID)]))

    with opened(tmp_path / "l") as ledger:
        asyncio.run(go(ledger))
        assert ledger.count() == 200


def test_who_is_cancelled_takes_nobody_along(tmp_path: Path) -> None:
    """The judgments of a caller that went away are kept, and the next ones too."""

    async def go(ledger: Ledger) -> None:
        for i in range(30):
            task = asyncio.create_task(ledger.put([entry(bytes([i]) * 20, VOID)]))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        async with asyncio.timeout(30):
            await ledger.put([entry(b"z" * 20, VOID)])

    with opened(tmp_path / "l") as ledger:
        asyncio.run(go(ledger))
        assert ledger.count() == 31


def test_a_judgment_that_cannot_be_kept_is_an_error_and_no_hang(tmp_path: Path) -> None:
    async def go(ledger: Ledger) -> None:
        async with asyncio.timeout(30):
            with pytest.raises(LedgerError, match="judgment cannot be kept"):
                await ledger.put([entry(b"k" * 20, VOID._replace(prompt_tokens=1 << 70))])
            await ledger.put([entry(b"z" * 20, VOID)])

    with opened(tmp_path / "l") as ledger:
        asyncio.run(go(ledger))
        assert ledger.count() == 1


@pytest.mark.parametrize("kind", ["disk", "memory"])
def test_a_pair_that_was_refused_unread_is_tried_again(tmp_path: Path, kind: str) -> None:
    """A server with a longer context may take what another would not; what was paid for stays refused."""
    unread, read = (VOID._replace(outcome=Outcome.REFUSED, prompt_tokens=tokens) for tokens in (0, 9))
    with opened(tmp_path / "l") if kind == "disk" else nullcontext(MemoryLedger()) as ledger:
        for key, judgment in ((b"a" * 20, unread), (b"b" * 20, read)):
            asyncio.run(ledger.put([entry(key, judgment)]))
        assert ledger.find([b"a" * 20, b"b" * 20]) == {b"b" * 20: read}
        asyncio.run(ledger.put([entry(b"a" * 20, VOID), entry(b"b" * 20, VOID)]))
        assert ledger.find([b"a" * 20])[b"a" * 20] == VOID


def test_a_ledger_of_version_1_is_read_and_extended(tmp_path: Path) -> None:
    path = tmp_path / "l"
    before, after = VOID._replace(text="old", outcome=Outcome.TIE, p_first=0.5), VOID._replace(text="new", cut=True)
    with opened(path) as ledger:
        put(ledger, entry(b"a" * 20, before))
    connection = sqlite3.connect(path)
    for column in ("thinking_tokens", "cut", "label_mass", "p_cheap"):
        connection.execute(f"ALTER TABLE judgments DROP COLUMN {column}")
    connection.execute("PRAGMA user_version=1")
    connection.close()
    with opened(path) as ledger:
        put(ledger, entry(b"b" * 20, after))
        assert ledger.find([b"a" * 20, b"b" * 20]) == {b"a" * 20: before, b"b" * 20: after}
        assert {kept.judgment for kept in ledger.entries()} == {before, after}


# Bad files


def refused(path: Path) -> str:
    with pytest.raises(LedgerError) as caught:
        Ledger(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def filled(path: Path, rows: int = 400) -> bytes:
    with opened(path) as ledger:
        put(ledger, *(entry(i.to_bytes(20, "big"), VOID._replace(text="x" * 500)) for i in range(rows)))
    assert not path.with_name(path.name + "-wal").exists()
    return path.read_bytes()


@pytest.mark.parametrize("size", [1, 50, 99, 100, 1000, 4096, 4097, 100_000])
def test_a_file_cut_off_is_refused(tmp_path: Path, size: int) -> None:
    path = tmp_path / "l.sqlite"
    data = filled(path)
    assert len(data) > 150_000
    path.write_bytes(data[:size])
    assert "move it away" in refused(path)
    assert path.read_bytes() == data[:size]


def test_a_file_that_is_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    path.write_text('{"this": "is no ledger"}\n' * 50)
    refused(path)


def test_damage_inside_is_told_when_it_is_met(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    data = bytearray(filled(path))
    data[8192:120_000] = b"\xff" * (120_000 - 8192)
    path.write_bytes(data)
    with pytest.raises(LedgerError, match="cannot be used"):
        _read_all(path)


def _read_all(path: Path) -> None:
    with opened(path) as ledger:
        ledger.find([i.to_bytes(20, "big") for i in range(400)])


def test_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    filled(path, 1)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=99")
    connection.close()
    assert "version 99" in refused(path)


def test_somebody_elses_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE judgments (id INTEGER)")
    connection.commit()
    connection.close()
    with pytest.raises(LedgerError), opened(path) as ledger:
        ledger.find([b"k" * 20])


@pytest.mark.parametrize("place", ["a folder", "nowhere"])
def test_a_place_for_no_file_is_refused(tmp_path: Path, place: str) -> None:
    refused(tmp_path if place == "a folder" else tmp_path / "missing" / "l.sqlite")


LOCKER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


@contextmanager
def child(code: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect

    def at_once(path: Path, **options: object) -> sqlite3.Connection:
        return connect(path, **{**options, "timeout": 0.05})  # type: ignore[call-overload, no-any-return]  # passed on

    monkeypatch.setattr(sqlite3, "connect", at_once)


def test_a_ledger_locked_by_another_program_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "l.sqlite"
    filled(path, 1)
    _impatient(monkeypatch)
    with child(LOCKER, path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        assert "locked by another program" in refused(path)
    with opened(path) as ledger:
        assert ledger.count() == 1


def test_a_lock_in_the_middle_is_told_to_who_puts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "l.sqlite"
    _impatient(monkeypatch)
    with opened(path) as ledger, child(LOCKER, path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        with pytest.raises(LedgerError, match="locked by another program"):
            put(ledger, entry(b"k" * 20, VOID))
        process.kill()
        process.wait()
        put(ledger, entry(b"k" * 20, VOID))
        assert ledger.count() == 1


WRITER = """
import asyncio, sys
from pathlib import Path
from tournament.ledger import Ledger
from tournament.ledger_reader import Entry
from tournament.types import Comparison, Judgment, Outcome

async def go(ledger):
    for number in range(1_000_000):
        judgment = Judgment(Outcome.DECIDED, 1.0, "words " * 200)
        await ledger.put([Entry(number.to_bytes(20, "big"), "p", "a", "b", Comparison(0, 1), judgment)])
        print(number, flush=True)

asyncio.run(go(Ledger(Path(sys.argv[1]))))
"""


@pytest.mark.parametrize("acknowledged", [1, 300, 1500])
def test_what_was_acknowledged_outlives_a_kill(tmp_path: Path, acknowledged: int) -> None:
    path = tmp_path / "l.sqlite"
    with child(WRITER, path) as process:
        assert process.stdout is not None
        for _ in range(acknowledged):
            last = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().splitlines()
        last = int(rest[-1]) if rest else last
    with opened(path) as ledger:
        keys = [number.to_bytes(20, "big") for number in range(last + 1)]
        assert len(ledger.find(keys)) == last + 1
        put(ledger, entry(b"z" * 20, VOID))


def test_a_kill_while_the_log_is_moved_into_the_file_loses_nothing(tmp_path: Path) -> None:
    """SQLite writes the first page, which counts them all, before it adds the last: the log still has the others."""
    path, killed = tmp_path / "l.sqlite", tmp_path / "killed.sqlite"
    with opened(path) as ledger:
        put(ledger, *(entry(i.to_bytes(20, "big"), VOID._replace(text="x" * 500)) for i in range(200)))
        shutil.copy(path, killed)
        shutil.copy(f"{path}-wal", f"{killed}-wal")
    short, whole = killed.read_bytes(), path.read_bytes()
    assert len(short) < len(whole)
    killed.write_bytes(whole[:4096] + short[4096:])
    with opened(killed) as ledger:
        assert ledger.count() == 200


def test_one_run_at_a_time_and_the_first_judgment_stays(tmp_path: Path) -> None:
    one_key, other_key = b"1" * 20, b"2" * 20
    with opened(tmp_path / "l") as one:
        put(one, entry(one_key, VOID))
        assert "another tourney is using this ledger" in refused(tmp_path / "l")
    with opened(tmp_path / "l") as other:
        put(other, entry(other_key, VOID), entry(one_key, TIE))
        assert other.find([one_key, other_key]) == {one_key: VOID, other_key: VOID}
