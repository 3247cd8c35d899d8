"""Requester: whoever asked for help becomes a Gorgias Customer.

SmarterTrack keeps agents and requesters in one table, and knows many requesters only as an address on a ticket.
Here a requester is an account that is no agent (key ``u<id>``), an agent who opened a ticket (also ``u<id>``), or an
address without an account (key ``e<hash>``). Chats and calls bring customers who have neither: a telephone number
(``p<hash>``), or a name alone (``c<ChatID>``, ``l<CallLogID>``; see :mod:`migrator_lib.contacts`).

Gorgias allows an address on one customer only, so what shares one merges into the first, each by a named rule:
spellings of an address (``same_address_spelled_differently``), accounts of one person
(``same_address_in_two_accounts``), and accounts of several names (``shared_mailbox``): a mailbox that people share,
whose customer is named after the address. All accounts, with their names and the values of their fields, stay in the
customer's meta. An account without an address has its name, and its telephone number as its channel.

Whom a customer works for (:mod:`migrator_lib.membership.belonging`) is in the meta, and in the customer field
``organization``, where the mapping has it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from migrator_lib import canonical
from migrator_lib.contacts import Asker
from migrator_lib.gorgias.api import GorgiasApi, Json
from migrator_lib.gorgias.contract.replies import Customer
from migrator_lib.lookups import (
    UNKNOWN_REQUESTER,
    Lookups,
    askers,
    is_email,
    lowered,
    requester_key_of_address,
)
from migrator_lib.membership.belonging import name_of, organizations, persons
from migrator_lib.objects.base import MappedField, Merge, MigrationObject, Outcome, Record, Send
from migrator_lib.objects.ticket_field import values
from migrator_lib.staging import Row, Staged

NAME_MAXIMUM = 255
ORGANIZATION = "organization"
"""Key, in the mapping, of the customer field that names the organizations of a person."""
MAILBOX = "shared_mailbox"
NOTE = "In SmarterTrack: "
"""What a note begins with that a migration writes."""


def comparable_values(thing: Json) -> list[list[Any]]:
    """Return [field id, value] pairs of a payload or of a reply, sorted; both shapes of a reply are known."""
    values = thing.get("custom_fields") or []
    if isinstance(values, Mapping):
        values = values.get("data") or []
    pairs = [[v["field"]["id"] if "field" in v else v["id"], canonical.tidy(v["value"])] for v in values]
    return sorted(pairs, key=lambda pair: str(pair[0]))


class Requester(MigrationObject):
    """People who asked for help."""

    name = "requester"
    title = "Requester"
    becomes = "Customer"
    reads: tuple[str, ...] = ("Users", "Tickets", "CustomDataFieldsForUsers", "Chats", "CallLogs")
    path = "customers"
    verified = "read back; address, name, channels, values of fields and meta compared"
    fields: tuple[MappedField, ...] = (
        MappedField("Users.UserID", "customer.external_id", "also meta.smartertrack.user_id"),
        MappedField("Users.Email", "customer.email, customer.channels",
                    "lower case; one that is no address is the name"),
        MappedField("Users.DisplayName", "customer.name", "of a shared mailbox the address; all names in the meta"),
        MappedField("Users.UserName", "customer.meta", "user_name"),
        MappedField("Users.LoweredEmail", "", "the same as Email"),
        MappedField("Users.Language", "", "Gorgias tells a customer's language by their messages"),
        MappedField("Users.IsDeleted", "", "who is deleted has written tickets, and is a customer"),
        MappedField("Users.IsQueue", "", "the queue is no person"),
        MappedField("Users.IsLockedOut + Users.IsPrimaryAdmin + Users.IsEmailVerified", "",
                    "about signing in to SmarterTrack"),
        MappedField("Users.DateCreatedUTC + Users.DateLastLoginUTC", "", "Gorgias dates a customer by itself"),
        MappedField("Tickets.UserID_Customer + Tickets.CustomerEmailAddress", "ticket.customer",
                    "an address without an account is a customer too"),
        MappedField("Chats.CustomerUserID + Chats.CustomerEmailAddress + Chats.CustomerDisplayName", "ticket.customer"),
        MappedField("CallLogs.CustomerUserID + CallLogs.CustomerEmailAddress + CallLogs.CustomerName + "
                    "CallLogs.CustomerPhoneNumber", "ticket.customer"),
        MappedField("CustomDataFieldsForUsers.UserID + CustomDataFieldsForUsers.CustomFieldID",
                    "customer.custom_fields",
                    "as mapped; a phone number of an account without an address is its channel"),
        MappedField("CustomDataFieldsForUsers.DataContent", "customer.custom_fields",
                    "what does not fit its field is in meta.smartertrack.unfit_values, the whole of what is cut in "
                    "long_values"),
    )  # fmt: skip

    def records(self, staged: Staged, lookups: Lookups) -> Iterator[Record]:
        """Yield accounts by id, then spellings of addresses without an account, then the unknown one if needed."""
        for user_id in sorted(lookups.requester_accounts):
            yield Record(f"u{user_id}", lookups.users[user_id])
        emails = (lowered(lookups.users[i]["Email"]) for i in lookups.requester_accounts)
        accounts = set(filter(is_email, emails))
        spellings: dict[str, str] = {}
        unknown = False
        for account, address in lookups.ticket_requesters:
            if account in lookups.requester_accounts:
                continue
            if not lowered(address):
                unknown = True
            elif lowered(address) not in accounts:
                spellings.setdefault(address.strip(), address)
        seen: set[str] = set()
        for spelling in spellings:
            key = requester_key_of_address(spelling)
            own = key if key not in seen else f"{key}-{hashlib.sha256(spelling.encode()).hexdigest()[:6]}"
            seen.add(key)
            yield Record(own, spelling)
        yield from self._of_chats_and_calls(staged, lookups)
        if unknown:
            yield Record(UNKNOWN_REQUESTER, None)

    def _of_chats_and_calls(self, staged: Staged, lookups: Lookups) -> Iterator[Record]:
        """Yield customers who are known by a number, or by a name alone."""
        for _, who in sorted(lookups.callers.items()):
            if lookups.contact(who).rule == "by_phone":
                yield Record(who.own_key, who)
        for who in askers(staged, lookups.parameters):
            if lookups.contact(who).rule == "by_name":
                yield Record(who.own_key, who)

    def transform(self, record: Record, lookups: Lookups) -> Outcome:
        """A customer with the address as a channel; an address that is none stays as the name."""
        if record.data is None:
            return Send(self._payload(record.key, "Unknown requester", "", lookups))
        if isinstance(record.data, str):
            base = record.key.split("-")[0]
            if base != record.key:
                return Merge(base, "same_address_spelled_differently")
            payload = self._payload(record.key, "", record.data.strip(), lookups)
            return Send(_with_organizations(payload, record, lookups))
        if isinstance(record.data, Asker):
            return Send(_with_organizations(self._caller(record.key, record.data, lookups), record, lookups))
        owner = lookups.requester_of_account(record.data["UserID"])
        if owner != record.key:
            return Merge(owner, MAILBOX if owner in lookups.shared_mailboxes else "same_address_in_two_accounts")
        return self._account(record, lookups)

    def _account(self, record: Record, lookups: Lookups) -> Send:
        row: Row = record.data
        address, shared = (row["Email"] or "").strip(), record.key in lookups.shared_mailboxes
        payload = self._payload(record.key, "" if shared else row["DisplayName"] or "", address, lookups)
        if not payload["channels"]:
            numbers = lookups.numbers_of.get(record.key, [])
            payload["channels"] = [{"type": "phone", "address": n, "preferred": not i} for i, n in enumerate(numbers)]
        told = values("person_field", lookups.mapping.person_fields, lookups.user_fields.get(row["UserID"], []))
        meta: dict[str, Any] = {"user_id": row["UserID"], "user_name": row.get("UserName") or ""}
        if told.unfit:
            meta["unfit_values"] = told.unfit
        if told.long:
            meta["long_values"] = told.long
        if shared:
            meta |= {MAILBOX: True, "name": row["DisplayName"] or ""}
        if record.key in lookups.sharing:
            meta["other_accounts"] = [_other(one, lookups) for one in lookups.sharing[record.key]]
        payload["custom_fields"] = told.sent
        payload["meta"] = {"smartertrack": meta}
        children = {"person_field_value": told.states} if told.states else {}
        return Send(_with_organizations(payload, record, lookups), children)

    def _payload(self, key: str, name: str, address: str, lookups: Lookups) -> Json:
        address = lowered(address)
        payload: Json = {
            "name": (name.strip() or address or "Unknown requester")[:NAME_MAXIMUM],
            "external_id": lookups.external_id(self.name, key),
            "channels": [],
        }
        if is_email(address):
            payload["email"] = address
            payload["channels"] = [{"type": "email", "address": address, "preferred": True}]
        return payload

    def _caller(self, key: str, who: Asker, lookups: Lookups) -> Json:
        payload = self._payload(key, who.name or who.phone, "", lookups)
        if who.phone:
            payload["channels"] = [{"type": "phone", "address": who.phone, "preferred": True}]
        return payload

    def natural_key(self, thing: Mapping[str, Any]) -> str | None:
        """Lowered address, where there is one."""
        return lowered(thing.get("email")) or None

    def find(self, api: GorgiasApi, payload: Json) -> list[Customer]:
        """By external id; and by address or number, since it is on one customer only, be it not the main one."""
        found = api.customers.by(external_id=payload["external_id"])
        if not found and payload.get("email"):
            found = api.customers.by(email=payload["email"])
        if not found and payload.get("email"):
            found = api.customers.by(channel_type="email", channel_address=payload["email"])
        phones = [channel["address"] for channel in payload["channels"] if channel["type"] == "phone"]
        if not found and phones and not payload.get("email"):
            found = api.customers.by(channel_type="phone", channel_address=phones[0])
        return found

    def compared(self, thing: Json) -> Json:
        """Address, name, channels of mail and phone, values of fields, and what SmarterTrack knew."""
        channels, note = filter(_ours, thing.get("channels") or ()), thing.get("note")
        return {
            "email": lowered(thing.get("email")),
            "name": canonical.text(thing.get("name")),
            "channels": canonical.in_order(map(_compared_channel, channels)),
            "custom_fields": comparable_values(thing),
            "meta": canonical.kept_by_smartertrack(thing.get("meta")),
            "note": canonical.text(note) if our_note(thing) else "",
        }

    lasting = ("external_id",)

    def change(self, payload: Json, there: Json, fields: Collection[str]) -> Json:
        """What differs; channels of other kinds, and values of fields that are not ours, stay as they are."""
        body: Json = {name: payload.get(name) for name in ("name", "note") if name in fields}
        if {"email", "channels"} & set(fields):
            others = [_channel(c) for c in there.get("channels") or () if not _ours(c)]
            body |= {"email": payload.get("email"), "channels": [*payload["channels"], *others]}
        if "meta" in fields:
            kept = there["meta"] if isinstance(there.get("meta"), Mapping) else {}
            body["meta"] = {**kept, **payload.get("meta", {"smartertrack": None})}
        if any(name.startswith("custom_fields.") for name in fields):
            stay = [{"id": i, "value": v} for i, v in comparable_values(there) if f"custom_fields.{i}" not in fields]
            new = [v for v in payload.get("custom_fields", ()) if f"custom_fields.{v['id']}" in fields]
            body["custom_fields"] = [*stay, *new]
        return body

    def update(self, api: GorgiasApi, target_id: str, payload: Json) -> None:
        """Values of fields are put by themselves, and all of them: one that is left out would be deleted."""
        rest = {name: value for name, value in payload.items() if name != "custom_fields"}
        if rest:
            api.customers.update(int(target_id), rest)
        if "custom_fields" in payload:
            api.customers.replace_custom_fields(int(target_id), payload["custom_fields"])


def our_note(thing: Mapping[str, Any]) -> bool:
    """Whether a customer's note is one that a migration wrote; others are people's own, and none of ours."""
    return str(thing.get("note") or "").startswith(NOTE)


def _other(user_id: int, lookups: Lookups) -> Json:
    """Return what the meta of a customer keeps of another account with the same address."""
    row, rows = lookups.users[user_id], lookups.user_fields.get(user_id, ())
    kept = {
        str(lookups.custom_fields.get(one["CustomFieldID"], {}).get("DisplayName") or f"field {one['CustomFieldID']}"):
            one["DataContent"]
        for one in rows
        if (one["DataContent"] or "").strip()
    }  # fmt: skip
    found: Json = {"user_id": user_id, "user_name": row.get("UserName") or "", "name": row["DisplayName"] or ""}
    return found | ({"fields": kept} if kept else {})


def _with_organizations(payload: Json, record: Record, lookups: Lookups) -> Json:
    """Return the payload of a customer with the organizations that they belong to."""
    matches = organizations(persons(record, lookups), lookups.organization_filters) if lookups.filters else []
    if not matches:
        return payload
    names = [name_of(match.organization, lookups) for match in matches]
    row = {"CustomFieldID": ORGANIZATION, "DataContent": "; ".join(names)}
    told = values("person_field", lookups.mapping.person_fields, [row]) if _has_field(lookups) else None
    payload["custom_fields"] = [*payload.get("custom_fields", ()), *(told.sent if told else ())]
    meta = payload.setdefault("meta", {"smartertrack": {}})["smartertrack"]
    meta["organizations"] = [
        {"id": match.organization, "name": name, "by": match.kind} for match, name in zip(matches, names, strict=True)
    ]
    return payload


def _has_field(lookups: Lookups) -> bool:
    entry = lookups.mapping.person_fields.get(ORGANIZATION)
    return entry is not None and entry.becomes != "nothing"


def _ours(channel: Mapping[str, Any]) -> bool:
    """Whether a channel is of a kind that a migration makes."""
    return channel.get("type") in ("email", "phone")


def _compared_channel(channel: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": channel.get("type"),
        "address": canonical.address(channel.get("address")),
        "preferred": bool(channel.get("preferred")),
    }


def _channel(channel: Mapping[str, Any]) -> Json:
    """Return a channel of a reply as a request names it."""
    return {name: channel[name] for name in ("type", "address", "preferred") if channel.get(name) is not None}
