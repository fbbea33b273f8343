"""`tourney judge check`: is this judge fit to judge?"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import click

from tournament import registry
from tournament.cli.options import build_config, config_options
from tournament.judge import Judge
from tournament.judges.transcript import parts_of, thinking_of
from tournament.records import dumps
from tournament.report.table import percent, printable
from tournament.types import Candidate, Comparison, Field, Judgment, Problem

_PROBLEM = Problem(
    id="check",
    prompt="A shop sells pens at 3 for 2 euros. How many euros do 12 pens cost?",
    candidates=(
        Candidate(id="right", text="12 pens are 4 times 3 pens, and 4 times 2 euros are 8 euros. The answer is 8."),
        Candidate(id="wrong", text="12 pens at 3 euros for 2 pens are 6 times 3 euros. The answer is 18."),
    ),
)
_ORDERS = (Comparison(0, 1), Comparison(1, 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Both orders of one comparison, and the first order again with the same seed."""

    judge: Judge
    field: Field
    judgments: tuple[Judgment, ...]
    again: Judgment

    @property
    def repeats(self) -> bool:
        """Whether two equal seeds gave equal text."""
        return bool(self.again.text) and self.judgments[0].text == self.again.text

    @property
    def fit(self) -> bool:
        """Whether both orders came to a preference."""
        return all(judgment.p_first is not None for judgment in self.judgments)

    def to_json(self) -> dict[str, Any]:
        """Everything as one JSON object."""
        return {
            "judge": self.judge.identity.to_json(),
            "judgments": [
                {"first": self.field.ids[c.first], **j._asdict(), "outcome": j.outcome.value, "parts": parts_of(j.text)}
                for c, j in zip(_ORDERS, self.judgments, strict=True)
            ],
            "equal_seeds_equal_text": self.repeats,
        }

    def lines(self, *, words: bool) -> list[str]:
        """Everything for people."""
        identity = self.judge.identity
        model = getattr(self.judge, "model", None)
        address = getattr(model, "address", "") or getattr(getattr(self.judge, "endpoint", None), "address", "-")
        context = getattr(model, "context", getattr(self.judge, "context", None))
        lines = [
            f"judge      {identity.label}",
            f"server     {address}",
            f"model      {identity.model or '-'}  revision {identity.revision or '-'}  context"
            f" {f'{context:,} tokens' if context else 'unknown'}",
            f"wording    {identity.settings.get('wording', '-')}, hash {identity.prompt_hash or '-'}",
        ]
        for comparison, judgment in zip(_ORDERS, self.judgments, strict=True):
            lines += self._order(comparison, judgment, words=words)
        same = "equal text" if self.repeats else "different texts: votes are fresh samples, a resumed run still repeats"
        return [*lines, f"seeds      two equal seeds gave {same}"]

    def _order(self, comparison: Comparison, judgment: Judgment, *, words: bool) -> list[str]:
        shown = f"{self.field.ids[comparison.first]} first"
        preference = "" if judgment.p_first is None else f", first {percent(judgment.p_first)}"
        mass = "" if judgment.label_mass is None else f", label mass {judgment.label_mass:.3f}"
        cut = " (cut off by the limit)" if judgment.cut else ""
        thinking, parts = thinking_of(judgment.text), parts_of(judgment.text)
        lines = [
            f"{shown:<12}{judgment.outcome.value}{preference}{mass}; {judgment.thinking_tokens:,} thinking tokens{cut},"
            f" {judgment.completion_tokens:,} in all; {judgment.cached_tokens:,} of {judgment.prompt_tokens:,} prompt"
            f" tokens cached; {judgment.seconds:.2f} s",
        ]
        if judgment.detail:
            lines.append(f"           {judgment.detail}")
        if parts or thinking:
            found = ", ".join([*(["thinking"] if thinking else []), *parts])
            lines.append(f"           parts: {found}")
        return lines + [f"         | {line}" for line in judgment.text.splitlines() if words]


@click.command()
@config_options
@click.option("--words", is_flag=True, help="Show all that the judge said.")
@click.option("--json", "as_json", is_flag=True, help="Everything as one JSON object.")
def command(words: bool, as_json: bool, **given: Any) -> int:
    """Make one comparison in both orders and show server, model, wording, verdicts, tokens, latency and cache.

    Exit code 0 where both orders came to a preference, 1 where one did not.
    """
    config = build_config(given)
    check = asyncio.run(_checked(registry.judge(config.judge, config.judge_options)))
    if as_json:
        click.echo(dumps(check.to_json()))
    else:
        click.echo(printable("\n".join(check.lines(words=words))))
    return 0 if check.fit else 1


async def _checked(judge: Judge) -> Check:
    field = Field.of(_PROBLEM)
    try:
        await judge.start()
        judgments = [(await judge.judge(field, [comparison]))[0] for comparison in _ORDERS]
        [again] = await judge.judge(field, [_ORDERS[0]])
    finally:
        await judge.close()
    return Check(judge=judge, field=field, judgments=tuple(judgments), again=again)
