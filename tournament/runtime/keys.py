"""API keys: read from the environment or a file, and kept out of every message."""

from __future__ import annotations

import os
from pathlib import Path

from tournament.errors import JudgeSetupError


def read_key(*, env: str = "", file: str = "") -> str:
    """The key in the environment variable or the file of that name; empty where neither is named.

    Raises:
        JudgeSetupError: where the one that is named holds no key. The message never holds the key.
    """
    if env:
        key, where = os.environ.get(env, ""), f"environment variable {env}"
    elif file:
        key, where = _contents(file), f"file {file}"
    else:
        return ""
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable():
        raise JudgeSetupError(f"{where} holds no API key; put the key there, or name no place for one")
    return key


def _contents(file: str) -> str:
    try:
        return Path(file).expanduser().read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise JudgeSetupError(f"file {file} for the API key cannot be read: {error.strerror}") from error
