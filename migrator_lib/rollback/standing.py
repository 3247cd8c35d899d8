"""How far the roll-back of an account came, as the ledger keeps it (``roll_back:<account>``).

::

    planned      the plan is in its file, and its digest can be signed
    under way    the first removal may have left; until it is finished nothing can be loaded
    done         everything is removed and proven; the next load takes a new snapshot
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from migrator_lib.ledger import Ledger
from migrator_lib.rollback.context import kept_name

ROLLED_BACK = "rolled back"
"""What the ledger says of the steps whose work was taken back."""


@dataclass
class Standing:
    """Where the roll-back of an account stands, as the ledger keeps it."""

    state: str = ""
    digest: str = ""
    head: int = 0
    """The journal's last row when the plan was made."""
    at: str = ""
    """When the plan began to be made, UTC."""
    proof: Mapping[str, Any] | None = None
    articles: list[str] | None = None
    """What of the knowledge base may go, a line for each; None of a plan that an earlier version made."""
    protected: int = 0
    """How many things it left in Gorgias, since somebody touched or uses them."""

    @classmethod
    def of(cls, ledger: Ledger, target: str) -> Standing:
        """Return what the ledger keeps."""
        return cls(**(ledger.meta(kept_name(target)) or {}))


def is_under_way(ledger: Ledger, target: str) -> bool:
    """Whether a roll-back of an account was begun and is not finished."""
    return Standing.of(ledger, target).state == "under way"
