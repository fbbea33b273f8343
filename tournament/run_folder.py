"""A run folder: config.toml, results.jsonl, comparisons.jsonl, drafts.jsonl, summary.json and ledger.sqlite of one run.

Result files are written beside their final names and moved into place when the run ends or is interrupted, so a file
that is there is whole. The ledger is the only thing that a resumed run needs.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tournament.config import deciding, dump
from tournament.errors import RunFolderError
from tournament.records import AtomicWriter
from tournament.toml import parse

CONFIG, RESULTS, COMPARISONS, DRAFTS = "config.toml", "results.jsonl", "comparisons.jsonl", "drafts.jsonl"
SUMMARY, LEDGER, LOCK = "summary.json", "ledger.sqlite", ".lock"
COMMAND = "command.json"
"""How a sweep was asked for."""

_ANEW = "repeat the run to write it anew"
_NAME, _LISTED = 60, 40


class RunFolder:
    """Holds a run folder for this process, and refuses one that belongs to another configuration.

    Raises:
        RunFolderError: where the folder cannot be written, is in use, or was made by another run.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        _refuse_links(path)
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = (path / LOCK).open("a")
        except OSError as error:
            raise RunFolderError(
                f"{path}: cannot be written ({error.strerror}); choose another folder with --out"
            ) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise RunFolderError(
                f"{path}: another tourney is running in this folder; wait for it or choose another with --out"
            ) from None

        for stale in path.glob(".*.tmp"):  # what a killed run was writing when it died
            stale.unlink(missing_ok=True)

    def claim(self, document: Mapping[str, Any]) -> bool:
        """Write config.toml, or check that the one there says the same; True where the run is resumed.

        Only the keys that decide results have to agree; see `differences`.
        """
        file = self.path / CONFIG
        resumed = file.exists()
        if resumed:
            different = differences(_read_toml(file), document)
            if different:
                raise RunFolderError(
                    f"{self.path}: this folder belongs to another run ({'; '.join(different)}); repeat that run's"
                    f" options, or choose another --out and reuse its judgments with --ledger {self.path / LEDGER}"
                )
        with AtomicWriter(file) as writer:  # half of it would make the folder another run's
            writer.write_line(dump(document).removesuffix("\n"))
        return resumed

    def close(self) -> None:
        """Let others use the folder."""
        self._lock.close()


def _refuse_links(path: Path) -> None:
    """A link in a run folder, such as one that came in an archive, would have a run write somewhere else."""
    for entry in path.rglob("*"):
        if entry.is_symlink():
            raise RunFolderError(f"{entry}: is a link, and a run writes into its own folder only; put the file there")


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What differs between two run documents, among the keys that decide results, in words."""
    a, b = _flat(deciding(old)), _flat(deciding(new))
    keys = [key for key in {**a, **b} if a.get(key) != b.get(key)]
    # What the judge was asked to be names the cause; the identity that follows from it would only repeat it.
    echoes = {key.replace("judge.", "identity.settings.", 1) for key in keys if key.startswith("judge.")}
    keys = [key for key in keys if key not in echoes]
    changed = [f"{key[:_NAME]} was {_short(a.get(key))}, now {_short(b.get(key))}" for key in keys]
    return changed if len(changed) <= _LISTED else [*changed[:_LISTED], f"and {len(changed) - _LISTED} more"]


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in table.items():
        flat.update(_flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value})
    return flat


def _short(value: Any) -> str:
    text = "not given" if value is None else str(value)
    return text if len(text) <= 24 else f"{text[:20]}..."


def read_config(folder: Path) -> dict[str, Any]:
    """The tables of a run folder's config.toml.

    Raises:
        RunFolderError: where the file is not there or broken.
    """
    if not (folder / CONFIG).exists():
        raise RunFolderError(f"{folder}: holds no {CONFIG}; give the folder of a run")
    return _read_toml(folder / CONFIG)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunFolderError(
            f"{path}: cannot be read ({error}); move the folder away or choose another --out"
        ) from None


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("no JSON object")
    return found


@contextmanager
def as_written(folder: Path) -> Iterator[None]:
    """For blocks that show a finished run: what breaks them is a file that no run wrote so.

    Raises:
        RunFolderError: where a value of a file is missing or of another kind.
    """
    try:
        yield
    except UnicodeEncodeError:  # the terminal's own
        raise
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        what = f"a file of it is not as this tourney writes it ({type(error).__name__}: {error})"
        raise RunFolderError(f"{folder}: {what}; {_ANEW}") from error


def read_summary(folder: Path) -> dict[str, Any]:
    """The object in a run folder's summary.json.

    Raises:
        RunFolderError: where the file is not there or broken.
    """
    return read_object(folder / SUMMARY)


def read_object(path: Path) -> dict[str, Any]:
    """The object in a JSON file of a run folder.

    Raises:
        RunFolderError: where the file is not there or broken.
    """
    try:
        return _object(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{path}: cannot be read ({error}); is this a finished run's folder?") from None


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSON lines file of a run folder.

    Raises:
        RunFolderError: where the file is not there or broken.
    """
    try:
        with path.open(encoding="utf-8", errors="surrogatepass") as file:
            for number, line in enumerate(file, 1):
                try:
                    row = _object(line)
                except ValueError as error:
                    raise RunFolderError(f"{path}:{number}: is no row ({error}); {_ANEW}") from None
                yield row
    except UnicodeDecodeError as error:
        raise RunFolderError(f"{path}: is no UTF-8 text ({error.reason}); {_ANEW}") from None
    except OSError as error:
        raise RunFolderError(f"{path}: cannot be read ({error.strerror}); is this a finished run's folder?") from None
