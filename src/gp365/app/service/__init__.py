"""The service: one process that polls, takes hints, runs what is due, and says how everything stands."""
