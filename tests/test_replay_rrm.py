"""Recorded knockouts are replayed to the recorded champion, and what is no knockout is refused in one line."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks._brackets import read_brackets
from benchmarks.replay_rrm import main, replay

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared/data/rrm-knockout/rrm-7b.jsonl"
Row = dict[str, Any]


def met(number: int, match: int, first: int, second: int, winner: int, boxed: str | None = "") -> Row:
    """A recorded match; the box names its winner where nothing else is said."""
    box = f"Assistant {1 if winner == first else 2}" if boxed == "" else boxed
    return {"round": number, "match": match, "first": first, "second": second, "winner": winner, "boxed": box}


def four() -> Row:
    """By hand: 2 beats 0, 1 beats 3, then 1, shown second, beats 2."""
    return {"id": "four", "candidates": 4, "matches": [met(1, 0, 2, 0, 2), met(1, 1, 3, 1, 1), met(2, 0, 2, 1, 1)]}


def five() -> Row:
    """By hand: 4 beats 0 and 1, 2 and 3 have byes too; 3 beats 2 and then 4."""
    later = [met(2, 0, 1, 4, 4), met(2, 1, 3, 2, 3), met(3, 0, 4, 3, 3)]
    return {"id": "five", "candidates": 5, "matches": [met(1, 0, 0, 4, 4), *later]}


def made(n: int, seed: int) -> Row:
    """A knockout of any size: shuffled candidates, winners and orders by chance; the rest of a list has byes."""
    luck = random.Random(seed)
    alive = luck.sample(range(n), n)
    matches: list[Row] = []
    number = 0
    while len(alive) > 1:
        number += 1
        power = 1
        while 2 * power < len(alive):
            power *= 2
        winners = []
        for match in range(len(alive) - power):
            first, second = luck.sample(alive[2 * match : 2 * match + 2], 2)
            winners.append(luck.choice((first, second)))
            matches.append(met(number, match, first, second, winners[-1]))
        alive = winners + alive[2 * len(winners) :]
    luck.shuffle(matches)
    return {"id": f"n{n} seed {seed}", "candidates": n, "matches": matches, "champion": alive[0]}


def write(path: Path, *rows: Row | str) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def figure(shown: str, words: str) -> str:
    """The last word of the line that begins so."""
    (line,) = [line for line in shown.splitlines() if line.startswith(words)]
    return line.split()[-1]


def test_brackets_by_hand_end_with_their_champions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "f", four(), "", five())
    assert main([str(path)]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert figure(shown.out, "problems  ") == "2"
    assert figure(shown.out, "matches replayed") == "7"
    assert figure(shown.out, "matches missing") == "0"
    # Of the winners, 2 of "four" and 3 of "five" in its second round were shown first.
    assert "first-slot rate 28.57% (95 % Wilson interval 8.22% to 64.11%), 2 of 7 verdicts" in shown.out
    assert shown.out.splitlines()[-1] == "champions 2/2"
    assert [played.result.best for played in asyncio.run(replay(read_brackets(path)))] == ["1", "3"]


@given(sizes=st.lists(st.integers(1, 40), min_size=1, max_size=4), seed=st.integers(0, 1000))
def test_any_knockout_is_replayed_match_for_match(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], seed: int
) -> None:
    rows = [made(n, seed + number) for number, n in enumerate(sizes)]
    path = write(tmp_path_factory.mktemp("made") / "f", *({**row, "id": i} for i, row in enumerate(rows)))
    assert main([str(path)]) == 0
    for row, played in zip(rows, asyncio.run(replay(read_brackets(path))), strict=True):
        assert played.result.best == str(row["champion"])
        recorded = {(m["round"], m["first"], m["second"], m["winner"]) for m in row["matches"]}
        shown = {
            (number, *comparison[:2], verdict.winner)
            for number, verdicts in enumerate(played.record.rounds, 1)
            for verdict in verdicts
            for comparison in verdict.comparisons
        }
        assert shown == recorded
        assert played.result.best_by is None


@given(n=st.integers(3, 40), seed=st.integers(0, 1000), which=st.integers(0, 1000))
def test_a_winner_who_does_not_go_on_is_no_agreement(
    tmp_path_factory: pytest.TempPathFactory, n: int, seed: int, which: int
) -> None:
    """Turning a verdict round leaves a record in which the loser goes on, or another champion than the one named."""
    row = made(n, seed)
    turned = row["matches"][which % (n - 1)]
    turned["winner"] = turned["first"] + turned["second"] - turned["winner"]
    assert main([str(write(tmp_path_factory.mktemp("turned") / "f", four(), row))]) == 1


def test_what_differs_is_told_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stray = four()
    stray["matches"][0]["winner"] = 0
    path = write(tmp_path / "f", five(), {**stray, "id": "stray"}, {**four(), "champion": 2})
    assert main([str(path)]) == 1
    shown = capsys.readouterr()
    assert shown.err.splitlines() == [
        f"{path}:2: 'stray': round 2, match 0: the bracket has 0 and 1, the record has 2 and 1",
        f"{path}:3: 'four': champion 1 in the replay, 2 in the record",
    ]
    assert figure(shown.out, "matches replayed") == "9"
    assert figure(shown.out, "matches missing") == "1"
    assert figure(shown.out, "problems with other pairs") == "1"
    assert shown.out.splitlines()[-1] == "champions 1/3"


def test_winners_must_meet_in_the_order_of_the_bracket(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every winner goes on, but the winner of match 0 meets that of match 2."""
    first = [met(1, i, 2 * i, 2 * i + 1, 2 * i) for i in range(4)]
    later = [met(2, 0, 0, 4, 0), met(2, 1, 2, 6, 2), met(3, 0, 0, 2, 0)]
    assert main([str(write(tmp_path / "f", {"id": "p", "candidates": 8, "matches": first + later}))]) == 1
    shown = capsys.readouterr()
    assert "round 2, match 0: the bracket has 0 and 2, the record has 0 and 4" in shown.err
    assert shown.out.splitlines()[-1] == "champions 0/1"


