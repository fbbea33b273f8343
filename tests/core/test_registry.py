"""Names, parameters from text, and third parties' strategies and judges."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from types import ModuleType

import pytest

from tournament import registry
from tournament.errors import UnknownNameError, UsageError
from tournament.judge import InProcess, JudgeIdentity
from tournament.judges.synthetic import SyntheticSettings
from tournament.registry import JUDGES, MATCH, PAIRING, coerce, find, known, matching, pairing, settings_type


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind, table in (("pairing strategy", PAIRING), ("match strategy", MATCH)) for name in table]
    + [("judge", name) for name in JUDGES],
)
def test_every_registered_name_is_there(kind: str, name: str) -> None:
    cls = find(kind, name)
    assert cls.__doc__
    if kind != "judge":
        assert callable(cls().rank if kind == "pairing strategy" else cls().decide)


def test_dashes_and_underscores_are_one() -> None:
    assert find("pairing strategy", "round_robin") is find("pairing strategy", "round-robin")


@pytest.mark.parametrize(
    ("kind", "wrong", "right"),
    [
        ("pairing strategy", "knock-out", "knockout"),
        ("match strategy", "vote", "voting"),
        ("judge", "sg_lang", "sglang"),
    ],
)
def test_an_unknown_name_is_told_the_nearest(kind: str, wrong: str, right: str) -> None:
    with pytest.raises(UnknownNameError, match=f"unknown {kind} .* did you mean .*{right}"):
        find(kind, wrong)


def test_a_name_like_no_other_is_told_them_all() -> None:
    with pytest.raises(UnknownNameError, match=r"choose from: .*knockout.*round-robin"):
        pairing("xyzzy")


def test_an_unknown_parameter_is_told_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"parameter of match strategy voting 'vote'; did you mean votes"):
        matching("voting", {"vote": 3})
    with pytest.raises(UnknownNameError, match="accuracy"):
        registry.judge("synthetic", {"acuracy": "0.5"})


def test_parameters_from_text() -> None:
    strategy = pairing("round-robin", {"share": "0.5", "rating": "elo", "elo-k": "16"})
    assert (strategy.share, strategy.rating, strategy.elo_k) == (0.5, "elo", 16.0)  # type: ignore[attr-defined]
    vote = matching("voting", {"votes": "5", "stop": "none", "confidence": "0.9"})
    assert (vote.votes, vote.stop, vote.confidence) == (5, "none", 0.9)  # type: ignore[attr-defined]
    judge = registry.judge("synthetic", {"accuracy": "0.8", "world": "math", "seed": "3"})
    assert judge.settings == SyntheticSettings(accuracy=0.8, world="math", seed=3)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "hint", "value"),
    [
        ("7", int, 7),
        ("-7", int, -7),
        ("7", float, 7.0),
        (7, float, 7.0),
        ("1e-3", float, 0.001),
        ("Yes", bool, True),
        ("0", bool, False),
        ("false", bool, False),
        ("false", str, "false"),
        ("none", int | None, None),
        ("", float | None, None),
        ("5", int | None, 5),
        (None, int | None, None),
    ],
)
def test_text_becomes_what_is_wanted(text: object, hint: object, value: object) -> None:
    found = coerce(text, hint, "here")
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("value", "hint", "example"),
    [
        ("seven", int, "a whole number"),
        ("7.5", int, "a whole number"),
        (7.5, int, "a whole number"),
        (True, int, "a whole number"),
        ("", int, "a whole number"),
        (None, int, "a whole number"),
        ("x", float, "a number"),
        ("nan", float, "a number"),
        (float("inf"), float, "a number"),
        ([1], float, "a number"),
        ("maybe", bool, "true or false"),
        (1, bool, "true or false"),
        (1, str, "text"),
        ("x", int | None, "a whole number"),
    ],
)
def test_what_is_not_wanted_is_refused_with_an_example(value: object, hint: object, example: str) -> None:
    with pytest.raises(UsageError, match=f"here=.*; give {example}") as caught:
        coerce(value, hint, "here")
    assert "\n" not in str(caught.value)


def test_what_a_class_refuses_is_a_wrong_use() -> None:
    with pytest.raises(UsageError, match=r"strategy round-robin: .*share"):
        pairing("round-robin", {"share": "2"})
    with pytest.raises(UsageError, match=r"judge synthetic: .*world"):
        registry.judge("synthetic", {"world": "flat"})


def test_settings_of_judges_and_strategies() -> None:
    assert settings_type(find("judge", "synthetic")) is SyntheticSettings
    strategy = find("pairing strategy", "knockout")
    assert settings_type(strategy) is strategy
    assert settings_type(House) is None


class House(InProcess):
    """A third party's judge that takes nothing."""

    identity = JudgeIdentity(kind="house", label="house")


@dataclass(frozen=True)
class Coin:
    """A third party's match strategy, by its shape."""

    calls: tuple[int, int] = (0, 0)

    def decide(self) -> None: ...


@dataclass(frozen=True)
class Ladder:
    """A third party's pairing strategy, by its shape."""

    rounds: int = 3

    def play(self) -> None: ...


@pytest.fixture
def third_party(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("third_party_plugin")
    for cls in (Coin, Ladder, House):
        setattr(module, cls.__name__, cls)
    monkeypatch.setitem(sys.modules, "third_party_plugin", module)
    plugged = {
        "tournament.strategies": [("coin_toss", "Coin"), ("ladder", "Ladder"), ("knockout", "Ladder")],
        "tournament.judges": [("house", "House"), ("synthetic", "House")],
    }

    def entry_points(*, group: str) -> Sequence[EntryPoint]:
        return [EntryPoint(name, f"third_party_plugin:{cls}", group) for name, cls in plugged[group]]

    monkeypatch.setattr(registry, "entry_points", entry_points)


@pytest.mark.usefixtures("third_party")
def test_third_parties_are_found_by_their_names() -> None:
    assert isinstance(pairing("ladder", {"rounds": "5"}), Ladder)
    assert isinstance(matching("coin-toss"), Coin)
    assert isinstance(matching("coin_toss"), Coin)
    assert isinstance(registry.judge("house"), House)
    assert "ladder" in known("pairing strategy")
    assert "ladder" not in known("match strategy")
    assert "coin-toss" in known("match strategy")
    assert "house" in known("judge")
    with pytest.raises(UnknownNameError, match="parameter of judge house"):
        registry.judge("house", {"colour": "red"})
    with pytest.raises(UnknownNameError, match="ladder"):
        pairing("lader")


@pytest.mark.usefixtures("third_party")
def test_nobody_takes_the_name_of_a_builtin() -> None:
    assert not isinstance(pairing("knockout"), Ladder)
    assert known("pairing strategy")["knockout"] == PAIRING["knockout"]
    assert known("judge")["synthetic"] == JUDGES["synthetic"]
