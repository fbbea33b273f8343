"""How the shards of a run stand together: their statuses added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tournament.errors import RunFolderError
from tournament.run_folder import LOCK
from tournament.sharding import SHARDS
from tournament.standing import Standing, State, read_standing
from tournament.status import STATUS

_TABLES = ("problems", "points", "comparisons", "tokens", "outcomes", "failures", "errors", "waited_s", "waiting")
_NUMBERS = ("money", "retries")
_ORDER = (State.RUNNING, State.STARTING, State.SILENT, State.DIED, State.ENDED)


def shards_of(run: Path) -> list[Path]:
    """The folders of a run's shards that have begun, first to last."""
    return sorted(path for path in (run / SHARDS).glob("*") if (path / LOCK).exists())


def stands(run: Path) -> Standing:
    """How a run stands: its shards together, or a process of its own, whichever has told of itself last.

    Raises:
        RunFolderError: where the folder holds no status, or a damaged one.
    """
    shards = shards_of(run)
    if not shards:
        return read_standing(run)
    of_shards = together(shards)
    if not (run / STATUS).exists():
        return of_shards
    own = read_standing(run)
    return of_shards if of_shards.told and of_shards.age_s < own.age_s else own


def together(shards: Iterable[Path], stale: Mapping[Path, float] | None = None) -> Standing:
    """How some shards stand together; those that have written nothing yet are starting.

    What a shard wrote when it began at the time in `stale` is of an earlier run, and counts for nothing.

    Raises:
        RunFolderError: where a status is damaged.
    """
    return summed([_standing(shard, (stale or {}).get(shard)) for shard in shards])


def beginnings(shards: Iterable[Path]) -> dict[Path, float]:
    """When the runs began that have told of themselves in the folders of some shards."""
    found: dict[Path, float] = {}
    for shard in shards:
        with suppress(RunFolderError):  # there is none, or it is damaged; it is written anew
            found[shard] = read_standing(shard).told.get("began", 0.0)
    return found


def _standing(shard: Path, stale: float | None) -> Standing:
    starting = Standing(state=State.STARTING, age_s=0.0, told={})
    if not (shard / STATUS).exists():
        return starting
    standing = read_standing(shard)
    return starting if stale is not None and standing.told.get("began") == stale else standing


def summed(standings: Sequence[Standing]) -> Standing:
    """Several standings as one: it runs while any of them does, and has ended when all have.

    Raises:
        RunFolderError: where there are none.
    """
    if not standings:
        raise RunFolderError("there are no shards to add up; give the folder of a run that has begun")
    states = Counter(each.state for each in standings)
    state = next(state for state in _ORDER if states[state])
    told = [each.told for each in standings if each.told]
    if not told:
        return Standing(state=State.STARTING, age_s=0.0, told={})
    return Standing(state=state, age_s=min(each.age_s for each in standings if each.told), told=_sum(told, states))


def _sum(told: Sequence[Mapping[str, Any]], states: Mapping[State, int]) -> dict[str, Any]:
    tables = {name: _added(each[name] for each in told if each.get(name)) for name in (*_TABLES, "rate")}
    left = [each["left_s"] for each in told if each.get("left_s") is not None]
    ways = Counter(each["how"] for each in told)
    slow = {name: max(each.get("slow", {}).get(name, 0.0) for each in told) for name in ("throttle", "retry", "queue")}
    return {
        "verb": told[0]["verb"],
        "shards": {state.value: count for state, count in states.items()},
        "how": next(iter(ways)) if len(ways) == 1 else ", ".join(f"{n} {how or 'at work'}" for how, n in ways.items()),
        "seconds": max(each["seconds"] for each in told),
        **{name: table for name, table in tables.items() if table},
        **{name: sum(each.get(name) or 0 for each in told) for name in _NUMBERS},
        "slow": slow,
        "left_s": max(left) if left else None,
    }


def _added(tables: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for table in tables:
        for name, value in table.items():
            total[name] = total.get(name, 0) + value
    return total