def test_boxes_are_counted_by_what_they_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = five()
    for match, box in zip(odd["matches"], ("I", None, "I", "Assistant 1"), strict=True):
        match["boxed"] = box
    assert main([str(write(tmp_path / "f", odd, four()))]) == 0
    shown = capsys.readouterr().out
    assert figure(shown, "boxes with something else") == "3"
    assert figure(shown, "  'I'") == "2"
    assert figure(shown, "  no box") == "1"
    assert figure(shown, "winners that their box does not name") == "1"


def changed(change: Callable[[Row], object]) -> str:
    row = four()
    change(row)
    return json.dumps(row)


def at(which: int, **rest: object) -> str:
    """`four` with something else in one of its matches."""
    return changed(lambda row: row["matches"][which].update(rest))


BROKEN = {
    "cut": (json.dumps(four())[:-40], r"no JSON \(.* at column \d+\); .* fetch it again"),
    "no UTF-8": ('{"id": "\udcff"}', "no JSON .*'utf-8' codec.* fetch it again"),
    "deep": ("[" * 100_000, "no JSON .* fetch it again"),
    "a list": ("[]", r"\[\] is no bracket; give an object"),
    "no id": (changed(lambda row: row.pop("id")), "id is None; give"),
    "no candidates": (changed(lambda row: row.pop("candidates")), "candidates is missing; give a whole number"),
    "none": (changed(lambda row: row.update(candidates=0)), "candidates is 0; give a whole number of at least 1"),
    "one with matches": (changed(lambda row: row.update(candidates=1)), "there is 1 candidate; give"),
    "no matches": (changed(lambda row: row.pop("matches")), "matches is None; give a list"),
    "not a match": (changed(lambda row: row["matches"].append(7)), "7 is no match; give objects"),
    "neither": (at(0, winner=3), "round 1, match 0: winner 3 is neither 2 nor 0; give one of the two"),
    "itself": (at(1, second=3), "round 1, match 1: first and second are both 3; give two candidates"),
    "too high": (at(0, second=4), "round 1, match 0: second is 4; give a whole number from 0 to 3"),
    "below": (at(0, first=-1), "round 1, match 0: first is -1; give a whole number from 0 to 3"),
    "true": (at(2, first=True), "round 2, match 0: first is True; give a whole number from 0 to 3"),
    "a fraction": (at(2, winner=1.0), "round 2, match 0: winner is 1.0; give a whole number"),
    "no winner": (at(2, winner=None), "round 2, match 0: winner is None; give a whole number"),
    "box": (at(2, boxed=1), "round 2, match 0: boxed is 1; give the words"),
    "twice": (at(1, first=2, winner=1), "round 1: candidate 2 has 2 matches; give each candidate one match a round"),
    "numbers": (at(1, match=0), "round 1: its matches are not numbered 0 to 1; give each number once"),
    "a late round": (at(2, round=3), "a match: round is 3; give a whole number from 1 to 2"),
    "last round": (changed(lambda row: row["matches"].pop()), "round 2 is missing; give every round"),
    "first round": (changed(lambda row: row.update(matches=row["matches"][2:])), "round 1 is missing; give every"),
    "a match gone": (changed(lambda row: row["matches"].pop(0)), "matches in round 1: 1; give a whole bracket: .* 2 "),
    "more candidates": (changed(lambda row: row.update(candidates=10**30)), "matches in round 1: 2; give a whole"),
    "champion": (changed(lambda row: row.update(champion=4)), "champion is 4; give a whole number from 0 to 3"),
    "known": (json.dumps({**five(), "id": "known"}), "id 'known' is that of line 1 too; give each problem its own"),
}


