"""How many special tokens a real tokenizer finds in texts: that of the small model which SGLang's tests serve."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.sglang_cpu.install import model_of, python_of

_COUNT = """
import json, sys
from tokenizers import Tokenizer
tokenizer = Tokenizer.from_file(sys.argv[1])
special = {added["id"] for added in json.load(open(sys.argv[1]))["added_tokens"]}
texts = json.load(sys.stdin)
print(json.dumps([sum(i in special for i in tokenizer.encode(t, add_special_tokens=False).ids) for t in texts]))
"""


def special_tokens(installation: Path, texts: Sequence[str]) -> list[int]:
    """The number of special tokens in each text."""
    command = [str(python_of(installation)), "-c", _COUNT, str(model_of(installation) / "tokenizer.json")]
    done = subprocess.run(command, input=json.dumps(list(texts)), capture_output=True, text=True, check=True)
    counted: list[int] = json.loads(done.stdout)
    return counted
