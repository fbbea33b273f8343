"""The words of the engine as frozen records: problem, candidate, field, match, comparison, judgment, verdict, spend.

`Comparison`, `Judgment` and `Verdict` are made millions of times in a simulation; they are named tuples because those
are built several times faster than frozen dataclasses. Everything else is a frozen, slotted, keyword-only dataclass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a chat prompt."""

    role: str
    content: str


Prompt = str | tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One response to a problem; `meta` is carried along and never shown to a judge."""

    id: str
    text: str
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A prompt with its candidates and, where known, a reference answer that no judge ever sees."""

    id: str
    prompt: Prompt
    candidates: tuple[Candidate, ...]
    reference: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What strategies and judges may see of a problem: its prompt and the candidates left after merging identical ones.

    Strategies name an entrant by its index into `texts`. `members[i]` holds the indices of the problem's candidates
    that entrant `i` stands for, so `len(members[i])` is how many identical candidates were merged. `ids[i]` is the id
    of the first of them; it is a label for people and recorded files, and is never part of a prompt.
    """

    problem_id: str
    prompt: Prompt
    ids: tuple[str, ...]
    texts: tuple[str, ...]
    members: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        return len(self.texts)

    @classmethod
    def of(cls, problem: Problem) -> Field:
        """Merge the identical candidates of a problem, in the order in which they first appear."""
        groups: dict[str, list[int]] = {}
        for index, candidate in enumerate(problem.candidates):
            groups.setdefault(candidate.text, []).append(index)
        return cls(
            problem_id=problem.id,
            prompt=problem.prompt,
            ids=tuple(problem.candidates[group[0]].id for group in groups.values()),
            texts=tuple(groups),
            members=tuple(tuple(group) for group in groups.values()),
        )


class Match(NamedTuple):
    """Two entrants of a field, by index, that meet."""

    a: int
    b: int


class Outcome(StrEnum):
    """What kind of answer a comparison came back with."""

    DECIDED = "decided"
    TIE = "tie"
    UNPARSABLE = "unparsable"
    TRUNCATED = "truncated"
    CONTRADICTORY = "contradictory"
    REFUSED = "refused"
    FAILED = "failed"


class Judgment(NamedTuple):
    """What one comparison came back with.

    `p_first` is the preference for the candidate shown first, in [0, 1]: 0.5 for a tie, None where there is no
    preference. `text` is what the judge said, `detail` why there is no preference. Token counts are the server's own;
    `thinking_tokens` are those of the completion that came before the judge's answer, and `cut` says that its thinking
    was ended by the limit. `label_mass` is the probability that the model gave to the verdict's labels together, where
    `p_first` was read from them; `p_cheap` what the cheap judge of a cascade had said.
    """

    outcome: Outcome
    p_first: float | None
    text: str = ""
    detail: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    seconds: float = 0.0
    thinking_tokens: int = 0
    cut: bool = False
    label_mass: float | None = None
    p_cheap: float | None = None


class Comparison(NamedTuple):
    """One judge call: which entrant is shown first and second, a repeat number, a thinking limit in tokens.

    `continues` is the judgment whose reasoning the judge is asked to go on with (re-thinking).
    """

    first: int
    second: int
    repeat: int = 0
    thinking_limit: int | None = None
    continues: Judgment | None = None


class Verdict(NamedTuple):
    """The outcome of a match: `p_a` is the preference for `match.a` in [0, 1], None where no judgment had one."""

    match: Match
    p_a: float | None
    comparisons: tuple[Comparison, ...] = ()
    judgments: tuple[Judgment, ...] = ()

    @property
    def winner(self) -> int | None:
        """The preferred entrant, or None for a tie or a match without a preference."""
        if self.p_a is None or self.p_a == 0.5:
            return None
        return self.match.a if self.p_a > 0.5 else self.match.b


Round = list[Match]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """What has been used: comparisons, tokens by kind, seconds of judging, money in the unit of the prices."""

    comparisons: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    seconds: float = 0.0
    money: float = 0.0

    @property
    def tokens(self) -> int:
        """Prompt and completion tokens together."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: Spend) -> Spend:
        return Spend(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(Spend)})

    def to_json(self) -> dict[str, float]:
        """The fields and `tokens` as a JSON object."""
        return {**{f.name: getattr(self, f.name) for f in fields(Spend)}, "tokens": self.tokens}
