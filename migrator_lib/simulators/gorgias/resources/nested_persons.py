"""Persons who are named inside the body of a ticket or a message."""

from __future__ import annotations

from migrator_lib.simulators.gorgias.account import Account, reference_problem
from migrator_lib.simulators.gorgias.resources.customers import create_customer, update_customer
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.web.validation import Refused


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
