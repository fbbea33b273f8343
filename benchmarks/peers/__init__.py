"""Our strategies beside those of other projects: the same judge, the same problems, the same number of judge calls."""
