"""What the source deletes, merges, brings back or changes after the load, by rule, and what an agent did meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from migrator_lib.clock import ManualClock
from migrator_lib.delta import conflicts, history
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.ledger import GONE, Entry, Ledger
from migrator_lib.load import LoadReport
from migrator_lib.load.crew import Alone
from migrator_lib.progress import Progress
from migrator_lib.reconcile import Reconciler, Reconciliation
from migrator_lib.reconcile.accounts import accounts, require_balanced, settle_strays
from migrator_lib.reconcile.readback import ReadBack
from migrator_lib.simulators.gorgias import Account
from migrator_lib.simulators.gorgias.in_process import api_of
from migrator_lib.simulators.gorgias.resources import messages, tickets
from migrator_lib.staging import Staged, write_gone
from tests.loading import PNG, TARGET, loader, thread, ticket, writes
from tests.shop import DANA, Shop, minutes
from tests.simulated_account import SEED

CHILDREN = ("TicketMessages", "TicketComments", "TicketAttachments", "CustomDataFieldsInTickets", "TicketMerges")


@dataclass
class Desk:
    """A help desk that is loaded, changes, and is loaded again: every change is a stage laid over those before."""

    shop: Shop
    ledger: Ledger
    account: Account
    api: GorgiasApi
    stages: list[Path] = field(default_factory=list)
    first: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def staged(self) -> Staged:
        return Staged(self.stages)

    def load(self, **more: Any) -> LoadReport:
        report = loader(self.shop, self.api, self.ledger, self.staged, crew=Alone(), **more).run()
        settle_strays(self.ledger, TARGET, self.staged)
        require_balanced(accounts(self.ledger, TARGET, self.staged, self.shop.lookups(self.staged)))
        return report

    def delta(self, *changed: int, gone: tuple[int, ...] = (), merged: dict[str, int] | None = None) -> None:
        """Stage what these tickets are now, those that are gone, and the numbers that were merged into others."""
        for number, into in (merged or {}).items():
            self.shop.add("TicketMerges", {"TicketID": into, "TicketNumber": number})
        kept = {table: self.shop.tables.get(table, []) for table in ("Tickets", *CHILDREN)}
        for table, rows in kept.items():
            self.shop.tables[table] = [row for row in rows if row["TicketID"] in changed]
        folder = self.shop.write(f"delta-{len(self.stages):03d}", ("Tickets", *CHILDREN))
        write_gone(folder, gone)
        self.stages.append(folder)
        self.shop.tables |= kept

    def change(self, number: int, **values: Any) -> None:
        next(row for row in self.shop.tables["Tickets"] if row["TicketID"] == number).update(values)

    def merge(self, number: int, into: int) -> None:
        """Do what SmarterTrack does when tickets are merged: the parts move, the row goes, the number stays."""
        self.shop.tables["Tickets"] = [row for row in self.shop.tables["Tickets"] if row["TicketID"] != number]
        for table in CHILDREN:
            for row in self.shop.tables.get(table, []):
                if row["TicketID"] == number:
                    row["TicketID"] = into

    def agent(self, number: int, **values: Any) -> None:
        """Do what an agent does in Gorgias, some time after the load."""
        self.account.clock.sleep(3600)
        with self.account.store.transaction():
            tickets.update_ticket(self.account, ticket(self.account, number), values)

    def entry(self, number: int) -> Entry:
        found = self.ledger.entry(TARGET, "ticket", str(number))
        assert found is not None
        return found

    def there(self, number: int) -> dict[str, Any]:
        return ticket(self.account, number)

    def reconcile(self) -> Reconciliation:
        staged, progress = self.staged, Progress(self.shop.folder / "progress.json", "06_reconcile", lambda: None)
        read = ReadBack(self.shop.folder / "readback.sqlite3", "demo")
        try:
            read.read(self.api, progress)
            return Reconciler(ledger=self.ledger, target=TARGET, staged=staged, lookups=self.shop.lookups(staged),
                              read=read, progress=progress).run()  # fmt: skip
        finally:
            read.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Four tickets of two requesters, loaded: 1 is open with a file, 2 closed, 3 waits, 4 is open."""
    shop = Shop(tmp_path / "shop")
    shop.file("5.att", PNG)
    for number, status in ((1, 1), (2, 3), (3, 2), (4, 1)):
        shop.add("Tickets", {"TicketID": number, "TicketStatusID": status, "UserID": DANA})
        shop.add("TicketMessages", {"TicketID": number, "TicketMessageID": number * 100})
        shop.add("TicketComments", {"TicketID": number, "TicketCommentID": number, "DateEnteredUTC": minutes(5)})
    shop.add("TicketAttachments", {"TicketID": 1, "TicketAttachmentID": 1, "TicketMessageID": 100,
                                   "FileNameOnDisk": "5.att", "Length": len(PNG)})  # fmt: skip
    account = Account("demo", None, seed=SEED, clock=ManualClock(datetime.now(UTC)))
    ledger = Ledger.in_folder(tmp_path / "state", inline=True)
    made = Desk(shop, ledger, account, api_of(account))
    made.stages.append(shop.write("full"))
    made.load()
    yield made
    ledger.close()
    account.store.close()


