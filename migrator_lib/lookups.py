"""What a transform may look up: the source's definitions, the mapping, the parameters, the index of files.

Pure data, but for that index: a million files are on disk, and only read.
"""

from __future__ import annotations

import hashlib
import mimetypes
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from migrator_lib.external_id import external_id
from migrator_lib.mapping import EngagementMapping, Team
from migrator_lib.membership.kinds import FilterKind, kind_reader
from migrator_lib.parameters import Parameters
from migrator_lib.proofs.behaviour import Behaviour
from migrator_lib.smartertrack.file_index import FileIndex
from migrator_lib.smartertrack.matching import Files
from migrator_lib.staging import Row, Staged

EMAIL = re.compile(r"[^@\s<>,;:\"()]+@[^@\s<>,;:\"()]+\.[^@\s<>,;:\"()]+")
EMAIL_MAXIMUM = 320
UNKNOWN_REQUESTER = "unknown"
AGENT_ROLES = ("agent", "manager", "administrator")


def iso(moment: datetime | None) -> str | None:
    """Return an aware datetime as Gorgias is sent it: ISO 8601, UTC, with Z."""
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def lowered(email: str | None) -> str:
    """Return an e-mail address as it is compared: trimmed, lower case."""
    return (email or "").strip().lower()


def is_email(text: str) -> bool:
    """Whether Gorgias would take this as an address (<= 320 characters, one @, a dot behind it)."""
    return len(text) <= EMAIL_MAXIMUM and EMAIL.fullmatch(text) is not None


def addresses(header: str | None) -> list[dict[str, str]]:
    """Return the {address, name} pairs of an address header, as far as it can be read.

    Separators , and ; are both in use, ``Name (address)`` is SmarterTrack's own form (its web service), and names with
    a comma come without quotes, so a name is whatever stands between two addresses.
    """
    text = re.sub(r'"[^"]*"(?=\s*<)', lambda quoted: quoted[0].replace("@", "\0"), header or "")
    found, end = [], 0
    for match in EMAIL.finditer(text):
        if re.match(r"['\s]*<[^<>\s]+@", text[match.end() :]):
            continue  # an address as the name of the one that follows
        name = text[end : match.start()].replace("\0", "@").strip(" \t\r\n,;<>()").strip("\"' ")
        if is_email(match[0]):
            found.append({"address": match[0], "name": name})
        end = match.end()
    return found


def requester_key_of_address(email: str) -> str:
    """Return the source key of a requester who has no account: a hash, so that no address is in an external id."""
    return "e" + hashlib.sha256(lowered(email).encode()).hexdigest()[:16]


