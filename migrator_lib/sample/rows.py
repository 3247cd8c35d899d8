"""A reviewed record as rows of two sides: SmarterTrack left, Gorgias right.

On pages that are shared people are masked, and bodies are fingerprints.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from migrator_lib.gorgias.api import Json
from migrator_lib.lookups import Lookups, iso
from migrator_lib.masking import mask_email, mask_name, mask_text
from migrator_lib.objects.ticket_field import ADDED
from migrator_lib.reconcile.differences import Difference, fingerprint, masked_value, shortened
from migrator_lib.sample.reviewer import Part, Review, Reviewed

Row = dict[str, object]
NONE = "—"
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
OTHER_COLUMNS = {
    "live_chat": {
        "Number": ("ChatNumber", "meta.chat_number"), "Subject": ("InitialQuestion", "subject"),
        "Opened": ("DateStartedUTC", "created_datetime"), "Closed": ("DateEndedUTC", "closed_datetime"),
        "Rating": ("AverageSurveyRating", "meta.survey_rating"),
    },
    "call_log": {
        "Number": ("CallNumber", "meta.call_number"), "Subject": ("Subject", "subject"),
        "Outgoing": ("IsOutgoing", "meta.direction"), "Phone number": ("CustomerPhoneNumber", "meta.phone_number"),
        "Opened": ("DateStartUTC", "created_datetime"), "Closed": ("DateEndUTC", "closed_datetime"),
    },
}  # fmt: skip
"""What a chat or call log has of its own, by what people call it: column of the source, and field in Gorgias."""
ADDED_FROM = {
    "chat_duration": "SessionLengthInSeconds", "call_direction": "IsOutgoing", "call_number": "CustomerPhoneNumber",
}  # fmt: skip
"""Added fields that one column tells."""
TO_BE_ADDED = ("statuses", "priorities")
"""Sections whose lines are named also where they are not there: a code that lacks one keeps its tickets back."""
NOTE_TYPES = ("dropdown", "boolean")
"""Types of fields whose values say nothing about a person."""


class RecordRows:
    """Rows of one record."""

    def __init__(self, review: Review, reviewed: Reviewed, *, masked: bool = True) -> None:
        self.masked = masked
        self.lookups: Lookups = review.lookups
        self.reviewed = reviewed
        self.row = reviewed.record.row
        self.meant: Json = reviewed.expected or {}
        self.there: Json = reviewed.actual or {}

    def fields(self) -> list[Row]:
        """Return what is compared of the record itself; rows that differ are marked, and name their mapping line."""
        if self.reviewed.record.kind == "ticket":
            rows = [*self._basic(), *self._people(), *self._values(), *self._dates()]
        else:
            rows = [*self._of_object(), *self._people(), *self._values()]
        covered = {str(row["field"]) for row in rows}
        return [*rows, *self._others(covered)]

    def _row(self, field: str, what: str, source: object, target: object) -> Row:
        differs = any(_is_about(d, field) for d in self.reviewed.differences)
        shown = NONE if target in (None, "", []) else target
        line = mapping_line(self.reviewed, field, self.lookups)
        return {
            "field": field, "": what, "SmarterTrack": source or NONE, "Gorgias": shown, "decided by": line,
            "differs": differs,
        }  # fmt: skip

    def _text(self, text: object) -> str:
        return shortened(str(text or "")) if self.masked else str(text or "")

    def _value(self, value: object) -> object:
        return masked_value(value) if self.masked else value

    def person(self, user_id: object) -> str:
        """Return the name of a user of SmarterTrack, or nothing."""
        user = self.lookups.users.get(user_id) if isinstance(user_id, int) else None
        return self._name(user["DisplayName"] or user["Email"]) if user else ""

    def _name(self, name: object) -> str:
        return mask_name(str(name or "")) if self.masked else str(name or "")

    def _address(self, address: object) -> str:
        return mask_email(str(address or "")) if self.masked else str(address or "")

    def _basic(self) -> Iterator[Row]:
        status = self.lookups.mapping.statuses.get(str(self.row["TicketStatusID"]))
        priority = self.lookups.mapping.priorities.get(str(self.row["TicketPriorityID"]))
        number = (self.there.get("meta") or {}).get("ticket_number")
        yield self._row("meta.ticket_number", "Number", self.row["TicketNumber"], number)
        yield self._row("subject", "Subject", self._text(self.row["Subject"]), self._text(self.there.get("subject")))
        yield self._row("status", "Status", status.name if status else "?", self.there.get("status"))
        yield self._row("priority", "Priority", priority.name if priority else "?", self.there.get("priority"))
        word = channel_word(self.reviewed, self.lookups)
        yield self._row("channel", "Channel", word, self.there.get("channel"))
        yield self._row("tags", "Tags", self._source_tags(), ", ".join(self.there.get("tags") or ()))

    def _source_tags(self) -> str:
        brand = (self.lookups.brand_of(self.row["DepartmentID"] or 0) or {}).get("BrandName")
        ids = getattr(self.reviewed.record, "tag_ids", ())
        entries = (self.lookups.mapping.tags.get(str(tag)) for tag in ids)
        named = [entry.name for entry in entries if entry]
        return ", ".join([*([f"brand {brand}"] if brand else []), *named])

    def _people(self) -> Iterator[Row]:
        row = self.row
        agent = "" if self.lookups.is_unassigned(row["UserID"]) else self.lookups.agent_name(row["UserID"])
        department = self.lookups.departments.get(row["DepartmentID"] or 0, {}).get("DisplayName") or ""
        group = self.lookups.groups.get((row["DepartmentID"] or 0, row["GroupID"] or 0), {}).get("GroupName") or ""
        source = self._customer()
        yield self._row("customer", "Requester", source, self.name(self.there.get("customer")))
        yield self._row("assignee_user", "Agent", agent or "unassigned", self.name(self.there.get("assignee_user")))
        team = f"{department} / {group}" if group else department
        yield self._row("assignee_team", "Team", team, self.name(self.there.get("assignee_team")))

    def _customer(self) -> str:
        """Return whose it is as the source says: by account, name, address or number."""
        account = self.person(self.row.get("UserID_Customer") or self.row.get("CustomerUserID"))
        name = self._name(self.row.get("CustomerDisplayName") or self.row.get("CustomerName"))
        number = self._text(self.row.get("CustomerPhoneNumber"))
        return account or name or self._address(self.row["CustomerEmailAddress"]) or number

    def _values(self) -> Iterator[Row]:
        there = self.there.get("custom_fields") or {}
        for row in self.reviewed.record.fields:
            key = str(row["CustomFieldID"])
            entry = self.lookups.mapping.ticket_fields.get(key)
            if entry is None or not row["DataContent"]:
                continue
            shown = entry.becomes in NOTE_TYPES
            source = row["DataContent"] if shown else self._value(row["DataContent"])
            target = there.get(key)
            plain = shown or target is None
            yield self._row(f"custom_fields.{key}", entry.name, source, target if plain else self._value(target))

        for name, field in self.lookups.mapping.added_fields.items():
            key = f"{ADDED}{name}"
            if key in there:
                column = ADDED_FROM.get(name, "")
                source = self._plain(self.row.get(column)) if column in self.row else "(kept beside the custom fields)"
                yield self._row(f"custom_fields.{key}", field.label, source, self._plain(there[key]))

    def _dates(self) -> Iterator[Row]:
        for field, what, column in (
            ("created_datetime", "Opened", "DateOpenedUTC"),
            ("closed_datetime", "Closed", "DateClosedUTC"),
        ):
            yield self._row(field, what, moment(self.row.get(column)), moment(self.there.get(field)))

    def _of_object(self) -> Iterator[Row]:
        """Yield what a chat or call log has besides."""
        for what, (column, field) in OTHER_COLUMNS[self.reviewed.record.kind].items():
            yield self._row(field, what, self._plain(self.row.get(column)), self._plain(self._at(field)))
        for field, what in (("status", "Status"), ("channel", "Channel")):
            yield self._row(field, what, "(by rule)", self.there.get(field))
        yield self._row("tags", "Tags", self._source_tags(), ", ".join(self.there.get("tags") or ()))

    def _at(self, field: str) -> object:
        """Return what stands at a path of the canonical form: ``meta.chat_number``."""
        found: object = self.there
        for part in field.split(".", 1):
            found = found.get(part) if isinstance(found, Mapping) else None
        return found

    def _plain(self, value: object) -> str:
        """Return a value as people read it."""
        if isinstance(value, datetime) or (isinstance(value, str) and ISO.match(value)):
            return moment(value)
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return str(self._text(value)) if value is not None else ""

    def _others(self, covered: set[str]) -> Iterator[Row]:
        """Yield what differs and has no row of its own: what was meant stands left."""
        for difference in self.reviewed.differences:
            if not any(_is_about(difference, field) for field in covered):
                line = mapping_line(self.reviewed, difference.field, self.lookups)
                yield {"field": difference.field, "": difference.field, "SmarterTrack": difference.expected,
                       "Gorgias": difference.actual, "decided by": line, "differs": True}  # fmt: skip

    def name(self, reference: object) -> str:
        """Return who or what a reference is: agents and teams by name, requesters masked."""
        obj, _, key = str(reference or "").partition(":")
        if obj == "user":
            return "fallback agent" if key == "fallback" else self.lookups.agent_name(int(key))
        if obj == "department":
            entry = self.lookups.mapping.teams.get(key)
            return entry.team if entry else key
        if obj == "requester":
            return self._requester(key)
        return str(reference or "")

    def _requester(self, key: str) -> str:
        if key.startswith("u") and key[1:].isdigit() and int(key[1:]) in self.lookups.users:
            user = self.lookups.users[int(key[1:])]
            return self._name(user["DisplayName"]) or self._address(user["Email"])
        owned = (address for address, owner in self.lookups.requester_of_address.items() if owner == key)
        return self._address(next(owned, "")) or "unknown requester"

    # --- the thread --------------------------------------------------------------------------------

    def thread(self) -> list[Row]:
        """Return the thread, a row for each message and note: sizes and fingerprints, never their text."""
        return [self._message(n, part) for n, part in enumerate(self.reviewed.parts, 1)]

    def _message(self, n: int, part: Part) -> Row:
        message = part.expected or part.actual or {}
        return {
            "n": n,
            "who": f"{'agent' if message.get('from_agent') else 'requester'} {self._initials(message.get('sender'))}",
            "when (UTC)": moment(message.get("created_datetime")),
            "kind": kind(message),
            "meant": body_print(part.expected),
            "in Gorgias": body_print(part.actual),
            "files": f"{files(part.expected)} / {files(part.actual)}",
            "what differs": ", ".join(d.field.rpartition(": ")[2] for d in part.differences),
            "differs": bool(part.differences),
        }

    def _initials(self, reference: object) -> str:
        name = self.name(reference)
        return name if "*" in name or name == "fallback agent" else mask_name(name)


def _is_about(difference: Difference, field: str) -> bool:
    return difference.field == field or difference.field.startswith(f"{field}.")


def kind(message: Mapping[str, Any]) -> str:
    """Return note, out or in."""
    if message.get("channel") == "internal-note":
        return "note"
    return "out" if message.get("from_agent") else "in"


def body_print(message: Json | None) -> str:
    """Return the fingerprint of a message's body, HTML before text."""
    if message is None:
        return NONE
    return fingerprint(message.get("body_html") or message.get("body_text"))