def test_a_ticket_that_was_deleted_since_is_trashed_with_its_account_and_that_is_as_it_should_be(desk: Desk) -> None:
    before = desk.there(1)
    desk.change(1, IsDeleted=True, TicketStatusID=3)
    desk.delta(1)
    report = desk.load()
    assert (report.counts["ticket", "trashed"], report.conflicts) == (1, [])
    assert desk.there(1) == {**before, "trashed_datetime": desk.there(1)["trashed_datetime"]}
    assert desk.there(1)["trashed_datetime"]
    assert (desk.entry(1).state, desk.entry(1).rule) == ("skipped", "deleted_ticket")
    assert desk.entry(1).target_id == str(before["id"])
    attachment = desk.ledger.entry(TARGET, "attachment", "1")
    assert attachment is not None
    assert attachment.state == "skipped"
    found = desk.reconcile()
    assert (found.findings, found.changes) == ([], [])
    done = writes(desk.account)
    assert desk.load().counts["ticket", "trashed"] == 0
    assert writes(desk.account) == done


def test_spam_follows_the_same_rule_and_is_none_where_spam_is_migrated(desk: Desk) -> None:
    desk.change(1, IsSpam=True)
    desk.delta(1)
    desk.load()
    assert desk.entry(1).rule == "spam_ticket"
    assert desk.there(1)["trashed_datetime"]
    desk.shop.policy = {"spam_tickets": "migrate"}
    desk.load()
    assert (desk.there(1)["trashed_datetime"], desk.there(1)["spam"]) == (None, True)


def test_a_ticket_that_comes_back_is_taken_out_of_the_trash_and_brought_up_to_date(desk: Desk) -> None:
    desk.change(2, IsDeleted=True)
    desk.delta(2)
    desk.load()
    assert desk.there(2)["trashed_datetime"]
    desk.change(2, IsDeleted=False, TicketStatusID=1)
    desk.shop.add("TicketMessages", {"TicketID": 2, "TicketMessageID": 290, "DateReceivedUTC": minutes(90)})
    desk.delta(2)
    report = desk.load()
    assert (report.counts["ticket", "updated"], report.conflicts) == (1, [])
    found = desk.there(2)
    assert (found["trashed_datetime"], found["status"], found["closed_datetime"]) == (None, "open", None)
    assert thread(desk.account, 2) == ["message:200", "comment:2", "message:290"]
    assert desk.entry(2).state == "created"
    assert desk.reconcile().findings == []
    actions = [
        row["detail"]["action"] for row in desk.ledger.journal(TARGET, "ticket", "2") if row["event"] == "intent"
    ]
    assert actions == ["create", "trash", "restore", "update"]


def test_a_ticket_that_comes_back_as_it_was_is_taken_out_of_the_trash_too(desk: Desk) -> None:
    desk.change(2, IsDeleted=True)
    desk.delta(2)
    desk.load()
    desk.change(2, IsDeleted=False)
    desk.delta(2)
    desk.load()
    assert desk.there(2)["trashed_datetime"] is None
    assert desk.reconcile().findings == []


def test_a_deleted_ticket_that_an_agent_has_changed_stays_and_is_listed_with_what_to_do(desk: Desk) -> None:
    desk.agent(1, subject="Mine")
    desk.change(1, IsDeleted=True)
    desk.delta(1)
    report = desk.load()
    assert report.conflicts == [
        "ticket 1: deleted in SmarterTrack since, and changed in Gorgias, so it stays there"
    ]  # fmt: skip
    assert desk.there(1)["trashed_datetime"] is None
    (row,) = desk.entry(1).detail["left_alone"]
    assert (row["field"], row["source"], row["do"]) == (
        "the ticket", "deleted in SmarterTrack", "move it to the trash in Gorgias, unless somebody needs it",
    )  # fmt: skip
    assert desk.reconcile().findings == []


