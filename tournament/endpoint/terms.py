"""What the operator of an endpoint settles: defaults of a request, and what no request may go beyond."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tournament import registry
from tournament.budget import Limits, Prices
from tournament.config import RunConfig
from tournament.errors import UsageError
from tournament.experiments.sampling.settings import LIMIT_FIELDS

MOST_VOTES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The terms of an endpoint.

    `config` holds strategy, votes, limits, prices and seed as for `tourney rank`; its limits for a problem are the most
    that a request may take. `judges` are the names that a request may ask for, the default first. `model` is what the
    endpoint calls itself. `sampling` are the fields that the policy is sent where a request does not name them;
    `limit_field` is what the policy calls the limit of a candidate, `max_tokens` the most that a request may name.
    `deadline_s` is the default and the most.
    """

    model: str
    judges: tuple[str, ...]
    config: RunConfig = field(default_factory=RunConfig)
    n: int = 8
    max_n: int = 64
    max_tokens: int | None = None
    sampling: Mapping[str, Any] = field(default_factory=dict)
    limit_field: str = LIMIT_FIELDS[0]
    deadline_s: float | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.n <= self.max_n:
            raise UsageError(f"--n {self.n}: give 1 to {self.max_n}, which --max-n raises")
        tokens = self.sampling.get(self.limit_field)
        if self.max_tokens is not None and (tokens is None or tokens > self.max_tokens):
            raise UsageError(f"--max-candidate-tokens {self.max_tokens}: give --candidate-tokens that many or fewer")
        if self.deadline_s is not None and not 0 < self.deadline_s < float("inf"):
            raise UsageError(f"--deadline {self.deadline_s:g}: give a positive number of seconds")
        if self.config.votes > MOST_VOTES:
            raise UsageError(f"--votes {self.config.votes}: give at most {MOST_VOTES}")

    @property
    def limits(self) -> Limits:
        """The most that the tournament of one request may take."""
        return self.config.budget.problem

    @property
    def prices(self) -> Prices:
        """What the judge's tokens cost."""
        return self.config.budget.prices

    def try_out(self) -> None:
        """See before anything is started that the strategy and the way to decide a match exist.

        Raises:
            UsageError: for names and parameters that do not.
        """
        config = self.config
        registry.pairing(config.strategy, config.strategy_options)
        registry.match_strategy(config.votes, config.rethinks, config.match_options)