def files(message: Json | None) -> str:
    """Return the number of files on a message."""
    return NONE if message is None else str(len(message.get("attachments") or ()))


def moment(value: object) -> str:
    """Return a time to the second, UTC, as it is compared."""
    if isinstance(value, datetime):
        value = iso(value)
    return str(value or "")[:19].replace("T", " ")


def not_moved(reviewed: Reviewed) -> list[Difference]:
    """Return why a record is not in Gorgias, as a difference of the field that its reason names."""
    if reviewed.is_right or reviewed.all_differences:
        return []
    field = next((word for word in ("priority", "status") if f": {word} " in reviewed.outcome), "the record")
    return [Difference(field, "in Gorgias", mask_text(reviewed.outcome))]


def mapping_line(reviewed: Reviewed, field: str, lookups: Lookups) -> str:
    """Return the key of mapping.yaml that decides a field, or an empty text where none does."""
    row, name = reviewed.record.row, field.rpartition(": ")[2]
    lines: dict[str, tuple[str, object, str]] = {
        "status": ("statuses", row.get("TicketStatusID"), "becomes"),
        "closed_datetime": ("statuses", row.get("TicketStatusID"), "becomes"),
        "priority": ("priorities", row.get("TicketPriorityID"), "becomes"),
        "assignee_team": ("teams", _team(row, lookups), "team"),
        "tags": ("brands", (lookups.brand_of(row.get("DepartmentID") or 0) or {}).get("BrandID"), "tag"),
    }
    if name.startswith("custom_fields."):
        key = name.partition(".")[2]
        section = "added_fields" if key.startswith(ADDED) else "ticket_fields"
        lines[name] = (section, key.removeprefix(ADDED), "becomes")
    if name == "channel":
        lines[name] = ("channels", channel_word(reviewed, lookups).lower(), "becomes")
    if name == "from_agent":
        lines[name] = ("directions", _direction(reviewed, field.partition(":")[0].rpartition(" ")[2]), "becomes")
    section, code, part = lines.get(name, ("", None, ""))
    if section in TO_BE_ADDED and code is not None:
        return f"{section}.{code}.{part}"
    return f"{section}.{code}.{part}" if str(code) in (getattr(lookups.mapping, section, None) or {}) else ""


