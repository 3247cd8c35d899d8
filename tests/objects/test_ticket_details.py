"""What stands beside a ticket's thread, from the source to what an agent sees: channel, status, numbers, work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.lookups import iso
from migrator_lib.mapping import FieldMapping
from migrator_lib.objects import TICKET
from migrator_lib.objects.base import Send
from migrator_lib.objects.ticket_field import values
from migrator_lib.proofs.behaviour import Behaviour
from migrator_lib.simulators.gorgias import Account
from migrator_lib.simulators.gorgias.in_process import api_of
from migrator_lib.values import choice_of
from tests.loading import loader, writes
from tests.loading import ticket as ticket_in
from tests.objects.seeing import seen
from tests.shop import DANA, GONE, QUEUE, Shop, minutes, ticket
from tests.updating import Loaded, loaded

AT = "2024-03-01T09:00:00Z"
NUMBER = {"ticket_number": {"becomes": "text", "label": "SmarterTrack number"}}


def sent(shop: Shop, record: Any) -> dict[str, Any]:
    outcome = TICKET.transform(record, shop.lookups())
    assert isinstance(outcome, Send), outcome
    return outcome.payload


def notes(payload: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the notes of ours by their external id, without what all begin with."""
    own = [m for m in payload["messages"] if m["channel"] == "internal-note"]
    return {note["external_id"].removeprefix("st:demo:"): note for note in own}


# --- the channel that a field holds --------------------------------------------------------------------


@pytest.fixture
def held(shop: Shop) -> Shop:
    shop.add("CustomDataFields", {"CustomFieldID": 9, "DisplayName": "Channel"})
    shop.mapped["ticket_fields"] = {"9": {"name": "Channel", "becomes": "text", "label": "Channel", "holds": "channel"}}
    shop.mapped["channels"] = {
        "phone": {"name": "Phone", "becomes": "phone"}, "e-mail": {"name": "E-mail", "becomes": "email"},
        "note": {"name": "Note", "becomes": "internal-note"},
    }  # fmt: skip
    return shop


def came_by(word: str | None) -> Any:
    return ticket(
        messages=[{"TicketMessageID": 1}, {"TicketMessageID": 2, "MessageDirection": 1, "DateReceivedUTC": minutes(5)}],
        fields=[{"CustomFieldID": 9, "DataContent": word}],
    )


def test_the_word_of_a_field_is_the_channel_of_the_ticket_and_of_its_first_message(held: Shop) -> None:
    payload = sent(held, came_by(" Phone "))
    first, second = payload["messages"]
    assert (payload["channel"], first["channel"], second["channel"]) == ("phone", "phone", "email")
    assert "source" not in first
    assert second["source"]["from"]["address"]
    assert [value["value"] for value in payload["custom_fields"]] == [" Phone "]


@pytest.mark.parametrize(("word", "unknown"), [("Pigeon", "Pigeon"), ("Note", "Note"), ("", None), (None, None)])
def test_a_word_that_nobody_mapped_leaves_the_usual_channel_and_is_kept(
    held: Shop, word: str | None, unknown: str | None
) -> None:
    payload = sent(held, came_by(word))
    assert payload["channel"] == payload["messages"][0]["channel"] == "email"
    assert payload["meta"]["smartertrack"].get("unknown_channel") == unknown


def test_a_channel_that_the_account_does_not_take_leaves_the_usual_one_and_is_kept(held: Shop) -> None:
    lookups = held.lookups()
    lookups.behaviour = Behaviour(channels_refused=("phone",))
    outcome = TICKET.transform(came_by("Phone"), lookups)
    assert isinstance(outcome, Send)
    assert {outcome.payload["channel"], *(m["channel"] for m in outcome.payload["messages"])} == {"email"}
    assert outcome.payload["meta"]["smartertrack"]["channel"] == "phone"


