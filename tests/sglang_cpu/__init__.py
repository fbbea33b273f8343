"""Runs the real SGLang on a machine without a GPU, so that the HTTP client is tested against it."""
