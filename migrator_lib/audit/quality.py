"""Data quality: what was found in the source that is not as it should be, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass

from migrator_lib.audit.facts import Audit
from migrator_lib.membership.lists import IN_USE, NOBODY


@dataclass(frozen=True)
class Note:
    """One finding. ``of`` is what the number is a part of."""

    what: str
    number: int
    of: int
    becomes: str

    @property
    def share(self) -> float:
        """The number as a share of the whole."""
        return self.number / self.of if self.of else 0.0


def notes(audit: Audit) -> tuple[Note, ...]:
    """Return every finding that is there, the largest share first."""
    parts = (_tickets, _messages, _people, _members, _attachments, _fields)
    found = (note for part in parts for note in part(audit) if note.number)
    return tuple(sorted(found, key=lambda note: -note.share))


def _tickets(audit: Audit) -> tuple[Note, ...]:
    t, n = audit.tickets, audit.tickets.number
    return (
        Note("Tickets that are deleted in SmarterTrack", t.deleted, n, "not moved"),
        Note("Tickets marked as spam", t.spam, n, "as policy.spam_tickets says"),
        Note("Tickets without a message", t.without_messages, n, "moved; where nothing else is, with a note"),
        Note("Tickets without account and address", t.without_requester, n, "moved to one customer, Unknown requester"),
        Note("Tickets without an opening date", t.without_date, n, "quarantined: Gorgias cannot mend a creation date"),
        Note("Tickets opened before 2000", t.before_2000, n, "moved with that date: please look at them"),
        Note("Tickets opened in the future", t.in_future, n, "quarantined, if a message is: please correct the dates"),
        Note("Tickets closed before they were opened", t.closed_before_opened, n, "moved with both dates as they are"),
        Note("Subjects that were decoded wrongly", t.garbled_subjects, n, "moved as they are, not guessed"),
        Note("Subjects longer than 998 characters", t.long_subjects, n, "cut; the whole one is kept in the meta"),
        Note("Tickets whose status or priority is not in its table", t.unknown_codes, n, "as mapping.yaml says"),
        Note("Tickets whose department or group is not in its table", t.without_team, n, "moved without its team"),
    )  # fmt: skip


def _messages(audit: Audit) -> tuple[Note, ...]:
    m, n = audit.messages, audit.messages.number
    return (
        Note("Messages that are drafts", m.drafts, n, "not moved: they were never sent"),
        Note("Messages with a delivery error", m.undeliverable, n, "moved as failed, with the error"),
        Note("Messages without a direction", m.without_direction, n, "incoming, unless an agent wrote them"),
        Note(
            "Messages dated before 2000 or in the future",
            m.odd_dates,
            n,
            "moved with that date; in the future: the ticket is quarantined, since Gorgias could send it then",
        ),
        Note(
            "Tickets with more than 500 messages", m.long_threads, audit.tickets.number, "the rest is added one by one"
        ),
    )


def _people(audit: Audit) -> tuple[Note, ...]:
    p, requesters = audit.people, audit.count("requester")
    return (
        Note("Requesters without an account", p.addresses, requesters, "a customer for each address"),
        Note("Accounts and spellings that share an address", p.merged, requesters, "merged into the first"),
        Note("Requesters without a usable address", p.unusable_addresses, requesters, "a customer without e-mail"),
        Note("Requesters who are agents too", p.also_agents, requesters, "both: a user and a customer"),
        Note("Agents who are gone", p.inactive_agents, p.agents, "their work goes to the fallback agent"),
        Note("Active agents without a usable address", p.agents_without_address, p.agents, "quarantined: please mend"),
    )  # fmt: skip


def _members(audit: Audit) -> tuple[Note, ...]:
    m = audit.members
    unclear = m.filters - sum(m.filter_states.get(state, 0) for state in (IN_USE, NOBODY, "duplicate"))
    return (
        Note("Organizations without a filter", m.without_filter, m.organizations, "moved, nobody in it"),
        Note("Organizations without a member", m.without_members, m.organizations, "moved, nobody in it"),
        Note("People in several organizations", m.in_several, m.people, "listed, the first one marked"),
        Note("People in no organization", m.in_none, m.people, "moved as they are"),
        Note("Filters of several organizations at once", m.shared_values, m.filters, "an address goes to the first"),
        Note("Filters that match nobody", m.filter_states.get(NOBODY, 0), m.filters, "kept in the organization's meta"),
        Note("Filters that are there twice", m.filter_states.get("duplicate", 0), m.filters, "counted once"),
        Note("Filters that cannot be evaluated", unclear, m.filters, "listed: nobody is a member by them"),
    )  # fmt: skip


def _attachments(audit: Audit) -> tuple[Note, ...]:
    s = audit.storage
    rows, files = s.rows - s.deleted_rows, s.files or 0
    return (
        Note("Attachments whose file is missing", s.missing or 0, rows, "quarantined; the name is kept on the message"),
        Note("Attachments that share a file", s.shared or 0, rows, "each uploaded for its own message"),
        Note("Attachments larger than may be sent", s.oversized, rows, "quarantined; the name is kept on the message"),
        Note("Attachments of no bytes", s.empty or 0, rows, "uploaded as they are"),
        Note("Attachments whose size is not the row's", s.different_size or 0, rows, "unpacked where compressed, else "
             "checked by checksum"),
        Note("Files that no row names", s.orphans or 0, files, "left where they are"),
        Note("File names that occur in several folders", s.ambiguous or 0, files, "told apart by size and checksum"),
    )  # fmt: skip


def _fields(audit: Audit) -> tuple[Note, ...]:
    values = sum(field.in_tickets + field.in_people for field in audit.fields)
    return (
        Note("Field values of 500 to 512 characters", sum(f.near_ceiling for f in audit.fields), values, "moved whole"),
        Note("Field values that fill their column", sum(f.at_ceiling for f in audit.fields), values, "moved; they may "
             "have been cut off in SmarterTrack"),
    )  # fmt: skip
