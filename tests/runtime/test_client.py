"""The client against a server on a real socket: what is tried again, what is not, and what is said."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fake_server import FakeServer, Scripted
from tournament.errors import JudgeSetupError, JudgeUnreachableError, UsageError
from tournament.runtime.client import JsonClient
from tournament.runtime.faults import BadBodyError, BrokenConnectionError, HttpStatusError, RequestTimeoutError
from tournament.runtime.keys import read_key
from tournament.runtime.retry import RetryPolicy

QUICK = RetryPolicy(attempts=3, base_s=0.001, cap_s=0.2)
SECRET = "sk-very-secret-0123456789"


def ask(server: FakeServer, then: Callable[[JsonClient], Awaitable[Any]], **options: Any) -> Any:
    """Run the server and one client against it."""

    async def run() -> Any:
        async with server:
            client = JsonClient(server.base_url, retry=QUICK, **options)
            try:
                return await then(client)
            finally:
                await client.close()

    return asyncio.run(run())


async def _post(client: JsonClient) -> tuple[Any, int]:
    return await client.post("/echo", {"x": 1}), client.retries


def test_an_answer_comes_back_as_json() -> None:
    assert ask(FakeServer(), _post) == ({"path": "/echo", "body": {"x": 1}}, 0)


@pytest.mark.parametrize(
    "fault",
    [Scripted(status=code) for code in (429, 500, 502, 503, 504)]
    + [Scripted(reset=True), Scripted(cut=True, body=b'{"x":')],
    ids=repr,
)
def test_passing_faults_are_tried_again_and_counted(fault: Scripted) -> None:
    server = FakeServer(script=[fault, fault])
    assert ask(server, _post) == ({"path": "/echo", "body": {"x": 1}}, 2)


def test_the_wait_that_the_server_asks_for_is_kept_up_to_the_cap() -> None:
    started = time.monotonic()
    ask(FakeServer(script=[Scripted(status=429, headers={"Retry-After": "3600"})]), _post)
    assert 0.2 <= time.monotonic() - started < 3


@pytest.mark.parametrize("status", [301, 400, 401, 404, 422])
def test_other_statuses_are_final(status: int) -> None:
    server = FakeServer(script=[Scripted(status=status, body=b"no   such\nthing", headers={"Location": "/echo"})])
    with pytest.raises(HttpStatusError, match=f"HTTP {status}: no such thing") as caught:
        ask(server, _post)
    assert caught.value.status == status
    assert len(server.seen) == 1


def test_attempts_are_bounded() -> None:
    server = FakeServer(script=[Scripted(status=500, body=b"boom")] * 9)
    with pytest.raises(HttpStatusError, match="HTTP 500: boom"):
        ask(server, _post)
    assert len(server.seen) == 3
    server = FakeServer(script=[Scripted(reset=True)] * 9)
    with pytest.raises(BrokenConnectionError, match="broke"):
        ask(server, _post)
    assert len(server.seen) == 3


@pytest.mark.parametrize("body", [b"", b"<html>502</html>", b'{"x":', b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_json_is_an_error_and_not_tried_again(body: bytes) -> None:
    server = FakeServer(script=[Scripted(body=body)])
    with pytest.raises(BadBodyError, match="other than JSON"):
        ask(server, _post)
    assert len(server.seen) == 1


def test_a_body_over_the_cap_is_not_read_to_its_end() -> None:
    with pytest.raises(BadBodyError, match="more than 1000 bytes"):
        ask(FakeServer(script=[Scripted(body=b" " * 5_000_000)]), _post, max_body_bytes=1000)


def test_a_large_body_is_parsed() -> None:
    answer, _ = ask(FakeServer(script=[Scripted(body=b'"' + b"x" * (2 << 20) + b'"')]), _post)
    assert len(answer) == 2 << 20


def test_silence_ends_at_the_timeout_and_is_not_tried_again() -> None:
    server = FakeServer(script=[Scripted(delay_s=5)])
    with pytest.raises(RequestTimeoutError, match=r"within 0\.1 s"):
        ask(server, _post, timeout_s=0.1)
    assert len(server.seen) == 1


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_server_that_is_not_there_is_named_with_the_remedy() -> None:
    async def run(url: str) -> None:
        client = JsonClient(url, retry=QUICK)
        try:
            await client.get("/health")
        finally:
            await client.close()
            assert client.retries == 2

    url = f"http://127.0.0.1:{_free_port()}"
    with pytest.raises(JudgeUnreachableError) as caught:
        asyncio.run(run(url))
    assert f"no server answers at {url}" in str(caught.value)
    assert "python -m sglang.launch_server --model-path MODEL --port 30000" in str(caught.value)


def test_ping_asks_for_no_body() -> None:
    async def ping(client: JsonClient) -> None:
        await client.ping("/health")

    ask(FakeServer(), ping)


def test_the_key_is_sent_and_never_said() -> None:
    server = FakeServer(script=[Scripted(status=401, body=f"bad key {SECRET}".encode())])
    with pytest.raises(HttpStatusError) as caught:
        ask(server, _post, key=SECRET)
    assert server.seen[0].headers["Authorization"] == f"Bearer {SECRET}"
    assert SECRET not in str(caught.value)
    assert "***" in str(caught.value)


def test_the_environments_proxies_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert ask(FakeServer(), _post)[1] == 0


@pytest.mark.parametrize("url", ["", "localhost:30000", "ftp://x", "http://", "127.0.0.1", "http://[::1"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="such as http"):
        JsonClient(url)


def test_an_address_with_a_password_is_refused_without_saying_it() -> None:
    with pytest.raises(UsageError) as caught:
        JsonClient("http://me:hunter2@host:1")
    assert "hunter2" not in str(caught.value)


def test_keys_come_from_the_environment_or_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MY_KEY", f" {SECRET}\n")
    file = tmp_path / "key"
    file.write_text(f"{SECRET}\n")
    assert read_key(env="MY_KEY") == read_key(file=str(file)) == SECRET
    assert read_key() == ""


def test_a_place_without_a_key_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)
    with pytest.raises(JudgeSetupError, match="environment variable MY_KEY"):
        read_key(env="MY_KEY")
    with pytest.raises(JudgeSetupError, match="cannot be read"):
        read_key(file=str(tmp_path / "none"))
    monkeypatch.setenv("MY_KEY", "two\nlines\nsk-x")
    with pytest.raises(JudgeSetupError) as caught:
        read_key(env="MY_KEY")
    assert "sk-x" not in str(caught.value)
