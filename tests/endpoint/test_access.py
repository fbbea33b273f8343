"""Keys, addresses, and what is never written down."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import openai
import pytest

from tests.endpoint.running import endpoint, error_of
from tournament.endpoint.access import KEYS_ENV, Access, check_host, is_loopback, read_keys
from tournament.errors import UsageError

KEY = "sk-a-secret-key"


def test_a_key_is_asked_for_wherever_something_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def go() -> None:
        async with endpoint(keys=(KEY, "another")) as running:
            assert (await running.ask())["choices"]
            for key in ("wrong", KEY[:-1], KEY + "x"):
                client = running.client.with_options(api_key=key)
                with pytest.raises(openai.AuthenticationError) as caught:
                    await client.chat.completions.create(model="x", messages=[])
                assert error_of(caught.value)["type"] == "authentication_error"
                assert key not in str(caught.value)
            assert [(await running.get(path))[0] for path in ("/health", "/metrics", "/v1/models")] == [200, 401, 401]
            assert (await running.post({}, Authorization=f"Basic {KEY}"))[0] == 401
            assert (await running.post({}, Authorization=f"bearer {KEY}"))[0] == 400
            # Where there are keys, a name that the endpoint is reached by is nobody's trick.
            assert (await running.post({}, Authorization=f"Bearer {KEY}", Host="llm.example"))[0] == 400
            async with running.session.get(
                running.up.url + "/metrics", headers={"Authorization": f"Bearer {KEY}"}
            ) as answer:
                assert KEY not in await answer.text()

    asyncio.run(go())
    assert KEY not in "".join(record.getMessage() for record in caplog.records if record.name.startswith("tournament"))


def test_keys_come_from_files_and_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("# ours\none\n\n  two  \n")
    assert read_keys([str(file)], {KEYS_ENV: "three, four"}) == ["three", "four", "one", "two"]
    assert read_keys([], {}) == []


@pytest.mark.parametrize("text", ["", "# none\n", "two words\n", "caf\u00e9\n"])
def test_files_without_keys_are_refused_and_never_shown(text: str, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_keys([str(file)], {})
    assert "words" not in str(caught.value)
    with pytest.raises(UsageError, match="cannot be read"):
        read_keys([str(tmp_path / "none")], {})


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True), ("127.8.9.1", True), ("::1", True), ("localhost", True), ("LOCALHOST", True),
        ("0.0.0.0", False), ("::", False), ("10.0.0.1", False), ("example.org", False), ("127.0.0.1.evil.org", False),
        ("", False),
    ],
)  # fmt: skip
def test_addresses_that_others_reach_need_keys(host: str, local: bool) -> None:
    assert is_loopback(host) == local
    check_host(host, Access(["key"]))
    if local:
        check_host(host, Access())
    else:
        with pytest.raises(UsageError, match="without an API key"):
            check_host(host, Access())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "localhost:80", "[::1]", "[::1]:8765"])
def test_loopback_names_are_answered_without_keys(host: str) -> None:
    assert Access().client({"Host": host}, "127.0.0.1") == "127.0.0.1"
