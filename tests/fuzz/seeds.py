"""Sound inputs of every reader, to be damaged."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Mapping

from tournament.locate import config_text

from .readers import CANDIDATES, workplace

CARD = "# m\n\n```python\nprompt = '''You judge.'''\n```\n"
CHAT = {"choices": [{"message": {"content": "Verdict: 1"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 3}}
EVENT = {"text": "1", "meta_info": {"finish_reason": {"type": "abort", "status_code": 400}}}
JOURNAL = [
    {"kind": "tourney sample", "version": 1, "model": "m"},
    {"problem": "p", "number": 0, "prompt": "ab", "seed": 1, "text": "x", "reasoning": "", "finish": "stop"}
    | {"tokens": 3, "prompt_tokens": 4},
]
RECORDED = {"problem": "p0", "first": "0", "second": "1", "p_first": 1.0, "text": "x", "seconds": 0.5}


def _of_run(name: str) -> Callable[[], bytes]:
    return lambda: (workplace().run / name).read_bytes()


def _of_sweep(name: str) -> Callable[[], bytes]:
    return lambda: (workplace().sweep / name).read_bytes()


def _ledger() -> bytes:
    path = workplace().folder / "copy.sqlite"
    shutil.copy(workplace().run / "ledger.sqlite", path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.close()
    return path.read_bytes()


SEEDS: Mapping[str, Callable[[], bytes]] = {
    "config": lambda: (
        config_text("presets", "careful").encode() + b"\n[budget.problem]\nmoney = 1.5\n[prices]\nprompt = 1\n"
    ),
    "sweep": lambda: config_text("sweeps", "rrm-math").encode(),
    "simulation": lambda: config_text("simulations", "quick").encode(),
    "profile": lambda: config_text("judges", "rrm-7b").encode(),
    "wording": lambda: config_text("prompts", "rrm").encode(),
    "card": lambda: CARD.encode(),
    "notebook": lambda: json.dumps({"cells": [{"cell_type": "code", "source": ["x = 'y'\n", "%pip"]}]}).encode(),
    "ledger": _ledger,
    "claimed config": _of_run("config.toml"),
    "journal": lambda: "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in JOURNAL).encode(),
    "problems": lambda: b'{"id": "a", "question": "1 + 1?", "answer": "#### 2", "input": "x"}\n',
    "candidates": lambda: CANDIDATES.encode(),
    "recorded": lambda: json.dumps(RECORDED).encode() + b"\n",
    "gguf": lambda: b"GGUF\x03\0\0\0" + bytes(8) + b"\x01" + bytes(7) + b"\x02" + bytes(7) + b"ab\x09\0\0\0\x09\0\0\0",
    "results": _of_run("results.jsonl"),
    "comparisons": _of_run("comparisons.jsonl"),
    "summary": _of_run("summary.json"),
    "run config": _of_run("config.toml"),
    "drafts": _of_run("drafts.jsonl"),
    "merged comparisons": _of_run("comparisons.jsonl"),
    "merged summary": _of_run("summary.json"),
    "command": _of_sweep("command.json"),
    "merged judges": _of_sweep("judges.json"),
    "status": lambda: (workplace().run / "status.json").read_bytes(),
    "sweep table": _of_sweep("summary.csv"),
    "sweep summary": _of_sweep("summary.json"),
    "point": lambda: workplace().point.read_bytes(),
    "judges": _of_sweep("judges.json"),
    "texts": lambda: b"<think>so</think>\n\\boxed{<answer>[[A]]</answer>} Verdict: 1, the answer is 1,000/3 %",
    "answers": lambda: b"data: " + json.dumps(EVENT).encode() + b"\n\ndata: [DONE]\n\n",
    "retry after": lambda: b"Wed, 21 Oct 2026 07:28:00 +0100",
}
"""Sound inputs by reader."""

MORE_SEEDS: Mapping[str, Callable[[], bytes]] = {
    "retry after": lambda: b"120",
    "answers": lambda: json.dumps(CHAT).encode(),
}
