"""Customers of a simulated account. Source: developers.gorgias.com, create-customer, list-customers and others."""

from __future__ import annotations

from typing import Any

from migrator_lib.gorgias.contract import replies
from migrator_lib.gorgias.contract.bodies import CustomerCreate, CustomerData, CustomerUpdate, Ids
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.resources.custom_fields import check_values
from migrator_lib.simulators.gorgias.resources.field_values import value_routes
from migrator_lib.simulators.gorgias.resources.handlers import bulk_delete, create, delete, put
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.web.endpoint import PAGING, Endpoint, Query, order_by
from migrator_lib.simulators.gorgias.web.paging import Keep, by_external_id, listed
from migrator_lib.simulators.gorgias.web.request import Call, required
from migrator_lib.simulators.gorgias.web.validation import Refused, parse

ORDERS = ("created_datetime", "updated_datetime", "name", "id")
MERGED = "merged_customer"
"""What is left of a customer who was merged with another: the other's id, as ``into``."""
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
    if isinstance(body, dict) and "channels" not in body and not account.knobs.channels_required:
        body = {**body, "channels": []}
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
    save(account, document)
    return document


def update_customer(
    account: Account, customer: Document, body: Any, model: type[CustomerUpdate] = CustomerUpdate
) -> Document:
    """``PUT /api/customers/{id}``; channels, where given, replace all."""
    given = parse(model, body, "update customer").model_dump(exclude_unset=True)
    if given.get("channels", "") is None:  # says nothing
        del given["channels"]
    if "channels" in given or "email" in given:
        merged = {"channels": given.get("channels", customer["channels"]), "email": given.get("email")}
        given["channels"] = _channels(account, merged, customer["id"])
    if "custom_fields" in given:
        given["custom_fields"] = check_values(account, given["custom_fields"], "Customer")
    customer.update(given, updated_datetime=account.now())
    save(account, customer)
    return customer


def save(account: Account, customer: Document) -> None:
    """Store a customer, and their addresses."""
    account.store.put("customer", customer, name=(customer.get("email") or "").lower() or None)
    account.store.set_addresses(customer["id"], [(c["type"], c["address"]) for c in customer["channels"]])


def find(account: Account, customer_id: int) -> Document:
    """Return a customer.

    Raises:
        Refused: 404; or 301 with the other's id, if this one was merged with another.
    """
    left, into = account.store.get(MERGED, customer_id), None
    while left is not None:
        into = left["into"]
        left = account.store.get(MERGED, into)
    if into is None:
        return required(account, "customer", customer_id)
    place = {"Location": f"/{account.name}/api/customers/{into}"}
    raise Refused(301, f"Customer with id {customer_id} was merged with another one.", {"id": into}, place)


def _shown(account: Account, call: Call) -> Any:
    return find(account, call.id())


def _list(account: Account, call: Call) -> Any:
    query = call.query
    where: dict[str, Any] = {}
    tests: list[Keep] = []
    if "external_id" in query:
        where, keep = by_external_id(account, query["external_id"])
        tests.append(keep)
    for column in ("name", "language", "timezone"):
        if column in query:
            tests.append(lambda customer, column=column: customer.get(column) == query[column])  # type: ignore[misc]
    for kind, name in (("email", "email"), (query.get("channel_type", "email"), "channel_address")):
        if query.get(name):
            owner = account.store.owner_of(kind, query[name])
            where["id"] = owner if owner is not None else -1
    if "channel_type" in query and "channel_address" not in query:
        tests.append(lambda customer: any(c["type"] == query["channel_type"] for c in customer["channels"]))
    return listed(
        account, "customer", call, where=where, keep=lambda customer: all(test(customer) for test in tests),
        orders=ORDERS,
    )  # fmt: skip


def _put_data(account: Account, call: Call) -> None:
    """``PUT /api/customers/{id}/data``: what is older than what is there is ignored, and nothing says so."""
    customer = find(account, call.id())
    given = parse(CustomerData, call.body, "set customer data")
    held = account.store.get("customer_data", customer["id"])
    version = given.version or account.now()
    if held is not None and held["version"] > version:
        return
    account.store.put("customer_data", {"id": customer["id"], "version": version})
    customer.update(data=given.data, updated_datetime=account.now())
    account.store.replace("customer", customer)


def _remove(account: Account, customer: Document) -> None:
    if not account.knobs.customer_with_tickets_deletable and account.store.by("ticket", "parent", customer["id"]):
        raise Refused(409, f"Customer with id {customer['id']} has tickets")
    account.store.set_addresses(customer["id"], [])
    account.store.delete("customer", customer["id"])


def _save_values(account: Account, customer: Document) -> None:
    customer["updated_datetime"] = account.now()
    account.store.replace("customer", customer)


FILTERS = (
    Query("email", str, "One of the addresses."), Query("external_id"), Query("name", str, "The whole name."),
    Query("language"), Query("timezone"), Query("channel_type"), Query("channel_address", str, "With channel_type."),
)  # fmt: skip
ROUTES = (
    Endpoint(
        "GET", "customers", 200, _list, "List customers", reply=replies.Customer, listed=True,
        query=(*PAGING, *FILTERS, order_by(*ORDERS)),
    ),
    Endpoint(
        "POST", "customers", 201, create(create_customer), "Create a customer", CustomerCreate, replies.Customer,
        errors=(409,),
    ),
    Endpoint("DELETE", "customers", 204, bulk_delete("customer", _remove), "Delete many customers", Ids, errors=(409,)),
    Endpoint("GET", "customers/{id}", 200, _shown, "Get a customer", reply=replies.Customer, errors=(301,)),
    Endpoint(
        "PUT", "customers/{id}", 202, put("customer", update_customer, find),
        "Change a customer; channels replace all", CustomerUpdate, errors=(301, 409),
    ),
    Endpoint(
        "DELETE", "customers/{id}", 204, delete("customer", _remove, find), "Delete a customer", errors=(301, 409)
    ),
    Endpoint("PUT", "customers/{id}/data", 202, _put_data, "Replace a customer's data", CustomerData, errors=(301,)),
    *value_routes("customers", "Customer", find, _save_values),
)  # fmt: skip
