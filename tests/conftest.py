"""What every test shares: property tests that a slow machine does not fail, and a search for keys at the end of all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "tourney", deadline=None, max_examples=40, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tourney")

CANARY = b"sk-canary-"
"""How every API key in the tests begins."""

_KEYS = "key"
"""Files of this name are where a test put its key on purpose, whatever they end in."""


@pytest.fixture(scope="session", autouse=True)
def _no_key_is_left_in_any_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """After the last test, no file that any of them left behind holds a key."""
    yield
    found = [str(path) for path in _files(tmp_path_factory.getbasetemp()) if CANARY in path.read_bytes()]
    assert not found, f"files that hold an API key: {found}"


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.stem != _KEYS and path.is_file() and not path.is_symlink():
            yield path
