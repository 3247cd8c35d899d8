"""The ticket itself: whether it moves, its fields, and what Gorgias has no place for."""

from __future__ import annotations

from typing import Any

import pytest

from migrator_lib.objects import TICKET
from migrator_lib.objects.base import Merge, Outcome, Quarantine, Record, Send, Skip
from migrator_lib.objects.conversation import moment
from tests.shop import ANN, DANA, GONE, OPENED, QUEUE, Shop, minutes, ticket

AT = "2024-03-01T09:00:00Z"


def sent(shop: Shop, record: Record) -> dict[str, Any]:
    outcome = TICKET.transform(record, shop.lookups())
    assert isinstance(outcome, Send), outcome
    return outcome.payload


def test_a_ticket_is_one_payload_with_its_dates_people_and_structure(shop: Shop) -> None:
    payload = sent(shop, ticket(messages=[{"TicketMessageID": 1}, {"TicketMessageID": 2, "MessageDirection": 1,
                                                                  "DateReceivedUTC": minutes(5)}]))  # fmt: skip
    assert {name: value for name, value in payload.items() if name not in ("messages", "meta")} == {
        "external_id": "st:demo:ticket:7", "subject": "A question", "channel": "email", "via": "api",
        "from_agent": False, "customer": {"id": {"$ref": f"requester:u{ANN}"}}, "status": "open",
        "priority": "normal", "spam": False, "tags": [{"name": "brand: Fernhill"}], "custom_fields": [],
        "created_datetime": AT, "opened_datetime": AT, "last_message_datetime": "2024-03-01T09:05:00Z",
        "last_received_message_datetime": AT, "updated_datetime": "2024-03-01T09:05:00Z",
        "assignee_user": {"id": {"$ref": f"user:{DANA}"}},
        "assignee_team": {"id": {"$ref": "department:g1-11"}},
    }  # fmt: skip
    assert payload["meta"]["smartertrack"] == {
        "ticket_id": 7, "ticket_number": "100-00000007-0001", "department": "Support", "group": "Orders",
        "status": "Active", "agent": "Dana Agent",
    }  # fmt: skip


PARTS: dict[str, Any] = {
    "messages": [{"TicketMessageID": 1}, {"TicketMessageID": 2, "IsDraft": True}],
    "comments": [{"TicketCommentID": 1}],
    "fields": [{"CustomFieldID": 1, "DataContent": "x"}],
}
COUNTED = {"ticket_message": 2, "ticket_comment": 1, "ticket_field_value": 1}


def test_a_deleted_ticket_is_left_out_with_all_its_parts_whatever_its_status(shop: Shop) -> None:
    outcome = TICKET.transform(ticket({"IsDeleted": True, "TicketStatusID": 99}, **PARTS), shop.lookups())
    assert outcome == Skip("deleted_ticket", {part: {"skipped: deleted_ticket": n} for part, n in COUNTED.items()})


def test_spam_is_left_out_or_moved_as_spam_by_policy(shop: Shop) -> None:
    record = ticket({"IsSpam": True}, **PARTS)
    outcome = TICKET.transform(record, shop.lookups())
    assert outcome == Skip("spam_ticket", {part: {"skipped: spam_ticket": n} for part, n in COUNTED.items()})
    shop.policy["spam_tickets"] = "migrate"
    assert sent(shop, record)["spam"] is True


@pytest.mark.parametrize("row", [{"TicketStatusID": 99}, {"TicketPriorityID": 99}, {"DateOpenedUTC": None}])
def test_what_cannot_be_a_ticket_is_quarantined_with_all_its_parts(shop: Shop, row: dict[str, Any]) -> None:
    outcome = TICKET.transform(ticket(row, **PARTS), shop.lookups())
    assert isinstance(outcome, Quarantine)
    assert outcome.children == {part: {"quarantined": n} for part, n in COUNTED.items()}


def merged(shop: Shop, **row: Any) -> Outcome:
    shop.tables.clear()
    shop.add("Tickets", {"TicketID": 7, **row}).add("TicketMerges", {"TicketID": 7, "TicketNumber": "OLD-1"})
    staged = shop.stage()
    lookups = shop.lookups(staged)
    return {r.key: TICKET.transform(r, lookups) for r in TICKET.records(staged, lookups)}["mOLD-1"]


def test_a_number_that_was_merged_away_goes_where_its_survivor_goes(shop: Shop) -> None:
    assert merged(shop) == Merge("7", "merged_in_smartertrack")
    assert merged(shop, IsDeleted=True) == Skip("deleted_ticket")
    assert merged(shop, IsSpam=True) == Skip("spam_ticket")


def test_merged_numbers_live_on_in_the_survivor(shop: Shop) -> None:
    payload = sent(shop, ticket(merges=["OLD-2", "OLD-1"]))
    assert payload["meta"]["smartertrack"]["merged_numbers"] == ["OLD-1", "OLD-2"]


