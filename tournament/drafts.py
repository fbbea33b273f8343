"""Played problems as rows without texts: enough to rank them again once the judge is known from the whole run.

A row is plain JSON. It holds who met whom, in which order, and the preferences, so that memory and disk stay small
however long the judge's reasoning was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tournament import seeding
from tournament.errors import TourneyError
from tournament.ratings import JudgeModel
from tournament.result import Result, make_result
from tournament.runner import Played
from tournament.strategy import PairingStrategy, Record, standing
from tournament.types import Comparison, Field, Judgment, Match, Outcome, Problem, Spend, Verdict

Row = Mapping[str, Any]

MOST = 1e15
"""No problem costs as much, in whatever is counted."""

_KINDS: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("texts", "lot_key", "calls"), (int,)),
    **dict.fromkeys(("complete", "fallback", "all_met"), (bool,)),
    "limit": (int, type(None)),
    "note": (str,),
}
_SHORT = {p: Judgment(Outcome.TIE if p == 0.5 else Outcome.DECIDED, p) for p in (0.0, 0.5, 1.0)}
_NONE = Judgment(Outcome.UNPARSABLE, None)


def draft(played: Played) -> Row:
    """The row of a played problem."""
    record = played.record
    return {
        "id": record.field.problem_id,
        "texts": _digest(record.field),
        "lot_key": record.lot_key,
        "limit": record.limit,
        "calls": record.calls,
        "complete": record.complete,
        "rounds": [[_verdict_row(verdict) for verdict in verdicts] for verdicts in record.rounds],
        "spend": {name: getattr(played.spend, name) for name in Spend.__slots__},
        "note": played.note,
        "fallback": played.fallback,
    }


def results(
    problems: Iterable[Problem],
    rows: Iterable[Row],
    pairing: PairingStrategy,
    fallback: PairingStrategy,
    judge: Callable[[], JudgeModel],
) -> Iterator[Result]:
    """Rank the problems of some rows, in their order, with what the run has learned about its judge.

    `problems` are those that were played, from the first on; there may be more of them than rows.

    Raises:
        TourneyError: where the problems are not those that were played.
    """
    for row, problem in zip(rows, problems, strict=False):
        record = record_of(row, problem, judge)
        ranking = (fallback if row["fallback"] else pairing).rank(record)
        yield make_result(problem, record, ranking, Spend(**row["spend"]), row["note"])


def _digest(field: Field) -> int:
    return seeding.key(0, *field.texts)


def _verdict_row(verdict: Verdict) -> list[Any]:
    """A verdict with what each comparison said; one that was refused unread has its outcome beside it."""
    told = zip(standing(verdict.comparisons, verdict.judgments), verdict.judgments, strict=False)
    shown = [[c.first, c.second, p_first, *_why(judgment)] for (c, p_first), judgment in told]
    return [*verdict.match, verdict.p_a, shown]


def _why(judgment: Judgment) -> list[str]:
    return [Outcome.REFUSED.value] if judgment.outcome is Outcome.REFUSED and not judgment.prompt_tokens else []


def record_of(row: Row, problem: Problem, judge: Callable[[], JudgeModel] | None = None) -> Record:
    """The record of a played problem, with what `judge` tells of its judge.

    Raises:
        TourneyError: where the problem is not the one that was played.
    """
    entrants = Field.of(problem)
    if (row["id"], row["texts"]) != (problem.id, _digest(entrants)):
        what = f"problem {row['id']!r} is another one than when the run began"
        raise TourneyError(f"{what}; put the input back as it was and repeat: every judgment is in the ledger")
    record = Record(
        field=entrants,
        lot_key=row["lot_key"],
        limit=row["limit"],
        calls=row["calls"],
        judge=judge,
        complete=row["complete"],
    )
    record.rounds += [[_verdict(*cells) for cells in verdicts] for verdicts in row["rounds"]]
    return record


def checked(row: Row, problem: Problem) -> Record:
    """The record of a row that somebody else may have written.

    Raises:
        ValueError: where no run writes such a row; so do LookupError and TypeError say.
        TourneyError: where the problem is not the one that was played.
    """
    wrong = [name for name, kinds in _KINDS.items() if type(row[name]) not in kinds]
    wrong += [name for name in Spend.__slots__ if not 0 <= row["spend"][name] < MOST]
    if wrong:
        raise ValueError(f"{wrong[0]!r} of {problem.id!r} is of another kind")
    record = record_of(row, problem)
    entrants = range(len(record.field))
    for match, p_a, comparisons, judgments in record.verdicts:
        sides = set(match)
        said = [p for p in (p_a, *(judgment.p_first for judgment in judgments)) if p is not None]
        if len(sides) != 2 or any(type(side) is not int or side not in entrants for side in sides):
            raise ValueError(f"a match of {problem.id!r} is none")
        if any({each.first, each.second} != sides for each in comparisons) or not all(0 <= p <= 1 for p in said):
            raise ValueError(f"a comparison of {problem.id!r} is none")
    return record


def _verdict(a: int, b: int, p_a: float | None, shown: list[list[Any]]) -> Verdict:
    return Verdict(
        Match(a, b),
        p_a,
        tuple([Comparison(first, second) for first, second, *_ in shown]),
        tuple([_judgment(*said) for _, _, *said in shown]),
    )


def _judgment(p_first: float | None, outcome: str = "") -> Judgment:
    if p_first is None:
        return Judgment(Outcome(outcome), None) if outcome else _NONE
    return _SHORT.get(p_first) or Judgment(Outcome.DECIDED, p_first)