def test_a_message_without_addresses_is_never_on_channel_email(held: Shop) -> None:
    lookups = held.lookups()
    policy = lookups.parameters.policy.model_copy(update={"ticket_channel": "api"})
    lookups.parameters = lookups.parameters.model_copy(update={"policy": policy})
    outcome = TICKET.transform(came_by("E-mail"), lookups)
    assert isinstance(outcome, Send)
    assert outcome.payload["channel"] == "email"
    assert [(m["channel"], "source" in m) for m in outcome.payload["messages"]] == [("api", False), ("api", False)]


def test_what_an_agent_wrote_first_keeps_its_own_channel(held: Shop) -> None:
    record = ticket(messages=[{"TicketMessageID": 1, "MessageDirection": 1}],
                    fields=[{"CustomFieldID": 9, "DataContent": "Phone"}])  # fmt: skip
    payload = sent(held, record)
    assert (payload["channel"], payload["messages"][0]["channel"]) == ("phone", "email")


def test_an_agent_sees_a_call_that_was_typed_in(held: Shop) -> None:
    there = seen(held, TICKET, came_by("Phone"))
    assert there.ticket["channel"] == "phone"
    assert [channel for _, channel, _ in there.thread()] == ["phone", "email"]


def test_an_address_that_nobody_knew_is_said_to_be_made_up(shop: Shop) -> None:
    known, unknown = sent(shop, ticket(messages=[
        {"TicketMessageID": 1}, {"TicketMessageID": 2, "FromAddress": "", "DateReceivedUTC": minutes(5)},
    ]))["messages"]  # fmt: skip
    assert "meta" not in known
    assert unknown["meta"]["smartertrack"] == {"sender_address": "not known in SmarterTrack"}


# --- status --------------------------------------------------------------------------------------------


def waiting(shop: Shop, **entry: Any) -> None:
    shop.mapped["statuses"] = {"2": {"name": "Waiting", "becomes": "open", **entry}}


def test_a_status_is_kept_by_a_field_where_the_mapping_says_so(shop: Shop) -> None:
    waiting(shop, keeps="field", tag="waiting")
    shop.mapped["added_fields"] = {"status": {"becomes": "text", "label": "SmarterTrack status"}}
    there = seen(shop, TICKET, ticket({"TicketStatusID": 2}))
    assert there.values() == {"SmarterTrack status": "Waiting"}
    assert "waiting" not in {tag["name"] for tag in there.ticket["tags"]}


@pytest.mark.parametrize(
    ("row", "until"),
    [
        ({"DateFollowUpUTC": minutes(1000)}, iso(minutes(1000))),
        ({}, iso(minutes(5 + 3 * 24 * 60))),
        ({"RequiresFollowUp": True}, iso(minutes(5 + 3 * 24 * 60))),
    ],
)
def test_a_snooze_ends_when_the_ticket_is_due_or_days_after_its_last_message(
    shop: Shop, row: dict[str, Any], until: str
) -> None:
    waiting(shop, keeps="snooze", snooze_days=3)
    shop.policy["snooze"] = True
    record = ticket({"TicketStatusID": 2, **row}, messages=[{"TicketMessageID": 1, "DateReceivedUTC": minutes(5)}],
                    time_logs=[{"TimeLogID": 1, "DateCreatedUTC": minutes(900)}])  # fmt: skip
    payload = sent(shop, record)
    assert payload["snooze_datetime"] == until
    assert payload["status"] == "open"


@pytest.mark.parametrize(("tag", "wanted"), [(None, "waiting"), ("on hold", "on hold")])
def test_what_may_not_sleep_gets_a_tag_instead(shop: Shop, tag: str | None, wanted: str) -> None:
    waiting(shop, keeps="snooze", tag=tag)
    payload = sent(shop, ticket({"TicketStatusID": 2}))
    assert "snooze_datetime" not in payload
    assert {"name": wanted} in payload["tags"]


