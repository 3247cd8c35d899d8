"""Side effects: what in a Gorgias account would act on tickets that are imported.

Rules answer and tag, HTTP integrations call other systems, surveys go out, auto-merge fuses open tickets of one
customer (developers.gorgias.com and docs.gorgias.com, by name). None of it may be on while history is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from migrator_lib.errors import RecordRejected
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.gorgias.contract.replies import Integration, Rule, Thing

T = TypeVar("T", bound=Thing)

ACTING_SETTINGS = {
    "satisfaction-surveys": "satisfaction surveys are sent",
    "auto-merge": "open tickets of one customer are merged",
    "ticket-assignment": "tickets are assigned automatically",
}
"""Types of account settings that act when enabled. UNVERIFIED but for their names: an account tells its own."""


def active(api: GorgiasApi) -> list[str]:
    """Return in words what is switched on in an account and would act on imported tickets."""
    found = [f"rule '{rule.name}'" for rule in _listed(api.rules.every) if _is_on(rule)]
    for integration in _listed(api.integrations.every):
        if integration.type == "http" and _is_on(integration):
            found.append(f"HTTP integration '{integration.name}'")
    for setting in _listed(api.account.settings):
        words = ACTING_SETTINGS.get(str(setting.type))
        if words and _enabled(setting.data):
            found.append(f"setting '{setting.type}': {words}")
    return found


def _listed(every: Callable[[], Iterable[T]]) -> list[T]:
    try:
        return list(every())
    except RecordRejected as error:
        if error.status == 404:
            return []  # the plan of this account does not have it
        raise


def _is_on(thing: Rule | Integration) -> bool:
    return not thing.deactivated_datetime


def _enabled(data: object) -> bool:
    return isinstance(data, Mapping) and bool(data.get("enabled") or data.get("auto_assign_to_teams"))
