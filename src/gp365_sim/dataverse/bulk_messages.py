"""The names of the bulk messages."""

MESSAGES = ("CreateMultiple", "UpdateMultiple", "UpsertMultiple")
