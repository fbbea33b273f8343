"""Pick the best of N responses by letting a judge compare them in pairs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

# In a bare checkout `strategies/` and `configs/` lie beside this folder instead of inside it, as they do in a wheel.
# Looking there too makes `tournament.strategies` the one name of that code everywhere.
_checkout = Path(__file__).resolve().parent.parent
if (_checkout / "strategies" / "__init__.py").is_file() and (_checkout / "pyproject.toml").is_file():
    __path__.append(str(_checkout))

if TYPE_CHECKING:
    from tournament.api import Simulation, arank, aselect, rank, select, simulate
    from tournament.budget import Budget, Limits, Prices
    from tournament.result import Result, Results, Standing
    from tournament.types import Candidate, Message, Problem

_LAZY = {
    "Budget": "budget",
    "Candidate": "types",
    "Limits": "budget",
    "Message": "types",
    "Prices": "budget",
    "Problem": "types",
    "Result": "result",
    "Results": "result",
    "Simulation": "simulation",
    "Standing": "result",
    "arank": "api",
    "aselect": "api",
    "rank": "api",
    "select": "api",
    "simulate": "simulation",
}

__all__ = [
    "Budget",
    "Candidate",
    "Limits",
    "Message",
    "Prices",
    "Problem",
    "Result",
    "Results",
    "Simulation",
    "Standing",
    "arank",
    "aselect",
    "rank",
    "select",
    "simulate",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `tourney --help` stays quick."""
    from importlib import import_module

    if name not in _LAZY:
        raise AttributeError(f"module 'tournament' has no attribute {name!r}")
    return getattr(import_module(f"tournament.{_LAZY[name]}"), name)
