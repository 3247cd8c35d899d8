"""What all parts of a roll-back share: the account, the ledger, what is staged, and where its files are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.ledger import Ledger
from migrator_lib.objects import OBJECTS
from migrator_lib.progress import Progress
from migrator_lib.proofs.behaviour import Behaviour
from migrator_lib.staging import Staged

ORDER = ("tickets", "customers", "macros", "tags", "teams", "users", "custom-fields")
"""Kinds of what a load makes, in the order of removal: what refers to others goes first."""
OBJECTS_OF: Mapping[str, tuple[str, ...]] = {
    kind: tuple(obj.name for obj in OBJECTS if obj.path == kind) for kind in ORDER
}
"""Kind to the objects of the map whose records become one."""


@dataclass(frozen=True)
class Context:
    """One account whose load is rolled back."""

    api: GorgiasApi
    target: str
    """production or sandbox, as the ledger has it."""
    ledger: Ledger
    engagement: str
    """Its name, which is part of every external id."""
    folder: Path
    """The engagement's state."""
    progress: Progress
    behaviour: Behaviour
    """What depends on how Gorgias answers."""
    staged: Staged | None = None
    """What was loaded; a snapshot needs none of it."""
    tags: frozenset[str] = frozenset()
    """Names of tags that are no record's, and that Gorgias made since tickets named them."""

    @property
    def snapshot_file(self) -> Path:
        """The inventory from before the first write."""
        return self.folder / f"snapshot_{self.target}.sqlite3"

    @property
    def inventory_file(self) -> Path:
        """The inventory that the plan was made by."""
        return self.folder / f"inventory_{self.target}.sqlite3"

    @property
    def plan_file(self) -> Path:
        """What goes and what stays."""
        return self.folder / f"roll_back_{self.target}.sqlite3"

    @property
    def kept(self) -> str:
        """Name of the ledger's value that says where the roll-back of this account stands."""
        return kept_name(self.target)

    @property
    def began(self) -> datetime | None:
        """When the load began, UTC, as far as it is known: nobody can have worked on what it made before."""
        at = (self.ledger.meta(snapshot_name(self.target)) or {}).get("at")
        return datetime.fromisoformat(at) if at else None

    @property
    def planned_at(self) -> str:
        """When the plan began to be made, ISO, UTC."""
        return str((self.ledger.meta(self.kept) or {})["at"])


def kept_name(target: str) -> str:
    """Return the name under which the ledger keeps where the roll-back of an account stands."""
    return f"roll_back:{target}"


def snapshot_name(target: str) -> str:
    """Return the name under which the ledger keeps what there is of a snapshot of an account."""
    return f"snapshot:{target}"
