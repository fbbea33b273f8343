"""A ranking of entrants in the terms of the problem's candidates."""

from __future__ import annotations

import json

import pytest

from tests.core.helpers import TIE, VOID, Answer, always_void, entrants, perfect, tell
from tournament.registry import matching, pairing
from tournament.result import Result, make_result
from tournament.types import Candidate, Comparison, Field, Judgment, Problem, Spend

SPEND = Spend(comparisons=3, prompt_tokens=10, completion_tokens=5, seconds=1.5)


def result(texts: str, answer: Answer = perfect, *, name: str = "round-robin", limit: int | None = None) -> Result:
    """Candidates are named by their place; texts are digits, which are their strengths."""
    candidates = tuple(Candidate(id=f"{place}", text=f"answer {text}") for place, text in enumerate(texts))
    problem = Problem(id="p", prompt="q", candidates=candidates)
    story = tell(Field.of(problem), pairing(name), matching("single"), answer, limit=limit)
    return make_result(problem, story.record, story.rankings[-1], SPEND, "a note")


def test_places_and_counts() -> None:
    found = result("213")
    assert (found.id, found.best, found.partial, found.note) == ("p", "2", False, "a note")
    assert [(s.id, s.rank, s.wins, s.losses, s.ties) for s in found.ranking] == [
        ("2", 1, 2, 0, 0),
        ("0", 2, 1, 1, 0),
        ("1", 3, 0, 2, 0),
    ]
    ratings = [s.rating for s in found.ranking]
    assert ratings == sorted(ratings, key=lambda r: -(r or 0.0))
    assert found.p_best is not None
    assert 0.5 < found.p_best <= 1.0
    assert found.best_by is None


def test_identical_candidates_share_a_place_and_the_next_one_is_further_down() -> None:
    found = result("21213")
    assert [(s.id, s.rank) for s in found.ranking] == [("4", 1), ("0", 2), ("2", 2), ("1", 4), ("3", 4)]
    shared = {s.id: (s.rating, s.stderr, s.wins, s.losses, s.ties) for s in found.ranking}
    assert shared["0"] == shared["2"]
    assert shared["1"] == shared["3"]


def test_ties_and_matches_without_a_preference() -> None:
    def answer(field: Field, comparison: Comparison) -> Judgment:
        return TIE if {comparison.first, comparison.second} == {0, 1} else VOID

    counts = {s.id: (s.wins, s.losses, s.ties) for s in result("012", answer).ranking}
    assert counts == {"0": (0, 0, 1), "1": (0, 0, 1), "2": (0, 0, 0)}


@pytest.mark.parametrize("name", ["knockout", "round-robin"])
def test_matches_without_a_preference_count_for_nobody(name: str) -> None:
    found = result("0123", always_void, name=name)
    assert {(s.wins, s.losses, s.ties) for s in found.ranking} == {(0, 0, 0)}
    assert found.best_by == "draw"


def test_a_budget_that_ended_shows() -> None:
    assert result("0123", limit=2).partial
    assert not result("0123", limit=6).partial


def test_what_is_unknown_is_null_and_everything_is_json() -> None:
    found = result("012", name="first")
    assert (found.p_best, found.ranking[0].rating, found.ranking[0].stderr) == (None, None, None)
    for each in (found, result("213")):
        document = json.loads(json.dumps(each.to_json(), allow_nan=False))
        assert document["best"] == each.best
        assert document["spend"]["tokens"] == 15
        assert [s["id"] for s in document["ranking"]] == [s.id for s in each.ranking]
        assert set(document["ranking"][0]) == {"id", "rank", "rating", "stderr", "wins", "losses", "ties"}


def test_fields_merge_identical_texts_in_the_order_they_come() -> None:
    texts = ("b", "a", "b", "c", "a", "A")
    problem = Problem(id="p", prompt="q", candidates=tuple(Candidate(id=f"i{i}", text=t) for i, t in enumerate(texts)))
    field = Field.of(problem)
    assert field.texts == ("b", "a", "c", "A")
    assert field.ids == ("i0", "i1", "i3", "i5")
    assert field.members == ((0, 2), (1, 4), (3,), (5,))
    assert len(field) == 4
    assert len(entrants(3)) == 3
