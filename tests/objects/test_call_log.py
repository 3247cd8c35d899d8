"""Call logs: from the rows to what an agent sees, and the awkward ones."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from migrator_lib.objects.base import Quarantine, Record, Send, Skip
from migrator_lib.objects.call_log import CallLog
from tests.objects.seeing import FORMER, seen
from tests.shop import ANN, GONE, OPENED, QUEUE, Shop, call

ADDED: dict[str, Any] = {
    "ticket_number": {"becomes": "text", "label": "Number"},
    "call_direction": {"becomes": "text", "label": "Direction"},
    "call_duration": {"becomes": "number", "label": "Duration"},
    "call_number": {"becomes": "text", "label": "Phone"},
}
RESULT = {"25": {"name": "Result", "becomes": "text", "label": "Result", "holds": "disposition"}}
ENDED = [{"CustomFieldID": 25, "DataContent": "Call back"}]
NOBODY: dict[str, Any] = {"CustomerUserID": None, "CustomerEmailAddress": ""}


@pytest.fixture(autouse=True)
def mapped(shop: Shop) -> None:
    shop.mapped = {"added_fields": ADDED, "ticket_fields": RESULT}
    shop.add("CustomDataFields", {"CustomFieldID": 25, "DisplayName": "Result", "DataType": 1})


def sent(shop: Shop, record: Record) -> dict[str, Any]:
    outcome = CallLog().transform(record, shop.lookups())
    assert isinstance(outcome, Send), outcome
    return outcome.payload


def test_an_agent_sees_a_closed_phone_ticket_with_a_note_its_recording_and_its_fields(shop: Shop) -> None:
    shop.file("r.att", b"RIFF")
    shop.add("CallLogs", {"CallLogID": 4})
    recording = [{"CallLogAttachmentID": 2, "FileNameOnDisk": "r.att", "Length": 4}]
    there = seen(shop, CallLog(), call(fields=ENDED, attachments=recording))
    assert there.thread() == [
        ("Dana Agent", "internal-note",
         "Incoming call from Ann, +44 1632 960123, 3 min 20 s\nResult: Call back\n\nTold her: on Thursday."),
    ]  # fmt: skip
    (note,) = there.messages
    assert not note["public"]
    assert [(file["url"], file["name"], file["content_type"]) for file in note["attachments"]] == [
        ("https://files.example/l2", "recording.wav", "audio/x-wav")
    ]
    ticket = there.ticket
    assert (ticket["channel"], ticket["via"], ticket["status"]) == ("phone", "api", "closed")
    assert (ticket["subject"], ticket["customer"]["name"]) == ("When will it come?", "Ann")
    assert (ticket["from_agent"], ticket["assignee_user"]["name"]) == (False, "Dana Agent")
    assert (ticket["created_datetime"], ticket["closed_datetime"]) == (
        "2024-03-01T09:00:00.000000", "2024-03-01T09:03:20.000000",
    )  # fmt: skip
    assert there.values() == {
        "Result": "Call back", "Number": "T-240301-00004", "Direction": "incoming", "Duration": 200,
        "Phone": "+44 1632 960123",
    }  # fmt: skip
    assert ticket["meta"]["smartertrack"] == {
        "call_id": 4, "call_number": "T-240301-00004", "department": "Support", "group": "Orders",
        "agent": "Dana Agent", "customer_by": "by_account", "direction": "incoming",
        "phone_number": "+44 1632 960123", "customer_name": "Ann", "duration_seconds": 200, "disposition": "Call back",
    }  # fmt: skip


def test_an_outgoing_call_is_from_an_agent_and_sends_nothing(shop: Shop) -> None:
    there = seen(shop, CallLog(), call({"IsOutgoing": True}))
    assert there.ticket["from_agent"] is True
    assert there.messages[0]["body_text"].startswith("Outgoing call to Ann, ")
    assert there.ticket.get("last_received_message_datetime") is None


def test_a_caller_with_a_number_alone_is_a_customer_with_a_phone_channel(shop: Shop) -> None:
    row = {"CallLogID": 4, **NOBODY, "CustomerName": ""}
    shop.add("CallLogs", row)
    there = seen(shop, CallLog(), call(row))
    assert there.ticket["meta"]["smartertrack"]["customer_by"] == "by_phone"
    customer = there.account.store.get("customer", there.ticket["customer"]["id"])
    assert customer is not None
    assert [(one["type"], one["address"]) for one in customer["channels"]] == [("phone", "+441632960123")]


@pytest.mark.parametrize(("given", "words"), [("", "number withheld"), ("anonymous", "number withheld (anonymous)")])
def test_a_withheld_number_is_said_and_no_value(shop: Shop, given: str, words: str) -> None:
    row = {"CallLogID": 4, **NOBODY, "CustomerName": "", "CustomerPhoneNumber": given, "Subject": ""}
    shop.add("CallLogs", row)
    there = seen(shop, CallLog(), call(row))
    assert there.messages[0]["body_text"].startswith(f"Incoming call from {words}, 3 min 20 s")
    assert "Phone" not in there.values()
    assert (there.ticket["customer"]["name"], there.ticket["subject"]) == ("Unknown requester", "Call")


@pytest.mark.parametrize("given", ["+44 1632 960123 ext. 5", "01632 960123 x204", "204"])
def test_a_number_with_an_extension_is_shown_as_it_is_and_makes_nobodys_channel(shop: Shop, given: str) -> None:
    row = {"CallLogID": 4, **NOBODY, "CustomerPhoneNumber": given}
    shop.add("CallLogs", row)
    there = seen(shop, CallLog(), call(row))
    assert there.messages[0]["body_text"].startswith(f"Incoming call from Ann, {given}, 3 min 20 s")
    assert there.values()["Phone"] == given
    assert there.ticket["meta"]["smartertrack"]["customer_by"] == "by_name"


def test_a_call_that_ends_before_it_starts_has_no_length_and_is_closed_at_its_start(shop: Shop) -> None:
    payload = sent(shop, call({"DateEndUTC": OPENED - timedelta(minutes=5)}))
    assert payload["closed_datetime"] == payload["created_datetime"] == "2024-03-01T09:00:00Z"
    assert "length not known" in payload["messages"][0]["body_text"]
    meta = payload["meta"]["smartertrack"]
    assert meta["ends_before_start"] == "2024-03-01T08:55:00Z"
    assert "duration_seconds" not in meta


def test_a_call_without_a_start_begins_when_it_was_written_and_without_any_date_is_quarantined(shop: Shop) -> None:
    none = dict.fromkeys(("DateStartUTC", "DateEndUTC", "DateCreatedUTC"))
    written = {**none, "DateCreatedUTC": OPENED}
    assert sent(shop, call(written))["created_datetime"] == "2024-03-01T09:00:00Z"
    outcome = CallLog().transform(call(none, fields=ENDED), shop.lookups())
    assert isinstance(outcome, Quarantine)
    assert outcome.children == {"call_field_value": {"quarantined": 1}}


def test_what_is_deleted_or_out_of_scope_is_left_out_by_its_rule(shop: Shop) -> None:
    deleted = CallLog().transform(call({"IsDeleted": True}, fields=ENDED), shop.lookups())
    assert deleted == Skip("deleted_call", {"call_field_value": {"skipped: deleted_call": 1}})
    shop.policy["call_logs"] = "skip"
    assert CallLog().transform(call(), shop.lookups()) == Skip("calls_out_of_scope", {})
    assert CallLog().transform(call({"IsDeleted": True}), shop.lookups()) == Skip("deleted_call", {})


def test_an_agent_who_is_gone_is_named_and_the_queue_is_nobody(shop: Shop) -> None:
    shop.add("CallLogs", {"CallLogID": 4})
    there = seen(shop, CallLog(), call({"UserID": GONE}))
    assert there.messages[0]["sender"]["name"] == FORMER
    assert "Agent: Gus Gone" in there.messages[0]["body_text"].splitlines()
    queued = sent(shop, call({"UserID": QUEUE}))
    assert "assignee_user" not in queued
    assert "Agent:" not in queued["messages"][0]["body_text"]


def test_a_description_of_html_stays_html_and_its_front_is_escaped(shop: Shop) -> None:
    payload = sent(shop, call({"Description": "<p>Box was <b>wet</b></p>", "CustomerName": "A & B"}))
    body = payload["messages"][0]["body_html"]
    assert body.startswith("<p>Incoming call from A &amp; B, ")
    assert body.endswith("<p>Box was <b>wet</b></p>")


def test_a_direction_that_is_not_told_is_not_guessed(shop: Shop) -> None:
    payload = sent(shop, call({"IsOutgoing": None}))
    assert payload["messages"][0]["body_text"].startswith("Phone call with Ann, ")
    assert "direction" not in payload["meta"]["smartertrack"]


def test_a_recording_that_is_missing_is_named_and_a_deleted_one_is_not(shop: Shop) -> None:
    given = [{"CallLogAttachmentID": 1, "FileNameOnDisk": "gone.att"},
             {"CallLogAttachmentID": 2, "FileNameOnDisk": "gone.att", "IsDeleted": True}]  # fmt: skip
    note = sent(shop, call(attachments=given))["messages"][0]
    assert "attachments" not in note
    assert note["meta"]["smartertrack"]["missing_attachments"] == ["recording.wav"]


def test_a_linked_ticket_is_named_by_its_number(shop: Shop) -> None:
    shop.add("Tickets", {"TicketID": 3, "TicketNumber": "100-3"})
    shop.add("TicketLinks", {"TicketID": 3, "TicketLinkID": 8, "CallLogID": 4})
    payload = sent(shop, call())
    assert payload["messages"][1]["body_text"] == "Linked in SmarterTrack to ticket 100-3."
    assert payload["customer"] == {"id": {"$ref": f"requester:u{ANN}"}}


def test_every_field_that_is_read_is_told(shop: Shop) -> None:
    told = {name for one in CallLog.fields for name in one.source.split(" + ")}
    read = {f"{table.name}.{column}" for table in CallLog.family.tables for column in table.columns}
    assert read <= told
