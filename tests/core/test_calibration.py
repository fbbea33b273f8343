"""How far a cheap judge can be trusted: what is counted, and in which class."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tournament.calibration import BINS, Calibration
from tournament.types import Judgment, Outcome


def both(cheap: float | None, p_first: float | None) -> Judgment:
    return Judgment(Outcome.DECIDED, p_first, p_cheap=cheap)


def counted(*judgments: Judgment) -> list[dict[str, object]]:
    calibration = Calibration()
    for judgment in judgments:
        calibration.add(judgment)
    return calibration.to_json()


@pytest.mark.parametrize(
    ("cheap", "p_first", "low", "agreed"),
    [(0.55, 1.0, 0.5, 1), (0.45, 1.0, 0.5, 0), (0.05, 0.0, 0.95, 1), (0.94, 0.2, 0.9, 0), (1.0, 0.9, 0.95, 1)],
)
def test_a_comparison_is_counted_by_how_sure_the_cheap_judge_was(
    cheap: float, p_first: float, low: float, agreed: int
) -> None:
    [row] = counted(both(cheap, p_first))
    assert (row["from"], row["count"], row["of"]) == (low, agreed, 1)
    assert row["confidence"] == max(cheap, 1 - cheap)


@pytest.mark.parametrize(("cheap", "p_first"), [(None, 1.0), (0.9, None), (0.5, 1.0), (0.9, 0.5)])
def test_nothing_to_agree_about_is_not_counted(cheap: float | None, p_first: float | None) -> None:
    assert counted(both(cheap, p_first)) == []


@given(st.lists(st.tuples(st.floats(0, 1), st.sampled_from([0.0, 1.0]))))
def test_every_decided_comparison_is_in_one_class(pairs: list[tuple[float, float]]) -> None:
    rows = counted(*(both(cheap, p_first) for cheap, p_first in pairs))
    assert sum(int(str(row["of"])) for row in rows) == sum(cheap != 0.5 for cheap, _ in pairs)
    for row in rows:
        low, mean, high = (float(str(row[name])) for name in ("from", "confidence", "to"))
        assert BINS[0] <= low <= mean + 1e-9
        assert mean - 1e-9 <= high <= BINS[-1]
