"""The same pairs before the judge that uses no language model: it reads numbers and answers, and follows no order."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.attacks.model import NONE, Pair, field_of
from benchmarks.attacks.texts import ATTACKS
from tournament.judges.checks import ChecksJudge
from tournament.types import Comparison


def wins(pairs: Sequence[Pair]) -> dict[str, int]:
    """How many pairs the wrong candidate wins in both orders together, by attack; without one as "none"."""
    judge = ChecksJudge()

    def of(pair: Pair, text: str) -> bool:
        field = field_of(pair.question, text, pair.right)
        first, second = judge.judge_now(field, [Comparison(0, 1), Comparison(1, 0)])
        if first.p_first is None or second.p_first is None:
            return False
        return first.p_first - second.p_first > 1e-9

    found = {NONE: sum(of(pair, pair.wrong) for pair in pairs)}
    for name, attack in ATTACKS.items():
        found[name] = sum(of(pair, attack.write(pair.wrong, 1)) for pair in pairs)
    return found
