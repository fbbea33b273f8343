"""A ranking of entrants in the terms of the problem's candidates."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.core.helpers import FIRST, SECOND, TIE, VOID, Answer, always_void, entrants, perfect, strength, tell
from tournament.ratings.graph import NonTransitivity
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


def circular(entrants: Field, comparison: Comparison) -> Judgment:
    """Rock, paper, scissors among the digits 0, 1 and 2; against any other digit the lower one wins."""
    first, second = (strength(entrants.texts[i]) for i in (comparison.first, comparison.second))
    if max(first, second) > 2:
        return FIRST if first < second else SECOND
    return FIRST if (second - first) % 3 == 1 else SECOND


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
    shared = {s.id: (s.rating, s.stderr, s.low, s.high, s.p_best, s.wins, s.losses, s.ties) for s in found.ranking}
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


def test_every_rating_has_its_interval_and_its_probability_of_being_best() -> None:
    found = result("20413")
    for standing in found.ranking:
        assert standing.rating is not None
        assert standing.stderr is not None
        assert standing.low == pytest.approx(standing.rating - 1.96 * standing.stderr, abs=1e-4)
        assert standing.high == pytest.approx(standing.rating + 1.96 * standing.stderr, abs=1e-4)
    chances = [standing.p_best for standing in found.ranking]
    assert chances == sorted(chances, key=lambda p: -(p or 0.0))
    assert sum(p or 0.0 for p in chances) == pytest.approx(1.0, abs=1e-5)
    assert found.p_best == chances[0]


def test_a_rating_without_a_standard_error_has_no_interval_and_no_zero_is_negative() -> None:
    problem = Problem(id="p", prompt="q", candidates=tuple(Candidate(id=i, text=f"answer {i}") for i in "012"))
    story = tell(Field.of(problem), pairing("round-robin"), matching("single"), perfect)
    ranking = replace(story.rankings[-1], stderr=np.array([0.5, np.nan, np.nan]), rating=np.array([-1.0, -1e-9, 1.0]))
    found = {s.id: s for s in make_result(problem, story.record, ranking, SPEND).ranking}
    unknown = {name: (standing.low is None, standing.high is None) for name, standing in found.items()}
    assert unknown == {"0": (False, False), "1": (True, True), "2": (True, True)}
    assert str(found["1"].rating) == "0.0"


def test_who_beat_everybody_is_named() -> None:
    found = result("20413")
    assert (found.condorcet, found.top_cycle) == ("2", ("2",))
    assert found.non_transitive == NonTransitivity(cyclic=0, triads=10)


def test_where_preferences_go_in_a_circle_those_in_it_lead_best_first() -> None:
    found = result("53012", circular)
    assert found.condorcet is None
    assert set(found.top_cycle) == {"2", "3", "4"}
    assert found.top_cycle == tuple(standing.id for standing in found.ranking[:3])
    assert found.non_transitive == NonTransitivity(cyclic=1, triads=10)


def test_identical_candidates_are_named_by_their_first() -> None:
    merged = result("0110022", circular)
    assert merged.condorcet is None
    assert sorted(merged.top_cycle) == ["0", "1", "5"]
    assert merged.non_transitive == NonTransitivity(cyclic=1, triads=1)
    assert result("122").condorcet == "1"


def test_the_champion_of_a_knockout_leads_alone_without_having_met_everybody() -> None:
    found = result("01234567", name="knockout")
    assert (found.best, found.condorcet, found.top_cycle) == ("7", None, ("7",))
    assert found.non_transitive == NonTransitivity(cyclic=0, triads=0)


def test_where_nothing_was_decided_nobody_leads() -> None:
    for found in (result("012", always_void), result("012", name="first")):
        assert (found.condorcet, sorted(found.top_cycle)) == (None, ["0", "1", "2"])


def test_what_is_unknown_is_null_and_everything_is_json() -> None:
    found = result("012", name="first")
    standing = found.ranking[0]
    unknown = (found.p_best, standing.p_best, standing.rating, standing.stderr, standing.low, standing.high)
    assert unknown == (None,) * 6
    for each in (found, result("213")):
        document = json.loads(json.dumps(each.to_json(), allow_nan=False))
        assert document["best"] == each.best
        assert document["spend"]["tokens"] == 15
        assert [s["id"] for s in document["ranking"]] == [s.id for s in each.ranking]
        assert list(document["ranking"][0]) == [
            *("id", "rank", "rating", "stderr", "low", "high", "p_best", "wins", "losses", "ties")
        ]
        assert document["condorcet"] == each.condorcet
        assert document["top_cycle"] == list(each.top_cycle)
        assert set(document["non_transitive"]) == {"cyclic", "triads"}


def test_fields_merge_identical_texts_in_the_order_they_come() -> None:
    texts = ("b", "a", "b", "c", "a", "A")
    problem = Problem(id="p", prompt="q", candidates=tuple(Candidate(id=f"i{i}", text=t) for i, t in enumerate(texts)))
    field = Field.of(problem)
    assert field.texts == ("b", "a", "c", "A")
    assert field.ids == ("i0", "i1", "i3", "i5")
    assert field.members == ((0, 2), (1, 4), (3,), (5,))
    assert len(field) == 4
    assert len(entrants(3)) == 3
