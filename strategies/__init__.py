"""The built-in strategies: one a file, readable as its paper's pseudocode."""
