"""What a test of this folder needs: skipped with a reason where it is absent, failed where it must be there."""

import os
from pathlib import Path

import pytest

from .install import default_directory, is_installed


def sglang() -> Path:
    """Returns the folder of the installation, or skips the test."""
    directory = default_directory()
    need(is_installed(directory), f"SGLang is not installed in {directory}")
    return directory


def need(there: bool, reason: str) -> None:
    """Skips the test where something is not there; fails it where TOURNEY_REQUIRE_SGLANG is 1."""
    if there:
        return
    reason = f"{reason}: run python tests/sglang_cpu/install.py"
    if os.environ.get("TOURNEY_REQUIRE_SGLANG") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
