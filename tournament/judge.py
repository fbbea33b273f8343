"""The judge protocols: what turns comparisons into judgments."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from tournament.types import Comparison, Field, Judgment


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeIdentity:
    """Everything about a judge that changes a judgment; its hash is part of every ledger key.

    `settings` holds sampling and whatever else matters to one kind of judge, as plain JSON values. `deterministic`
    says that a repeat of a comparison gives the same judgment, so that it is never paid for twice. `reads_field` says
    that the judgment of a pair depends on the other candidates too.
    """

    kind: str
    label: str
    model: str = ""
    revision: str = ""
    prompt_hash: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    deterministic: bool = False
    reads_field: bool = False

    def to_json(self) -> dict[str, Any]:
        """The identity as a JSON object, for config.toml and summary.json."""
        return {
            "kind": self.kind,
            "label": self.label,
            "model": self.model,
            "revision": self.revision,
            "prompt_hash": self.prompt_hash,
            "settings": dict(self.settings),
            "deterministic": self.deterministic,
            "reads_field": self.reads_field,
        }

    def digest(self) -> str:
        """A hash of everything but the label."""
        document = self.to_json()
        del document["label"]
        text = json.dumps(document, sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenEstimate:
    """Tokens of some comparisons: what is expected, and the most that they can cost."""

    expected_prompt: int = 0
    expected_completion: int = 0
    worst_prompt: int = 0
    worst_completion: int = 0

    @property
    def worst(self) -> int:
        """The most tokens these comparisons can cost, prompt and completion together."""
        return self.worst_prompt + self.worst_completion


class Judge(Protocol):
    """What turns comparisons into judgments.

    `batch_size` is how many comparisons of one field a call may hold; None for no limit (a judge in this process).
    A judge never raises for one broken comparison: it answers with a judgment whose outcome says what went wrong.
    It raises `JudgeUnreachableError` when no server answers any more.
    """

    @property
    def identity(self) -> JudgeIdentity:
        """What the judge is, complete once it has started."""
        ...

    @property
    def batch_size(self) -> int | None:
        """How many comparisons a call may hold; None for no limit."""
        ...

    async def start(self) -> None:
        """Check that the judge can work (a server answers, a model is there) and learn what it serves."""
        ...

    async def judge(self, field: Field, comparisons: Sequence[Comparison]) -> Sequence[Judgment]:
        """Judge comparisons of one field; the judgments come in the same order."""
        ...

    def plan(self, field: Field, comparisons: Sequence[Comparison]) -> TokenEstimate:
        """Estimate what comparisons cost, before they are paid for."""
        ...

    async def close(self) -> None:
        """Give back connections and processes."""
        ...


@runtime_checkable
class PrefixJudge(Protocol):
    """A judge whose server keeps the beginnings of prompts, so that comparisons which share one are cheap together."""

    async def judge_warming(self, field: Field, comparison: Comparison, warm: Callable[[], None]) -> Judgment:
        """Judge one comparison, and call `warm` at the latest when its prompt has been read."""
        ...


@runtime_checkable
class InstantJudge(Protocol):
    """A judge that can also answer at once, without an event loop: what `simulate` needs."""

    def judge_now(self, field: Field, comparisons: Sequence[Comparison]) -> Sequence[Judgment]:
        """Judge comparisons of one field without awaiting anything."""
        ...


class InProcess:
    """The shared part of judges that live in this process, cost no tokens and are ready at once."""

    batch_size: int | None = None

    async def start(self) -> None:
        """Nothing to check."""

    async def close(self) -> None:
        """Nothing to give back."""

    def plan(self, field: Field, comparisons: Sequence[Comparison]) -> TokenEstimate:
        """No tokens."""
        return TokenEstimate()

    def judge_now(self, field: Field, comparisons: Sequence[Comparison]) -> Sequence[Judgment]:
        """Judge comparisons of one field without awaiting anything."""
        raise NotImplementedError

    async def judge(self, field: Field, comparisons: Sequence[Comparison]) -> Sequence[Judgment]:
        """Judge comparisons of one field."""
        return self.judge_now(field, comparisons)