@pytest.mark.parametrize("keeps", ["snooze", "field", "nothing"])
def test_a_status_that_is_kept_otherwise_has_no_tag_and_is_in_the_meta(shop: Shop, keeps: str) -> None:
    waiting(shop, keeps=keeps, tag="waiting")
    shop.policy["snooze"] = True
    payload = sent(shop, ticket({"TicketStatusID": 2}))
    assert payload["tags"] == [{"name": "brand: Fernhill"}]
    assert payload["meta"]["smartertrack"]["status"] == "Waiting"


# --- numbers -------------------------------------------------------------------------------------------


def test_a_ticket_is_found_by_its_number_and_by_those_that_were_merged_into_it(shop: Shop) -> None:
    shop.mapped["added_fields"] = NUMBER
    there = seen(shop, TICKET, ticket(merges=["OLD-2", "OLD-1"]))
    assert there.values() == {"SmarterTrack number": "100-00000007-0001, OLD-1, OLD-2"}
    assert (
        "Former agents",
        "internal-note",
        "Merged into this ticket in SmarterTrack: OLD-1, OLD-2.",
    ) in there.thread()
    assert there.ticket["subject"] == "A question"


def test_numbers_stand_in_the_subject_where_the_engagement_wants_it(shop: Shop) -> None:
    shop.policy["ticket_number_in_subject"] = True
    assert sent(shop, ticket(merges=["OLD-1"]))["subject"] == "A question [100-00000007-0001, OLD-1]"
    long = sent(shop, ticket({"Subject": "ü" * 1200}))
    assert len(long["subject"]) == 998
    assert long["subject"].endswith("ü [100-00000007-0001]")
    assert long["meta"]["smartertrack"]["full_subject"] == "ü" * 1200
    assert sent(shop, ticket({"TicketNumber": None}))["subject"] == "A question"
    many = sent(shop, ticket(merges=[f"OLD-{n}" for n in range(300)]))
    assert many["subject"] == "A question"


# --- links, follow-up ----------------------------------------------------------------------------------


