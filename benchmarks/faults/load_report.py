"""What `load.py` found, as figures, aims and rows of the table of faults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks._common import Aims, table
from benchmarks.faults.checker import Account
from benchmarks.faults.samples import Sample, growth, warm
from benchmarks.faults.session import Row
from benchmarks.faults.witness import Fairness

MEMORY_MB, HANDLES, TASKS = 5.0, 2.0, 50.0
"""The most that a run may grow by in 10,000 problems, after warm-up."""

STOP_S = 5.0
WINDOW = 4096
PATIENCE = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How large a load is.

    `stops` are the shares of the problems between which each Ctrl-C falls; `compared` says whether the results are held
    against those of an undisturbed run.
    """

    problems: int
    in_flight: int
    latency_s: float
    stops: tuple[tuple[float, float], ...]
    compared: bool


@dataclass(slots=True, kw_only=True)
class Stop:
    """A run that was told to stop with `times` Ctrl-C, when `done` problems were done and `in_flight` requests open.

    In seconds from the first Ctrl-C: `served_s` to the server's last answer, `writing_s` until the results were begun,
    `exit_s` to the end; `last_s` is the time from the third one, in the middle of the results, to the end.
    """

    times: int
    done: int = 0
    in_flight: int = 0
    at: float = 0.0
    served_s: float = 0.0
    writing_s: float = 0.0
    exit_s: float = 0.0
    last_at: float = 0.0
    last_s: float = 0.0
    code: int = 0
    message: str = ""

    def words(self) -> str:
        """The stop in one line."""
        when = f"Ctrl-C {self.times} times at {self.done:,} problems done, {self.in_flight:,} in flight"
        return f"{when}: results begun after {self.writing_s:.1f} s, ended after {self.exit_s:.1f} s"

    def cells(self) -> tuple[str, ...]:
        """The stop as a row."""
        seconds = (self.served_s, self.writing_s, self.exit_s, self.last_s)
        return (
            f"Ctrl-C, {self.times} times",
            f"{self.done:,}",
            f"{self.in_flight:,}",
            *(f"{s:.1f}" for s in seconds),
            str(self.code),
        )


@dataclass(slots=True, kw_only=True)
class Findings:
    """What was found, by session where it is a list."""

    samples: list[list[Sample]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)
    peaks: list[int] = field(default_factory=list)
    fair: list[Fairness] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    account: Account = field(default_factory=Account)
    apart: int = 0
    dearest: int = 0
    equal: bool | None = None

    @property
    def wanted(self) -> list[int]:
        """The exit codes that there should be: that of Ctrl-C after each stop, and a good end."""
        return [130] * len(self.stops) + [0]


def report(findings: Findings, scale: Scale, limit: int) -> int:
    """Print the figures and the aims; the exit code."""
    aims = Aims()
    _samples(findings, scale, aims)
    _fairness(findings, scale, aims)
    _stops(findings, aims)
    account = findings.account
    words = f"lost {account.lost}, paid twice {account.paid_twice}, tokens over a budget {account.overrun}"
    aims.check(f"{words}; the dearest problem took {findings.dearest:,} of {limit:,}", account.clean)
    codes = findings.codes
    aims.check(f"the exit codes are 130 after every Ctrl-C and 0 in the end: {codes}", codes == findings.wanted)
    if findings.equal is not None:
        aims.check("the results are those of an undisturbed run, all but the seconds", findings.equal)
    for trouble in dict.fromkeys(findings.troubles):
        aims.check(trouble, False)
    apart = f"{findings.apart:,} answers apart, given up by the second Ctrl-C"
    return aims.finish(f"load: {scale.problems:,} problems, {scale.in_flight:,} in flight, {words}, {apart}")


