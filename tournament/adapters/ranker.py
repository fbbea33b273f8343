"""What adapters that are called again and again share: one judge and one set of options for all calls."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self, Unpack

from tournament import registry
from tournament.api import RankOptions, arank, rank
from tournament.background import Background
from tournament.judge_use import in_use
from tournament.result import Results
from tournament.types import Problem


class Ranker:
    """Ranks with the same judge and the same options each time; a context manager for those who call it often.

    Each call starts the judge and closes it again. Inside a `with` block the judge stays started, with its connections,
    in an event loop that goes on in a thread of its own. Calls from several threads are fine there.
    """

    def __init__(self, **options: Unpack[RankOptions]) -> None:
        """Take the options of `tournament.arank`.

        Raises:
            UsageError: for names that do not exist, before anything is called.
        """
        self._options = options
        judge, strategy = options.get("judge", "checks"), options.get("strategy")
        self._judge = registry.judge(judge) if isinstance(judge, str) else judge
        self._options["judge"] = self._judge
        if isinstance(strategy, str):
            self._options["strategy"] = registry.pairing(strategy)
        self._background: Background | None = None
        self._open: AsyncExitStack | None = None

    def rank(self, problems: Sequence[Problem], **changes: Unpack[RankOptions]) -> Results:
        """Rank some problems and wait for it; `changes` are options for this call alone."""
        options: RankOptions = {**self._options, **changes}
        if self._background is None:
            return rank(problems, **options)
        return self._background.run(arank(problems, **options))

    async def arank(self, problems: Sequence[Problem], **changes: Unpack[RankOptions]) -> Results:
        """Rank some problems; `changes` are options for this call alone."""
        options: RankOptions = {**self._options, **changes}
        if self._background is None:
            return await arank(problems, **options)
        return await self._background.share(arank(problems, **options))

    def __enter__(self) -> Self:
        """Start the judge, for all calls until the block ends."""
        background, opened = Background(), AsyncExitStack()
        try:
            background.run(opened.enter_async_context(in_use(self._judge)))
        except BaseException:
            background.close()
            raise
        self._background, self._open = background, opened
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the judge and end the loop."""
        background, opened = self._background, self._open
        assert background is not None
        assert opened is not None
        self._background = self._open = None
        try:
            background.run(opened.aclose())
        finally:
            background.close()

    def __getstate__(self) -> dict[str, Any]:
        """What goes to another process: everything but the thread, so that a copy is outside of any block."""
        return {**self.__dict__, "_background": None, "_open": None}
