"""Merging two customers, which cannot be undone. Source: developers.gorgias.com, merge-customers.

What the source had goes to the target: tickets, messages, surveys, channels, and what the target has not. Afterwards
the source answers with a 301 that names the target.
"""

from __future__ import annotations

from typing import Any

from migrator_lib.gorgias.contract.bodies import CustomerMerge
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.behaviour.surveys import KIND as SURVEY
from migrator_lib.simulators.gorgias.resources.customers import MERGED, find, save, update_customer
from migrator_lib.simulators.gorgias.resources.handlers import changed
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.web.endpoint import Endpoint, Query
from migrator_lib.simulators.gorgias.web.request import Call
from migrator_lib.simulators.gorgias.web.validation import Refused, refuse

ACTION = "merge customers"
INHERITED = ("email", "name", "external_id", "language", "note", "meta", "data")


def _asked(call: Call, name: str) -> int:
    given = call.number(name)
    if given is None:
        raise refuse(400, ACTION, name, "Missing data for required field.")
    return given


def _merge(account: Account, call: Call) -> Any:
    source_id, target_id = _asked(call, "source_id"), _asked(call, "target_id")
    if source_id == target_id:
        raise refuse(400, ACTION, "target_id", "Must be another customer than the source.")
    source, target = find(account, source_id), find(account, target_id)
    both = {*(source.get("integrations") or {})} & {*(target.get("integrations") or {})}
    if both:
        raise Refused(409, "Both customers have data of the same integration", {"integrations": sorted(both)})
    _inherit(source, target)
    account.store.set_addresses(source_id, [])
    account.store.delete("customer", source_id)
    account.store.put(MERGED, {"id": source_id, "into": target_id})
    target["updated_datetime"] = account.now()
    save(account, target)
    if call.body is not None:
        target = update_customer(account, target, call.body, CustomerMerge)
    _move(account, source_id, target)
    return changed(account, target)


def _inherit(source: Document, target: Document) -> None:
    """Give the target what it has not: channels, values of custom fields, data of integrations, and the rest."""
    held = {(channel["type"], channel["address"].lower()) for channel in target["channels"]}
    target["channels"] += [
        {**channel, "preferred": False}
        for channel in source["channels"]
        if (channel["type"], channel["address"].lower()) not in held
    ]
    fields = {value["field"]["id"] for value in target["custom_fields"]}
    target["custom_fields"] += [value for value in source["custom_fields"] if value["field"]["id"] not in fields]
    if source.get("integrations"):
        target["integrations"] = {**source["integrations"], **(target.get("integrations") or {})}
    for name in INHERITED:
        if target.get(name) is None and source.get(name) is not None:
            target[name] = source[name]


def _move(account: Account, source_id: int, target: Document) -> None:
    """Let everything of the source be the target's."""
    person = {"id": target["id"], "name": target.get("name"), "email": target.get("email")}
    for ticket in account.store.by("ticket", "parent", source_id):
        ticket.update(customer=person, updated_datetime=account.now())
        account.save_ticket(ticket)
    for end, by_agent in (("sender", False), ("receiver", True)):
        for message in account.store.holding("message", f"$.{end}.id", source_id):
            if bool(message["from_agent"]) == by_agent:
                message[end] = person
                account.store.replace("message", message)
    for survey in account.store.holding(SURVEY, "$.customer_id", source_id):
        survey["customer_id"] = target["id"]
        account.store.replace(SURVEY, survey)


ROUTES = (
    Endpoint(
        "PUT", "customers/merge", 202, _merge, "Merge the source into the target; the source is then gone",
        CustomerMerge | None,
        query=(
            Query("source_id", int, "Who is merged, and then gone.", required=True),
            Query("target_id", int, "Who stays.", required=True),
        ),
        errors=(301, 404, 409),
    ),
)  # fmt: skip
