"""Reconcile: what should be in Gorgias, compared with what is; and the accounts, which add up to the source."""

from migrator_lib.reconcile.reconciler import Reconciler
from migrator_lib.reconcile.result import (
    ADDED,
    ADDED_TITLE,
    CHANGED,
    RECONCILED,
    WRONG,
    Finding,
    Reconciliation,
    added,
)

__all__ = [
    "ADDED",
    "ADDED_TITLE",
    "ALWAYS",
    "CHANGED",
    "RECONCILED",
    "WRONG",
    "Finding",
    "Reconciler",
    "Reconciliation",
    "added",
]
ALWAYS = ("validated", "mismatched", "missing", "unexpected")
"""States whose numbers are shown though they are 0."""
