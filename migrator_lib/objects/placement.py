"""Where a chat or a call belongs: its agent, team and brand, and what it is linked to, as a ticket's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from migrator_lib.gorgias.api import Json
from migrator_lib.lookups import Lookups
from migrator_lib.objects.notes import LINKED_FROM, note
from migrator_lib.objects.standing import said_of
from migrator_lib.staging import ConversationRecord, Row


def assignees(row: Row, lookups: Lookups) -> Json:
    """Return the agent and the team of a closed ticket, as far as it has any."""
    found: Json = {}
    agent = lookups.assignee_reference(row["UserID"], closed=True)
    team = lookups.team_reference(row["DepartmentID"] or 0, row["GroupID"] or 0)
    if agent:
        found["assignee_user"] = {"id": {"$ref": agent}}
    if team:
        found["assignee_team"] = {"id": {"$ref": team}}
    return found


def brand_tags(row: Row, lookups: Lookups) -> list[str]:
    """Return the tag of the brand, where it becomes one."""
    brand = lookups.brand_of(row["DepartmentID"] or 0)
    entry = lookups.mapping.brands.get(str(brand["BrandID"])) if brand else None
    return [entry.tag] if entry and entry.becomes == "tag" else []


def structure(one: ConversationRecord, lookups: Lookups) -> dict[str, Any]:
    """Return what the meta says of department, group, agent and links."""
    row = one.row
    department = lookups.departments.get(row["DepartmentID"] or 0, {})
    group = lookups.groups.get((row["DepartmentID"] or 0, row["GroupID"] or 0), {})
    found: dict[str, Any] = {"department": department.get("DisplayName"), "group": group.get("GroupName")}
    if not lookups.is_unassigned(row["UserID"]):
        found["agent"] = lookups.agent_name(row["UserID"])
    references = [said_of(link) for link in lookups.links.of(one.kind, one.id)]
    return found | ({"references": references} if references else {})


def link_notes(one: ConversationRecord, moment: datetime, lookups: Lookups) -> Iterator[Json]:
    """Yield a note for each ticket that it is linked to, with the number that agents search."""
    for link in lookups.links.of(one.kind, one.id):
        text = f"Linked in SmarterTrack to {said_of(link)}."
        own = f"{link.link}-{one.kind}" if link.further else link.link
        yield note(moment, {"body_text": text}, external_id=lookups.external_id(LINKED_FROM, own))
