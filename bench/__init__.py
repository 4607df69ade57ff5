"""Timings, printed as JSON, each with a baseline of the same run. No test reads a clock; these do nothing else."""
