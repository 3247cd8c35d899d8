"""What the audit found: plain facts, as they are kept in the ledger. No address, no name of a requester, no text."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from pydantic import TypeAdapter

from migrator_lib import errors
from migrator_lib.errors import HaltError
from migrator_lib.gates import GateState

Way = Literal["moved", "handed over"]


@dataclass(frozen=True)
class Source:
    """The database and the product behind it."""

    engine: str
    engine_version: str
    """Product and version, in the server's own words where it has some."""
    product_version: str | None
    edition: str | None
    built: date | None
    """The third number of the version counts days since 2000-01-01 (inferred from dated builds)."""
    read_from: str
    prefix: str
    tables: int
    """Known tables that are there, of those that SmarterTrack had in March 2018."""
    missing: tuple[str, ...]
    """Optional tables and columns that are not there: what they hold is not moved, or not counted."""
    unknown: tuple[str, ...]
    """Tables behind the prefix that are not known."""
    foreign: int
    """Tables of something else."""
    schema: str | None = None
    """None: the login's own."""
    prefix_found: bool = False
    """Whether the prefix was found rather than configured."""
    views: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    """Tables that would be counted, but that the login may not read."""
    unknown_columns: tuple[str, ...] = ()
    """Columns that tables which are read have beyond the known ones."""
    rows: dict[str, int] = field(default_factory=dict)
    """Table to its number of rows, of those that are read or counted."""
    connection: dict[str, str] = field(default_factory=dict)
    """How the database is read: driver, encryption, isolation."""
    file_paths: tuple[str, ...] = ()
    """Where SmarterTrack's servers say that their files are."""


@dataclass(frozen=True)
class Access:
    """Whether one part of the engagement could be reached, in words; ``error`` is the class of what was raised."""

    name: str
    ok: bool
    words: str
    error: str = ""
    next_step: str = ""


@dataclass(frozen=True)
class Count:
    """One row of the object map, counted at the source. None: its table is not there, or may not be read."""

    name: str
    title: str
    becomes: str
    way: Way
    number: int | None
    detail: str = ""


@dataclass(frozen=True)
class Tickets:
    """Tickets in numbers. Months are ``2026-06``."""

    number: int
    deleted: int
    spam: int
    moved: int
    """Neither deleted nor left out as spam by the engagement's policy."""
    first: date | None
    last: date | None
    by_status: dict[str, int]
    by_priority: dict[str, int]
    by_department: dict[str, int]
    by_origin: dict[str, int]
    by_month: dict[str, int]
    answered_by_month: dict[str, int]
    """Tickets by the month of their first public message from an agent: what Gorgias would bill."""
    without_messages: int
    without_requester: int
    without_date: int
    before_2000: int
    in_future: int
    closed_before_opened: int
    garbled_subjects: int
    long_subjects: int
    unknown_codes: int
    """Tickets whose status or priority is not in its table."""
    without_team: int
    """Tickets whose department or group is not in its table."""


@dataclass(frozen=True)
class Messages:
    """Messages and comments in numbers."""

    number: int
    comments: int
    newest: datetime | None
    per_day: float
    """Messages a day, over the 30 days before the newest."""
    drafts: int
    undeliverable: int
    without_direction: int
    odd_dates: int
    """Dated before 2000, or in the future."""
    longest_thread: int
    long_threads: int
    """Tickets with more messages and comments than one call takes."""
    overflow: int
    """Messages and comments beyond what one call takes."""


@dataclass(frozen=True)
class People:
    """Agents and requesters in numbers."""

    agents: int
    inactive_agents: int
    agents_without_address: int
    accounts: int
    """Requesters with an account."""
    addresses: int
    """Requesters who are only an address on a ticket."""
    merged: int
    """Accounts and spellings that share an address with another one, and end in it."""
    unusable_addresses: int
    also_agents: int


@dataclass(frozen=True)
class OrganizationMembers:
    """The members of one organization in numbers."""

    id: int
    members: int
    first: int
    """Members whose first organization it is."""
    shared: int
    """Members who are in another one, too."""
    by: dict[str, int]
    """Members by the strongest kind of filter that makes them one."""


@dataclass(frozen=True)
class InSeveral:
    """A person in several organizations: key of the requester, and (organization, kind), the first one first."""

    key: str
    organizations: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class FaultyFilter:
    """A filter that makes nobody a member, or that is one of two alike."""

    id: int
    organization: int
    kind: str
    """In SmarterTrack's word."""
    state: str


@dataclass(frozen=True)
class Members:
    """Organizations, their filters, and who is a member by them. Lists are cut; the written ones hold all."""

    organizations: int
    without_filter: int
    without_members: int
    largest: tuple[OrganizationMembers, ...]
    filters: int
    filter_states: dict[str, int]
    """What became of the filters: in use, matches nobody, duplicate, or why they cannot be evaluated."""
    faulty: tuple[FaultyFilter, ...]
    unknown_kinds: dict[str, int]
    """Words for a kind of filter that are not known, and how many filters have them."""
    shared_values: int
    """Users, addresses, domains and numbers that lead to more than one organization."""
    people: int
    """Requesters, an address in several spellings counted once."""
    with_phone: int
    """People who have a phone number to compare."""
    phone_fields: tuple[int, ...]
    """Custom fields that the numbers were taken from."""
    by_first: dict[str, int]
    """People by the kind of filter that leads to their first organization."""
    in_none: int
    in_several: int
    most: int
    """The largest number of organizations that one person is in."""
    several: tuple[InSeveral, ...]
    none_by_domain: dict[str, int]
    """People in no organization by domain, where several share it."""
    none_by_free_mail: dict[str, int]
    """The same for domains that anybody can have an address of."""
    none_without_address: int


