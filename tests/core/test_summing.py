"""Shards of a run as one standing: what can be counted is added up, and it runs while any of them does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tournament.errors import RunFolderError
from tournament.report.standing import standing_lines
from tournament.report.together import line
from tournament.standing import Standing, State
from tournament.summing import stands, summed


def told(done: int, *, paid: int = 0, left: float | None = None, how: str = "") -> dict[str, Any]:
    return {
        "verb": "rank",
        "how": how,
        "seconds": 10.0 + done,
        "problems": {"all": 2 * done + 1, "begun": done, "done": done, "partial": 0, "failed": 0},
        "comparisons": {"planned": 9, "paid": paid, "reused": 1},
        "tokens": {"prompt": 3, "completion": 4},
        "rate": {"minute": 1.5, "overall": 1.0},
        "slow": {"throttle": 0.1 * done, "retry": 0.0, "queue": 0.0},
        "money": 0.25,
        "retries": 2,
        "left_s": left,
    }


def standing(state: State, **facts: Any) -> Standing:
    return Standing(state=state, age_s=1.0, told=told(**facts) if facts else {})


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=8))
def test_counts_are_those_of_all(counts: list[tuple[int, int]]) -> None:
    one = summed([standing(State.RUNNING, done=done, paid=paid) for done, paid in counts])
    assert one.told["problems"]["done"] == sum(done for done, _ in counts)
    assert one.told["comparisons"]["paid"] == sum(paid for _, paid in counts)
    assert one.told["rate"]["minute"] == 1.5 * len(counts)
    assert one.told["retries"] == 2 * len(counts)
    assert one.told["slow"]["throttle"] == max(0.1 * done for done, _ in counts)


@pytest.mark.parametrize(
    ("states", "state"),
    [
        ([State.ENDED, State.RUNNING, State.DIED], State.RUNNING),
        ([State.ENDED, State.DIED], State.DIED),
        ([State.ENDED, State.ENDED], State.ENDED),
        ([State.SILENT, State.DIED], State.SILENT),
        ([State.STARTING, State.ENDED], State.STARTING),
    ],
)
def test_it_runs_while_any_does(states: list[State], state: State) -> None:
    assert summed([standing(each, done=1) for each in states]).state is state


def test_the_last_to_be_done_says_what_is_left() -> None:
    shards = [standing(State.RUNNING, done=3, left=50.0), standing(State.RUNNING, done=2, left=65.0)]
    said = "\n".join(standing_lines(summed(shards)))
    assert "shards: 2 running" in said
    assert "problems 5 of 12 done (41.7 %)" in said
    assert "left     about 1:05" in said
    said = line(summed([*shards, standing(State.ENDED, done=4, how="complete"), standing(State.STARTING)]).told)
    assert said.startswith("1/4 shards, 9/21 problems, 3 comparisons, 4.5/s, 21 tokens, spend 0.7500, 1:05 left")


def test_shards_that_have_written_nothing_are_starting() -> None:
    one = summed([standing(State.STARTING), standing(State.STARTING)])
    assert one.state is State.STARTING
    assert line(one.told) == "starting"
    assert standing_lines(one) == ["state    starting: its judge is not up yet"]


def test_a_folder_without_shards_stands_as_it_did(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="there is no status"):
        stands(tmp_path)
    with pytest.raises(RunFolderError, match="no shards"):
        summed([])
