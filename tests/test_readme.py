"""What the README shows works as written."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tournament import Candidate, Problem, rank
from tournament.cli.main import run

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, flags=re.DOTALL)
PYTHON = [text for language, text in BLOCKS if language == "python"]
COMMANDS = [
    line.partition("#")[0].strip()
    for language, text in BLOCKS
    if not language
    for line in text.replace("\\\n", "").splitlines()
]


def test_the_test_command_is_the_one_that_ci_calls() -> None:
    assert "make test" in COMMANDS
    assert "\nmake test\n" in (ROOT / ".ci/run").read_text()


def test_the_first_command_and_the_tour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = next(line for line in COMMANDS if line.startswith("pip install . && "))
    tour = [line for line in COMMANDS if line.startswith("tourney ") and ("gsm8k" in line or " list " in line)]
    assert len(tour) >= 4
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    for line in [first.partition("&& ")[2], *tour]:
        arguments = [str(next(tmp_path.glob(part))) if "*" in part else part for part in shlex.split(line)[1:]]
        assert run(arguments) == 0, line
    shown = capsys.readouterr().out
    assert "24 problems" in shown
    assert "built-in checks, no language model" in shown


def test_every_option_named_exists(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ("rank", "plan", "simulate", "sample", "math", "sweep", "compare", "status", "report", "serve"):
        run([verb, "--help"])
    help_text = capsys.readouterr().out
    for option in set(re.findall(r"(--[a-z][a-z-]+[a-z])", README)) - {"--model-path", "--port"}:
        if not option.startswith("--enable-deterministic"):
            assert option in help_text, option


def test_python_examples_run(capsys: pytest.CaptureFixture[str]) -> None:
    scope: dict[str, object] = {}
    for text in PYTHON:
        exec(text.replace("problems=1000", "problems=20"), scope)
    assert capsys.readouterr().out


def test_the_strategy_example_is_short_and_right() -> None:
    text = next(text for text in PYTHON if "class King" in text)
    body = text[text.index("@dataclass") :].strip().splitlines()
    assert len(body) <= 15
    scope: dict[str, object] = {}
    exec(text, scope)
    king = scope["King"]()  # type: ignore[operator]
    problem = Problem(id="p", prompt="q", candidates=tuple(Candidate(id=str(i), text="x" * i) for i in range(5)))

    from tournament.judges.calling import CallableJudge

    judge = CallableJudge.of(lambda prompt, first, second: float(len(first) > len(second)))
    assert rank([problem], judge=judge, strategy=king)[0].best == "4"
