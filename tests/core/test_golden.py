"""Results at fixed seeds, pinned: a change here changes everybody's results and has to be meant.

To write them anew: python -m tests.core.test_golden --write
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.core.helpers import problem
from tournament import registry
from tournament.api import rank
from tournament.judges.synthetic import SyntheticJudge, SyntheticSettings

FILE = Path(__file__).parents[1] / "golden" / "rankings.json"
PAIRINGS: dict[str, dict[str, object]] = {
    **{name: {} for name in registry.PAIRING},
    "knockout draw=given": {"draw": "given"},
    "round-robin rating=elo": {"rating": "elo"},
    "round-robin rating=wins share=0.5": {"rating": "wins", "share": 0.5},
}
CASES = [f"{pairing} / {match}" for pairing in PAIRINGS for match in registry.MATCH]


def rankings(case: str) -> list[list[str]]:
    """The candidates of three problems, best first."""
    pairing, match = case.split(" / ")
    judge = SyntheticJudge(SyntheticSettings(seed=1, tie_rate=0.1, unparsable_rate=0.05, position_bias=0.3))
    results = rank(
        [problem(i, n) for i, n in enumerate((5, 8, 11))],
        judge=judge,
        strategy=registry.pairing(pairing.split()[0], PAIRINGS[pairing]),
        match=registry.matching(match),
        seed=7,
    )
    return [[standing.id for standing in result.ranking] for result in results]


@pytest.mark.parametrize("case", CASES)
def test_rankings_are_what_they_were(case: str) -> None:
    assert rankings(case) == json.loads(FILE.read_text())[case]


def test_cases_differ() -> None:
    found = [json.dumps(ranking) for ranking in json.loads(FILE.read_text()).values()]
    assert len(found) == len(CASES)
    assert len(set(found)) > len(CASES) // 2


if __name__ == "__main__" and "--write" in sys.argv:
    lines = (f"{json.dumps(case)}: {json.dumps(rankings(case))}" for case in CASES)
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
