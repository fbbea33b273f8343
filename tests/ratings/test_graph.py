"""Who beats everybody, who leads, and how often preferences go in circles."""

import math
import subprocess
import sys
from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tournament.ratings.graph import NonTransitivity, condorcet_winner, non_transitivity, top_cycle

Wins = NDArray[np.float64]
Functions = (condorcet_winner, top_cycle, non_transitivity)

UNMET, TIED = (0.0, 0.0), (0.5, 0.5)
DECIDED = ((1.0, 0.0), (0.0, 1.0), (2.0, 1.0), (0.3, 0.7))


def matrix(n: int, outcomes: list[tuple[float, float]]) -> Wins:
    """The outcomes of all pairs, in the order of `combinations`, as sums of preference."""
    wins = np.zeros((n, n))
    for (i, j), (one, other) in zip(combinations(range(n), 2), outcomes, strict=True):
        wins[i, j], wins[j, i] = one, other
    return wins


def chain(n: int) -> Wins:
    """Everybody beats all who come later."""
    return np.triu(np.ones((n, n)), 1)


def ring(n: int) -> Wins:
    """A regular tournament: everybody beats the next (n - 1) / 2 and loses to the others; `n` is odd."""
    ahead = (np.arange(n)[None, :] - np.arange(n)[:, None]) % n
    return np.where((ahead > 0) & (ahead <= n // 2), 1.0, 0.0)


@st.composite
def graphs(draw: st.DrawFn, most: int = 6, outcomes: tuple[tuple[float, float], ...] = (UNMET, TIED, *DECIDED)) -> Wins:
    n = draw(st.integers(1, most))
    pairs = n * (n - 1) // 2
    return matrix(n, draw(st.lists(st.sampled_from(outcomes), min_size=pairs, max_size=pairs)))


def beaten_by_outsiders(wins: Wins, members: set[int]) -> bool:
    return any(wins[i, j] > wins[j, i] for i in set(range(len(wins))) - members for j in members)


def subsets(n: int) -> list[set[int]]:
    return [set(part) for size in range(1, n + 1) for part in combinations(range(n), size)]


@given(graphs())
def test_a_condorcet_winner_is_who_beats_every_other(wins: Wins) -> None:
    n = len(wins)
    winners = [i for i in range(n) if all(wins[i, j] > wins[j, i] for j in range(n) if j != i)]
    assert condorcet_winner(wins) == (winners[0] if winners else None)


@given(graphs())
def test_the_top_cycle_is_the_union_of_the_minimal_sets_that_nobody_outside_beats(wins: Wins) -> None:
    free = [members for members in subsets(len(wins)) if not beaten_by_outsiders(wins, members)]
    minimal = [members for members in free if not any(other < members for other in free)]
    assert top_cycle(wins) == tuple(sorted(set().union(*minimal)))


@given(graphs(outcomes=DECIDED))
def test_where_every_pair_is_decided_it_is_the_smallest_set_that_beats_everybody_outside(wins: Wins) -> None:
    everyone = set(range(len(wins)))
    dominant = (s for s in subsets(len(wins)) if all(wins[i, j] > wins[j, i] for i in s for j in everyone - s))
    assert set(top_cycle(wins)) == next(dominant)


@given(graphs(most=12))
def test_candidates_lead_exactly_when_they_are_above_all_who_are_above_them(wins: Wins) -> None:
    n = len(wins)
    above = [[i == j or bool(wins[i, j] > wins[j, i]) for j in range(n)] for i in range(n)]
    for middle in range(n):  # Warshall's closure: a path by way of `middle`
        for i in range(n):
            for j in range(n):
                above[i][j] |= above[i][middle] and above[middle][j]
    leaders = [i for i in range(n) if all(above[i][j] for j in range(n) if above[j][i])]
    assert top_cycle(wins) == tuple(leaders)


@given(graphs(most=8))
def test_a_condorcet_winner_leads_alone_and_who_leads_alone_is_the_only_one_unbeaten(wins: Wins) -> None:
    champion, leaders = condorcet_winner(wins), top_cycle(wins)
    assert leaders
    if champion is not None:
        assert leaders == (champion,)
    unbeaten = [i for i in range(len(wins)) if not (wins[:, i] > wins[i, :]).any()]
    assert set(unbeaten) <= set(leaders)
    if len(leaders) == 1:
        assert leaders == tuple(unbeaten)


@given(graphs(most=8))
def test_cyclic_triads_are_those_found_one_by_one(wins: Wins) -> None:
    beats = wins > wins.T
    decided = [
        t for t in combinations(range(len(wins)), 3) if all(wins[i, j] != wins[j, i] for i, j in combinations(t, 2))
    ]
    cyclic = [t for t in decided if any(beats[a, b] and beats[b, c] and beats[c, a] for a, b, c in permutations(t))]
    assert non_transitivity(wins) == NonTransitivity(cyclic=len(cyclic), triads=len(decided))


@given(st.integers(0, 40), st.integers(0, 2**32 - 1))
def test_full_fields_agree_with_the_formula_of_kendall_and_babington_smith(n: int, seed: int) -> None:
    upper = np.triu(np.random.default_rng(seed).random((n, n)) < 0.5, 1)
    wins = np.where(upper | np.tril(~upper.T, -1), 1.0, 0.0)
    circular = math.comb(n, 3) - sum(math.comb(int(beaten), 2) for beaten in wins.sum(axis=1))
    assert non_transitivity(wins) == NonTransitivity(cyclic=circular, triads=math.comb(n, 3))


@given(graphs(most=8), st.data())
def test_relabelling_candidates_relabels_everything(wins: Wins, data: st.DataObject) -> None:
    old = data.draw(st.permutations(range(len(wins))))
    moved = wins[np.ix_(old, old)]
    champion = condorcet_winner(moved)
    assert (None if champion is None else old[champion]) == condorcet_winner(wins)
    assert sorted(old[i] for i in top_cycle(moved)) == list(top_cycle(wins))
    assert non_transitivity(moved) == non_transitivity(wins)


@given(graphs(most=8))
def test_circles_stay_when_every_verdict_is_turned_round_or_counted_twice(wins: Wins) -> None:
    assert non_transitivity(wins.T) == non_transitivity(wins) == non_transitivity(2 * wins)
    assert top_cycle(2 * wins) == top_cycle(wins)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 30])
