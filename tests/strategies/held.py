"""Every registered strategy and match strategy, by the label that tests know them by."""

from __future__ import annotations

import pytest

from tests.core.helpers import Answer, always_first, always_tie, always_void, erratic, perfect
from tournament import registry
from tournament.types import Field

PAIRINGS: dict[str, tuple[str, dict[str, object]]] = {
    "auto": ("auto", {}),
    "knockout": ("knockout", {}),
    "knockout-given": ("knockout", {"draw": "given"}),
    "round-robin": ("round-robin", {}),
    "round-robin-half": ("round-robin", {"share": 0.5}),
    "round-robin-elo": ("round-robin", {"rating": "elo"}),
    "round-robin-wins": ("round-robin", {"rating": "wins"}),
    "round-robin-sparse-elo": ("round-robin", {"rating": "elo", "share": 0.1}),
    "swiss": ("swiss", {}),
    "swiss-wins": ("swiss", {"rating": "wins"}),
    "halving": ("halving", {}),
    "pivot": ("pivot", {}),
    "adaptive": ("adaptive", {}),
    "adaptive-to-the-end": ("adaptive", {"confidence": 1.0}),
    "hybrid": ("hybrid", {}),
    "teams": ("teams", {}),
    "first": ("first", {}),
    "random": ("random", {}),
    "longest": ("longest", {}),
    "majority": ("majority", {}),
}
MATCHINGS: dict[str, tuple[str, dict[str, object]]] = {
    "single": ("single", {}),
    "voting-3": ("voting", {}),
    "voting-4": ("voting", {"votes": 4}),
    "voting-5": ("voting", {"votes": 5}),
    "voting-3-all": ("voting", {"votes": 3, "stop": "none"}),
    "voting-posterior": ("voting", {"votes": 6, "stop": "posterior", "confidence": 0.9}),
    "voting-sprt": ("voting", {"votes": 7, "stop": "sprt"}),
    "rethinking": ("rethinking", {}),
    "rethinking-3": ("rethinking", {"votes": 3, "rethinks": 1, "ladder": "own,100"}),
}
ANSWERS: dict[str, Answer] = {
    "perfect": perfect,
    "first": always_first,
    "tie": always_tie,
    "void": always_void,
    "erratic": erratic(1),
}
FIXED = ("knockout", "round-robin", "pivot", "first", "random", "longest", "majority")
"""Names of the strategies whose plan no budget changes; all others plan by it, and `hybrid` after its knockout."""

SINGLE = registry.matching("single")
each_pairing = pytest.mark.parametrize("pairing", [registry.pairing(*v) for v in PAIRINGS.values()], ids=PAIRINGS)
each_matching = pytest.mark.parametrize("matching", [registry.matching(*v) for v in MATCHINGS.values()], ids=MATCHINGS)


def answered(*answers: int) -> Field:
    """A field whose candidates end in the given answers; the judges of `helpers` take the higher for the better."""
    texts = tuple(f"way {number} leads to answer {answer}" for number, answer in enumerate(answers))
    ids = tuple(map(str, range(len(texts))))
    return Field(problem_id="p", prompt="q", ids=ids, texts=texts, members=tuple((i,) for i in range(len(texts))))
