"""`tourney judge`: everything about the judge itself: start one, try one out, take over its authors' wording."""

from __future__ import annotations

from importlib import import_module
from typing import cast

import click

_VERBS = {
    "check": "Make one comparison in both orders and show all that the judge did.",
    "serve": "Start SGLang with a judge's model, and end it cleanly.",
    "import-prompt": "Take the official wording of a judge out of its model card.",
}


class _Verbs(click.Group):
    """A group that imports a verb's file only when that verb is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        module = f"tournament.cli.judge_{cmd_name.partition('-')[0]}"
        return cast("click.Command", import_module(module).command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_VERBS.items()))


@click.group(cls=_Verbs)
def command() -> None:
    """Start a judge, try it out, or take over its authors' wording; `tourney list judges` names them all."""
