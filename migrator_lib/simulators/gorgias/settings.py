"""The account itself and its settings. Source: developers.gorgias.com, the account and setting pages."""

from __future__ import annotations

from typing import Any

from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.call import Call
from migrator_lib.simulators.gorgias.endpoint import Endpoint
from migrator_lib.simulators.gorgias.paging import envelope


def _account(account: Account, _call: Call) -> Any:
    return {"domain": account.name, "status": {"status": "active"}, "created_datetime": "2024-01-01T00:00:00.000000"}


def _settings(account: Account, call: Call) -> Any:
    return envelope(call, account.store.by_kind("setting"))


ROUTES = (
    Endpoint("GET", "account", 200, _account),
    Endpoint("GET", "account/settings", 200, _settings),
)