@pytest.mark.parametrize(("line", "words"), BROKEN.values(), ids=BROKEN)
def test_a_broken_line_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, words: str
) -> None:
    path = tmp_path / "brackets.jsonl"
    sound = json.dumps({**four(), "id": "known"})
    path.write_bytes(f"{sound}\n\n{line}\n".encode(errors="surrogateescape"))
    assert main([str(path)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    (told,) = shown.err.splitlines()
    assert told.startswith(f"{path}:3: ")
    assert re.search(words, told), told


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_a_file_without_brackets_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    path = tmp_path / "f"
    path.write_text(text)
    assert main([str(path)]) == 2
    assert capsys.readouterr().err == f"{path}: holds no bracket; give a file with one JSON object a line\n"


def test_as_a_program_it_ends_without_a_traceback(tmp_path: Path) -> None:
    cut = tmp_path / "cut"
    cut.write_text(json.dumps(four())[:100])
    odd = four()
    odd["matches"][0]["boxed"] = "\u2460"
    for path, code, words in ((write(tmp_path / "f", odd), 0, ""), (cut, 2, "cut:1: "), (tmp_path, 2, "cannot be")):
        command = [sys.executable, str(ROOT / "benchmarks/replay_rrm.py"), str(path)]
        plain = {**os.environ, "PYTHONIOENCODING": "ascii:strict"}
        done = subprocess.run(command, cwd=tmp_path, env=plain, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        assert words in done.stderr
        assert len(done.stderr.splitlines()) == (code != 0)


@pytest.mark.skipif(not SHARED.exists(), reason="no recorded RRM knockouts in ../shared")
def test_the_recorded_knockouts_of_the_paper(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [json.loads(line) for line in SHARED.read_text(encoding="utf-8").splitlines()]
    matches = [match for row in rows for match in row["matches"]]
    assert main([str(SHARED)]) == 0
    shown = capsys.readouterr().out
    assert figure(shown, "matches replayed") == f"{len(matches):,}" == "15,872"
    assert figure(shown, "matches missing") == "0"
    assert figure(shown, "problems with other pairs") == "0"
    assert f", {sum(m['winner'] == m['first'] for m in matches):,} of 15,872 verdicts" in shown
    assert shown.splitlines()[-1] == "champions 512/512"
