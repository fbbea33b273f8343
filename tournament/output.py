"""What a run writes: comparisons and drafts as they come, results once the whole run is known, and the summary."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tournament.circles import Circles
from tournament.draft_file import DraftFile
from tournament.drafts import Row, draft, results
from tournament.health import Health
from tournament.judges.transcript import parts_of
from tournament.ratings import JudgeModel
from tournament.records import AtomicWriter, dumps
from tournament.result import Result
from tournament.run_folder import COMPARISONS, DRAFTS, RESULTS, SUMMARY
from tournament.runner import Played
from tournament.strategy import PairingStrategy
from tournament.types import Comparison, Judgment, Outcome, Problem, Spend, Verdict


class Output:
    """Takes played problems in order and writes results.jsonl, comparisons.jsonl and, at the end, summary.json.

    Until the run is over, a problem is kept as a row of drafts.jsonl, since its ratings depend on what all problems
    together say about the judge; a merge of several runs goes on from these rows.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._results = AtomicWriter(folder / RESULTS)
        self._comparisons = AtomicWriter(folder / COMPARISONS)
        self._drafts: DraftFile | None = None
        self._open = ExitStack()
        self.health = Health()
        self.spend = Spend()
        self.abstained: Counter[str] = Counter()
        self.circles = Circles()
        self.problems = self.partial = self.unjudged = self.starved = self.drawn = 0
        self.chosen: Counter[str] = Counter()

    def __enter__(self) -> Output:
        with ExitStack() as opening:
            opening.enter_context(self._results)
            opening.enter_context(self._comparisons)
            self._drafts = opening.enter_context(DraftFile(self._folder, DRAFTS))
            self._open = opening.pop_all()
        return self

    def __exit__(self, *exception: Any) -> None:
        # Whichever file cannot take its place, those that follow do not take theirs.
        self._open.__exit__(*exception)

    def add(self, played: Played) -> None:
        """Write a problem's comparisons and keep its row."""
        self.take({**draft(played), "all_met": _all_met(played)}, comparison_rows(played), played.record.verdicts)

    def take(self, row: Row, comparisons: Iterable[Mapping[str, Any]], verdicts: Sequence[Verdict]) -> None:
        """Write the lines of a problem's comparisons, count its verdicts, and keep its row."""
        for line in comparisons:
            self._comparisons.write_line(dumps(line))
        for verdict in verdicts:
            self.health.add(verdict)
            self.abstained.update(j.detail for j in verdict.judgments if j.outcome is Outcome.TIE and j.detail)
        note = row["note"]
        self.spend += Spend(**row["spend"])
        self.problems += 1
        self.unjudged += "picked without the judge" in note
        self.starved += note.startswith("budget spent; picked without the judge")
        assert self._drafts is not None
        self._drafts.add(row)

    def conclude(
        self,
        problems: Iterable[Problem],
        pairing: PairingStrategy,
        fallback: PairingStrategy,
        judge: Callable[[], JudgeModel],
    ) -> Iterator[Result]:
        """Rank the problems again with what the run has learned about its judge; write and yield each result.

        `problems` are those that were taken, from the first on.
        """
        met: list[bool] = []
        for result in results(problems, self._rows(met), pairing, fallback, judge):
            self._results.write_line(dumps(result.to_json()))
            self.partial += result.partial
            self.drawn += result.best_by == "draw"
            self.circles.add(result, all_met=met.pop())
            if result.chosen:
                self.chosen[result.chosen.partition(":")[0]] += 1
            yield result

    def _rows(self, met: list[bool]) -> Iterator[dict[str, Any]]:
        assert self._drafts is not None
        for row in self._drafts.rows():
            met.append(row["all_met"])
            yield row

    def abstained_mostly(self) -> list[str]:
        """The reason that the judge gave for abstaining, where it did so in more than half of all comparisons."""
        total = sum(self.health.outcomes.values())
        return [why for why, count in self.abstained.most_common(1) if 2 * count > total]

    def summarise(self, extra: Mapping[str, Any]) -> dict[str, Any]:
        """Write summary.json and return it."""
        asked = self.spend.prompt_tokens
        summary = {
            "problems": self.problems,
            "partial": self.partial,
            "picked_without_judge": self.unjudged,
            "picked_by_draw": self.drawn,
            "chosen": dict(self.chosen),
            "spend": self.spend.to_json(),
            "prefix_hit_rate": self.spend.cached_tokens / asked if asked else None,
            "judge_health": self.health.to_json(),
            **self.circles.to_json(),
            **extra,
        }
        with AtomicWriter(self._folder / SUMMARY) as writer:
            writer.write_line(json.dumps(summary, indent=2, ensure_ascii=False))
        return summary


def _all_met(played: Played) -> bool:
    """Whether there are three entrants or more, and a preference between any two of them.

    With two the winner beat all others as a matter of course, and where pairs are missing nobody can tell.
    """
    n, verdicts = len(played.record.field), played.record.verdicts
    pairs = n * (n - 1) // 2
    if n < 3 or len(verdicts) < pairs:
        return False
    return len({frozenset(verdict.match) for verdict in verdicts if verdict.p_a is not None}) == pairs


def comparison_rows(played: Played) -> Iterator[dict[str, Any]]:
    """The lines of comparisons.jsonl for one problem: who met whom, in which order, and what the judge said."""
    field = played.record.field
    for number, verdicts in enumerate(played.record.rounds):
        for verdict in verdicts:
            pair = {
                "round": number,
                "a": field.ids[verdict.match.a],
                "b": field.ids[verdict.match.b],
                "p_a": verdict.p_a,
            }
            for comparison, judgment in zip(verdict.comparisons, verdict.judgments, strict=True):
                yield {"problem": field.problem_id, **pair, **_row(field.ids, comparison, judgment)}


def _row(ids: tuple[str, ...], comparison: Comparison, judgment: Judgment) -> dict[str, Any]:
    return {
        "first": ids[comparison.first],
        "second": ids[comparison.second],
        "repeat": comparison.repeat,
        "thinking_limit": comparison.thinking_limit,
        "rethink": comparison.continues is not None,
        "outcome": judgment.outcome.value,
        "p_first": judgment.p_first,
        "prompt_tokens": judgment.prompt_tokens,
        "completion_tokens": judgment.completion_tokens,
        "cached_tokens": judgment.cached_tokens,
        "thinking_tokens": judgment.thinking_tokens,
        "cut": judgment.cut,
        "label_mass": judgment.label_mass,
        "p_cheap": judgment.p_cheap,
        "seconds": round(judgment.seconds, 6),
        "detail": judgment.detail,
        "text": judgment.text,
        **({"parts": parts} if (parts := parts_of(judgment.text)) else {}),
    }
