"""Tag taxonomy: every tag of SmarterTrack, where it is used, its place in a hierarchy, and the tag that it becomes.

Gorgias' tags know no hierarchy, so a tag keeps its whole path as its name (``returns/damaged``), and the levels are
listed. SmarterTrack tags tasks and time logs; a ticket has the tags of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from migrator_lib.ledger.schema import Entry
from migrator_lib.lookups import Lookups
from migrator_lib.objects.live_chat import MISSED
from migrator_lib.objects.ticket import FOLLOW_UP_TAG, tags_beside
from migrator_lib.staging import Staged

Row = dict[str, object]
SEPARATORS = re.compile(r"\s*(?:::|/|\\|>|\|)\s*")
"""What people write between the levels of a tag: a/b, a::b, a > b."""
BESIDE: dict[str, Row] = {
    FOLLOW_UP_TAG: {"what for": "to be followed up", "on": "tickets that somebody wanted to come back to"},
    MISSED: {"what for": "missed chat", "on": "chats that no agent answered"},
}
OF_STATUS: Row = {"what for": "status", "on": "tickets that had this status"}
OF_PRIORITY: Row = {"what for": "priority", "on": "tickets of this priority"}
"""What tags beside SmarterTrack's say, and what has them."""


def levels(name: str) -> list[str]:
    """Return the levels that a tag's name holds; one for a plain tag."""
    return [part for part in SEPARATORS.split(name.strip()) if part] or [name.strip()]


def rows(staged: Staged, lookups: Lookups, entries: Mapping[str, Entry]) -> list[Row]:
    """Return every tag; ``entries`` are those of the ledger, by the tag's id."""
    tasks, logs, tickets = _uses(staged)
    found: list[Row] = []
    for tag, row in sorted(lookups.tags.items(), key=lambda pair: (str(pair[1]["Name"]).lower(), pair[0])):
        mapped, entry = lookups.mapping.tags.get(str(tag)), entries.get(str(tag))
        found.append(
            {
                "tag": f"{row['Name']} ({tag})",
                "level 1": levels(str(row["Name"]))[0],
                "further levels": " > ".join(levels(str(row["Name"]))[1:]),
                "tasks": tasks[tag],
                "time logs": logs[tag],
                "tickets": len(tickets.get(tag, ())),
                "in Gorgias": "" if row["IsDeleted"] or mapped is None else mapped.becomes,
                "how": _how(tag, lookups),
                "state": entry.state.replace("_", " ") if entry else "not loaded",
            }
        )
    return found


def _how(tag: int, lookups: Lookups) -> str:
    row, entry = lookups.tags[tag], lookups.mapping.tags.get(str(tag))
    if row["IsDeleted"]:
        return "left out: deleted in SmarterTrack"
    if entry is None:
        return "not in the mapping yet"
    owner = lookups.tag_owner[entry.becomes]
    if owner != str(tag):
        return f"merged with '{lookups.tags[int(owner)]['Name']}' ({owner}): one name in Gorgias"
    if entry.becomes == row["Name"]:
        return "as it is" if len(levels(entry.becomes)) == 1 else "flattened: its path is its name"
    return f"renamed: {entry.reason}" if entry.reason else "renamed by the mapping"


def _uses(staged: Staged) -> tuple[Counter[int], Counter[int], dict[int, set[int]]]:
    """Return tag to number of tasks, to number of time logs, and to its tickets; deleted ones do not count."""
    ticket_of = {row["TaskID"]: row["TicketID"] for row in staged.columns("Tasks", ["TaskID", "IsDeleted"])
                 if not row["IsDeleted"]}  # fmt: skip
    tasks: Counter[int] = Counter()
    logs: Counter[int] = Counter()
    tickets: dict[int, set[int]] = {}
    for row in staged.rows("TagsInTasks"):
        if row["TaskID"] in ticket_of:
            tasks[row["TagID"]] += 1
            tickets.setdefault(row["TagID"], set()).add(ticket_of[row["TaskID"]])
    for row in staged.columns("TimeLogs", ["TagID", "IsDeleted"]):
        if row["TagID"] is not None and not row["IsDeleted"]:
            logs[row["TagID"]] += 1
            tickets.setdefault(row["TagID"], set()).add(row["TicketID"])
    return tasks, logs, tickets


def branches(found: list[Row]) -> list[Row]:
    """Return the first levels that several tags share, with what is below each."""
    groups: dict[str, list[Row]] = {}
    for row in found:
        groups.setdefault(str(row["level 1"]).lower(), []).append(row)
    return [
        {
            "level 1": members[0]["level 1"],
            "tags": len(members),
            "below": ", ".join(str(row["further levels"]) for row in members if row["further levels"]),
            "in Gorgias": "a view for each that agents look for: IF ticket tags CONTAINS ANY OF these",
        }
        for members in groups.values()
        if len(members) > 1 and any(row["further levels"] for row in members)
    ]


def added(lookups: Lookups) -> list[Row]:
    """Return the tags that are none of SmarterTrack's: of brands, of statuses that Gorgias has not, and others."""
    brands: list[Row] = [
        {"tag": entry.tag, "what for": f"brand {entry.name}", "on": "every ticket of the brand's departments"}
        for entry in lookups.mapping.brands.values()
        if entry.becomes == "tag"
    ]
    statuses: list[Row] = [
        {"tag": entry.tag, "what for": f"status {entry.name}", "on": "tickets that had this status"}
        for entry in lookups.mapping.statuses.values()
        if entry.tag and entry.keeps == "tag"
    ]
    named = {*(row["tag"] for row in (*brands, *statuses))}
    others: list[Row] = [
        {"tag": tag, **BESIDE.get(tag, OF_PRIORITY if tag.startswith("priority: ") else OF_STATUS)}
        for tag in sorted(tags_beside(lookups) - named)
    ]
    return [*brands, *statuses, *others]
