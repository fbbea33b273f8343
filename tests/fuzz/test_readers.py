"""Whatever a file or a server holds: it is read, or refused in one line, and never ends in anything else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from . import readers, seeds
from .damage import hurt

SLOW = {"results", "comparisons", "summary", "run config", "status", "sweep table", "sweep summary", "point", "judges"}
SLOW |= {"drafts", "merged comparisons", "merged summary", "command", "merged judges"}
UNSOUND = {"gguf", "claimed config"}
"""Readers whose seed is refused, since a whole one is too large, or belongs to another run."""


@pytest.fixture(scope="module", autouse=True)
def _workplace() -> Iterator[None]:
    yield
    readers.clear()


@pytest.mark.parametrize("name", readers.READERS)
def test_sound_input_is_read(name: str) -> None:
    said = readers.refused(name, seeds.SEEDS[name]())
    assert said == "" or name in UNSOUND


@pytest.mark.parametrize("name", [name for name in readers.READERS if name not in SLOW])
@given(data=st.data())
@settings(max_examples=120)
def test_a_reader_reads_or_refuses(name: str, data: st.DataObject) -> None:
    _read(name, data)


@pytest.mark.parametrize("name", sorted(SLOW))
@given(data=st.data())
@settings(max_examples=25)
def test_a_verb_shows_or_refuses(name: str, data: st.DataObject) -> None:
    _read(name, data)


def _read(name: str, data: st.DataObject) -> None:
    sound = [seeds.SEEDS[name](), seeds.MORE_SEEDS.get(name, seeds.SEEDS[name])()]
    said = readers.refused(name, data.draw(hurt(sound[0]) | hurt(sound[1])))
    assert len(said) < 5000
