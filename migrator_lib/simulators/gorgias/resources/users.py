"""Users (agents) of a simulated account. Source: developers.gorgias.com, create-user, list-users and others.

Deleting one takes their tickets and teams from them, and the owner of the account cannot be deleted; source:
docs.gorgias.com/en-US/delete-a-user-196942.
"""

from __future__ import annotations

from typing import Any

from migrator_lib.gorgias.contract import replies
from migrator_lib.gorgias.contract.bodies import UserCreate, UserUpdate
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.resources.handlers import create, delete, put
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.web.endpoint import PAGING, Endpoint, Query, order_by
from migrator_lib.simulators.gorgias.web.paging import Keep, by_external_id, listed
from migrator_lib.simulators.gorgias.web.request import Call, required
from migrator_lib.simulators.gorgias.web.validation import Refused, parse, refuse

OWNER = 1
"""The first user of an account owns it."""
NEVER_NULL = ("email", "name", "role", "active")
ORDERS = ("created_datetime", "name", "id")


def _check_free(account: Account, email: str, action: str) -> None:
    if account.store.by("user", "name", email):
        raise refuse(409, action, "email", "This email is already used by another user.")


def create_user(account: Account, body: Any, *, invite: bool = True) -> Document:
    """``POST /api/users``; the product is assumed to invite the new user by mail."""
    given = parse(UserCreate, body, "create user").model_dump(exclude_unset=True)
    email = given["email"].lower()
    _check_free(account, email, "create user")
    if given.get("active") is False and not account.knobs.active_false_on_create:
        raise refuse(400, "create user", "active", "Unknown field.")
    user_id = account.store.next_id("user")
    now = account.now()
    document = {
        "id": user_id, "uri": f"/api/users/{user_id}/", "active": True, "external_id": None, "bio": None,
        "country": None,
        "language": "en", "timezone": "UTC", "meta": {}, **given, "created_datetime": now, "updated_datetime": now,
    }  # fmt: skip
    account.store.put("user", document, name=email)
    if invite and account.knobs.invites_users:
        account.store.mail("invitation", email, "user created", now)
    return document


def update_user(account: Account, user: Document, body: Any) -> Document:
    """``PUT /api/users/{id}``."""
    given = parse(UserUpdate, body, "update user").model_dump(exclude_unset=True)
    password = given.pop("password_confirmation", None)
    given = {name: value for name, value in given.items() if value is not None or name not in NEVER_NULL}
    email = str(given.get("email", user["email"]))
    if email != user["email"] and not password:
        raise refuse(400, "update user", "password_confirmation", "Missing data for required field.")
    if email.lower() != user["email"].lower():
        _check_free(account, email.lower(), "update user")
        if user["id"] == account.me()["id"]:  # the key would know nobody any more
            raise refuse(400, "update user", "email", "The address of the user whose API key this is.")
    user.update(given, updated_datetime=account.now())
    account.store.put("user", user, name=user["email"].lower())
    return user


def _remove(account: Account, user: Document) -> None:
    if user["id"] in (OWNER, account.me()["id"]):
        whose = "account's owner" if user["id"] == OWNER else "user whose API key this is"
        raise Refused(403, f"The {whose} cannot be deleted")
    for ticket in account.store.holding("ticket", "$.assignee_user.id", user["id"]):
        ticket.update(assignee_user=None, updated_datetime=account.now())
        account.save_ticket(ticket)
    for team in account.store.listing("team", "$.members", user["id"]):
        team["members"] = [member for member in team["members"] if member["id"] != user["id"]]
        account.store.replace("team", team)
    account.store.delete("user", user["id"])


def _list(account: Account, call: Call) -> Any:
    query = call.query
    where: dict[str, Any] = {}
    tests: list[Keep] = []
    if "email" in query:
        where["name"] = query["email"].lower()
    if "external_id" in query:
        where_id, keep = by_external_id(account, query["external_id"])
        where |= where_id
        tests.append(keep)
    if "search" in query:
        wanted = query["search"].lower()
        tests.append(lambda user: wanted in f"{user['name']} {user['email']}".lower())
    if roles := call.texts("roles"):
        tests.append(lambda user: user["role"]["name"] in roles)
    return listed(
        account, "user", call, where=where, keep=lambda user: all(test(user) for test in tests), orders=ORDERS
    )


def _get(account: Account, call: Call) -> Any:
    return account.me() if call.id() == 0 else required(account, "user", call.id())


ROUTES = (
    Endpoint(
        "GET", "users", 200, _list, "List users", reply=replies.User, listed=True,
        query=(
            *PAGING, order_by(*ORDERS), Query("email", str, "The whole address."), Query("external_id"),
            Query("search", str, "Part of a name or address."), Query("roles", list[str], "Names of roles."),
        ),
    ),
    Endpoint("POST", "users", 201, create(create_user), "Create a user", UserCreate, replies.User, errors=(409,)),
    Endpoint("GET", "users/{id}", 200, _get, "Get a user; 0 is the one whose key this is", reply=replies.User),
    Endpoint(
        "PUT", "users/{id}", 202, put("user", update_user), "Change a user; an e-mail address wants the password too",
        UserUpdate, errors=(409,),
    ),
    Endpoint("DELETE", "users/{id}", 204, delete("user", _remove), "Delete a user, whose tickets are then nobody's"),
)  # fmt: skip
