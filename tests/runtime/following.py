"""A fleet that follows a file, the file, and what can be seen of both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.runtime.backend import EAGER, QUICK, Backend, until
from tournament.runtime.fleet import Fleet


def following(file: Path, **options: Any) -> Fleet:
    defaults: dict[str, Any] = {"retry": QUICK, "probes": EAGER, "look_s": 0.002}
    return Fleet(f"@{file}", **defaults | options)


def write(file: Path, *lines: object) -> None:
    """As `mv` does: whoever looks sees the old file or the new one."""
    new = file.with_name("new")
    new.write_text("".join(f"{line.url if isinstance(line, Backend) else line}\n" for line in lines))
    new.replace(file)


def listed(fleet: Fleet) -> list[str]:
    return [stats.address for stats in fleet.stats()]


def live(fleet: Fleet) -> list[bool]:
    return [stats.live for stats in fleet.stats()]


async def taken(fleet: Fleet, urls: Sequence[str]) -> None:
    """Wait until the fleet is made of these."""
    await until(lambda: listed(fleet) == urls)


async def asked(fleet: Fleet, count: int = 6) -> set[str]:
    """The servers that answer so many requests, one after the other."""
    return {(await fleet.post("/x", number))["at"] for number in range(count)}
