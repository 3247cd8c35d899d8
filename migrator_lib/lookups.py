"""What a transform may look up: the source's definitions, the mapping, the parameters, the index of files.

Pure data, but for that index: a million files are on disk, and only read.
"""

from __future__ import annotations

import hashlib
import mimetypes
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from migrator_lib import contacts
from migrator_lib.contacts import Asker, Contact
from migrator_lib.external_id import external_id
from migrator_lib.knowledge.rules import Rules
from migrator_lib.knowledge.source import Knowledge
from migrator_lib.links import Links
from migrator_lib.mapping import EngagementMapping, Team
from migrator_lib.membership.kinds import FilterKind, kind_reader
from migrator_lib.parameters import Parameters
from migrator_lib.proofs.behaviour import Behaviour
from migrator_lib.smartertrack.file_index import FileIndex
from migrator_lib.smartertrack.matching import Files
from migrator_lib.staging import Row, Staged

if TYPE_CHECKING:
    from migrator_lib.membership.belonging import Members
    from migrator_lib.membership.filters import Filters

EMAIL = re.compile(r"[^@\s<>,;:\"()]+@[^@\s<>,;:\"()]+\.[^@\s<>,;:\"()]+")
EMAIL_MAXIMUM = 320
UNKNOWN_REQUESTER = "unknown"
AGENT_ROLES = ("agent", "manager", "administrator")
GORGIAS_ROLES = ("admin", "agent", "basic-agent", "lite-agent", "observer-agent")
"""Roles of Gorgias (developers.gorgias.com, create-user), the one that may most first."""
PHONE_NAMES = ("phone", "phone number", "telephone", "telephone number", "mobile", "mobile phone", "cell phone")


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
    """(account or None, address) of every ticket, distinct, in ticket order; then those of chats and calls."""
    callers: Mapping[str, Asker] = field(default_factory=dict)
    """Telephone number of calls to who had it: the first whom an account or an address tells, else the first."""
    roles: Mapping[int, Sequence[int]] = field(default_factory=dict)
    """Account to the roles of employees that it has."""
    staged: Staged | None = None
    """What it was made of."""
    knowledge: Knowledge = field(default_factory=Knowledge)
    behaviour: Behaviour = field(default_factory=Behaviour)
    """What depends on how Gorgias answers, as the sandbox did."""
    task_statuses: dict[int, Row] = field(default_factory=dict)
    task_priorities: dict[int, Row] = field(default_factory=dict)
    links: Links = field(default_factory=Links)
    """What tickets, chats and calls are linked to."""

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
        users, roles = by("Users", "UserID"), employee_roles(staged)
        others, callers = of_chats_and_calls(askers(staged, parameters), users)
        user_fields: dict[int, list[Row]] = {}
        for row in staged.rows("CustomDataFieldsForUsers"):
            user_fields.setdefault(row["UserID"], []).append(row)
        return cls(
            parameters=parameters,
            mapping=mapping,
            users=users,
            agents=agents_of(users, staged, roles),
            roles=roles,
            staged=staged,
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
            task_statuses=by("TaskStatuses", "TaskStatusID"),
            task_priorities=by("TaskPriorities", "TaskPriorityID"),
            links=Links.read(staged),
            files=FileIndex(staged, alive),
            knowledge=Knowledge.of(staged),
            ticket_requesters=[*ticket_requesters(staged), *others],
            callers=callers,
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

    def assignee_reference(self, user_id: int | None, *, closed: bool) -> str | None:
        """Return the reference of the user whom a ticket is assigned to, or None for nobody.

        What an agent who is gone left open is the fallback agent's. What is closed is it too, or belongs to nobody
        and keeps the name alone, where ``agents.history`` is ``by_name``.
        """
        if self.is_unassigned(user_id):
            return None
        reference = self.agent_reference(user_id)
        by_name = closed and self.parameters.agents.history == "by_name"
        return None if by_name and reference == "user:fallback" else reference

    def role_of(self, user_id: int) -> str:
        """Return the role in Gorgias of an agent: of all that the mapping gives, the one that may most."""
        chosen = self.mapping.roles
        held = {chosen[str(role)].becomes for role in self.roles.get(user_id, ()) if str(role) in chosen}
        if self.users[user_id].get("IsPrimaryAdmin"):
            held |= {role.becomes for role in chosen.values() if role.name.lower() == "administrator"}
        return next((role for role in GORGIAS_ROLES if role in held), "agent")

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
        """Lowered address to the key of the requester who has it; accounts come first, lowest id first.

        What is no address (``none``, ``n/a``) makes no two accounts one.
        """
        found: dict[str, str] = {}
        for user_id in sorted(self.requester_accounts):
            address = lowered(self.users[user_id]["Email"])
            if is_email(address):
                found.setdefault(address, f"u{user_id}")
        for account, address in self.ticket_requesters:
            if account not in self.requester_accounts and lowered(address):
                found.setdefault(lowered(address), requester_key_of_address(address))
        return found

    @cached_property
    def sharing(self) -> dict[str, list[int]]:
        """Requester's key to the other accounts with the same address, which are one customer with it, by id."""
        found: dict[str, list[int]] = {}
        for user_id in sorted(self.requester_accounts):
            owner = self.requester_of_address.get(lowered(self.users[user_id]["Email"]), f"u{user_id}")
            if owner != f"u{user_id}":
                found.setdefault(owner, []).append(user_id)
        return found

    @cached_property
    def shared_mailboxes(self) -> set[str]:
        """The requesters (by key) whose address is that of accounts with several names: of a mailbox, not a person."""

        def name(user_id: int) -> str:
            return " ".join(str(self.users[user_id]["DisplayName"] or "").lower().split())

        accounts = ((owner, (int(owner[1:]), *others)) for owner, others in self.sharing.items())
        return {owner for owner, ids in accounts if len({name(one) for one in ids} - {""}) > 1}

    @cached_property
    def phone_fields(self) -> set[int]:
        """Custom fields of users that hold phone numbers.

        UNVERIFIED: SmarterTrack's table of users has no column for it, so it is most likely a custom field with a
        special mapping. Taken are those whose special mapping or whole name says so, or those that engagement.yaml
        names.
        """
        named = self.parameters.organizations.phone_fields
        return set(named) or {
            key
            for key, row in self.custom_fields.items()
            if "phone" in lowered(row.get("SpecialMapping")) or lowered(row["DisplayName"]) in PHONE_NAMES
        }

    @cached_property
    def requester_of_phone(self) -> dict[str, str]:
        """Phone number, as it is compared, to the first account without a valid address that has it as its channel.

        A number of an organization is the organization's.
        """
        found: dict[str, str] = {}
        for user_id in sorted(self.requester_accounts if self.phone_fields else ()):
            if not is_email(lowered(self.users[user_id]["Email"])):
                for row in self.user_fields.get(user_id, ()):
                    number = contacts.phone_of(row["DataContent"]) if row["CustomFieldID"] in self.phone_fields else ""
                    if number and number not in self._organization_of_number:
                        found.setdefault(number, f"u{user_id}")
        return found

    @cached_property
    def numbers_of(self) -> dict[str, list[str]]:
        """Requester's key to the phone numbers that are its channels."""
        found: dict[str, list[str]] = {}
        for number, key in self.requester_of_phone.items():
            found.setdefault(key, []).append(number)
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

    def contact(self, who: Asker) -> Contact:
        """Return the customer of a chat or call, and by which rule (:mod:`migrator_lib.contacts`)."""
        if who.account in self.requester_accounts:
            return Contact(f"requester:{self.requester_key(who.account, None)}", "by_account")
        if is_email(who.address) and lowered(who.address) in self.requester_of_address:
            return Contact(f"requester:{self.requester_of_address[lowered(who.address)]}", "by_address")
        if who.phone:
            return self._contact_of_phone(who)
        if who.name:
            return Contact(f"requester:{who.own_key}", "by_name")
        return Contact(f"requester:{UNKNOWN_REQUESTER}", "unknown")

    def _contact_of_phone(self, who: Asker) -> Contact:
        if who.phone in self._organization_of_number:
            return Contact(f"organization:{self._organization_of_number[who.phone]}", "by_organization")
        if who.phone in self.requester_of_phone:
            return Contact(f"requester:{self.requester_of_phone[who.phone]}", "by_caller")
        other = self.callers.get(who.phone)
        if other is not None and is_known(other, self.users):
            return Contact(self.contact(other).reference, "by_caller")
        return Contact(f"requester:{who.own_key}", "by_phone")

    def owner_of_number(self, phone: str) -> str:
        """Return the reference of the customer of a call that tells nothing but this number."""
        return self.contact(Asker("call", 0, None, "", "", phone)).reference

    @cached_property
    def _organization_of_number(self) -> dict[str, int]:
        """Number as it is compared to the organization that has it in Gorgias."""
        found: dict[str, int] = {}
        for text, organization in self.organization_of_phone.items():
            if contacts.phone_of(text):
                found.setdefault(contacts.phone_of(text), organization)
        return found

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

    @cached_property
    def organization_filters(self) -> Filters:
        """All filters of organizations as look-ups."""
        from migrator_lib.membership.filters import Filters  # which imports this

        return Filters.of(self)

    @cached_property
    def members(self) -> dict[int, Members]:
        """Organization to who belongs to it, of those that have members."""
        from migrator_lib.membership import belonging  # which imports this

        return belonging.members(self.staged, self) if self.staged is not None else {}

    def first_organization_with(self, address: str) -> int | None:
        """Return the first organization whose e-mail filters hold an address (two may; Gorgias allows one)."""
        return self._organization_of_address.get(address)

    # --- structure ---------------------------------------------------------------------------------

    def team(self, key: str) -> Team | None:
        """Return the mapping of a department or group, or None where it becomes nothing."""
        entry = self.mapping.teams.get(key)
        return entry if entry and entry.becomes == "team" else None

    def team_reference(self, department: int, group: int) -> str | None:
        """Return the reference of a ticket's team: its group's, else its department's, else its brand's."""
        for key in (f"g{department}-{group}", f"d{department}"):
            entry = self.team(key)
            if entry:
                return f"department:{self.team_owner.get(entry.team, key)}"
        brand = self.brand_of(department)
        name = self.brand_team(brand["BrandID"]) if brand else None
        if name is None or brand is None:
            return None
        owner = self.team_owner.get(name)
        return f"department:{owner}" if owner else f"brand_team:{self.brand_team_owner[name]}"

    def brand_team(self, brand: int) -> str | None:
        """Return the name of the team that a brand becomes, or None where it becomes none."""
        entry = self.mapping.brands.get(str(brand))
        return (entry.team.strip() or entry.name) if entry and entry.becomes == "team" else None

    @cached_property
    def brand_team_owner(self) -> dict[str, str]:
        """Team name to the key of the brand whose record makes it."""
        found: dict[str, str] = {}
        for brand in sorted(self.brands):
            name = self.brand_team(brand)
            if name:
                found.setdefault(name, str(brand))
        return found

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

    @cached_property
    def article_rules(self) -> Rules:
        """The rules of the knowledge base."""
        return Rules(self)

    def brand_of(self, department: int) -> Row | None:
        """Return the brand of a department, or None."""
        return self.brands.get((self.departments.get(department) or {}).get("BrandID") or -1)


def _by(staged: Staged) -> Any:
    return lambda table, key: {row[key]: row for row in staged.rows(table)}


def employee_roles(staged: Staged) -> dict[int, list[int]]:
    """Return account to the roles that employees have: agent, manager, administrator, and the company's own.

    The role Everyone is on every user, customers too, so having a role says nothing by itself.
    """
    employees = {
        row["RoleID"]
        for row in staged.rows("Roles")
        if str(row["RoleName"]).strip().lower() in AGENT_ROLES or row.get("IsCustomRole")
    }
    found: dict[int, list[int]] = {}
    for row in staged.rows("UsersInRoles"):
        if row["RoleID"] in employees:
            found.setdefault(row["UserID"], []).append(row["RoleID"])
    return found


def agents_of(users: Mapping[int, Row], staged: Staged, held: Mapping[int, Sequence[int]]) -> set[int]:
    """Return who is an agent: member of a group, or in an agent, manager or administrator role.

    Args:
        users: all accounts.
        staged: what was read.
        held: :func:`employee_roles`; a role of the company's own makes nobody an agent.
    """
    roles = {row["RoleID"] for row in staged.rows("Roles") if str(row["RoleName"]).strip().lower() in AGENT_ROLES}
    found = {row["UserID"] for row in staged.rows("UsersInGroups")}
    found |= {user for user, own in held.items() if not roles.isdisjoint(own)}
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


def askers(staged: Staged, parameters: Parameters) -> Iterator[Asker]:
    """Yield the customers of all chats, and of the calls that are in scope; deleted ones count for nothing."""
    calls = staged.columns("CallLogs", contacts.CALL_COLUMNS) if parameters.policy.call_logs == "migrate" else ()
    return contacts.askers(staged.columns("Chats", contacts.CHAT_COLUMNS), calls)


def is_known(who: Asker, users: Mapping[int, Row]) -> bool:
    """Whether an account or an address tells who it is."""
    account = users.get(who.account) if who.account is not None else None
    return (account is not None and not account.get("IsQueue")) or is_email(who.address)


def of_chats_and_calls(
    found: Iterable[Asker], users: Mapping[int, Row]
) -> tuple[list[tuple[int | None, str]], dict[str, Asker]]:
    """Return (account, address) pairs as of tickets, (None, "") where nothing tells who it was; and who had a number.

    In the order of chats and calls, not of stages. Of a number the first whom an account or an address tells counts,
    else the first.
    """
    pairs: dict[tuple[int | None, str], tuple[bool, int]] = {}
    by_phone: dict[str, tuple[bool, int, Asker]] = {}
    for who in found:
        place, known = (who.kind == "call", who.id), is_known(who, users)
        if known or not (who.phone or who.name):
            pair = who.account, who.address if is_email(who.address) else ""
            pairs[pair] = min(pairs.get(pair, place), place)
        if who.phone:
            own = (not known, who.id, who)
            by_phone[who.phone] = min(by_phone.get(who.phone, own), own, key=lambda one: one[:2])
    return sorted(pairs, key=lambda pair: (pairs[pair], str(pair))), {phone: one[2] for phone, one in by_phone.items()}


_TYPES = mimetypes.MimeTypes()
"""Python's own list: the machine's would make payloads differ between machines."""


def content_type(name: str) -> str:
    """Return the media type that a file's name suggests."""
    return _TYPES.guess_type(name)[0] or "application/octet-stream"
