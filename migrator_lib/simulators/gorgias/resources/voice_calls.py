"""Voice calls, which can be listed and never created; this account has had none. Source: list-voice-calls."""

from __future__ import annotations

from typing import Any

from migrator_lib.gorgias.contract import replies
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.web.endpoint import PAGING, Endpoint
from migrator_lib.simulators.gorgias.web.paging import listed
from migrator_lib.simulators.gorgias.web.request import Call

RESOURCES = ("voice-calls", "voice-call-events", "voice-call-recordings")


def _list(account: Account, call: Call) -> Any:
    return listed(account, "voice_call", call)


ROUTES = tuple(
    Endpoint("GET", f"phone/{name}", 200, _list, "List: none here", reply=replies.Thing, listed=True, query=PAGING)
    for name in RESOURCES
)
