"""`tourney rank` against the real server: results, resume, refusals, a server that goes away."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tournament.cli.main import run
from tournament.judges.reasoning import VERDICT_TOKENS

from .server import Server

FAST = ("-J", "max_tokens=16", "--in-flight", "4", "--json")


def _candidates(path: Path, problems: int, *extra: Mapping[str, object]) -> str:
    rows: list[Mapping[str, object]] = [
        {"id": f"p{i}", "prompt": f"What is {i} + {i}?", "candidates": [f"A: {2 * i}", "I do not know.", "A: -1"]}
        for i in range(problems)
    ]
    path.write_text("\n".join(json.dumps(row) for row in [*rows, *extra]) + "\n")
    return str(path)


def _rank(server: Server, *arguments: str) -> int:
    return run(["rank", *arguments, "--judge", "sglang", "--base-url", server.base_url, *FAST])


def _summary(folder: Path) -> dict[str, object]:
    summary: dict[str, object] = json.loads((folder / "summary.json").read_text())
    return summary


def test_rank_and_resume(sglang_server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = (_candidates(tmp_path / "in.jsonl", 3), "--votes", "2", "--out", str(tmp_path / "run"))
    assert _rank(sglang_server, *command) == 0
    first = capsys.readouterr().out
    summary = _summary(tmp_path / "run")
    assert summary["paid"] == 12
    assert summary["spend"]["prompt_tokens"] > 1000  # type: ignore[index]
    assert 0 < summary["spend"]["completion_tokens"] <= 12 * (16 + VERDICT_TOKENS)  # type: ignore[index]
    assert "smollm2" in str(summary["judge"]).lower() or "model" in str(summary["judge"])
    assert _rank(sglang_server, *command) == 0
    assert capsys.readouterr().out == first
    assert (_summary(tmp_path / "run")["paid"], _summary(tmp_path / "run")["reused"]) == (0, 12)
    rows = [json.loads(line) for line in (tmp_path / "run/comparisons.jsonl").read_text().splitlines()]
    assert all(row["text"] for row in rows)
    assert {row["outcome"] for row in rows} <= {"decided", "tie", "unparsable", "truncated", "contradictory"}


def test_a_pair_too_long_is_refused_and_the_run_goes_on(
    sglang_server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = {"id": "long", "prompt": "q", "candidates": ["word " * 9000, "A: 1"]}
    code = _rank(sglang_server, _candidates(tmp_path / "in.jsonl", 1, long), "--out", str(tmp_path / "run"))
    results = {row["id"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert code == 0
    assert set(results) == {"p0", "long"}
    rows = [json.loads(line) for line in (tmp_path / "run/comparisons.jsonl").read_text().splitlines()]
    assert [row["outcome"] for row in rows if row["problem"] == "long"] == ["refused"]
    assert "context" in next(row["detail"] for row in rows if row["problem"] == "long")
    assert "picked without the judge" in results["long"]["note"]


def test_a_token_budget_holds(sglang_server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    limit = 3000
    command = (_candidates(tmp_path / "in.jsonl", 2), "--strategy", "round-robin", "--max-tokens", str(limit))
    assert _rank(sglang_server, *command, "--out", str(tmp_path / "run")) == 0
    for line in capsys.readouterr().out.splitlines():
        assert 0 < json.loads(line)["spend"]["tokens"] <= limit


def test_a_wrong_model_name_says_what_is_served(
    sglang_server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = (_candidates(tmp_path / "in.jsonl", 1), "-J", "model=rrm-7b", "--out", str(tmp_path / "run"))
    code = _rank(sglang_server, *command)
    assert code == 2
    assert "rrm-7b" in (said := capsys.readouterr().err)
    assert "serves" in said


def test_the_same_through_chat_completions(
    sglang_server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judge = ["--judge", "openai", "--base-url", sglang_server.base_url]
    assert (
        run(
            [
                "rank",
                _candidates(tmp_path / "in.jsonl", 1),
                *judge,
                "--rethink",
                "1",
                "-M",
                "ladder=own,24",
                *FAST,
                "--out",
                str(tmp_path / "run"),
            ]
        )
        == 0
    )
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert _summary(tmp_path / "run")["spend"]["prompt_tokens"] > 0  # type: ignore[index]
