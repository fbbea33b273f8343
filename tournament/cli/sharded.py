"""What verbs that play problems share where a run is split: the option, and where judgments come from and go to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from tournament.cli import driving
from tournament.errors import UsageError
from tournament.ledger import Ledger
from tournament.ledger_reader import LedgerReader
from tournament.run_folder import LEDGER
from tournament.sharding import Shard

F = TypeVar("F", bound=Callable[..., Any])


def shard_option(command: F) -> F:
    """Add --shard."""
    return click.option(
        "--shard",
        callback=lambda context, parameter, value: None if value is None else Shard.parse(value),
        metavar="I/N",
        help="Only shard I of N, told by the problems' ids, in OUT/shards/; `tourney merge OUT` puts them together.",
    )(command)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgments:
    """Where a run keeps its judgments: a ledger of its own, and perhaps one that it only reads."""

    own: Path
    lender: Path | None = None

    @classmethod
    def of(cls, run: Path, folder: Path, ledger: Path | None) -> Judgments:
        """Those of a run that plays in `folder`; `ledger` is what the user named.

        A shard's folder is not the whole run's. Others may play at the same time, so a shard writes into a ledger of
        its own, and reads what the whole run, or the ledger that was named, knows already.

        Raises:
            UsageError: where a shard is to read a ledger that is not there.
        """
        if folder == run:
            return cls(own=ledger or run / LEDGER)
        if ledger is not None and not ledger.exists():
            raise UsageError(f"--ledger {ledger}: is not there, and a shard only reads it; leave it out")
        lender = ledger or run / LEDGER
        return cls(own=folder / LEDGER, lender=lender if lender.exists() else None)

    def open(self) -> Ledger:
        """The ledger.

        Raises:
            RunFolderError: where it cannot be written.
            LedgerError: where one of the two is damaged, locked by another program, or of another version.
        """
        lenders = [] if self.lender is None else [LedgerReader(self.lender)]
        try:
            return driving.open_ledger(self.own, lenders)
        except BaseException:
            for lender in lenders:
                lender.close()
            raise