def linked(shop: Shop, *rows: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """Return the payloads of tickets 7 and 8 of a source with these links."""
    shop.add("Tickets", {"TicketID": 7}, {"TicketID": 8})
    shop.add("TicketLinks", *({"TicketID": 7, "TicketLinkID": n, **row} for n, row in enumerate(rows, 1)))
    shop.add("Chats", {"ChatID": 3, "ChatNumber": "C-3"}).add("CallLogs", {"CallLogID": 4, "CallNumber": ""})
    staged = shop.stage()
    lookups = shop.lookups(staged)
    outcomes = {int(r.key): TICKET.transform(r, lookups) for r in TICKET.records(staged, lookups)}
    assert all(isinstance(outcome, Send) for outcome in outcomes.values())
    return {key: outcome.payload for key, outcome in outcomes.items() if isinstance(outcome, Send)}


def test_both_sides_of_a_link_show_it_by_the_number_that_people_search(shop: Shop) -> None:
    payloads = linked(shop, {"TicketID_Secondary": 8}, {"ChatID": 3}, {"CallLogID": 4}, {"TicketID_Secondary": 99})
    assert {name: note["body_text"] for name, note in notes(payloads[7]).items()} == {
        "ticket_link:1": "Linked in SmarterTrack to ticket 100-00000008-0001.",
        "ticket_link:2": "Linked in SmarterTrack to chat C-3.",
        "ticket_link:3": "Linked in SmarterTrack to a call that is not there any more (4).",
        "ticket_link:4": "Linked in SmarterTrack to a ticket that is not there any more (99).",
    }
    (back,) = notes(payloads[8]).values()
    assert back["external_id"] == "st:demo:linked_from:1-ticket-7"
    assert back["body_text"] == "Linked in SmarterTrack to ticket 100-00000007-0001."
    assert payloads[8]["meta"]["smartertrack"]["links"] == ["ticket 100-00000007-0001"]


def test_a_link_to_nothing_or_to_several_things_is_counted_once(shop: Shop) -> None:
    rows: list[dict[str, Any]] = [
        {"TicketLinkID": 1}, {"TicketLinkID": 2, "ChatID": 3, "CallLogID": 4},
        {"TicketLinkID": 3, "TicketID_Secondary": 7},
    ]  # fmt: skip
    shop.add("TicketLinks", *({"TicketID": 7, **row} for row in rows))
    outcome = TICKET.transform(ticket(links=rows), shop.lookups())
    assert isinstance(outcome, Send)
    assert outcome.children["ticket_link"] == {"skipped: link_to_nothing": 1, "created": 2}
    assert list(notes(outcome.payload)) == ["ticket_link:2", "linked_from:2-live_chat-3", "ticket_link:3"]


def test_a_follow_up_is_a_tag_and_the_last_note(shop: Shop) -> None:
    there = seen(shop, TICKET, ticket({"RequiresFollowUp": True, "DateFollowUpUTC": minutes(60)}))
    assert "follow-up" in {tag["name"] for tag in there.ticket["tags"]}
    assert there.thread()[-1] == (
        "Former agents", "internal-note", "To be followed up on 2024-03-01 10:00 UTC, as it was in SmarterTrack.",
    )  # fmt: skip
    (undated,) = notes(sent(shop, ticket({"RequiresFollowUp": True}))).values()
    assert undated["body_text"] == "To be followed up, as it was in SmarterTrack."


def test_notes_of_ours_say_nothing_of_when_and_by_whom_a_ticket_was_written(shop: Shop) -> None:
    plain = sent(shop, ticket())
    busy = sent(shop, ticket({"RequiresFollowUp": True}, merges=["OLD-1"], tasks=[
        {"TaskID": 1, "DateCreatedUTC": minutes(-90)}, {"TaskID": 2, "DateCreatedUTC": minutes(90)}]))  # fmt: skip
    same = ("from_agent", "created_datetime", "last_message_datetime", "last_received_message_datetime",
            "updated_datetime", "status", "channel")  # fmt: skip
    assert {name: busy[name] for name in same} == {name: plain[name] for name in same}


def test_a_ticket_with_nothing_but_a_task_needs_no_other_note(shop: Shop) -> None:
    payload = sent(shop, ticket(messages=[], tasks=[{"TaskID": 1, "DateCreatedUTC": None}]))
    assert [m["external_id"] for m in payload["messages"]] == ["st:demo:task:1"]
    assert payload["from_agent"] is True
    assert payload["last_message_datetime"] == AT


# --- tasks and time logs -------------------------------------------------------------------------------


def test_a_task_is_a_note_with_its_status_dates_and_agent(shop: Shop) -> None:
    shop.add("TaskStatuses", {"TaskStatusID": 1, "EnglishName": "In progress"})
    shop.add("TaskPriorities", {"TaskPriorityID": 2, "EnglishName": "Hi", "DisplayName": "High"})
    (note,) = notes(sent(shop, ticket(tasks=[{
        "TaskID": 5, "TaskPriorityID": 2, "DateDueUTC": minutes(60), "DateCompletedUTC": minutes(30),
        "Description": "She is in after five.", "DateCreatedUTC": minutes(10),
    }]))).values()  # fmt: skip
    assert note["body_text"] == (
        "Task: Call back\nStatus: In progress\nPriority: High\nAssigned to: Dana Agent\nDue: 2024-03-01 10:00 UTC\n"
        "Completed: 2024-03-01 09:30 UTC\n\nShe is in after five."
    )
    assert note["created_datetime"] == note["sent_datetime"] == iso(minutes(10))
    assert (note["public"], note["sender"]) == (False, {"id": {"$ref": f"user:{DANA}"}})
    assert note["meta"]["smartertrack"] == {
        "task_id": 5, "status": "In progress", "agent": "Dana Agent", "due": iso(minutes(60)),
    }  # fmt: skip


@pytest.mark.parametrize(("user", "name"), [(GONE, "Gus Gone"), (QUEUE, None), (None, None)])
def test_a_task_of_somebody_gone_or_of_nobody_is_kept(shop: Shop, user: int | None, name: str | None) -> None:
    (note,) = notes(sent(shop, ticket(tasks=[
        {"TaskID": 5, "UserID": user, "TaskStatusID": 77, "Subject": " ", "Description": "<p>Rich & bold</p>"}]))
    ).values()  # fmt: skip
    assert note["sender"] == {"id": {"$ref": "user:fallback"}}
    assert note["body_html"].startswith("<p>Task: (no subject)</p><p>Status: Status 77</p>")
    assert note["body_html"].endswith("<p>Rich & bold</p>")
    assert (f"<p>Assigned to: {name}</p>" in note["body_html"]) is (name is not None)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"DateEndUTC": minutes(15), "IsBillable": True}, "Time log: 15 minutes, billable, by Dana Agent"),
        ({"DateEndUTC": minutes(1)}, "Time log: 1 minute, not billable, by Dana Agent"),
        ({"DateEndUTC": minutes(-5)}, "Time log: of unknown length, not billable, by Dana Agent"),
        ({"DateEndUTC": None}, "Time log: of unknown length, not billable, by Dana Agent"),
        ({"DateEndUTC": minutes(90_000), "UserID": GONE}, "Time log: 90,000 minutes, not billable, by Gus Gone"),
    ],
)
def test_a_time_log_says_how_long_and_whether_it_is_billed(shop: Shop, row: dict[str, Any], words: str) -> None:
    shop.add("Tags", {"TagID": 1, "Name": "Phone work"})
    (note,) = notes(sent(shop, ticket(time_logs=[{"TimeLogID": 3, "TagID": 1, **row}]))).values()
    lines = note["body_text"].split("\n")
    assert lines[0] == words
    assert "Category: Phone work" in lines
    assert lines[-1] == "On the phone"


