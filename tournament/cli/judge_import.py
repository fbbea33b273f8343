"""`tourney judge import-prompt`: the official wording of a judge, out of the user's own copy of the model card."""

from __future__ import annotations

from pathlib import Path

import click

from tournament.errors import InputError, UsageError
from tournament.judges import official
from tournament.judges.profile import load_profile
from tournament.judges.wording import OFFICIAL, load_wording


@click.command()
@click.argument("profile")
@click.option(
    "--from",
    "source",
    required=True,
    type=click.Path(path_type=Path),
    help="The model's folder, or its README.md, notebook or script.",
)
def command(profile: str, source: Path) -> None:
    """Take the official wording of PROFILE out of its model card, and judge with it from now on.

    The words are looked for among the string literals of the card's code, and accepted only when their sha256 is the
    known one. They are kept for this user: in TOURNEY_CONFIG, or ~/.config/tourney.
    """
    wording = load_wording(load_profile(profile).prompt)
    if wording.source == OFFICIAL:
        click.echo(f"{profile}: the wording that ships with tourney is the official one already")
        return
    if not wording.official:
        raise UsageError(
            f"{profile}: no official wording is known; its words are in configs/prompts/{wording.name}.toml"
        )
    words = official.words_in(source, wording.official)
    if words is None:
        raise InputError(
            str(source),
            None,
            f"holds no wording of {profile} with the known sha256; give the snapshot of its model card",
        )
    path = official.keep(wording.name, words)
    count = sum(map(len, words.values()))
    click.echo(
        f"{profile}: official wording ({count:,} characters) kept in {path}; --judge {profile} uses it from now on"
    )
