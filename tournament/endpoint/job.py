"""A request under way: where it is, for whoever looks on, and how long each part of its way took."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import StrEnum

from tournament.progress import Progress


class Phase(StrEnum):
    """The parts of a request's way, one after the other: together they are its critical path."""

    QUEUE = "queue"
    SAMPLING = "sampling"
    JUDGING = "judging"


@dataclass(slots=True)
class Job:
    """One request under way: `sampled` of `wanted` candidates are there, `planned` comparisons are to come at most."""

    number: int
    wanted: int
    phase: Phase = Phase.QUEUE
    sampled: int = 0
    planned: int = 0
    progress: Progress = field(default_factory=Progress)
    arrived: float = field(default_factory=time.monotonic)
    seconds: dict[Phase, float] = field(default_factory=lambda: dict.fromkeys(Phase, 0.0))
    _since: float = field(default_factory=time.monotonic)

    def enter(self, phase: Phase | None) -> None:
        """Go on to another part of the way, or to its end."""
        now = time.monotonic()
        self.seconds[self.phase] += now - self._since
        self._since = now
        if phase is not None:
            self.phase = phase

    @property
    def compared(self) -> int:
        """Comparisons answered so far."""
        return self.progress.paid + self.progress.reused

    def __str__(self) -> str:
        match self.phase:
            case Phase.QUEUE:
                return "waiting for its turn"
            case Phase.SAMPLING:
                return f"{self.sampled}/{self.wanted} candidates"
        return f"{self.compared}/{max(self.planned, self.compared)} comparisons"