def test_deleted_work_is_left_out_by_rule_and_a_ticket_that_stays_behind_takes_it_along(shop: Shop) -> None:
    gone: dict[str, Any] = {"tasks": [{"TaskID": 1, "IsDeleted": True}, {"TaskID": 2}],
                            "time_logs": [{"TimeLogID": 1, "IsDeleted": True}]}  # fmt: skip
    outcome = TICKET.transform(ticket(**gone), shop.lookups())
    assert isinstance(outcome, Send)
    assert outcome.children["task"] == {"skipped: deleted_task": 1, "created": 1}
    assert outcome.children["time_log"] == {"skipped: deleted_time_log": 1}
    left = TICKET.transform(ticket({"IsDeleted": True}, links=[{"TicketLinkID": 1}], **gone), shop.lookups())
    assert left.children == {  # type: ignore[union-attr]
        "ticket_message": {"skipped: deleted_ticket": 1}, "task": {"skipped: deleted_ticket": 2},
        "time_log": {"skipped: deleted_ticket": 1}, "ticket_link": {"skipped: deleted_ticket": 1},
    }  # fmt: skip


# --- values of custom fields ---------------------------------------------------------------------------

LONG = "x" * 512 + "the end"


def one(long_values: str, obj: str = "ticket_field", text: str = LONG) -> Any:
    entry = FieldMapping.model_validate({"name": "N", "becomes": "text", "label": "Notes", "long_values": long_values})
    return values(obj, {"4": entry}, [{"CustomFieldID": 4, "DataContent": text}])


def test_a_long_value_is_accepted_trimmed_or_split_as_its_field_says_and_counted() -> None:
    accepted, trimmed, split = one("accept"), one("trim"), one("split")
    assert [v.sent[0]["value"] for v in (accepted, trimmed, split)] == [LONG, "x" * 512, "x" * 512]
    assert (accepted.long, trimmed.long, split.long) == ({}, {"Notes": LONG}, {})
    assert (accepted.rest, trimmed.rest, split.rest) == ({}, {}, {"4": ("Notes", "the end")})
    assert accepted.states == {"created: long_value_accepted": 1}
    assert trimmed.states == {"created: long_value_trimmed": 1}
    assert split.states == {"created: long_value_split": 1}


