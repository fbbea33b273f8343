"""More comparisons in flight than files may be open: the limit is raised, or one line says what to do."""

from __future__ import annotations

import resource

import pytest

from tests.cli.conftest import Candidates, Tourney
from tournament.cli.handles import make_room

Limits = list[tuple[int, int]]


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> Limits:
    """The limits on open files as a list whose last entry holds; 1024 at first, of 4096."""
    now = [(1024, 4096)]
    monkeypatch.setattr(resource, "getrlimit", lambda which: now[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda which, limit: now.append(limit))
    return now


def test_what_fits_leaves_the_limit_as_it_is(limits: Limits) -> None:
    make_room(64)
    assert limits == [(1024, 4096)]


def test_what_the_system_grants_on_request_is_asked_for(limits: Limits) -> None:
    make_room(2000)
    soft, hard = limits[-1]
    assert 2000 < soft <= hard == 4096


def test_a_number_that_the_refusal_names_does_fit(limits: Limits, tourney: Tourney, candidates: Candidates) -> None:
    ended = tourney("rank", candidates(), "--judge", "synthetic", "--in-flight", "9000")
    assert (ended.code, len(ended.err.splitlines())) == (2, 1)
    assert "--in-flight 9000" in ended.err
    assert "4096 are allowed" in ended.err
    make_room(int(ended.err.partition("at most --in-flight ")[2].partition(",")[0]))
    assert limits[-1][0] <= 4096


@pytest.mark.parametrize("limit", [(-1, -1), (1024, -1)])
def test_no_limit_is_none(limits: Limits, limit: tuple[int, int]) -> None:
    limits.append(limit)
    make_room(100_000)
    assert limits[-1][0] == -1 or limits[-1][0] > 100_000
