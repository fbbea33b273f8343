"""The words of a judge's authors: found in the user's own copy of the model card, known by their hash, kept for later.

They are not this project's to ship. `[official]` in a wording says how long each part is and what its sha256 is; a
part is a string literal of the code in a model card or notebook, and nothing else is ever taken for one.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tournament.errors import InputError, UsageError

_FENCE = re.compile(r"^(`{3,}|~{3,})[^\n]*\n(.*?)^\1\s*$", re.MULTILINE | re.DOTALL)
_MOST_BYTES = 8 << 20
_CARDS = ("README.md", "*.md", "*.ipynb", "*.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One part of an official message, known without being shipped."""

    characters: int
    sha256: str

    def fits(self, text: str) -> bool:
        """Whether a text is that part."""
        return len(text) == self.characters and hashlib.sha256(text.encode()).hexdigest() == self.sha256


def claims_of(table: Mapping[str, Any]) -> dict[str, tuple[Claim, ...]]:
    """The parts of the system and the user message, from the table `[official]`; empty where there is none."""
    return {role: tuple(Claim(**part) for part in table[role]) for role in ("system", "user") if table.get(role)}


def words_in(path: Path, claims: Mapping[str, tuple[Claim, ...]]) -> dict[str, str] | None:
    """The official messages in a file, or in a folder's model card, notebooks and scripts; None where one is missing.

    Raises:
        InputError: where the path cannot be read.
    """
    wanted = {claim: "" for parts in claims.values() for claim in parts}
    for file in _files(path):
        if all(wanted.values()):
            break
        try:
            text = _read(file)
        except InputError:
            if not path.is_dir():
                raise
            continue  # what else lies beside a model card need be none
        for literal in _literals(text, notebook=file.suffix == ".ipynb", script=file.suffix == ".py"):
            for claim, found in wanted.items():
                if not found and claim.fits(literal):
                    wanted[claim] = literal
    if not wanted or not all(wanted.values()):
        return None
    return {role: "".join(wanted[part] for part in parts) for role, parts in claims.items()}


def keep(name: str, words: Mapping[str, str]) -> Path:
    """Keep a wording's official messages for this user; the file that they are in.

    Raises:
        UsageError: where the folder cannot be written.
    """
    path = kept_file(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(dict(words), ensure_ascii=False), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror}); name a folder with TOURNEY_CONFIG") from None
    return path


def kept(name: str, claims: Mapping[str, tuple[Claim, ...]]) -> dict[str, str] | None:
    """The official messages kept for this user; None where there are none, or others than the claims know."""
    try:
        words = json.loads(kept_file(name).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return words if isinstance(words, dict) and hold(words, claims) else None


def kept_file(name: str) -> Path:
    """Where the official messages of a wording are kept: in TOURNEY_CONFIG, or in the user's configuration folder."""
    root = os.environ.get("TOURNEY_CONFIG")
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "tourney"
    return (Path(root) if root else home) / "official" / f"{name}.json"


def hold(words: Mapping[str, Any], claims: Mapping[str, tuple[Claim, ...]]) -> bool:
    """Whether words are the official ones: every message that is claimed, part by part, and no other."""
    if set(words) != set(claims):
        return False
    for role, parts in claims.items():
        text, start = words[role], 0
        for part in parts:
            if not isinstance(text, str) or not part.fits(text[start : start + part.characters]):
                return False
            start += part.characters
        if start != len(text):
            return False
    return True


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return list({file: None for pattern in _CARDS for file in sorted(path.glob(pattern)) if file.is_file()})


def _read(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise InputError(str(file), None, f"cannot be read ({error.strerror}); give the model's folder") from None
    if len(data) > _MOST_BYTES:
        raise InputError(str(file), None, "is too large for a model card; give the README.md in the model's folder")
    return data.decode("utf-8", "replace").replace("\r\n", "\n")


def _literals(text: str, *, notebook: bool, script: bool) -> Iterator[str]:
    """Every string literal in the code of a model card, a notebook or a script; code that is no Python is skipped."""
    blocks = _cells(text) if notebook else [text] if script else [block[2] for block in _FENCE.finditer(text)]
    for block in blocks:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about their code, such as "\d" in a string
                tree = ast.parse(block)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def _cells(text: str) -> list[str]:
    try:
        cells = json.loads(text)["cells"]
        codes = ["".join(cell["source"]) for cell in cells if cell.get("cell_type") == "code"]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return []
    # Lines for the notebook itself (`%pip`, `!pip`) are no Python.
    return ["\n".join(line for line in code.splitlines() if not line.lstrip().startswith(("%", "!"))) for code in codes]
