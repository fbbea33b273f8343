"""Whatever is written comes back; whatever bytes a file holds, it is read or refused and nothing else."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tournament.errors import InputError
from tournament.records import AtomicWriter, dumps, read_problems, scan
from tournament.types import Candidate, Message, Problem

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
filled = text.filter(lambda value: bool(value.strip()))
ids = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text
values = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(text, inner), max_leaves=5)
messages = st.builds(Message, role=ids, content=filled)
prompts = filled | st.lists(messages, min_size=1, max_size=3).map(tuple)
candidates = st.builds(Candidate, id=ids, text=text, meta=st.dictionaries(text, values, max_size=2))
problems = st.builds(
    Problem,
    id=ids,
    prompt=prompts,
    candidates=st.lists(candidates, min_size=1, max_size=4, unique_by=lambda c: c.id).map(tuple),
    reference=st.none() | text,
    meta=st.dictionaries(text, values, max_size=2),
)

KEYS = ["id", "prompt", "candidates", "responses", "chosen", "rejected", "reference", "meta"]
WORDS = [*KEYS, "text", "role", "content", "type"]
odd_text = st.text(max_size=3) | st.sampled_from([*WORDS, "assistant", "\0", "\ud800", ""])
odd_leaves = st.none() | st.booleans() | st.integers() | st.floats() | odd_text
odd_keys = st.sampled_from(WORDS) | odd_text
odd_values = st.recursive(
    odd_leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd_keys, inner, max_size=5),
    max_leaves=12,
)
odd_lines = st.binary(max_size=20) | odd_values.map(lambda value: json.dumps(value).encode())
odd_files = st.lists(odd_lines, max_size=4).map(b"\n".join) | st.binary(max_size=60)


def as_json(problem: Problem) -> dict[str, Any]:
    prompt: object = problem.prompt
    if not isinstance(problem.prompt, str):
        prompt = [{"role": message.role, "content": message.content} for message in problem.prompt]
    return {
        "id": problem.id,
        "prompt": prompt,
        "candidates": [{"id": c.id, "text": c.text, "meta": c.meta} for c in problem.candidates],
        "reference": problem.reference,
        "meta": problem.meta,
    }


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "candidates.jsonl"


@given(st.lists(problems, min_size=1, max_size=4, unique_by=lambda p: p.id))
def test_problems_come_back_as_they_were_written(path: Path, written: list[Problem]) -> None:
    with AtomicWriter(path) as file:
        for problem in written:
            file.write_line(dumps(as_json(problem)))
    assert list(read_problems(path)) == written
    found = scan(path)
    assert (found.problems, found.candidates) == (len(written), sum(len(p.candidates) for p in written))
    assert sum(found.fields.values()) == len(written)
    path.write_text("\n".join(json.dumps(as_json(problem)) for problem in reversed(written)))
    assert scan(path) == found


def read_or_refused(path: Path) -> None:
    seen, refusal = [], None
    try:
        for problem in read_problems(path):
            seen.append(problem)
    except InputError as error:
        refusal = str(error)
    if refusal is None:
        assert seen
        assert len({problem.id for problem in seen}) < len(seen) or scan(path).problems == len(seen)
    else:
        assert refusal.startswith(str(path))
        assert "\n" not in refusal
        with pytest.raises(InputError):
            scan(path)
    for problem in seen:
        dumps([problem.id, [candidate.text for candidate in problem.candidates]]).encode()


@given(odd_files)
def test_any_file_is_read_or_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    read_or_refused(path)


@given(odd_files, st.integers(0, 60), st.binary(min_size=1, max_size=3))
def test_any_gzip_is_read_or_refused(path: Path, content: bytes, at: int, damage: bytes) -> None:
    packed = gzip.compress(content)
    path.write_bytes(packed[:at] + damage + packed[at + len(damage) :])
    read_or_refused(path)


@given(problems, st.integers(0, 400), st.binary(max_size=3))
def test_a_damaged_problem_is_read_or_refused(path: Path, problem: Problem, at: int, damage: bytes) -> None:
    line = json.dumps(as_json(problem)).encode()
    path.write_bytes(line[:at] + damage + line[at + 1 :])
    read_or_refused(path)
