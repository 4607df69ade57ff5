"""Guards: no avalanche. Limits over a rolling window, a source that shrank, a system that was restored from a backup."""
