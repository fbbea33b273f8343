"""A fleet whose file is edited while it is at work: who is taken in, who is let go, and that no request is lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.runtime.backend import Backend, until, with_backends
from tests.runtime.following import asked, following, listed, live, taken, write
from tournament.runtime.fleet import Fleet


async def looks(fleet: Fleet, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Wait until the file has been looked at so many times."""
    seen, real = 0, Path.is_file

    def counted(self: Path, **options: Any) -> bool:
        nonlocal seen
        seen += 1
        return real(self, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "is_file", counted)
        await until(lambda: seen > count)


def test_a_worker_that_is_added_takes_part_once_it_is_well(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def test(backends: Sequence[Backend]) -> None:
        first, second = backends
        write(file := tmp_path / "fleet.txt", first)
        fleet = following(file)
        assert await asked(fleet) == {first.url}
        second.healthy = False
        write(file, "# two from here on", first, "", second)
        await until(lambda: second.paths.count("/health") >= 3)
        assert live(fleet) == [True, False]
        assert await asked(fleet) == {first.url}
        second.healthy = True
        await until(lambda: live(fleet) == [True, True])
        assert await asked(fleet) == {first.url, second.url}
        assert [record.getMessage() for record in caplog.records] == [f"{file} has changed: {second.url} taken in"]
        await fleet.close()

    with caplog.at_level(logging.WARNING, logger="tournament"):
        with_backends(2, test)


def test_a_worker_that_is_removed_ends_what_it_has_and_gets_nothing_new(tmp_path: Path) -> None:
    async def test(backends: Sequence[Backend]) -> None:
        first, second = backends
        write(file := tmp_path / "fleet.txt", first, second)
        for backend in backends:
            backend.hold()
        fleet = following(file)
        tasks = [asyncio.create_task(fleet.post("/x", number, near=number % 2)) for number in range(8)]
        await until(lambda: (first.now, second.now) == (4, 4))
        write(file, second)
        await until(lambda: listed(fleet) == [second.url])
        # Also those whose prefix was read there.
        tasks += [asyncio.create_task(fleet.post("/x", number, near=number % 2)) for number in range(8, 12)]
        await until(lambda: second.now == 8)
        first.release()
        second.release()
        answers = await asyncio.gather(*tasks)
        assert [answer["at"] for answer in answers].count(first.url) == 4
        assert sorted([*first.seen, *second.seen]) == list(range(12))
        assert fleet.retries == fleet.failovers == 0
        await until(lambda: first.connections == 0)
        assert second.connections > 0
        await fleet.close()

    with_backends(2, test)


def test_a_worker_that_is_removed_and_dies_loses_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def test(backends: Sequence[Backend]) -> None:
        first, second = backends
        write(file := tmp_path / "fleet.txt", first, second)
        first.hold()
        fleet = following(file)
        tasks = [asyncio.create_task(fleet.post("/x", number)) for number in range(8)]
        await until(lambda: first.now == 4)
        write(file, second)
        await until(lambda: listed(fleet) == [second.url])
        await first.down()
        assert {answer["at"] for answer in await asyncio.gather(*tasks)} == {second.url}
        # Nobody looks whether a worker that was let go comes back.
        assert not any("is out" in record.getMessage() for record in caplog.records)
        await fleet.close()

    with caplog.at_level(logging.WARNING, logger="tournament"):
        with_backends(2, test)


def test_a_worker_that_is_named_again_takes_part_again(tmp_path: Path) -> None:
    async def test(backends: Sequence[Backend]) -> None:
        first, second = backends
        write(file := tmp_path / "fleet.txt", first, second)
        fleet = following(file)
        assert len(await asked(fleet)) == 2
        for _ in range(2):
            write(file, first)
            await until(lambda: listed(fleet) == [first.url])
            assert await asked(fleet) == {first.url}
            write(file, first, second)
            await until(lambda: live(fleet) == [True, True])
            assert len(await asked(fleet)) == 2
        await fleet.close()

    with_backends(2, test)


def test_requests_wait_where_all_workers_are_replaced(tmp_path: Path) -> None:
    async def test(backends: Sequence[Backend]) -> None:
        old, new = backends
        new.healthy = False
        write(file := tmp_path / "fleet.txt", old)
        fleet = following(file, patience_s=0.0)
        assert await asked(fleet) == {old.url}
        write(file, new)
        await until(lambda: listed(fleet) == [new.url])
        tasks = [asyncio.create_task(fleet.post("/x", number)) for number in range(3)]
        await until(lambda: new.paths.count("/health") >= 3)
        assert not any(task.done() for task in tasks)
        new.healthy = True
        assert {answer["at"] for answer in await asyncio.gather(*tasks)} == {new.url}
        await fleet.close()

    with_backends(2, test)


def test_a_request_that_waits_for_a_server_is_answered_by_one_that_is_added(tmp_path: Path) -> None:
    async def test(backends: Sequence[Backend]) -> None:
        old, new = backends
        write(file := tmp_path / "fleet.txt", old)
        fleet = following(file, patience_s=600.0)
        await fleet.post("/x", 0)
        await old.down()
        waiting = asyncio.create_task(fleet.post("/x", 1))
        await until(lambda: live(fleet) == [False])
        write(file, old, new)
        assert (await waiting)["at"] == new.url
        await fleet.close()

    with_backends(2, test)


def test_a_request_that_waits_has_patience_with_a_server_that_is_added_meanwhile(tmp_path: Path) -> None:
    async def test(backends: Sequence[Backend]) -> None:
        old, new = backends
        new.healthy = False
        write(file := tmp_path / "fleet.txt", old)
        fleet = following(file, patience_s=1.0)
        await fleet.post("/x", 0)
        await old.down()
        waiting = asyncio.create_task(fleet.post("/x", 1))
        await until(lambda: live(fleet) == [False])
        write(file, old, new)
        await until(lambda: live(fleet) == [False, False])
        await asyncio.sleep(1.0)
        assert not waiting.done()
        new.healthy = True
        assert (await waiting)["at"] == new.url
        await fleet.close()

    with_backends(2, test)


BROKEN = [
    ["http://127.0.0.1:1 twice 3"],
    ["ftp://127.0.0.1:1"],
    [],
    ["# nobody"],
    ["http://127.0.0.1:1", "http://127.0.0.1:1"],
    ["\0"],
]


@pytest.mark.parametrize("lines", BROKEN)
def test_a_broken_edit_changes_nothing_and_is_warned_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> None:
    async def test(backends: Sequence[Backend]) -> None:
        first, second = backends
        write(file := tmp_path / "fleet.txt", first)
        fleet = following(file)
        assert await asked(fleet) == {first.url}
        write(file, *lines)
        await until(lambda: len(caplog.records) == 1)
        await looks(fleet, monkeypatch, 5)
        assert await asked(fleet) == {first.url}
        assert listed(fleet) == [first.url]
        [warning] = caplog.records
        assert warning.getMessage().startswith(f"{file}:")
        assert warning.getMessage().endswith("; the servers stay as they were until that is put right")
        write(file, second)
        await until(lambda: listed(fleet) == [second.url])
        assert await asked(fleet) == {second.url}
        await fleet.close()

    with caplog.at_level(logging.WARNING, logger="tournament"):
        with_backends(2, test)


def test_a_file_that_goes_away_changes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def test(backends: Sequence[Backend]) -> None:
        write(file := tmp_path / "fleet.txt", *backends)
        fleet = following(file)
        await asked(fleet)
        file.unlink()
        await until(lambda: len(caplog.records) == 1)
        assert len(await asked(fleet)) == 2
        assert "there is no such file" in caplog.text
        await fleet.close()

    with caplog.at_level(logging.WARNING, logger="tournament"):
        with_backends(2, test)


def test_a_file_that_is_being_written_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each look sees another piece of it, so none of them counts."""

    async def test(backends: Sequence[Backend]) -> None:
        first, second = backends
        write(file := tmp_path / "fleet.txt", first, second)
        fleet = following(file)
        await asked(fleet)
        whole = f"{first.url}\n{second.url} 2\n"
        pieces = [whole, whole[: len(first.url) + 1], whole[:5]]
        monkeypatch.setattr(
            "tournament.runtime.fleet_file._text", lambda path: pieces.pop() if len(pieces) > 1 else pieces[0]
        )
        await until(lambda: bool(caplog.records))
        assert [record.getMessage() for record in caplog.records] == [
            f"{file} has changed: other weights or another order"
        ]
        assert live(fleet) == [True, True]
        await fleet.close()

    with caplog.at_level(logging.WARNING, logger="tournament"):
        with_backends(2, test)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(st.sets(st.integers(0, 2)) | st.just(None), min_size=1, max_size=5))
def test_whatever_is_edited_every_request_is_answered_once(tmp_path: Path, edits: list[set[int] | None]) -> None:
    """None stands for a broken edit, as does a file without a server."""

    async def test(backends: Sequence[Backend]) -> None:
        write(file := tmp_path / "fleet.txt", *backends)
        fleet = following(file)
        tasks = []
        for number, edit in enumerate(edits):
            tasks += [asyncio.create_task(fleet.post("/x", 20 * number + each, each % 3)) for each in range(20)]
            write(file, *(["?"] if edit is None else [backends[index] for index in sorted(edit)]))
            if edit:
                await taken(fleet, [backends[index].url for index in sorted(edit)])
        answers = await asyncio.gather(*tasks)
        assert len(answers) == 20 * len(edits)
        assert sorted(number for backend in backends for number in backend.seen) == list(range(20 * len(edits)))
        await fleet.close()

    with_backends(3, test)
