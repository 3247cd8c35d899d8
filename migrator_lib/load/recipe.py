"""By which recipe payloads were made: the mapping, the parameters that transforms read, and how the account behaves.

The ledger keeps the hash of what was sent, not the payload. A payload follows from staged data and the recipe, so with
every recipe that was loaded by, what was sent can be made again without a call, and its hash proves that it is that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from migrator_lib.ledger import Ledger
from migrator_lib.lookups import Lookups
from migrator_lib.mapping import EngagementMapping
from migrator_lib.objects.base import payload_hash
from migrator_lib.parameters import Organizations, Policy
from migrator_lib.proofs.behaviour import Behaviour

KEPT = "loads"
"""Name of the kept value, with the account's behind it: what was loaded by which recipe, oldest first."""
MOST = 50
"""Loads that are kept: more than one for each change of the mapping, the policy or the stages."""


@dataclass(frozen=True)
class Loaded:
    """A load that began: by which recipe, and from which stages."""

    recipe: str
    """The recipe's hash."""
    stages: tuple[str, ...]


def recipe_of(lookups: Lookups) -> dict[str, Any]:
    """Return the recipe, as JSON, that these look-ups make payloads by."""
    parameters = lookups.parameters
    return {
        "mapping": lookups.mapping.model_dump(mode="json"),
        "policy": parameters.policy.model_dump(mode="json"),
        "agents": {"history": parameters.agents.history},
        "organizations": parameters.organizations.model_dump(mode="json"),
        "target": {name: getattr(parameters.target, name) for name in ("mailbox", "upload_limit_bytes")},
        "behaviour": lookups.behaviour.model_dump(mode="json"),
    }


def lookups_by(recipe: dict[str, Any], lookups: Lookups) -> Lookups:
    """Return the same look-ups with another recipe: what was left out in it has its usual value."""
    found = lookups.parameters
    parameters = found.model_copy(
        update={
            "policy": Policy.model_validate(recipe["policy"]),
            "agents": found.agents.model_copy(update={"history": "fallback", **recipe.get("agents", {})}),
            "organizations": Organizations.model_validate(recipe["organizations"]),
            "target": found.target.model_copy(update=recipe["target"]),
        }
    )
    return replace(
        lookups, parameters=parameters, mapping=EngagementMapping.model_validate(recipe["mapping"]),
        behaviour=Behaviour.model_validate(recipe["behaviour"]),
    )  # fmt: skip


def note(ledger: Ledger, target: str, lookups: Lookups, stages: Sequence[str]) -> None:
    """Keep in the ledger by which recipe, and from which stages, a load of an account is about to begin."""
    recipe = recipe_of(lookups)
    loaded = [payload_hash(recipe), list(stages)]
    kept = ledger.meta(f"{KEPT}:{target}", {"recipes": {}, "loads": []})
    if kept["loads"] and kept["loads"][-1] == loaded:
        return
    loads = [*(one for one in kept["loads"] if one != loaded), loaded][-MOST:]
    used = {digest for digest, _ in loads}
    recipes = {digest: one for digest, one in (kept["recipes"] | {loaded[0]: recipe}).items() if digest in used}
    ledger.set_meta(f"{KEPT}:{target}", {"recipes": recipes, "loads": loads})


def keep_last(ledger: Ledger, target: str, load: Loaded) -> None:
    """Let a load that is known be the last one again: what came behind it took up some records alone."""
    kept = ledger.meta(f"{KEPT}:{target}")
    loaded = [load.recipe, list(load.stages)]
    if kept["loads"][-1] != loaded:
        others = [one for one in kept["loads"] if one != loaded]
        ledger.set_meta(f"{KEPT}:{target}", {**kept, "loads": [*others, loaded]})


def loads(ledger: Ledger, target: str) -> list[Loaded]:
    """Return the loads of an account, the last one first; each pair of recipe and stages once."""
    kept = ledger.meta(f"{KEPT}:{target}", {"loads": []})
    return [Loaded(digest, tuple(stages)) for digest, stages in reversed(kept["loads"])]


def recipes(ledger: Ledger, target: str) -> dict[str, dict[str, Any]]:
    """Return hash to recipe, the one that was loaded by last first."""
    kept = ledger.meta(f"{KEPT}:{target}", {"recipes": {}})["recipes"]
    return {one.recipe: kept[one.recipe] for one in loads(ledger, target)}


def is_loaded_by(ledger: Ledger, target: str, lookups: Lookups) -> bool:
    """Return whether the recipe is the one that an account was loaded by last; what no load is known of counts so."""
    last = next(iter(loads(ledger, target)), None)
    return last is None or last.recipe == payload_hash(recipe_of(lookups))
