"""The server fixture, and the `sglang` marker on every test in this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from . import needs
from .server import Server, serve

_HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # before `-m` is applied
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests in this folder; pytest passes those of the whole session."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker("sglang")


@pytest.fixture(scope="session")
def sglang_server() -> Iterator[Server]:
    """A real SGLang on the CPU, one for the whole session."""
    with serve(needs.sglang()) as server:
        yield server
