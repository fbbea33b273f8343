"""One kind of judge a file, and the prompts they send."""
