"""A share of the problems, told by their ids alone, so that whoever asks elsewhere takes the others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tournament import seeding
from tournament.errors import UsageError
from tournament.types import Problem

SHARDS = "shards"
"""The folder in a run's folder that holds those of its shards."""

MOST = 100_000
"""More shards than that are a slip of the finger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """Shard `index` of `of`, counted from 1: the problems whose ids fall to it, about one in `of`."""

    index: int
    of: int

    def __post_init__(self) -> None:
        if not 1 <= self.index <= self.of <= MOST:
            raise UsageError(f"shard {self.index}/{self.of}: give i/n with i from 1 to n, n at most {MOST:,}")

    @classmethod
    def parse(cls, text: str) -> Shard:
        """The shard that is written i/n.

        Raises:
            UsageError: where it is not.
        """
        written = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text, re.ASCII)
        if written is None:
            raise UsageError(f"--shard {text!r}: write it i/n with i from 1 to n, such as 2/8")
        return cls(index=int(written[1]), of=int(written[2]))

    def __str__(self) -> str:
        return f"{self.index}/{self.of}"

    def folder(self, run: Path) -> Path:
        """Its own run folder below that of the whole run; names sort as the shards do."""
        digits = len(str(self.of))
        return run / SHARDS / f"{self.index:0{digits}}-of-{self.of}"

    def takes(self, problem_id: str) -> bool:
        """Whether the problem of this id is one of its own."""
        return seeding.key(0, "shard", problem_id) % self.of == self.index - 1

    def share(self, problems: Iterable[Problem]) -> Iterator[Problem]:
        """Those of some problems that are its own."""
        return (problem for problem in problems if self.takes(problem.id))
