"""The judge in this process without llama.cpp: its settings, files and faults."""

from __future__ import annotations

import asyncio
import struct
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from tests.judges.serving import ONE, PAIR
from tournament import registry
from tournament.errors import JudgeSetupError, JudgeUnreachableError, UsageError
from tournament.judges import gguf
from tournament.judges.local import LocalJudge, LocalSettings
from tournament.judges.local_text import LocalText
from tournament.judges.text_model import Draft, Sampling, tokens_before
from tournament.runtime.faults import HttpStatusError
from tournament.types import Outcome

GREEDY = Sampling(temperature=0.0, top_p=1.0)
ASKED = Draft(text="x", limit=1, seed=1)


def header(**values: str | int) -> bytes:
    """A GGUF file without tensors, with arrays between the texts and numbers."""
    pairs = [_pair("words", 9, struct.pack("<IQ", 8, 2) + _text("a") + _text("b"))]
    pairs += [_pair("types", 9, struct.pack("<IQ3i", 5, 3, 1, 1, 1))]
    for key, value in values.items():
        kind, packed = (8, _text(value)) if isinstance(value, str) else (4, struct.pack("<I", value))
        pairs.append(_pair(key.replace("__", "."), kind, packed))
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(pairs)) + b"".join(pairs)


def _pair(key: str, kind: int, value: bytes) -> bytes:
    return _text(key) + struct.pack("<I", kind) + value


def _text(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


WHOLE = header(general__architecture="llama", general__name=" Tiny ", llama__context_length=77)


@pytest.mark.parametrize(
    "values",
    [
        {"parallel": 0},
        {"thinking": -1},
        {"context": -1},
        {"threads": -1},
        {"gpu_layers": -2},
        {"temperature": -0.1},
    ],
)
def test_values_that_no_model_takes_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        LocalSettings(gguf="m.gguf", **values)


@pytest.mark.parametrize("values", [{"wrapping": "deepseek-r1", "thinking": 0}, {"wrapping": "deepseek-r1"}])
def test_a_format_that_opens_a_think_block_needs_thinking(values: dict[str, Any]) -> None:
    """Also where the profile is what says that the model does not think."""
    with pytest.raises(UsageError, match="wrapping deepseek-r1 is for models that think"):
        LocalJudge(LocalSettings(gguf="m.gguf", profile="generic-chat", **values))


def test_every_setting_is_documented() -> None:
    documented = (LocalSettings.__doc__ or "").partition("Attributes:")[2]
    assert [item.name for item in fields(LocalSettings) if f" {item.name}: " not in documented] == []


def test_a_judge_is_made_and_planned_without_llama_cpp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    judge = registry.judge("local", {"gguf": "model.gguf", "parallel": "2"})
    assert isinstance(judge, LocalJudge)
    assert judge.batch_size == 1
    assert judge.plan(PAIR, ONE).worst_prompt > 100
    assert judge.identity.model == "model.gguf"


def test_a_judge_without_a_file_says_what_it_needs() -> None:
    with pytest.raises(UsageError, match="-J gguf="):
        LocalJudge(LocalSettings())


def test_a_missing_package_names_the_command_that_installs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    path = tmp_path / "model.gguf"
    path.write_bytes(WHOLE)
    with pytest.raises(JudgeSetupError, match=r"pip install 'tournament-engine\[local\]'"):
        asyncio.run(LocalJudge(LocalSettings(gguf=str(path))).start())


def test_a_missing_file_is_named() -> None:
    with pytest.raises(JudgeSetupError, match=r"/nowhere/model.gguf cannot be read .*; give a model's GGUF file"):
        asyncio.run(LocalJudge(LocalSettings(gguf="/nowhere/model.gguf")).start())


def test_a_header_says_name_context_and_template(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(WHOLE)
    assert gguf.read_header(path) == gguf.Header(name="Tiny", context=77, templated=False)
    path.write_bytes(header(tokenizer__chat_template="{{x}}"))
    assert gguf.read_header(path) == gguf.Header(name="", context=0, templated=True)


@pytest.mark.parametrize("content", [b"", b"hello", b"GGUF" + b"\xff" * 40, WHOLE.replace(b"F\x03", b"F\x01", 1)])
def test_what_is_no_gguf_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(JudgeSetupError, match=r"model\.gguf is no whole GGUF file"):
        gguf.read_header(path)


def test_a_header_that_ends_anywhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    for length in range(len(WHOLE)):
        path.write_bytes(WHOLE[:length])
        with pytest.raises(JudgeSetupError, match="is no whole GGUF file"):
            gguf.read_header(path)


def test_the_revision_of_a_large_file_is_made_from_its_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"a" * 64)
    whole = gguf.revision(path)
    monkeypatch.setattr(gguf, "_HASHED_WHOLE", 16)
    monkeypatch.setattr(gguf, "_ENDS", 8)
    ends = gguf.revision(path)
    assert (whole[:7], ends[:15]) == ("sha256:", "sha256-of-ends:")
    seen = {ends}
    for changed in (b"b" + b"a" * 63, b"a" * 63 + b"b", b"a" * 65):
        path.write_bytes(changed)
        seen.add(gguf.revision(path))
    assert len(seen) == 4


def test_thinking_is_counted_up_to_its_last_end() -> None:
    assert tokens_before(7, [1, 7, 2, 7, 3]) == 3
    assert [tokens_before(7, [1, 2]), tokens_before(None, [1]), tokens_before(7, None)] == [None] * 3


class Broken:
    """Stands where the connection to llama.cpp is."""

    def __init__(self, answer: object) -> None:
        self._answer = answer

    async def post(self, path: str, body: object) -> object:
        if isinstance(self._answer, Exception):
            raise self._answer
        return {"tokens": [len(str(body)) % 97, 5]} if path == "/tokenize" else self._answer


def broken(answer: object) -> LocalText:
    text = LocalText("model.gguf", context=0, threads=1, gpu_layers=0, parallel=1)
    text._client = Broken(answer)  # type: ignore[assignment]
    return text


@pytest.mark.parametrize(
    ("answer", "outcome", "detail"),
    [
        (HttpStatusError(500, "boom"), Outcome.FAILED, "HTTP 500: boom"),
        (HttpStatusError(400, '{"error":{"message":"bad prompt"}}'), Outcome.FAILED, "bad prompt"),
        (
            HttpStatusError(400, '{"error":{"message":"request (9 tokens) exceeds the available context size"}}'),
            Outcome.REFUSED,
            "request (9 tokens) exceeds the available context size",
        ),
        ([], Outcome.FAILED, "an answer without text and usage: []"),
        ({"content": "x"}, Outcome.FAILED, "an answer without text and usage: {'content': 'x'}"),
    ],
)
def test_what_goes_wrong_is_a_reply(answer: object, outcome: Outcome, detail: str) -> None:
    [reply] = asyncio.run(broken(answer).generate([ASKED], GREEDY))
    assert (reply.outcome, reply.detail) == (outcome, detail)


def test_llama_cpp_that_is_gone_ends_the_run() -> None:
    text = broken(JudgeUnreachableError("start one with sglang"))
    with pytest.raises(JudgeUnreachableError, match=r"no longer answers for .*model\.gguf$"):
        asyncio.run(text.generate([ASKED], GREEDY))
