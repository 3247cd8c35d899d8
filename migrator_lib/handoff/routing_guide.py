"""Routing guide: how tickets find their people in SmarterTrack, and the teams, rules and limits that do so in Gorgias.

Gorgias assigns a ticket to a team by a rule, and then, where auto-assignment is on, to the available member with the
fewest tickets, below one limit for the whole account (docs.gorgias.com, ticket assignment).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from migrator_lib.handoff.correspondence import Correspondence
from migrator_lib.handoff.other_automation import department_name, team_name
from migrator_lib.lookups import Lookups
from migrator_lib.staging import Staged

Row = dict[str, object]
ALL_MEMBERS = "all agents of the group"


def hierarchy(staged: Staged, lookups: Lookups) -> list[Row]:
    """Return brand, department and group, with its team and its open tickets."""
    members = Counter((row["DepartmentID"], row["GroupID"]) for row in staged.rows("UsersInGroups"))
    open_ones = _open_tickets(staged, lookups)
    found: list[Row] = []
    for department, row in sorted(lookups.departments.items()):
        brand = lookups.brand_of(department) or {}
        line = {"brand": brand.get("BrandName") or "", "department": row["DisplayName"]}
        inside = [(key, group) for key, group in sorted(lookups.groups.items()) if key[0] == department]
        team = team_name(lookups, f"d{department}")
        found.append({**line, "group": "", **_line(row, team, 0, sum(open_ones[key] for key, _ in inside))})
        for key, group in inside:
            team = team_name(lookups, f"g{key[0]}-{key[1]}")
            found.append({**line, "group": group["GroupName"], **_line(group, team, members[key], open_ones[key])})
    return found


def _line(row: Row, team: str, members: int, tickets: int) -> Row:
    flags = (("IsDeleted", "deleted"), ("IsInternal", "internal"), ("IsFrontLine", "front line"),
             ("IsRestrictedToMemberAgents", "members alone"), ("TicketRequireResolution", "needs a resolution"),
             ("TicketRequireClosedTasks", "needs its tasks closed"),
        ("SurveyDefinitionIDAfterTicket", "asks for a rating after tickets"),
        ("SurveyDefinitionIDAfterChat", "asks for a rating after chats"))  # fmt: skip
    return {
        "is": ", ".join(words for column, words in flags if row.get(column)),
        "members": members,
        "open tickets": tickets,
        "team in Gorgias": team or "none",
        "telephone": row.get("VoipExtension") or "",
    }


def _open_tickets(staged: Staged, lookups: Lookups) -> Counter[tuple[int, int]]:
    open_ones = {int(key) for key, status in lookups.mapping.statuses.items() if status.becomes == "open"}
    rows = staged.columns("Tickets", ["DepartmentID", "GroupID", "TicketStatusID", "IsDeleted"])
    return Counter(
        (row["DepartmentID"], row["GroupID"])
        for row in rows
        if row["TicketStatusID"] in open_ones and not row["IsDeleted"]
    )


def members(staged: Staged, lookups: Lookups) -> list[Row]:
    """Return who is in which group, with what decides on the tickets that come to each."""
    rows = sorted(staged.rows("UsersInGroups"), key=lambda row: (row["DepartmentID"], row["GroupID"], row["UserID"]))
    found: list[Row] = []
    for row in rows:
        key = row["DepartmentID"], row["GroupID"]
        user = lookups.users.get(row["UserID"], {})
        gone = not user or lookups.is_inactive(user)
        found.append(
            {
                "group": lookups.groups.get(key, {}).get("GroupName") or f"{key[0]}-{key[1]}",
                "team in Gorgias": team_name(lookups, f"g{key[0]}-{key[1]}"),
                "agent": lookups.agent_name(row["UserID"]),
                "is": ", ".join([*(["gone"] if gone else []), *(["group admin"] if row.get("IsGroupAdmin") else [])]),
                "takes": ", ".join(
                    what for column, what in (("IsActiveForTickets", "tickets"), ("IsActiveForChats", "chats"))
                    if row.get(column)
                ) or "nothing",
                "weight, tickets": row.get("TicketWeight"),
                "weight, chats": row.get("ChatWeight"),
                "most new tickets": row.get("MaxNewTickets") or None,
                "turn in the round robin": row.get("RoundRobinOrder") or None,
                "in Gorgias": "no member: the agent may not sign in" if gone else _member(row.get("TicketWeight")),
            }
        )  # fmt: skip
    return found


def _member(weight: object) -> str:
    uneven = f"; weight {weight} has no counterpart" if isinstance(weight, int) and weight > 1 else ""
    return f"member of the team{uneven}"


def limits(staged: Staged) -> list[Row]:
    """Return the limits of new tickets that groups have, and the one limit that Gorgias has."""
    found = Counter(row.get("MaxNewTickets") or 0 for row in staged.rows("UsersInGroups"))
    return [
        {
            "most new tickets": limit or "no limit",
            "members with it": number,
            "in Gorgias": "Settings, Ticket assignment: one limit for chats and one for all other tickets, for the "
            "whole account; take the largest that people can bear",
        }
        for limit, number in sorted(found.items())
    ]


def rules(found: Correspondence, lookups: Lookups, mask: Callable[[str], str]) -> list[Row]:
    """Return the rules that bring new tickets to their teams, in their order: by address first, what is left last."""
    rows = list(_by_address(found, lookups, mask))
    fallback = next((name for name in dict.fromkeys(_front_line(lookups))), "(choose)")
    rows.append(
        {
            "order": len(rows) + 1,
            "WHEN": "ticket created",
            "IF": "ticket assignee team IS empty",
            "THEN": f"Assign team: {fallback}",
            "why": "what no rule above caught; a group of the front line takes it in SmarterTrack",
        }
    )
    return rows


def _by_address(found: Correspondence, lookups: Lookups, mask: Callable[[str], str]) -> Iterator[Row]:
    """Yield a rule for each address: of two rules for one, the later would undo what the first did."""
    came: dict[str, list[tuple[int, int]]] = {}
    for department, address, received, _ in found.mailboxes(lookups):
        if received:
            came.setdefault(address, []).append((-received, department))
    boxes = sorted((sorted(each), address) for address, each in came.items())
    for order, (each, address) in enumerate(boxes, 1):
        department = each[0][1]
        brand = lookups.mapping.brands.get(str((lookups.brand_of(department) or {}).get("BrandID")))
        tag = f"; Add tags: {brand.tag}" if brand and brand.becomes == "tag" else ""
        names = (f"{-n:,} to {department_name(one, lookups)}" for n, one in each)
        yield {
            "order": order,
            "WHEN": "ticket created",
            "IF": f"message from agent IS false AND message to address CONTAINS {mask(address)}",
            "THEN": f"Assign team: {team_name(lookups, f'd{department}') or '(choose)'}{tag}",
            "why": f"messages that came by it: {', '.join(names)}",
        }


def _front_line(lookups: Lookups) -> Iterator[str]:
    for (department, group), row in sorted(lookups.groups.items()):
        if row.get("IsFrontLine") and not row.get("IsDeleted"):
            yield team_name(lookups, f"g{department}-{group}")


def auto_responders(staged: Staged, lookups: Lookups) -> list[Row]:
    """Return which department answers by itself, and with what; the text is in the workflow inventory."""
    names = {row["AutoResponderID"]: row.get("DisplayName") or "" for row in staged.rows("AutoResponders")}
    return [
        {
            "department": row["DisplayName"],
            "auto-responder": names.get(row["AutoResponderID"], f"number {row['AutoResponderID']}"),
            "on": bool(row.get("IsAutoResponderEnabled")),
            "in Gorgias": "a rule behind the one that assigns the team: see the workflow inventory"
            if row.get("IsAutoResponderEnabled")
            else "nothing",
        }
        for _, row in sorted(lookups.departments.items())
        if row.get("AutoResponderID") is not None
    ]