@pytest.mark.parametrize("user", [QUEUE, None])
def test_the_queue_assigns_to_nobody(shop: Shop, user: int | None) -> None:
    payload = sent(shop, ticket({"UserID": user}))
    assert "assignee_user" not in payload
    assert "agent" not in payload["meta"]["smartertrack"]


def test_a_ticket_of_an_agent_who_is_gone_goes_to_the_fallback_and_keeps_the_name(shop: Shop) -> None:
    payload = sent(shop, ticket({"UserID": GONE}))
    assert payload["assignee_user"] == {"id": {"$ref": "user:fallback"}}
    assert payload["meta"]["smartertrack"]["agent"] == "Gus Gone"


def test_a_closed_ticket_keeps_the_date_and_gets_one_where_the_source_has_none(shop: Shop) -> None:
    closed = sent(shop, ticket({"TicketStatusID": 3, "DateClosedUTC": minutes(90)}))
    assert (closed["status"], closed["closed_datetime"]) == ("closed", "2024-03-01T10:30:00Z")
    assert closed["updated_datetime"] == "2024-03-01T10:30:00Z"
    assert sent(shop, ticket({"TicketStatusID": 3}))["closed_datetime"] == AT


def test_an_open_ticket_has_no_closing_date_though_the_source_once_closed_it(shop: Shop) -> None:
    assert "closed_datetime" not in sent(shop, ticket({"DateClosedUTC": minutes(90)}))


def test_waiting_is_open_with_a_tag(shop: Shop) -> None:
    payload = sent(shop, ticket({"TicketStatusID": 2}))
    assert payload["status"] == "open"
    assert {"name": "waiting"} in payload["tags"]


def test_tags_come_once_in_order_and_deleted_ones_not_at_all(shop: Shop) -> None:
    shop.add("Tags", {"TagID": 1, "Name": "vip"}, {"TagID": 2, "Name": "VIP"},
             {"TagID": 3, "Name": "old", "IsDeleted": True})  # fmt: skip
    payload = sent(shop, ticket(tag_ids=[1, 2, 3, 77]))
    assert payload["tags"] == [{"name": "brand: Fernhill"}, {"name": "vip"}]


def test_a_value_that_does_not_fit_is_in_the_meta_and_counted(shop: Shop) -> None:
    shop.mapped["ticket_fields"] = {"4": {"name": "x", "becomes": "number", "label": "Parcels"}}
    outcome = TICKET.transform(ticket(fields=[{"CustomFieldID": 4, "DataContent": "two"}]), shop.lookups())
    assert isinstance(outcome, Send)
    assert outcome.payload["custom_fields"] == []
    assert outcome.payload["meta"]["smartertrack"]["unfit_values"] == {"Parcels": "two"}
    assert outcome.children["ticket_field_value"] == {"quarantined": 1}


@pytest.mark.parametrize("subject", ["", None, "   "])
def test_an_empty_subject_says_so(shop: Shop, subject: str | None) -> None:
    assert sent(shop, ticket({"Subject": subject}))["subject"] == "(no subject)"


def test_a_subject_too_long_is_cut_and_kept_whole_in_the_meta(shop: Shop) -> None:
    payload = sent(shop, ticket({"Subject": "ü" * 1200}))
    assert payload["subject"] == "ü" * 998
    assert payload["meta"]["smartertrack"]["full_subject"] == "ü" * 1200


def test_flags_without_a_place_are_kept(shop: Shop) -> None:
    payload = sent(shop, ticket({"RequiresFollowUp": True, "DateFollowUpUTC": OPENED, "IsPinnedToAgent": True}))
    assert payload["meta"]["smartertrack"]["follow_up"] == AT
    assert payload["meta"]["smartertrack"]["pinned_to_agent"] is True


def test_a_department_and_group_that_are_gone_leave_the_ticket_without_a_team(shop: Shop) -> None:
    payload = sent(shop, ticket({"DepartmentID": 55, "GroupID": None}))
    assert "assignee_team" not in payload
    assert payload["meta"]["smartertrack"]["department"] is None
    assert payload["tags"] == []


def test_a_payload_depends_on_source_and_mapping_alone(shop: Shop) -> None:
    first = TICKET.transform(ticket(**PARTS), shop.lookups())
    again = TICKET.transform(ticket(**PARTS), shop.lookups())
    other = TICKET.transform(ticket({"Subject": "Another"}, **PARTS), shop.lookups())
    assert isinstance(first, Send)
    assert isinstance(again, Send)
    assert isinstance(other, Send)
    assert first.hash == again.hash != other.hash


@pytest.mark.parametrize(
    "text",
    ["2024-03-01T09:00:00Z", "2024-03-01T09:00:00", "2024-03-01T10:00:00+01:00", "2024-03-01T09:00:00.000000"],
)
def test_one_moment_is_one_whatever_its_form(text: str) -> None:
    assert moment(text) == "2024-03-01T09:00:00.000000"
