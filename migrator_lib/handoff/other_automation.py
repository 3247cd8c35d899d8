"""What acts by itself in SmarterTrack and is no event: auto-responders, alerts of groups, rebalancing of tickets."""

from __future__ import annotations

from migrator_lib.chunks import Row
from migrator_lib.handoff.document import Audience
from migrator_lib.handoff.workflow_inventory import duration_words
from migrator_lib.lookups import Lookups
from migrator_lib.objects.workflow_rule import WorkflowRule
from migrator_lib.staging import Staged

HOLDS = {
    "HoldSecondsCompose": "being answered",
    "HoldSecondsTicketRead": "read",
    "HoldSecondsTicketAssigned": "assigned",
    "HoldSecondsPinnedTicket": "pinned",
}


def rows(staged: Staged, lookups: Lookups, audience: Audience) -> list[dict[str, object]]:
    """Return what acts by itself and is no event: auto-responders, alerts of groups, rebalancing of tickets."""
    titles = {"autoresponder": _auto_responder, "alert": _alert, "rebalance": _rebalance}
    found: list[dict[str, object]] = []
    for record in WorkflowRule().records(staged, lookups):
        make = titles.get(record.key.partition("-")[0])
        if make is not None:
            found.append(make(record.data, lookups, audience))
    return found


def _auto_responder(row: Row, lookups: Lookups, audience: Audience) -> dict[str, object]:
    used = [d for d in lookups.departments.values() if d.get("AutoResponderID") == row["AutoResponderID"]]
    on = [d for d in used if d.get("IsAutoResponderEnabled")]
    names = ", ".join(str(d["DisplayName"]) for d in on) or "no department"
    body = str(row.get("Body") or "")
    teams = ", ".join(str(t) for t in (team_name(lookups, f"d{d['DepartmentID']}") for d in on) if t)
    rule = (
        "Rule WHEN ticket created, IF ticket channel IS email AND message from agent IS false AND ticket assignee "
        f"team IS {teams or '(the team)'}, THEN reply to customer. Below the rule that assigns the team. Leave spam "
        "out: an auto-reply makes a ticket billable"
    )
    return {
        "what": "auto-responder",
        "name": f"{row.get('DisplayName') or '(no name)'} ({row['AutoResponderID']})",
        "in SmarterTrack": f"answers new tickets of {names}; subject: {row.get('Subject') or ''}",
        "text": body if audience.texts else f"{len(body):,} characters",
        "in Gorgias": rule if on else "Nothing, unless it is wanted again: no department uses it",
    }


def _alert(row: Row, lookups: Lookups, audience: Audience) -> dict[str, object]:
    team = team_name(lookups, f"g{row['DepartmentID']}-{row['GroupID']}") or row["GroupName"]
    to = audience.mask(str(row.get("AlertAddress") or ""))
    return {
        "what": "alert of a group",
        "name": f"{row['GroupName']} ({row['DepartmentID']}-{row['GroupID']})",
        "in SmarterTrack": f"option {row.get('AlertOption')}{f', to {to}' if to else ''}",
        "text": "",
        "in Gorgias": f"Rule WHEN ticket created, IF ticket assignee team IS {team}, THEN send email"
        f"{f' to {to}' if to else ''}; agents choose their own notifications under Settings, Notifications",
    }


def _rebalance(row: Row, lookups: Lookups, audience: Audience) -> dict[str, object]:
    group = lookups.groups.get((row["DepartmentID"], row["GroupID"]), {})
    every = row.get("ExecuteOnIntervalSeconds")
    moments = [f"every {duration_words(max(1, every // 60))}"] if every else []
    moments += ["when an agent comes"] if row.get("ExecuteOnAgentActivate") else []
    moments += ["when an agent leaves"] if row.get("ExecuteOnAgentDeactivate") else []
    held = [
        f"{what} for {duration_words(max(1, row[column] // 60))}" for column, what in HOLDS.items() if row.get(column)
    ]
    left = ", ".join(held)
    whom = "all its members" if row.get("IncludeAllUsersInGroup") else "chosen members"
    return {
        "what": "rebalancing",
        "name": f"{row.get('RuleName') or '(no name)'} ({row['RebalanceRuleID']})",
        "in SmarterTrack": f"spreads tickets of {group.get('GroupName') or 'a group'} over {whom} anew "
        f"{', '.join(moments) or 'by hand'}{f'; left alone: {left}' if left else ''}",
        "text": "",
        "in Gorgias": "No counterpart that moves tickets between agents. Settings, Ticket assignment: auto-assign to "
        "the available agent with the fewest tickets, and unassign when an agent goes away",
    }


def department_name(department: int, lookups: Lookups) -> str:
    """Return a department as people call it, and whether it is deleted."""
    row = lookups.departments.get(department, {})
    return f"{row.get('DisplayName') or department}{' (deleted)' if row.get('IsDeleted') else ''}"


def team_name(lookups: Lookups, key: str) -> str:
    """Return the team that a department or group becomes; empty where it becomes none."""
    entry = lookups.team(key)
    return entry.team if entry else ""
