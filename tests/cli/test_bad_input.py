"""Bad input: one line that says what, where and what to do; exit code 2 (3 for no server); no traceback."""

from __future__ import annotations

import io
import json
import os
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest

from .conftest import Candidates, Ended, Tourney

GOOD = '{"id": "a", "prompt": "q", "candidates": ["x", "y"]}'
SYNTHETIC = ("--judge", "synthetic")


def one_line(ended: Ended, *parts: str, code: int = 2) -> None:
    assert ended.code == code, ended.err
    assert ended.out == ""
    assert ended.err.startswith("tourney: error: ")
    assert ended.err.count("\n") == 1
    for part in parts:
        assert part in ended.err


LINES = {
    "no JSON": ('{"id": ', ("in.jsonl:14:", "JSON")),
    "no object": ("[1, 2]", ("in.jsonl:14:",)),
    "no candidates": ('{"id": "z", "prompt": "q"}', ("in.jsonl:14:", "candidates")),
    "empty candidates": ('{"id": "z", "prompt": "q", "candidates": []}', ("in.jsonl:14:", "candidates")),
    "candidates no list": ('{"id": "z", "prompt": "q", "candidates": "x"}', ("in.jsonl:14:", "candidates")),
    "a number": ('{"id": "z", "prompt": "q", "candidates": ["x", 7]}', ("in.jsonl:14:", "candidates")),
    "a duplicate id": (GOOD.replace('"a"', '"g3"'), ("in.jsonl:14:", "g3", "line 4")),
    "candidate ids": (
        '{"id": "z", "prompt": "q", "candidates": [{"id": "c", "text": "x"}, {"id": "c", "text": "y"}]}',
        ("in.jsonl:14:", '"c"'),
    ),
    "a NUL": ('{"id": "z", "prompt": "q", "candidates": ["x\\u0000", "y"]}', ("in.jsonl:14:", "NUL")),
    "a raw NUL": ('{"id": "z", "prompt": "q\0", "candidates": ["x", "y"]}', ("in.jsonl:14:", "NUL")),
    "a lone surrogate": ('{"id": "z", "prompt": "q", "candidates": ["\\ud800", "y"]}', ("in.jsonl:14:", "surrogate")),
}


@pytest.mark.parametrize("case", LINES)
def test_line_14(case: str, tourney: Tourney, candidates: Candidates) -> None:
    line, parts = LINES[case]
    good = [GOOD.replace('"a"', f'"g{i}"') for i in range(13)]
    one_line(tourney("rank", candidates(lines=[*good, line]), *SYNTHETIC, "--out", "run"), *parts)
    assert not Path("run").exists()


def test_missing_file(tourney: Tourney) -> None:
    one_line(tourney("rank", "nowhere.jsonl"), "nowhere.jsonl")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("--strategy", "nockout"), ("nockout", "did you mean knockout")),
        (("--judge", "sglan"), ("sglan", "did you mean sglang")),
        (("--preset", "carefull"), ("carefull", "did you mean careful")),
        (("--strategy", "knockout", "-S", "drawing=given"), ("drawing", "draw")),
        (("--strategy", "round-robin", "-S", "share=much"), ("share", "number")),
        (("--strategy", "round-robin", "-S", "rating=glicko"), ("glicko", "elo")),
        (("--strategy", "knockout", "-S", "draw=0,1,1,2"), ("draw", "each once")),
        (("-J", "accuracy=7"), ("accuracy",)),
        (("-J", "accuracy"), ("KEY=VALUE",)),
        (("--votes", "0"), ("votes",)),
        (("--rethink", "-1"), ("re-think",)),
        (("--in-flight", "0"), ("in-flight",)),
        (("--max-comparisons", "0"), ("0 comparisons",)),
        (("--max-tokens", "-5"), ("-5 tokens",)),
        (("--total-seconds", "nan"), ("seconds",)),
        (("--max-money", "3"), ("price",)),
        (("--no-such-flag",), ("no-such-flag",)),
        (("--seed", "seven"), ("seven",)),
        (("--config", "missing.toml"), ("missing.toml",)),
    ],
)
def test_options(arguments: tuple[str, ...], parts: tuple[str, ...], tourney: Tourney, candidates: Candidates) -> None:
    one_line(tourney("rank", candidates(), *SYNTHETIC, *arguments), *parts)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("sead = 1", ("c.toml", "did you mean seed")),
        ("seed = 'x'", ("c.toml", "seed")),
        ("[budget.problem]\ntokns = 3", ("c.toml", "did you mean tokens")),
        ("judge = 'checks'", ("c.toml", "[judge]")),
        ("seed = ", ("c.toml", "TOML")),
    ],
)
def test_config_files(text: str, parts: tuple[str, ...], tourney: Tourney, candidates: Candidates) -> None:
    Path("c.toml").write_text(text)
    one_line(tourney("rank", candidates(), *SYNTHETIC, "--config", "c.toml"), *parts)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (("--seed", "2"), "seed was 1, now 2"),
        (("-J", "sd=3"), "judge.sd was 1.5, now 3.0"),
        (("--votes", "3"), "match.votes was 1, now 3"),
        (("--strategy", "round-robin"), "strategy.name was auto, now round-robin"),
        (("--max-tokens", "9"), "budget.problem.tokens was not given, now 9"),
    ],
)
def test_a_folder_of_another_run(change: tuple[str, ...], part: str, tourney: Tourney, candidates: Candidates) -> None:
    command = ("rank", candidates(), *SYNTHETIC, "--seed", "1", "--out", "run")
    assert tourney(*command).code == 0
    before = {path.name: path.read_bytes() for path in Path("run").iterdir()}
    one_line(tourney(*command, *change), part, "--out", "--ledger")
    assert {path.name: path.read_bytes() for path in Path("run").iterdir()} == before