def channel_word(reviewed: Reviewed, lookups: Lookups) -> str:
    """Return the word of the field that holds the channel, or nothing: then the channel goes by rule."""
    held = {key for key, entry in lookups.mapping.ticket_fields.items() if entry.holds == "channel"}
    words = (str(row["DataContent"] or "") for row in reviewed.record.fields if str(row["CustomFieldID"]) in held)
    return next((word.strip() for word in words if word.strip()), "")


def _team(row: Mapping[str, Any], lookups: Lookups) -> str:
    if row.get("DepartmentID") is None:
        return ""
    return (lookups.team_reference(row["DepartmentID"], row.get("GroupID") or 0) or "").rpartition(":")[2]


def _direction(reviewed: Reviewed, message: str) -> object:
    """Return the direction of a message by its source key."""
    rows = reviewed.record.messages
    return next((row.get("MessageDirection") for row in rows if str(row.get("TicketMessageID")) == message), None)


def lines_of(reviewed: Reviewed, lookups: Lookups) -> list[str]:
    """Return every line of mapping.yaml that has a say in a record: its own codes, people, fields, tags, speakers."""
    record, mapping = reviewed.record, lookups.mapping
    fields = ["status", "priority", "assignee_team", "tags"]
    fields += [f"custom_fields.{row['CustomFieldID']}" for row in record.fields]
    found = [mapping_line(reviewed, field, lookups) for field in fields]
    words = {str(row["DataContent"] or "").strip().lower() for row in record.fields}
    coded = [
        *(("tags", tag) for tag in getattr(record, "tag_ids", ())),
        *(("channels", word) for word in sorted(words & mapping.channels.keys())),
        *(("directions", message.get("MessageDirection")) for message in record.messages),
        *(("chat_senders", message.get("ChatSenderType")) for message in record.messages),
        *(("chat_views", message.get("ViewRestriction")) for message in record.messages),
    ]
    found += [f"{section}.{code}.becomes" for section, code in coded if str(code) in getattr(mapping, section)]
    return list(dict.fromkeys(line for line in found if line))
