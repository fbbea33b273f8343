"""The live line on stderr while a run goes on; nothing at all where stderr is neither a terminal nor a notebook."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from tournament.budget import Prices
from tournament.progress import Progress as Counters
from tournament.waits import slow_shares, slowness


class _Status(ProgressColumn):
    """Comparisons done and planned, rate, tokens, spend, invalid rate, time left."""

    def __init__(self, counters: Counters, problems: int, planned: int, prices: Prices) -> None:
        super().__init__()
        self._counters, self._problems, self._planned, self._prices = counters, problems, planned, prices

    def render(self, task: Task) -> Text:
        return Text(status(self._counters, self._problems, self._planned, self._prices), style="cyan")


def status(counters: Counters, problems: int, planned: int, prices: Prices) -> str:
    """The state of a run in one line; `planned` is the most comparisons that it can take, 0 where that is not known."""
    seconds = max(time.monotonic() - counters.started, 1e-9)
    rate = counters.paid / seconds
    parts = [
        f"{counters.done}/{problems} problems",
        f"{counters.paid + counters.reused:,}{f'/{planned:,}' if planned else ''} comparisons",
        f"{rate:,.1f}/s",
        f"{counters.prompt_tokens + counters.completion_tokens:,} tokens",
    ]
    money = prices.of(counters.prompt_tokens, counters.completion_tokens)
    if money:
        parts.append(f"spend {money:.4f}")
    if counters.paid:
        parts.append(f"invalid {100 * counters.invalid / counters.paid:.1f} %")
    parts += slowness(slow_shares([counters.waits]))
    if counters.done:
        parts.append(f"{_duration(seconds / counters.done * (problems - counters.done))} left")
    return ", ".join(parts)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


async def watch(counters: Counters, *, problems: int, planned: int, prices: Prices, period: float = 0.25) -> None:
    """Draw the live line until cancelled, under the cell where this is a notebook."""
    console = Console(stderr=True)
    if not (console.is_terminal or console.is_jupyter):
        return
    columns = (
        BarColumn(bar_width=20),
        TextColumn("{task.percentage:>3.0f} %"),
        _Status(counters, problems, planned, prices),
    )
    with Progress(*columns, console=console, transient=True, auto_refresh=False) as bar:
        task = bar.add_task("", total=problems)
        while True:
            bar.update(task, completed=counters.done, refresh=True)
            await asyncio.sleep(period)


async def watch_many(counters: Callable[[], Mapping[str, Counters]], prices: Prices, period: float = 0.25) -> None:
    """Draw one live line for several runs at once until cancelled: what they have judged, and which they are."""
    console = Console(stderr=True)
    if not console.is_terminal:
        return
    started, total = time.monotonic(), _Sum()
    with Live(console=console, transient=True, auto_refresh=False) as live:
        while True:
            found = counters()
            total.take(found)
            rate = total.paid / max(time.monotonic() - started, 1e-9)
            money = prices.of(total.prompt, total.completion)
            parts = [f"{total.paid:,} judged now", f"{rate:,.1f}/s", f"{total.prompt + total.completion:,} tokens"]
            parts += [f"spend {money:.4f}"] if money else []
            parts += slowness(slow_shares(each.waits for each in found.values()))
            under_way = [f"{name} ({each.done} problems)" for name, each in found.items()]
            live.update(
                Text("; ".join([", ".join(parts), *under_way]), style="cyan", overflow="ellipsis"), refresh=True
            )
            await asyncio.sleep(period)


class _Sum:
    """Counters of many runs, those that have ended included."""

    def __init__(self) -> None:
        self._seen: dict[str, Counters] = {}

    def take(self, found: Mapping[str, Counters]) -> None:
        """Look at the counters of the runs under way; those of others stay as they were."""
        self._seen.update(found)

    @property
    def paid(self) -> int:
        return sum(each.paid for each in self._seen.values())

    @property
    def prompt(self) -> int:
        return sum(each.prompt_tokens for each in self._seen.values())

    @property
    def completion(self) -> int:
        return sum(each.completion_tokens for each in self._seen.values())