def _samples(findings: Findings, scale: Scale, aims: Aims) -> None:
    header = ("session", "problems", "RSS MB", "handles", "tasks", "ledger MB", "its log MB", "judged/s")
    rows = []
    for number, samples in enumerate(findings.samples, 1):
        rows += [_row(f"{number}, {when}", found, samples) for when, found in _moments(samples)]
    table(header, rows)
    until = findings.stops[0].at if findings.stops else float("inf")
    found = [sample for sample in warm(findings.samples[0], scale.problems) if sample.at < until]
    done = [sample.done / 10_000 for sample in found]
    figures = (
        ("MB of memory", MEMORY_MB, 4.0, [sample.rss_mb for sample in found]),
        ("file handles that are no sockets", HANDLES, HANDLES, [float(s.handles - s.sockets) for s in found]),
        ("tasks", TASKS, scale.in_flight, [float(sample.tasks) for sample in found]),
    )
    for name, most, swing, values in figures:
        slope = growth(done, values)
        grown = slope * (max(done, default=0) - min(done, default=0))
        span = f"{min(values, default=0):.0f} to {max(values, default=0):.0f}"
        words = f"{name}: grow by less than {most:g} in 10,000 problems after the first fifth, or {swing:g} in all"
        held = bool(values) and (slope < most or grown < swing)  # in a short run the ups and downs have a slope too
        aims.check(f"{words}: {slope:+.2f}, {grown:+.1f} ({span}, {len(values)} samples)", held)
    most_sockets = max((sample.sockets for samples in findings.samples for sample in samples), default=0)
    words = "sockets: never more than are in flight, and a quarter for those that rest"
    aims.check(f"{words}: {most_sockets:,}", most_sockets <= 1.25 * scale.in_flight + 64)
    aims.check(f"no task is left at the end of a session: {findings.left}", set(findings.left) == {"left 0"})
    peak = max(findings.peaks, default=0)
    words = f"the server had as many open at once as are allowed, and never more: {peak:,}"
    aims.check(words, peak == scale.in_flight)


def _moments(samples: Sequence[Sample]) -> list[tuple[str, Sample]]:
    if not samples:
        return []
    shares = {"a fifth": len(samples) // 5, "half": len(samples) // 2, "last": len(samples) - 1}
    most = max(samples, key=lambda sample: sample.rss_mb)
    return [*((when, samples[at]) for when, at in shares.items()), ("most memory", most)]


def _row(name: str, found: Sample, samples: Sequence[Sample]) -> tuple[str, ...]:
    begun = samples[0]
    rate = (found.paid - begun.paid) / max(found.at - begun.at, 1e-9)
    counts = (found.done, found.rss_mb, found.handles, found.tasks, found.ledger_mb, found.log_mb, rate)
    return (name, *(f"{count:,.0f}" for count in counts))


def _fairness(findings: Findings, scale: Scale, aims: Aims) -> None:
    header = ("order", "furthest ahead of the oldest", "median s open", "longest s open")
    cells = [
        (f"session {number}", f"{fair.spread:,}", f"{fair.median_s:.1f}", f"{fair.longest_s:.1f}")
        for number, fair in enumerate(findings.fair, 1)
    ]
    table(header, cells)
    spread = max((fair.spread for fair in findings.fair), default=0)
    words = f"no problem was ever asked about more than {WINDOW:,} places ahead of the oldest unfinished one"
    aims.check(f"{words}: {spread:,}", spread <= WINDOW)
    longest = max((fair.longest_s for fair in findings.fair), default=0.0)
    words = f"no problem was open for longer than {PATIENCE:g} times the latency, at most 4 of them the server's own"
    aims.check(f"{words}: {longest / scale.latency_s:.1f}", longest <= PATIENCE * scale.latency_s)


def _stops(findings: Findings, aims: Aims) -> None:
    if not findings.stops:
        return
    header = ("stop", "done", "in flight", "last answer s", "results begun s", "ended s", "after the last s", "exit")
    table(header, [stop.cells() for stop in findings.stops])
    once, *forced = findings.stops
    words = f"once: what is in flight is down within {STOP_S:g} s of the server's last answer"
    after = once.writing_s - once.served_s
    aims.check(f"{words}: {after:.1f}", after < STOP_S)
    for stop in forced:
        words = f"{stop.times} times: nothing is asked any more and what came back is down within {STOP_S:g} s"
        aims.check(f"{words}: {stop.writing_s:.1f}", stop.writing_s < STOP_S)
        if stop.times > 2:
            words = f"a Ctrl-C in the middle of the results ends the run within {STOP_S:g} s"
            aims.check(f"{words}: {stop.last_s:.1f}", stop.last_s < STOP_S)


def row_of(findings: Findings, scale: Scale) -> Row:
    """The load as a row of the table of faults: a try for each session."""
    account = findings.account
    kept = [code == want for code, want in zip(findings.codes, findings.wanted, strict=True)]
    return Row(
        name=f"{scale.problems:,} problems, {scale.in_flight:,} in flight",
        tries=len(findings.codes),
        survived=sum(kept) if findings.equal is not False else 0,
        lost=account.lost,
        paid_twice=account.paid_twice,
        overrun=account.overrun,
        apart=findings.apart,
        message=next((stop.message for stop in findings.stops), ""),
        troubles=list(findings.troubles),
    )
