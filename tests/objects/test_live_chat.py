"""Live chats: from the rows to what an agent sees, and the awkward ones."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from migrator_lib.objects.base import Quarantine, Record, Send, Skip
from migrator_lib.objects.live_chat import MISSED, LiveChat
from migrator_lib.objects.thread import NO_MESSAGES
from migrator_lib.objects.transcript import SYSTEM_NOTES
from migrator_lib.proofs.behaviour import Behaviour
from tests.objects.seeing import FORMER, seen
from tests.shop import ANN, DANA, GONE, OPENED, QUEUE, Shop, chat, minutes

CUSTOMER, AGENT, SYSTEM = 0, 1, 2
PRIVATE = 1
CODES: dict[str, Any] = {
    "chat_senders": {"0": {"becomes": "customer"}, "1": {"becomes": "agent"}, "2": {"becomes": "system"}},
    "chat_views": {"0": {"becomes": "public"}, "1": {"becomes": "internal"}},
}
ADDED: dict[str, Any] = {
    "ticket_number": {"becomes": "text", "label": "Number"},
    "chat_duration": {"becomes": "number", "label": "Duration"},
    "chat_participants": {"becomes": "text", "label": "Participants"},
}


@pytest.fixture(autouse=True)
def mapped(shop: Shop) -> None:
    shop.mapped = {**CODES, "added_fields": ADDED}
    shop.add("Chats", {"ChatID": 7})


def line(number: int, sender: int, text: str, at: int = 0, **more: Any) -> dict[str, Any]:
    writer = {CUSTOMER: None, AGENT: DANA, SYSTEM: None}[sender]
    return {"ChatMessageID": number, "ChatSenderType": sender, "TextSubmitted": text, "UserID": writer,
            "DateSubmittedUTC": minutes(at), **more}  # fmt: skip


TALK = [
    line(1, CUSTOMER, "Is it in stock?"),
    line(2, SYSTEM, "Dana Agent has joined the chat.", 1),
    line(3, AGENT, "Yes, two in blue.", 2),
    line(4, AGENT, "Is that discount still on?", 3, ViewRestriction=PRIVATE),
    line(5, CUSTOMER, "Great, thanks", 4),
]


def sent(shop: Shop, record: Record) -> dict[str, Any]:
    outcome = LiveChat().transform(record, shop.lookups())
    assert isinstance(outcome, Send), outcome
    return outcome.payload


def bodies(payload: dict[str, Any]) -> list[str]:
    return [one.get("body_html") or one["body_text"] for one in payload["messages"]]


# --- what an agent sees ----------------------------------------------------------------------------------


def test_an_agent_sees_the_transcript_line_by_line_and_private_ones_as_notes(shop: Shop) -> None:
    shop.mapped["ticket_fields"] = {"20": {"name": "Topic", "becomes": "text", "label": "Topic"}}
    shop.add("CustomDataFields", {"CustomFieldID": 20, "DisplayName": "Topic", "DataType": 1})
    comments = [{"ChatCommentID": 9, "CommentTypeID": 2, "DateEnteredUTC": minutes(20)}]
    record = chat({"InitialQuestion": "Is it in  STOCK?"}, lines=TALK, comments=comments,
                  fields=[{"CustomFieldID": 20, "DataContent": "Orders"}])  # fmt: skip
    there = seen(shop, LiveChat(), record)
    assert there.thread() == [
        ("Ann", "chat", "Is it in stock?"),
        (FORMER, "internal-note", "SmarterTrack: Dana Agent has joined the chat."),
        ("Dana Agent", "chat", "Yes, two in blue."),
        ("Dana Agent", "internal-note", "Is that discount still on?"),
        ("Ann", "chat", "Great, thanks"),
        ("Dana Agent", "internal-note", "Resolution comment:\n\nNoted"),
    ]
    assert [one["public"] for one in there.messages] == [True, False, True, False, True, False]
    assert [one["from_agent"] for one in there.messages] == [False, True, True, True, False, True]
    ticket = there.ticket
    assert (ticket["channel"], ticket["via"], ticket["status"]) == ("chat", "api", "closed")
    assert (ticket["subject"], ticket["customer"]["name"]) == ("Is it in STOCK?", "Ann")
    assert (ticket["assignee_user"]["name"], ticket["assignee_team"]["name"]) == ("Dana Agent", "g1-11")
    assert (ticket["created_datetime"], ticket["closed_datetime"]) == (
        "2024-03-01T09:00:00.000000", "2024-03-01T09:10:00.000000",
    )  # fmt: skip
    assert ticket["language"] == "en"
    assert there.values() == {
        "Topic": "Orders", "Number": "C-240301-00007", "Duration": 600, "Participants": "Ann, Dana Agent",
    }  # fmt: skip
    assert ticket["meta"]["smartertrack"] == {
        "chat_id": 7, "chat_number": "C-240301-00007", "department": "Support", "group": "Orders",
        "agent": "Dana Agent", "customer_by": "by_account", "participants": ["Ann", "Dana Agent"],
        "duration_seconds": 600, "queued_at": "2024-03-01T09:00:00Z",
    }  # fmt: skip


def test_a_chat_of_600_lines_keeps_every_line_in_order(shop: Shop) -> None:
    lines = [line(n, n % 2, f"Line {n}", n // 3) for n in range(1, 601)]
    outcome = LiveChat().transform(chat(lines=lines), shop.lookups())
    assert isinstance(outcome, Send)
    assert bodies(outcome.payload) == [f"Line {n}" for n in range(1, 601)]
    assert outcome.children == {"chat_message": {"created": 600}}


# --- whose words ----------------------------------------------------------------------------------------


def test_a_transferred_chat_has_both_agents_and_who_is_gone_is_named_in_front(shop: Shop) -> None:
    lines = [line(1, AGENT, "Hello"), line(2, AGENT, "<p>I take over</p>", 1, UserID=GONE, IsHTML=True),
             line(3, AGENT, "Bye", 2, UserID=GONE)]  # fmt: skip
    payload = sent(shop, chat(lines=lines))
    assert [one["sender"]["id"]["$ref"] for one in payload["messages"]] == [
        f"user:{DANA}", "user:fallback", "user:fallback",
    ]  # fmt: skip
    assert bodies(payload) == ["Hello", "<p><em>Gus Gone:</em></p><p>I take over</p>", "Gus Gone:\n\nBye"]
    assert [one["meta"]["smartertrack"]["agent"] for one in payload["messages"]] == [
        "Dana Agent",
        "Gus Gone",
        "Gus Gone",
    ]
    assert payload["meta"]["smartertrack"]["participants"] == ["Ann", "Dana Agent", "Gus Gone"]


@pytest.mark.parametrize("writer", [None, QUEUE, 999])
def test_an_agents_line_without_an_agent_is_the_chats_agents(shop: Shop, writer: int | None) -> None:
    payload = sent(shop, chat(lines=[line(1, AGENT, "Hello", UserID=writer)]))
    assert payload["messages"][0]["sender"] == {"id": {"$ref": f"user:{DANA}"}}
    nobody = sent(shop, chat({"UserID": QUEUE}, lines=[line(1, AGENT, "Hello", UserID=writer)]))
    assert bodies(nobody) == ["Unknown agent:\n\nHello"]
    assert "assignee_user" not in nobody


def test_what_a_customer_wrote_and_agents_alone_saw_is_a_note_with_the_name(shop: Shop) -> None:
    payload = sent(shop, chat(lines=[line(1, CUSTOMER, "typing ...", ViewRestriction=PRIVATE)]))
    (note,) = payload["messages"]
    assert (note["channel"], note["public"], note["body_text"]) == ("internal-note", False, "Ann:\n\ntyping ...")
    assert payload["subject"] == "Chat C-240301-00007"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"ChatSenderType": 3}, "ChatSenderType 3 of its lines is not in mapping.yaml: add '3': .* under chat_senders"),
        ({"ViewRestriction": 2}, "ViewRestriction 2 of its lines is not in mapping.yaml: add '2': .* under chat_views"),
        ({"ViewRestriction": None}, "ViewRestriction None of its lines"),
    ],
)
def test_a_code_that_nobody_explained_is_quarantined_and_never_guessed(
    shop: Shop, more: dict[str, Any], words: str
) -> None:
    record = chat(lines=[*TALK, line(6, AGENT, "psst") | more], comments=[{"ChatCommentID": 1}])
    outcome = LiveChat().transform(record, shop.lookups())
    assert isinstance(outcome, Quarantine)
    assert re.search(words, outcome.reason), outcome.reason
    assert outcome.children == {"chat_message": {"quarantined": 6}, "chat_comment": {"quarantined": 1}}


# --- the question, the system's lines, what is empty ----------------------------------------------------------


def test_a_question_that_no_line_repeats_comes_first(shop: Shop) -> None:
    payload = sent(shop, chat({"InitialQuestion": "Where is it?"}, lines=TALK))
    first = payload["messages"][0]
    assert (first["body_text"], first["from_agent"], first["sender"]) == (
        "Where is it?", False, {"id": {"$ref": f"requester:u{ANN}"}},
    )  # fmt: skip
    assert first["external_id"] == "st:demo:chat_question:7"
    assert bodies(payload)[1] == "Is it in stock?"


def test_a_question_comes_first_though_the_chat_started_after_the_first_line(shop: Shop) -> None:
    payload = sent(shop, chat({"InitialQuestion": "Where is it?", "DateStartedUTC": minutes(3)}, lines=TALK))
    assert bodies(payload)[:2] == ["Where is it?", "Is it in stock?"]
    assert payload["messages"][0]["sent_datetime"] == "2024-03-01T09:00:00Z"


@pytest.mark.parametrize(
    ("text", "is_html", "subject"),
    [("Is 5 < 6 and 7 > 6?", False, "Is 5 < 6 and 7 > 6?"), ("<p>Hi <b>all</b></p>", True, "Hi all"),
     ("<style>p {color: red}</style><p>Hi</p><script>alert(1)</script>", True, "Hi")],
)  # fmt: skip
def test_a_subject_has_the_words_and_no_markup(shop: Shop, text: str, is_html: bool, subject: str) -> None:
    payload = sent(shop, chat(lines=[line(1, CUSTOMER, text, IsHTML=is_html)]))
    assert payload["subject"] == subject


def test_a_question_that_the_first_line_repeats_as_html_is_not_doubled(shop: Shop) -> None:
    lines = [line(1, CUSTOMER, "<p>5 &lt; 6 or not?</p>", IsHTML=True)]
    payload = sent(shop, chat({"InitialQuestion": "5 < 6  or not?"}, lines=lines))
    assert bodies(payload) == ["<p>5 &lt; 6 or not?</p>"]


def test_a_run_of_the_systems_lines_is_one_note_and_each_line_is_accounted_for(shop: Shop) -> None:
    lines = [line(1, CUSTOMER, "Hello"), *(line(n, SYSTEM, f"Step {n}", n) for n in (2, 3, 4))]
    outcome = LiveChat().transform(chat(lines=lines), shop.lookups())
    assert isinstance(outcome, Send)
    note = outcome.payload["messages"][1]
    assert note["channel"] == "internal-note"
    assert note["body_text"].splitlines() == [
        "SmarterTrack, 2024-03-01 09:02:00 UTC: Step 2", "SmarterTrack, 2024-03-01 09:03:00 UTC: Step 3",
        "SmarterTrack, 2024-03-01 09:04:00 UTC: Step 4",
    ]  # fmt: skip
    assert outcome.children["chat_message"] == {"created": 1, "merged: system_lines_in_notes": 3}


def test_200_lines_of_the_system_between_others_are_one_note_and_drown_nothing(shop: Shop) -> None:
    lines = [line(n, SYSTEM if n % 2 else CUSTOMER, f"Line {n}", n) for n in range(1, 401)]
    outcome = LiveChat().transform(chat(lines=lines), shop.lookups())
    assert isinstance(outcome, Send)
    notes = [one for one in outcome.payload["messages"] if one["channel"] == "internal-note"]
    assert len(notes) == 1
    assert len(notes[0]["body_text"].splitlines()) == 200
    assert notes[0] is outcome.payload["messages"][-2]  # at the moment of the last of them
    assert outcome.children["chat_message"] == {"created": 200, "merged: system_lines_in_notes": 200}
    few = sent(shop, chat(lines=lines[: 2 * SYSTEM_NOTES]))
    assert sum(one["channel"] == "internal-note" for one in few["messages"]) == SYSTEM_NOTES


def test_an_empty_line_is_left_out_by_rule_and_a_line_without_a_date_follows_the_one_before(shop: Shop) -> None:
    lines = [line(1, CUSTOMER, "Hello", 5), line(2, AGENT, " ", 5), line(3, AGENT, "Hi", DateSubmittedUTC=None)]
    outcome = LiveChat().transform(chat(lines=lines), shop.lookups())
    assert isinstance(outcome, Send)
    assert bodies(outcome.payload) == ["Hello", "Hi"]
    assert outcome.payload["messages"][1]["created_datetime"] == "2024-03-01T09:05:00Z"
    assert outcome.children == {"chat_message": {"created": 2, "skipped: empty_line": 1}}


def test_a_line_of_the_system_before_the_customers_makes_no_chat_an_agents(shop: Shop) -> None:
    lines = [line(1, SYSTEM, "A customer waits."), line(2, CUSTOMER, "Hello", 1)]
    assert sent(shop, chat(lines=lines))["from_agent"] is False
    assert sent(shop, chat(lines=[line(1, AGENT, "May I help?"), *lines[1:]]))["from_agent"] is True


def test_a_chat_without_a_line_has_a_note_that_says_so(shop: Shop) -> None:
    payload = sent(shop, chat(lines=[]))
    assert bodies(payload) == [NO_MESSAGES]
    assert payload["subject"] == "Chat C-240301-00007"
    assert bodies(sent(shop, chat({"InitialQuestion": "Anyone?"}, lines=[]))) == ["Anyone?"]


@pytest.mark.parametrize("text", ["🦊🧵 merci", "שלום, איפה ההזמנה שלי?", "e\u0301te\u0301 \u202eabc\u202c", "a\0b"])
def test_what_was_written_stays_letter_by_letter(shop: Shop, text: str) -> None:
    there = seen(shop, LiveChat(), chat(lines=[line(1, CUSTOMER, text)]))
    assert there.messages[0]["body_text"] == text.replace("\0", "")


# --- states, dates, people ----------------------------------------------------------------------------------


def test_a_deleted_chat_is_left_out_with_its_parts(shop: Shop) -> None:
    record = chat({"IsDeleted": True}, lines=TALK, fields=[{"CustomFieldID": 20, "DataContent": "x"}])
    assert LiveChat().transform(record, shop.lookups()) == Skip(
        "deleted_chat",
        {"chat_message": {"skipped: deleted_chat": 5}, "chat_field_value": {"skipped: deleted_chat": 1}},
    )


def test_a_chat_that_nobody_answered_is_tagged(shop: Shop) -> None:
    assert {"name": MISSED} in sent(shop, chat({"UserID": None}, lines=TALK[:1]))["tags"]
    assert {"name": MISSED} in sent(shop, chat(lines=[TALK[0], TALK[3]]))["tags"]
    assert sent(shop, chat(lines=TALK))["tags"] == [{"name": "brand: Fernhill"}]


def test_a_chat_that_runs_on_is_closed_at_its_last_line_and_says_so(shop: Shop) -> None:
    payload = sent(shop, chat({"DateEndedUTC": None, "SessionLengthInSeconds": None}, lines=TALK))
    assert (payload["status"], payload["closed_datetime"]) == ("closed", "2024-03-01T09:04:00Z")
    note = payload["messages"][-1]
    assert "had no end in SmarterTrack" in note["body_text"]
    assert note["external_id"] == "st:demo:chat_without_end:7"
    assert payload["meta"]["smartertrack"]["without_end"] is True
    assert payload["last_received_message_datetime"] == "2024-03-01T09:04:00Z"


def test_dates_that_contradict_each_other_are_put_right(shop: Shop) -> None:
    payload = sent(
        shop, chat({"DateEndedUTC": OPENED - timedelta(hours=1), "SessionLengthInSeconds": None}, lines=TALK)
    )
    assert payload["closed_datetime"] == payload["created_datetime"]
    assert payload["updated_datetime"] == payload["last_message_datetime"] == "2024-03-01T09:04:00Z"
    assert "duration_seconds" not in payload["meta"]["smartertrack"]


def test_a_chat_without_a_start_begins_with_its_first_line_and_without_any_date_is_quarantined(shop: Shop) -> None:
    none = dict.fromkeys(("DateStartedUTC", "DateQueuedUTC", "DateEndedUTC"))
    assert sent(shop, chat(none, lines=TALK[2:]))["created_datetime"] == "2024-03-01T09:02:00Z"
    outcome = LiveChat().transform(chat(none, lines=[line(1, CUSTOMER, "x", DateSubmittedUTC=None)]), shop.lookups())
    assert isinstance(outcome, Quarantine)
    assert "no date" in outcome.reason


def test_how_long_somebody_waited_is_kept(shop: Shop) -> None:
    meta = sent(shop, chat({"DateQueuedUTC": OPENED - timedelta(seconds=90)}, lines=TALK))["meta"]["smartertrack"]
    assert meta["queued_seconds"] == 90


def test_a_customer_with_a_name_alone_is_one_of_this_chat(shop: Shop) -> None:
    row = {"ChatID": 7, "CustomerUserID": None, "CustomerEmailAddress": "", "CustomerDisplayName": "Mika"}
    shop.tables["Chats"] = [row]
    there = seen(shop, LiveChat(), chat(row, lines=TALK))
    assert there.ticket["customer"]["name"] == "Mika"
    assert there.ticket["meta"]["smartertrack"]["customer_by"] == "by_name"


@pytest.mark.parametrize(
    ("given", "wanted"), [("de-AT", "de"), ("FR", "fr"), ("English", None), ("", None), (None, None)]
)
def test_a_language_is_sent_where_it_is_one(shop: Shop, given: str | None, wanted: str | None) -> None:
    assert sent(shop, chat({"CustomerLanguage": given})).get("language") == wanted


def test_where_an_account_takes_no_chats_they_are_on_channel_api_and_say_what_they_were(shop: Shop) -> None:
    lookups = shop.lookups()
    lookups.behaviour = Behaviour(channels_refused=("chat",))
    outcome = LiveChat().transform(chat({"InitialQuestion": "Hm?"}, lines=TALK), lookups)
    assert isinstance(outcome, Send)
    assert outcome.payload["channel"] == "api"
    assert {one["channel"] for one in outcome.payload["messages"]} == {"api", "internal-note"}
    assert outcome.payload["meta"]["smartertrack"]["channel"] == "chat"


# --- files and links ------------------------------------------------------------------------------------


def files(payload: dict[str, Any]) -> dict[str, list[str]]:
    return {
        one.get("body_text", ""): [file["$attachment"] for file in one["attachments"]]
        for one in payload["messages"]
        if "attachments" in one
    }


def attachment(number: int, **more: Any) -> dict[str, Any]:
    return {"ChatAttachmentID": number, "FileNameOnDisk": "a.att", "CreationDateUTC": minutes(3), **more}


def test_a_file_hangs_on_the_last_line_of_its_side_before_it_came(shop: Shop) -> None:
    shop.file("a.att", b"picture")
    given = [
        attachment(1), attachment(2, IsOutgoing=True), attachment(3, IsOutgoing=None, UserID=DANA),
        attachment(4, CreationDateUTC=OPENED - timedelta(hours=1)), attachment(5, CreationDateUTC=None),
        attachment(6, IsDeleted=True),
    ]  # fmt: skip
    payload = sent(shop, chat(lines=TALK, attachments=given))
    assert files(payload) == {"Is it in stock?": ["c1", "c4", "c5"], "Is that discount still on?": ["c2", "c3"]}


def test_a_file_of_a_chat_without_lines_hangs_on_its_note_and_one_that_is_missing_is_named(shop: Shop) -> None:
    shop.file("a.att", b"picture")
    given = [attachment(1), attachment(2, FileNameOnDisk="gone.att", FileNameOriginal="lost.png")]
    payload = sent(shop, chat(lines=[], attachments=given))
    assert files(payload) == {NO_MESSAGES: ["c1"]}
    assert payload["messages"][0]["meta"]["smartertrack"]["missing_attachments"] == ["lost.png"]


def test_an_image_in_an_html_line_shows_its_upload(shop: Shop) -> None:
    shop.file("screen1234567890.att", b"picture")
    text = '<img src="/App_Data/ChatAttachments/screen1234567890.att">'
    given = [attachment(1, FileNameOnDisk="screen1234567890.att")]
    payload = sent(shop, chat(lines=[line(1, CUSTOMER, text, IsHTML=True)], attachments=given))
    assert bodies(payload) == ['<img src="st-attachment:c1">']


def test_a_linked_ticket_is_named_by_its_number(shop: Shop) -> None:
    shop.add("Tickets", {"TicketID": 3, "TicketNumber": "100-3"})
    shop.add("TicketLinks", {"TicketID": 3, "TicketLinkID": 8, "ChatID": 7})
    payload = sent(shop, chat(lines=TALK))
    assert payload["messages"][1]["body_text"] == "Linked in SmarterTrack to ticket 100-3."
    assert payload["meta"]["smartertrack"]["references"] == ["ticket 100-3"]


def test_further_files_stand_right_behind_their_line_and_links_behind_them(shop: Shop) -> None:
    shop.file("a.att", b"picture")
    shop.add("Tickets", {"TicketID": 3, "TicketNumber": "100-3"})
    shop.add("TicketLinks", {"TicketID": 3, "TicketLinkID": 8, "ChatID": 7})
    lookups = shop.lookups()
    lookups.behaviour = Behaviour(attachments_per_message=1)
    outcome = LiveChat().transform(chat(lines=TALK[:1], attachments=[attachment(1), attachment(2)]), lookups)
    assert isinstance(outcome, Send)
    assert bodies(outcome.payload) == [
        "Is it in stock?", "Further attachments of the message before (1 of 1).",
        "Linked in SmarterTrack to ticket 100-3.",
    ]  # fmt: skip


def test_every_field_that_is_read_is_told(shop: Shop) -> None:
    told = {name for one in LiveChat.fields for name in one.source.split(" + ")}
    read = {f"{table.name}.{column}" for table in LiveChat.family.tables for column in table.columns}
    assert read <= told
