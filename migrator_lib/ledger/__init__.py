"""The ledger: the durable account of what happened to every record."""

from migrator_lib.ledger.ledger import LEASE_SECONDS, Ledger
from migrator_lib.ledger.places import open_ledger
from migrator_lib.ledger.schema import GONE, PENDING, REMOVED, SETTLED, Entry

__all__ = ["GONE", "LEASE_SECONDS", "PENDING", "REMOVED", "SETTLED", "Entry", "Ledger", "open_ledger"]
