"""What draws a run and its results for people: found by name when it is wanted, like strategies and judges.

The rooms that draw lie above the engine and need rich; nothing here imports them before they are asked for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

from tournament.budget import Prices
from tournament.progress import Progress

log = logging.getLogger(__name__)

DRAWERS = {
    "live line": "tournament.report.live:watch",
    "result": "tournament.report.notebook:result_html",
    "results": "tournament.report.notebook:results_html",
}


def drawer(name: str) -> Callable[..., Any]:
    """The function that draws something."""
    module, _, attribute = DRAWERS[name].partition(":")
    found: Callable[..., Any] = getattr(import_module(module), attribute)
    return found


def html(name: str, what: Any) -> str:
    """A result, or several, as HTML for a notebook."""
    return str(drawer(name)(what))


@asynccontextmanager
async def live_line(progress: Progress, problems: Sequence[Any], prices: Prices) -> AsyncIterator[None]:
    """Draw how a run goes until the block ends: on a terminal, or under the cell of a notebook."""
    watch = drawer("live line")
    drawing = asyncio.get_running_loop().create_task(watch(progress, problems=len(problems), planned=0, prices=prices))
    try:
        yield
    finally:
        drawing.cancel()
        await asyncio.wait({drawing})
        if not drawing.cancelled() and (error := drawing.exception()):
            log.warning("the live line could not be drawn", exc_info=error)
