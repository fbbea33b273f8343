"""`tourney plan`: the bill before the meal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import click

from tournament.cli.options import Source, build_config, config_options, open_source
from tournament.cli.rank import Parts
from tournament.judge import InstantJudge, TokenEstimate
from tournament.ledger_reader import mean_seconds
from tournament.records import dumps, read_problems
from tournament.types import Comparison, Field

SAMPLE = 200
"""Problems whose texts are looked at to estimate tokens; they are taken evenly from the whole file."""

SCALE = 1000
"""Token estimates are those of a thousand comparisons, so that whole numbers lose nothing."""


@click.command()
@click.argument("candidates", metavar="CANDIDATES.jsonl")
@config_options
@click.option("--rate", type=float, help="Comparisons a second that your server makes, for the estimate of time.")
@click.option("--ledger", type=click.Path(path_type=Path, exists=True), help="Take time a comparison from this ledger.")
@click.option("--json", "as_json", is_flag=True, help="The plan as one JSON object.")
def command(candidates: str, rate: float | None, ledger: Path | None, as_json: bool, **given: Any) -> None:
    """Say what ranking CANDIDATES.jsonl ("-" for stdin) would take: comparisons, tokens, seconds, money.

    Nothing is judged and no server is asked. Tokens are estimated from the texts of up to 200 problems; time needs
    --rate or a --ledger of earlier judgments, except for judges in this process, which are timed on one problem.
    """
    parts = Parts(build_config(given))
    with open_source(candidates) as source:
        plan = _plan(parts, source, rate, ledger)
    click.echo(dumps(plan.to_json()) if as_json else "\n".join(plan.lines()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run would take; `least` and `most` comparisons come from the strategy, tokens from texts."""

    problems: int
    contested: int
    judge: str
    least: int
    most: int
    expected_tokens: float
    worst_tokens: float
    seconds: float | None
    expected_money: float
    worst_money: float
    bound: str

    def to_json(self) -> dict[str, Any]:
        """The plan as a JSON object."""
        return {name: getattr(self, name) for name in self.__slots__}

    def lines(self) -> list[str]:
        """The plan for people."""
        span = f"{self.most:,}" if self.least == self.most else f"{self.least:,} to {self.most:,}"
        time_text = "unknown; give --rate COMPARISONS_PER_SECOND or --ledger FILE"
        lines = [
            f"problems      {self.problems:,}, of which {self.contested:,} need comparisons",
            f"judge         {self.judge}",
            f"comparisons   {span}",
            f"tokens        about {self.expected_tokens:,.0f}, {self.bound} {self.worst_tokens:,.0f}",
            f"seconds       {time_text if self.seconds is None else f'up to about {self.seconds:,.1f}'}",
        ]
        if self.worst_money:
            lines.append(f"money         about {self.expected_money:,.4f}, {self.bound} {self.worst_money:,.4f}")
        return lines


def _plan(parts: Parts, source: Source, rate: float | None, ledger: Path | None) -> Plan:
    budget = parts.config.budget
    share = budget.share(source.contested)
    least, most = parts.comparisons(source)
    each = _each(parts, source)
    expected = most * (each.expected_prompt + each.expected_completion) / SCALE
    worst = most * each.worst / SCALE
    if share.tokens is not None:
        expected, worst = (min(value, float(share.tokens * source.contested)) for value in (expected, worst))
    prices = budget.prices
    expected_money = most * prices.of(each.expected_prompt, each.expected_completion) / SCALE
    worst_money = most * prices.of(each.worst_prompt, each.worst_completion) / SCALE
    if share.money is not None:
        expected_money, worst_money = (min(v, share.money * source.contested) for v in (expected_money, worst_money))
    return Plan(
        problems=source.scan.problems,
        contested=source.contested,
        judge=parts.judge.identity.label,
        least=least,
        most=most,
        expected_tokens=expected,
        worst_tokens=worst,
        seconds=_seconds(parts, source, most, rate, ledger),
        expected_money=expected_money,
        worst_money=worst_money,
        bound="without the larger limits of re-thinks at the most" if parts.config.rethinks else "at the most",
    )


def _sampled(source: Source) -> Iterator[Field]:
    step = max(source.scan.problems // SAMPLE, 1)
    fields = (Field.of(problem) for problem in islice(read_problems(source.path), 0, None, step))
    return (field for field in fields if len(field) > 1)


def _each(parts: Parts, source: Source) -> TokenEstimate:
    """Mean tokens of a thousand comparisons: neighbouring candidates of sampled problems."""
    totals, count = [0, 0, 0, 0], 0
    for field in _sampled(source):
        pairs = [Comparison(i, (i + 1) % len(field)) for i in range(len(field))]
        estimate = parts.judge.plan(field, pairs)
        longest = sorted(range(len(field)), key=lambda i: len(field.texts[i].encode("utf-8", "surrogatepass")))[-2:]
        worst = parts.judge.plan(field, [Comparison(longest[0], longest[1])])
        parts_of = (
            estimate.expected_prompt,
            estimate.expected_completion,
            worst.worst_prompt * len(pairs),
            worst.worst_completion * len(pairs),
        )
        totals = [total + value for total, value in zip(totals, parts_of, strict=True)]
        count += len(pairs)
    means = [round(SCALE * total / max(count, 1)) for total in totals]
    return TokenEstimate(
        expected_prompt=means[0], expected_completion=means[1], worst_prompt=means[2], worst_completion=means[3]
    )


def _seconds(parts: Parts, source: Source, most: int, rate: float | None, ledger: Path | None) -> float | None:
    if rate is not None:
        return most / rate if rate > 0 else None
    if ledger is not None:
        seconds = mean_seconds(ledger)
        return None if seconds is None else most * seconds / parts.config.in_flight
    if parts.judge.batch_size is None and isinstance(parts.judge, InstantJudge):
        return _timed(parts.judge, source, most)
    return None


def _timed(judge: InstantJudge, source: Source, most: int) -> float:
    """Time a judge of this process on the first contested problem."""
    field = next(_sampled(source), None)
    if field is None:
        return 0.0
    pairs = [Comparison(i, (i + 1) % len(field)) for i in range(len(field))]
    started = time.perf_counter()
    judge.judge_now(field, pairs)
    return (time.perf_counter() - started) / len(pairs) * most
