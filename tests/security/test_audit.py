"""The audit of dependencies tells a flaw from a service that is out of reach, and from one that knows nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.audit import verdict


def package(name: str, *flaws: str) -> dict[str, Any]:
    return {"name": name, "version": "1.0", "vulns": [{"id": flaw} for flaw in flaws]}


UNKNOWN = {"name": "mirrored", "skip_reason": "Dependency not found on PyPI and could not be audited"}


@pytest.mark.parametrize(
    ("packages", "code", "said"),
    [
        ([package("aiohttp"), package("numpy")], 0, "0 known flaws in 2 of 2 packages"),
        ([package("aiohttp", "PYSEC-1", "PYSEC-2"), UNKNOWN], 1, "2 known flaws in 1 of 2 packages"),
        ([UNKNOWN, UNKNOWN], 0, "skipped, the advisory service knows none of 2 packages"),
    ],
)
def test_verdict(packages: list[dict[str, Any]], code: int, said: str) -> None:
    ended, lines = verdict(json.dumps({"dependencies": packages}))
    assert ended == code
    assert said in lines[-1]
    assert ("aiohttp 1.0: PYSEC-1" in lines) == bool(code)


@pytest.mark.parametrize("said", ["", "ConnectionError: Could not connect to PyPI", "[]", '{"other": 1}', "null"])
def test_what_cannot_be_asked_is_no_flaw(said: str) -> None:
    assert verdict(said) == (0, ["audit: skipped, the advisory service cannot be reached from here"])
