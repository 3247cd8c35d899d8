"""Lists that are handed over: agents, quarantine, and where every old ticket number is now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from migrator_lib.agents import Agent
from migrator_lib.csv_file import write_csv
from migrator_lib.engagement import Engagement
from migrator_lib.gorgias.contract.replies import User
from migrator_lib.handoff.material import TARGET
from migrator_lib.ledger.schema import Entry
from migrator_lib.ledger.written import TRASHED
from migrator_lib.masking import mask_text
from migrator_lib.objects import OBJECTS, TICKET
from migrator_lib.reconcile.accounts import ORPHANS, PART_TITLES
from migrator_lib.smartertrack.tables import FAMILIES, family_of
from migrator_lib.staging import Staged

Row = dict[str, object]
BATCH = 400
COLUMNS = ("ticket_number", "smartertrack_id", "gorgias_id", "gorgias_url", "outcome")


def agent_rows(people: Sequence[Agent], users: Mapping[str, User], mask: Callable[[str], str]) -> dict[str, list[Row]]:
    """Return what an admin does with agents: create, deactivate, and roles that differ."""
    found: dict[str, list[Row]] = {"create": [], "deactivate": [], "role": []}
    for agent in people:
        user = users.get(agent.email)
        row = _agent(agent, mask)
        if user is None and not agent.inactive:
            found["create"].append(row)
        elif user is not None and agent.inactive and user.active is not False:
            found["deactivate"].append(row)
        elif user is not None and not agent.inactive:
            role = user.role.name if user.role is not None else None
            if role and role != agent.gorgias_role:
                found["role"].append({**row, "role there": role})
    return found


def _agent(agent: Agent, mask: Callable[[str], str]) -> Row:
    return {
        "name": agent.name,
        "login": agent.login,
        "address": mask(agent.email),
        "role in SmarterTrack": agent.role,
        "role in Gorgias": agent.gorgias_role,
        "groups": ", ".join(agent.groups),
    }


# --- quarantine ----------------------------------------------------------------------------------------

TO_DO = {
    "attachment": "restore the file below the files root, or accept that it is lost",
    "kb_article": "mend it in SmarterTrack, or write it in the Help Center: see the content gaps",
    "user": "give the agent an address in SmarterTrack, or another user in mapping.yaml",
}
MEND = "mend the record in SmarterTrack, or what mapping.yaml says of it, or accept that it is left out"


def quarantine_rows(engagement: Engagement, staged: Staged) -> list[Row]:
    """Return every record in quarantine, addresses masked, with the number of the ticket it belongs to."""
    entries = list(engagement.ledger.entries(TARGET, state="quarantined"))
    by_object: dict[str, set[str]] = {}
    for entry in entries:
        by_object.setdefault(entry.object, set()).add(entry.source_key)
    numbers = _numbers_of(staged, by_object)
    titles = {obj.name: obj.title for obj in OBJECTS} | PART_TITLES
    return [
        {
            "what": titles.get(entry.object, entry.object),
            "key": entry.source_key,
            "ticket": numbers.get((entry.object, entry.source_key), ""),
            "why": mask_text(entry.reason or ""),
            "to do": TO_DO.get(entry.object, MEND),
        }
        for entry in entries
    ]


def _numbers_of(staged: Staged, wanted: Mapping[str, set[str]]) -> dict[tuple[str, str], str]:
    """Return (object, key) to the number of its ticket (chat, call log), for these and what belongs to them."""
    found: dict[tuple[str, str], str] = {}
    for family in FAMILIES:
        of = {(family.name, key): int(key) for key in wanted.get(family.name, ()) if key.isdigit()}
        parts = [(obj, table, key, before) for obj, table, key, before in ORPHANS if family_of(table) is family]
        for obj, table, column, before in parts:
            keys = wanted.get(obj, ())
            for row in staged.columns(table, [column]) if keys else ():
                own = f"{before.format(**row)}{row[column]}"
                if own in keys:
                    of[obj, own] = row[family.key]
        ids = set(of.values())
        rows = staged.columns(family.root.name, [family.number]) if ids else ()
        numbers = {row[family.key]: str(row[family.number] or "") for row in rows if row[family.key] in ids}
        found |= {thing: numbers.get(one, "") for thing, one in of.items()}
    return found


# --- old numbers ---------------------------------------------------------------------------------------


def write_numbers(engagement: Engagement, staged: Staged, file: Path) -> Path:
    """Write where every old ticket number is now, merged ones too, in constant memory; return the path.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    write_csv(file, COLUMNS, number_rows(engagement, staged))
    return file


def number_rows(engagement: Engagement, staged: Staged) -> Iterator[tuple[str, ...]]:
    """Yield a row of :data:`COLUMNS` for every number."""
    url = engagement.account_url(TARGET).rstrip("/")
    tickets = ((str(row["TicketID"]), str(row["TicketNumber"])) for row in staged.columns("Tickets", ["TicketNumber"]))
    merges = (
        (str(row["TicketID"]), str(row["TicketNumber"])) for row in staged.columns("TicketMerges", ["TicketNumber"])
    )
    for source, merged in ((tickets, False), (merges, True)):
        while batch := list(islice(source, BATCH)):
            known = engagement.ledger.known(TARGET, TICKET.name, [key for key, _ in batch])
            for key, number in batch:
                entry = known.get(key)
                target_id = (entry.target_id if entry else None) or ""
                link = f"{url}/app/ticket/{target_id}" if target_id else ""
                words = f"merged in SmarterTrack into {key}; " if merged else ""
                yield number, key, target_id, link, words + _outcome(entry)


def _outcome(entry: Entry | None) -> str:
    if entry is None:
        return "not loaded"
    if entry.state in ("created", "matched"):
        return "moved"
    if TRASHED in entry.detail:
        return f"in Gorgias' trash: {(entry.rule or '').replace('_', ' ')}"
    words = {"skipped": "left out", "quarantined": "in quarantine"}.get(entry.state, entry.state.replace("_", " "))
    return f"{words}: {(entry.rule or 'see the list').replace('_', ' ')}"
