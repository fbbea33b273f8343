"""Counters and histograms of an endpoint, in Prometheus's text form (version 0.0.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from tournament.endpoint.drawn import Drawn
from tournament.endpoint.job import Job, Phase
from tournament.progress import Progress

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0)
_PREFIX = "tourney_"
_Labels = tuple[tuple[str, str], ...]

_COUNTERS = {
    "requests_total": "Chat requests by what became of them: ok, partial, cancelled, or the code of an error.",
    "candidates_total": "Candidates by what became of them: paid, kept, failed, or late: broken off.",
    "comparisons_total": "Comparisons by how they were answered: paid, or reused.",
    "tokens_total": "Tokens that were paid for, by who read or wrote them.",
}
_HISTOGRAMS = {
    "request_seconds": "Seconds from a request's arrival to its answer.",
    "critical_path_seconds": "Seconds that a request spent in each part of its way, one after the other.",
}


@dataclass(slots=True)
class _Histogram:
    """Counts by upper bound, and the sum."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(SECONDS) + 1))
    total: float = 0.0

    def observe(self, value: float) -> None:
        place = next((i for i, bound in enumerate(SECONDS) if value <= bound), len(SECONDS))
        self.counts[place] += 1
        self.total += value

    def lines(self, name: str, labels: _Labels) -> Iterator[str]:
        seen = 0
        for bound, count in zip((*map(_number, SECONDS), "+Inf"), self.counts, strict=True):
            seen += count
            yield f"{name}_bucket{_labelled((*labels, ('le', bound)))} {seen}"
        yield f"{name}_sum{_labelled(labels)} {_number(self.total)}"
        yield f"{name}_count{_labelled(labels)} {seen}"


class Metrics:
    """What an endpoint has done so far. `gauges` are read when somebody asks: a name, what it is, and its value."""

    def __init__(self) -> None:
        self.gauges: dict[str, tuple[str, Callable[[], float]]] = {}
        self._counters: dict[str, Counter[_Labels]] = {name: Counter() for name in _COUNTERS}
        self._histograms: dict[str, dict[_Labels, _Histogram]] = {name: {} for name in _HISTOGRAMS}
        for side in ("policy", "judge"):
            for kind in ("prompt", "completion"):
                self._count("tokens_total", 0, side=side, kind=kind)

    def ended(self, outcome: str) -> None:
        """Count a request by what became of it."""
        self._count("requests_total", 1, outcome=outcome)

    def took(self, job: Job) -> None:
        """Book the time of a request that was let in, or waited for it."""
        self._observe("request_seconds", sum(job.seconds.values()))
        for phase in Phase:
            self._observe("critical_path_seconds", job.seconds[phase], phase=phase.value)

    def drawn(self, drawn: Drawn) -> None:
        """Book the candidates of a request."""
        paid = len(drawn.paid)
        ended = {"paid": paid, "kept": len(drawn.samples) - paid, "failed": len(drawn.failures), "late": drawn.late}
        for outcome, count in ended.items():
            self._count("candidates_total", count, outcome=outcome)
        prompt, completion = drawn.tokens
        self._count("tokens_total", prompt, side="policy", kind="prompt")
        self._count("tokens_total", completion, side="policy", kind="completion")

    def compared(self, progress: Progress) -> None:
        """Book the comparisons of a request."""
        self._count("comparisons_total", progress.paid, answered="paid")
        self._count("comparisons_total", progress.reused, answered="reused")
        self._count("tokens_total", progress.prompt_tokens, side="judge", kind="prompt")
        self._count("tokens_total", progress.completion_tokens, side="judge", kind="completion")

    def text(self) -> str:
        """All of it, as a scraper reads it."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        for name, (what, value) in self.gauges.items():
            yield from _head(name, what, "gauge")
            yield f"{_PREFIX}{name} {_number(value())}"
        for name, what in _COUNTERS.items():
            yield from _head(name, what, "counter")
            for labels, count in sorted(self._counters[name].items()):
                yield f"{_PREFIX}{name}{_labelled(labels)} {count}"
        for name, what in _HISTOGRAMS.items():
            yield from _head(name, what, "histogram")
            for labels, histogram in sorted(self._histograms[name].items(), key=lambda item: item[0]):
                yield from histogram.lines(f"{_PREFIX}{name}", labels)

    def _count(self, name: str, by: int, **labels: str) -> None:
        self._counters[name][_key(labels)] += by

    def _observe(self, name: str, value: float, **labels: str) -> None:
        self._histograms[name].setdefault(_key(labels), _Histogram()).observe(value)


def _key(labels: Mapping[str, str]) -> _Labels:
    return tuple(sorted(labels.items()))


def _head(name: str, what: str, kind: str) -> Iterator[str]:
    yield f"# HELP {_PREFIX}{name} {what}"
    yield f"# TYPE {_PREFIX}{name} {kind}"


def _labelled(labels: _Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return repr(float(value)) if value != int(value) else str(int(value))
