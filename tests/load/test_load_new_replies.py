"""A load and its reconciliation where replies have changed: new keys everywhere, some old ones gone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from migrator_lib.errors import ReplyUnusable
from migrator_lib.ledger import Ledger
from migrator_lib.progress import Progress
from migrator_lib.reconcile import Reconciler
from migrator_lib.reconcile.readback import ReadBack
from tests.conftest import Switch
from tests.loading import TARGET, load
from tests.shop import Shop
from tests.simulated_account import SimulatedGorgias

UNUSED = {"uri", "object", "messages_count", "is_unread", "language", "timezone", "bio", "country", "prev_cursor"}


class Changed:
    """Stands before an app, and changes what its replies hold."""

    def __init__(self, app: Any, change: Any) -> None:
        self.app, self.change = app, change

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        sent: list[dict[str, Any]] = []

        async def keep(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.app(scope, receive, keep)
        body = b"".join(message.get("body", b"") for message in sent)
        if body and "/api/" in scope["path"]:
            body = json.dumps(self.change(json.loads(body))).encode()
        headers = [(name, value) for name, value in sent[0].get("headers", []) if name != b"content-length"]
        headers.append((b"content-length", str(len(body)).encode()))
        await send({**sent[0], "headers": headers})
        await send({"type": "http.response.body", "body": body})


def as_tomorrow(node: Any) -> Any:
    """Return a reply with new keys in everything that has an id, and without those that nobody relies on."""
    if isinstance(node, list):
        return [as_tomorrow(one) for one in node]
    if not isinstance(node, dict):
        return node
    kept = {key: as_tomorrow(value) for key, value in node.items() if key not in UNUSED}
    new = {"brand_new": {"id": 1, "of": ["it"]}, "another_datetime": "2027-01-01T00:00:00"}
    return {**kept, **new} if "id" in node or "data" in node else kept


def test_a_load_and_its_reconciliation_bear_new_keys_and_do_without_what_they_do_not_need(
    served: tuple[Switch, str], gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    switch, _ = served
    switch.app = Changed(switch.app, as_tomorrow)
    assert "brand_new" in gorgias.api.users.me().as_json()
    staged = shop.stage()
    load(shop, gorgias.api, ledger, staged)
    read, progress = ReadBack(shop.folder / "readback.sqlite3", "demo"), Progress(shop.folder / "progress.json", "06")
    read.read(gorgias.api, progress)
    lookups = shop.lookups(staged)
    found = Reconciler(ledger=ledger, target=TARGET, staged=staged, lookups=lookups, read=read, progress=progress).run()
    read.close()
    assert found.findings == []
    assert found.validated > 25
    assert gorgias.account.store.outbox() == []


def test_a_load_stops_with_what_to_do_next_where_lists_lack_what_it_needs(
    served: tuple[Switch, str], gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    switch, _ = served

    def nameless(reply: Any) -> Any:
        rows = reply.get("data", ()) if isinstance(reply, dict) else ()
        for row in rows:
            row.pop("id", None)
        return reply

    switch.app = Changed(switch.app, nameless)
    with pytest.raises(ReplyUnusable, match=r"GET /api/users .*id: Field required") as caught:
        load(shop, gorgias.api, ledger)
    assert caught.value.next_step
    assert gorgias.account.store.by_kind("ticket") == []
