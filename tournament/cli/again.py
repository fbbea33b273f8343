"""A verb called from another verb, or in another process, with parameters that have been parsed already."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, cast

import click


def verb_of(name: str) -> click.Command:
    """The verb of that name."""
    return cast("click.Command", import_module(f"tournament.cli.{name}").command)


def again(verb: str, parameters: Mapping[str, Any]) -> int:
    """Call a verb; parameters that it does not have are left out, and those that are not given are None.

    Returns:
        Its exit code.
    """
    command = verb_of(verb)
    given = {str(parameter.name): parameters.get(str(parameter.name)) for parameter in command.params}
    assert command.callback is not None
    with click.Context(command, info_name=verb, parent=click.get_current_context(silent=True)) as context:
        context.params = given
        return int(context.invoke(command.callback, **given) or 0)
