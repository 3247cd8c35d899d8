"""List endpoints: cursors, limits, orders and the envelope. Source: developers.gorgias.com, pagination."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.call import Call
from migrator_lib.simulators.gorgias.store import ORDERS, Document
from migrator_lib.simulators.gorgias.validation import Refused

CHUNK = 50
Row = tuple[Any, Document]


def _refuse(field: str, words: str) -> Refused:
    return Refused(400, "Failed to list", {field: [words]})


def envelope(call: Call, documents: Sequence[Document], following: str | None = None) -> Document:
    """Return what every list endpoint answers with."""
    meta = {"prev_cursor": None, "next_cursor": following, "total_resources": None}
    return {"object": "list", "uri": call.uri, "data": list(documents), "meta": meta}


def sees(account: Account) -> Callable[[Document], bool]:
    """Return whether a look-up by external id sees a document yet (``lag``)."""
    now = account.clock.monotonic()
    return lambda d: now - account.written.get(d["uri"], float("-inf")) >= account.lag_seconds


def listed(
    account: Account, kind: str, call: Call, *, where: Mapping[str, Any] | None = None,
    keep: Callable[[Document], bool] = lambda _: True, show: Callable[[Document], Document] = lambda d: d,
    orders: Sequence[str] = tuple(ORDERS), default: str = "id:asc",
) -> Document:  # fmt: skip
    """Return one page: of those that match ``where`` in the store and ``keep`` here, as ``show`` has them.

    Raises:
        Refused: 400 for a limit, an order or a cursor that is none.
    """
    limit = call.number("limit") if "limit" in call.query else 30
    if limit is None or not 1 <= limit <= 100:
        raise _refuse("limit", "Must be between 1 and 100.")
    order, after = call.query.get("order_by", default), None
    if "cursor" in call.query:
        order, after = _read_cursor(account, call.query["cursor"])
    column, _, way = order.partition(":")
    if column not in orders or way not in ("", "asc", "desc"):
        raise _refuse("order_by", f"Cannot order by {order}.")
    rows: list[Row] = []
    while len(rows) <= limit:
        size = max(limit + 1 - len(rows), CHUNK)
        page = account.store.page(kind, order=column, descending=way == "desc", after=after, limit=size, where=where)
        rows += [row for row in page if keep(row[1])]
        if len(page) < size:
            break
        after = (page[-1][0], page[-1][1]["id"])
    shown = rows[:limit]
    following = _cursor(account, order, shown[-1]) if len(rows) > limit else None
    return envelope(call, [show(document) for _, document in shown], following)


def _cursor(account: Account, order: str, last: Row) -> str:
    text = json.dumps([order, last[0], last[1]["id"], account.clock.monotonic()])
    return base64.urlsafe_b64encode(text.encode()).decode()


def _read_cursor(account: Account, text: str) -> tuple[str, tuple[Any, int]]:
    try:
        order, value, thing_id, made = json.loads(base64.urlsafe_b64decode(text))
        age = account.clock.monotonic() - made
    except (ValueError, TypeError) as error:
        raise _refuse("cursor", "Invalid cursor.") from error
    if not 0 <= age <= account.cursor_seconds:
        raise _refuse("cursor", "The cursor has expired.")
    return str(order), (value, int(thing_id))
