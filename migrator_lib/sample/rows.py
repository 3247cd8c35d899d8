"""A reviewed ticket as rows of two sides: SmarterTrack left, Gorgias right, people masked, bodies as fingerprints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from migrator_lib.gorgias.api import Json
from migrator_lib.lookups import Lookups, iso
from migrator_lib.masking import mask_email, mask_name
from migrator_lib.reconcile.differences import Difference, fingerprint, masked_value, shortened
from migrator_lib.sample.reviewer import Part, Review, Reviewed

Row = dict[str, object]
NONE = "—"
NOTE_TYPES = ("dropdown", "boolean")
"""Types of fields whose values say nothing about a person."""


class TicketRows:
    """Rows of one ticket."""

    def __init__(self, review: Review, reviewed: Reviewed) -> None:
        self.lookups: Lookups = review.lookups
        self.reviewed = reviewed
        self.row = reviewed.ticket.row
        self.meant: Json = reviewed.expected or {}
        self.there: Json = reviewed.actual or {}

    def fields(self) -> list[Row]:
        """Return what is compared of the ticket itself; rows that differ are marked."""
        rows = [*self._basic(), *self._people(), *self._values(), *self._dates()]
        covered = {str(row["field"]) for row in rows}
        return [{k: v for k, v in row.items() if k != "field"} for row in [*rows, *self._others(covered)]]

    def _row(self, field: str, what: str, source: object, target: object) -> Row:
        differs = any(_is_about(d, field) for d in self.reviewed.differences)
        shown = NONE if target in (None, "", []) else target
        return {"field": field, "": what, "SmarterTrack": source or NONE, "Gorgias": shown, "differs": differs}

    def _basic(self) -> Iterator[Row]:
        status = self.lookups.mapping.statuses.get(str(self.row["TicketStatusID"]))
        priority = self.lookups.mapping.priorities.get(str(self.row["TicketPriorityID"]))
        subject = self.there.get("subject")
        yield self._row(
            "meta.ticket_number",
            "Number",
            self.row["TicketNumber"],
            (self.there.get("meta") or {}).get("ticket_number"),
        )
        yield self._row("subject", "Subject", shortened(self.row["Subject"] or ""), subject and shortened(subject))
        yield self._row("status", "Status", status.name if status else "?", self.there.get("status"))
        yield self._row("priority", "Priority", priority.name if priority else "?", self.there.get("priority"))
        yield self._row("tags", "Tags", self._source_tags(), ", ".join(self.there.get("tags") or ()))

    def _source_tags(self) -> str:
        brand = (self.lookups.brand_of(self.row["DepartmentID"]) or {}).get("BrandName")
        entries = (self.lookups.mapping.tags.get(str(tag)) for tag in self.reviewed.ticket.tag_ids)
        named = [entry.name for entry in entries if entry]
        return ", ".join([*([f"brand {brand}"] if brand else []), *named])

    def _people(self) -> Iterator[Row]:
        agent = "" if self.lookups.is_unassigned(self.row["UserID"]) else self.lookups.agent_name(self.row["UserID"])
        department = self.lookups.departments.get(self.row["DepartmentID"], {}).get("DisplayName") or ""
        group = self.lookups.groups.get((self.row["DepartmentID"], self.row["GroupID"]), {}).get("GroupName") or ""
        users = self.lookups.users
        requester = users[self.row["UserID_Customer"]]["DisplayName"] if self.row["UserID_Customer"] in users else ""
        source = mask_name(requester) or mask_email(self.row["CustomerEmailAddress"])
        yield self._row("customer", "Requester", source, self.name(self.there.get("customer")))
        yield self._row("assignee_user", "Agent", agent or "unassigned", self.name(self.there.get("assignee_user")))
        team = f"{department} / {group}" if group else department
        yield self._row("assignee_team", "Team", team, self.name(self.there.get("assignee_team")))

    def _values(self) -> Iterator[Row]:
        there = self.there.get("custom_fields") or {}
        for row in self.reviewed.ticket.fields:
            key = str(row["CustomFieldID"])
            entry = self.lookups.mapping.ticket_fields.get(key)
            if entry is None or not row["DataContent"]:
                continue
            shown = entry.becomes in NOTE_TYPES
            source = row["DataContent"] if shown else masked_value(row["DataContent"])
            target = there.get(key)
            plain = shown or target is None
            yield self._row(f"custom_fields.{key}", entry.name, source, target if plain else masked_value(target))

    def _dates(self) -> Iterator[Row]:
        for field, what, column in (
            ("created_datetime", "Opened", "DateOpenedUTC"),
            ("closed_datetime", "Closed", "DateClosedUTC"),
        ):
            yield self._row(field, what, moment(self.row.get(column)), moment(self.there.get(field)))

    def _others(self, covered: set[str]) -> Iterator[Row]:
        """Yield what differs and has no row of its own: what was meant stands left."""
        for difference in self.reviewed.differences:
            if not any(_is_about(difference, field) for field in covered):
                yield {"": difference.field, "SmarterTrack": difference.expected, "Gorgias": difference.actual,
                       "differs": True}  # fmt: skip

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
            return mask_name(user["DisplayName"]) or mask_email(user["Email"])
        owned = (address for address, owner in self.lookups.requester_of_address.items() if owner == key)
        return mask_email(next(owned, "")) or "unknown requester"

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


def mapping_line(reviewed: Reviewed, field: str, lookups: Lookups) -> str:
    """Return the key of mapping.yaml that decides a field, or an empty text where none does."""
    row, name = reviewed.ticket.row, field.rpartition(": ")[2]
    team = (lookups.team_reference(row["DepartmentID"], row["GroupID"]) or "").rpartition(":")[2]
    brand = (lookups.brand_of(row["DepartmentID"]) or {}).get("BrandID")
    lines: dict[str, Sequence[object]] = {
        "status": ("statuses", row["TicketStatusID"], "becomes"),
        "closed_datetime": ("statuses", row["TicketStatusID"], "becomes"),
        "priority": ("priorities", row["TicketPriorityID"], "becomes"),
        "assignee_team": ("teams", team, "team"),
        "tags": ("brands", brand, "tag"),
        "from_agent": ("directions",),
    }
    parts: Sequence[object] = ("ticket_fields", name.partition(".")[2]) if name.startswith("custom_fields.") else ()
    return ".".join(str(part) for part in lines.get(name, parts))
