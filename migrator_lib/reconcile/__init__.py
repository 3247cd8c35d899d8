"""Reconcile: what should be in Gorgias, compared with what is; and the accounts, which add up to the source."""

from migrator_lib.reconcile.reconciler import Finding, Reconciler, Reconciliation

__all__ = ["Finding", "Reconciler", "Reconciliation"]
