"""Customers of a simulated account. Source: developers.gorgias.com, create-customer and others."""

from __future__ import annotations

from typing import Any

from migrator_lib.gorgias.contract.bodies import CustomerCreate, CustomerUpdate
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.call import Call, required
from migrator_lib.simulators.gorgias.custom_fields import check_values
from migrator_lib.simulators.gorgias.endpoint import Endpoint
from migrator_lib.simulators.gorgias.paging import envelope, listed, sees
from migrator_lib.simulators.gorgias.resource import bulk_delete, create, delete, get, put
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.validation import Refused, parse

FIRST_CUSTOMER = 20_000
"""Far from the ids of users, so that one taken for the other is not there."""


def _channels(account: Account, given: Document, owner: int | None) -> list[Document]:
    """Return a customer's channels; an address is on one customer only."""
    channels = list(given.get("channels") or [])
    email = given.get("email")
    if email and not any(c["type"] == "email" and c["address"].lower() == email.lower() for c in channels):
        channels.append({"type": "email", "address": email, "preferred": True})
    for channel in channels:
        holder = account.store.owner_of(channel["type"], channel["address"])
        if holder is not None and holder != owner:
            data = {"channels": [f"{channel['type']} address is already used by customer {holder}."]}
            raise Refused(409, "Failed to save customer", data)
    return channels


def create_customer(account: Account, body: Any) -> Document:
    """``POST /api/customers``."""
    given = parse(CustomerCreate, body, "create customer").model_dump(exclude_unset=True)
    channels = _channels(account, given, None)
    values = check_values(account, given.pop("custom_fields", None), "Customer")
    customer_id = account.store.next_id("customer", FIRST_CUSTOMER)
    now = account.now()
    emails = [c["address"] for c in channels if c["type"] == "email"]
    document = {
        "id": customer_id, "uri": f"/api/customers/{customer_id}/", "external_id": None, "name": None, "language": None,
        "timezone": "UTC", "note": None, "meta": None, **given, "email": given.get("email") or next(iter(emails), None),
        "channels": channels, "custom_fields": values, "created_datetime": now, "updated_datetime": now,
    }  # fmt: skip
    _save(account, document)
    return document


def update_customer(account: Account, customer: Document, body: Any) -> Document:
    """``PUT /api/customers/{id}``; channels, where given, replace all."""
    given = parse(CustomerUpdate, body, "update customer").model_dump(exclude_unset=True)
    if "channels" in given or "email" in given:
        merged = {"channels": given.get("channels", customer["channels"]), "email": given.get("email")}
        given["channels"] = _channels(account, merged, customer["id"])
    if "custom_fields" in given:
        given["custom_fields"] = check_values(account, given["custom_fields"], "Customer")
    customer.update(given, updated_datetime=account.now())
    _save(account, customer)
    return customer


def _save(account: Account, customer: Document) -> None:
    account.store.put("customer", customer, name=(customer.get("email") or "").lower() or None)
    account.store.set_addresses(customer["id"], [(c["type"], c["address"]) for c in customer["channels"]])


def _list(account: Account, call: Call) -> Any:
    query = call.query
    if "external_id" in query:
        return listed(account, "customer", call, where={"external_id": query["external_id"]}, keep=sees(account))
    address = query.get("email") or query.get("channel_address")
    if address:
        owner = account.store.owner_of(query.get("channel_type", "email"), address)
        found = account.store.get("customer", owner) if owner is not None else None
        return envelope(call, [found] if found else [])
    return listed(account, "customer", call)


def _values(account: Account, call: Call) -> Any:
    return {"data": required(account, "customer", call.id())["custom_fields"]}


def _put_values(account: Account, call: Call) -> Any:
    customer = required(account, "customer", call.id())
    return {"data": update_customer(account, customer, {"custom_fields": call.body})["custom_fields"]}


def _remove(account: Account, customer: Document) -> None:
    account.store.set_addresses(customer["id"], [])
    account.store.delete("customer", customer["id"])


ROUTES = (
    Endpoint("GET", "customers", 200, _list),
    Endpoint("POST", "customers", 201, create(create_customer)),
    Endpoint("DELETE", "customers", 204, bulk_delete("customer", _remove)),
    Endpoint("GET", "customers/{id}", 200, get("customer")),
    Endpoint("PUT", "customers/{id}", 202, put("customer", update_customer)),
    Endpoint("DELETE", "customers/{id}", 204, delete("customer", _remove)),
    Endpoint("GET", "customers/{id}/custom-fields", 200, _values),
    Endpoint("PUT", "customers/{id}/custom-fields", 202, _put_values),
)
