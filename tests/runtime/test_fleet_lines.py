"""What a file of servers may say, and the line that is named where it says something else."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tournament.errors import InputError, UsageError
from tournament.judges.openai import with_version
from tournament.runtime.addresses import Place, file_named
from tournament.runtime.fleet import Fleet
from tournament.runtime.fleet_file import MOST_BYTES, parsed


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("http://a:1", Place(url="http://a:1")),
        ("  https://a/v1/\t", Place(url="https://a/v1")),
        ("node01:30000", Place(url="http://node01:30000")),
        ("node01:30000 3", Place(url="http://node01:30000", weight=3)),
        ("[::1]:30000 # here", Place(url="http://[::1]:30000")),
        ("10.0.0.7:30000 65535", Place(url="http://10.0.0.7:30000", weight=65535)),
        ("0 50 30000 sglang-0.sglang.svc.", Place(url="http://sglang-0.sglang.svc:30000", weight=50)),
        ("7 0 030000 a", Place(url="http://a:30000", weight=1, priority=7)),
    ],
)
def test_a_line_is_a_server(line: str, place: Place) -> None:
    assert parsed(f"# servers\n\n{line}\r\n", "f") == (place,)


def test_every_line_is_one() -> None:
    text = "a:1\n  # a:2\n\nb:1 2 # the larger one\n1 1 1 c"
    assert [place.url for place in parsed(text, "f")] == ["http://a:1", "http://b:1", "http://c:1"]


def test_addresses_are_made_whole() -> None:
    text = "a:1\nhttp://b:1/v2\n0 1 1 c\n"
    assert [place.url for place in parsed(text, "f", with_version)] == [
        "http://a:1/v1",
        "http://b:1/v2",
        "http://c:1/v1",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a:1\nb\n", r"^f:2: 'b' has no port; write it as b:30000"),
        ("a:1 0\n", r"^f:1: weight '0': give a whole number from 1 to 65535; .* take its line out"),
        ("a:1 65536", r"^f:1: weight '65536'"),
        ("a:1 -1", r"^f:1: weight '-1'"),
        ("a:1 x", r"^f:1: weight 'x'"),
        ("a:1 ²", r"^f:1: weight '²'"),
        ("a:1 1 1", r"^f:1: 3 words are no server; write `address`, `address weight`, or `priority weight port host`"),
        ("1 2 x a", r"^f:1: 4 words are no server"),
        ("1 2 99999 a", r"^f:1: .*is no address"),
        ("\n\nftp://a:1", r"^f:3: .*is no address; give one such as http://"),
        ("http://a:1?x=1", r"^f:1: .*holds more than an address"),
        ("a:1\na:2\nhttp://a:1/\n", r"^f:3: http://a:1 stands on line 1 already"),
        ("", r"^f: lists no server; write"),
        ("# a:1\n", r"^f: lists no server"),
        ("a:1\n" + 1001 * "x", r"^f:2: has more than 1000 characters"),
    ],
)
def test_anything_else_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as refused:
        parsed(text, "f")
    assert "\n" not in str(refused.value)


@given(st.text(st.sampled_from("ab:/@.#[]0129 \n\t\0\udcff?%"), max_size=40) | st.text(max_size=40))
def test_a_text_is_servers_or_one_error(text: str) -> None:
    try:
        places = parsed(text, "f")
    except InputError:
        return
    assert places
    assert len({place.url for place in places}) == len(places)
    assert all(place.weight >= 1 for place in places)
    again = "".join(f"{place.url} {place.weight}\n" for place in places)
    assert [(place.url, place.weight) for place in parsed(again, "f")] == [(p.url, p.weight) for p in places]


@pytest.mark.parametrize(
    "line", ["http://u:sk-canary@a:1", "u:sk-canary@a:1", "sk-canary@a:1 x", "1 1 1 u:sk-canary@a"]
)
def test_a_password_is_not_shown(line: str) -> None:
    with pytest.raises(InputError, match=r"^f:1: ") as refused:
        parsed(line, "f")
    assert "canary" not in str(refused.value)


def test_a_file_is_named_with_at_or_by_a_path_that_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("fleet.txt").write_text("b:1\na:1\n")
    for named in ("@fleet.txt", "fleet.txt", f"@{tmp_path}/fleet.txt"):
        assert Fleet(named).address == "http://b:1, http://a:1"
    assert file_named("http://fleet.txt") is None
    assert file_named("") is None
    assert file_named(5000 * "x") is None
    with pytest.raises(UsageError, match="is no address"):
        Fleet("other.txt")


def refused(base_url: str, said: str) -> None:
    """Whoever asks a server is told; a fleet that is never used needs no file."""
    fleet = Fleet(base_url)
    for request in (fleet.ping("/"), fleet.get("/"), fleet.post("/", 0), fleet.each("/")):
        with pytest.raises(InputError, match=said):
            asyncio.run(request)


def _hole(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "there is no such file"),
        (lambda path: path.mkdir(), "is no file that can be read again"),
        (os.mkfifo, "is no file that can be read again"),
        (lambda path: path.write_bytes(b"a:1\n\xff\xfe"), "is no text"),
        (_hole, f"holds more than {MOST_BYTES} bytes"),
        (lambda path: path.write_text("a:1\nb\n"), ":2: 'b' has no port"),
    ],
)
def test_a_file_that_lists_nothing_ends_it_before_anything_is_asked(
    tmp_path: Path, make: Callable[[Path], object], said: str
) -> None:
    make(tmp_path / "f")
    refused(f"@{tmp_path / 'f'}", f"^{tmp_path / 'f'}.*{said}")


def test_what_is_no_path_at_all_is_refused() -> None:
    for named in ("@", "@\0", "@~nobody-of-this-name/x"):
        refused(named, ": ")
