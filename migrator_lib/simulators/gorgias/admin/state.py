"""What an account holds, as a whole: back to the seed, or to what it was at some moment."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path

from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.seed import Seed
from migrator_lib.simulators.gorgias.store import Saved
from migrator_lib.simulators.gorgias.web.validation import Refused

Name = Annotated[str, Path(pattern=r"^[\w.-]{1,100}$", description="Letters, digits, dots and dashes.")]


def add(routes: APIRouter, account: Account) -> None:
    """Add the ways to set what an account holds."""
    snapshots: dict[str, Saved] = {}

    @routes.post("/reset", summary="Forget everything and hold the seed: the one given, or the account's own")
    def reset(seed: Annotated[Seed | None, Body()] = None) -> dict[str, Any]:
        try:
            account.reset(seed.model_dump(exclude_unset=True) if seed else None)
        except (ValueError, LookupError) as error:
            raise Refused(400, "The seed cannot be held", {"_schema": [str(error)]}) from error
        account.written.clear()
        return {"users": account.store.count("user"), "tickets": account.store.count("ticket")}

    @routes.get("/snapshots", summary="Names of what was saved since the simulator was started")
    def saved() -> list[str]:
        return sorted(snapshots)

    @routes.put("/snapshots/{name}", summary="Save everything that the account holds", status_code=204)
    def save(name: Name) -> None:
        snapshots[name] = account.store.saved()

    @routes.post("/snapshots/{name}/restore", summary="Hold what was saved, and nothing else", status_code=204)
    def restore(name: Name) -> None:
        if name not in snapshots:
            raise Refused(404, f"Nothing was saved as {name}.")
        with account.store.transaction():
            account.store.restore(snapshots[name])
        account.written.clear()

    @routes.delete("/snapshots/{name}", summary="Forget what was saved", status_code=204)
    def forget(name: Name) -> None:
        snapshots.pop(name, None)
