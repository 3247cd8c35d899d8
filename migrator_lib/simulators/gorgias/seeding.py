"""Putting into a simulated account what its seed says that it holds at first: nothing of it sends mail or acts."""

from __future__ import annotations

from migrator_lib.simulators.gorgias.account import DEFAULT_SEED, Account
from migrator_lib.simulators.gorgias.resources import custom_fields, customers, tags, teams, tickets, users
from migrator_lib.simulators.gorgias.store import Document

AS_THEY_ARE = ("rule", "integration", "setting", "macro", "view")
"""What a seed writes as the account holds it."""


def plant(account: Account, seed: Document) -> None:
    """Make what a seed says.

    Raises:
        Refused: it holds what the API would refuse.
    """
    _people(account, seed)
    for tag in seed.get("tags", []):
        tags.create_tag(account, tag)
    for custom_field in seed.get("custom_fields", []):
        custom_fields.create_custom_field(account, custom_field)
    for customer in seed.get("customers", []):
        channels = [{"type": "email", "address": customer["email"], "preferred": True}]
        customers.create_customer(account, {"channels": channels, **customer})
    for ticket in seed.get("tickets", []):
        tickets.create_ticket(account, ticket)
    for kind in AS_THEY_ARE:
        for document in seed.get(f"{kind}s", []):
            account.store.put(kind, {"id": account.store.next_id(kind), **document})


def _people(account: Account, seed: Document) -> None:
    ids: dict[str, int] = {}
    for user in seed.get("users") or DEFAULT_SEED["users"]:
        role = {"role": {"name": user.get("role", "agent")}}
        made = users.create_user(account, {**user, **role}, invite=False)
        ids[made["email"].lower()] = made["id"]
    for team in seed.get("teams", []):
        members = [{"id": ids[email.lower()]} for email in team.get("members", [])]
        teams.create_team(account, {"name": team["name"], "members": members})
