"""The pages of what an account holds besides tickets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import Response

from migrator_lib import pages
from migrator_lib.pages import Html
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.behaviour.surveys import KIND as SURVEY
from migrator_lib.simulators.gorgias.inspector.scan import scan
from migrator_lib.simulators.gorgias.inspector.shell import (
    Site,
    facts,
    filters,
    moment,
    on_or_off,
    person,
    raw,
    tags,
    text_field,
)
from migrator_lib.simulators.gorgias.inspector.ticket_list import row
from migrator_lib.simulators.gorgias.inspector.ticket_page import values
from migrator_lib.simulators.gorgias.store import Document

Row = Callable[[Site, Document], dict[str, object]]


def _user(site: Site, user: Document) -> dict[str, object]:
    return {
        "Name": person(site, user, "users"), "E-mail": user["email"], "Role": user["role"]["name"],
        "Active": user.get("active"), "External id": user.get("external_id"),
        "Created": moment(user.get("created_datetime")),
    }  # fmt: skip


def _customer(site: Site, customer: Document) -> dict[str, object]:
    addresses = (f"{c['type']}: {c['address']}" for c in customer.get("channels") or [])
    return {
        "Name": person(site, customer, "customers"), "Channels": tags(addresses),
        "External id": customer.get("external_id"), "Updated": moment(customer.get("updated_datetime")),
    }  # fmt: skip


def _team(site: Site, team: Document) -> dict[str, object]:
    members = team.get("members") or []
    names = (pages.join([person(site, m, "users"), ", " if m is not members[-1] else ""]) for m in members)
    return {"Name": team["name"], "Members": pages.join(names), "Created": moment(team.get("created_datetime"))}


def _tag(site: Site, tag: Document) -> dict[str, object]:
    return {
        "Name": site.link("", tag["name"], tag=tag["name"]), "Description": tag.get("description"),
        "Created": moment(tag.get("created_datetime")),
    }  # fmt: skip


def _field(_site: Site, field: Document) -> dict[str, object]:
    settings = field["definition"].get("input_settings") or {}
    return {
        "Label": field["label"], "Of": field["object_type"], "Type": field["definition"]["data_type"],
        "Input": settings.get("input_type"), "Choices": tags((settings.get("choices") or [])[:20]),
        "Required": field.get("required"), "State": on_or_off(field, "good"), "External id": field.get("external_id"),
    }  # fmt: skip


def _survey(site: Site, survey: Document) -> dict[str, object]:
    return {
        "Ticket": site.link(f"tickets/{survey['ticket_id']}", f"no. {survey['ticket_id']}"),
        "Customer": site.link(f"customers/{survey['customer_id']}", f"no. {survey['customer_id']}"),
        "Score": survey.get("score"), "Said": survey.get("body_text"),
        "Sent": moment(survey.get("sent_datetime")), "Goes out": moment(survey.get("should_send_datetime")),
        "Scored": moment(survey.get("scored_datetime")),
    }  # fmt: skip


def _macro(_site: Site, macro: Document) -> dict[str, object]:
    given = [action.get("arguments") or {} for action in macro.get("actions") or []]
    return {
        "Name": macro["name"], "Language": macro.get("language"),
        "Text": "\n".join(str(arguments["body_text"]) for arguments in given if arguments.get("body_text")),
        "External id": macro.get("external_id"), "Archived": moment(macro.get("archived_datetime")),
    }  # fmt: skip


LISTS: Mapping[str, tuple[str, str, Row]] = {
    "customers": ("Customers", "customer", _customer),
    "users": ("Users", "user", _user),
    "teams": ("Teams", "team", _team),
    "tags": ("Tags", "tag", _tag),
    "fields": ("Custom fields", "custom_field", _field),
    "macros": ("Macros", "macro", _macro),
    "surveys": ("Satisfaction surveys", SURVEY, _survey),
}
"""Address to title, kind in the store, and what a row shows."""


def page(place: str, account: Account, site: Site, query: Mapping[str, str]) -> Response:
    """Return a list, the latest first, searched by any word of its records."""
    title, kind, shown = LISTS[place]
    asked = query.get("search", "").strip().lower()
    found = scan(account, kind, cursor=query.get("cursor", ""), keep=lambda document: asked in _words(document))
    with account.store.lock:
        count = account.store.count(kind)
    more = site.link(place, "More", search=asked, cursor=found.following) if found.following else ""
    first = site.link(place, "Back to the first", search=asked) if query.get("cursor") else ""
    return site.page(
        title, filters(site, place, text_field("Search", "search", query.get("search", ""), wide=True)),
        pages.table([shown(site, document) for document in found.rows], caption=title, empty="None."),
        pages.tag("p", pages.join([first, more]), class_="more"),
        place=place, subtitle=f"{count:,} in this account.",
    )  # fmt: skip


def _words(value: Any) -> str:
    """Return all that a record says, to look through."""
    if isinstance(value, dict):
        return " ".join(_words(part) for part in value.values())
    if isinstance(value, list):
        return " ".join(_words(part) for part in value)
    return str(value).lower()


def customer(account: Account, site: Site, customer_id: int) -> Response:
    """Return a customer's page with the tickets."""
    with account.store.lock:
        found = account.store.get("customer", customer_id)
        tickets = account.store.by("ticket", "parent", customer_id)
    if found is None:
        return site.missing(f"customer no. {customer_id}")
    tickets.sort(key=lambda ticket: str(ticket["updated_datetime"]), reverse=True)
    return _person(
        site, found, "customers",
        {"Channels": tags(f"{c['type']}: {c['address']}" for c in found.get("channels") or []),
         "Note": found.get("note"), "Timezone": found.get("timezone"), **values(found.get("custom_fields"))},
        pages.heading("Tickets"), pages.table([row(site, ticket) for ticket in tickets], empty="No tickets."),
    )  # fmt: skip


def user(account: Account, site: Site, user_id: int) -> Response:
    """Return a user's page."""
    with account.store.lock:
        found = account.store.get("user", user_id)
    if found is None:
        return site.missing(f"user no. {user_id}")
    own = site.link("", "Tickets of this agent", assignee=user_id)
    about = {"Role": found["role"]["name"], "Active": "yes" if found.get("active") else "no"}
    return _person(site, found, "users", about, pages.paragraph(own))


def _person(site: Site, found: Document, place: str, about: Mapping[str, object], *parts: Html) -> Response:
    given = {
        "E-mail": found.get("email"), **about,
        "Language": found.get("language"), "External id": found.get("external_id"),
        "Created": moment(found.get("created_datetime")), "Updated": moment(found.get("updated_datetime")),
    }  # fmt: skip
    name = found.get("name") or found.get("email") or f"No. {found['id']}"
    return site.page(
        str(name), facts(given), *parts, pages.heading("Behind it"), pages.folded("Meta", raw(found.get("meta"))),
        pages.folded("The whole record as the API has it", raw(found)), place=place,
    )  # fmt: skip
