"""Teams of a simulated account. Source: developers.gorgias.com, create-team and others."""

from __future__ import annotations

from typing import Any

from migrator_lib.gorgias.contract import replies
from migrator_lib.gorgias.contract.bodies import TeamCreate, TeamUpdate
from migrator_lib.simulators.gorgias.account import Account, reference_problem
from migrator_lib.simulators.gorgias.resources.handlers import create, delete, get, put
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.web.endpoint import PAGING, Endpoint, order_by
from migrator_lib.simulators.gorgias.web.paging import listed
from migrator_lib.simulators.gorgias.web.request import Call
from migrator_lib.simulators.gorgias.web.validation import Refused, parse

ORDERS = ("created_datetime", "name", "id")


def _members(account: Account, references: list[Document] | None) -> list[Document]:
    found = []
    for reference in references or []:
        user = account.store.get("user", reference["id"])
        if user is None:
            raise Refused(400, "Failed to save team", reference_problem("members"))
        found.append({"id": user["id"], "name": user["name"], "email": user["email"]})
    return found


def create_team(account: Account, body: Any) -> Document:
    """``POST /api/teams``."""
    given = parse(TeamCreate, body, "create team").model_dump(exclude_unset=True)
    team_id = account.store.next_id("team")
    document = {
        "id": team_id, "uri": f"/api/teams/{team_id}/", "name": given["name"],
        "description": given.get("description"), "decoration": given.get("decoration") or {},
        "members": _members(account, given.get("members")), "created_datetime": account.now(),
    }  # fmt: skip
    account.store.put("team", document, name=given["name"])
    return document


def update_team(account: Account, team: Document, body: Any) -> Document:
    """``PUT /api/teams/{id}``; members replace."""
    given = parse(TeamUpdate, body, "update team").model_dump(exclude_unset=True)
    if "members" in given:
        given["members"] = _members(account, given["members"])
    team.update({name: value for name, value in given.items() if value is not None or name == "description"})
    account.store.put("team", team, name=team["name"])
    return team


def _remove(account: Account, team: Document) -> None:
    for ticket in account.store.holding("ticket", "$.assignee_team.id", team["id"]):
        ticket.update(assignee_team=None, updated_datetime=account.now())
        account.save_ticket(ticket)
    account.store.delete("team", team["id"])


def _list(account: Account, call: Call) -> Any:
    return listed(account, "team", call, orders=ORDERS)


ROUTES = (
    Endpoint(
        "GET", "teams", 200, _list, "List teams", reply=replies.Team, listed=True, query=(*PAGING, order_by(*ORDERS))
    ),
    Endpoint("POST", "teams", 201, create(create_team), "Create a team", TeamCreate, replies.Team),
    Endpoint("GET", "teams/{id}", 200, get("team"), "Get a team", reply=replies.Team),
    Endpoint("PUT", "teams/{id}", 202, put("team", update_team), "Change a team; members replace all", TeamUpdate),
    Endpoint("DELETE", "teams/{id}", 204, delete("team", _remove), "Delete a team, whose tickets are then no team's"),
)
