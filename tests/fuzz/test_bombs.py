"""Small inputs that would grow: compressed zeros, deep nesting, numbers without end, texts that make a search explode.

Nothing here asserts a duration. Each runs in a process whose memory and processor time are bounded by the system, so a
blow-up ends the process, and the test with it; the bounds are many times of what a sound reader takes.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from .readers import CANDIDATES

ROOT = Path(__file__).parents[2]
MEMORY, CPU_S = 3 << 30, 90
# Threads of linear algebra reserve memory that they never use.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}

BOUNDED = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
resource.setrlimit(resource.RLIMIT_CPU, ({CPU_S}, {CPU_S}))
"""


def bounded(code: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Python code in a process with little memory and time."""
    return subprocess.run(
        [sys.executable, "-c", BOUNDED + code, *arguments],
        cwd=folder,
        env={**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )


def tourney(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return bounded("from tournament.cli.main import entry; entry()", *arguments, folder=folder)


def bomb(path: Path, size: int, first: bytes = b"") -> None:
    """A gzip file of zeros, made piece by piece."""
    squeezer, zeros = zlib.compressobj(9, zlib.DEFLATED, 31), bytes(1 << 20)
    with path.open("wb") as file:
        file.write(squeezer.compress(first))
        for _ in range(size >> 20):
            file.write(squeezer.compress(zeros))
        file.write(squeezer.flush())


def refused(ended: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert ended.returncode == 2, (ended.returncode, ended.stderr[-500:])
    [line] = ended.stderr.splitlines()
    assert line.startswith("tourney: error: ")
    assert len(line) < 1000
    for part in parts:
        assert part in line


def test_a_gigabyte_of_zeros_in_a_megabyte(tmp_path: Path) -> None:
    bomb(tmp_path / "in.jsonl.gz", 1 << 30)
    assert (tmp_path / "in.jsonl.gz").stat().st_size < 2 << 20
    refused(tourney(tmp_path, "rank", "in.jsonl.gz"), "in.jsonl.gz:1:", "longer than 64 MiB")


@pytest.mark.parametrize("verb", ["convert", "sample"])
def test_bombs_for_other_verbs(verb: str, tmp_path: Path) -> None:
    bomb(tmp_path / "in.jsonl.gz", 1 << 27)
    more = ["out.jsonl"] if verb == "convert" else ["--out", "o.jsonl"]
    refused(tourney(tmp_path, verb, "in.jsonl.gz", *more), "in.jsonl.gz:1:", "longer than 64 MiB")


def test_a_bomb_behind_sound_lines(tmp_path: Path) -> None:
    bomb(tmp_path / "in.jsonl.gz", 1 << 27, first=CANDIDATES.encode())
    refused(tourney(tmp_path, "rank", "in.jsonl.gz"), "in.jsonl.gz:4:", "longer than 64 MiB")


def test_a_bomb_within_a_bomb_is_not_unpacked_twice(tmp_path: Path) -> None:
    bomb(tmp_path / "inner.gz", 64 << 20)
    (tmp_path / "in.jsonl.gz").write_bytes(gzip.compress((tmp_path / "inner.gz").read_bytes()))
    refused(tourney(tmp_path, "rank", "in.jsonl.gz"), "in.jsonl.gz:1:")


DEEP = {
    "lists": b"[" * 100_000,
    "objects": b'{"a":' * 100_000,
    "closed": b'{"id": "a", "prompt": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "meta": b'{"id": "a", "prompt": "q", "candidates": ["x"], "m": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001,
    "digits": b'{"id": ' + b"9" * 1_000_000 + b', "prompt": "q", "candidates": ["x"]}',
    "exponent": b'{"id": "a", "prompt": "q", "candidates": ["x"], "n": 1e999999999, "m": [1e-999999999]}',
    "keys": b"{" + b",".join(b'"%d": 1' % i for i in range(200_000)) + b"}",
    "escapes": b'{"id": "' + b"\\u0041" * 200_000 + b'", "prompt": "", "candidates": []}',
}


@pytest.mark.parametrize("case", [case for case in DEEP if case != "exponent"])
def test_nesting_and_numbers_of_a_line(case: str, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(DEEP[case] + b"\n")
    refused(tourney(tmp_path, "rank", "in.jsonl"), "in.jsonl:1:")


def test_nesting_and_numbers_of_every_file(tmp_path: Path) -> None:
    """Also as a TOML value, a card's code and a CSV field: every reader gets all of them."""
    code = """
import sys
sys.path.insert(0, sys.argv[1])
from tests.fuzz import readers
from tests.fuzz.test_bombs import DEEP
try:
    for name, data in ((name, data) for name in readers.READERS for data in DEEP.values()):
        for whole in (data + b"\\n", b"a = " + data, b"```python\\n" + data + b"\\n```\\n", b'"strategy"\\n' + data):
            readers.refused(name, whole)
finally:
    readers.clear()
print("done")
"""
    ended = bounded(code, str(ROOT), folder=tmp_path)
    assert (ended.returncode, ended.stdout) == (0, "done\n"), ended.stderr[-2000:]


# A pattern that goes back over what it has read takes hours for any of these, a sound one a second.
LONG = 1 << 18
CATASTROPHES = {
    "blanks": " " * LONG,
    "new lines": "\n" * LONG,
    "a line of blanks": "Verdict:" + " " * LONG + "x",
    "digits": "9" * LONG,
    "groups of digits": "1,234," * (LONG // 6),
    "commas": "," * LONG,
    "fractions": "1/" * (LONG // 2),
    "points": "1." * (LONG // 2),
    "brackets": "<" * LONG,
    "square brackets": "[" * LONG,
    "closing": "</" * (LONG // 2),
    "words in brackets": "<a_" * (LONG // 3),
    "capitals": "[" + "A_" * (LONG // 2),
    "bars": "<|" * (LONG // 2),
    "full-width": "\uff1c\uff5c" * (LONG // 2),
    "surrogates": "\ud800" * LONG,
    "boxes": "\\boxed{" * (LONG // 7),
    "boxes of text": "\\boxed{\\text{" * (LONG // 13),
    "marks": "#### " * (LONG // 5),
    "answers": "answer is " * (LONG // 10),
    "stars": "**" * (LONG // 2),
    "verdicts": "Verdict: 1\n" * (LONG // 11),
    "verdicts in a line": "verdict is: " * (LONG // 12),
    "answer tags": "<answer>" * (LONG // 8),
    "verdict marks": "[[A" * (LONG // 3),
    "thoughts": "<think>" * (LONG // 7),
    "ends of thoughts": "</think>" * (LONG // 8),
    "signs": "- " * (LONG // 2),
    "parentheses": " (a)" * (LONG // 4),
    "open parentheses": "(" * LONG,
    "equals": "=" * LONG,
    "frac": "\\frac{1}{" * (LONG // 9),
    "powers": "10^" * (LONG // 3),
    "letters": "a" * LONG,
    "combining": "a" + "\u0301" * LONG,
    "letters in stars": "v*e*" * (LONG // 4),
    "invisible": "<\u200b" * (LONG // 2),
    "bars that close": "<a|" * (LONG // 3),
    "of everything": "<[|_ /answer 1,2.\n" * (LONG // 18),
}


def test_no_search_goes_back_over_what_it_read(tmp_path: Path) -> None:
    code = """
import sys
sys.path.insert(0, sys.argv[1])
from tests.fuzz import readers
from tests.fuzz.test_bombs import CATASTROPHES
from tournament.answers import final_answer, group, normal, number
from tournament.judges.served import _TOO_LONG
from tournament.judges.wording import load_wording
from tournament.report.table import printable
words = [load_wording(name) for name in ("rrm", "generic-chat", "rm-r1-instruct", "rm-r1-reasoning")]
for text in CATASTROPHES.values():
    whole = f"x{text}x\\nVerdict: 1"
    readers.texts(whole.encode("utf-8", "surrogatepass"))
    for each in (final_answer, normal, number, printable, _TOO_LONG.search):
        each(whole)
    group([text, text])
    for each in words:
        each.messages(text, text, text)
print("done")
"""
    ended = bounded(code, str(ROOT), folder=tmp_path)
    assert (ended.returncode, ended.stdout) == (0, "done\n"), ended.stderr[-2000:]


def test_a_process_that_takes_too_much_is_noticed(tmp_path: Path) -> None:
    assert bounded("bytearray(4 << 30)", folder=tmp_path).returncode != 0
    assert bounded("print('fine')", folder=tmp_path).stdout == "fine\n"


def test_a_table_of_a_sweep_may_claim_no_number_of_seeds(tmp_path: Path) -> None:
    (tmp_path / "points").mkdir()
    (tmp_path / "summary.json").write_text(json.dumps({"points": 1, "of": 1}))
    row = "strategy,n,votes,thinking,rethinks,budget,seeds,problems,partial,fallback,accuracy,low,high,weighted,"
    row += "comparisons,tokens,completion_tokens,thinking_tokens,seconds,money\n"
    row += "a,,1,,0,,9999999999,1,0,0,1,1,1,1,1,1,1,1,1,1\n"
    (tmp_path / "summary.csv").write_text(row)
    refused(tourney(tmp_path, "report", "."), "seeds")
