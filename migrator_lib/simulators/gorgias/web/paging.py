"""List endpoints: cursors, limits, orders and the envelope. Source: developers.gorgias.com, pagination."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.store import ORDERS, Document
from migrator_lib.simulators.gorgias.web.request import Call
from migrator_lib.simulators.gorgias.web.signed_text import seal, unseal
from migrator_lib.simulators.gorgias.web.validation import Refused

CHUNK = 50
CURSOR = "cursor"
Row = tuple[Any, Document]
Keep = Callable[[Document], bool]


def _refuse(field: str, words: str) -> Refused:
    return Refused(400, "Failed to list", {field: [words]})


def envelope(
    call: Call, documents: Sequence[Document], following: str | None = None, total: int | None = None
) -> Document:
    """Return what every list endpoint answers with. Nothing tells the way back: walks go forward."""
    meta = {"prev_cursor": None, "next_cursor": following, "total_resources": total}
    return {"object": "list", "uri": call.uri, "data": list(documents), "meta": meta}


def sees(account: Account) -> Keep:
    """Return whether a look-up by external id sees a document yet (``lag``)."""
    return account.is_found


def by_external_id(account: Account, external_id: str) -> tuple[dict[str, str], Keep]:
    """Return the filters of a look-up by external id, for the store and for what it finds."""
    seen = sees(account)
    if account.knobs.external_id_exact:
        return {"external_id": external_id}, seen
    return {}, lambda d: str(d.get("external_id") or "").startswith(external_id) and seen(d)


def _limit(call: Call, size: int) -> int:
    limit = call.number("limit") if "limit" in call.query else size
    if limit is None or not 1 <= limit <= 100:
        raise _refuse("limit", "Must be between 1 and 100.")
    return limit


def _order(given: str, orders: Sequence[str]) -> tuple[str, bool]:
    """Return the column and whether it descends: the first of ``usage:desc,name:desc``, if all are known."""
    parts = [part.partition(":") for part in given.split(",")]
    if not all(column in orders and way in ("", "asc", "desc") for column, _, way in parts):
        raise _refuse("order_by", f"Cannot order by {given[:100]}.")
    return parts[0][0], parts[0][2] == "desc"


def listed(
    account: Account, kind: str, call: Call, *, where: Mapping[str, Any] | None = None, keep: Keep = lambda _: True,
    show: Callable[[Document], Document] = lambda d: d, orders: Sequence[str] = tuple(ORDERS),
    default: str = "id:asc", size: int = 30,
) -> Document:  # fmt: skip
    """Return one page: of those that match ``where`` in the store and ``keep`` here, as ``show`` has them.

    Raises:
        Refused: 400 for a limit, an order or a cursor that is none.
    """
    limit = _limit(call, size)
    order, after = call.query.get("order_by", default), None
    if "cursor" in call.query:
        order, after = _read_cursor(account, kind, call.query["cursor"])
    column, descending = _order(order, orders)
    rows: list[Row] = []
    while len(rows) <= limit:
        asked = max(limit + 1 - len(rows), CHUNK)
        page = account.store.page(kind, order=column, descending=descending, after=after, limit=asked, where=where)
        rows += [row for row in page if keep(row[1])]
        if len(page) < asked:
            break
        after = (page[-1][0], page[-1][1]["id"])
    shown = rows[:limit]
    following = _cursor(account, kind, order, shown[-1]) if len(rows) > limit else None
    total = _total(account, kind, where, keep) if account.knobs.total_resources_told else None
    return envelope(call, [show(document) for _, document in shown], following, total)


def _total(account: Account, kind: str, where: Mapping[str, Any] | None, keep: Keep) -> int:
    found = account.store.by_kind(kind, where)
    return sum(1 for document in found if keep(document))


def _cursor(account: Account, kind: str, order: str, last: Row) -> str:
    return seal(CURSOR, json.dumps([kind, order, last[0], last[1]["id"], account.clock.monotonic()]))


def _read_cursor(account: Account, kind: str, given: str) -> tuple[str, tuple[Any, int]]:
    text = unseal(CURSOR, given)
    made_for, order, value, thing_id, made = json.loads(text) if text else ("", "", "", 0, 0.0)
    if made_for != kind:
        raise _refuse("cursor", "Invalid cursor.")
    if not 0 <= account.clock.monotonic() - made <= account.cursor_seconds:
        raise _refuse("cursor", "The cursor has expired.")
    return str(order), (value, int(thing_id))
