"""The examples of docs/python.md run as they stand, are short, and are what the page shows."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples" / "python").glob("*.py"))
PAGE = (ROOT / "docs" / "python.md").read_text()
SHOWN = re.findall(r"```python\n(.*?)```\n(?:\n```text\n(.*?)```\n)?", PAGE, flags=re.DOTALL)
of_each = pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)


@of_each
def test_an_example_has_at_most_20_lines(example: Path) -> None:
    assert len(example.read_text().splitlines()) <= 20


def test_the_page_shows_every_example_as_it_is() -> None:
    assert len(EXAMPLES) == 5
    assert sorted(code for code, _ in SHOWN) == sorted(example.read_text() for example in EXAMPLES)


@of_each
def test_an_example_prints_what_the_page_says(example: Path, tmp_path: Path) -> None:
    if example.stem == "datasets_map" and importlib.util.find_spec("datasets") is None:
        pytest.skip("datasets is not installed")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, str(example)]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout == next(printed for code, printed in SHOWN if code == example.read_text())


def test_the_notebook_cell_works_inside_an_event_loop() -> None:
    code = (ROOT / "examples" / "python" / "notebook_cell.py").read_text()

    async def notebook() -> dict[str, object]:
        scope: dict[str, object] = {}
        exec(code.replace('"examples/', f'"{ROOT}/examples/'), scope)
        return scope

    results = asyncio.run(notebook())["results"]
    assert len(results) == 24  # type: ignore[arg-type]
    assert "lantern-walk" in results._repr_html_()  # type: ignore[attr-defined]
