"""What a request says about its tournament, under the key `tourney`: the rest is as the operator settled it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from tournament import registry
from tournament.budget import Limits, Prices
from tournament.endpoint import values
from tournament.endpoint.faults import refused
from tournament.endpoint.terms import MOST_VOTES, Terms
from tournament.errors import UnknownNameError, UsageError
from tournament.strategy import MatchStrategy, PairingStrategy

EXTRA = "tourney"
_DOT = f"{EXTRA}."
_KEYS = ("strategy", "n", "votes", "budget", "judge", "deadline", "seed", "candidates")
_UNITS = ("comparisons", "tokens", "seconds", "money")
_MOST_SEED = (1 << 63) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How the tournament of a request is to be held; `candidates` asks for all of them in the answer."""

    n: int
    strategy: str
    pairing: PairingStrategy
    matching: MatchStrategy
    votes: int
    judge: str
    limits: Limits
    seed: int
    deadline_s: float | None = None
    candidates: bool = False


def read_wishes(body: Mapping[str, Any], terms: Terms) -> Wishes:
    """The wishes of a request, within the operator's terms.

    Raises:
        ApiError: naming what is wrong with them.
    """
    own = values.table(body, EXTRA, _KEYS)
    n = values.whole(own, "n", 1, terms.max_n, _DOT)
    votes = values.whole(own, "votes", 1, MOST_VOTES, _DOT) or terms.config.votes
    strategy, pairing = _strategy(values.word(own, "strategy", _DOT), terms)
    seeds = values.whole(own, "seed", 0, _MOST_SEED, _DOT), values.whole(body, "seed", -_MOST_SEED, _MOST_SEED)
    return Wishes(
        n=n or terms.n,
        strategy=strategy,
        pairing=pairing,
        matching=_matching(votes, terms),
        votes=votes,
        judge=_judge(values.word(own, "judge", _DOT), terms),
        limits=_limits(values.table(own, "budget", _UNITS, _DOT), terms),
        seed=next((seed for seed in seeds if seed is not None), terms.config.seed),
        deadline_s=_least(values.number(own, "deadline", 0, float("inf"), _DOT, above=True), terms.deadline_s),
        candidates=values.flag(own, "candidates", _DOT),
    )


def _strategy(name: str | None, terms: Terms) -> tuple[str, PairingStrategy]:
    config = terms.config
    wanted = config.strategy if name is None else name.replace("_", "-")
    options = config.strategy_options if wanted == config.strategy else {}
    try:
        return wanted, registry.pairing(wanted, options)
    except UnknownNameError as error:
        raise refused(str(error), f"{_DOT}strategy", "unknown_strategy") from None


def _matching(votes: int, terms: Terms) -> MatchStrategy:
    config = terms.config
    options = config.match_options if votes > 1 or config.rethinks else {}  # one comparison has none
    try:
        return registry.match_strategy(votes, config.rethinks, options)
    except UsageError as error:
        raise refused(str(error), f"{_DOT}votes") from None


def _judge(name: str | None, terms: Terms) -> str:
    if name is None:
        return terms.judges[0]
    if name not in terms.judges:
        allowed = ", ".join(terms.judges)
        raise refused(f"{_DOT}judge must be one of: {allowed}", f"{_DOT}judge", "unknown_judge")
    return name


def _limits(own: Mapping[str, Any], terms: Terms) -> Limits:
    where = f"{_DOT}budget."
    wanted = Limits(
        comparisons=values.whole(own, "comparisons", 1, 1 << 53, where),
        tokens=values.whole(own, "tokens", 1, 1 << 53, where),
        seconds=values.number(own, "seconds", 0, float("inf"), where, above=True),
        money=values.number(own, "money", 0, float("inf"), where, above=True),
    )
    if wanted.money is not None and terms.prices == Prices():
        raise refused("no price of the judge is known here, so money cannot be limited", f"{where}money", "no_prices")
    most = terms.limits
    return Limits(**{one.name: _least(getattr(wanted, one.name), getattr(most, one.name)) for one in fields(Limits)})


def _least(wanted: float | None, most: float | None) -> Any:
    return most if wanted is None else wanted if most is None else min(wanted, most)
