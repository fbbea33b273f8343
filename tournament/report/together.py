"""One live line for all shards of a run, by what each of them writes about itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from tournament.report.standing import duration
from tournament.standing import Standing


@contextmanager
def shown_together() -> Iterator[Callable[[Standing], None]]:
    """A bar on stderr for the length of the block, and what draws a standing there; nothing where it is no terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda standing: None
        return
    columns = (BarColumn(bar_width=20), TextColumn("{task.description}", style="cyan"))
    with Progress(*columns, console=console, transient=True, auto_refresh=False) as bar:
        task = bar.add_task("", total=None)

        def draw(standing: Standing) -> None:
            done = standing.told.get("points") or standing.told.get("problems") or {}
            bar.update(
                task,
                total=done.get("all"),
                completed=done.get("done", 0),
                description=line(standing.told),
                refresh=True,
            )

        yield draw


def line(told: Mapping[str, Any]) -> str:
    """How the shards of a run stand, in one line."""
    if not told:
        return "starting"
    shards, compared, tokens = (told.get(name, {}) for name in ("shards", "comparisons", "tokens"))
    parts = [f"{shards.get('ended', 0)}/{sum(shards.values())} shards"]
    for name in ("points", "problems"):
        if counted := told.get(name):
            parts.append(f"{counted.get('done', 0):,}/{counted.get('all', 0):,} {name}")
    parts.append(f"{compared.get('paid', 0) + compared.get('reused', 0):,} comparisons")
    parts.append(f"{told.get('rate', {}).get('minute', 0):,.1f}/s")
    parts.append(f"{sum(tokens.values()):,} tokens")
    if told.get("money"):
        parts.append(f"spend {told['money']:.4f}")
    if told.get("left_s"):
        parts.append(f"{duration(told['left_s'])} left")
    return ", ".join(parts)
