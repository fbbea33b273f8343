"""The checker notices what it is there for: a judgment that is lost, paid twice, or over the budget."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benchmarks.faults.checker import Account, check, read_ledger, read_log, sum_up
from benchmarks.faults.damage import lengths
from benchmarks.faults.run import report
from benchmarks.faults.session import Ended, Row, shortened

NONE: Counter[str] = Counter()


def answered(*pairs: str, how: str = "judgment", tokens: int = 10, status: int = 200) -> list[dict[str, Any]]:
    notes: list[dict[str, Any]] = []
    for pair in pairs:
        notes.append({"what": "received", "pair": pair})
        notes.append({"what": "ended", "pair": pair, "how": how, "tokens": tokens, "status": status})
    return notes


def test_a_session_in_order_is_clean() -> None:
    account = check(NONE, sum_up(answered("a", "b")), Counter("ab"), killed=False, limit=20)
    assert account == Account()
    assert account.clean


def test_an_answer_that_is_not_in_the_ledger_is_lost() -> None:
    seen = sum_up(answered("a", "b"))
    assert check(NONE, seen, Counter("a"), killed=False).lost == 1
    assert check(NONE, seen, Counter("a"), killed=True).lost == 0


@pytest.mark.parametrize("killed", [False, True])
def test_a_row_that_is_gone_is_lost_whatever_happened(killed: bool) -> None:
    assert check(Counter("ab"), sum_up([]), Counter("a"), killed=killed).lost == 1


def test_what_is_asked_again_is_paid_twice() -> None:
    assert check(Counter("a"), sum_up(answered("a")), Counter("a"), killed=False).paid_twice == 1
    assert check(NONE, sum_up(answered("a", "a")), Counter("a"), killed=False).paid_twice == 1


@pytest.mark.parametrize("how", ["broken", "worthless"])
def test_what_held_no_judgment_may_be_asked_again(how: str) -> None:
    seen = sum_up(answered("a", how=how) + answered("a"))
    assert check(NONE, seen, Counter("a"), killed=False) == Account()
    assert (seen.apart, seen.worthless) == ((1, 0) if how == "broken" else (0, 1))


def test_one_token_over_the_limit_is_noticed() -> None:
    seen = sum_up(answered("a", "b"))
    assert check(NONE, seen, Counter("ab"), killed=False, limit=19).overrun == 1


def test_a_key_at_another_host_is_noticed() -> None:
    seen = sum_up([{"what": "stray", "key": True}, {"what": "stray", "key": False}])
    assert (seen.strays, seen.leaked) == (2, 1)


def test_a_log_is_read_from_where_it_was_left(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert read_log(log) == (sum_up([]), 0)
    log.write_text('{"what": "fault"}\n{"what": "received", "pair": "a"}\n')
    assert read_log(log)[0].hits == 1
    assert read_log(log, 1)[0] == sum_up([{"what": "received", "pair": "a"}])


def test_a_ledger_is_read_without_touching_it(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    assert read_ledger(path) == NONE
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("CREATE TABLE judgments (problem, first, second, outcome, prompt_tokens)")
    for cells in ("'c1', 'c2', 'decided', 9", "'c1', 'c3', 'failed', 9", "'c2', 'c3', 'refused', 0"):
        writer.execute(f"INSERT INTO judgments VALUES ('p0', {cells})")
    before = {file: file.read_bytes() for file in tmp_path.iterdir() if not file.name.endswith("-shm")}
    assert read_ledger(path) == Counter({"p0 c1 c2": 1})
    assert {file: file.read_bytes() for file in before} == before
    writer.close()


def test_a_damaged_ledger_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 500)
    assert read_ledger(path) == NONE


@pytest.mark.parametrize("what", ["lost", "paid_twice", "overrun", "troubles", "survived"])
def test_one_flaw_fails_the_whole_table(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = Row(name="good", tries=2, survived=2), Row(name="bad", tries=2, survived=2)
    assert report([good, bad]) == 0
    setattr(bad, what, ["traceback"] if what == "troubles" else 1)
    assert report([good, bad]) == 1
    assert "bad" in capsys.readouterr().out


def test_a_traceback_is_told_by_its_last_line() -> None:
    err = "Traceback (most recent call last):\n  File x\nOSError: [Errno 28] No space left\ntourney: error: no room\n"
    ended = Ended(code=1, out="", err=err)
    assert ended.tracebacks == ["traceback: OSError: [Errno 28] No space left"]
    assert ended.message == "tourney: error: no room"
    assert Ended(code=0, out="", err="").tracebacks == []


def test_messages_lose_what_differs_from_machine_to_machine() -> None:
    assert shortened("tourney: error: /tmp/x-1/run/ledger.sqlite: cut") == "error: ledger.sqlite: cut"
    assert shortened("tourney: http://127.0.0.1:4567 is gone") == "http://HOST is gone"


@pytest.mark.parametrize("size", [200, 8192, 50_000])
def test_a_file_is_cut_at_every_kind_of_place(size: int) -> None:
    cuts = lengths(size, 40, random.Random(0))
    assert cuts == sorted(set(cuts))
    assert {0, 16, 100, size - 1} <= set(cuts)
    assert len(cuts) >= 40
    assert size < 4096 or any(cut % 4096 == 0 for cut in cuts[1:])
    assert max(cuts) < size
