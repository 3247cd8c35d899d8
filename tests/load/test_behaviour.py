"""What a load does where an account behaves otherwise than is assumed, and what the reconciliation makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from migrator_lib.errors import RecordRejected
from migrator_lib.gorgias.api import GorgiasApi, Json
from migrator_lib.ledger import Ledger
from migrator_lib.load import LoadReport
from migrator_lib.load.tickets import first_call
from migrator_lib.objects import TICKET
from migrator_lib.progress import Progress
from migrator_lib.proofs.behaviour import Behaviour
from migrator_lib.reconcile import Reconciler, Reconciliation
from migrator_lib.reconcile.differences import Difference, ours
from migrator_lib.reconcile.readback import ReadBack
from migrator_lib.simulators.gorgias import Fault
from migrator_lib.staging import Staged
from tests.loading import PNG, TARGET, filled, loader, ticket, tickets
from tests.shop import Shop
from tests.simulated_account import SimulatedGorgias


def load(shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger, staged: Staged, behaviour: Behaviour) -> LoadReport:
    made = loader(shop, gorgias.api, ledger, staged)
    made.lookups.behaviour = behaviour
    return made.run()


def reconcile(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger, staged: Staged, behaviour: Behaviour
) -> Reconciliation:
    read = ReadBack(shop.folder / "readback.sqlite3", "demo")
    progress = Progress(shop.folder / "progress.json", "06_reconcile")
    read.read(gorgias.api, progress, behaviour)
    lookups = shop.lookups(staged)
    lookups.behaviour = behaviour
    found = Reconciler(ledger=ledger, target=TARGET, staged=staged, lookups=lookups, read=read, progress=progress).run()
    read.close()
    return found


def calls(gorgias: SimulatedGorgias, endpoint: str) -> int:
    return gorgias.account.stats.by_endpoint.get(endpoint, 0)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A shop of three tickets, one of them urgent."""
    made = filled(tmp_path / "shop", tickets=3)
    made.tables["Tickets"][1]["TicketPriorityID"] = 2
    return made


def test_a_priority_that_is_not_kept_becomes_a_tag(shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger) -> None:
    gorgias.account.knobs.priority_is_kept = False
    staged, behaviour = shop.stage(), Behaviour(priority_kept=False)
    load(shop, gorgias, ledger, staged, behaviour)
    names = {key: [tag["name"] for tag in ticket(gorgias.account, key)["tags"]] for key in (1, 2)}
    assert "priority: critical" in names[2]
    assert not [name for name in names[1] if name.startswith("priority")]
    assert reconcile(shop, gorgias, ledger, staged, behaviour).wrong == 0
    assert reconcile(shop, gorgias, ledger, staged, Behaviour()).wrong > 0


def test_dates_that_are_not_kept_are_not_compared_and_an_agents_change_is_still_seen(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger
) -> None:
    gorgias.account.knobs.honours_updated_datetime = False
    behaviour = Behaviour(updated_datetime="lost")
    staged = shop.stage()
    load(shop, gorgias, ledger, staged, behaviour)
    assert reconcile(shop, gorgias, ledger, staged, behaviour).wrong == 0
    gorgias.api.tickets.update(ticket(gorgias.account, 1)["id"], {"subject": "An agent's"})
    for row in shop.tables["Tickets"]:
        row["Subject"] = "Changed in the source"
    report = load(shop, gorgias, ledger, shop.stage("later"), behaviour)
    assert report.conflicts == ["ticket 1: changed in Gorgias since it was loaded"]
    assert ticket(gorgias.account, 2)["subject"] == "Changed in the source"
    report = load(shop, gorgias, ledger, shop.stage("later"), behaviour)
    assert report.counts["ticket", "unchanged"] == 3


def test_a_date_that_only_a_put_keeps_is_put_in_one_more_call(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger
) -> None:
    staged = shop.stage()
    load(shop, gorgias, ledger, staged, Behaviour(updated_datetime="put"))
    assert calls(gorgias, "PUT tickets/{id}") == 3
    assert calls(gorgias, "GET messages") == 0
    assert reconcile(shop, gorgias, ledger, staged, Behaviour()).wrong == 0


def test_values_that_a_creation_does_not_keep_are_put(shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger) -> None:
    staged = shop.stage()
    load(shop, gorgias, ledger, staged, Behaviour(values_in_create=False))
    assert calls(gorgias, "PUT tickets/{id}/custom-fields") == 2  # one of the three tickets has none
    assert reconcile(shop, gorgias, ledger, staged, Behaviour()).wrong == 0


def test_values_are_put_by_themselves_where_a_change_of_the_ticket_keeps_old_ones(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger
) -> None:
    behaviour = Behaviour(values_in_update=False)
    load(shop, gorgias, ledger, shop.stage(), behaviour)
    assert calls(gorgias, "PUT tickets/{id}/custom-fields") == 0
    shop.tables["CustomDataFieldsInTickets"].clear()
    load(shop, gorgias, ledger, shop.stage("later"), behaviour)
    assert calls(gorgias, "PUT tickets/{id}/custom-fields") == 2
    assert [ticket(gorgias.account, key)["custom_fields"] for key in (1, 3)] == [[], []]


