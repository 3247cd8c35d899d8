"""Reconciliation, against a simulated account in which things are changed behind its back: each is found and named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from migrator_lib.ledger import Entry, Ledger
from migrator_lib.progress import Progress
from migrator_lib.reconcile import Finding, Reconciler, Reconciliation
from migrator_lib.reconcile.readback import ReadBack
from migrator_lib.simulators.gorgias import Account
from migrator_lib.staging import Staged
from tests.loading import TARGET, customer, load, ticket
from tests.shop import ANN, Shop
from tests.simulated_account import SimulatedGorgias

Document = dict[str, Any]
Mutation = Callable[[Account], None]


@pytest.fixture
def staged(shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger) -> Staged:
    found = shop.stage()
    load(shop, gorgias.api, ledger, found)
    return found


def reconcile(shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger, staged: Staged) -> Reconciliation:
    read = ReadBack(shop.folder / "readback.sqlite3", "demo")
    progress = Progress(shop.folder / "progress.json", "06_reconcile")
    read.read(gorgias.api, progress)
    lookups = shop.lookups(staged)
    found = Reconciler(ledger=ledger, target=TARGET, staged=staged, lookups=lookups, read=read, progress=progress).run()
    read.close()
    return found


def messages(account: Account, key: int) -> list[Document]:
    return account.store.by("message", "parent", ticket(account, key)["id"])


def change(kind: str, find: Callable[[Account], Document], **fields: Any) -> Mutation:
    def mutate(account: Account) -> None:
        document = find(account)
        document.update(fields)
        parent = document.get("ticket_id") if kind == "message" else (document.get("customer") or {}).get("id")
        name = document.get("email") or document.get("name") if kind in ("customer", "team", "tag") else None
        account.store.put(kind, document, parent=parent, name=name or (document.get("object_type")))

    return mutate


def remove(kind: str, find: Callable[[Account], Document]) -> Mutation:
    return lambda account: account.store.delete(kind, find(account)["id"])


def first_message(account: Account) -> Document:
    return messages(account, 1)[0]


def note(account: Account) -> Document:
    return next(m for m in messages(account, 1) if "ticket_comment" in m["external_id"])


def task(account: Account) -> Document:
    return next(m for m in messages(account, 1) if ":task:" in m["external_id"])


def requester(account: Account) -> Document:
    return customer(account, f"u{ANN}")


def field(account: Account) -> Document:
    return next(f for f in account.store.by_kind("custom_field") if f["label"] == "Parcels")


def team(account: Account) -> Document:
    return account.store.by_kind("team")[0]


def test_what_was_loaded_is_validated_and_nothing_else_is_counted(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger, staged: Staged
) -> None:
    found = reconcile(shop, gorgias, ledger, staged)
    assert found.findings == []
    assert found.wrong == 0
    assert found.counts["ticket"] == {"validated": 6}
    parts = [entry.detail["parts"] for entry in ledger.entries(TARGET, "ticket", "created")]
    assert found.counts["ticket_message"]["validated"] == sum(p["ticket_message"]["created"] for p in parts)
    assert found.counts["attachment"] == {"validated": 2}


TICKET_FIELDS: dict[str, Any] = {
    "subject": "Another subject", "status": "closed", "priority": "low", "channel": "api", "spam": True,
    "assignee_user": None, "tags": [], "custom_fields": [], "created_datetime": "2020-01-01T00:00:00.000000",
    "updated_datetime": "2020-01-01T00:00:00.000000", "last_message_datetime": "2020-01-01T00:00:00.000000",
    "meta": {"smartertrack": {"ticket_number": "another"}},
}  # fmt: skip


@pytest.mark.parametrize("changed", TICKET_FIELDS)
def test_a_changed_field_of_a_ticket_is_found_and_named(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger, staged: Staged, changed: str
) -> None:
    with gorgias.account.store.transaction():
        change("ticket", lambda a: ticket(a, 1), **{changed: TICKET_FIELDS[changed]})(gorgias.account)
    found = reconcile(shop, gorgias, ledger, staged)
    assert [(f.object, f.source_key, f.state) for f in found.findings] == [("ticket", "1", "mismatched")]
    assert {d.field.split(".")[0] for d in found.findings[0].differences} == {changed}


MESSAGE_FIELDS: dict[str, Any] = {
    "public": False, "from_agent": True, "subject": "x", "body_text": "Another text", "body_html": "<p>x</p>",
    "created_datetime": "2020-01-01T00:00:00.000000", "sent_datetime": "2020-01-01T00:00:00.000000",
    "sender": {"id": 999}, "source": None,
}  # fmt: skip


@pytest.mark.parametrize("changed", MESSAGE_FIELDS)
def test_a_changed_field_of_a_message_is_found_and_named(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger, staged: Staged, changed: str
) -> None:
    with gorgias.account.store.transaction():
        change("message", first_message, **{changed: MESSAGE_FIELDS[changed]})(gorgias.account)
    found = reconcile(shop, gorgias, ledger, staged)
    mine = [f for f in found.findings if f.object == "ticket_message"]
    assert [f.source_key for f in mine] == ["100"]
    assert changed in {d.field.split(".")[0] for d in mine[0].differences}


@pytest.mark.parametrize(
    ("mutation", "expected"),
    [
        (remove("ticket", lambda a: ticket(a, 2)), ("ticket", "2", "missing")),
        (remove("message", note), ("ticket_comment", "1", "missing")),
        (remove("message", task), ("task", "1", "missing")),
        (remove("customer", requester), ("requester", f"u{ANN}", "missing")),
        (change("customer", requester, name="Somebody Else"), ("requester", f"u{ANN}", "mismatched")),
        (change("custom_field", field, label="Boxes"), ("ticket_field", "4", "mismatched")),
        (change("team", team, members=[]), ("department", "*", "mismatched")),
        (change("message", first_message, attachments=[]), ("attachment", "1", "missing")),
    ],
    ids=["ticket", "note", "task", "requester", "name", "label", "members", "attachment"],
)
def test_what_is_gone_or_changed_is_found_and_named(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger, staged: Staged, mutation: Mutation,
    expected: tuple[str, str, str],
) -> None:  # fmt: skip
    with gorgias.account.store.transaction():
        mutation(gorgias.account)
    found = reconcile(shop, gorgias, ledger, staged)
    assert any(_fits(finding, expected) for finding in found.findings), found.findings


def _fits(finding: Finding, expected: tuple[str, str, str]) -> bool:
    obj, key, state = expected
    fits_key = finding.source_key == key or (key.endswith("*") and finding.source_key.startswith(key[:-1]))
    return finding.object == obj and finding.state == state and fits_key


def test_a_second_ticket_with_the_same_external_id_is_a_duplicate(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger, staged: Staged
) -> None:
    with gorgias.account.store.transaction():
        double = {**ticket(gorgias.account, 3), "id": 99_999}
        gorgias.account.store.put("ticket", double)
    found = reconcile(shop, gorgias, ledger, staged)
    assert [(f.object, f.source_key, f.state, f.target_id) for f in found.findings] == [
        ("ticket", "3", "duplicate", 99_999)
    ]


def test_two_messages_whose_times_are_swapped_are_found(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger, staged: Staged
) -> None:
    with gorgias.account.store.transaction():
        one, other = messages(gorgias.account, 3)[:2]
        for message, time in ((one, other["created_datetime"]), (other, one["created_datetime"])):
            message["created_datetime"] = time
            gorgias.account.store.put("message", message, parent=message["ticket_id"])
    found = reconcile(shop, gorgias, ledger, staged)
    assert {f.object for f in found.findings} == {"ticket", "ticket_message"}
    assert any(d.field == "messages" for f in found.findings for d in f.differences)


@pytest.mark.parametrize("also_missing", [False, True])
def test_a_message_that_is_there_twice_is_found_even_where_another_is_missing(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger, staged: Staged, also_missing: bool
) -> None:
    with gorgias.account.store.transaction():
        one, other = messages(gorgias.account, 3)[:2]
        gorgias.account.store.put("message", {**one, "id": 99_999}, parent=one["ticket_id"])
        if also_missing:
            gorgias.account.store.delete("message", other["id"])
    found = reconcile(shop, gorgias, ledger, staged)
    (double,) = [f for f in found.findings if f.state == "duplicate"]
    assert (double.object, double.target_id) == ("ticket_message", 99_999)
    assert found.counts["ticket"] == {"validated": 6}
    assert found.wrong == 1 + also_missing


def test_what_others_have_in_the_account_is_none_of_ours(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger, staged: Staged
) -> None:
    gorgias.api.customers.create({"channels": [{"type": "email", "address": "new@there.example"}], "name": "New"})
    gorgias.api.tags.create({"name": "somebody else's"})
    assert reconcile(shop, gorgias, ledger, staged).wrong == 0


def test_an_agent_who_was_handed_over_and_whom_an_admin_made_since_is_the_admins(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger
) -> None:
    shop.add("Users", {"UserID": 4, "Email": "erin@demo.example", "DisplayName": "Erin Agent"})
    shop.add("UsersInGroups", {"DepartmentID": 1, "GroupID": 11, "UserID": 4})
    shop.tables["Tickets"][0]["UserID"] = 4
    staged = shop.stage()
    load(shop, gorgias.api, ledger, staged)
    assert [one.source_key for one in ledger.entries(TARGET, "user", "handed_over")] == ["4"]
    erin = {**gorgias.account.store.by_kind("user")[0], "id": 77, "email": "erin@demo.example", "name": "E. Agent"}
    gorgias.account.store.put("user", erin, name="erin@demo.example")
    found = reconcile(shop, gorgias, ledger, staged)
    assert (found.findings, found.changes) == ([], [])


def test_what_is_in_quarantine_and_is_there_is_unexpected(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger, staged: Staged
) -> None:
    made = field(gorgias.account)["external_id"].rpartition(":")[2]
    aside = [("ticket_field", made), ("ticket", "2")]
    ledger.settle(TARGET, [Entry(*record, "quarantined", reason="refused") for record in aside])
    found = reconcile(shop, gorgias, ledger, staged)
    told = {(one.object, one.source_key): one.state for one in found.findings}
    assert {record: told.get(record) for record in aside} == dict.fromkeys(aside, "unexpected")


def test_the_snapshot_is_removed_since_it_holds_peoples_data(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger, staged: Staged
) -> None:
    reconcile(shop, gorgias, ledger, staged)
    assert not (shop.folder / "readback.sqlite3").exists()


def test_a_requester_who_is_not_in_the_source_any_more_stays_and_is_not_unexpected(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger, staged: Staged
) -> None:
    shop.add("Tickets", {"TicketID": 50, "UserID_Customer": None, "CustomerEmailAddress": "once@there.example"})
    shop.add("TicketMessages", {"TicketID": 50, "TicketMessageID": 5000})
    load(shop, gorgias.api, ledger)
    shop.tables["Tickets"][-1].update(UserID_Customer=ANN, CustomerEmailAddress="ann@home.example")
    later = shop.stage()
    load(shop, gorgias.api, ledger, later)
    assert reconcile(shop, gorgias, ledger, later).findings == []


def test_a_ticket_that_the_source_deleted_after_the_load_and_that_stays_by_rule_is_still_compared(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger, staged: Staged
) -> None:
    next(row for row in shop.tables["Tickets"] if row["TicketID"] == 2)["IsDeleted"] = True
    shop.delta = {"deleted_tickets": "keep"}
    later = shop.stage()
    report = load(shop, gorgias.api, ledger, later)
    assert any("ticket 2" in words for words in report.conflicts)
    assert reconcile(shop, gorgias, ledger, later).findings == []
    whose = gorgias.account.store.get("customer", ticket(gorgias.account, 2)["customer"]["id"])
    assert whose is not None
    with gorgias.account.store.transaction():
        gorgias.account.store.delete("customer", whose["id"])
    told = {(one.object, one.source_key): one for one in reconcile(shop, gorgias, ledger, later).findings}
    assert [one.field for one in told["ticket", "2"].differences] == ["customer"]
    with gorgias.account.store.transaction():
        gorgias.account.store.put("customer", whose, name=whose["email"])
        gorgias.account.store.delete("ticket", ticket(gorgias.account, 2)["id"])
    found = reconcile(shop, gorgias, ledger, later)
    assert [(f.source_key, f.state) for f in found.findings] == [("2", "missing")]
