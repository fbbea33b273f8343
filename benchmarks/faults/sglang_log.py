"""SGLang's own log of requests as the notes that the checker reads: the witness of the faults of the real server.

SGLang writes one JSON object for every request that it receives and one for every request that it ends, when it is
started with `LOGGED`. It writes the end down just before it sends the answer, so what it ended in the last moment
before it was killed may not have gone out, and counts as broken.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from benchmarks.faults.checker import Seen, sum_up
from benchmarks.faults.server import pair_of

LAST_MOMENT_S = 0.1


def logged(folder: Path) -> list[str]:
    """The arguments with which SGLang writes down every request, in files of a folder."""
    return [
        *("--log-requests", "--log-requests-level", "3", "--log-requests-format", "json"),
        *("--log-requests-target", str(folder)),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the log.

    Attributes:
        rid: SGLang's own name of the request.
        pair: which comparison it belongs to.
        body: what tells requests apart: text and sampling.
        ending: whether it asks for the verdict alone, after a thought that the limit cut off.
        ended: how it ended, as SGLang names it, or the HTTP status of a refusal; "" where it was received.
        tokens: of prompt and completion.
        at: seconds since the epoch.
    """

    rid: str
    pair: str
    body: str
    ending: bool
    ended: str
    tokens: int
    at: float

    @property
    def how(self) -> str:
        """What the end was worth: a judgment, a thought whose end is asked for next, or nothing."""
        if self.ended not in ("stop", "length"):
            return "worthless"
        return "thought" if self.ended == "length" and not self.ending else "judgment"


@dataclass(slots=True)
class Witness:
    """The log of one server, which goes on where the server is started anew; `deaths` are the moments it was killed."""

    folder: Path
    lines: list[Line] = field(default_factory=list)
    deaths: list[float] = field(default_factory=list)
    _read: int = 0

    def look(self) -> list[Line]:
        """All lines so far."""
        for path in sorted(self.folder.glob("*.log")):
            with path.open("rb") as file:
                file.seek(self._read)
                content = file.read()
            whole = content[: content.rfind(b"\n") + 1]
            self._read += len(whole)
            self.lines += [line for text in whole.splitlines() if (line := _line(text)) is not None]
        return self.lines

    def open_requests(self, *, ending: bool = False) -> list[str]:
        """The rids of what is under way now, or of those of them that ask for the verdict alone."""
        lines = self.look()
        over = {line.rid for line in lines if line.ended}
        # What a server had open when it was killed is over too.
        alive = max(self.deaths, default=0.0)
        return [line.rid for line in lines if line.rid not in over and line.at > alive and line.ending >= ending]

    def seen(self, skip: int) -> tuple[Seen, int]:
        """What the lines after the first `skip` say, in the checker's words, and the number of lines."""
        part = self.look()[skip:]
        over = {line.rid for line in part if line.ended}
        never = sum(line.rid not in over for line in part if not line.ended)
        seen = sum_up([note for line in part for note in self._notes(line)])
        tokens = sum(line.tokens for line in part if line.ended and line.how != "worthless")
        return replace(seen, tokens=tokens, apart=seen.apart + never + _again(part)), len(self.lines)

    def _notes(self, line: Line) -> list[dict[str, Any]]:
        if not line.ended:
            return [] if line.ending else [{"what": "received", "pair": line.pair}]
        how = "broken" if any(0 <= death - line.at < LAST_MOMENT_S for death in self.deaths) else line.how
        if how == "thought":
            return []
        return [{"what": "ended", "pair": line.pair, "how": how, "status": 200, "tokens": line.tokens}]


def _again(part: Sequence[Line]) -> int:
    """Thoughts that came whole more than once, because the end of the first came to nothing."""
    thoughts = Counter(line.body for line in part if line.ended and line.how == "thought")
    return thoughts.total() - len(thoughts)


def _line(text: bytes) -> Line | None:
    """A line of the log; None for one that is about no comparison."""
    note = json.loads(text.partition(b"] ")[2])
    asked = note.get("obj") or {}
    pair = pair_of(str(asked.get("text") or ""))
    if note["event"] not in ("request.received", "request.finished") or not pair:
        return None
    meta = (note.get("out") or {}).get("meta_info") or {}
    parameters, reason = asked["sampling_params"], meta.get("finish_reason") or {}
    ended = str(reason.get("status_code") or reason.get("type") or "nothing")
    return Line(
        rid=note["rid"],
        pair=pair,
        body=hashlib.sha256(json.dumps([asked["text"], parameters]).encode()).hexdigest(),
        ending="regex" in parameters,
        ended=ended if note["event"] == "request.finished" else "",
        tokens=(meta.get("prompt_tokens") or 0) + (meta.get("completion_tokens") or 0),
        at=datetime.fromisoformat(note["timestamp"]).timestamp(),
    )
