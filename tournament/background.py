"""An event loop in a thread of its own, for programs that have none and for those whose own is busy waiting."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, TypeVar

from tournament.errors import UsageError

T = TypeVar("T")


def blocking(work: Coroutine[Any, Any, T]) -> T:
    """Do some work and wait for it, whether or not an event loop runs in this thread.

    Where one runs, as in a notebook, the work is done in a thread of its own, and the loop stands still meanwhile.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with Background() as background:
        return background.run(work)


class Background:
    """An event loop that turns in a thread of its own until it is closed; a context manager."""

    def __init__(self) -> None:
        self._started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self._thread = threading.Thread(target=self._turn, name="tourney-loop", daemon=True)
        self._thread.start()
        self._loop, self._end = self._started.result()

    def _turn(self) -> None:
        asyncio.run(self._wait())

    async def _wait(self) -> None:
        end = asyncio.Event()
        self._started.set_result((asyncio.get_running_loop(), end))
        await end.wait()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do some work in the loop and wait for it.

        An interrupt of the wait, such as Ctrl-C, cancels the work; the wait goes on until the work has cleaned up.

        Raises:
            UsageError: where the loop has ended, or turns in the process that this one was forked from.
        """
        self._check(work)
        tasks: list[asyncio.Task[T]] = []
        ended = threading.Event()

        def begin() -> None:
            tasks.append(self._loop.create_task(work))
            tasks[0].add_done_callback(lambda _: ended.set())

        def end() -> None:
            if tasks:
                tasks[0].cancel()
            else:  # interrupted before anything began
                work.close()
                ended.set()

        try:
            self._loop.call_soon_threadsafe(begin)
            ended.wait()
        except BaseException:
            self._loop.call_soon_threadsafe(end)
            ended.wait()
            raise
        return tasks[0].result()

    async def share(self, work: Coroutine[Any, Any, T]) -> T:
        """Await some work that is done in this loop from another one; to cancel the wait cancels the work.

        Raises:
            UsageError: as `run`.
        """
        self._check(work)
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def _check(self, work: Coroutine[Any, Any, Any]) -> None:
        if not self._thread.is_alive():
            work.close()
            raise UsageError("the block has ended, or began in another process; begin one in the process that calls")

    def close(self) -> None:
        """Cancel what is left and end the thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