def test_what_came_to_a_deleted_ticket_that_stays_is_accounted_for(desk: Desk) -> None:
    desk.agent(1, subject="Mine")
    desk.change(1, IsDeleted=True)
    desk.shop.add("TicketMessages", {"TicketID": 1, "TicketMessageID": 190, "DateReceivedUTC": minutes(90)})
    desk.shop.add("TicketAttachments", {"TicketID": 1, "TicketAttachmentID": 2, "FileNameOnDisk": "5.att"})
    desk.delta(1)
    for _ in range(2):
        assert len(desk.load().conflicts) == 1
    assert desk.entry(1).detail["parts"]["ticket_message"] == {"created": 1, "skipped: deleted_ticket": 1}
    assert "message:190" not in thread(desk.account, 1)
    assert desk.reconcile().findings == []


def test_a_deleted_ticket_that_gorgias_refuses_to_trash_is_listed_and_tried_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = desk.api.tickets.update
    desk.change(1, IsDeleted=True)
    desk.delta(1)
    with monkeypatch.context() as patch:
        patch.setattr(desk.api.tickets, "update", lambda i, body: original(i, {**body, "nonsense": 1}))
        (words,) = desk.load().conflicts
    assert "Gorgias refused to trash it" in words
    assert desk.entry(1).state == "created"
    assert desk.load().conflicts == []
    assert desk.there(1)["trashed_datetime"]
    assert "refused" not in desk.entry(1).detail


def test_what_an_agent_put_into_the_trash_or_took_out_of_it_is_left_there(desk: Desk) -> None:
    desk.agent(1, trashed_datetime="2026-01-01T05:00:00Z")
    desk.change(1, IsDeleted=True)
    desk.change(2, IsDeleted=True)
    desk.delta(1, 2)
    desk.load()
    desk.agent(2, trashed_datetime=None)
    found = desk.reconcile()
    assert found.findings == []
    assert [(one.source_key, one.words) for one in found.changes] == [
        ("2", "is to lie in the trash by rule, and does not")
    ]
    desk.change(1, IsDeleted=False)
    desk.change(2, IsDeleted=False)
    desk.delta(1, 2)
    report = desk.load()
    assert desk.there(1)["trashed_datetime"] == "2026-01-01T05:00:00.000000"
    assert desk.there(2)["trashed_datetime"] is None
    assert len(report.conflicts) == 2


class Killed(BaseException):
    """The process ended here."""


@pytest.mark.parametrize("sent", [False, True], ids=["before the call", "after the call"])
def test_a_load_that_dies_while_it_trashes_or_takes_out_goes_on_where_it_was(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, sent: bool
) -> None:
    original = desk.api.tickets.update

    def dies(ticket_id: int, body: Any) -> None:
        if sent:
            original(ticket_id, body)
        raise Killed

    for deleted in (True, False):
        desk.change(1, IsDeleted=deleted)
        desk.delta(1)
        with monkeypatch.context() as patch:
            patch.setattr(desk.api.tickets, "update", dies)
            with pytest.raises(Killed):
                desk.load()
        desk.account.clock.sleep(60)
        report = desk.load()
        assert report.conflicts == []
        assert bool(desk.there(1)["trashed_datetime"]) is deleted
        assert desk.reconcile().findings == []


