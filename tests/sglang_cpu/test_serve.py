"""A run that starts its own judge: `rank --serve` with the real server, from nothing to an ended child."""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path

import pytest

from tournament.cli.main import run

from . import needs
from . import server as harness
from .install import model_of, python_of


def test_a_run_starts_its_judge_and_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = needs.sglang()
    for name, value in harness.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TOURNEY_SGLANG_PYTHON", str(python_of(directory)))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "judge.toml").write_text(
        f'summary = "the small one"\nmodel = "{model_of(directory)}"\nprompt = "rrm"\nwrapping = "chatml"\n'
        "thinking = 8\nmax_tokens = 8\ntemperature = 0.6\ntop_p = 1.0\n"
    )
    problem = {"id": "p", "prompt": "What is 1 + 1?", "candidates": ["2", "3", "4"]}
    (tmp_path / "in.jsonl").write_text(json.dumps(problem) + "\n")

    flags = ("--serve", "--serve-flags", shlex.join(harness.cpu_flags()))
    code = run(["rank", "in.jsonl", "--judge", "judge.toml", *flags, "--out", "run", "--json"])

    captured = capsys.readouterr()
    assert code == 0, captured.err
    assert "-m sglang.launch_server --model-path" in captured.err
    assert "profile judge, tourney's wording" in captured.err
    log = re.search(r"tourney: log: (.*)", captured.err)
    assert log is not None
    assert "POST /generate" in Path(log[1]).read_text()
    [result] = [json.loads(line) for line in captured.out.splitlines()]
    assert result["spend"]["comparisons"] == 2
    address = re.search(r"SGLang answers at http://127\.0\.0\.1:(\d+)", captured.err)
    assert address is not None
    assert f":{int(address[1]):04X} " not in _listening()


def _listening() -> str:
    """The loopback ports of this machine on which somebody listens, as the kernel writes them."""
    table = Path("/proc/net/tcp")
    if not table.exists():
        pytest.skip("needs /proc/net/tcp to see who listens")
    rows = (line.split() for line in table.read_text().splitlines()[1:])
    return " ".join(f"{row[1]} " for row in rows if row[3] == "0A") + os.linesep
