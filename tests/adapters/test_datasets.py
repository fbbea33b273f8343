"""The function for `Dataset.map`: its columns, and that the real library takes it to other processes and its cache."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.calls import Longer
from tournament.adapters.datasets import BestOfN
from tournament.errors import UnknownNameError, UsageError

ROOT = Path(__file__).parents[2]
BATCH: dict[str, list[Any]] = {"prompt": ["p", "q"], "candidates": [["a", "aaa", "aa"], ["b"]]}
CHILD = """
import json, sys
from datasets import Dataset
from datasets.fingerprint import Hasher
from tournament.adapters.datasets import BestOfN
from tournament.records import read_problems
from pathlib import Path

def shorter(prompt, first, second):
    return float(len(first) < len(second))

if __name__ == "__main__":
    from tournament.judges.calling import CallableJudge
    problems = list(read_problems(Path("examples/gsm8k.jsonl")))
    rows = Dataset.from_dict({
        "question": [problem.prompt for problem in problems],
        "responses": [[candidate.text for candidate in problem.candidates] for problem in problems],
    })
    names = {"prompt": "question", "candidates": "responses"}
    judge = CallableJudge.of(shorter)
    make = lambda seed=3: BestOfN(**names, judge=judge, strategy="knockout", seed=seed)
    function = make()
    hashes = [Hasher.hash(function)]
    one, two = (rows.map(function, batched=True, batch_size=5, num_proc=n)["best_index"] for n in (None, 2))
    hashes += [Hasher.hash(function), Hasher.hash(make()), Hasher.hash(make(4))]
    shortest = [min(range(len(each)), key=lambda i: len(each[i])) for each in rows["responses"]]
    print(json.dumps({"one": list(one), "two": list(two), "shortest": shortest, "hashes": hashes}))
"""


def test_the_best_its_place_and_how_sure() -> None:
    found = BestOfN(judge=Longer())(BATCH)
    assert found["best"] == ["aaa", "b"]
    assert found["best_index"] == [1, 0]
    assert 0.5 < found["p_best"][0] < 1
    assert found["p_best"][1] in (None, 1.0)


def test_columns_are_called_as_wanted_and_chats_come_back_as_they_were() -> None:
    chats = [[{"role": "assistant", "content": text}] for text in ("a", "aa")]
    function = BestOfN(prompt="q", candidates="c", columns=("x", "y", "z"), judge=Longer())
    found = function({"q": [[{"role": "user", "content": "?"}]], "c": [chats]})
    assert (found["x"], found["y"], list(found)) == ([chats[1]], [1], ["x", "y", "z"])


def test_what_cannot_be_ranked_is_named() -> None:
    function = BestOfN(judge=Longer())
    with pytest.raises(UsageError, match="no column 'candidates'"):
        function({"prompt": ["p"]})
    nothing: tuple[Any, ...] = ([], None, "text")
    for candidates in nothing:
        with pytest.raises(UsageError, match="row 1 of the batch has no list"):
            function({"prompt": ["p", "q"], "candidates": [["a"], candidates]})
    with pytest.raises(UsageError, match="name three"):
        BestOfN(columns=("best",))
    with pytest.raises(UnknownNameError):
        BestOfN(judge="chekcs")(BATCH)


def test_a_row_is_played_the_same_in_whatever_batch_it_comes() -> None:
    def asked(*batches: dict[str, list[Any]]) -> set[tuple[str, str]]:
        found = set[tuple[str, str]]()
        for batch in batches:
            judge = Longer()
            # The function works on a copy of its judge; what the copy was asked shows in the shared list.
            judge.asked = Shared()
            BestOfN(judge=judge, seed=5)(batch)
            found |= set(judge.asked)
        return found

    texts = [[letter * n for n in range(1, 6)] for letter in "abcd"]
    alone: list[dict[str, list[Any]]] = [{"prompt": [str(i)], "candidates": [each]} for i, each in enumerate(texts)]
    together: dict[str, list[Any]] = {"prompt": [str(i) for i in range(4)], "candidates": list(texts)}
    assert asked(*alone) == asked(together)


class Shared(list[tuple[str, str]]):
    """A list that stays one list however often it is copied."""

    def __deepcopy__(self, memo: object) -> Shared:
        return self


@pytest.mark.skipif(importlib.util.find_spec("datasets") is None, reason="datasets is not installed")
def test_in_the_library_itself(tmp_path: Path) -> None:
    (tmp_path / "child.py").write_text(CHILD)
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
    }
    command = [sys.executable, str(tmp_path / "child.py")]
    shown = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    found = json.loads(shown.stdout)
    assert found["one"] == found["two"] == found["shortest"]
    before, after, again, other = found["hashes"]
    assert before == after == again != other
