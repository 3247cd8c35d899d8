"""Loading: everything once, what is there matched, what is refused set aside, what changed brought up to date."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.errors import FilesMissing, ParameterError, TargetDenied
from migrator_lib.ledger import GONE, PENDING, Entry, Ledger
from migrator_lib.lookups import requester_key_of_address
from migrator_lib.objects import TICKET
from migrator_lib.objects.base import Record, Send
from migrator_lib.reconcile.accounts import accounts, require_balanced
from migrator_lib.simulators.gorgias.resources import custom_fields, customers, tags, teams, tickets, users
from migrator_lib.staging import Staged, write_gone
from tests.loading import PNG, TARGET, customer, everything, load, loader, thread, ticket, writes
from tests.shop import ANN, BOB, Shop, minutes
from tests.simulated_account import SimulatedGorgias


def entry(ledger: Ledger, obj: str, key: str | int) -> Entry:
    found = ledger.entry(TARGET, obj, str(key))
    assert found is not None
    return found


def states(ledger: Ledger) -> dict[str, dict[str, int]]:
    return ledger.counts(TARGET)


# --- the whole -----------------------------------------------------------------------------------------


def test_a_whole_shop_is_loaded_and_nobody_is_mailed(gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger) -> None:
    report = load(shop, gorgias.api, ledger)
    assert states(ledger) == {
        "user": {"matched": 1, "merged": 1, "skipped": 1}, "department": {"created": 2}, "brand": {"created": 1},
        "ticket_field": {"created": 1}, "tag": {"created": 1}, "requester": {"created": 4},
        "organization": {"created": 1}, "attachment": {"created": 2}, "ticket": {"created": 6},
        "workflow_rule": {"handed_over": 1},
    }  # fmt: skip
    assert report.created() == 18
    assert gorgias.account.store.outbox() == []


def test_every_message_and_comment_is_there_once_in_order(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    load(shop, gorgias.api, ledger)
    assert thread(gorgias.account, 1) == ["message:100", "message:101", "comment:1"]
    assert thread(gorgias.account, 3) == ["message:300", "message:301", "message:302", "message:303", "comment:3"]
    assert set(everything(gorgias.account.store)["message"].values()) == {1}


def test_a_second_load_sends_nothing(gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger) -> None:
    load(shop, gorgias.api, ledger)
    before, length = writes(gorgias.account), ledger.head()
    report = load(shop, gorgias.api, ledger)
    assert writes(gorgias.account) == before
    assert {what for _, what in report.counts} == {"unchanged"}
    assert report.conflicts == []
    assert ledger.head() == length


def test_tickets_refer_to_people_teams_and_fields_by_their_ids(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    load(shop, gorgias.api, ledger)
    found = ticket(gorgias.account, 1)
    assert found["customer"]["id"] == customer(gorgias.account, f"u{BOB}")["id"]
    assert found["assignee_team"]["name"] == "Support / Orders"
    assert found["assignee_user"]["email"] == "support@demo.example"  # its agent is gone
    assert ticket(gorgias.account, 2)["assignee_user"]["email"] == "dana@demo.example"
    assert [(value["field"]["label"], value["value"]) for value in found["custom_fields"]] == [("Parcels", 1)]
    assert {tag["name"] for tag in found["tags"]} == {"brand: Fernhill", "vip", "waiting"}


def test_a_file_is_on_its_message_and_an_image_is_shown_from_a_public_address(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    load(shop, gorgias.api, ledger)
    (shown,) = first_message(gorgias, 1)["attachments"]
    (private,) = first_message(gorgias, 2)["attachments"]
    assert first_message(gorgias, 1)["body_html"] == f'<img src="{shown["url"]}">'
    files = {url: gorgias.account.store.file(url.rpartition("/")[2]) for url in (shown["url"], private["url"])}
    assert files[shown["url"]] == ("photo.png", "image/png", True, PNG)
    assert files[private["url"]] == ("photo.png", "image/png", False, PNG)


def first_message(gorgias: SimulatedGorgias, key: int) -> dict[str, Any]:
    messages = gorgias.account.store.by("message", "parent", ticket(gorgias.account, key)["id"])
    return min(messages, key=lambda message: message["id"])


def test_a_rehearsal_writes_nothing_anywhere_and_says_what_a_load_would_do(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    before = ledger.head()
    report = loader(shop, gorgias.api, ledger, rehearsal=True).run()
    assert writes(gorgias.account) == 0
    assert ledger.head() == before
    assert report.counts["ticket", "would create"] == 6
    assert report.counts["user", "matched"] == 1
    load(shop, gorgias.api, ledger)
    shop.tables["Tickets"][0]["Subject"] = "Changed"
    again = loader(shop, gorgias.api, ledger, rehearsal=True).run()
    assert (again.counts["ticket", "would update"], again.counts["ticket", "unchanged"]) == (1, 5)


def test_a_sample_loads_only_the_people_it_names(gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger) -> None:
    loader(shop, gorgias.api, ledger).run(only={f"requester:u{ANN}", "organization:1"})
    assert states(ledger)["requester"] == {"created": 1}
    assert states(ledger)["organization"] == {"created": 1}
    assert states(ledger)["ticket"] == {"created": 2, "quarantined": 4}


def test_without_its_fallback_agent_a_load_does_not_begin(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    shop.agents["fallback"] = "nobody@demo.example"
    with pytest.raises(ParameterError, match="no user of this Gorgias account"):
        load(shop, gorgias.api, ledger)
    assert writes(gorgias.account) == 0


# --- what is there already -----------------------------------------------------------------------------


def test_what_the_account_holds_is_matched_and_not_made_again(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    account = gorgias.account
    with account.store.transaction():
        customers.create_customer(account, {"name": "Ann's shop account", "channels": [
            {"type": "email", "address": "Ann@Home.example", "preferred": True}]})  # fmt: skip
        teams.create_team(account, {"name": "Support", "members": []})
        tags.create_tag(account, {"name": "vip"})
        custom_fields.create_custom_field(account, {"object_type": "Ticket", "label": "PARCELS", "definition": {
            "data_type": "number", "input_settings": {"input_type": "input_number"}}})  # fmt: skip
    before = everything(account.store)
    load(shop, gorgias.api, ledger)
    for obj, key in (("requester", f"u{ANN}"), ("department", "d1"), ("tag", "1"), ("ticket_field", "4")):
        assert entry(ledger, obj, key).state == "matched", obj
    after = everything(account.store)
    assert after["team"] == before["team"] | {"Support / Orders": 1}
    assert after["tag"] == before["tag"] | {"brand: Fernhill": 1, "waiting": 1}
    assert after["custom_field"] == before["custom_field"]
    assert after["customer"]["Ann's shop account"] == 1


def test_nothing_of_a_matched_customer_is_changed(gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger) -> None:
    account = gorgias.account
    with account.store.transaction():
        made = customers.create_customer(account, {"name": "As it was", "external_id": "shop-77", "channels": [
            {"type": "email", "address": "ann@home.example", "preferred": True}]})  # fmt: skip
    before = account.store.get("customer", made["id"])
    load(shop, gorgias.api, ledger)
    assert account.store.get("customer", made["id"]) == before
    assert entry(ledger, "requester", f"u{ANN}").target_id == str(made["id"])
    assert ticket(account, 3)["customer"]["id"] == made["id"]


def test_a_customer_of_another_engagement_is_matched_not_ours(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    account = gorgias.account
    with account.store.transaction():
        customers.create_customer(account, {"name": "Ann", "external_id": f"st:other:requester:u{ANN}", "channels": [
            {"type": "email", "address": "ann@home.example", "preferred": True}]})  # fmt: skip
    load(shop, gorgias.api, ledger)
    assert entry(ledger, "requester", f"u{ANN}").state == "matched"


def test_an_address_that_another_record_of_ours_has_is_merged_into_it(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    account = gorgias.account
    with account.store.transaction():
        customers.create_customer(account, {"name": "Ann", "external_id": "st:demo:requester:u900", "channels": [
            {"type": "email", "address": "ann@home.example", "preferred": True}]})  # fmt: skip
    load(shop, gorgias.api, ledger)
    found = entry(ledger, "requester", f"u{ANN}")
    assert (found.state, found.reason) == ("merged", "into requester:u900")
    assert ticket(account, 3)["customer"]["id"] == int(found.target_id or 0)


def test_a_lost_ledger_makes_no_second_customer_or_field(
    gorgias: SimulatedGorgias, shop: Shop, tmp_path: Path, ledger: Ledger
) -> None:
    load(shop, gorgias.api, ledger)
    before = everything(gorgias.account.store)
    other = Ledger.in_folder(tmp_path / "another")
    loader(shop, gorgias.api, other).run(tickets=[])
    assert everything(gorgias.account.store) == before
    assert states(other)["requester"] == {"created": 4}
    other.close()


def test_a_field_of_another_type_is_quarantined_and_its_values_are_accounted_as_lost(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    account = gorgias.account
    with account.store.transaction():
        custom_fields.create_custom_field(account, {"object_type": "Ticket", "label": "Parcels", "definition": {
            "data_type": "text", "input_settings": {"input_type": "input"}}})  # fmt: skip
    load(shop, gorgias.api, ledger)
    found = entry(ledger, "ticket_field", 4)
    assert found.state == "quarantined"
    assert "of type text is in Gorgias" in str(found.reason)
    assert entry(ledger, "ticket", 1).detail["lost"] == ["ticket_field:4"]
    assert ticket(account, 1)["custom_fields"] == []


# --- agents who are not there --------------------------------------------------------------------------


def give_first_ticket_to_a_new_agent(shop: Shop) -> None:
    """Add an agent (9) of team 11 who has no user in Gorgias, and give the first ticket to her."""
    shop.add("Users", {"UserID": 9, "Email": "new@demo.example", "DisplayName": "Nora New"})
    shop.add("UsersInGroups", {"DepartmentID": 1, "GroupID": 11, "UserID": 9})
    shop.tables["Tickets"][0]["UserID"] = 9


def test_an_agent_without_a_user_is_handed_over_and_fills_no_team_with_the_fallback(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    give_first_ticket_to_a_new_agent(shop)
    load(shop, gorgias.api, ledger)
    assert entry(ledger, "user", 9).state == "handed_over"
    teams = gorgias.account.store.by_kind("team")
    assert {member["email"] for team in teams for member in team["members"]} == {"dana@demo.example"}
    assert ticket(gorgias.account, 1)["assignee_user"]["email"] == "support@demo.example"
    assert ticket(gorgias.account, 1)["meta"]["smartertrack"]["agent"] == "Nora New"


def test_once_the_agent_is_there_the_ticket_is_assigned_anew(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    give_first_ticket_to_a_new_agent(shop)
    load(shop, gorgias.api, ledger)
    with gorgias.account.store.transaction():
        users.create_user(gorgias.account, {"email": "new@demo.example", "name": "Nora", "role": {"name": "agent"}},
                           invite=False)  # fmt: skip
    report = load(shop, gorgias.api, ledger)
    assert report.counts["ticket", "updated"] == 1
    assert ticket(gorgias.account, 1)["assignee_user"]["email"] == "new@demo.example"
    assert load(shop, gorgias.api, ledger).counts["ticket", "unchanged"] == 6


# --- long threads --------------------------------------------------------------------------------------


def long_thread(shop: Shop, messages: int, **row: Any) -> None:
    shop.tables.pop("Tickets")
    shop.tables.pop("TicketMessages")
    for table in ("TicketComments", "TicketAttachments", "CustomDataFieldsInTickets", "Tasks"):
        shop.tables.pop(table)
    shop.add("Tickets", {"TicketID": 1, "TicketStatusID": 3, "DateClosedUTC": minutes(2000), **row})
    shop.add("TicketMessages", *({"TicketID": 1, "TicketMessageID": n, "DateReceivedUTC": minutes(n)}
                                 for n in range(1, messages + 1)))  # fmt: skip


def test_a_thread_too_long_for_one_call_is_complete_closed_again_and_rightly_dated(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    long_thread(shop, 600)
    load(shop, gorgias.api, ledger)
    assert thread(gorgias.account, 1) == [f"message:{n}" for n in range(1, 601)]
    found = ticket(gorgias.account, 1)
    assert found["status"] == "closed"
    assert found["closed_datetime"] == found["updated_datetime"] == "2024-03-02T18:20:00.000000"
    assert found["last_message_datetime"] == "2024-03-01T19:00:00.000000"
    before = writes(gorgias.account)
    assert load(shop, gorgias.api, ledger).counts["ticket", "unchanged"] == 1
    assert writes(gorgias.account) == before


def test_a_thread_too_large_for_one_call_is_split_by_its_size(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator_lib.load.tickets.CALL_BYTES", 2000)
    long_thread(shop, 12)
    load(shop, gorgias.api, ledger)
    assert gorgias.account.stats.by_endpoint["POST tickets/{id}/messages"] > 5
    assert thread(gorgias.account, 1) == [f"message:{n}" for n in range(1, 13)]
    assert ticket(gorgias.account, 1)["status"] == "closed"


# --- what is refused -----------------------------------------------------------------------------------


def test_a_record_that_gorgias_would_not_take_is_quarantined_with_the_place_and_the_others_go_on(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    shop.add("Users", {"UserID": 150, "Email": "tel@home.example", "DisplayName": "Tel"})
    shop.add(
        "Organizations",
        {"OrganizationID": 2, "OrganizationName": "Refused", "PhoneNumber": f"+44 1632{' ' * 400}960999"},
    )
    load(shop, gorgias.api, ledger)
    found = entry(ledger, "organization", 2)
    assert found.state == "quarantined"
    assert "channels.0.address: String should have at most 320 characters" in str(found.reason)
    assert "999" not in str(found.reason)
    assert states(ledger)["organization"] == {"created": 1, "quarantined": 1}
    assert states(ledger)["ticket"] == {"created": 6}


def test_a_quarantined_record_is_tried_again_and_so_are_tickets_that_waited_for_it(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    shop.mapped["person_fields"] = {"30": {"name": "x", "becomes": "dropdown", "label": "Kind", "choices": ["a"]}}
    shop.add("CustomDataFields", {"CustomFieldID": 30, "DisplayName": "Kind"})
    shop.add("CustomDataFieldsForUsers", {"UserID": BOB, "CustomFieldID": 30, "DataContent": "a"})
    account = gorgias.account
    original = account.store.get

    def without_choice(kind: str, thing_id: int) -> Any:
        found = original(kind, thing_id)
        if kind == "custom_field" and found and found["label"] == "Kind":
            found["definition"]["input_settings"]["choices"] = ["b"]
        return found

    account.store.get = without_choice  # type: ignore[method-assign]
    load(shop, gorgias.api, ledger)
    refused = entry(ledger, "requester", f"u{BOB}")
    assert refused.state == "quarantined"
    assert "Not a valid choice." in str(refused.reason)
    waiting = entry(ledger, "ticket", 1)
    assert waiting.state == "quarantined"
    assert f"requester:u{BOB}" in str(waiting.reason)
    assert waiting.detail["parts"]["ticket_message"] == {"quarantined": 2}
    assert entry(ledger, "attachment", 1).state == "quarantined"
    assert account.stats.by_endpoint["POST upload"] == 1  # that of ticket 2 alone

    account.store.get = original  # type: ignore[method-assign]
    load(shop, gorgias.api, ledger)
    assert states(ledger)["ticket"] == {"created": 6}
    assert states(ledger)["requester"] == {"created": 4}
    assert states(ledger)["attachment"] == {"created": 2}


def test_a_ticket_that_the_contract_does_not_know_is_refused_before_its_files_go_up(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitting = type(TICKET).transform

    def unfit(self: Any, record: Record, lookups: Any) -> Any:
        outcome = fitting(self, record, lookups)
        if record.key != "1":
            return outcome
        assert isinstance(outcome, Send)
        return replace(outcome, payload={**outcome.payload, "priority": "urgent"})

    monkeypatch.setattr(type(TICKET), "transform", unfit)
    load(shop, gorgias.api, ledger)
    refused = entry(ledger, "ticket", 1)
    assert (refused.state, "priority" in str(refused.reason)) == ("quarantined", True)
    assert gorgias.account.stats.by_endpoint["POST upload"] == 1  # that of ticket 2 alone


def test_a_refusal_that_means_the_key_may_not_write_stops_the_load(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    account = gorgias.account
    with account.store.transaction():
        admin = account.store.get("user", 1)
        assert admin is not None
        users.update_user(account, admin, {"role": {"name": "agent"}})
    with pytest.raises(TargetDenied, match="403"):
        load(shop, gorgias.api, ledger)


def test_a_file_that_is_damaged_is_quarantined_and_its_message_goes_without_it(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    shop.tables["TicketAttachments"][1].update(Length=3, Crc=12)
    load(shop, gorgias.api, ledger)
    found = entry(ledger, "attachment", 2)
    assert found.state == "quarantined"
    assert "damaged or replaced" in str(found.reason)
    message = first_message(gorgias, 2)
    assert message["attachments"] == []
    assert len(message["meta"]["smartertrack"]["missing_attachments"]) == 1


def test_a_file_that_is_replaced_behind_the_extract_is_quarantined(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    staged = shop.stage()
    shop.file("5.att", b"\x89PNG changed")
    load(shop, gorgias.api, ledger, staged)
    found = entry(ledger, "attachment", 2)
    assert found.state == "quarantined"
    assert "when it was indexed" in str(found.reason)
    assert first_message(gorgias, 2)["attachments"] == []
    assert entry(ledger, "ticket", 2).detail["lost"] == ["attachment:2"]


def test_a_root_that_is_not_mounted_any_more_stops_the_load_and_nothing_is_sent_without_its_file(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    staged = shop.stage()
    shop.files.rename(shop.files.with_name("unmounted"))
    with pytest.raises(FilesMissing):
        load(shop, gorgias.api, ledger, staged)
    assert "quarantined" not in states(ledger).get("attachment", {})
    shop.files.rmdir()
    shop.files.with_name("unmounted").rename(shop.files)
    load(shop, gorgias.api, ledger, staged)
    assert states(ledger)["attachment"] == {"created": 2}


def test_many_files_in_a_row_that_cannot_be_read_stop_the_load(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator_lib.load.files.IN_A_ROW", 2)
    shop.file("another.att", b"x")
    staged = shop.stage()
    place = shop.files / "App_Data" / "TicketAttachments" / "5.att"
    place.rename(place.with_suffix(".away"))
    with pytest.raises(FilesMissing, match="2 attachments in a row"):
        load(shop, gorgias.api, ledger, staged)


def test_a_file_too_large_for_gorgias_is_quarantined(gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger) -> None:
    gorgias.account.knobs.upload_limit_bytes = 3
    load(shop, gorgias.api, ledger)
    assert states(ledger)["attachment"] == {"quarantined": 2}
    assert "413" in str(entry(ledger, "attachment", 1).reason)
    assert states(ledger)["ticket"] == {"created": 6}


# --- changes -------------------------------------------------------------------------------------------


def changed(shop: Shop, key: int, **row: Any) -> None:
    (found,) = (one for one in shop.tables["Tickets"] if one["TicketID"] == key)
    found.update(row)


def test_a_ticket_that_changed_in_the_source_is_brought_up_to_date(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    load(shop, gorgias.api, ledger)
    changed(shop, 1, TicketStatusID=3, DateClosedUTC=minutes(90), Subject="Solved", TicketPriorityID=2)
    shop.add("TicketMessages", {"TicketID": 1, "TicketMessageID": 190, "DateReceivedUTC": minutes(80)})
    report = load(shop, gorgias.api, ledger)
    found = ticket(gorgias.account, 1)
    assert (found["status"], found["subject"], found["priority"]) == ("closed", "Solved", "critical")
    assert found["closed_datetime"] == found["updated_datetime"] == "2024-03-01T10:30:00.000000"
    assert found["last_message_datetime"] == "2024-03-01T10:20:00.000000"
    assert thread(gorgias.account, 1)[-1] == "message:190"
    assert report.counts["ticket", "updated"] == 1
    assert entry(ledger, "ticket", 1).detail["parts"]["ticket_message"] == {"created": 3}
    assert load(shop, gorgias.api, ledger).counts["ticket", "unchanged"] == 6


def test_a_ticket_opened_again_in_the_source_is_open_and_unassigned_is_unassigned(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    load(shop, gorgias.api, ledger)
    assert ticket(gorgias.account, 2)["status"] == "closed"
    changed(shop, 2, TicketStatusID=1, UserID=None)
    load(shop, gorgias.api, ledger)
    found = ticket(gorgias.account, 2)
    assert (found["status"], found["closed_datetime"], found["assignee_user"]) == ("open", None, None)


def test_what_an_agent_changed_is_left_alone_and_listed_but_new_messages_come(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    load(shop, gorgias.api, ledger)
    with gorgias.account.store.transaction():
        tickets.update_ticket(gorgias.account, ticket(gorgias.account, 1), {"status": "closed", "subject": "Mine"})
    changed(shop, 1, TicketPriorityID=2)
    shop.add("TicketComments", {"TicketID": 1, "TicketCommentID": 90, "DateEnteredUTC": minutes(80)})
    report = load(shop, gorgias.api, ledger)
    found = ticket(gorgias.account, 1)
    assert (found["status"], found["subject"], found["priority"]) == ("closed", "Mine", "normal")
    assert "comment:90" in thread(gorgias.account, 1)
    assert report.conflicts == ["ticket 1: changed in Gorgias since it was loaded"]


def test_a_delta_loads_the_tickets_it_is_told_and_all_requesters(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    load(shop, gorgias.api, ledger)
    shop.add("Tickets", {"TicketID": 50, "UserID_Customer": None, "CustomerEmailAddress": "late@there.example"},
             {"TicketID": 51, "UserID_Customer": None, "CustomerEmailAddress": "later@there.example"})  # fmt: skip
    loader(shop, gorgias.api, ledger).run(tickets=[50])
    assert states(ledger)["ticket"] == {"created": 7}
    assert states(ledger)["requester"] == {"created": 6}
    loader(shop, gorgias.api, ledger).run(tickets=[51])
    assert states(ledger)["ticket"] == {"created": 8}


@pytest.mark.parametrize(("flag", "rule"), [("IsDeleted", "deleted_ticket"), ("IsSpam", "spam_ticket")])
def test_a_delta_accounts_for_a_number_merged_into_a_ticket_that_is_left_out(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger, flag: str, rule: str
) -> None:
    load(shop, gorgias.api, ledger)
    shop.add("TicketMerges", {"TicketID": 2, "TicketNumber": "100-00000099-0001"})
    changed(shop, 2, **{flag: True})
    staged = shop.stage()
    loader(shop, gorgias.api, ledger, staged).run(tickets=[2])
    merged = entry(ledger, "ticket", "m100-00000099-0001")
    assert (merged.state, merged.rule) == ("skipped", rule)
    require_balanced(accounts(ledger, TARGET, staged, shop.lookups(staged)))


def test_a_stage_laid_over_another_changes_only_what_it_holds(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    full = shop.write("full")
    load(shop, gorgias.api, ledger, Staged([full]))
    shop.tables["Tickets"] = [row for row in shop.tables["Tickets"] if row["TicketID"] == 3]
    changed(shop, 3, Subject="Changed")
    children = ("TicketMessages", "TicketComments", "CustomDataFieldsInTickets")
    for table in children:
        shop.tables[table] = [row for row in shop.tables[table] if row["TicketID"] == 3]
    delta = shop.write("delta-001", ("Tickets", *children))
    report = load(shop, gorgias.api, ledger, Staged([full, delta]))
    assert (report.counts["ticket", "updated"], report.counts["ticket", "unchanged"]) == (1, 5)
    assert ticket(gorgias.account, 3)["subject"] == "Changed"


def test_a_loaded_ticket_that_was_deleted_since_stays_by_rule_and_is_listed_with_its_new_parts_accounted(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    shop.delta = {"deleted_tickets": "keep"}
    load(shop, gorgias.api, ledger)
    changed(shop, 1, IsDeleted=True)
    shop.add("TicketMessages", {"TicketID": 1, "TicketMessageID": 190, "DateReceivedUTC": minutes(80)})
    shop.add("TicketAttachments", {"TicketID": 1, "TicketAttachmentID": 90, "FileNameOnDisk": "5.att"})
    report = load(shop, gorgias.api, ledger)
    assert report.conflicts == ["ticket 1: loaded, and now skipped (deleted_ticket)"]
    assert ticket(gorgias.account, 1)["status"] == "open"
    found = entry(ledger, "ticket", 1)
    assert found.state == "created"
    assert found.detail["parts"]["ticket_message"] == {"created": 2, "skipped: deleted_ticket": 1}
    assert entry(ledger, "attachment", 90).state == "skipped"


def test_loaded_tickets_that_are_merged_away_or_gone_since_are_listed(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    load(shop, gorgias.api, ledger)
    shop.add("TicketMerges", {"TicketID": 2, "TicketNumber": "100-00000001-0001"})
    shop.tables["Tickets"] = [row for row in shop.tables["Tickets"] if row["TicketID"] != 3]
    assert load(shop, gorgias.api, ledger).conflicts == [
        "ticket 1: loaded, and merged into another one since", "ticket 3: loaded, and not in the source any more",
    ]  # fmt: skip


def merged_away(shop: Shop, full: Path, gone: set[int], into: int) -> Staged:
    """Merge tickets into another one, as a delta of the source would hold it; these have no attachments."""
    numbers = [f"100-{key:08d}-0001" for key in sorted(gone)]
    shop.add("TicketMerges", *({"TicketID": into, "TicketNumber": number} for number in numbers))
    shop.tables["Tickets"] = [row for row in shop.tables["Tickets"] if row["TicketID"] == into]
    parts = ("TicketMessages", "TicketComments")
    for table in parts:
        rows = (row for row in shop.tables[table] if row["TicketID"] in {into, *gone})
        shop.tables[table] = [{**row, "TicketID": into} for row in rows]
    delta = shop.write("delta-001", ("Tickets", "TicketMerges", *parts))
    write_gone(delta, gone)
    return Staged([full, delta])


def test_a_merged_away_ticket_that_gorgias_refuses_to_trash_is_listed_and_tried_again_and_the_others_go_on(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = shop.write("full")
    load(shop, gorgias.api, ledger, Staged([full]))
    staged = merged_away(shop, full, {3, 6}, into=4)
    refused, original = ticket(gorgias.account, 3)["id"], gorgias.api.tickets.update

    def refusing(ticket_id: int, body: Any) -> None:
        original(ticket_id, {**body, "nonsense": 1} if ticket_id == refused else body)

    monkeypatch.setattr(gorgias.api.tickets, "update", refusing)
    for times in (1, 2):
        report = load(shop, gorgias.api, ledger, staged)
        assert report.conflicts == [
            "ticket 3: merged into another since, and Gorgias refused to trash it, so it stays there "
            "(the ledger has the reason)"
        ], times
        assert "nonsense" in str(entry(ledger, "ticket", 3).reason)
        assert ticket(gorgias.account, 3)["trashed_datetime"] is None
        assert ticket(gorgias.account, 6)["trashed_datetime"]
        require_balanced(accounts(ledger, TARGET, staged, shop.lookups(staged)))
    monkeypatch.undo()
    report = load(shop, gorgias.api, ledger, staged)
    assert (report.conflicts, report.counts["ticket", "trashed"]) == ([], 1)
    assert ticket(gorgias.account, 3)["trashed_datetime"]
    assert entry(ledger, "ticket", 3).reason is None
    assert load(shop, gorgias.api, ledger, staged).counts["ticket", "trashed"] == 0
    require_balanced(accounts(ledger, TARGET, staged, shop.lookups(staged)))


@pytest.mark.parametrize(
    ("row", "state"), [({"IsSpam": True}, "skipped"), ({"DateOpenedUTC": None}, "quarantined")], ids=["spam", "no date"]
)
def test_a_ticket_that_was_not_moved_and_is_merged_away_since_is_counted_once(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger, row: dict[str, Any], state: str
) -> None:
    changed(shop, 3, **row)
    full = shop.write("full")
    load(shop, gorgias.api, ledger, Staged([full]))
    assert entry(ledger, "ticket", 3).state == state
    staged = merged_away(shop, full, {3}, into=4)
    report = loader(shop, gorgias.api, ledger, staged).run(tickets=[4])
    assert report.conflicts == []
    assert entry(ledger, "ticket", 3).state == GONE
    assert thread(gorgias.account, 4)[-1] == "comment:3"
    require_balanced(accounts(ledger, TARGET, staged, shop.lookups(staged)))


def test_a_ticket_cut_off_in_its_creation_and_merged_away_since_is_trashed(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    full = shop.write("full")
    load(shop, gorgias.api, ledger, Staged([full]))
    ledger.intend(TARGET, replace(entry(ledger, "ticket", 3), state=PENDING, target_id=None))
    staged = merged_away(shop, full, {3}, into=4)
    loader(shop, gorgias.api, ledger, staged).run(tickets=[4])
    assert ticket(gorgias.account, 3)["trashed_datetime"]
    assert entry(ledger, "ticket", 3).state == GONE


def test_a_requester_whose_last_ticket_is_merged_away_leaves_the_accounts_and_comes_back_with_a_new_one(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    full = shop.write("full")
    load(shop, gorgias.api, ledger, Staged([full]))
    key = requester_key_of_address("guest5@there.example")
    made = entry(ledger, "requester", key)
    rows = {table: list(kept) for table, kept in shop.tables.items()}
    staged = merged_away(shop, full, {5}, into=4)
    report = loader(shop, gorgias.api, ledger, staged).run(tickets=[4])
    assert report.conflicts == [f"requester {key}: loaded, and not in the source any more"]
    assert entry(ledger, "requester", key).state == GONE
    assert customer(gorgias.account, key)["id"] == int(made.target_id or 0)
    require_balanced(accounts(ledger, TARGET, staged, shop.lookups(staged)))

    shop.tables = rows
    back = shop.stage("back")
    assert load(shop, gorgias.api, ledger, back).counts["requester", "created"] == 1
    again = entry(ledger, "requester", key)
    assert (again.state, again.target_id, again.rule) == ("created", made.target_id, None)
    assert everything(gorgias.account.store)["customer"][f"st:demo:requester:{key}"] == 1


def test_what_was_defined_and_is_not_any_more_leaves_the_accounts_and_stays_in_gorgias(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    load(shop, gorgias.api, ledger)
    before = everything(gorgias.account.store)
    for table in ("Events", "Organizations", "OrganizationFilters", "Tags", "TagsInTasks"):
        shop.tables[table] = []
    staged = shop.stage()
    load(shop, gorgias.api, ledger, staged)
    gone = {(e.object, e.source_key) for e in ledger.entries(TARGET, state=GONE)}
    assert gone == {("workflow_rule", "1"), ("organization", "1"), ("tag", "1")}
    assert everything(gorgias.account.store) == before
    require_balanced(accounts(ledger, TARGET, staged, shop.lookups(staged)))


def test_a_sample_takes_nobody_out_of_the_accounts(gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger) -> None:
    load(shop, gorgias.api, ledger)
    shop.tables["Events"] = []
    loader(shop, gorgias.api, ledger).run(only=set())
    loader(shop, gorgias.api, ledger, rehearsal=True).run()
    assert list(ledger.entries(TARGET, state=GONE)) == []


def test_a_new_draft_is_accounted_without_a_call(gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger) -> None:
    load(shop, gorgias.api, ledger)
    before = writes(gorgias.account)
    shop.add("TicketMessages", {"TicketID": 1, "TicketMessageID": 190, "IsDraft": True})
    shop.add("TicketAttachments", {"TicketID": 1, "TicketAttachmentID": 90, "TicketMessageID": 190})
    assert load(shop, gorgias.api, ledger).counts["ticket", "unchanged"] == 6
    assert writes(gorgias.account) == before
    assert entry(ledger, "ticket", 1).detail["parts"]["ticket_message"] == {"created": 2, "skipped: draft_message": 1}
    assert entry(ledger, "attachment", 90).rule == "draft_message"


def test_a_ticket_left_out_at_first_moves_with_its_files_when_the_policy_changes(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    changed(shop, 1, IsSpam=True)
    load(shop, gorgias.api, ledger)
    assert (entry(ledger, "ticket", 1).rule, entry(ledger, "attachment", 1).rule) == ("spam_ticket", "ticket_not_moved")
    shop.policy["spam_tickets"] = "migrate"
    load(shop, gorgias.api, ledger)
    assert ticket(gorgias.account, 1)["spam"] is True
    assert len(first_message(gorgias, 1)["attachments"]) == 1


def test_a_change_that_is_refused_keeps_the_ticket_accounted_and_is_tried_again(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(shop, gorgias.api, ledger)
    changed(shop, 1, TicketPriorityID=2)
    shop.add("TicketMessages", {"TicketID": 1, "TicketMessageID": 190, "DateReceivedUTC": minutes(80)})
    with monkeypatch.context() as context:
        context.setattr("migrator_lib.load.tickets.RESENT_ON_UPDATE", ("subject", "nonsense"))
        context.setattr("migrator_lib.load.tickets._changes", lambda payload: {"nonsense": 1})
        report = load(shop, gorgias.api, ledger)
    assert report.counts["ticket", "incomplete"] == 1
    found = entry(ledger, "ticket", 1)
    assert (found.state, found.target_id) == ("created", str(ticket(gorgias.account, 1)["id"]))
    assert "nonsense" in str(found.reason)
    report = load(shop, gorgias.api, ledger)
    assert (report.counts["ticket", "updated"], report.conflicts) == (1, [])
    assert ticket(gorgias.account, 1)["priority"] == "critical"
    assert entry(ledger, "ticket", 1).reason is None


def test_a_message_behind_the_first_call_that_is_refused_makes_no_second_ticket(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator_lib.load.tickets.CALL_LIMIT", 3)
    shop.tables["TicketMessages"][-1]["TicketID"] = 3
    shop.add("TicketMessages", {"TicketID": 3, "TicketMessageID": 390, "DateReceivedUTC": minutes(40),
                                "Subject": "x", "BodyText": "y"})  # fmt: skip
    original = gorgias.api.messages.create

    def refusing(ticket_id: int, body: Any) -> Any:
        return original(ticket_id, {**body, "nonsense": 1} if body["external_id"].endswith("message:390") else body)

    monkeypatch.setattr(gorgias.api.messages, "create", refusing)
    assert load(shop, gorgias.api, ledger).counts["ticket", "incomplete"] == 1
    assert entry(ledger, "ticket", 3).state == "created"
    monkeypatch.undo()
    load(shop, gorgias.api, ledger)
    assert set(everything(gorgias.account.store)["ticket"].values()) == {1}
    assert thread(gorgias.account, 3)[-1] == "message:390"
    assert len(thread(gorgias.account, 3)) == len(set(thread(gorgias.account, 3)))


# --- intents without an outcome ------------------------------------------------------------------------


def test_an_intent_whose_ticket_is_in_gorgias_is_looked_up_and_not_sent_again(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    load(shop, gorgias.api, ledger)
    made = entry(ledger, "ticket", 1)
    ledger.intend(TARGET, Entry("ticket", "1", PENDING, payload_hash=made.payload_hash, external_id=made.external_id))
    before = writes(gorgias.account)
    load(shop, gorgias.api, ledger)
    assert writes(gorgias.account) == before
    assert entry(ledger, "ticket", 1).target_id == made.target_id


def test_an_intent_whose_ticket_changed_since_is_found_and_brought_up_to_date(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    load(shop, gorgias.api, ledger)
    made = entry(ledger, "ticket", 1)
    ledger.intend(TARGET, Entry("ticket", "1", PENDING, payload_hash=made.payload_hash, external_id=made.external_id))
    changed(shop, 1, Subject="Changed")
    shop.add("TicketMessages", {"TicketID": 1, "TicketMessageID": 190, "DateReceivedUTC": minutes(80)})
    load(shop, gorgias.api, ledger)
    assert ticket(gorgias.account, 1)["subject"] == "Changed"
    assert thread(gorgias.account, 1)[-1] == "message:190"


def test_what_an_agent_did_to_a_ticket_whose_answer_was_lost_stays_and_what_came_since_is_added(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    load(shop, gorgias.api, ledger)
    made = entry(ledger, "ticket", 1)
    ledger.intend(TARGET, replace(made, state=PENDING, target_id=None))
    gorgias.api.tickets.update(int(str(made.target_id)), {"priority": "critical"})
    changed(shop, 1, Subject="Changed")
    shop.add("TicketMessages", {"TicketID": 1, "TicketMessageID": 190, "DateReceivedUTC": minutes(80)})
    report = load(shop, gorgias.api, ledger)
    there = ticket(gorgias.account, 1)
    assert (there["priority"], there["subject"] == "Changed") == ("critical", False)
    assert thread(gorgias.account, 1)[-1] == "message:190"
    assert report.conflicts == ["ticket 1: changed in Gorgias since it was loaded"]
    fields = {row["field"]: row["who"] for row in entry(ledger, "ticket", 1).detail["left_alone"]}
    assert {"priority", "subject"} <= set(fields)


def test_an_intent_whose_ticket_is_not_in_gorgias_is_sent(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    ledger.intend(TARGET, Entry("ticket", "1", PENDING, payload_hash="x", external_id="st:demo:ticket:1"))
    ledger.intend(TARGET, Entry("requester", f"u{ANN}", PENDING, external_id=f"st:demo:requester:u{ANN}"))
    load(shop, gorgias.api, ledger)
    assert entry(ledger, "ticket", 1).target_id == str(ticket(gorgias.account, 1)["id"])
    assert entry(ledger, "requester", f"u{ANN}").state == "created"


def test_an_intent_whose_ticket_is_now_left_out_is_found_and_not_forgotten(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    load(shop, gorgias.api, ledger)
    made = entry(ledger, "ticket", 1)
    ledger.intend(TARGET, Entry("ticket", "1", PENDING, payload_hash=made.payload_hash, external_id=made.external_id))
    changed(shop, 1, IsDeleted=True)
    report = load(shop, gorgias.api, ledger)
    assert entry(ledger, "ticket", 1).target_id == made.target_id
    assert len(report.conflicts) == 1


def test_a_change_that_was_interrupted_is_not_taken_for_an_agents(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(shop, gorgias.api, ledger)
    changed(shop, 1, TicketPriorityID=2)
    shop.add("TicketMessages", {"TicketID": 1, "TicketMessageID": 190, "DateReceivedUTC": minutes(80)})

    class Killed(BaseException):
        pass

    def die(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as context:
        context.setattr(gorgias.api.tickets, "update", die)
        with pytest.raises(Killed):
            load(shop, gorgias.api, ledger)
    assert "message:190" in thread(gorgias.account, 1)
    assert ticket(gorgias.account, 1)["priority"] == "normal"
    report = load(shop, gorgias.api, ledger)
    assert report.conflicts == []
    assert ticket(gorgias.account, 1)["priority"] == "critical"
    assert thread(gorgias.account, 1).count("message:190") == 1


# --- the lease -----------------------------------------------------------------------------------------


def test_the_lease_is_kept_alive_within_a_batch(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator_lib.progress.BEAT_SECONDS", -1.0)
    ledger.take_lease()
    renewed = []
    original = ledger.renew_lease
    monkeypatch.setattr(ledger, "renew_lease", lambda: renewed.append(1) or original())
    load(shop, gorgias.api, ledger)
    assert len(renewed) > 20  # every record that took a call, not every batch alone


def test_the_lease_is_kept_alive_within_a_thread_too_long_for_one_call(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator_lib.progress.BEAT_SECONDS", -1.0)
    for n in range(520):
        shop.add("TicketMessages", {"TicketID": 1, "TicketMessageID": 1000 + n, "DateReceivedUTC": minutes(n)})
    ledger.take_lease()
    renewed = []
    monkeypatch.setattr(ledger, "renew_lease", lambda: renewed.append(gorgias.account.stats.by_endpoint.copy()))
    load(shop, gorgias.api, ledger)
    sent = {seen.get("POST tickets/{id}/messages", 0) for seen in renewed}
    assert len(sent) > 20, "between one message and the next, not behind the last one alone"


def test_people_are_not_asked_for_one_by_one(gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger) -> None:
    load(shop, gorgias.api, ledger)
    assert gorgias.account.stats.by_endpoint.get("GET customers", 0) == 0
    assert gorgias.account.stats.by_endpoint.get("GET tickets", 0) == 0
