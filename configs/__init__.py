"""Judges, presets and sweeps as TOML."""