@dataclass(frozen=True)
class Field:
    """A custom field and what its values look like, over tickets and people."""

    id: int
    name: str
    type_code: int
    options: int
    in_tickets: int
    in_people: int
    longest: int
    near_ceiling: int
    """Values of 500 to 512 characters."""
    at_ceiling: int
    """Values as long as the column, or as 512 characters where its length is not told: they may have been cut off."""


@dataclass(frozen=True)
class Code:
    """One value of a code column: how often it occurs, and what is made of it.

    ``known`` is False where it decides something and nobody gave it a meaning: such a code stops the audit.
    """

    column: str
    code: str
    number: int
    meaning: str
    known: bool
    decides: bool = True


@dataclass(frozen=True)
class Storage:
    """Attachment rows, and the files root they point to. Sizes in bytes; None: there was no files root to look at."""

    rows: int
    deleted_rows: int
    row_bytes: int
    by_year: dict[str, int]
    """Bytes by year of creation, of rows that are not deleted."""
    files: int | None
    file_bytes: int | None
    missing: int | None
    orphans: int | None
    """Files that no table names."""
    shared: int | None
    """Rows beyond the first that point to the same file."""
    ambiguous: int | None
    """File names that occur in more than one folder."""
    empty: int | None
    oversized: int
    """Rows whose file may not be sent; where the files root was looked at, of those that have one."""
    limit: int
    different_size: int | None
    """Files whose size is not that of their row: compressed, damaged or replaced."""


@dataclass(frozen=True)
class Threads:
    """SmarterTrack's background threads, as far as the database shows them."""

    state: Literal["running", "stopped", "unknown"]
    words: str
    licensing: tuple[str, ...]
    timers: int
    """Departments' timers for closing, locking or deleting that are on."""


@dataclass(frozen=True)
class Talks:
    """Live chats and call logs in numbers. Months are ``2026-06``."""

    chats: int = 0
    chats_moved: int = 0
    """Not deleted."""
    lines: int = 0
    """Lines and comments of all chats."""
    long_chats: int = 0
    """Chats with more of them than one call takes."""
    overflow: int = 0
    """What of them is beyond that."""
    calls: int = 0
    calls_moved: int = 0
    """Not deleted; none where the engagement leaves call logs out."""
    chats_by_month: dict[str, int] = field(default_factory=dict)
    calls_by_month: dict[str, int] = field(default_factory=dict)

    @property
    def moved(self) -> int:
        """How many become tickets."""
        return self.chats_moved + self.calls_moved


@dataclass(frozen=True)
class Audit:
    """Everything that notebook 01 found."""

    engagement: str
    company: str
    at: datetime
    rate: float
    """Calls per second that the engagement may use."""
    ai_share: float
    source: Source
    access: tuple[Access, ...]
    counts: tuple[Count, ...]
    parts: dict[str, int | None]
    tickets: Tickets
    messages: Messages
    people: People
    members: Members
    fields: tuple[Field, ...]
    ceilings: dict[str, int | None]
    """Real length of each column of custom field values; None: without a limit, or not told."""
    codes: tuple[Code, ...]
    storage: Storage
    threads: Threads
    gates: tuple[GateState, ...]
    """Where every gate stood when the audit was made."""
    languages: int
    """Languages that knowledge base articles are in."""
    talks: Talks = Talks()

    def as_json(self) -> dict[str, Any]:
        """Return the audit as JSON values."""
        found: dict[str, Any] = ADAPTER.dump_python(self, mode="json")
        return found

    def count(self, name: str) -> int:
        """Return the number of an object's records; 0 where its table is not there."""
        return next((row.number or 0 for row in self.counts if row.name == name), 0)

    @property
    def ceiling(self) -> int | None:
        """The shortest of the columns of custom field values; None: none has a limit that is told."""
        return min((length for length in self.ceilings.values() if length is not None), default=None)

    @property
    def unmapped(self) -> tuple[Code, ...]:
        """Codes that decide something, and that nobody gave a meaning."""
        return tuple(code for code in self.codes if not code.known)

    def gate(self, name: str) -> str:
        """Return the state of a gate: met, open or stale."""
        return next((gate.state for gate in self.gates if gate.name == name), "open")

    def require_access(self) -> None:
        """Pass if everything could be reached.

        Raises:
            TargetUnreachable, TargetDenied, FilesMissing, ParameterError: the first thing that could not be.
        """
        for access in self.access:
            if not access.ok:
                error: type[HaltError] = getattr(errors, access.error)
                raise error(access.words, next_step=access.next_step)


ADAPTER: TypeAdapter[Audit] = TypeAdapter(Audit)