def test_a_perfect_order_has_a_winner_and_no_circle(n: int) -> None:
    assert condorcet_winner(chain(n)) == 0
    assert top_cycle(chain(n)) == (0,)
    assert non_transitivity(chain(n)) == NonTransitivity(cyclic=0, triads=math.comb(n, 3))


@pytest.mark.parametrize("n", [3, 5, 7, 31, 101])
def test_a_regular_tournament_is_one_circle_with_as_many_cyclic_triads_as_can_be(n: int) -> None:
    assert condorcet_winner(ring(n)) is None
    assert top_cycle(ring(n)) == tuple(range(n))
    assert non_transitivity(ring(n)) == NonTransitivity(cyclic=(n**3 - n) // 24, triads=math.comb(n, 3))


def test_circles_that_never_met_lead_together() -> None:
    wins = np.zeros((12, 12))
    wins[:3, :3] = wins[4:7, 4:7] = wins[9:, 9:] = ring(3)
    wins[0, 3] = wins[3, 7] = wins[4, 9] = 1.0  # 3 and 7 are below the first circle, the last below the second
    assert top_cycle(wins) == (0, 1, 2, 4, 5, 6, 8)


def test_the_champion_of_a_knockout_leads_alone_without_having_met_everybody() -> None:
    wins = np.zeros((4, 4))
    wins[0, 1] = wins[3, 2] = wins[3, 0] = 1.0
    assert condorcet_winner(wins) is None
    assert top_cycle(wins) == (3,)
    assert math.isnan(non_transitivity(wins).rate)


def test_sums_over_several_matches_count_not_single_wins() -> None:
    wins = np.array([[0.0, 0.9 + 0.4 + 0.4], [0.1 + 0.6 + 0.6, 0.0]])
    assert condorcet_winner(wins) == 0


def test_rounding_is_a_tie() -> None:
    wins = np.array([[0.0, 0.1 + 0.2], [0.3, 0.0]])
    assert condorcet_winner(wins) is None
    assert top_cycle(wins) == (0, 1)


def test_an_empty_field_has_nobody() -> None:
    empty = np.zeros((0, 0))
    assert (condorcet_winner(empty), top_cycle(empty)) == (None, ())
    assert non_transitivity(empty) == NonTransitivity(cyclic=0, triads=0)


def test_the_rate_is_the_share_of_triads() -> None:
    assert NonTransitivity(cyclic=1, triads=4).rate == 0.25


def test_the_diagonal_is_ignored() -> None:
    wins = chain(4) + np.diag([math.nan, 5.0, -1.0, math.inf])
    assert [function(wins) for function in Functions] == [function(chain(4)) for function in Functions]


@pytest.mark.parametrize("function", Functions)
@pytest.mark.parametrize(
    ("wins", "said"),
    [
        (np.zeros(4), "shape"),
        (np.zeros((2, 3)), "shape"),
        ([[0.0, math.nan], [0.0, 0.0]], "NaN"),
        ([[0.0, math.inf], [math.inf, 0.0]], "infinite"),
        ([[0.0, -1.0], [0.0, 0.0]], "negative"),
    ],
)
def test_what_is_no_sum_of_preferences_is_refused(function: object, wins: object, said: str) -> None:
    assert callable(function)
    with pytest.raises(ValueError, match=said):
        function(wins)


def test_only_a_circle_at_the_top_takes_the_graph_library() -> None:
    code = (
        "import sys, numpy as np; from tournament.ratings.graph import top_cycle\n"
        "def loaded(edges):\n"
        "    wins = np.zeros((8, 8)); wins[tuple(zip(*edges))] = 1.0; top_cycle(wins)\n"
        "    return 'networkx' in sys.modules\n"
        "knockout = [(0, 1), (2, 3), (4, 5), (6, 7), (0, 2), (6, 4), (6, 0)]\n"
        "lower = [(0, i) for i in range(1, 8)] + [(1, 2), (2, 3), (3, 1)]\n"
        "print(loaded(knockout), loaded(lower), loaded([(1, 2), (2, 3), (3, 1)]))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "False", "True"]
