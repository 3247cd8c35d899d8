"""Users (agents) of a simulated account. Source: developers.gorgias.com, create-user and others."""

from __future__ import annotations

from typing import Any

from migrator_lib.gorgias.contract.bodies import UserCreate, UserUpdate
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.call import Call, required
from migrator_lib.simulators.gorgias.endpoint import Endpoint
from migrator_lib.simulators.gorgias.paging import listed
from migrator_lib.simulators.gorgias.resource import create, delete, put
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.validation import Refused, parse


def create_user(account: Account, body: Any, *, invite: bool = True) -> Document:
    """``POST /api/users``; the product is assumed to invite the new user by mail."""
    given = parse(UserCreate, body, "create user").model_dump(exclude_unset=True)
    email = given["email"].lower()
    if account.store.by("user", "name", email):
        raise Refused(409, "Failed to create user", {"email": ["This email is already used by another user."]})
    user_id = account.store.next_id("user")
    now = account.now()
    document = {
        "id": user_id, "uri": f"/api/users/{user_id}/", "active": True, "external_id": None, "bio": None,
        "country": None,
        "language": "en", "timezone": "UTC", "meta": {}, **given, "created_datetime": now, "updated_datetime": now,
    }  # fmt: skip
    account.store.put("user", document, name=email)
    if invite:
        account.store.mail("invitation", email, "user created", now)
    return document


def update_user(account: Account, user: Document, body: Any) -> Document:
    """``PUT /api/users/{id}``."""
    given = parse(UserUpdate, body, "update user").model_dump(exclude_unset=True)
    if given.get("email", user["email"]) != user["email"] and not given.get("password_confirmation"):
        raise Refused(400, "Failed to update user", {"password_confirmation": ["Missing data for required field."]})
    given.pop("password_confirmation", None)
    user.update(given, updated_datetime=account.now())
    account.store.put("user", user, name=user["email"].lower())
    return user


def _list(account: Account, call: Call) -> Any:
    if "email" in call.query:
        return listed(account, "user", call, where={"name": call.query["email"].lower()})
    if "external_id" in call.query:
        return listed(account, "user", call, where={"external_id": call.query["external_id"]})
    return listed(account, "user", call)


def _get(account: Account, call: Call) -> Any:
    return account.me() if call.id() == 0 else required(account, "user", call.id())


ROUTES = (
    Endpoint("GET", "users", 200, _list),
    Endpoint("POST", "users", 201, create(create_user)),
    Endpoint("GET", "users/{id}", 200, _get),
    Endpoint("PUT", "users/{id}", 202, put("user", update_user)),
    Endpoint("DELETE", "users/{id}", 204, delete("user")),
)
