"""What people do in Gorgias after the load is told apart from what is wrong: by dates, by events, by the trash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from migrator_lib.clock import ScaledClock
from migrator_lib.errors import TargetDenied
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.gorgias.contract.replies import Event
from migrator_lib.ledger import Entry, Ledger
from migrator_lib.ledger.written import as_written, written
from migrator_lib.progress import Progress
from migrator_lib.reconcile import Finding, Reconciler, Reconciliation
from migrator_lib.reconcile.readback import ReadBack
from migrator_lib.reconcile.since import AskedEvents, Doing, doing_of, is_before, is_touched
from migrator_lib.side_effects.windows import begin, end
from migrator_lib.simulators.gorgias import Account
from migrator_lib.simulators.gorgias.in_process import InProcess, api_of
from migrator_lib.simulators.gorgias.resources import customers, events, messages, tickets
from migrator_lib.staging import Staged
from tests.loading import TARGET, customer, filled, load, ticket
from tests.shop import ANN, BASE, BOB, Shop
from tests.simulated_account import SEED, SPEED

LEFT, LOADED, LATER = "2026-07-01T08:00:00.000000", "2026-11-20T10:00:00+00:00", "2026-11-20T10:00:01.000000"
EARLIER = "2026-11-20T09:59:59.000000"
AGENT = 3


# --- by dates ------------------------------------------------------------------------------------------


def entry(**detail: Any) -> Entry:
    return Entry("ticket", "1", "created", target_id="7", detail={"updated": LEFT, **detail}, at=LOADED)


@pytest.mark.parametrize(
    ("known", "updated", "touched"),
    [
        (entry(), LEFT, False),
        (entry(), LATER, True),
        (entry(), EARLIER, False),
        (entry(), None, False),
        (None, LATER, False),
        (entry(written="2026-11-20T09:00:00+00:00"), EARLIER, True),
        (entry(left_alone=[]), EARLIER, True),
        (entry(left_alone=[]), LEFT, False),
    ],
    ids=["as it was left", "later", "other, but not later", "no date", "not ours", "settled again since",
         "found touched by the load", "put back"],
)  # fmt: skip
def test_a_ticket_is_touched_if_its_date_is_another_and_later_than_our_last_write(
    known: Entry | None, updated: str | None, touched: bool
) -> None:
    assert is_touched(known, {"updated_datetime": updated}) is touched


def test_an_entry_that_is_settled_again_keeps_the_moment_of_the_last_write() -> None:
    again = Entry("ticket", "1", "created", detail={**as_written(entry())}, at="2026-12-01T00:00:00+00:00")
    assert written(entry()) == written(again) == LOADED


def test_moments_are_compared_whatever_their_form_and_what_is_none_counts_as_before() -> None:
    assert is_before("2026-11-20T09:59:59", LOADED)
    assert not is_before("2026-11-20T11:00:00+00:00", LOADED)
    assert is_before("2026-11-20T11:00:00+02:00", LOADED)
    assert is_before("yesterday", LOADED)
    assert is_before(None, LOADED)


def test_the_last_change_counts_and_what_was_only_made_or_looked_at_does_not() -> None:
    told = [Event(id=n, type=kind, user_id=AGENT, created_datetime=LATER) for n, kind in enumerate(
        ("customer-created", "customer-updated", "customer-merged", "customer-viewed"))]  # fmt: skip
    assert doing_of(told) == Doing("merged", LATER, AGENT)
    assert doing_of(told[:1]) is None
    assert Doing("merged", LATER, None).words == "merged in Gorgias by a rule or an integration on 2026-11-20 10:00 UTC"


# --- in an account -------------------------------------------------------------------------------------


@dataclass
class Loaded:
    """A shop that was loaded into an account, in which people work now."""

    shop: Shop
    ledger: Ledger
    staged: Staged
    account: Account
    api: GorgiasApi

    def reconcile(self, api: GorgiasApi | None = None) -> Reconciliation:
        read = ReadBack(self.shop.folder / "readback.sqlite3", "demo")
        progress = Progress(self.shop.folder / "progress.json", "08_hypercare")
        read.read(self.api, progress)
        found = Reconciler(
            ledger=self.ledger, target=TARGET, staged=self.staged, lookups=self.shop.lookups(self.staged), read=read,
            progress=progress, history=AskedEvents(api or self.api),
        ).run()  # fmt: skip
        read.close()
        return found

    def rename(self, by: int | None) -> None:
        """Let somebody rename a customer; None: nobody says who."""
        there = customer(self.account, f"u{ANN}")
        customers.update_customer(self.account, there, {"name": "Ann Other"})
        if by is not None:
            events.record(self.account, "customer-updated", "Customer", there["id"], user_id=by)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    folder = tmp_path_factory.mktemp("since")
    shop, ledger = filled(folder / "shop"), Ledger.in_folder(folder / "state")
    account = Account("demo", None, seed=SEED, clock=ScaledClock(SPEED))
    api, staged = api_of(account), shop.stage()
    load(shop, api, ledger, staged)
    yield Loaded(shop, ledger, staged, account, api)
    ledger.close()
    account.store.close()


@pytest.fixture
def loaded(made: Loaded) -> Iterator[Loaded]:
    saved = made.account.store.saved()
    yield made
    with made.account.store.transaction():
        made.account.store.restore(saved)


def test_where_nobody_did_anything_everything_is_validated(loaded: Loaded) -> None:
    found = loaded.reconcile()
    assert (found.wrong, found.counted("changed"), +found.news) == (0, 0, {})


def test_what_a_rule_wrote_counts_while_the_account_was_to_be_quiet_and_not_once_its_rules_were_put_back(
    loaded: Loaded,
) -> None:
    there = loaded.account.store.by("message", "parent", ticket(loaded.account, 1)["id"])[0]
    for number, day in enumerate((1, 3, 5), start=90_001):
        reply = {**there, "id": number, "external_id": None, "via": "rule", "from_agent": True}
        reply["created_datetime"] = f"2026-12-0{day}T10:00:00.000000"
        loaded.account.store.put("message", reply, parent=there["ticket_id"])
    assert loaded.reconcile().rule_messages == 3  # a ledger that knows of no window
    begin(loaded.ledger, TARGET, "2026-12-02T00:00:00+00:00")
    begin(loaded.ledger, TARGET, "2026-12-04T00:00:00+00:00")  # of a later step: it was quiet already
    assert loaded.reconcile().rule_messages == 2
    end(loaded.ledger, TARGET, "2026-12-04T00:00:00+00:00")
    assert loaded.reconcile().rule_messages == 1


def test_what_an_agent_changed_in_a_ticket_is_named_by_field_and_nothing_wrong(loaded: Loaded) -> None:
    loaded.api.tickets.update(ticket(loaded.account, 1)["id"], {"priority": "critical", "custom_fields": []})
    found = loaded.reconcile()
    (change,) = found.changes
    assert (change.object, change.source_key, change.state) == ("ticket", "1", "changed")
    assert {"priority", "updated_datetime"} < {difference.field.split(".")[0] for difference in change.differences}
    assert (found.wrong, found.news["touched tickets"]) == (0, 1)
    assert found.counts["ticket"] == {"validated": 5, "changed": 1}
    assert found.counts["ticket_field_value"]["changed"] == 1


def test_a_field_that_is_another_in_a_ticket_that_nobody_touched_is_wrong(loaded: Loaded) -> None:
    with loaded.account.store.transaction():
        loaded.account.save_ticket({**ticket(loaded.account, 1), "priority": "critical"})
    found = loaded.reconcile()
    assert [(one.source_key, one.state) for one in found.findings] == [("1", "mismatched")]
    assert not found.changes


def test_a_message_that_is_gone_is_missing_even_in_a_ticket_that_an_agent_works_on(loaded: Loaded) -> None:
    there = ticket(loaded.account, 3)
    loaded.api.tickets.update(there["id"], {"priority": "critical"})
    gone = loaded.account.store.by("message", "parent", there["id"])[0]
    with loaded.account.store.transaction():
        loaded.account.store.delete("message", gone["id"])
    found = loaded.reconcile()
    assert [(one.object, one.state) for one in found.findings] == [("ticket_message", "missing")]
    assert [one.source_key for one in found.changes] == ["3"]


def test_a_customers_answer_is_a_new_message_in_a_ticket_that_changed(loaded: Loaded) -> None:
    there = ticket(loaded.account, 2)
    answer = {"channel": "email", "via": "email", "from_agent": False, "sender": {"id": there["customer"]["id"]},
              "source": {"from": {"address": "ann@home.example"}, "to": []}, "body_text": "Thank you."}  # fmt: skip
    with loaded.account.store.transaction():
        messages.create_message(loaded.account, there, answer)
    found = loaded.reconcile()
    assert (found.wrong, found.news["new messages"], found.news["touched tickets"]) == (0, 1, 1)
    assert found.counts["ticket"] == {"validated": 5, "changed": 1}


def test_a_ticket_that_somebody_put_into_the_trash_is_their_work_with_all_that_is_in_it(loaded: Loaded) -> None:
    there = ticket(loaded.account, 2)
    loaded.api.tickets.update(there["id"], {"trashed_datetime": loaded.account.now()})
    found = loaded.reconcile()
    (change,) = found.changes
    assert change.words.startswith("put into the trash in Gorgias on ")
    assert found.wrong == 0
    parts = next(e.detail["parts"] for e in loaded.ledger.entries(TARGET, "ticket") if e.source_key == "2")
    assert found.counts["ticket_message"]["changed"] == parts["ticket_message"]["created"] > 0


def test_files_of_a_ticket_that_somebody_put_into_the_trash_are_counted_with_it(loaded: Loaded) -> None:
    sent = loaded.ledger.counts(TARGET)["attachment"]["created"]
    key = loaded.staged.columns("TicketAttachments", ["TicketID"])
    there = ticket(loaded.account, next(row["TicketID"] for row in key))
    loaded.api.tickets.update(there["id"], {"trashed_datetime": loaded.account.now()})
    counted = loaded.reconcile().counts["attachment"]
    assert counted["changed"] > 0
    assert counted.total() == sent


def test_a_ticket_that_was_in_the_trash_before_our_last_write_is_missing(loaded: Loaded) -> None:
    with loaded.account.store.transaction():
        loaded.account.save_ticket({**ticket(loaded.account, 2), "trashed_datetime": "2020-01-01T00:00:00.000000"})
    found = loaded.reconcile()
    assert [(one.object, one.source_key, one.state) for one in found.findings] == [("ticket", "2", "missing")]


@pytest.mark.parametrize("by", [AGENT, None], ids=["an agent", "nobody knows who"])
def test_a_deleted_ticket_is_missing_unless_events_tell_who_deleted_it(loaded: Loaded, by: int | None) -> None:
    there = ticket(loaded.account, 2)
    with loaded.account.store.transaction():
        tickets.remove(loaded.account, there)
        if by:
            events.record(loaded.account, "ticket-deleted", "Ticket", there["id"], user_id=by)
    found = loaded.reconcile()
    (one,) = found.changes if by else [f for f in found.findings if f.object == "ticket"]
    assert (one.source_key, one.state) == ("2", "changed" if by else "missing")
    assert ("deleted in Gorgias by user 3" in one.words) is bool(by)
    assert found.counts["ticket_message"]["changed" if by else "missing"] > 0


@pytest.mark.parametrize(
    ("by", "state"), [(AGENT, "changed"), (1, "mismatched"), (None, "mismatched")],
    ids=["an agent", "our own key", "nobody knows who"],
)  # fmt: skip
def test_a_renamed_customer_is_mismatched_unless_events_tell_of_somebody_else(
    loaded: Loaded, by: int | None, state: str
) -> None:
    with loaded.account.store.transaction():
        loaded.rename(by)
    found = loaded.reconcile()
    assert [(one.object, one.state) for one in (*found.findings, *found.changes)] == [("requester", state)]
    assert found.wrong == (state == "mismatched")


def test_a_customer_whom_somebody_merged_with_another_is_not_lost_and_neither_are_their_tickets(loaded: Loaded) -> None:
    source, target = (customer(loaded.account, f"u{user}")["id"] for user in (ANN, BOB))
    server, session = InProcess(loaded.account), requests.Session()
    session.mount("http://", server)
    told = session.put(
        f"{server.url}/api/customers/merge", params={"source_id": source, "target_id": target},
        headers={"Authorization": loaded.account.authorization}, timeout=10,
    )  # fmt: skip
    assert told.ok, told.text
    with loaded.account.store.transaction():
        events.record(loaded.account, "customer-merged", "Customer", target, user_id=AGENT)
    found = loaded.reconcile()
    assert found.findings == []
    (gone,) = [one for one in found.changes if one.source_key == f"u{ANN}"]
    assert gone.words == f"merged in Gorgias with customer {target}"
    assert found.counts["ticket"]["validated"] + found.counts["ticket"]["changed"] == 6
    fields = {d.field for one in found.changes if one.object == "ticket" for d in one.differences}
    assert fields <= {"updated_datetime"}, "their customer is the one who has their place"


class Denied:
    """An account that does not let its events be read."""

    def __init__(self, api: GorgiasApi) -> None:
        self.users = api.users
        self.events = self
        self.asked = 0

    def pages(self, **_: Any) -> Iterator[list[Event]]:
        self.asked += 1
        raise TargetDenied("no", next_step="ask an admin.")


def test_an_account_that_does_not_let_its_events_be_read_is_asked_once_and_explains_nothing(loaded: Loaded) -> None:
    with loaded.account.store.transaction():
        loaded.rename(AGENT)
        team = loaded.account.store.by_kind("team")[0]
        loaded.account.store.put("team", {**team, "members": []}, name=team["name"])
    denied = Denied(loaded.api)
    found = loaded.reconcile(denied)  # type: ignore[arg-type]
    assert {one.object for one in found.findings} == {"requester", "department"}
    assert denied.asked == 1
    assert not found.changes


def test_new_tickets_of_others_are_counted_from_a_moment_on(loaded: Loaded) -> None:
    with loaded.account.store.transaction():
        there = customer(loaded.account, f"u{ANN}")
        said = {"channel": "api", "via": "api", "from_agent": False, "sender": {"id": there["id"]}, "body_text": "Hi"}
        new = tickets.create_ticket(loaded.account, {"via": "api", "messages": [said]})
    read = ReadBack(loaded.shop.folder / "new.sqlite3", "demo")
    read.read(loaded.api, Progress(loaded.shop.folder / "progress.json", "08_hypercare"))
    assert read.tickets_of_others(new["created_datetime"]) == 1
    assert read.tickets_of_others("2100-01-01T00:00:00+00:00") == 0
    read.close()


def test_a_finding_of_each_kind_is_listed_apart() -> None:
    found = Reconciliation()
    found.add(Finding("ticket", "1", "changed"))
    found.add(Finding("ticket", "2", "missing"))
    assert ([one.source_key for one in found.changes], [one.source_key for one in found.findings]) == (["1"], ["2"])
    assert (found.wrong, found.counted("changed")) == (1, 1)


def test_what_the_load_found_changed_and_left_is_others_work_though_no_event_tells(tmp_path: Path) -> None:
    shop, ledger = filled(tmp_path / "shop", tickets=2), Ledger.in_folder(tmp_path / "state")
    account = Account("demo", None, seed=SEED, clock=ScaledClock(SPEED))
    made = Loaded(shop, ledger, shop.stage(), account, api_of(account))
    load(shop, made.api, ledger, made.staged)
    with account.store.transaction():
        made.rename(None)
    assert made.reconcile().wrong == 1
    named = {ANN: "Ann Married"}
    shop.tables["Users"] = [
        {**row, "DisplayName": named.get(row["UserID"], row["DisplayName"])} for row in BASE["Users"]
    ]
    made.staged = shop.stage()
    load(shop, made.api, ledger, made.staged)
    found = made.reconcile()
    assert [(one.object, one.source_key) for one in found.changes] == [("requester", f"u{ANN}")]
    assert found.wrong == 0
    ledger.close()
