"""Asking a judge: the order in which comparisons go out, and what becomes of a judge that does what none should do."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from tournament.errors import TourneyError
from tournament.judge import Judge, PrefixJudge
from tournament.types import Comparison, Field, Judgment, Outcome

log = logging.getLogger(__name__)

Item = tuple[bytes, Comparison]
"""A comparison with its ledger key."""


def by_prefix(items: Sequence[Item]) -> dict[int, list[Item]]:
    """Comparisons by the candidate shown first, in the order in which they came."""
    groups: dict[int, list[Item]] = {}
    for item in items:
        groups.setdefault(item[1].first, []).append(item)
    return groups


async def ask(
    judge: Judge, field: Field, comparisons: list[Comparison], warm: asyncio.Event | None = None
) -> Sequence[Judgment]:
    """Judge, and turn what a judge should never do into failed comparisons: raise, or answer too few or too many.

    `warm` is for the one comparison of a `PrefixJudge` that others wait for; it is set once its prompt has been read.
    """
    judgments: Sequence[Judgment]
    try:
        if warm is not None and isinstance(judge, PrefixJudge):
            judgments = [await judge.judge_warming(field, comparisons[0], warm.set)]
        else:
            judgments = await judge.judge(field, comparisons)
    except TourneyError:
        raise
    except Exception as error:
        log.warning("the judge raised an error", exc_info=True)
        judgments, said = [], f"{type(error).__name__}: {error}"
    else:
        said = f"the judge answered {len(judgments)} of {len(comparisons)} comparisons"
    if len(judgments) != len(comparisons):
        return [Judgment(Outcome.FAILED, None, detail=said)] * len(comparisons)
    return judgments