def test_a_folder_of_another_file(tourney: Tourney, candidates: Candidates) -> None:
    tourney("rank", candidates(3), *SYNTHETIC, "--out", "run")
    one_line(tourney("rank", candidates(4), *SYNTHETIC, "--out", "run"), "input.fingerprint was")


def test_in_flight_and_address_may_change(tourney: Tourney, candidates: Candidates) -> None:
    command = ("rank", candidates(3), *SYNTHETIC, "--out", "run")
    assert tourney(*command).code == 0
    assert tourney(*command, "--in-flight", "3", "--total-seconds", "60").code == 0


def test_no_server(tourney: Tourney, candidates: Candidates, unused_port: int) -> None:
    for judge in ("sglang", "openai"):
        ended = tourney(
            "rank", candidates(), "--judge", judge, "--base-url", f"http://127.0.0.1:{unused_port}", "--out", "r"
        )
        one_line(ended, f"127.0.0.1:{unused_port}", code=3)
    assert (
        "sglang.launch_server"
        in tourney("rank", "in.jsonl", "--judge", "sglang", "--base-url", f"http://127.0.0.1:{unused_port}").err
    )


@pytest.fixture
def unused_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_output_that_cannot_be_written(tourney: Tourney, candidates: Candidates) -> None:
    Path("file").write_text("x")
    one_line(tourney("rank", candidates(), *SYNTHETIC, "--out", "file"), "file", "--out")
    one_line(tourney("rank", candidates(), *SYNTHETIC, "--out", "file/below"), "file/below", "--out")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_output_without_permission(tourney: Tourney, candidates: Candidates) -> None:
    Path("closed").mkdir(mode=0o500)
    one_line(tourney("rank", candidates(), *SYNTHETIC, "--out", "closed/run"), "closed", "--out")


def test_a_truncated_ledger(tourney: Tourney, candidates: Candidates) -> None:
    command = ("rank", candidates(20, 8), *SYNTHETIC, "--out", "run")
    tourney(*command)
    ledger = Path("run/ledger.sqlite")
    whole = ledger.read_bytes()
    for size in (50, 100, 5000, len(whole) - 1):
        ledger.write_bytes(whole[:size])
        one_line(tourney(*command), "run/ledger.sqlite", "recover")
        assert ledger.read_bytes() == whole[:size]


def test_a_ledger_that_is_something_else(tourney: Tourney, candidates: Candidates) -> None:
    Path("notes").write_text("these are my notes\n" * 100)
    one_line(tourney("rank", candidates(), *SYNTHETIC, "--out", "run", "--ledger", "notes"), "notes")
    assert Path("notes").read_text() == "these are my notes\n" * 100


def test_a_locked_ledger(tourney: Tourney, candidates: Candidates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tournament.ledger.BUSY_SECONDS", 0.2)
    command = ("rank", candidates(), *SYNTHETIC, "--out", "run", "--ledger", "l.sqlite")
    tourney("rank", "in.jsonl", *SYNTHETIC, "--out", "other", "--ledger", "l.sqlite")
    holder = sqlite3.connect("l.sqlite", isolation_level=None)
    holder.execute("PRAGMA locking_mode=EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    one_line(tourney(*command), "l.sqlite", "locked")
    holder.close()


def test_a_ledger_of_a_later_version(tourney: Tourney, candidates: Candidates) -> None:
    with sqlite3.connect("l.sqlite") as made:
        made.execute("PRAGMA user_version=99")
    made.close()
    one_line(tourney("rank", candidates(), *SYNTHETIC, "--out", "run", "--ledger", "l.sqlite"), "version 99")


def test_show_of_what_is_not_there(tourney: Tourney, candidates: Candidates) -> None:
    one_line(tourney("show", "nowhere"), "nowhere")
    tourney("rank", candidates(), *SYNTHETIC, "--out", "run")
    one_line(tourney("show", "run", "p22"), "p22", "did you mean p2")
    Path("run/results.jsonl").write_text("{broken\n")
    one_line(tourney("show", "run", "p1"), "run/results.jsonl:1")
    Path("run/summary.json").write_text("{broken\n")
    Path("run/results.jsonl").write_text(json.dumps({}) + "\n")
    one_line(tourney("show", "run"), "run")


def test_list_of_what_is_not_there(tourney: Tourney) -> None:
    one_line(tourney("list", "jugdes"), "judges")


def test_standard_input_is_called_by_its_name(tourney: Tourney, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b'{"id": "p"}\n')))
    one_line(tourney("rank", "-"), "tourney: error: <stdin>:1: ")
