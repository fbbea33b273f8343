"""The comparison with the peers: budgets held, the same problems for all, honest statistics, and its exit codes."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from benchmarks.peers import compare
from benchmarks.peers.asking import Asking, OverBudgetError, Picker, Sides
from benchmarks.peers.cells import Cell, Plan, field_of, play_all
from benchmarks.peers.ours import ours, plain, played
from benchmarks.peers.paired import calls_for, duel, holm
from benchmarks.peers.pivot import PivotTournament
from benchmarks.peers.report import verdicts
from benchmarks.peers.sorting import PairSort
from benchmarks.peers.worlds import judge_of
from tournament import simulate
from tournament.judges.synthetic import SyntheticJudge, SyntheticSettings
from tournament.types import Comparison, Field, Judgment, Outcome

PLAN = Plan(worlds=("bt",), sizes=(4,), problems=24, seed=5)
PEERS: tuple[Picker, ...] = (
    PairSort(name="both", both_orders=True),
    PairSort(name="once", both_orders=False),
    PairSort(name="swiss", both_orders=False, schedule="swiss"),
    PivotTournament(name="pivots"),
    PivotTournament(name="two pivots", pivots=2),
)
installed = pytest.mark.skipif(
    find_spec("pairsort") is None or find_spec("llm_verifier") is None,
    reason="the peers of benchmarks/peers/requirements.txt are not installed",
)


@dataclass(frozen=True)
class Stub:
    """Picks the truly best or the truly worst, after one call."""

    name: str
    best: bool = True
    fewest: int = 1

    def fits(self, n: int, budget: int) -> bool:
        return budget >= self.fewest

    def pick(self, asking: Asking, seed: int) -> int:
        asking(0, 1)
        strengths = judge_of("bt", PLAN.seed).strengths(asking.field)
        return int(strengths.argmax() if self.best else strengths.argmin())


def sides(*, peer: bool, own: bool) -> Sides:
    return Sides(peers=(Stub("peer", peer),), plain=(), ours=(Stub("mine", own),))


def asking(budget: int = 100, n: int = 5, number: int = 0) -> Asking:
    return Asking(judge_of("bt", 3), field_of(number, n), budget)


def test_every_call_is_counted_and_none_is_made_beyond_the_budget() -> None:
    ask = asking(budget=3)
    for _ in range(3):
        ask(0, 1)
    assert ask.calls == 3
    with pytest.raises(OverBudgetError):
        ask(0, 1)


def test_an_order_shown_again_gets_a_fresh_judgment_and_the_other_order_its_own() -> None:
    one, other = asking(), asking()
    first = [one(0, 1) for _ in range(40)]
    assert first == [other(0, 1) for _ in range(40)]
    assert set(first) == {0.0, 1.0}
    assert first != [1.0 - one(1, 0) for _ in range(40)]


@pytest.mark.parametrize("budget", [7, 16, 28])
def test_our_strategies_and_baselines_stay_within_the_budget(budget: int) -> None:
    fitting = [picker for picker in (*plain(), *ours()) if picker.fits(8, budget)]
    assert {"knockout-1", "elo", "bradley-terry"} <= {picker.name for picker in fitting}
    for picker in fitting:
        ask = asking(budget, n=8)
        assert 0 <= picker.pick(ask, 11) < 8
        assert 0 < ask.calls <= budget


def test_a_knockout_of_votes_waits_for_a_budget_that_pays_for_all_of_them() -> None:
    three = played("knockout", votes=3, whole=True)
    assert not three.fits(8, 20)
    assert three.fits(8, 21)


def test_a_strategy_plays_here_as_it_does_in_a_simulation() -> None:
    plan = Plan(worlds=("bt",), sizes=(8,), problems=300, seed=2)
    accuracy = play_all(plan, [played("round-robin")])[Cell("bt", 8, 28)]["round-robin"].accuracy
    simulated = simulate(n=8, problems=300, judge={"sd": 1.5}, strategy="round-robin", seed=2)
    assert accuracy == pytest.approx(simulated.accuracy, abs=0.12)


def test_strategies_that_are_not_registered_are_passed_over() -> None:
    assert [picker.name for picker in ours(("knockout", "no-such-strategy"))] == ["knockout"]


def test_the_results_do_not_depend_on_the_number_of_processes() -> None:
    pickers = [played("knockout"), played("round-robin")]
    alone, shared = (play_all(PLAN, pickers, jobs) for jobs in (1, 2))
    assert list(alone) == list(shared)
    for cell, tried in alone.items():
        for name, each in tried.items():
            assert len(each.right) == PLAN.problems
            np.testing.assert_array_equal(each.right, shared[cell][name].right)
            np.testing.assert_array_equal(each.calls, shared[cell][name].calls)


def test_who_does_not_fit_has_no_cell() -> None:
    results = play_all(PLAN, [Stub("late", fewest=8)])
    assert {cell.budget for cell, tried in results.items() if tried} == {8, 12, 20}


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_a_test_of_a_fair_coin(one: int, two: int) -> None:
    expected = binomtest(one, one + two, 0.5).pvalue if one + two else 1.0
    first = np.array([True] * one + [False] * two + [True, False])
    second = np.array([False] * one + [True] * two + [True, False])
    assert duel(first, second).p == pytest.approx(expected, rel=1e-9)


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=8))
def test_holm_rejects_as_its_textbook_steps_do(p_values: list[float]) -> None:
    level, open_steps = 0.05, True
    rejected = set()
    for place, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        open_steps = open_steps and p_values[index] * (len(p_values) - place) < level
        if open_steps:
            rejected.add(index)
    assert {i for i, p in enumerate(holm(p_values)) if p < level} == rejected


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30))
def test_a_duel_turned_around_turns_the_lead(pairs: list[tuple[bool, bool]]) -> None:
    first, second = np.array(pairs, dtype=bool).T
    there, back = duel(first, second), duel(second, first)
    assert there.lead == pytest.approx(first.mean() - second.mean())
    assert there.lead == pytest.approx(-back.lead)
    assert there.p == back.p
    assert there.margin == pytest.approx(
        1.959963984540054 * float((first * 1.0 - second).std()) / math.sqrt(len(first))
    )


def test_calls_at_par_lie_between_the_points_measured() -> None:
    assert calls_for(0.6, [10, 20, 40], [0.5, 0.7, 0.9]) == pytest.approx(15.0)
    assert calls_for(0.5, [10, 20], [0.5, 0.7]) == 10
    assert calls_for(0.95, [10, 20], [0.5, 0.7]) is None
    assert calls_for(0.8, [10, 20, 30], [0.6, 0.5, 1.0]) == pytest.approx(20.0)


@pytest.mark.parametrize(("peer", "own", "code"), [(True, False, 1), (False, True, 0), (True, True, 0)])
def test_the_exit_code_says_whether_a_peer_is_ahead(
    peer: bool, own: bool, code: int, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert compare.compare(PLAN, sides(peer=peer, own=own), csv=tmp_path / "all.csv") == code
    printed = capsys.readouterr().out.splitlines()
    cells = len(PLAN.cells())
    assert printed[-1] == f"a peer is ahead beyond noise in {cells * code} of {cells} cells"
    with (tmp_path / "all.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["right"]) for row in rows if row["side"] == "peers"] == [24 * peer] * cells


def test_the_best_peer_is_held_against_the_default_where_there_is_one() -> None:
    both = Sides(peers=(Stub("bad", False), Stub("good")), plain=(), ours=(Stub("auto"), Stub("other")))
    judged = verdicts(play_all(PLAN, both.everybody), both)
    assert {(each.peer, each.ours) for each in judged} == {("good", "auto")}


@pytest.fixture
def no_peers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "find_spec", lambda name: None)


@pytest.mark.usefixtures("no_peers")
def test_missing_peers_end_with_one_line_that_says_how_to_get_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare.main(["--quick"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "pip install -r benchmarks/peers/requirements.txt" in line


@pytest.mark.parametrize(
    ("wrong", "said"),
    [(["--world", "mars"], "mars"), (["--n", "1"], "--n"), (["--problems", "0"], "--n"), (["--jobs", "0"], "--n")],
)
def test_a_wrong_option_ends_with_one_line(
    wrong: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare, "play_all", lambda *_: pytest.fail("it went on to play"))
    assert compare.main(wrong) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert said in line


@installed
@pytest.mark.parametrize("picker", PEERS, ids=lambda picker: picker.name)
@pytest.mark.parametrize("budget", [7, 16, 28, 40])
def test_a_peer_stays_within_its_budget_and_repeats_itself(picker: Picker, budget: int) -> None:
    if not picker.fits(8, budget):
        pytest.skip("needs a larger budget")
    first, second = asking(budget, n=8), asking(budget, n=8)
    assert picker.pick(first, 17) == picker.pick(second, 17)
    assert first.calls == second.calls
    assert 0 < first.calls <= budget


class Truthful(SyntheticJudge):
    """Never errs."""

    def judge_now(self, field: Field, comparisons: Sequence[Comparison]) -> list[Judgment]:
        strengths = self.strengths(field)
        return [Judgment(Outcome.DECIDED, float(strengths[c.first] > strengths[c.second])) for c in comparisons]


@installed
@pytest.mark.parametrize("picker", PEERS[:-1], ids=lambda picker: picker.name)
def test_a_peer_finds_the_best_where_the_judge_never_errs_and_every_pair_meets(picker: Picker) -> None:
    judge = Truthful(SyntheticSettings())
    for number in range(5):
        field = field_of(number, 8)
        assert picker.pick(Asking(judge, field, 60), 1) == judge.strengths(field).argmax()
