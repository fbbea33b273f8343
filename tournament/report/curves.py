"""Plots of a simulated sweep: accuracy against comparisons, one panel a world and N, one line a strategy."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

from tournament.errors import UsageError
from tournament.experiments.simulated import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = (".svg", ".png")

# Okabe and Ito's colours (2008), which colour-blind readers tell apart; without their yellow, too pale for a line.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_WIDTH, _HEIGHT = 3.4, 2.7  # inches a panel

Look = tuple[str, str]
"""The colour and the marker of a strategy."""


def check(path: Path) -> None:
    """Refuse a plot that could not be written, before anything is simulated for it.

    Raises:
        UsageError: where the file name ends in no known format, or matplotlib is not installed.
    """
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"{path}: plots are written as {' or '.join(FORMATS)}; let the file name end in one of them")
    try:
        import matplotlib  # noqa: F401  # is it there?
    except ImportError:
        raise UsageError("plots need matplotlib; pip install 'tournament-engine[plot]'") from None


def save_curves(rows: Sequence[Row], path: Path) -> None:
    """Draw a sweep into a file, SVG or PNG by its name. The same rows make the same bytes.

    Raises:
        OSError: where the file cannot be written.
    """
    import matplotlib

    # The salt keeps an SVG's identifiers, and no date its text, from changing with every drawing.
    with matplotlib.rc_context({"svg.hashsalt": "tourney", "axes.spines.top": False, "axes.spines.right": False}):
        dated = {"Date": None} if path.suffix.lower() == ".svg" else {}
        curves(rows).savefig(path, metadata=dated, dpi=150)


def curves(rows: Sequence[Row]) -> Figure:
    """The figure of a sweep: worlds down, N across."""
    from matplotlib.figure import Figure

    worlds, sizes = list(dict.fromkeys(row.world for row in rows)), list(dict.fromkeys(row.n for row in rows))
    figure = Figure(figsize=(max(_WIDTH * len(sizes), 5.0), _HEIGHT * len(worlds) + 0.8), layout="constrained")
    panels = figure.subplots(len(worlds), len(sizes), squeeze=False, sharey="row")
    looks = dict(zip(dict.fromkeys(row.strategy for row in rows), zip(cycle(_COLOURS), cycle(_MARKERS), strict=False)))  # noqa: B905  # the looks never end
    for world, line in zip(worlds, panels, strict=True):
        for n, axes in zip(sizes, line, strict=True):
            _panel(axes, [row for row in rows if (row.world, row.n) == (world, n)], looks)
            axes.set_title(f"{world}, N = {n}", fontsize="medium", parse_math=False)
        line[0].set_ylabel("accuracy")
    for axes in panels[-1]:
        axes.set_xlabel("comparisons a problem")
    lines, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(lines, labels, loc="outside lower center", ncols=max(len(sizes), 2), frameon=False, fontsize="small")
    return figure


def _panel(axes: Axes, rows: Sequence[Row], looks: dict[str, Look]) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter, PercentFormatter, StrMethodFormatter

    used = [row.comparisons for row in rows if row.comparisons > 0] or [1.0]
    for strategy, look in looks.items():
        _curve(axes, [row for row in rows if row.strategy == strategy], strategy, look)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=_labelled(max(used) / min(used))))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.grid(visible=True, linewidth=0.4, alpha=0.5)


def _labelled(span: float) -> tuple[float, ...]:
    """Which ticks of a decade get a number: fewer where the axis spans many, so that they do not run together."""
    return (1.0, 2.0, 5.0) if span < 20 else (1.0, 3.0) if span < 200 else (1.0,)


def _curve(axes: Axes, rows: Sequence[Row], strategy: str, look: Look) -> None:
    """One strategy; budgets of which it used the same are one point, and one that compares nothing is a dashed line."""
    colour, marker = look
    points = sorted({(row.comparisons, row.accuracy, row.low, row.high) for row in rows})
    used, accuracy, low, high = (list(column) for column in zip(*points, strict=True))
    if used[-1] <= 0:
        axes.axhline(accuracy[0], color=colour, linestyle="--", linewidth=1.2, label=strategy)
        return
    axes.plot(used, accuracy, color=colour, marker=marker, markersize=4, linewidth=1.4, label=strategy)
    if len(points) == 1:
        axes.errorbar(used, accuracy, [[accuracy[0] - low[0]], [high[0] - accuracy[0]]], color=colour, capsize=2)
    else:
        axes.fill_between(used, low, high, color=colour, alpha=0.15, linewidth=0)
