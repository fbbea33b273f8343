"""Every bad line is named with its file, its number, what is wrong and what to do; never with a traceback."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tournament.errors import InputError
from tournament.records import read_problems, scan

Write = Callable[..., Path]
GOOD = {"prompt": "a", "candidates": ["x", "y"]}
TEXT_PROMPT = {"prompt": "a"}
USER = {"role": "user", "content": "1+1?"}
TWO = {"role": "assistant", "content": "2"}


def candidates(*values: object) -> dict[str, Any]:
    return {"prompt": "a", "candidates": list(values)}


def chat(*messages: object) -> dict[str, Any]:
    return {"prompt": list(messages), "candidates": ["x"]}


BAD = {
    "no json": (b'{"prompt": a}', "the line is no JSON (column 12: Expecting value"),
    "cut off": (b'{"prompt": "a', "the line is no JSON (column 12: Unterminated string"),
    "two values": (
        b'{"a": 1} {"b": 2}',
        "the line is no JSON (column 10: Extra data); write one JSON object a line",
    ),
    "list over lines": (b"[", "write one object a line instead of a list of them"),
    "list": (b"[1]", "the line is a list; write one object a line instead of a list of them"),
    "number": (b"1", "the line is a number; write one JSON object a line"),
    "text": (b'"a"', "the line is text; "),
    "null": (b"null", "the line is null; "),
    "true": (b"true", "the line is true or false; "),
    "nul byte": (b'{"prompt": "a\0"}', "the line holds a NUL byte (byte 14); remove it"),
    "only nul": (b"\0", "the line holds a NUL byte (byte 1)"),
    "latin-1": (
        b'{"prompt": "caf\xe9"}',
        "the line is not UTF-8 from byte 16 on (0xe9); save the file as UTF-8",
    ),
    "coded surrogate": (b'{"prompt": "\xed\xa0\x80"}', "the line is not UTF-8 from byte 13 on"),
    "deep": (b"[" * 100_000 + b"]" * 100_000, "the line is nested too deeply"),
    "deep meta": (b'{"meta": ' + b"[" * 100_000, "the line is nested too deeply"),
    "huge number": (b'{"meta": ' + b"1" * 5000 + b"}", "whole number of thousands of digits"),
    "escaped nul": (candidates("x", "\0"), "candidates[1] holds a NUL character (\\u0000); remove it"),
    "escaped nul in meta": ({**GOOD, "meta": {"a b": ["\0"]}}, 'meta."a b"[0] holds a NUL character'),
    "escaped nul far down": (
        b'{"meta": ' + b"[" * 500 + b'"\\u0000"' + b"]" * 500 + b"}",
        "[0... holds a NUL character",
    ),
    "escaped nul in a key": ({**GOOD, "\0": 1}, 'the key "\\u0000" holds a NUL character'),
    "escaped nul in a chat": (
        chat({"role": "user", "content": "\0"}),
        "prompt[0].content holds a NUL character",
    ),
    "surrogate": (b'{"prompt": "\\ud800 "}', "prompt holds half a surrogate pair (\\ud800); remove it"),
    "surrogate in capitals": (b'{"prompt": "\\uDFFF"}', "prompt holds half a surrogate pair (\\udfff)"),
    "surrogate in id": ({**GOOD, "id": "\udc00"}, "id holds half a surrogate pair (\\udc00)"),
    "no keys": (
        {},
        "no key tells where the candidates are; a problem has the keys prompt, candidates (canonical), ",
    ),
    "all dialects": (
        {"a": 1},
        "or prompt, chosen, rejected (preference pair), or prompt, responses (responses)",
    ),
    "near key": (
        {"prompt": "a", "candidtes": []},
        'the key "candidtes" is unknown (did you mean "candidates"?); a problem',
    ),
    "near response": (
        {"prompt": "a", "response": []},
        'the key "response" is unknown (did you mean "responses"?); a problem',
    ),
    "half a pair": (
        {"prompt": "a", "chosen": "x"},
        "rejected is missing beside chosen; a problem has the keys",
    ),
    "id list": ({**GOOD, "id": []}, "id is a list; it must be text or a whole number, or be left out"),
    "id true": ({**GOOD, "id": True}, "id is true or false; "),
    "id float": ({**GOOD, "id": 1.5}, "id is a number; it must be text or a whole number"),
    "id nan": (b'{"id": NaN, "prompt": "a", "candidates": ["x"]}', "id is a number; "),
    "id empty": ({**GOOD, "id": ""}, "id is empty; "),
    "reference float": (
        {**GOOD, "reference": 0.1},
        "reference is a number; it must be text or a whole number",
    ),
    "reference list": ({**GOOD, "reference": ["2"]}, "reference is a list; "),
    "meta list": ({**GOOD, "meta": []}, "meta is a list; it must be an object"),
    "meta twice": ({**GOOD, "meta": {"n": 1}, "n": 2}, "n stands both beside meta and inside it; keep one"),
    "no prompt": ({"candidates": ["x"]}, "prompt is missing; add it"),
    "near prompt": (
        {"promt": "a", "candidates": ["x"]},
        'prompt is missing; the key "promt" is unknown, did you mean',
    ),
    "prompt null": (
        {"prompt": None, "candidates": ["x"]},
        "prompt is null; it must be text or a list of chat messages",
    ),
    "prompt number": ({"prompt": 1, "candidates": ["x"]}, "prompt is a number; "),
    "prompt object": ({"prompt": USER, "candidates": ["x"]}, "prompt is an object; "),
    "prompt empty": ({"prompt": "", "candidates": ["x"]}, "prompt is empty; "),
    "prompt blank": ({"prompt": " \n", "candidates": ["x"]}, "prompt is empty; "),
    "chat empty": (chat(), "prompt is empty; "),
    "chat blank": (chat({"role": "user", "content": ""}), "prompt is empty; "),
    "message text": (chat("1+1?"), 'prompt[0] is text; a message is an object with "role" and "content"'),
    "message without role": (chat(USER, {"content": "x"}), "prompt[1].role is missing; add it"),
    "message without content": (chat({"role": "user"}), "prompt[0].content is missing; add it"),
    "role number": (chat({"role": 1, "content": "x"}), "prompt[0].role is a number; it must be text"),
    "role empty": (chat({"role": "", "content": "x"}), "prompt[0].role is empty; "),
    "content null": (chat({"role": "user", "content": None}), "prompt[0].content is null; it must be text"),
    "image": (
        chat({"role": "user", "content": [{"type": "text", "text": "x"}, {"type": "image_url"}]}),
        'prompt[0].content[1] is a part of type "image_url"; judges read text only',
    ),
    "part text": (
        chat({"role": "user", "content": ["x"]}),
        "prompt[0].content[0] is text; a part is an object",
    ),
    "part without text": (
        chat({"role": "user", "content": [{"type": "text"}]}),
        "prompt[0].content[0].text is missing; add it",
    ),
    "candidates null": (
        {**TEXT_PROMPT, "candidates": None},
        "candidates is null; it must be a list of texts",
    ),
    "candidates text": ({**TEXT_PROMPT, "candidates": "x"}, "candidates is text; it must be a list of texts"),
    "candidates object": (
        {**TEXT_PROMPT, "candidates": {"0": "x"}},
        "candidates is an object; it must be a list",
    ),
    "candidates empty": (candidates(), "candidates is empty; give at least one candidate"),
    "candidate number": (
        candidates("x", 1),
        'candidates[1] is a number; a candidate is text or an object with "text"',
    ),
    "candidate null": (candidates(None), "candidates[0] is null; "),
    "candidate list": (candidates(["x"]), "candidates[0] is a list; "),
    "candidate without text": (candidates({"id": "x"}), "candidates[0].text is missing; add it"),
    "candidate near text": (
        candidates({"txt": "x"}),
        'candidates[0].text is missing; the key "txt" is unknown, did you',
    ),
    "candidate text null": (candidates({"text": None}), "candidates[0].text is null; it must be text"),
    "candidate text nan": (
        b'{"prompt": "a", "candidates": [{"text": NaN}]}',
        "candidates[0].text is a number; ",
    ),
    "candidate id true": (candidates({"id": True, "text": "x"}), "candidates[0].id is true or false; "),
    "candidate meta": (
        candidates({"text": "x", "meta": 1}),
        "candidates[0].meta is a number; it must be an object",
    ),
    "candidate ids": (
        candidates({"id": "a", "text": "x"}, "y", {"id": "a", "text": "z"}),
        'candidates[0] and candidates[2] both have the id "a"; ids must be unique within a problem',
    ),
    "candidate id against place": (
        candidates({"id": 1, "text": "x"}, "y"),
        'candidates[0] and candidates[1] both have the id "1"; ',
    ),
    "responses empty": ({**TEXT_PROMPT, "responses": []}, "responses is empty; "),
    "response number": ({**TEXT_PROMPT, "responses": [1]}, "responses[0] is a number; "),
    "pair number": (
        {**TEXT_PROMPT, "chosen": 1, "rejected": "x"},
        "chosen is a number; it must be text or a list",
    ),
    "pair without prompt": ({"chosen": "x", "rejected": "y"}, "prompt is missing; add it"),
    "pair mixed": (
        {"chosen": [USER, TWO], "rejected": "y"},
        "prompt is missing; add it, or write both chosen and",
    ),
    "pair without answer": (
        {"chosen": [USER], "rejected": [USER, TWO]},
        'chosen has no message of the role "assistant"',
    ),
    "pair of nothing": ({"chosen": [], "rejected": []}, 'chosen has no message of the role "assistant"'),
    "pair without common start": (
        {"chosen": [TWO], "rejected": [TWO]},
        "chosen and rejected share no first message",
    ),
    "pair with long tail": (
        {"chosen": [USER, TWO], "rejected": [USER, {**TWO, "content": "3"}, USER, TWO]},
        "rejected goes on for 3 messages after the shared prompt; ",
    ),
}


@pytest.mark.parametrize(("line", "what"), BAD.values(), ids=BAD.keys())
def test_a_bad_line_is_named(write: Write, line: dict[str, Any] | bytes, what: str) -> None:
    path = write(GOOD, b"", GOOD, line, GOOD)
    with pytest.raises(InputError, match=re.escape(what)) as caught:
        list(read_problems(path))
    message = str(caught.value)
    assert message.startswith(f"{path}:4: ")
    assert "\n" not in message
    assert message.isprintable()
    assert len(message) < 400 + len(str(path))
    with pytest.raises(InputError) as scanned:
        scan(path)
    assert str(scanned.value) == message


def test_the_good_lines_before_a_bad_one_are_read(write: Write) -> None:
    problems = read_problems(write(GOOD, b"{"))
    assert next(problems).id == "line-1"
    with pytest.raises(InputError):
        next(problems)


def test_many_or_long_keys_do_not_slow_the_hint(write: Write) -> None:
    path = write({"k" * 1_000_000: 1, **{f"candidate{i}x": 1 for i in range(10_000)}})
    with pytest.raises(InputError, match="a problem has the keys"):
        list(read_problems(path))


def test_nan_that_nobody_uses_is_kept(write: Write) -> None:
    (problem,) = read_problems(write(b'{"prompt": "a", "candidates": ["x"], "logprob": NaN}'))
    assert problem.meta["logprob"] != problem.meta["logprob"]


def test_whole_surrogate_pairs_and_escaped_escapes_are_text(write: Write) -> None:
    line = b'{"prompt": "\\ud83d\\ude00 \\\\u0000 \\\\ud800", "candidates": ["x"]}'
    (problem,) = read_problems(write(line))
    assert problem.prompt == "\U0001f600 \\u0000 \\ud800"