def test_a_long_value_is_split_between_words_and_nothing_of_it_is_lost() -> None:
    text = "word " * 101 + "a-long-word-at-the-limit and the end"
    found = one("split", text=text)
    sent, rest = str(found.sent[0]["value"]), found.rest["4"][1]
    assert (f"{sent} {rest}", rest) == (text, "a-long-word-at-the-limit and the end")


@pytest.mark.parametrize("long_values", ["accept", "trim", "split"])
def test_a_value_of_512_characters_is_not_long(long_values: str) -> None:
    found = one(long_values, text="ü" * 512)
    assert (found.sent[0]["value"], found.states) == ("ü" * 512, {"created": 1})


def test_people_have_no_thread_so_theirs_is_trimmed() -> None:
    found = one("split", "person_field")
    assert (found.rest, found.long, found.states) == ({}, {"Notes": LONG}, {"created: long_value_trimmed": 1})


def test_the_rest_of_a_split_value_stands_right_behind_the_first_message(shop: Shop) -> None:
    shop.add("CustomDataFields", {"CustomFieldID": 4, "DisplayName": "N"})
    shop.mapped["ticket_fields"] = {"4": {"name": "N", "becomes": "text", "label": "Notes", "long_values": "split"}}
    there = seen(shop, TICKET, ticket(
        messages=[{"TicketMessageID": 1}, {"TicketMessageID": 2, "DateReceivedUTC": minutes(5)}],
        fields=[{"CustomFieldID": 4, "DataContent": LONG}],
    ))  # fmt: skip
    assert there.values() == {"Notes": "x" * 512}
    assert [body for _, _, body in there.thread()][1] == (
        "The rest of 'Notes', which is too long for its field:\n\nthe end"
    )


@pytest.mark.parametrize(
    ("text", "choices", "meant"),
    [
        ("Acme [299]", ["Acme [299]", "Acme [300]"], "Acme [299]"),
        ("Acme [299]", ["Acme"], "Acme"),
        ("Acme", ["Acme [299]"], "Acme [299]"),
        ("299", ["Acme [299]", "Other [300]"], "Acme [299]"),
        ("Acme", ["Acme [299]", "Acme [300]"], None),
        ("Acme [301]", ["Acme [299]"], None),
        ("acme", ["Acme [299]"], None),
        ("", ["Acme [299]"], None),
        ("[299]", ["Acme [299]"], None),
    ],
)
def test_an_option_with_an_id_is_told_where_one_alone_can_be_meant(
    text: str, choices: list[str], meant: str | None
) -> None:
    assert choice_of(text, choices) == meant


# --- in an account, and after the source changed -------------------------------------------------------


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Loaded]:
    with loaded(tmp_path) as made:
        shop = made.shop
        shop.mapped["ticket_fields"]["6"] = {
            "name": "N", "becomes": "text", "label": "Notes", "long_values": "split"}  # fmt: skip
        shop.add("CustomDataFieldsInTickets", {"TicketID": 2, "CustomFieldID": 6, "DataContent": LONG})
        shop.add("Tasks", {"TicketID": 2, "TaskID": 5}, {"TicketID": 2, "TaskID": 6})
        shop.add("TimeLogs", {"TicketID": 2, "TimeLogID": 8})
        shop.add("TicketLinks", {"TicketID": 2, "TicketLinkID": 1, "TicketID_Secondary": 3})
        shop.add("TicketMerges", {"TicketID": 2, "TicketNumber": "OLD-1"})
        shop.tables["Tickets"][1] |= {"RequiresFollowUp": True, "DateFollowUpUTC": minutes(600)}
        yield made


def own(desk: Loaded, key: int) -> dict[str, str]:
    """Return the notes of ours on a ticket, by external id."""
    found = [m for m in desk.messages(key) if m["channel"] == "internal-note" and m["external_id"]]
    return {m["external_id"].removeprefix("st:demo:"): m["body_text"] for m in found}


