"""Real files for every test."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write lines to a file: objects as JSON, bytes as they are."""

    def lines_to_file(*lines: dict[str, Any] | bytes, name: str = "candidates.jsonl") -> Path:
        path = tmp_path / name
        raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
        path.write_bytes(b"".join(line + b"\n" for line in raw))
        return path

    return lines_to_file
