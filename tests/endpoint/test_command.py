"""`tourney serve` as a program: its options, its first lines, its end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import openai
import pytest

from tests.endpoint.running import ASK, MODEL, HeldPolicy, by_seed, endpoint, until
from tests.fake_server import FakeServer
from tournament.cli.main import run
from tournament.errors import LedgerError, UsageError

ROOT = Path(__file__).parents[2]
NOWHERE = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--host", "0.0.0.0"], 2, "without an API key"),
        (["--n", "0"], 2, "--n 0: give 1 to 64"),
        (["--n", "65"], 2, "--max-n raises"),
        (["--strategy", "knockuot"], 2, "did you mean knockout?"),
        (["--judge", "gpt"], 2, "unknown judge"),
        (["--votes", "0"], 2, "at least one vote"),
        (["--votes", "65"], 2, "at most 64"),
        (["--allow-judge", "chekcs"], 2, "did you mean checks?"),
        (["--allow-judge", "checks"], 2, "name each judge once"),
        (["--allow-judge", "synthetic acuracy=1"], 2, "parameter of judge synthetic"),
        (["--allow-judge", "'"], 2, "write it as in a shell"),
        (["--temperature", "3"], 2, "--temperature must be"),
        (["--timeout-s", "0"], 2, "--timeout-s 0: give a positive number"),
        (["--max-candidate-tokens", "9"], 2, "give --candidate-tokens that many or fewer"),
        (["--deadline", "0"], 2, "--deadline 0: give a positive number"),
        (["--api-key-file", "none.txt"], 2, "cannot be read"),
        (["--policy-key-env", "TOURNEY_NO_SUCH_KEY"], 2, "holds no API key"),
        (["--total-tokens", "5"], 2, "No such option"),
        (["--max-comparisons", "0"], 2, "allows nothing"),
        ([], 3, "no server answers at"),
    ],
)
def test_what_cannot_work_is_one_line(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = list(logging.getLogger("tournament").handlers)
    assert run(["serve", "--policy-url", NOWHERE, "--attempts", "1", *arguments]) == code
    assert logging.getLogger("tournament").handlers == before
    error = capsys.readouterr().err
    assert said in error
    assert error.startswith("tourney: error: ")
    assert error.count("\n") == 1


def test_a_port_in_use() -> None:
    async def go(port: int) -> None:
        async with FakeServer(model=MODEL) as policy:
            process = await _started(policy, "--port", str(port))
            _, error = await process.communicate()
            assert process.returncode == 2
            assert b"cannot listen there" in error

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        asyncio.run(go(taken.getsockname()[1]))


def test_a_host_that_no_name_can_be() -> None:
    async def go() -> None:
        async with endpoint(host="x" * 80):
            pass

    with pytest.raises(UsageError, match="cannot listen there"):
        asyncio.run(go())


def test_a_ledger_or_its_samples_that_are_none(tmp_path: Path) -> None:
    async def go(ledger: Path) -> None:
        async with endpoint(ledger=ledger):
            pass

    for name in ("ledger.sqlite", "other.sqlite.samples"):
        (tmp_path / name).write_text("this is no ledger at all " * 99)
        with pytest.raises(LedgerError, match=name):
            asyncio.run(go(tmp_path / name.removesuffix(".samples")))


async def _started(policy: FakeServer, *arguments: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tournament", "serve", "--policy-url", policy.base_url, *arguments,
        cwd=ROOT, stdout=PIPE, stderr=PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


@asynccontextmanager
async def program(policy: FakeServer, *arguments: str) -> AsyncIterator[tuple[Process, openai.AsyncOpenAI]]:
    """The program, once it has said where it listens, and the official client."""
    process = await _started(policy, "--port", "0", "--n", "3", *arguments)
    try:
        assert process.stdout is not None
        url = (await process.stdout.readline()).decode().strip()
        assert url.startswith("http://127.0.0.1:")
        async with openai.AsyncOpenAI(base_url=url, api_key="key", max_retries=0) as client:
            yield process, client
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def test_a_signal_finishes_what_is_under_way_and_takes_no_more() -> None:
    async def go() -> None:
        held = HeldPolicy(lambda number: number >= 3)
        async with held as policy, program(policy) as (process, client):
            first = await client.chat.completions.create(model=MODEL, messages=ASK)
            assert first.choices[0].message.content
            asking = asyncio.create_task(client.chat.completions.create(model=MODEL, messages=ASK))
            await until(lambda: held.under_way == 3)
            process.send_signal(signal.SIGTERM)
            assert process.stderr is not None
            while b"finishing" not in await process.stderr.readline():
                pass
            with pytest.raises(openai.APIStatusError) as caught:
                await client.chat.completions.create(model=MODEL, messages=ASK)
            assert caught.value.status_code == 503
            held.release.set()
            assert (await asking).choices[0].message.content
            await process.wait()
            assert process.returncode == 0

    asyncio.run(go())


def test_a_second_signal_ends_at_once() -> None:
    async def go() -> None:
        held = HeldPolicy(lambda number: True)
        async with held as policy, program(policy) as (process, client):
            asking = asyncio.create_task(client.chat.completions.create(model=MODEL, messages=ASK))
            await until(lambda: held.under_way == 3)
            process.send_signal(signal.SIGINT)
            assert process.stderr is not None
            while b"finishing" not in await process.stderr.readline():
                pass
            process.send_signal(signal.SIGINT)
            await process.wait()
            assert process.returncode == 130
            with pytest.raises(openai.APIError):
                await asking

    asyncio.run(go())


def test_keys_and_further_judges(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("key\n")

    async def go() -> None:
        async with FakeServer(by_seed, model=MODEL) as policy:
            further = ("--allow-judge", "synthetic accuracy=0.9", "--api-key-file", str(tmp_path / "keys"))
            async with program(policy, *further) as (_, client):
                for judge in ("checks", "synthetic"):
                    said = await client.chat.completions.create(
                        model=MODEL, messages=ASK, extra_body={"tourney": {"judge": judge}}
                    )  # fmt: skip
                    assert said.model_dump()["tourney"]["judge"] == judge
                with pytest.raises(openai.AuthenticationError):
                    await client.with_options(api_key="other").models.list()

    asyncio.run(go())