def change(desk: Loaded, table: str, key: tuple[str, int], **new: Any) -> None:
    rows = desk.shop.tables[table]
    desk.shop.tables[table] = [{**row, **new} if row[key[0]] == key[1] else row for row in rows]


def test_a_ticket_in_the_account_has_all_of_it_and_follows_the_source(desk: Loaded) -> None:
    desk.load()
    assert set(own(desk, 2)) == {
        "task:5", "task:6", "time_log:8", "ticket_link:1", "merged_numbers:2", "follow_up:2", "long_value:ticket-2-6",
    }  # fmt: skip
    assert set(own(desk, 3)) == {"ticket_comment:3", "linked_from:1-ticket-2"}
    assert desk.reconcile().findings == []

    change(desk, "Tasks", ("TaskID", 5), Subject="Call back tomorrow")
    change(desk, "Tasks", ("TaskID", 6), IsDeleted=True)
    change(desk, "TimeLogs", ("TimeLogID", 8), IsDeleted=True)
    change(desk, "Tickets", ("TicketID", 2), RequiresFollowUp=False)
    change(desk, "CustomDataFieldsInTickets", ("CustomFieldID", 6), DataContent="short")
    desk.shop.tables["TicketLinks"] = []
    desk.load()
    assert own(desk, 2) == {
        "task:5": "Task: Call back tomorrow\nStatus: Status 1\nAssigned to: Dana Agent",
        "merged_numbers:2": "Merged into this ticket in SmarterTrack: OLD-1.",
    }
    assert set(own(desk, 3)) == {"ticket_comment:3"}
    assert {tag["name"] for tag in ticket_in(desk.account, 2)["tags"]} == {"brand: Fernhill"}
    assert desk.reconcile().findings == []
    assert desk.entry("ticket", 2).detail["parts"]["task"] == {"created": 1, "skipped: deleted_task": 1}
    before = writes(desk.account)
    desk.load()
    assert writes(desk.account) == before
    assert desk.account.store.outbox() == []


def test_notes_that_follow_stay_where_the_engagement_keeps_edited_messages(desk: Loaded) -> None:
    desk.shop.delta["edited_messages"] = "keep"
    desk.load()
    change(desk, "Tasks", ("TaskID", 5), Subject="Call back tomorrow")
    change(desk, "Tasks", ("TaskID", 6), IsDeleted=True)
    desk.load()
    assert own(desk, 2)["task:5"].startswith("Task: Call back\n")
    assert "task:6" in own(desk, 2)


def test_a_ticket_sleeps_in_the_account_until_it_is_due_and_one_that_would_have_woken_is_open(desk: Loaded) -> None:
    shop = desk.shop
    shop.policy["snooze"] = True
    waiting(shop, keeps="snooze")
    shop.mapped["statuses"]["1"] = shop.mapped["statuses"]["3"] = {"name": "Other", "becomes": "open"}
    change(desk, "Tickets", ("TicketID", 1), TicketStatusID=2, DateFollowUpUTC=minutes(6_000_000))
    change(desk, "Tickets", ("TicketID", 2), TicketStatusID=2)
    assert isinstance(desk.account, Account)
    desk.api = api_of(desk.account, allow_snooze=True)
    loader(shop, desk.api, desk.ledger, desk.staged()).run()
    asleep, woken = ticket_in(desk.account, 1), ticket_in(desk.account, 2)
    assert asleep["snooze_datetime"].startswith("2035-07-29")
    assert (woken["snooze_datetime"], woken["status"]) == (None, "open")
    assert desk.reconcile().findings == []

    change(desk, "Tickets", ("TicketID", 1), TicketStatusID=1)
    loader(shop, desk.api, desk.ledger, desk.staged()).run()
    assert ticket_in(desk.account, 1)["snooze_datetime"] is None
    assert desk.reconcile().findings == []
