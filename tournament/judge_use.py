"""One judge for several runs at once: started by the first of them, closed by the last."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tournament.errors import UsageError
from tournament.judge import InProcess, Judge


@dataclass(slots=True, kw_only=True, eq=False)
class _Use:
    """A judge that is in use: in which event loop, by how many, and whether it is started.

    Who starts or closes it holds the lock, so that nobody is given a judge that is half open.
    """

    judge: Judge
    loop: asyncio.AbstractEventLoop
    count: int = 0
    started: bool = False
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


# By identity, since a judge need not be hashable; an entry keeps its judge alive, so that no other gets its identity.
_uses: dict[tuple[int, int], _Use] = {}
_guard = threading.Lock()


@asynccontextmanager
async def in_use(judge: Judge) -> AsyncIterator[None]:
    """Have the judge started for the length of the block; blocks may overlap.

    Raises:
        UsageError: where another event loop uses the judge at this moment, whose connections belong to that loop.
    """
    key = _key(judge)
    use = _joined(key, judge)
    try:
        async with use.lock:
            if not use.started:
                await judge.start()
                use.started = True
        yield
    finally:
        try:
            async with use.lock:
                if use.count == 1:
                    use.started = False
                    await judge.close()  # of a start that failed there may be something to give back too
        finally:
            use.count -= 1  # not before it is closed, so that no other event loop starts it meanwhile
            _forget(key, use)


def _key(judge: Judge) -> tuple[int, int]:
    # Judges without connections, such as Python functions, may serve several loops at once.
    return id(judge), id(asyncio.get_running_loop()) if isinstance(judge, InProcess) else 0


def _joined(key: tuple[int, int], judge: Judge) -> _Use:
    loop = asyncio.get_running_loop()
    with _guard:
        use = _uses.get(key)
        if use is None or use.loop.is_closed() or (use.loop is not loop and not use.count):
            use = _uses[key] = _Use(judge=judge, loop=loop)
        if use.loop is not loop:
            raise UsageError(
                f"the judge {judge.identity.label} is in use in another event loop; give each a judge of its own"
            )
        use.count += 1
        return use


def _forget(key: tuple[int, int], use: _Use) -> None:
    with _guard:
        if _uses.get(key) is use and not use.count:
            del _uses[key]
