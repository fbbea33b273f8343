"""What a file may look like, what it may not, and that reading it takes constant memory."""

import gzip
import io
import json
import os
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tournament.errors import InputError
from tournament.records import read_problems, scan, spool
from tournament.records.lines import MAX_LINE, read_lines

Write = Callable[..., Path]
GOOD = {"prompt": "a", "candidates": ["x", "y"]}
LINE = json.dumps(GOOD).encode()
BOM = b"\xef\xbb\xbf"


def refusal(path: Path) -> str:
    """What is said about a file by both passes alike, without its name."""
    said = set()
    for read in (lambda: list(read_problems(path)), lambda: scan(path)):
        with pytest.raises(InputError) as caught:
            read()
        said.add(str(caught.value))
    (message,) = said
    assert message.startswith(str(path))
    return message.removeprefix(str(path))


@pytest.mark.parametrize(
    ("content", "ids"),
    [
        (LINE, ["line-1"]),
        (LINE + b"\n" + LINE, ["line-1", "line-2"]),
        (LINE + b"\r\n\r\n" + LINE + b"\r\n", ["line-1", "line-3"]),
        (b"\n \t\n" + LINE + b"\n\n", ["line-3"]),
        (BOM + LINE + b"\n" + BOM + LINE + b"\n", ["line-1", "line-2"]),
        (BOM + b"\n" + LINE, ["line-2"]),
        (LINE.replace(b'"x"', '"\u2028\u0085é"'.encode()), ["line-1"]),
    ],
    ids=["no last newline", "two", "crlf", "blank", "bom", "bom alone on a line", "unicode line ends"],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_lines_are_split_at_newlines_only(
    tmp_path: Path, content: bytes, ids: list[str], pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "whatever"
    path.write_bytes(pack(content))
    assert [problem.id for problem in read_problems(path)] == ids


def test_gzip_of_several_members(tmp_path: Path) -> None:
    path = tmp_path / "parts.gz"
    path.write_bytes(gzip.compress(LINE + b"\n") + gzip.compress(LINE + b"\n"))
    assert len(list(read_problems(path))) == 2


def test_a_plain_file_may_be_named_gz(write: Write) -> None:
    assert len(list(read_problems(write(GOOD, name="plain.gz")))) == 1


@pytest.mark.parametrize("content", [b"", b"\n\r\n \n", BOM], ids=["empty", "blank", "bom"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_file_without_problems(tmp_path: Path, content: bytes, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_bytes(pack(content))
    assert refusal(path) == ": holds no problems; write one JSON object a line"


def test_a_missing_file(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.jsonl") == ": does not exist; check the path"


def test_a_directory(tmp_path: Path) -> None:
    assert refusal(tmp_path) == ": is a directory; name a file in it"


def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe") == ": can be read only once; save it as a regular file first"


def test_a_file_in_a_file(write: Write) -> None:
    assert refusal(write(GOOD) / "x").startswith(": cannot be opened (Not a directory)")


def test_a_path_that_is_none() -> None:
    assert refusal(Path("a\0b")).startswith(": is no path")


def test_an_unreadable_file(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = write(GOOD)
    monkeypatch.setattr(Path, "open", refuse)
    assert refusal(path).startswith(": is not readable; ")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("é".encode("utf-16"), "is UTF-16"),
        (b"\x28\xb5\x2f\xfd...", "is compressed with zstd"),
        (b"BZh91AY", "is compressed with bzip2"),
        (b"\xfd7zXZ\0\0", "is compressed with xz"),
        (b"PK\x03\x04\x14", "is a zip archive"),
        (b"PAR1\x15", "is a Parquet file"),
    ],
)
def test_other_formats_are_named(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    assert refusal(path).startswith(f": {what}")


def test_a_cut_off_gzip(tmp_path: Path) -> None:
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(LINE + b"\n" + LINE + b"\n")[:-9])
    assert "the gzip data ends here, before its end" in refusal(path)


def test_a_damaged_gzip(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(LINE + b"\n"))
    packed[-6] ^= 0xFF
    path = tmp_path / "damaged.gz"
    path.write_bytes(packed)
    assert "the gzip data is damaged" in refusal(path)


def test_a_line_too_long_is_refused_before_it_is_all_read(write: Write) -> None:
    path = write(GOOD)
    os.truncate(path, 40 * MAX_LINE)  # a sparse file: one endless line of zeros
    tracemalloc.start()
    try:
        assert refusal(path) == ":2: the line is longer than 64 MiB; take out what no judge needs"
        assert tracemalloc.get_traced_memory()[1] < 4 * MAX_LINE
    finally:
        tracemalloc.stop()


def test_lines_carry_their_numbers(write: Write) -> None:
    assert list(read_lines(write(b"a", b"", b"b"))) == [(1, b"a"), (3, b"b")]


def peak(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def count(path: Path) -> int:
    return sum(1 for _ in read_problems(path))


def many(path: Path, problems: int) -> Path:
    def lines() -> Iterator[str]:
        for index in range(problems):
            record = {"id": f"p{index}", "prompt": "a" * 200, "candidates": ["x" * 200, "y" * 200]}
            yield json.dumps(record) + "\n"

    with path.open("w") as file:
        file.writelines(lines())
    return path


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    few, lots = many(tmp_path / "few", 300), many(tmp_path / "lots", 6000)
    peak(lambda: scan(few))  # whatever is allocated once
    assert peak(lambda: count(lots)) - peak(lambda: count(few)) < 10_000
    assert peak(lambda: scan(lots)) - peak(lambda: scan(few)) < 10_000 + 32 * 5700


def test_spool_keeps_every_byte(tmp_path: Path) -> None:
    content = os.urandom(200_000)
    path = spool(io.BytesIO(content), tmp_path / "stdin.jsonl")
    assert path == tmp_path / "stdin.jsonl"
    assert path.read_bytes() == content


def test_spool_says_where_it_cannot_write(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the input cannot be copied here"):
        spool(io.BytesIO(b"x"), tmp_path / "none" / "stdin.jsonl")
    with pytest.raises(InputError, match="the input cannot be copied here"):
        spool(io.BytesIO(b"x"), tmp_path)


class Interrupted(io.BytesIO):
    """A stream during which somebody presses Ctrl-C."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise KeyboardInterrupt


def test_an_interrupted_spool_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        spool(Interrupted(), tmp_path / "stdin.jsonl")
    assert list(tmp_path.iterdir()) == []
