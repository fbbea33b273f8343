"""Judgments from a file: read strictly, answered by order and repeat, and enough to replay a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.core.helpers import StubJudge, by_id, entrants, erratic, problem, setup, start
from tournament.errors import InputError, UsageError
from tournament.judge import TokenEstimate
from tournament.judges.recorded import RecordedJudge, RecordedSettings
from tournament.output import comparison_rows
from tournament.registry import matching
from tournament.types import Comparison, Judgment, Outcome

FIELD = entrants(3)


def recorded(path: Path, *rows: object) -> RecordedJudge:
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return RecordedJudge(RecordedSettings(file=str(path)))


def row(first: object, second: object, **rest: object) -> dict[str, object]:
    return {"problem": "p", "first": first, "second": second, **rest}


def test_answers_by_problem_order_and_repeat(tmp_path: Path) -> None:
    judge = recorded(
        tmp_path / "f",
        row("0", "1", p_first=0.9),
        row("1", "0", p_first=0.2),
        row("0", "1", repeat=1, p_first=0.5),
        "",
        row("1", "2", winner="2"),
        row("2", "1", winner=None),
        row("0", "2", p_first=None),
        row(2, 0, winner=2),
        {**row("0", "1", p_first=0.0), "problem": "other"},
    )
    asked = [(0, 1, 0), (1, 0, 0), (0, 1, 1), (1, 2, 0), (2, 1, 0), (0, 2, 0), (2, 0, 0)]
    found = judge.judge_now(FIELD, [Comparison(*each) for each in asked])
    assert [j.p_first for j in found] == [0.9, 0.2, 0.5, 0.0, 0.5, None, 1.0]
    decided, tie, none = Outcome.DECIDED, Outcome.TIE, Outcome.UNPARSABLE
    assert [j.outcome for j in found] == [decided, decided, tie, decided, tie, none, decided]


def test_what_is_not_there_is_refused_and_never_made_up(tmp_path: Path) -> None:
    judge = recorded(tmp_path / "f", row("0", "1", p_first=1.0))
    for missing in (Comparison(1, 0), Comparison(0, 1, 1), Comparison(1, 2)):
        (found,) = judge.judge_now(FIELD, [missing])
        assert (found.outcome, found.p_first) == (Outcome.REFUSED, None)
        assert "not recorded" in found.detail
    assert judge.judge_now(entrants(3, name="q"), [Comparison(0, 1)])[0].outcome is Outcome.REFUSED


def test_everything_recorded_comes_back(tmp_path: Path) -> None:
    judge = recorded(
        tmp_path / "f",
        row(
            "0", "1", p_first=None, outcome="truncated", text="so far", detail="cut", prompt_tokens=7, seconds=1.5,
            completion_tokens=9, cached_tokens=3,
        ),
    )  # fmt: skip
    assert judge.judge_now(FIELD, [Comparison(0, 1)]) == [
        Judgment(Outcome.TRUNCATED, None, "so far", "cut", 7, 9, 3, 1.5)
    ]
    plan = judge.plan(FIELD, [Comparison(0, 1), Comparison(0, 2)])
    assert plan == TokenEstimate(expected_prompt=7, expected_completion=9, worst_prompt=7, worst_completion=9)


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        "[]",
        "7",
        '{"problem": "p", "first": "0"}',
        json.dumps(row("0", "1")),
        json.dumps(row("0", "1", winner="2")),
        json.dumps(row("0", "1", p_first=1.5)),
        json.dumps(row("0", "1", p_first="x")),
        '{"problem": "p", "first": "0", "second": "1", "p_first": NaN}',
        json.dumps(row("0", "1", p_first=1, outcome="splendid")),
        json.dumps(row("0", "1", p_first=1, repeat="many")),
        "[" * 100_000,
    ],
)
def test_a_broken_line_is_told_with_its_number(tmp_path: Path, line: str) -> None:
    with pytest.raises(InputError, match=r"judgments\.jsonl:3: no judgment") as caught:
        recorded(tmp_path / "judgments.jsonl", row("0", "1", p_first=1.0), "", line)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="give the file"):
        RecordedJudge(RecordedSettings(file=str(tmp_path / "missing")))
    with pytest.raises(UsageError, match="-J file="):
        RecordedJudge(RecordedSettings())


def test_the_content_of_the_file_is_its_identity(tmp_path: Path) -> None:
    one = recorded(tmp_path / "a", row("0", "1", p_first=1.0)).identity
    same = recorded(tmp_path / "b", row("0", "1", p_first=1.0)).identity
    other = recorded(tmp_path / "a", row("0", "1", p_first=0.0)).identity
    assert one.digest() == same.digest() != other.digest()


@pytest.mark.parametrize("match", ["single", "voting", "rethinking"])
@pytest.mark.parametrize("pairs", ["knockout", "round-robin"])
def test_the_comparisons_of_a_run_replay_it(tmp_path: Path, pairs: str, match: str) -> None:
    problems = [problem(i) for i in range(6)]
    live, _ = start(problems, setup(StubJudge(erratic(0), tokens=7), pairs, matching(match)))
    judge = recorded(tmp_path / "comparisons.jsonl", *(line for played in live for line in comparison_rows(played)))
    again, _ = start(problems, setup(judge, pairs, matching(match)))
    assert by_id(again) == by_id(live)
    assert sum(played.result.spend.comparisons for played in live) > 20
