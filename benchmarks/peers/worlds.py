"""The worlds that the synthetic judge stands for, by name; one line here adds a world to every table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tournament.errors import UnknownNameError
from tournament.judges.synthetic import SyntheticJudge, SyntheticSettings

_MATH: Mapping[str, Any] = {
    "world": "math",
    "accuracy": 0.7,
    "share_right": 0.5,
    "position_bias": 0.4,
    "self_repeat": 0.5,
}
_BT: Mapping[str, Any] = {"world": "bt", "sd": 1.5}

WORLDS: Mapping[str, Mapping[str, Any]] = {
    "math70": _MATH,
    "math70-light-share": {**_MATH, "share_right": 0.2},
    "bt": _BT,
    "biased": {**_BT, "position_bias": 1.5},
    "intransitive": {**_BT, "intransitivity": 1.0},
    "long-winded": {**_BT, "length_bias": 0.75},
}


def judge_of(world: str, seed: int) -> SyntheticJudge:
    """The judge of a world.

    Raises:
        UnknownNameError: with the nearest names.
    """
    if world not in WORLDS:
        raise UnknownNameError("world", world, WORLDS)
    return SyntheticJudge(SyntheticSettings(**WORLDS[world], seed=seed))
