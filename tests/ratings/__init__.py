"""Tests of tournament.ratings."""