def test_values_that_lists_lack_are_read_ticket_by_ticket(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged = shop.stage()
    load(shop, gorgias, ledger, staged, Behaviour())
    lists = gorgias.api.tickets.pages

    def without_values(**filters: Any) -> Any:
        for page in lists(**filters):
            yield [row.model_copy(update={"custom_fields": None}) for row in page]

    monkeypatch.setattr(gorgias.api.tickets, "pages", without_values)
    assert reconcile(shop, gorgias, ledger, staged, Behaviour()).wrong > 0
    assert reconcile(shop, gorgias, ledger, staged, Behaviour(values_in_lists=False)).wrong == 0


def test_tags_are_made_first_where_a_ticket_makes_none(shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger) -> None:
    gorgias.account.knobs.tags_made_on_the_fly = False
    shop.mapped["statuses"] = {
        str(n): {"name": "x", "becomes": "open" if n < 3 else "closed", "tag": f"status {n}"} for n in (1, 2, 3)
    }
    staged, behaviour = shop.stage(), Behaviour(tags_made_on_the_fly=False)
    fault = Fault("reset_after_commit", "POST", "tags", times=3)  # no answer, and it is there
    gorgias.account.faults.append(fault)
    load(shop, gorgias, ledger, staged, behaviour)
    assert fault.times == 0
    assert not list(ledger.entries(TARGET, state="quarantined"))
    assert reconcile(shop, gorgias, ledger, staged, behaviour).wrong == 0


def test_without_tags_made_first_such_an_account_refuses_tickets(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger
) -> None:
    gorgias.account.knobs.tags_made_on_the_fly = False
    shop.mapped["statuses"] = {
        str(n): {"name": "x", "becomes": "open" if n < 3 else "closed", "tag": f"status {n}"} for n in (1, 2, 3)
    }
    report = load(shop, gorgias, ledger, shop.stage(), Behaviour())
    assert report.counts["ticket", "quarantined"] == 3


def test_addresses_are_sent_without_a_type_where_it_is_not_taken(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger
) -> None:
    staged, behaviour = shop.stage(), Behaviour(source_type_taken=False)
    load(shop, gorgias, ledger, staged, behaviour)
    sources = [m["source"] for m in gorgias.account.store.by_kind("message") if m.get("source")]
    assert sources
    assert not [source for source in sources if source.get("type")]
    assert reconcile(shop, gorgias, ledger, staged, behaviour).wrong == 0


def test_a_ticket_that_is_refused_since_its_external_id_is_taken_is_adopted(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = TICKET.create

    def refused_but_there(api: GorgiasApi, payload: Json) -> str:
        create(api, payload)
        raise RecordRejected("Gorgias answered POST /api/tickets with 409: this external id is taken", status=409)

    monkeypatch.setattr(TICKET, "create", refused_but_there)
    staged, behaviour = shop.stage(), Behaviour(external_ids_unique=True)
    report = load(shop, gorgias, ledger, staged, behaviour)
    assert report.counts["ticket", "created"] == 3
    assert [len(tickets(gorgias.account, key)) for key in (1, 2, 3)] == [1, 1, 1]
    assert reconcile(shop, gorgias, ledger, staged, behaviour).wrong == 0


def test_further_attachments_go_on_notes_behind_their_message(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger
) -> None:
    gorgias.account.knobs.max_attachments = 2
    for n in range(10, 14):
        file = {"FileNameOnDisk": "5.att", "Length": len(PNG), "FileNameOriginal": f"{n}.png"}
        shop.add("TicketAttachments", {"TicketID": 2, "TicketAttachmentID": n, "TicketMessageID": 200, **file})
    staged, behaviour = shop.stage(), Behaviour(attachments_per_message=2)
    load(shop, gorgias, ledger, staged, behaviour)
    found = ticket(gorgias.account, 2)
    thread = gorgias.account.store.by("message", "parent", found["id"])
    with_files = [m for m in sorted(thread, key=lambda m: (m["created_datetime"], m["id"])) if m["attachments"]]
    assert [len(m["attachments"]) for m in with_files] == [2, 2, 1]
    assert [m["public"] for m in with_files] == [True, False, False]
    result = reconcile(shop, gorgias, ledger, staged, behaviour)
    assert result.wrong == 0
    assert result.counts["attachment"]["validated"] == 6


def test_no_more_goes_in_one_call_than_the_account_takes() -> None:
    thread = [{"body_text": "x" * 100} for _ in range(5)]
    assert len(first_call(thread, 250)) == 2
    assert len(first_call(thread, 1)) == 1
    assert len(first_call(thread)) == 5


def test_a_difference_that_is_the_accounts_doing_is_none_of_ours() -> None:
    case, date = Difference("tags", "VIP", "vip"), Difference("closed_datetime", "one", "another")
    assert ours([case, date], Behaviour()) == [case, date]
    assert ours([case, date], Behaviour(tag_case_matters=False)) == [date]
    assert ours([case, date], Behaviour(dates_lost=("closed_datetime",))) == [case]
    other = Difference("tags", "VIP", "gold")
    assert ours([other], Behaviour(tag_case_matters=False)) == [other]


def test_a_look_up_that_finds_too_much_is_not_believed(gorgias: SimulatedGorgias, ledger: Ledger, shop: Shop) -> None:
    gorgias.account.knobs.external_id_exact = False
    load(shop, gorgias, ledger, shop.stage(), Behaviour())
    assert [found.external_id for found in gorgias.api.tickets.by_external_id("st:demo:ticket:1")] == [
        "st:demo:ticket:1"
    ]
    assert gorgias.api.tickets.by_external_id("st:demo:ticket") == []
    assert gorgias.api.customers.by(external_id="st:demo:requester") == []
