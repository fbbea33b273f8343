"""Experiments: what is measured over many problems, with its uncertainty."""
