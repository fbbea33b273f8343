"""What SGLang's own log of requests says is told apart: thoughts, judgments, what was aborted, and what broke off."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from benchmarks.faults.checker import Account, check
from benchmarks.faults.sglang_log import Witness

AT = 1_800_000_000.0
PROMPT = "<<p0/c1>> or <<p0/c2>>"
NONE: Counter[str] = Counter()
KEPT = Counter(["p0 c1 c2"])


def write(folder: Path, *requests: tuple[str, str], text: str = PROMPT) -> Witness:
    """A log of requests, each with its phase and its end, "" for one that never ended; one a second."""
    with (folder / "host_0.log").open("a") as file:
        for number, (phase, end) in enumerate(requests):
            rid = str(number)
            parameters = {"regex": "( 1| 2)"} if phase == "verdict" else {}
            common = {"rid": rid, "obj": {"text": text, "sampling_params": parameters}}
            reason = {"type": "abort", "status_code": 503} if end == "503" else {"type": end}
            meta = {"finish_reason": reason, "prompt_tokens": 10, "completion_tokens": 5}
            _line(file, "request.received", AT + number, common)
            if end:
                _line(file, "request.finished", AT + number + 0.5, {**common, "out": {"meta_info": meta}})
    return Witness(folder)


def _line(file: Any, event: str, at: float, what: dict[str, Any]) -> None:
    note = {"timestamp": datetime.fromtimestamp(at).isoformat(), "event": event, **what}
    file.write(f"[2027-01-15 08:00:00] {json.dumps(note)}\n")


def test_a_thought_and_its_verdict_are_one_judgment(tmp_path: Path) -> None:
    seen, read = write(tmp_path, ("thought", "length"), ("verdict", "stop")).seen(0)
    assert (seen.received, seen.judgments, seen.tokens, seen.apart) == (KEPT, KEPT, 30, 0)
    assert read == 4
    assert check(NONE, seen, KEPT, killed=False, limit=30) == Account()
    assert check(NONE, seen, NONE, killed=False, limit=29) == Account(lost=1, overrun=1)


def test_a_comparison_that_was_judged_before_is_paid_twice(tmp_path: Path) -> None:
    seen, _ = write(tmp_path, ("thought", "stop"), ("thought", "stop")).seen(0)
    assert check(NONE, seen, KEPT, killed=False).paid_twice == 1
    assert check(KEPT, seen, KEPT, killed=False).paid_twice == 2


@pytest.mark.parametrize("end", ["abort", "503"])
def test_what_is_aborted_is_worth_nothing(tmp_path: Path, end: str) -> None:
    seen, _ = write(tmp_path, ("thought", "length"), ("verdict", end)).seen(0)
    assert (seen.judgments, seen.worthless, seen.tokens) == (NONE, 1, 15)


def test_a_thought_that_is_asked_again_stands_apart(tmp_path: Path) -> None:
    seen, _ = write(tmp_path, ("thought", "length"), ("thought", "length"), ("verdict", "stop")).seen(0)
    assert (seen.apart, check(NONE, seen, KEPT, killed=False)) == (1, Account())


def test_what_was_ended_just_before_a_kill_may_not_have_gone_out(tmp_path: Path) -> None:
    witness = write(tmp_path, ("thought", "stop"), ("thought", ""))
    assert witness.open_requests() == ["1"]
    witness.deaths.append(AT + 0.55)
    seen, _ = witness.seen(0)
    assert (seen.judgments, seen.apart) == (NONE, 2)
    witness.deaths.append(AT + 2)
    assert witness.open_requests() == []


def test_what_is_about_no_comparison_is_left_out(tmp_path: Path) -> None:
    seen, read = write(tmp_path, ("thought", "stop"), text="Are you well?").seen(0)
    assert (seen.received, seen.judgments, read) == (NONE, NONE, 0)


def test_the_log_is_read_on_from_where_it_was(tmp_path: Path) -> None:
    witness = write(tmp_path, ("thought", "stop"))
    _, read = witness.seen(0)
    write(tmp_path, ("thought", "stop"))
    assert witness.seen(read)[0].received == KEPT
