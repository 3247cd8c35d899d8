"""Requester: whoever asked for help becomes a Gorgias Customer.

SmarterTrack keeps agents and requesters in one table, and knows many requesters only as an address on a ticket.
Here a requester is an account that is no agent (key ``u<id>``), an agent who opened a ticket (also ``u<id>``), or an
address without an account (key ``e<hash>``). Chats and calls bring customers who have neither: a telephone number
(``p<hash>``), or a name alone (``c<ChatID>``, ``l<CallLogID>``; see :mod:`migrator_lib.contacts`). Gorgias allows an
address on one customer only, so spellings of one address, and several accounts with it, merge into the first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from typing import Any

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
from migrator_lib.objects.base import Merge, MigrationObject, Outcome, Record, Send
from migrator_lib.objects.ticket_field import values
from migrator_lib.staging import Row, Staged

NAME_MAXIMUM = 255


def comparable_values(thing: Json) -> list[list[Any]]:
    """Return [field id, value] pairs of a payload or of a reply, sorted; both shapes of a reply are known."""
    values = thing.get("custom_fields") or []
    if isinstance(values, Mapping):
        values = values.get("data") or []
    pairs = [[v["field"]["id"] if "field" in v else v["id"], v["value"]] for v in values]
    return sorted(pairs, key=lambda pair: str(pair[0]))


class Requester(MigrationObject):
    """People who asked for help."""

    name = "requester"
    title = "Requester"
    becomes = "Customer"
    reads: tuple[str, ...] = ("Users", "Tickets", "CustomDataFieldsForUsers", "Chats", "CallLogs")
    path = "customers"

    def records(self, staged: Staged, lookups: Lookups) -> Iterator[Record]:
        """Yield accounts by id, then spellings of addresses without an account, then the unknown one if needed."""
        for user_id in sorted(lookups.requester_accounts):
            yield Record(f"u{user_id}", lookups.users[user_id])
        accounts = {lowered(lookups.users[i]["Email"]) for i in lookups.requester_accounts}
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
            return Send(self._payload(record.key, "", record.data.strip(), lookups))
        if isinstance(record.data, Asker):
            return Send(self._caller(record.key, record.data, lookups))
        row: Row = record.data
        address = (row["Email"] or "").strip()
        owner = lookups.requester_of_address.get(lowered(address), record.key)
        if owner != record.key:
            return Merge(owner, "same_address_in_two_accounts")
        payload = self._payload(record.key, row["DisplayName"] or "", address, lookups)
        told = values("person_field", lookups.mapping.person_fields, lookups.user_fields.get(row["UserID"], []))
        meta: dict[str, Any] = {"user_id": row["UserID"], "user_name": row.get("UserName") or ""}
        if told.unfit:
            meta["unfit_values"] = told.unfit
        payload["custom_fields"] = told.sent
        payload["meta"] = {"smartertrack": meta}
        return Send(payload, {"person_field_value": told.states} if told.states else {})

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
        meta, channels = thing.get("meta"), filter(_ours, thing.get("channels") or ())
        return {
            "email": lowered(thing.get("email")),
            "name": thing.get("name"),
            "channels": sorted([c.get("type"), lowered(c.get("address"))] for c in channels),
            "custom_fields": comparable_values(thing),
            "meta": meta.get("smartertrack") if isinstance(meta, Mapping) else None,
        }

    def change(self, payload: Json, there: Json, fields: Collection[str]) -> Json:
        """What differs; channels of other kinds, and values of fields that are not ours, stay as they are."""
        body: Json = {"name": payload["name"]} if "name" in fields else {}
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


def _ours(channel: Mapping[str, Any]) -> bool:
    """Whether a channel is of a kind that a migration makes."""
    return channel.get("type") in ("email", "phone")


def _channel(channel: Mapping[str, Any]) -> Json:
    """Return a channel of a reply as a request names it."""
    return {name: channel[name] for name in ("type", "address", "preferred") if channel.get(name) is not None}
