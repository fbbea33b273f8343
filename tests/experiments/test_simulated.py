"""A simulated sweep: its rows are what `simulate` gives, whatever the number of processes."""

from __future__ import annotations

from dataclasses import replace

import tournament
from tournament import registry
from tournament.experiments.paired import mcnemar
from tournament.experiments.simulated import Row, cells, simulated
from tournament.experiments.sweep import Entry, Sweep

SWEEP = Sweep(
    seed=3,
    problems=40,
    n=(4, 6),
    budgets=("N-1", "2N"),
    worlds={"bt": {"sd": 2.0}, "math": {"world": "math", "length_bias": 0.5}},
    strategies=(
        Entry(label="cup", name="knockout"),
        Entry(label="cup of three", name="knockout", votes=3),
        Entry(label="half", name="round-robin", parameters={"share": 0.5}),
    ),
)


def rows(sweep: Sweep, jobs: int = 1) -> list[Row]:
    return [row for group in simulated(sweep, jobs=jobs) for row in group]


def test_rows_are_those_of_simulate() -> None:
    found = rows(SWEEP)
    assert len(found) == 2 * 2 * 2 * 3
    assert len({(row.world, row.n, row.budget, row.strategy) for row in found}) == len(found)
    for row in found:
        entry = next(entry for entry in SWEEP.strategies if entry.label == row.strategy)
        limit = {"N-1": row.n - 1, "2N": 2 * row.n}[row.budget]
        expected = tournament.simulate(
            n=row.n,
            problems=40,
            judge=SWEEP.worlds[row.world],
            strategy=registry.pairing(entry.name, entry.parameters),
            votes=entry.votes,
            limits=tournament.Limits(comparisons=limit),
            seed=3,
        )
        assert (row.limit, row.correct, row.problems, row.seed) == (limit, expected.correct, 40, 3)
        assert row.accuracy == expected.accuracy
        assert (row.low, row.high) == expected.interval
        assert row.comparisons == expected.comparisons / 40 <= limit


def test_a_strategy_that_ends_before_the_budget_says_what_it_used() -> None:
    for row in rows(SWEEP):
        if row.strategy == "cup":
            assert row.comparisons == row.n - 1


def test_no_row_depends_on_the_number_of_processes_or_on_the_rest_of_the_sweep() -> None:
    whole = rows(SWEEP)
    assert rows(SWEEP, jobs=3) == whole
    part = rows(SWEEP.narrowed(worlds=["math"], n=[6]))
    assert part == [row for row in whole if row.world == "math" and row.n == 6]


def test_another_seed_is_another_sample() -> None:
    assert [row.correct for row in rows(SWEEP)] != [row.correct for row in rows(replace(SWEEP, seed=4))]


def test_every_simulation_is_counted_and_groups_come_one_by_one() -> None:
    ticks: list[int] = []
    groups = simulated(SWEEP, tick=lambda: ticks.append(1))
    first = next(groups)
    assert {(row.world, row.n, row.budget) for row in first} == {("bt", 4, "N-1")}
    assert len(ticks) == 3
    assert sum(1 for _ in groups) == 7
    assert len(ticks) == len(cells(SWEEP)) == 24


def test_each_group_has_one_best_and_the_rest_are_tested_against_it() -> None:
    for group, start in zip(simulated(SWEEP), range(0, 24, 3), strict=True):
        results = [cell.simulate() for cell in cells(SWEEP)[start : start + 3]]
        (best,) = (i for i, row in enumerate(group) if row.place == "best")
        assert group[best].correct == max(row.correct for row in group)
        assert group[best].p_value is None
        each = [result.correct_each for result in results]
        for row, one in zip(group, each, strict=True):
            assert sum(one) == row.correct
            if row is not group[best]:
                assert row.p_value == mcnemar(one, each[best])
                assert row.place == ("worse" if row.p_value < 0.025 else "level")
