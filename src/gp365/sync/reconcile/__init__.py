"""Reconcile: both sides read in full and compared by value; every difference is explained, or called drift."""

from gp365.sync.reconcile.found import Difference, FieldDifference, Missing, Single, Why
from gp365.sync.reconcile.result import Reconciliation
from gp365.sync.reconcile.run import note, reconcile

__all__ = [
    "Difference",
    "FieldDifference",
    "Missing",
    "Reconciliation",
    "Single",
    "Why",
    "note",
    "reconcile",
]
