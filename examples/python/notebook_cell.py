"""In a notebook: progress under the cell, and results that are shown as tables."""

from pathlib import Path

from tournament import rank
from tournament.records import read_problems

problems = list(read_problems(Path("examples/gsm8k.jsonl")))
results = rank(problems, progress=True)  # works although the notebook's own event loop runs; or: await arank(...)
results  # one row a problem; results[0] shows the whole ranking of the first