@dataclass
class Lookups:
    """Everything that transforms look up, made once for each stage."""

    parameters: Parameters
    mapping: EngagementMapping
    users: dict[int, Row]
    agents: set[int]
    departments: dict[int, Row]
    groups: dict[tuple[int, int], Row]
    brands: dict[int, Row]
    statuses: dict[int, Row]
    comment_types: dict[int, Row]
    custom_fields: dict[int, Row]
    organizations: dict[int, Row]
    filters: list[Row]
    user_fields: dict[int, list[Row]]
    tags: dict[int, Row] = field(default_factory=dict)
    files: Files = field(default_factory=Files)
    ticket_requesters: Sequence[tuple[int | None, str]] = ()
    """(account or None, address) of every ticket, distinct, in ticket order."""
    behaviour: Behaviour = field(default_factory=Behaviour)
    """What depends on how Gorgias answers, as the sandbox did."""

    @classmethod
    def of(
        cls,
        staged: Staged,
        mapping: EngagementMapping,
        parameters: Parameters,
        alive: Callable[[], None] = lambda: None,
    ) -> Lookups:
        """Make the look-ups of a stage; ``alive`` is called while the index of files is filled, at its first use."""
        by = _by(staged)
        users = by("Users", "UserID")
        user_fields: dict[int, list[Row]] = {}
        for row in staged.rows("CustomDataFieldsForUsers"):
            user_fields.setdefault(row["UserID"], []).append(row)
        return cls(
            parameters=parameters,
            mapping=mapping,
            users=users,
            agents=agents_of(users, staged),
            departments=by("Departments", "DepartmentID"),
            groups={(row["DepartmentID"], row["GroupID"]): row for row in staged.rows("Groups")},
            brands=by("Brands", "BrandID"),
            statuses=by("TicketStatuses", "TicketStatusID"),
            comment_types=by("CommentTypes", "CommentTypeID"),
            custom_fields=by("CustomDataFields", "CustomFieldID"),
            organizations=by("Organizations", "OrganizationID"),
            filters=staged.rows("OrganizationFilters"),
            user_fields=user_fields,
            tags=by("Tags", "TagID"),
            files=FileIndex(staged, alive),
            ticket_requesters=ticket_requesters(staged),
        )

    def external_id(self, obj: str, key: str | int) -> str:
        """Return the external id of a record of this engagement."""
        return external_id(self.parameters.engagement, obj, key)

    # --- people ------------------------------------------------------------------------------------

    def is_inactive(self, user: Row) -> bool:
        """Whether an agent may no longer sign in."""
        return bool(user["IsDeleted"]) or bool(user.get("IsLockedOut"))

    def agent_reference(self, user_id: int | None) -> str:
        """Return the reference of the Gorgias user who stands for an agent; the fallback where there is none."""
        user = self.users.get(user_id) if user_id is not None else None
        if user is None or user.get("IsQueue") or user_id not in self.agents or self.is_inactive(user):
            return "user:fallback"
        return f"user:{self.agent_of_address.get(lowered(user['Email']), user_id)}"

    @cached_property
    def agent_of_address(self) -> dict[str, int]:
        """Lowered address to the active agent who has it, lowest id first: Gorgias has one user for each address."""
        found: dict[str, int] = {}
        for user_id in sorted(self.agents):
            user = self.users[user_id]
            if lowered(user["Email"]) and not user.get("IsQueue") and not self.is_inactive(user):
                found.setdefault(lowered(user["Email"]), user_id)
        return found

    def is_unassigned(self, user_id: int | None) -> bool:
        """Whether an assignee is nobody: NULL, or the queue pseudo-user."""
        return user_id is None or bool(self.users.get(user_id, {}).get("IsQueue"))

    def agent_name(self, user_id: int | None) -> str:
        """Return an agent's name for display, also of one who is gone."""
        user = self.users.get(user_id) if user_id is not None else None
        return str((user or {}).get("DisplayName") or "Unknown agent")

    def name_if_agent(self, user_id: int | None) -> str:
        """Return an agent's name as the sender of a message; empty for nobody and for the queue."""
        return self.agent_name(user_id) if user_id in self.agents else ""

    @cached_property
    def requester_of_address(self) -> dict[str, str]:
        """Lowered address to the key of the requester who has it; accounts come first, lowest id first."""
        found: dict[str, str] = {}
        for user_id in sorted(self.requester_accounts):
            address = lowered(self.users[user_id]["Email"])
            if address:
                found.setdefault(address, f"u{user_id}")
        for account, address in self.ticket_requesters:
            if account not in self.requester_accounts and lowered(address):
                found.setdefault(lowered(address), requester_key_of_address(address))
        return found

    @cached_property
    def requester_accounts(self) -> set[int]:
        """Accounts that are requesters: everyone who is no agent, and agents who opened tickets themselves."""
        asked = {user_id for user_id, _ in self.ticket_requesters if user_id in self.users}
        plain = {i for i, row in self.users.items() if i not in self.agents and not row.get("IsQueue")}
        return plain | {i for i in asked if not self.users[i].get("IsQueue")}

    def requester_key(self, user_id: int | None, address: str | None) -> str:
        """Return the key of the requester of a ticket: by account, else by address, else the unknown one."""
        if user_id in self.requester_accounts:
            user = self.users[user_id]
            return self.requester_of_address.get(lowered(user["Email"]), f"u{user_id}")
        return self.requester_of_address.get(lowered(address), UNKNOWN_REQUESTER)

    @cached_property
    def filter_kind(self) -> Callable[[str | None], FilterKind | None]:
        """Tells the kind of an organization's filter by its word, or None for a word that nobody explained."""
        return kind_reader(self.parameters.organizations.filter_kinds)

    @cached_property
    def _organization_of_address(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for row in self.filters:
            if self.filter_kind(row["FilterType"]) == "email":
                found.setdefault(lowered(row["FilterValue"]), row["OrganizationID"])
        return found

    @cached_property
    def organization_of_phone(self) -> dict[str, int]:
        """Phone number to the first organization that has it: Gorgias allows a number on one customer only."""
        found: dict[str, int] = {}
        for organization, row in sorted(self.organizations.items()):
            found.setdefault((row.get("PhoneNumber") or "").strip(), organization)
        return found

    def first_organization_with(self, address: str) -> int | None:
        """Return the first organization whose e-mail filters hold an address (two may; Gorgias allows one)."""
        return self._organization_of_address.get(address)

    # --- structure ---------------------------------------------------------------------------------

    def team(self, key: str) -> Team | None:
        """Return the mapping of a department or group, or None where it becomes nothing."""
        entry = self.mapping.teams.get(key)
        return entry if entry and entry.becomes == "team" else None

    def team_reference(self, department: int, group: int) -> str | None:
        """Return the reference of a ticket's team: its group's, else its department's."""
        for key in (f"g{department}-{group}", f"d{department}"):
            entry = self.team(key)
            if entry:
                return f"department:{self.team_owner.get(entry.team, key)}"
        return None

    @cached_property
    def team_owner(self) -> dict[str, str]:
        """Team name to the key of the department or group whose record makes it; several may become one team."""
        keys = [f"d{d}" for d in sorted(self.departments)] + [f"g{d}-{g}" for d, g in sorted(self.groups)]
        found: dict[str, str] = {}
        for key in keys:
            entry = self.team(key)
            if entry:
                found.setdefault(entry.team, key)
        return found

    @cached_property
    def brand_owner(self) -> dict[str, str]:
        """Tag name in Gorgias to the key of the brand whose record makes it."""
        found: dict[str, str] = {}
        for brand in sorted(self.brands):
            entry = self.mapping.brands.get(str(brand))
            if entry and entry.becomes == "tag":
                found.setdefault(entry.tag, str(brand))
        return found

    @cached_property
    def tag_owner(self) -> dict[str, str]:
        """Tag name in Gorgias to the key of the tag whose record makes it; deleted tags make none."""
        found: dict[str, str] = {}
        for tag, row in sorted(self.tags.items()):
            entry = self.mapping.tags.get(str(tag))
            if entry and not row["IsDeleted"]:
                found.setdefault(entry.becomes, str(tag))
        return found

    def brand_of(self, department: int) -> Row | None:
        """Return the brand of a department, or None."""
        return self.brands.get((self.departments.get(department) or {}).get("BrandID") or -1)


def _by(staged: Staged) -> Any:
    return lambda table, key: {row[key]: row for row in staged.rows(table)}


def agents_of(users: Mapping[int, Row], staged: Staged) -> set[int]:
    """Return who is an agent: member of a group, or in an agent, manager or administrator role.

    The role Everyone is on every user, customers too, so having a role says nothing by itself.
    """
    roles = {row["RoleID"] for row in staged.rows("Roles") if str(row["RoleName"]).strip().lower() in AGENT_ROLES}
    found = {row["UserID"] for row in staged.rows("UsersInGroups")}
    found |= {row["UserID"] for row in staged.rows("UsersInRoles") if row["RoleID"] in roles}
    return {i for i in found if i in users and not users[i].get("IsQueue")}


def ticket_requesters(staged: Staged) -> list[tuple[int | None, str]]:
    """Return the distinct (account, address) pairs of all tickets, by their first ticket.

    In the order of tickets, not of stages, so that a delta does not change who comes first.
    """
    found: dict[tuple[int | None, str], int] = {}
    for row in staged.columns("Tickets", ["UserID_Customer", "CustomerEmailAddress"]):
        pair = row["UserID_Customer"], row["CustomerEmailAddress"] or ""
        found[pair] = min(found.get(pair, row["TicketID"]), row["TicketID"])
    return sorted(found, key=lambda pair: (found[pair], str(pair)))


_TYPES = mimetypes.MimeTypes()
"""Python's own list: the machine's would make payloads differ between machines."""


def content_type(name: str) -> str:
    """Return the media type that a file's name suggests."""
    return _TYPES.guess_type(name)[0] or "application/octet-stream"
