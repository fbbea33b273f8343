"""A judge that answers from a file of judgments: a run's comparisons.jsonl, or anything in that form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tournament.errors import InputError, UsageError
from tournament.judge import InProcess, JudgeIdentity, TokenEstimate
from tournament.types import Comparison, Field, Judgment, Outcome

_Key = tuple[str, str, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSettings:
    """Where the judgments are.

    Attributes:
        file: JSON lines with "problem", "first", "second" (candidate ids) and either "p_first" in [0, 1] (null for
            none) or "winner" (a candidate id, or null for a tie); optional "repeat", "outcome", "text", "detail" and
            token counts.
    """

    file: str = ""


class RecordedJudge(InProcess):
    """Answers from a file of judgments, in the order and repeat asked for; what is not in it is refused."""

    def __init__(self, settings: RecordedSettings) -> None:
        if not settings.file:
            raise UsageError("the recorded judge needs a file of judgments: -J file=comparisons.jsonl")
        path = Path(settings.file)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise InputError(
                str(path), None, f"cannot be read ({error.strerror}); give the file of judgments"
            ) from None
        self._judgments = dict(
            _read(path, number, line) for number, line in enumerate(data.split(b"\n"), 1) if line.strip()
        )
        self.identity = JudgeIdentity(
            kind="recorded", label=f"recorded judgments from {path.name}", revision=hashlib.sha256(data).hexdigest()
        )

    def plan(self, field: Field, comparisons: Sequence[Comparison]) -> TokenEstimate:
        """The tokens that the recorded judgments took."""
        judgments = self.judge_now(field, comparisons)
        prompt = sum(j.prompt_tokens for j in judgments)
        completion = sum(j.completion_tokens for j in judgments)
        return TokenEstimate(
            expected_prompt=prompt, expected_completion=completion, worst_prompt=prompt, worst_completion=completion
        )

    def judge_now(self, field: Field, comparisons: Sequence[Comparison]) -> list[Judgment]:
        """Look the judgments up."""
        return [self._one(field, comparison) for comparison in comparisons]

    def _one(self, field: Field, comparison: Comparison) -> Judgment:
        first, second = field.ids[comparison.first], field.ids[comparison.second]
        known = self._judgments.get((field.problem_id, first, second, comparison.repeat))
        if known is None:
            missing = f"not recorded: {first} shown before {second}, repeat {comparison.repeat}"
            return Judgment(Outcome.REFUSED, None, detail=missing)
        return known


def _read(path: Path, number: int, line: bytes) -> tuple[_Key, Judgment]:
    try:
        row: Any = json.loads(line)
        key = (str(row["problem"]), str(row["first"]), str(row["second"]), int(row.get("repeat", 0)))
        return key, _judgment(row, key)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        what = (
            f"no judgment ({type(error).__name__}: {error}); a line needs problem, first, second and p_first or winner"
        )
        raise InputError(str(path), number, what) from None


def _judgment(row: dict[str, Any], key: _Key) -> Judgment:
    _, first, second, _ = key
    if "p_first" in row:
        p_first = row["p_first"]
    else:
        winner = row["winner"]
        if winner is not None and str(winner) not in (first, second):
            raise ValueError(f"winner {winner!r} is neither {first!r} nor {second!r}")
        p_first = 0.5 if winner is None else float(str(winner) == first)
    if p_first is not None and not 0 <= p_first <= 1:
        raise ValueError(f"p_first {p_first!r} is outside [0, 1]")
    default = "unparsable" if p_first is None else "tie" if p_first == 0.5 else "decided"
    return Judgment(
        outcome=Outcome(row.get("outcome", default)),
        p_first=p_first,
        text=str(row.get("text", "")),
        detail=str(row.get("detail", "")),
        prompt_tokens=int(row.get("prompt_tokens", 0)),
        completion_tokens=int(row.get("completion_tokens", 0)),
        cached_tokens=int(row.get("cached_tokens", 0)),
        seconds=float(row.get("seconds", 0.0)),
        thinking_tokens=int(row.get("thinking_tokens", 0)),
        cut=bool(row.get("cut", False)),
        label_mass=_optional(row, "label_mass"),
        p_cheap=_optional(row, "p_cheap"),
    )


def _optional(row: dict[str, Any], name: str) -> float | None:
    value = row.get(name)
    return None if value is None else float(value)
