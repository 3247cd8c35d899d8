"""Integrations: only those of type ``http`` are made by API. Source: developers.gorgias.com, create-integration."""

from __future__ import annotations

from typing import Any

from migrator_lib.gorgias.contract import replies
from migrator_lib.gorgias.contract.bodies import IntegrationCreate, IntegrationUpdate
from migrator_lib.simulators.gorgias.account import Account, active
from migrator_lib.simulators.gorgias.resources.handlers import create, delete, get, put, restamped, stamped
from migrator_lib.simulators.gorgias.resources.references import rules_with, switch_off_views
from migrator_lib.simulators.gorgias.resources.settings import limit_of
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.web.endpoint import PAGING, Endpoint, Query, order_by
from migrator_lib.simulators.gorgias.web.paging import listed
from migrator_lib.simulators.gorgias.web.request import Call
from migrator_lib.simulators.gorgias.web.validation import Refused, parse, refuse

DEFAULTS = {"description": None, "deactivated_datetime": None, "business_hours_id": None}
ORDERS = ("created_datetime", "updated_datetime", "name", "id")


def _http(given: Document, held: Document | None = None) -> Document:
    """Return what is kept of an integration: its secret is written and never shown."""
    http = given.pop("http", None)
    if http is not None:
        http.pop("hmac_secret", None)
    return {**given, "http": http or held}


def create_integration(account: Account, body: Any) -> Document:
    """``POST /api/integrations``."""
    given = parse(IntegrationCreate, body, "create integration").model_dump(exclude_none=True)
    most = limit_of(account, "max_integrations")
    if most is not None and len(active(account.store.by_kind("integration"))) >= most:
        raise refuse(400, "create integration", "type", f"At most {most} integrations may be active.")
    return stamped(account, "integration", "integrations", {**DEFAULTS, **_http(given)})


def update_integration(account: Account, integration: Document, body: Any) -> Document:
    """``PUT /api/integrations/{id}``: what is left out stays; a null date switches it on again."""
    given = parse(IntegrationUpdate, body, "update integration").model_dump(exclude_unset=True)
    return restamped(account, "integration", integration, _http(given, integration.get("http")))


def _remove(account: Account, integration: Document) -> None:
    if users := rules_with(account, "integration", integration["id"]):
        raise Refused(409, f"Integration with id {integration['id']} is used by {users[0]}", {"id": users})
    switch_off_views(account, str(integration["id"]))
    account.store.delete("integration", integration["id"])


def _list(account: Account, call: Call) -> Any:
    kind = call.query.get("type")
    return listed(account, "integration", call, keep=lambda found: kind in (None, found.get("type")), orders=ORDERS)


ROUTES = (
    Endpoint(
        "GET", "integrations", 200, _list, "List integrations", reply=replies.Integration, listed=True,
        query=(*PAGING, Query("type", str, "Such as http."), order_by(*ORDERS)),
    ),
    Endpoint(
        "POST", "integrations", 201, create(create_integration), "Create an HTTP integration", IntegrationCreate,
        replies.Integration,
    ),
    Endpoint("GET", "integrations/{id}", 200, get("integration"), "Get an integration", reply=replies.Integration),
    Endpoint(
        "PUT", "integrations/{id}", 202, put("integration", update_integration),
        "Change an integration; a deactivation date switches it off", IntegrationUpdate,
    ),
    Endpoint(
        "DELETE", "integrations/{id}", 204, delete("integration", _remove), "Delete one that no rule uses",
        errors=(409,),
    ),
)  # fmt: skip
