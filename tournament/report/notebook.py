"""Results as HTML for the cell of a notebook: tables without script, style sheet or anything from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tournament.report.page.markup import Content, Markup, join, tag
from tournament.report.table import RATING, ROWS, percent, rating_cell
from tournament.result import Result

CANDIDATES = 50
"""Candidates of one problem that are shown."""

_BREAK = tag("br")
_CHARS = 200
# Notebooks set what stands between dollar signs as formulas, which may hold links; these classes forbid it.
_PLAIN = "tourney tex2jax_ignore mathjax_ignore"


def result_html(result: Result) -> Markup:
    """The ranking of one problem: ratings with their intervals, P(best), matches, and what it all cost."""
    rows = [_candidate(standing) for standing in result.to_json()["ranking"][:CANDIDATES]]
    heads = ("rank", "candidate", RATING, "95 % interval", "P(best)", "won", "lost", "tied")
    more = len(result.ranking) - len(rows)
    return tag(
        "div",
        tag("p", tag("b", "best: "), _short(result.best), f", P(best) {percent(result.p_best)}", list(_said(result))),
        _table(heads, rows),
        tag("p", f"... and {more} more in .ranking") if more > 0 else None,
        tag("p", tag("small", _spend([result]))),
        class_=_PLAIN,
    )


def results_html(results: Sequence[Result]) -> Markup:
    """One row a problem: its best candidate with rating and P(best), and what it cost; the sum of that below."""
    heads = ("problem", "best", RATING, "P(best)", "comparisons", "note")
    more = len(results) - ROWS
    return tag(
        "div",
        _table(heads, [_problem(result) for result in results[:ROWS]]),
        tag("p", f"... and {more} more problems") if more > 0 else None,
        tag("p", tag("small", f"{len(results):,} problems, {_spend(results)}")),
        class_=_PLAIN,
    )


def _candidate(standing: Mapping[str, Any]) -> list[Content]:
    low, high = standing["low"], standing["high"]
    interval = "-" if low is None or high is None else f"{low:+.2f} to {high:+.2f}"
    matches = [str(standing[name]) for name in ("wins", "losses", "ties")]
    name = _short(standing["id"])
    return [str(standing["rank"]), name, rating_cell(standing), interval, percent(standing["p_best"]), *matches]


def _problem(result: Result) -> list[Content]:
    document = result.to_json()
    best = next(standing for standing in document["ranking"] if standing["id"] == result.best)
    note = result.note or ("partial" if result.partial else "")
    cells = [_short(result.id), _short(result.best), rating_cell(best), percent(result.p_best)]
    return [*cells, f"{result.spend.comparisons:,}", note]


def _said(result: Result) -> Iterator[Content]:
    """What has to be known beside the numbers, a line each."""
    if result.partial or result.note:
        yield _BREAK, "partial: " if result.partial else "", result.note
    if result.best_by is not None:
        yield _BREAK, f"first place by {result.best_by}"
    if result.chosen:
        yield _BREAK, result.chosen


def _spend(results: Sequence[Result]) -> str:
    """What several results cost together."""
    comparisons = sum(result.spend.comparisons for result in results)
    tokens = sum(result.spend.tokens for result in results)
    money = sum(result.spend.money for result in results)
    parts = [f"{comparisons:,} comparison{'' if comparisons == 1 else 's'}"]
    parts += [f"{tokens:,} tokens"] if tokens else []
    parts += [f"{money:.4f} money"] if money else []
    return ", ".join(parts)


def _short(name: str) -> str:
    return name if len(name) <= _CHARS else f"{name[:_CHARS]}..."


def _table(heads: Sequence[str], rows: Sequence[Sequence[Content]]) -> Markup:
    return tag(
        "table",
        tag("thead", tag("tr", [tag("th", head, scope="col") for head in heads])),
        tag("tbody", join([tag("tr", [tag("td", cell) for cell in row]) for row in rows])),
    )
