"""A client that nobody here wrote: lm-eval's `local-chat-completions` evaluates best of eight, and a single candidate.

It runs where `lm_eval` is on the path, or where TOURNEY_LM_EVAL names it: pip install 'lm_eval[api]'.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import shutil
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.endpoint.running import MODEL, checks, endpoint
from tests.fake_server import FakeServer, Said

LM_EVAL = os.environ.get("TOURNEY_LM_EVAL") or shutil.which("lm_eval") or ""
QUESTIONS = 24
TASK = """
task: sums
dataset_path: json
dataset_kwargs:
  data_files:
    test: {folder}/sums.jsonl
test_split: test
output_type: generate_until
doc_to_text: "{{{{question}}}}"
doc_to_target: "{{{{answer}}}}"
generation_kwargs: {{until: ["END"], max_gen_toks: 32, do_sample: true, temperature: 0.9, tourney: {{n: {n}}}}}
filter_list:
  - name: last-number
    filter:
      - {{function: regex, regex_pattern: "answer is ([0-9]+)"}}
      - {{function: take_first}}
metric_list:
  - {{metric: exact_match, aggregation: mean, higher_is_better: true}}
metadata: {{version: 1.0}}
"""


def sums(prompt: str, parameters: Mapping[str, Any]) -> Said:
    """A model that adds right in two of five samples, and shows its sum."""
    a, b = map(int, re.findall(r"\d+", json.loads(prompt)[-1]["content"])[:2])
    rng = random.Random(f"{a} {b} {parameters['seed']}")
    c = a + b if rng.random() < 0.4 else a + b + rng.randrange(1, 9)
    return Said(text=f"{a} + {b} = {c}. The answer is {c}")


async def _accuracy(url: str, folder: Path, n: int) -> float:
    """What lm-eval makes of the endpoint at a URL where it asks for the best of `n`."""
    name = f"best-of-{n}"
    (folder / "sums.yaml").write_text(TASK.format(folder=folder, n=n))
    arguments = (
        f"model={MODEL},base_url={url}/v1/chat/completions,num_concurrent=4,max_retries=1,tokenized_requests=False"
    )
    command = (
        LM_EVAL, "run", "--model", "local-chat-completions", "--model_args", arguments, "--tasks", "sums",
        "--include_path", str(folder), "--apply_chat_template", "--output_path", str(folder / name),
    )  # fmt: skip
    offline = {"HF_DATASETS_OFFLINE": "1", "HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "hf"), "OPENAI_API_KEY": "x"}
    process = await asyncio.create_subprocess_exec(
        *command, stdout=PIPE, stderr=STDOUT, env={**os.environ, **offline}, cwd=folder
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()[-3000:]
    [results] = (folder / name).rglob("results_*.json")
    return float(json.loads(results.read_text())["results"]["sums"]["exact_match,last-number"])


@pytest.mark.skipif(
    not LM_EVAL, reason="lm_eval is not installed: pip install 'lm_eval[api]', or name it in TOURNEY_LM_EVAL"
)
def test_lm_eval_finds_the_best_of_eight_better_than_one(tmp_path: Path) -> None:
    rng = random.Random(1)
    pairs = [(rng.randrange(10, 99), rng.randrange(10, 99)) for _ in range(QUESTIONS)]
    rows = [json.dumps({"question": f"What is {a} + {b}?", "answer": str(a + b)}) for a, b in pairs]
    (tmp_path / "sums.jsonl").write_text("\n".join(rows) + "\n")

    async def go() -> tuple[float, float]:
        policy = FakeServer(sums, model=MODEL)
        async with endpoint(policy, judges={"checks": checks()}) as running:
            one, best = [await _accuracy(running.up.url, tmp_path, n) for n in (1, 8)]
            assert len(policy.posted) == 9 * QUESTIONS
            return one, best

    one, best = asyncio.run(go())
    assert best > one + 0.2 > 0.2, (one, best)
