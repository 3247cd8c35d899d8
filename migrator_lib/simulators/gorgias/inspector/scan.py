"""Looking through what an account holds, a page at a time, as the lists show it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.store import Document

LENGTH = 50
CHUNK = 200


@dataclass(frozen=True)
class Found:
    """One page of a list."""

    rows: Sequence[Document]
    following: str
    """Where the next page begins; empty on the last."""


def scan(
    account: Account, kind: str, *, cursor: str = "", keep: Callable[[Document], bool] = lambda _: True,
    order: str = "id", descending: bool = True,
) -> Found:  # fmt: skip
    """Return one page of a kind, latest first; the account is not held up for longer than a chunk."""
    after = _place(cursor)
    rows: list[tuple[Any, Document]] = []
    while len(rows) <= LENGTH:
        with account.store.lock:
            chunk = account.store.page(kind, order=order, descending=descending, after=after, limit=CHUNK)
            rows += [row for row in chunk if keep(row[1])]
        if len(chunk) < CHUNK:
            break
        after = (chunk[-1][0], chunk[-1][1]["id"])
    shown = rows[:LENGTH]
    more = len(rows) > LENGTH
    return Found([document for _, document in shown], _cursor(shown[-1][0], shown[-1][1]["id"]) if more else "")


def _cursor(value: Any, thing_id: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([value, thing_id]).encode()).decode()


def _place(cursor: str) -> tuple[Any, int] | None:
    """Return where a page begins; a cursor that is none begins at the first."""
    try:
        value, thing_id = json.loads(base64.urlsafe_b64decode(cursor))
    except (ValueError, TypeError):
        return None
    return (value, thing_id) if isinstance(thing_id, int) and isinstance(value, str | int) else None
