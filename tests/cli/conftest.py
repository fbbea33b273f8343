from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tournament.cli.main import run


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


Tourney = Callable[..., Ended]
Candidates = Callable[..., str]


@pytest.fixture
def tourney(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Tourney:
    """The command line in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Ended:
        capsys.readouterr()
        code = run(list(arguments))
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return call


@pytest.fixture
def candidates(tmp_path: Path) -> Candidates:
    """Write an input file of some problems with `n` candidates each, or of the given lines."""

    def write(problems: int = 3, n: int = 4, *, lines: Sequence[str] | None = None, name: str = "in.jsonl") -> str:
        made = [
            json.dumps({"id": f"p{i}", "prompt": f"question {i}", "candidates": [f"answer {i}.{j}" for j in range(n)]})
            for i in range(problems)
        ]
        (tmp_path / name).write_text("\n".join(made if lines is None else lines) + "\n")
        return name

    return write
