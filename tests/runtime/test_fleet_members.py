"""Who in a fleet that follows a file gets how much: by health, model, weight and priority; and its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.runtime.backend import EAGER, QUICK, Backend, until, with_backends
from tests.runtime.following import asked, following, listed, live, write
from tournament.errors import JudgeUnreachableError
from tournament.runtime.client import JsonClient
from tournament.runtime.faults import HttpStatusError
from tournament.runtime.fleet import Fleet


def test_a_worker_with_a_flaw_gets_nothing_until_it_is_put_right(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    flaws = {"other": "it serves another model"}

    async def test(backends: Sequence[Backend]) -> None:
        first, second = backends

        async def vet(client: JsonClient) -> str:
            assert client.address == second.url
            await client.ping("/vetted")
            return flaws.get("other", "")

        write(file := tmp_path / "fleet.txt", first)
        fleet = following(file)
        fleet.vet(vet)
        await fleet.post("/x", 0)
        write(file, first, second)
        await until(lambda: second.paths.count("/vetted") > 3)
        assert await asked(fleet) == {first.url}
        assert [record.getMessage() for record in caplog.records][1:] == [
            f"{second.url} gets no requests: it serves another model"
        ]
        flaws.clear()
        await until(lambda: live(fleet) == [True, True])
        await fleet.close()

    with caplog.at_level(logging.WARNING, logger="tournament"):
        with_backends(2, test)


def test_a_server_that_returns_is_vetted_too(tmp_path: Path) -> None:
    """It may have been started anew with another model."""

    async def test(backends: Sequence[Backend]) -> None:
        first, second = backends
        fleet = Fleet(f"{first.url},{second.url}", retry=QUICK, probes=EAGER)
        asked_of: list[str] = []

        async def vet(client: JsonClient) -> str:
            asked_of.append(client.address)
            return "another model" if len(asked_of) < 3 else ""

        fleet.vet(vet)
        await second.down()
        assert await asked(fleet) == {first.url}
        await second.up()
        await until(lambda: live(fleet) == [True, True])
        assert asked_of == [second.url] * 3
        await fleet.close()

    with_backends(2, test)


def test_weights_share_out_what_is_in_flight(tmp_path: Path) -> None:
    async def test(backends: Sequence[Backend]) -> None:
        small, large = backends
        write(file := tmp_path / "fleet.txt", small, f"{large.url} 3")
        for backend in backends:
            backend.hold()
        fleet = following(file)
        tasks = [asyncio.create_task(fleet.post("/x", number)) for number in range(12)]
        await until(lambda: small.now + large.now == 12)
        assert (small.now, large.now) == (3, 9)
        for backend in backends:
            backend.release()
        await asyncio.gather(*tasks)
        await fleet.close()

    with_backends(2, test)


def test_the_slack_of_a_prefix_goes_by_weight(tmp_path: Path) -> None:
    async def test(backends: Sequence[Backend]) -> None:
        small, large = backends
        write(file := tmp_path / "fleet.txt", small, f"{large.url} 2")
        for backend in backends:
            backend.hold()
        fleet = following(file, slack=4)
        tasks = [asyncio.create_task(fleet.post("/x", number)) for number in range(9)]
        await until(lambda: (small.now, large.now) == (3, 6))
        # The sixth finds the larger server 11 - 2 x 3 requests ahead.
        tasks += [asyncio.create_task(fleet.post("/x", number, near="p")) for number in range(6)]
        await until(lambda: small.now + large.now == 15)
        assert (small.now, large.now) == (4, 11)
        for backend in backends:
            backend.release()
        await asyncio.gather(*tasks)
        await fleet.close()

    with_backends(2, test)


def test_a_later_priority_is_for_when_the_earlier_ones_are_out(tmp_path: Path) -> None:
    async def test(backends: Sequence[Backend]) -> None:
        first, spare = backends
        port, other = (backend.url.rpartition(":")[2] for backend in backends)
        write(file := tmp_path / "fleet.txt", f"10 5 {port} 127.0.0.1", f"20 5 {other} 127.0.0.1")
        fleet = following(file)
        assert await asked(fleet) == {first.url}
        await first.down()
        assert await asked(fleet) == {spare.url}
        await first.up()
        await until(lambda: live(fleet) == [True, True])
        assert await asked(fleet) == {first.url}
        await fleet.close()

    with_backends(2, test)


def test_one_server_in_a_file_is_still_a_fleet(tmp_path: Path) -> None:
    async def test(backends: Sequence[Backend]) -> None:
        [only] = backends
        write(file := tmp_path / "fleet.txt", only)
        fleet = following(file, patience_s=0.0)
        only.always = 500
        with pytest.raises(HttpStatusError, match="HTTP 500"):
            await fleet.post("/x", 0)
        assert only.seen == [0] * 4  # two rounds of two attempts
        only.always = 200
        await only.down()
        with pytest.raises(JudgeUnreachableError, match=only.url):
            await fleet.post("/x", 1)
        await fleet.close()

    with_backends(1, test)


def test_close_ends_everything_and_the_next_request_follows_again(tmp_path: Path) -> None:
    async def test(backends: Sequence[Backend]) -> None:
        first, second = backends
        write(file := tmp_path / "fleet.txt", first)
        fleet = following(file)
        await fleet.post("/x", 0)
        second.healthy = False
        write(file, first, second)
        await until(lambda: len(listed(fleet)) == 2)
        await fleet.close()
        await fleet.close()
        second.healthy = True
        assert await asked(fleet) == {first.url, second.url}
        write(file, second)
        await until(lambda: listed(fleet) == [second.url])
        assert await asked(fleet) == {second.url}
        await fleet.close()

    with_backends(2, test)


def test_one_fleet_follows_its_file_in_one_event_loop_after_another(tmp_path: Path) -> None:
    fleets: list[Fleet] = []

    async def test(backends: Sequence[Backend]) -> None:
        first, second = backends
        write(file := tmp_path / "fleet.txt", first)
        fleet = fleets[0] if fleets else following(file)
        fleets.append(fleet)
        # Those that it knew are gone, and the file names others.
        assert await asked(fleet) == {first.url}
        write(file, second)
        await until(lambda: listed(fleet) == [second.url])
        assert await asked(fleet) == {second.url}
        await fleet.close()

    with_backends(2, test)
    with_backends(2, test)
