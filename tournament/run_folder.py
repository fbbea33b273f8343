"""A run folder: config.toml, results.jsonl, comparisons.jsonl, summary.json and ledger.sqlite of one run.

Result files are written beside their final names and moved into place when the run ends or is interrupted, so a file
that is there is whole. The ledger is the only thing that a resumed run needs.
"""

from __future__ import annotations

import fcntl
import json
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tournament.config import deciding, dump
from tournament.errors import RunFolderError
from tournament.health import Health, share
from tournament.judges.transcript import parts_of
from tournament.records import AtomicWriter, dumps
from tournament.runner import Played
from tournament.types import Comparison, Judgment, Outcome, Spend

CONFIG, RESULTS, COMPARISONS = "config.toml", "results.jsonl", "comparisons.jsonl"
SUMMARY, LEDGER, LOCK = "summary.json", "ledger.sqlite", ".lock"


class RunFolder:
    """Holds a run folder for this process, and refuses one that belongs to another configuration.

    Raises:
        RunFolderError: where the folder cannot be written, is in use, or was made by another run.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
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
        try:
            file.write_text(dump(document), encoding="utf-8")
        except OSError as error:
            raise RunFolderError(f"{file}: cannot be written ({error.strerror}); choose another --out") from None
        return resumed

    def close(self) -> None:
        """Let others use the folder."""
        self._lock.close()


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What differs between two run documents, among the keys that decide results, in words."""
    a, b = _flat(deciding(old)), _flat(deciding(new))
    keys = [key for key in {**a, **b} if a.get(key) != b.get(key)]
    # What the judge was asked to be names the cause; the identity that follows from it would only repeat it.
    echoes = {key.replace("judge.", "identity.settings.", 1) for key in keys if key.startswith("judge.")}
    keys = [key for key in keys if key not in echoes]
    return [f"{key} was {_short(a.get(key))}, now {_short(b.get(key))}" for key in keys]


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in table.items():
        flat.update(_flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value})
    return flat


def _short(value: Any) -> str:
    text = "not given" if value is None else str(value)
    return text if len(text) <= 24 else f"{text[:20]}..."


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunFolderError(
            f"{path}: cannot be read ({error}); move the folder away or choose another --out"
        ) from None


class Output:
    """Takes played problems in order and writes results.jsonl, comparisons.jsonl and, at the end, summary.json."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._results = AtomicWriter(folder / RESULTS)
        self._comparisons = AtomicWriter(folder / COMPARISONS)
        self.health = Health()
        self.spend = Spend()
        self.abstained: Counter[str] = Counter()
        self.problems = self.partial = self.unjudged = self.starved = self.drawn = 0
        self.cyclic = self.triads = self.condorcet = self.all_met = 0

    def __enter__(self) -> Output:
        self._results.__enter__()
        self._comparisons.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._comparisons.__exit__(*exception)
        self._results.__exit__(*exception)

    def add(self, played: Played) -> None:
        """Write one problem."""
        result = played.result
        self._results.write_line(dumps(result.to_json()))
        for row in comparison_rows(played):
            self._comparisons.write_line(dumps(row))
        for verdict in played.record.verdicts:
            self.health.add(verdict)
            self.abstained.update(j.detail for j in verdict.judgments if j.outcome is Outcome.TIE and j.detail)
        self.spend += result.spend
        self.problems += 1
        self.partial += result.partial
        self.unjudged += "picked without the judge" in result.note
        self.starved += result.note.startswith("budget spent; picked without the judge")
        self.drawn += result.best_by == "draw"
        self.cyclic += result.non_transitive.cyclic
        self.triads += result.non_transitive.triads
        if _all_met(played):
            self.all_met += 1
            self.condorcet += result.condorcet is not None

    def abstained_mostly(self) -> list[str]:
        """The reason that the judge gave for abstaining, where it did so in more than half of all comparisons."""
        total = sum(self.health.outcomes.values())
        return [why for why, count in self.abstained.most_common(1) if 2 * count > total]

    def summarise(self, extra: Mapping[str, Any]) -> dict[str, Any]:
        """Write summary.json and return it."""
        asked = self.spend.prompt_tokens
        summary = {
            "problems": self.problems,
            "partial": self.partial,
            "picked_without_judge": self.unjudged,
            "picked_by_draw": self.drawn,
            "spend": self.spend.to_json(),
            "prefix_hit_rate": self.spend.cached_tokens / asked if asked else None,
            "judge_health": self.health.to_json(),
            "non_transitive": share(self.cyclic, self.triads),
            "condorcet": share(self.condorcet, self.all_met),
            **extra,
        }
        with AtomicWriter(self._folder / SUMMARY) as writer:
            writer.write_line(json.dumps(summary, indent=2, ensure_ascii=False))
        return summary


def _all_met(played: Played) -> bool:
    """Whether there are three entrants or more, and a preference between any two of them.

    With two the winner beat all others as a matter of course, and where pairs are missing nobody can tell.
    """
    n, verdicts = len(played.record.field), played.record.verdicts
    pairs = n * (n - 1) // 2
    if n < 3 or len(verdicts) < pairs:
        return False
    return len({frozenset(verdict.match) for verdict in verdicts if verdict.p_a is not None}) == pairs


def comparison_rows(played: Played) -> Iterator[dict[str, Any]]:
    """The lines of comparisons.jsonl for one problem: who met whom, in which order, and what the judge said."""
    field = played.record.field
    for number, verdicts in enumerate(played.record.rounds):
        for verdict in verdicts:
            pair = {
                "round": number,
                "a": field.ids[verdict.match.a],
                "b": field.ids[verdict.match.b],
                "p_a": verdict.p_a,
            }
            for comparison, judgment in zip(verdict.comparisons, verdict.judgments, strict=True):
                yield {"problem": field.problem_id, **pair, **_row(field.ids, comparison, judgment)}


def _row(ids: tuple[str, ...], comparison: Comparison, judgment: Judgment) -> dict[str, Any]:
    return {
        "first": ids[comparison.first],
        "second": ids[comparison.second],
        "repeat": comparison.repeat,
        "thinking_limit": comparison.thinking_limit,
        "rethink": comparison.continues is not None,
        "outcome": judgment.outcome.value,
        "p_first": judgment.p_first,
        "prompt_tokens": judgment.prompt_tokens,
        "completion_tokens": judgment.completion_tokens,
        "cached_tokens": judgment.cached_tokens,
        "thinking_tokens": judgment.thinking_tokens,
        "cut": judgment.cut,
        "label_mass": judgment.label_mass,
        "p_cheap": judgment.p_cheap,
        "seconds": round(judgment.seconds, 6),
        "detail": judgment.detail,
        "text": judgment.text,
        **({"parts": parts} if (parts := parts_of(judgment.text)) else {}),
    }


def read_summary(folder: Path) -> dict[str, Any]:
    """The object in a run folder's summary.json.

    Raises:
        RunFolderError: where the file is not there or broken.
    """
    path = folder / SUMMARY
    try:
        summary: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{path}: cannot be read ({error}); is this a finished run's folder?") from None
    return summary


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSON lines file of a run folder.

    Raises:
        RunFolderError: where the file is not there or broken.
    """
    try:
        with path.open(encoding="utf-8", errors="surrogatepass") as file:
            for number, line in enumerate(file, 1):
                try:
                    yield json.loads(line)
                except ValueError as error:
                    raise RunFolderError(
                        f"{path}:{number}: is no JSON ({error}); repeat the run to write it anew"
                    ) from None
    except OSError as error:
        raise RunFolderError(f"{path}: cannot be read ({error.strerror}); is this a finished run's folder?") from None
