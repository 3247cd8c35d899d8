"""Users and customers of a simulated account."""

from __future__ import annotations

from typing import Any

from migrator_lib.gorgias.contract.bodies import CustomerCreate, CustomerUpdate, UserCreate, UserUpdate
from migrator_lib.simulators.gorgias import setup
from migrator_lib.simulators.gorgias.account import Account, reference_problem
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.validation import Refused, parse

FIRST_CUSTOMER = 20_000
"""Far from the ids of users, so that one taken for the other is not there."""


def create_user(account: Account, body: Any, *, invite: bool = True) -> Document:
    """``POST /api/users``; the product is assumed to invite the new user by mail."""
    given = parse(UserCreate, body, "create user").model_dump(exclude_unset=True)
    email = given["email"].lower()
    if account.store.by("user", "name", email):
        raise Refused(409, "Failed to create user", {"email": ["This email is already used by another user."]})
    user_id = account.store.next_id("user")
    now = account.now()
    document = {
        "id": user_id, "uri": f"/api/users/{user_id}/", "active": True, "external_id": None, "bio": None,
        "country": None,
        "language": "en", "timezone": "UTC", "meta": {}, **given, "created_datetime": now, "updated_datetime": now,
    }  # fmt: skip
    account.store.put("user", document, name=email)
    if invite:
        account.store.mail("invitation", email, "user created", now)
    return document


def update_user(account: Account, user: Document, body: Any) -> Document:
    """``PUT /api/users/{id}``."""
    given = parse(UserUpdate, body, "update user").model_dump(exclude_unset=True)
    if given.get("email", user["email"]) != user["email"] and not given.get("password_confirmation"):
        raise Refused(400, "Failed to update user", {"password_confirmation": ["Missing data for required field."]})
    given.pop("password_confirmation", None)
    user.update(given, updated_datetime=account.now())
    account.store.put("user", user, name=user["email"].lower())
    return user


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
    values = setup.check_values(account, given.pop("custom_fields", None), "Customer")
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
        given["custom_fields"] = setup.check_values(account, given["custom_fields"], "Customer")
    customer.update(given, updated_datetime=account.now())
    _save(account, customer)
    return customer


def _save(account: Account, customer: Document) -> None:
    account.store.put("customer", customer, name=(customer.get("email") or "").lower() or None)
    account.store.set_addresses(customer["id"], [(c["type"], c["address"]) for c in customer["channels"]])


def nested_person(account: Account, given: Document, *, agent: bool, field: str) -> int:
    """Return the id of a person named inside another body.

    As in the product, more than an id changes that person, and an unknown address makes a new one.

    Raises:
        Refused: there is no such person.
    """
    kind = "user" if agent else "customer"
    person_id = given.get("id")
    if person_id is None and given.get("email"):
        owner = None if agent else account.store.owner_of("email", given["email"])
        found = account.store.by("user", "name", given["email"].lower()) if agent else []
        person_id = owner or (found[0]["id"] if found else None)
        if person_id is None and not agent:
            channels = [{"type": "email", "address": given["email"], "preferred": True}]
            return int(create_customer(account, {"channels": channels, **given})["id"])
    person = account.store.get(kind, person_id) if person_id is not None else None
    if person is None:
        raise Refused(400, "Failed to save", reference_problem(field))
    others = {k: v for k, v in given.items() if k != "id" and v is not None}
    if others and not agent:
        update_customer(account, person, others)
    return int(person["id"])
