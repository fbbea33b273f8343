"""`tourney judge`, profiles on the command line, and a server of the run's own."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tournament.judges import wording as wordings
from tournament.judges.official import Claim, kept_file

from .conftest import Candidates, Ended, Tourney

FAKE = Path(__file__).resolve().parent.parent / "fake_server.py"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    process = subprocess.Popen([sys.executable, str(FAKE), "--latency-ms", "0", "--port", "0"], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().decode().strip()
    finally:
        process.terminate()
        process.communicate()


def refused(ended: Ended, *words: str) -> None:
    assert ended.code == 2
    [line] = ended.err.splitlines()
    assert line.startswith("tourney: error: ")
    for word in words:
        assert word in line


def test_check_shows_what_one_comparison_took(tourney: Tourney, server: str) -> None:
    ended = tourney("judge", "check", "--base-url", server, "--words")
    assert ended.code == 0
    for words in ("generic-chat", server, "tourney's, hash ", "right first", "wrong first", "cached", "| Verdict: 1"):
        assert words in ended.out
    assert "two equal seeds gave equal text" in ended.out


def test_check_as_json_holds_identity_and_judgments(tourney: Tourney, server: str) -> None:
    [row] = tourney("judge", "check", "--base-url", server, "--json").rows
    assert row["judge"]["settings"]["wording"] == "tourney's"
    assert [judged["first"] for judged in row["judgments"]] == ["right", "wrong"]
    assert row["equal_seeds_equal_text"] is True


def test_check_ends_with_1_where_an_order_has_no_preference(tourney: Tourney, server: str) -> None:
    # The fake model knows no boxes.
    ended = tourney("judge", "check", "--judge", "rrm-7b", "--base-url", server)
    assert ended.code == 1
    assert "unparsable" in ended.out or "truncated" in ended.out


def test_a_server_without_a_judge_picks_the_profile_and_says_so(
    tourney: Tourney, candidates: Candidates, server: str
) -> None:
    ended = tourney("rank", candidates(), "--base-url", server, "--out", "run")
    assert ended.code == 0
    assert "tourney: judge: profile generic-chat (picked by the model's name), tourney's wording" in ended.err
    summary = json.loads(Path("run/summary.json").read_text())
    assert summary["judge_identity"]["kind"] == "sglang"
    assert summary["retries"] == 0


def test_a_profile_of_the_users_is_a_file(tourney: Tourney, candidates: Candidates, server: str) -> None:
    Path("mine.toml").write_text(
        'summary = "mine"\nprompt = "generic-chat"\nwrapping = "chatml"\nthinking = 0\n'
        "max_tokens = 77\ntemperature = 0.0\ntop_p = 1.0\n"
    )
    ended = tourney("rank", candidates(), "--judge", "mine.toml", "--base-url", server, "--out", "run")
    assert ended.code == 0
    settings = json.loads(Path("run/summary.json").read_text())["judge_identity"]["settings"]
    assert (settings["max_tokens"], settings["wrapping"]) == (77, "chatml")
    again = tourney("rank", "in.jsonl", "--config", "run/config.toml", "--base-url", server, "--out", "run")
    assert again.code == 0
    assert json.loads(Path("run/summary.json").read_text())["paid"] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--judge", "nobody.toml"), ("nobody.toml", "cannot be read")),
        (("--judge", "rrm-8b"), ("rrm-8b", "rrm-7b")),
        (("--judge", "rrm-7b", "-J", "wording=theirs"), ("wording", "official")),
        (("--judge", "rrm-7b", "-J", "thinking=-1"), ("thinking",)),
        (("--judge", "sglang", "-J", "profile=generic"), ("generic-chat",)),
        (("--judge", "cascade", "-J", "threshold=0.2"), ("threshold",)),
        (("--serve",), ("--serve needs a judge profile",)),
        (("--judge", "rrm-7b", "--serve", "--base-url", "http://127.0.0.1:1"), ("leave out --base-url",)),
        (("--judge", "generic-chat", "--serve"), ("names no model",)),
    ],
)
def test_what_cannot_be_is_one_line(
    tourney: Tourney, candidates: Candidates, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    refused(tourney("rank", candidates(), *arguments), *words)


def test_a_server_that_cannot_be_started_is_one_line(
    tourney: Tourney, candidates: Candidates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOURNEY_SGLANG_PYTHON", "/no/such/python")
    refused(tourney("rank", candidates(), "--judge", "rrm-7b", "--serve"), "TOURNEY_SGLANG_PYTHON")
    refused(tourney("judge", "serve", "rrm-7b"), "TOURNEY_SGLANG_PYTHON")


# The official wording


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model card whose words are the official ones of rrm, for the length of a test."""
    monkeypatch.setenv("TOURNEY_CONFIG", str(tmp_path / "config"))
    system, user = "You are the authors' judge.", "Q {question} 1 {answer1} 2 {answer2}"
    claims = {
        role: (Claim(characters=len(text), sha256=hashlib.sha256(text.encode()).hexdigest()),)
        for role, text in (("system", system), ("user", user))
    }
    plain = wordings.load_wording
    for module in ("tournament.cli.judge_import", "tournament.judges.profile"):
        monkeypatch.setattr(f"{module}.load_wording", lambda name: replace(plain(name), official=claims))
    (tmp_path / "README.md").write_text(f"# Card\n\n```python\nSYSTEM = {system!r}\nUSER = {user!r}\n```\n")
    return tmp_path


def test_the_official_wording_is_taken_over_and_used(
    tourney: Tourney, candidates: Candidates, server: str, card: Path
) -> None:
    ended = tourney("judge", "import-prompt", "rrm-7b", "--from", str(card))
    assert ended.code == 0
    assert str(kept_file("rrm")) in ended.out
    for wanted, source in (("auto", "official"), ("official", "official"), ("tourney's", "tourney's")):
        flags = ("--judge", "rrm-7b", "--base-url", server, "-J", f"wording={wanted}", "--json")
        [row] = tourney("judge", "check", *flags).rows
        assert row["judge"]["settings"]["wording"] == source


def test_another_wording_is_not_taken(tourney: Tourney, card: Path) -> None:
    (card / "README.md").write_text("```python\nSYSTEM = 'something else'\n```\n")
    refused(tourney("judge", "import-prompt", "rrm-7b", "--from", str(card)), str(card), "sha256")
    assert not kept_file("rrm").exists()


def test_a_wording_that_is_insisted_on_must_be_there(tourney: Tourney, server: str, card: Path) -> None:
    ended = tourney("judge", "check", "--judge", "rrm-7b", "--base-url", server, "-J", "wording=official")
    refused(ended, "import-prompt rrm-7b")


def test_nothing_to_import_is_said(tourney: Tourney) -> None:
    refused(tourney("judge", "import-prompt", "generic-chat", "--from", "."), "no official wording is known")
    refused(tourney("judge", "import-prompt", "rrm-7b", "--from", "nowhere"), "nowhere", "cannot be read")
    ended = tourney("judge", "import-prompt", "rm-r1-deepseek-distilled-qwen-7b", "--from", "nowhere")
    assert ended.code == 0
    assert "official one already" in ended.out
