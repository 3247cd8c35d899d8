"""The replay of the last days, on shops of which it is known what happened: its calls are those of a real delta."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.clock import ManualClock
from migrator_lib.freeze.replay import Course, replay
from migrator_lib.freeze.rewind import Span, activity
from migrator_lib.ledger import Ledger
from migrator_lib.load.crew import Alone
from migrator_lib.progress import Progress
from migrator_lib.simulators.gorgias import Account
from migrator_lib.simulators.gorgias.in_process import api_of
from migrator_lib.smartertrack.tables import family_of
from migrator_lib.staging import Staged
from tests.loading import PNG, loader
from tests.shop import ANN, DANA, OPENED, Shop, minutes
from tests.simulated_account import FALLBACK, SEED

CODES: dict[str, Any] = {
    "chat_senders": {"0": {"becomes": "customer"}, "1": {"becomes": "agent"}},
    "chat_views": {"0": {"becomes": "public"}},
}
Changed = dict[str, set[int]]
"""Name of a family to what of it changed."""
DAY = timedelta(days=1)


def on(day: int, hour: int = 12) -> Any:
    """Return a moment of a day behind the one the tickets were opened on."""
    return OPENED + day * DAY + timedelta(hours=hour)


def shop_of(folder: Path, tickets: int = 6) -> Shop:
    """Return a shop of tickets that were opened, and half of them closed, on one day; and of chats and calls."""
    shop = Shop(folder)
    shop.mapped |= CODES
    shop.file("5.att", PNG)
    shop.add("TagsInTasks")
    for number in range(1, tickets + 1):
        closed = {"TicketStatusID": 3, "DateClosedUTC": minutes(20)} if number % 2 else {}
        shop.add("Tickets", {"TicketID": number, "UserID": DANA, **closed})
        shop.add("TicketMessages", {"TicketID": number, "TicketMessageID": number * 100})
    for number in range(1, 5):
        shop.add("Chats", {"ChatID": number}).add("CallLogs", {"CallLogID": number, "DateCreatedUTC": OPENED})
        shop.add("ChatMessages", {"ChatID": number, "ChatMessageID": number, "TextSubmitted": "Hello"})
    return shop


def live_a_day(shop: Shop, day: int) -> Changed:
    """Let something of every kind happen on a day; return what changed."""
    key = 10 * day
    shop.add("Tickets", {"TicketID": key, "UserID_Customer": None, "CustomerEmailAddress": f"new{day}@there.example",
                         "DateOpenedUTC": on(day)},
             {"TicketID": key + 1, "DateOpenedUTC": on(day), "UserID_Customer": ANN})  # fmt: skip
    shop.add("TicketMessages", {"TicketID": key, "TicketMessageID": key * 100, "DateReceivedUTC": on(day)},
             {"TicketID": key + 1, "TicketMessageID": key * 100 + 1, "DateReceivedUTC": on(day)},
             {"TicketID": 1, "TicketMessageID": key * 100 + 2, "DateReceivedUTC": on(day)})  # fmt: skip
    shop.add("TicketComments", {"TicketID": 4, "TicketCommentID": key, "DateEnteredUTC": on(day)})
    file = {"FileNameOnDisk": "5.att", "Length": len(PNG), "CreationDateUTC": on(day)}
    shop.add("TicketAttachments", {"TicketID": key, "TicketAttachmentID": key, "TicketMessageID": key * 100, **file})
    for row in shop.tables["Tickets"]:
        if row["TicketID"] == 2:
            row.update(TicketStatusID=3, DateClosedUTC=on(day))
        if row["TicketID"] == 6:
            row.update(IsDeleted=True, DateDeletedUTC=on(day))
    return {"ticket": {1, 2, 4, 6, key, key + 1}, **talk_a_day(shop, day)}


def talk_a_day(shop: Shop, day: int) -> Changed:
    """Let chats and calls come, go on, and go on a day."""
    key, at = 10 * day, on(day)
    shop.add("Chats", {"ChatID": key, "DateStartedUTC": at, "DateEndedUTC": None, "CustomerUserID": None,
                       "CustomerEmailAddress": "", "CustomerDisplayName": f"Guest {key}"})  # fmt: skip
    shop.add("ChatMessages", {"ChatID": key, "ChatMessageID": key * 10, "DateSubmittedUTC": at, "TextSubmitted": "Hi"},
             {"ChatID": 2, "ChatMessageID": key * 10 + 1, "DateSubmittedUTC": at, "TextSubmitted": "And?"})  # fmt: skip
    shop.add("ChatAttachments", {"ChatID": key, "ChatAttachmentID": key, "FileNameOnDisk": "5.att", "Length": len(PNG),
                                 "CreationDateUTC": at})  # fmt: skip
    shop.add("CallLogs", {"CallLogID": key, "DateStartUTC": at, "DateEndUTC": at, "DateCreatedUTC": at,
                          "CustomerUserID": None, "CustomerEmailAddress": None,
                          "CustomerPhoneNumber": f"+44 1632 9602{key}"})  # fmt: skip
    for row in shop.tables["Chats"]:
        if row["ChatID"] == 3:
            row.update(IsDeleted=True, DateDeletedUTC=at)
    for row in shop.tables["CallLogs"]:
        if row["CallLogID"] == 4:
            row.update(Description=f"Told on day {day}", DateModifiedUTC=at)
    return {"live_chat": {2, 3, key}, "call_log": {4, key}}


def delta(shop: Shop, name: str, changed: Changed) -> Path:
    """Stage what changed, and the small tables, as a delta does."""
    kept = dict(shop.tables)
    for table, family in ((table, family_of(table)) for table in kept):
        if family is not None:
            shop.tables[table] = [row for row in kept[table] if row[family.key] in changed[family.name]]
    folder = shop.write(name)
    shop.tables = kept
    return folder


def course(shop: Shop, staged: Staged, span: Span, **more: Any) -> Course:
    lookups = shop.lookups(staged)
    return Course(
        staged=staged, span=span, activity=activity(staged, span), lookups=shop.lookups, files=lookups.files,
        target=lookups.parameters.target, agents=[FALLBACK, "dana@demo.example"],
        progress=Progress(shop.folder / "progress.json", "07_cutover"), **more,
    )  # fmt: skip


def test_the_calls_that_are_predicted_are_those_that_the_delta_makes(tmp_path: Path) -> None:
    shop = shop_of(tmp_path / "shop")
    full = shop.write("full")
    account, ledger = Account("demo", None, seed=SEED, clock=ManualClock()), Ledger.in_folder(tmp_path / "state")
    api = api_of(account)
    loader(shop, api, ledger, Staged([full]), crew=Alone()).run()
    account.clock.sleep(86_400)
    changed = live_a_day(shop, 3)
    staged = Staged([full, delta(shop, "delta-001", changed)])
    calls, began = account.stats.calls, account.clock.monotonic()
    report = loader(shop, api, ledger, staged, crew=Alone()).run(tickets=changed)
    assert (report.counts["ticket", "created"], report.counts["ticket", "trashed"], report.conflicts) == (2, 1, [])
    assert {name: dict(sorted((what, n) for (obj, what), n in report.counts.items() if obj == name))
            for name in ("live_chat", "call_log")} == {
        "live_chat": {"created": 1, "trashed": 1, "updated": 1}, "call_log": {"created": 1, "updated": 1},
    }  # fmt: skip
    done, took = account.stats.calls - calls, account.clock.monotonic() - began
    ledger.close()

    (tmp_path / "freeze-of-one-that-died").mkdir()
    found = replay(course(shop, staged, Span.of(on(3, 15), 1), latency_seconds=0.0), tmp_path)
    (day,) = found.days
    assert (day.tickets, day.messages, day.file_bytes) == (6 + 5, 4 + 3, 2 * len(PNG))
    assert day.calls == done
    assert day.seconds == pytest.approx(took, abs=0.5)
    assert [place.name for place in tmp_path.iterdir() if place.name.startswith("freeze-")] == []


def test_each_day_is_a_delta_of_its_own_and_the_rate_sets_the_time(tmp_path: Path) -> None:
    shop = shop_of(tmp_path / "shop")
    for day in (3, 4):
        live_a_day(shop, day)
    rows = [{"TicketID": 100 + n, "DateOpenedUTC": on(4, 6)} for n in range(80)]
    shop.add("Tickets", *rows)
    shop.add("TicketMessages", *({"TicketID": 100 + n, "TicketMessageID": 90_000 + n, "DateReceivedUTC": on(4, 6)}
                                 for n in range(80)))  # fmt: skip
    staged = shop.stage()
    found = replay(course(shop, staged, Span.of(on(4, 15), 3)), tmp_path)
    assert [day.day for day in found.days] == ["2024-03-04", "2024-03-05", "2024-03-06"][-3:]
    quiet, first, second = found.days
    assert quiet.tickets == 0
    assert quiet.seconds == pytest.approx(found.idle_seconds, abs=2)
    assert first.tickets < second.tickets
    allowed = 40 / 20 * 0.9
    assert second.calls > 80
    assert second.seconds == pytest.approx(second.calls / allowed, rel=0.35), "a full bucket lets the first ones pass"


def test_no_file_is_read_and_what_has_none_makes_no_call(tmp_path: Path) -> None:
    shop = shop_of(tmp_path / "shop")
    live_a_day(shop, 3)
    staged = shop.stage()
    span = Span.of(on(3, 15), 1)
    before = replay(course(shop, staged, span), tmp_path).days[0].calls
    for file in shop.files.rglob("*.att"):
        file.unlink()
    assert replay(course(shop, staged, span), tmp_path).days[0].calls == before
    for table in ("TicketAttachments", "ChatAttachments"):
        shop.tables[table] = [{**row, "FileNameOnDisk": "gone.att"} for row in shop.tables[table]]
    anew = shop.stage("anew")
    assert replay(course(shop, anew, span), tmp_path).days[0].calls == before - 2
