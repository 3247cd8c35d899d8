"""The account itself and its settings. Source: developers.gorgias.com, list-settings, create-setting, update-setting.

What settings there are depends on the account; here, as there, there is one of a type.
"""

from __future__ import annotations

from typing import Any

from migrator_lib.gorgias.contract import replies
from migrator_lib.gorgias.contract.bodies import SettingCreate, SettingUpdate
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.resources.handlers import create, put, restamped, stamped
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.web.endpoint import Endpoint, Query
from migrator_lib.simulators.gorgias.web.paging import envelope
from migrator_lib.simulators.gorgias.web.request import Call
from migrator_lib.simulators.gorgias.web.validation import parse, refuse


def _account(account: Account, _call: Call) -> Any:
    return {"domain": account.name, "status": {"status": "active"}, "created_datetime": "2024-01-01T00:00:00.000000"}


def _of_type(account: Account, kind: str) -> list[Document]:
    return [setting for setting in account.store.by_kind("setting") if setting.get("type") == kind]


def _settings(account: Account, call: Call) -> Any:
    kind = call.query.get("type")
    return envelope(call, account.store.by_kind("setting") if kind is None else _of_type(account, kind))


def create_setting(account: Account, body: Any) -> Document:
    """``POST /api/account/settings``."""
    given = parse(SettingCreate, body, "create setting").model_dump(exclude_unset=True)
    if _of_type(account, given["type"]):
        raise refuse(409, "create setting", "type", "There is a setting of this type already.")
    return stamped(account, "setting", "account/settings", {"data": {}, **given})


def update_setting(account: Account, setting: Document, body: Any) -> Document:
    """``PUT /api/account/settings/{id}``: the whole of its data, which is replaced."""
    given = parse(SettingUpdate, body, "update setting").model_dump(exclude_unset=True)
    if given["type"] != setting.get("type"):
        raise refuse(400, "update setting", "type", "The type of a setting does not change.")
    return restamped(account, "setting", setting, given)


def limit_of(account: Account, name: str) -> int | None:
    """Return a number that the account's setting ``limits`` holds, or None where it says nothing."""
    for setting in _of_type(account, "limits"):
        data = setting.get("data")
        value = data.get(name) if isinstance(data, dict) else None
        if isinstance(value, int):
            return value
    return None


ROUTES = (
    Endpoint("GET", "account", 200, _account, "Get the account: the cheapest ping", reply=replies.Account),
    Endpoint(
        "GET", "account/settings", 200, _settings, "List all settings; without pages",
        reply=replies.Setting, listed=True, query=(Query("type", str, "Of one type."),),
    ),
    Endpoint(
        "POST", "account/settings", 201, create(create_setting), "Create a setting", SettingCreate, replies.Setting,
        errors=(409,),
    ),
    Endpoint(
        "PUT", "account/settings/{id}", 202, put("setting", update_setting), "Replace a setting", SettingUpdate
    ),
)  # fmt: skip
