"""What the parts of a reconciliation share."""

from __future__ import annotations

from dataclasses import dataclass

from migrator_lib.ledger import Ledger
from migrator_lib.lookups import Lookups
from migrator_lib.reconcile.readback import ReadBack
from migrator_lib.staging import Staged


@dataclass(frozen=True)
class Context:
    """One stage beside one account."""

    ledger: Ledger
    target: str
    staged: Staged
    lookups: Lookups
    read: ReadBack
