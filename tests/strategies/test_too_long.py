"""A candidate that is too long for the judge wins nothing by it: no pair with it is judged, and no lot falls to it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.core.helpers import Answer, entrants, perfect, tell
from tournament.drafts import draft, record_of
from tournament.registry import matching, pairing
from tournament.runner import Played
from tournament.strategy import longer
from tournament.types import Candidate, Comparison, Field, Judgment, Match, Outcome, Problem, Spend, Verdict

PADDED = 0  # the weakest
TOO_LONG = Judgment(Outcome.REFUSED, None, detail="longer than the model's context length")
STRATEGIES = ("auto", "knockout", "round-robin", "swiss", "halving", "pivot", "adaptive", "hybrid", "teams")


def _field(n: int, seed: int) -> Field:
    field = entrants(n, name=f"p{seed}")
    return replace(field, texts=("answer " + "word " * 99 + "0", *field.texts[1:]))


def _no_room_for(padded: int, refusal: Judgment = TOO_LONG) -> Answer:
    def answer(field: Field, comparison: Comparison) -> Judgment:
        return refusal if padded in comparison[:2] else perfect(field, comparison)

    return answer


def _picked(name: str, n: int, seed: int, refusal: Judgment = TOO_LONG) -> list[int]:
    strategy = pairing(name)
    story = tell(_field(n, seed), strategy, matching("single"), _no_room_for(PADDED, refusal), seed=seed)
    ranking = story.rankings[-1]
    return [strategy.best(story.record), ranking.order[0]]


@pytest.mark.parametrize("n", [2, 3, 5])
@pytest.mark.parametrize("name", STRATEGIES)
def test_padding_wins_nothing(name: str, n: int) -> None:
    assert PADDED not in [best for seed in range(8) for best in _picked(name, n, seed)]


def test_a_pair_that_was_read_before_it_was_refused_is_left_to_the_lots() -> None:
    """What a filter refuses says nothing about lengths."""
    read = TOO_LONG._replace(prompt_tokens=9)
    picked = [_picked("knockout", 2, seed, read)[0] for seed in range(16)]
    assert set(picked) == {0, 1}


@pytest.mark.parametrize("match", [Match(0, 1), Match(1, 0)])
def test_the_longer_one_is_told_by_refusals_alone(match: Match) -> None:
    field = _field(2, 0)
    shown = (Comparison(0, 1), Comparison(1, 0))
    void = Judgment(Outcome.UNPARSABLE, None)
    assert longer(Verdict(match, None, shown, (TOO_LONG, TOO_LONG)), field) == PADDED
    assert longer(Verdict(match, None, shown, (TOO_LONG, void)), field) is None
    assert longer(Verdict(match, 1.0, shown, (TOO_LONG, Judgment(Outcome.DECIDED, 1.0))), field) is None
    assert longer(Verdict(match, None), field) is None
    assert longer(Verdict(match, None, shown[:1], (TOO_LONG,)), entrants(2)) is None


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_run_that_ranks_from_its_rows_remembers_it(name: str) -> None:
    """Results are ranked at the end of a run, from rows without texts of judgments."""
    field, strategy = _field(2, 3), pairing(name)
    texts = zip(field.ids, field.texts, strict=True)
    problem = Problem(
        id=field.problem_id, prompt=field.prompt, candidates=tuple(Candidate(id=i, text=text) for i, text in texts)
    )
    for seed in range(6):
        story = tell(field, strategy, matching("single"), _no_room_for(PADDED), seed=seed)
        played = Played(problem=problem, record=story.record, spend=Spend(), note="", pairing=strategy, fallback=False)
        record = record_of(json.loads(json.dumps(draft(played))), problem)
        assert strategy.rank(record).order == strategy.rank(story.record).order
        assert strategy.best(record) != PADDED
