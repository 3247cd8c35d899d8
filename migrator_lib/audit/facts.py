"""What the audit found: plain facts, as they are kept in the ledger. No address, no name of a requester, no text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from pydantic import TypeAdapter

from migrator_lib import errors
from migrator_lib.errors import HaltError
from migrator_lib.gates import GateState

Way = Literal["moved", "handed over", "counted only"]


@dataclass(frozen=True)
class Source:
    """The database and the product behind it."""

    engine: str
    engine_version: str
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
    """One row of the object map, counted at the source. None: its table is not there."""

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
    """Tickets whose status, priority, department or group is not in its table."""


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
    """Agents, requesters and organizations in numbers."""

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
    organizations: int
    organizations_without_filter: int
    overlapping_filters: int
    """Addresses and domains that lead to more than one organization."""


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
    """Values exactly as long as the column: they may have been cut off."""


@dataclass(frozen=True)
class Code:
    """One value of a code column: how often it occurs, and what is made of it."""

    column: str
    code: str
    number: int
    meaning: str
    known: bool


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
    fields: tuple[Field, ...]
    ceiling: int | None
    """Real length of the column of custom field values; None: the database does not say."""
    codes: tuple[Code, ...]
    storage: Storage
    threads: Threads
    gates: tuple[GateState, ...]
    """Where every gate stood when the audit was made."""
    languages: int
    """Languages that knowledge base articles are in."""

    def as_json(self) -> dict[str, Any]:
        """Return the audit as JSON values."""
        found: dict[str, Any] = ADAPTER.dump_python(self, mode="json")
        return found

    def count(self, name: str) -> int:
        """Return the number of an object's records; 0 where its table is not there."""
        return next((row.number or 0 for row in self.counts if row.name == name), 0)

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