def test_a_ticket_whose_update_was_cut_off_and_that_is_deleted_then_is_no_agents_work(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(ticket_id: int, body: Any) -> None:
        raise Killed

    desk.shop.add("TicketComments", {"TicketID": 1, "TicketCommentID": 90, "DateEnteredUTC": minutes(80)})
    desk.delta(1)
    with monkeypatch.context() as patch:
        patch.setattr(desk.api.tickets, "update", dies)
        with pytest.raises(Killed):
            desk.load()
    assert "comment:90" in thread(desk.account, 1)
    desk.change(1, IsDeleted=True)
    desk.delta(1)
    assert desk.load().conflicts == []
    assert desk.there(1)["trashed_datetime"]


def test_a_merge_into_a_ticket_that_is_merged_itself_leaves_one_ticket(desk: Desk) -> None:
    desk.merge(1, into=2)
    desk.delta(2, gone=(1,), merged={"100-00000001-0001": 2})
    desk.load()
    desk.merge(2, into=3)  # and the number of 1 goes along
    desk.delta(3, gone=(2,), merged={"100-00000002-0001": 3})
    desk.load()
    assert [bool(desk.there(number)["trashed_datetime"]) for number in (1, 2, 3)] == [True, True, False]
    assert desk.there(3)["meta"]["smartertrack"]["merged_numbers"] == ["100-00000001-0001", "100-00000002-0001"]
    assert sorted(thread(desk.account, 3)) == sorted(
        ["message:100", "comment:1", "message:200", "comment:2", "message:300", "comment:3"]
    )
    assert desk.reconcile().findings == []


def test_a_number_that_was_merged_into_a_ticket_that_is_gone_is_accounted_for(desk: Desk) -> None:
    """Should SmarterTrack leave the first number where it was, nothing is lost but the way to it."""
    desk.merge(1, into=2)
    desk.delta(2, gone=(1,), merged={"100-00000001-0001": 2})
    desk.load()
    desk.merge(2, into=3)
    first = next(row for row in desk.shop.tables["TicketMerges"] if row["TicketNumber"] == "100-00000001-0001")
    first["TicketID"] = 2
    desk.delta(3, gone=(2,), merged={"100-00000002-0001": 3})
    desk.load()
    assert desk.reconcile().findings == []


def test_a_survivor_that_is_deleted_goes_into_the_trash_with_the_numbers_merged_into_it(desk: Desk) -> None:
    desk.merge(1, into=2)
    desk.change(2, IsDeleted=True)
    desk.delta(2, gone=(1,), merged={"100-00000001-0001": 2})
    report = desk.load()
    assert report.counts["ticket", "trashed"] == 2
    merged = desk.ledger.entry(TARGET, "ticket", "m100-00000001-0001")
    assert merged is not None
    assert merged.rule == "deleted_ticket"
    assert desk.reconcile().findings == []


def test_a_ticket_that_was_merged_away_and_is_one_again_is_taken_out_of_the_trash(desk: Desk) -> None:
    rows = {table: [dict(row) for row in kept] for table, kept in desk.shop.tables.items()}
    desk.merge(1, into=2)
    desk.delta(2, gone=(1,), merged={"100-00000001-0001": 2})
    desk.load()
    assert (desk.entry(1).state, bool(desk.there(1)["trashed_datetime"])) == (GONE, True)
    desk.shop.tables = rows
    desk.delta(1, 2)
    for _ in range(2):
        desk.load()
        assert (desk.entry(1).state, desk.there(1)["trashed_datetime"]) == ("created", None)


def test_a_ticket_that_the_source_purged_stays_and_is_listed(desk: Desk) -> None:
    desk.shop.tables["Tickets"] = [row for row in desk.shop.tables["Tickets"] if row["TicketID"] != 3]
    report = loader(desk.shop, desk.api, desk.ledger, desk.shop.stage("anew")).run()
    assert report.conflicts == ["ticket 3: loaded, and not in the source any more"]
    assert desk.there(3)["trashed_datetime"] is None


def test_messages_that_come_to_an_agents_ticket_leave_it_as_the_agent_has_it(desk: Desk) -> None:
    desk.agent(1, status="closed", subject="Mine")
    with desk.account.store.transaction():
        messages.create_message(desk.account, desk.there(1), {
            "channel": "internal-note", "via": "internal-note", "from_agent": True, "sender": {"id": 3},
            "body_text": "Ours", "sent_datetime": "2026-01-02T00:00:00Z",
        })  # fmt: skip
    before = desk.there(1)
    desk.account.clock.sleep(3600)
    desk.shop.add("TicketMessages", {"TicketID": 1, "TicketMessageID": 190, "DateReceivedUTC": minutes(90)})
    desk.change(1, TicketPriorityID=2)
    desk.delta(1)
    desk.load()
    found = desk.there(1)
    same = ("status", "closed_datetime", "updated_datetime", "subject", "priority", "last_message_datetime")
    assert {name: found[name] for name in same} == {name: before[name] for name in same}
    assert found["last_message_datetime"] == before["last_message_datetime"], "the agent's note is later than what came"
    assert "message:190" in thread(desk.account, 1)


def test_what_differs_is_listed_by_field_with_who_changed_it_masked(desk: Desk) -> None:
    desk.agent(1, status="closed", priority="low")
    desk.change(1, TicketPriorityID=2, Subject="Ask ann@home.example")
    desk.shop.add("TicketMessages", {"TicketID": 1, "TicketMessageID": 190, "DateReceivedUTC": minutes(90)})
    desk.delta(1)
    desk.load()
    rows = {row["field"]: row for row in desk.entry(1).detail["left_alone"]}
    told = {name: (row["left"], row["there"], row["source"], row["who"]) for name, row in rows.items()}
    assert told == {
        "subject": ("A question", "A question", "Ask a***@***.example", "changed in SmarterTrack"),
        "status": ("open", "closed", "open", "changed in Gorgias"),
        "priority": ("normal", "low", "critical", "changed in both"),
        "messages": ("", "", "1 new, added", "changed in SmarterTrack"),
    }
    assert rows["priority"]["do"] == "decide which of the two holds, and set it in Gorgias"
    found = desk.reconcile()
    assert (found.findings, [one.state for one in found.changes]) == ([], ["changed"])


def test_the_list_of_conflicts_has_a_link_for_each_field_and_names_nobody(desk: Desk, tmp_path: Path) -> None:
    desk.agent(1, status="closed", subject="Ask bob@home.example")
    desk.change(1, Subject="Mine")
    desk.delta(1)
    desk.load()
    history.note_purged(desk.ledger, {3})
    engagement: Any = SimpleNamespace(
        ledger=desk.ledger, all_stages=desk.staged, account_url=lambda _: "https://co.gorgias.com/",
        paths=SimpleNamespace(documents=tmp_path),
    )  # fmt: skip
    file = conflicts.write(engagement).read_text()
    lines = [line.split(",")[:8] for line in file.splitlines()]
    link = f"https://co.gorgias.com/app/ticket/{desk.entry(1).target_id}"
    assert lines[1:3] == [
        ["100-00000001-0001", "1", str(desk.entry(1).target_id), link, *row]
        for row in (
            ["subject", "A question", "Ask b***@***.example", "Mine"],
            ["status", "open", "closed", "open"],
        )
    ]
    assert lines[3][:2] == ["100-00000003-0001", "3"]
    assert "purged" in lines[3]
    shown = str(conflicts.table(engagement))
    assert f'href="{link}"' in shown
    assert "bob@home.example" not in shown + file


def test_a_second_delta_tells_again_from_what_was_sent_last(desk: Desk) -> None:
    desk.agent(1, status="closed")
    desk.change(1, Subject="Second")
    desk.delta(1)
    desk.load()
    desk.change(1, Subject="Third")
    desk.delta(1)
    assert len(desk.load().conflicts) == 1
    (subject, status) = desk.entry(1).detail["left_alone"]
    assert (subject["left"], subject["source"]) == ("A question", "Third")
    assert status["who"] == "changed in Gorgias"


@pytest.mark.parametrize("at", ["messages", "update"])
def test_a_load_that_dies_after_it_added_to_an_agents_ticket_still_gives_it_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    desk.agent(1, status="closed")
    before = desk.there(1)
    desk.shop.add("TicketMessages", {"TicketID": 1, "TicketMessageID": 190, "DateReceivedUTC": minutes(90)})
    desk.delta(1)
    method = "create" if at == "messages" else "update"
    part = getattr(desk.api, "messages" if at == "messages" else "tickets")
    original = getattr(part, method)

    def dies(*args: Any) -> None:
        if at == "messages":
            original(*args)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(part, method, dies)
        with pytest.raises(Killed):
            desk.load()
    desk.account.clock.sleep(60)
    assert desk.there(1)["status"] == "open", "a message opens it"
    desk.load()
    assert (desk.there(1)["status"], desk.there(1)["updated_datetime"]) == ("closed", before["updated_datetime"])


def test_a_rehearsal_says_what_would_be_trashed(desk: Desk) -> None:
    desk.change(1, IsDeleted=True)
    desk.merge(2, into=3)
    desk.delta(1, 3, gone=(2,), merged={"100-00000002-0001": 3})
    report = loader(desk.shop, desk.api, desk.ledger, desk.staged, rehearsal=True).run()
    assert report.counts["ticket", "would trash"] == 2
    assert desk.there(1)["trashed_datetime"] is None


def test_a_ticket_that_gorgias_trashed_at_a_moment_of_its_own_comes_back_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = desk.api.tickets.update

    def at_its_own_moment(ticket_id: int, body: Any) -> None:
        original(
            ticket_id, {**body, **({"trashed_datetime": "2026-01-03T00:00:00Z"} if "trashed_datetime" in body else {})}
        )

    desk.change(1, IsDeleted=True)
    desk.delta(1)
    with monkeypatch.context() as patch:
        patch.setattr(desk.api.tickets, "update", at_its_own_moment)
        desk.load()
    desk.change(1, IsDeleted=False)
    desk.delta(1)
    assert desk.load().conflicts == []
    assert desk.there(1)["trashed_datetime"] is None
