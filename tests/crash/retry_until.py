"""A new try of what is in quarantine that is killed behind one of the things that it does; in a process of its own."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.engagement import Engagement
from migrator_lib.evidence import publish
from migrator_lib.gorgias.transport import Transport
from migrator_lib.ledger import Ledger
from migrator_lib.quarantine import again
from tests.quarantine.conftest import World
from tests.side_effects.acting import TWO

ACCOUNT = "account.sqlite3"


def run(root: str, killed_behind: str) -> int:
    """Try all that is in quarantine again; be killed before the next write behind the one that is named, if any.

    Writes are those of the ledger (``intend``) and calls (``POST tickets st:demo:ticket:3``): what a
    call was answered is lost, since the ledger does not write it any more.
    """
    dies = False

    def watched(call: Callable[..., Any], name: Callable[..., str]) -> Callable[..., Any]:
        def instead(*given: Any, **more: Any) -> Any:
            nonlocal dies
            if dies:
                os.kill(os.getpid(), signal.SIGKILL)
            found = call(*given, **more)
            dies = bool(killed_behind) and killed_behind in name(*given, **more)
            return found

        return instead

    def sent(_transport: Transport, method: str, path: str, *, body: Any = None, **_: Any) -> str:
        return f"{method} {path} {(body or {}).get('external_id', '')}"

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KEY", "demo-key")
        world = World(Path(root), patch, Path(root) / ACCOUNT, TWO)
        patch.setattr(Engagement, "check_turn", lambda _self: None)
        for name in ("intend", "settle", "set_meta"):
            patch.setattr(Ledger, name, watched(getattr(Ledger, name), lambda *_given, name=name, **_more: name))
        patch.setattr(Transport, "call", watched(Transport.call, sent))
        engagement = world.opened()
        engagement.ledger.take_lease()
        again.retry(engagement)
        publish.pages_of(engagement)
        engagement.close()
    return 0
