"""The HTTP client and the SGLang server."""
