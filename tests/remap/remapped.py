"""A shop that was loaded, mapped anew."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from migrator_lib.progress import Progress
from migrator_lib.proofs.behaviour import Behaviour
from migrator_lib.remap.remapping import Remapper, Remapping
from migrator_lib.staging import Staged
from tests.loading import TARGET
from tests.updating import Loaded


def remapped(desk: Loaded, staged: Staged | None = None, **behaviour: Any) -> Remapping:
    staged = staged or desk.staged()
    lookups = replace(desk.shop.lookups(staged), behaviour=Behaviour(**behaviour))
    return Remapper(
        ledger=desk.ledger, target=TARGET, staged=staged, lookups=lookups, folder=desk.shop.folder / "staged",
        progress=Progress(desk.shop.folder / "remap.json", "remap"),
    ).run()  # fmt: skip


def statuses(**tags: str | None) -> dict[str, Any]:
    """Return the mapping of the three statuses, each with its tag."""
    names = {"1": ("Active", "open"), "2": ("Waiting", "open"), "3": ("Closed", "closed")}
    return {
        key: {"name": name, "becomes": becomes, "tag": tags.get(name.lower())} for key, (name, becomes) in names.items()
    }
