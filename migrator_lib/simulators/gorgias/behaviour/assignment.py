"""Auto-assignment: open tickets without an agent are given to the members of a team, in turn.

Source: the account setting ``ticket-assignment`` with ``auto_assign_to_teams``: true for every team, or ids of teams.
"""

from __future__ import annotations

from typing import Any

from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.behaviour.switches import ASSIGNMENT, switched_on
from migrator_lib.simulators.gorgias.store import Document


def assign(account: Account, ticket_id: int) -> bool:
    """Assign a ticket, if the setting is on and the ticket is open and nobody's; return whether that was done."""
    setting = switched_on(account, ASSIGNMENT)
    ticket = account.store.get("ticket", ticket_id) if setting is not None else None
    if setting is None or ticket is None or ticket["status"] != "open" or ticket["assignee_user"]:
        return False
    members = _members(account, ticket, setting.get("auto_assign_to_teams"))
    if not members:
        return False
    chosen = members[(account.store.next_id("assignment", 0)) % len(members)]
    ticket["assignee_user"] = {"id": chosen["id"], "name": chosen["name"], "email": chosen["email"]}
    account.save_ticket(ticket)
    account.store.fire("auto-assignment", str(chosen["id"]), "ticket-assigned", ticket_id, account.now())
    return True


def _members(account: Account, ticket: Document, teams: Any) -> list[Document]:
    """Return who is in turn: the ticket's team, else those of the setting; each once, in the order of their ids."""
    wanted = {ticket["assignee_team"]["id"]} if ticket["assignee_team"] else None
    if wanted is None and isinstance(teams, list):
        wanted = {team for team in teams if isinstance(team, int)}
    found = [team for team in account.store.by_kind("team") if wanted is None or team["id"] in wanted]
    by_id = {member["id"]: member for team in found for member in team["members"]}
    return [by_id[user_id] for user_id in sorted(by_id)]
