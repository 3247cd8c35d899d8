"""Traps of SmarterTrack's side."""

from __future__ import annotations

from migrator_lib.audit.estimate import Estimate
from migrator_lib.audit.facts import Audit
from migrator_lib.audit.traps.base import Finding, Trap, by_number


def _licence(audit: Audit, _: Estimate) -> Finding:
    modes = ", ".join(audit.threads.licensing) or "not told"
    gate = audit.gate("licence")
    words = f"Data is read from: {audit.source.read_from}. Licensing mode: {modes}. Gate 'licence': {gate}."
    if gate == "met":
        return "low", words
    return ("high" if audit.source.read_from == "live" else "medium"), words


def _backup(audit: Audit, _: Estimate) -> Finding:
    gate = audit.gate("backup_proof")
    return ("low" if gate == "met" else "high"), f"Gate 'backup_proof': {gate}. Nothing in a database proves a backup."


def _threads(audit: Audit, _: Estimate) -> Finding:
    state, gate = audit.threads.state, audit.gate("worker_threads")
    words = f"The threads were {state}. {audit.threads.words} Gate 'worker_threads': {gate}."
    if state == "stopped":
        return "high", words
    return ("low" if state == "running" and gate == "met" else "medium"), words


def _ceiling(audit: Audit, _: Estimate) -> Finding:
    near = sum(field.near_ceiling for field in audit.fields)
    full = sum(field.at_ceiling for field in audit.fields)
    length = "not told by the database (512 is taken)" if audit.ceiling is None else f"{audit.ceiling:,} characters"
    words = f"The column's real length: {length}. {near:,} values of 500 to 512 characters, {full:,} that fill it."
    return ("high" if full else "medium" if near or audit.ceiling is None else "low"), words


def _timers(audit: Audit, _: Estimate) -> Finding:
    timers = audit.threads.timers
    words = f"{timers:,} timers for closing, locking or deleting are on; data is read from: {audit.source.read_from}."
    if not timers:
        return "low", words
    return ("high" if audit.source.read_from == "live" else "medium"), words


def _files(audit: Audit, _: Estimate) -> Finding:
    storage = audit.storage
    if storage.files is None:
        return ("high" if storage.rows else "low"), f"{storage.rows:,} attachment rows, and no files root to look at."
    words = (
        f"{storage.missing or 0:,} of {storage.rows:,} attachment rows have no file; {storage.shared or 0:,} share one."
    )
    return ("medium" if storage.missing else "low"), words


def _schema(audit: Audit, _: Estimate) -> Finding:
    source = audit.source
    words = (
        f"Version {source.product_version or 'not told'}; {len(source.missing)} optional tables or columns are "
        f"missing, {len(source.unknown)} tables are unknown."
    )
    return ("medium" if source.missing or source.unknown or not source.product_version else "low"), words


SMARTERTRACK: tuple[Trap, ...] = (
    Trap(
        "licence_activation", "A licence is for one active installation", "SmarterTrack", _licence,
        "Read a restored database, which needs no second activation. A second installation is allowed for 30 days of a "
        "migration; after that the key may be disabled. Then sign the gate 'licence'.",
        "portal.smartertools.com/kb/a498",
    ),
    Trap(
        "backup_duty", "Backup is the company's own duty", "SmarterTrack", _backup,
        "The company makes a full backup of database and files at the same moment, tries a restore, and signs the gate "
        "'backup_proof'. Nothing is extracted before.",
        "help.smartertools.com, Database Management",
    ),
    Trap(
        "worker_threads", "Background threads must run for consistent data", "SmarterTrack", _threads,
        "Before the backup, see that the active server's background threads run, and that waiting mail is imported. "
        "Then sign the gate 'worker_threads'.",
        "help.smartertools.com, Failover",
    ),
    Trap(
        "ceiling_512", "Custom field values end at 512 characters", "SmarterTrack", _ceiling,
        "Look at the fields with full values (listed in the audit): what was cut off then is in no backup. Gorgias' "
        "own limit is not documented; the sandbox shows whether it takes them whole.",
        "length of the column in this database",
    ),
    Trap(
        "automatic_timers", "Automatic closing, locking and deletion go on while data is read", "SmarterTrack", _timers,
        "Read a restored backup; where the live database is read, switch the departments' timers off for that time.",
        "help.smartertools.com, Departments",
    ),
    Trap(
        "deleted_tickets", "Deleted tickets look closed and locked until they are purged", "SmarterTrack",
        lambda audit, _: by_number(
            audit.tickets.deleted, "{} tickets are deleted; the flag decides, not the status.",
            otherwise="No ticket is deleted.",
        ),
        "Nothing, if deleted tickets may stay behind; restore in SmarterTrack what is to move, before the backup.",
        "help.smartertools.com, Delete Ticket",
    ),
    Trap(
        "files_shared_and_purged", "Files are stored once for several tickets, and purged with their parents",
        "SmarterTrack", _files,
        "Give the whole tree below App_Data as the files root, from the same moment as the database. What is missing "
        "there is quarantined and named on its message.",
        "help.smartertools.com, Storage Management",
    ),
    Trap(
        "requesters_without_account", "Many requesters are only an address on a ticket", "SmarterTrack",
        lambda audit, _: by_number(
            audit.people.addresses + audit.tickets.without_requester,
            "{} requesters or tickets have no account.", otherwise="Every requester has an account.",
            severity="low",
        ),
        "Nothing: each address becomes a customer; tickets without one share the customer Unknown requester.",
        "SmarterTrack's tables, March 2018",
    ),
    Trap(
        "organization_overlap", "Membership in organizations is computed from filters", "SmarterTrack",
        lambda audit, _: by_number(
            audit.members.in_several, "{} people are in several organizations.",
            otherwise="Nobody is in two organizations.",
        ),
        "Decide which organization keeps an address; Gorgias has no companies, so each becomes a customer.",
        "help.smartertools.com, Organizations",
    ),
    Trap(
        "raw_mail_purged", "Original mails are purged after about 30 days", "SmarterTrack",
        lambda audit, _: by_number(
            audit.messages.number, "{} messages move as the database has them: without Message-ID, Bcc and headers.",
            otherwise="There are no messages.",
        ),
        "Tell agents that a customer's answer to an old mail opens a new ticket. Keep the backup as long as law asks.",
        "help.smartertools.com, Email",
    ),
    Trap(
        "schema_drift", "Tables differ between versions", "SmarterTrack", _schema,
        "Read the list of what is missing and unknown in the audit; what is missing is not moved, and said so.",
        "SmarterTrack's tables, March 2018",
    ),
    Trap(
        "secrets_in_database", "Passwords lie in the same database", "SmarterTrack",
        lambda audit, _: (
            "low", "Only an allow-list of tables and columns is read; none of it holds a password.",
        ),
        "Give a login that may only SELECT. Keep the restored copy as safe as the original, and destroy it afterwards.",
        "migrator_lib/smartertrack/tables.py",
    ),
)  # fmt: skip
