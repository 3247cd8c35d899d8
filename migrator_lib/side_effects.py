"""Side effects: what in a Gorgias account would act on tickets that are imported.

Rules answer and tag, HTTP integrations call other systems, surveys go out, auto-merge fuses open tickets of one
customer (developers.gorgias.com and docs.gorgias.com, by name). None of it may be on while history is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from migrator_lib.errors import RecordRejected
from migrator_lib.gorgias.api import GorgiasApi

ACTING_SETTINGS = {
    "satisfaction-surveys": "satisfaction surveys are sent",
    "auto-merge": "open tickets of one customer are merged",
    "ticket-assignment": "tickets are assigned automatically",
}
"""Types of account settings that act when enabled. UNVERIFIED but for their names: an account tells its own."""


def active(api: GorgiasApi) -> list[str]:
    """Return in words what is switched on in an account and would act on imported tickets."""
    found = [f"rule '{rule.get('name')}'" for rule in _listed(api, "rules") if _is_on(rule)]
    for integration in _listed(api, "integrations"):
        if integration.get("type") == "http" and _is_on(integration):
            found.append(f"HTTP integration '{integration.get('name')}'")
    for setting in _listed(api, "account/settings"):
        words = ACTING_SETTINGS.get(str(setting.get("type")))
        if words and _enabled(setting.get("data")):
            found.append(f"setting '{setting['type']}': {words}")
    return found


def _listed(api: GorgiasApi, path: str) -> list[Mapping[str, Any]]:
    try:
        return list(api.every(path))
    except RecordRejected as error:
        if error.status == 404:
            return []  # the plan of this account does not have it
        raise


def _is_on(thing: Mapping[str, Any]) -> bool:
    return not thing.get("deactivated_datetime")


def _enabled(data: object) -> bool:
    return isinstance(data, Mapping) and bool(data.get("enabled") or data.get("auto_assign_to_teams"))
