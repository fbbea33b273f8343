"""The tables of the comparison, and its last word."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks._common import table
from benchmarks.peers.asking import Picker, Sides
from benchmarks.peers.cells import Cell, Plan, Results, Tried
from benchmarks.peers.paired import Duel, calls_for, duel, holm
from tournament.ratings import wilson

LEVEL = 0.05
RATIO_SIZE = 32
REFERENCE = "elo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The best peer of a cell against one of ours: their duel and its p-value after Holm's correction."""

    cell: Cell
    peer: str
    ours: str
    duel: Duel
    p: float

    @property
    def ahead(self) -> str:
        """Who is ahead beyond noise: "peer", "ours" or "nobody"."""
        if self.p >= LEVEL:
            return "nobody"
        return "peer" if self.duel.lead > 0 else "ours"


def accuracies(plan: Plan, results: Results, sides: Sides) -> None:
    """One table a world, in three parts: accuracy in %, its 95 % Wilson interval, and mean calls used."""
    for world in plan.worlds:
        print(f"## {world}: accuracy in % [95 % interval] and mean judge calls used\n")
        cells = [cell for cell in results if cell.world == world]
        for title, pickers in (("peers", sides.peers), ("plain", sides.plain), ("ours", sides.ours)):
            if pickers:
                rows = [[f"{cell.n} x {cell.budget}", *_shown(results, cell, pickers)] for cell in cells]
                table([f"{title}: N x budget", *(picker.name for picker in pickers)], rows)


def _shown(results: Results, cell: Cell, pickers: Sequence[Picker]) -> list[str]:
    return [_words(results[cell][picker.name]) if picker.name in results[cell] else "-" for picker in pickers]


def _words(tried: Tried) -> str:
    interval = wilson(tried.right.sum(), len(tried.right))
    low, high = float(interval.low), float(interval.high)
    return f"{tried.accuracy:5.1%} [{100 * low:.0f},{100 * high:.0f}] {tried.calls.mean():.0f}".replace("%", "")


def verdicts(results: Results, sides: Sides) -> list[Verdict]:
    """The best peer of each cell against ours: against `auto` where it is registered, else against each of ours.

    To take the best of several peers leans towards the peers; that is meant.
    """
    names = [picker.name for picker in sides.ours]
    against = ["auto"] if "auto" in names else names
    found = []
    for cell, tried in results.items():
        peers = [picker.name for picker in sides.peers if picker.name in tried]
        if not peers:
            continue
        best = max(peers, key=lambda name: tried[name].accuracy)
        found += [(cell, best, name, duel(tried[best].right, tried[name].right)) for name in against]
    corrected = holm([each.p for *_, each in found])
    return [
        Verdict(cell=cell, peer=peer, ours=name, duel=each, p=p)
        for (cell, peer, name, each), p in zip(found, corrected, strict=True)
    ]


def leads(judged: Sequence[Verdict]) -> None:
    """Print who is ahead where; the lead is the best peer's, in points of accuracy."""
    print(
        "## Who is ahead: the best peer of each cell against ours, same problems, exact McNemar, Holm over the cells\n"
    )
    rows = [
        [
            f"{each.cell.world} {each.cell.n} x {each.cell.budget}",
            each.peer,
            each.ours,
            f"{100 * each.duel.lead:+.1f} ± {100 * each.duel.margin:.1f}",
            f"{each.duel.only_first}:{each.duel.only_second}",
            f"{each.p:.3g}",
            each.ahead,
        ]
        for each in judged
    ]
    table(["cell", "best peer", "ours", "peer's lead", "only one right", "p", "ahead"], rows)


def ratios(plan: Plan, results: Results, sides: Sides) -> None:
    """Print how many calls each picker needs for what Elo over all pairs reaches, where that was played."""
    rows = []
    for world in plan.worlds:
        cells = [cell for cell in results if (cell.world, cell.n) == (world, RATIO_SIZE)]
        if not cells or REFERENCE not in results[cells[-1]]:
            continue
        whole = results[cells[-1]][REFERENCE]
        shown = [_par(whole, [results[cell].get(picker.name) for cell in cells]) for picker in _measured(sides)]
        rows.append([world, f"{100 * whole.accuracy:.1f}", f"{whole.calls.mean():.0f}", *shown])
    if rows:
        print(f"## Calls for the accuracy of Elo over all pairs, N = {RATIO_SIZE}: calls (times fewer)\n")
        table(["world", "accuracy", "its calls", *(picker.name for picker in _measured(sides))], rows)


def _measured(sides: Sides) -> tuple[Picker, ...]:
    return tuple(picker for picker in sides.everybody if picker.name != REFERENCE)


def _par(whole: Tried, tried: Sequence[Tried | None]) -> str:
    known = [each for each in tried if each is not None]
    calls = [float(each.calls.mean()) for each in known]
    needed = calls_for(whole.accuracy, calls, [each.accuracy for each in known])
    if needed is None:
        return "not reached"
    bound = "<=" if needed == min(calls) else ""
    return f"{bound}{needed:.0f} ({whole.calls.mean() / needed:.1f})"


def write_csv(path: Path, results: Results, sides: Sides) -> None:
    """Write one row a cell and picker."""
    kinds = {picker.name: side for side in ("peers", "plain", "ours") for picker in getattr(sides, side)}
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["world", "n", "budget", "strategy", "side", "problems", "right", "low", "high", "calls"])
        for cell, tried in results.items():
            for name, each in tried.items():
                right, count = int(each.right.sum()), len(each.right)
                interval = wilson(right, count)
                bounds = [f"{float(end):.4f}" for end in (interval.low, interval.high)]
                writer.writerow([*cell, name, kinds[name], count, right, *bounds, f"{each.calls.mean():.2f}"])


def peer_leads(judged: Sequence[Verdict]) -> tuple[int, int]:
    """The cells in which the peer is ahead of all it was held against, and the cells."""
    cells = dict.fromkeys(each.cell for each in judged)
    lost = [cell for cell in cells if all(each.ahead == "peer" for each in judged if each.cell == cell)]
    return len(lost), len(cells)
