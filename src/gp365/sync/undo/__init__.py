"""Undo: what a run, or the last writes of a record, changed is taken back by the same door, and what cannot be is said.

Nothing is ever deleted: a created record is taken out of use and its link closed.
"""
