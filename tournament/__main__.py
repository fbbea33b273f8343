"""`python -m tournament` is `tourney`."""

from tournament.cli.main import entry

entry()
