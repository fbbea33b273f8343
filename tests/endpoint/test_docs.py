"""docs/serve.md tells the truth: its example runs, and it names every key, code and metric that there is."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from tests.endpoint.running import MODEL, endpoint
from tournament.endpoint import metrics, wishes

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs/serve.md").read_text()
SOURCES = "\n".join(path.read_text() for path in (ROOT / "tournament/endpoint").glob("*.py"))


def test_the_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", DOC, flags=re.DOTALL)

    async def go() -> None:
        async with endpoint() as running:
            text = example.replace("http://127.0.0.1:8765", running.up.url).replace("MODEL", MODEL)
            await asyncio.to_thread(exec, text + "\nclient.close()\n", {})

    asyncio.run(go())
    shown = capsys.readouterr().out
    assert shown.startswith("answer ")
    assert "'p_best'" in shown


def test_every_key_of_requests_and_answers_is_named() -> None:
    async def go() -> None:
        async with endpoint() as running:
            told = (await running.ask(tourney={"candidates": True}))["tourney"]
            names = {
                *told,
                *told["spend"]["judge"],
                *told["seconds"],
                *told["ranking"][0],
                *wishes._KEYS,
                *wishes._UNITS,
            }
            assert not [name for name in names - {"total", "id"} if f"`{name}`" not in DOC and "tokens" not in name]

    asyncio.run(go())


def test_every_code_and_metric_that_is_named_exists() -> None:
    table = DOC.partition("| status |")[2].partition("\n\n")[0]
    for code in re.findall(r"`([a-z]+_[a-z_]+)`", table):
        assert f'"{code}"' in SOURCES, code
    known = {*metrics._COUNTERS, *metrics._HISTOGRAMS, "requests_in_flight", "requests_queued", "judges_lost"}
    assert set(re.findall(r"`tourney_([a-z_]+)`", DOC)) == known
