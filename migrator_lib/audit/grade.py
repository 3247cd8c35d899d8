"""How complex an engagement is: four marks from 1 (simple) to 4 (very complex), each with its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from migrator_lib.audit.estimate import Estimate
from migrator_lib.audit.facts import Audit
from migrator_lib.mapping import FIELD_LIMIT

WORDS = ("simple", "moderate", "complex", "very complex")
ENGINES = ("sqlite", "mssql", "mysql", "mariadb", "postgresql")
HOURS = (8, 24, 96)
"""Load hours up to which volume is marked 1, 2 and 3: a working day, a day, a long weekend."""
FORMULA = "each mark begins at 1 and rises by 1 for each reason, to 4 at most; the grade is the mean of the four " \
    "rounded up, and at least the highest mark less 1"  # fmt: skip
Reason = tuple[bool, str]


@dataclass(frozen=True)
class Mark:
    """One mark and what it rests on."""

    what: str
    mark: int
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Grade:
    """The marks and the grade that follows."""

    marks: tuple[Mark, ...]
    grade: int

    @property
    def word(self) -> str:
        """The grade as people say it."""
        return WORDS[self.grade - 1]


def _mark(what: str, reasons: tuple[Reason, ...], otherwise: str) -> Mark:
    given = tuple(words for holds, words in reasons if holds)
    return Mark(what, min(4, 1 + len(given)), given or (otherwise,))


def overall(marks: tuple[Mark, ...]) -> int:
    """Return the grade of four marks."""
    values = [mark.mark for mark in marks]
    return max(ceil(sum(values) / len(values)), max(values) - 1)


def compatibility(audit: Audit) -> Mark:
    """Whether the source is as it is known."""
    source, storage = audit.source, audit.storage
    rows = storage.rows - storage.deleted_rows
    return _mark(
        "Compatibility",
        (
            (source.engine not in ENGINES, f"engine {source.engine} was never tried"),
            (source.product_version is None, "the version is not told by the database"),
            (bool(source.missing), f"{len(source.missing)} optional tables or columns are not there"),
            (bool(source.unreadable), f"{len(source.unreadable)} tables may not be read by the login"),
            (bool(source.unknown), f"{len(source.unknown)} tables are not known: newer than March 2018, or added"),
            (bool(rows and storage.files is None), "attachments cannot be looked at"),
            (bool(storage.missing and storage.missing > rows / 100), "more than 1 % of attachments have no file"),
        ),
        "engine, tables and files are as they are known",
    )


def mapping_clarity(audit: Audit) -> Mark:
    """Whether codes, fields and people map by themselves."""
    tickets, people, shared = audit.tickets, audit.people, audit.members.shared_values
    nameless = tickets.without_requester + people.unusable_addresses
    return _mark(
        "Mapping clarity",
        (
            (bool(audit.unmapped), f"{len(audit.unmapped)} codes that decide something have no meaning of their own"),
            (tickets.unknown_codes > tickets.number / 100, "more than 1 % of tickets have codes that are not there"),
            (nameless > tickets.number / 50, "more than 2 % of tickets or requesters are without a usable address"),
            (bool(shared), f"{shared:,} users, addresses, domains or numbers lead to several organizations"),
            (people.merged > audit.count("requester") / 50, "more than 2 % of requesters share an address"),
        ),
        "every code has one meaning",
    )  # fmt: skip


def api_constraints(audit: Audit) -> Mark:
    """Whether Gorgias' API takes it all."""
    homeless = sum(row.number or 0 for row in audit.counts if row.way == "handed over")
    return _mark(
        "API constraints",
        (
            (audit.count("ticket_field") > FIELD_LIMIT, f"more than {FIELD_LIMIT} ticket fields are in use"),
            (bool(homeless), f"{homeless:,} records have no place in Gorgias and are handed over in writing"),
            (bool(audit.storage.oversized), f"{audit.storage.oversized:,} attachments are larger than may be sent"),
            (bool(audit.messages.long_threads), f"{audit.messages.long_threads:,} tickets do not fit into one call"),
        ),
        "everything has its place and its size",
    )


def volume(estimate: Estimate) -> Mark:
    """Whether the rate makes it long."""
    mark = 1 + sum(estimate.hours > limit for limit in HOURS)
    return Mark("Volume", mark, (f"{estimate.hours:,.1f} hours of load; up to {HOURS[0]}, {HOURS[1]} and {HOURS[2]} "
                "hours are marks 1, 2 and 3",))  # fmt: skip


def grade(audit: Audit, estimate: Estimate) -> Grade:
    """Return the complexity of an audited engagement."""
    marks = (compatibility(audit), mapping_clarity(audit), api_constraints(audit), volume(estimate))
    return Grade(marks, overall(marks))
