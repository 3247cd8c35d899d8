"""A ticket's thread: every part once, in order, under the rules of its channel."""

from __future__ import annotations

from typing import Any

import pytest

from migrator_lib.lookups import Lookups
from migrator_lib.objects import TICKET
from migrator_lib.objects.base import Quarantine, Record, Send
from migrator_lib.smartertrack.matching import Files, IndexedFile
from tests.shop import ANN, BOB, DANA, GONE, OPENED, QUEUE, Shop, minutes, ticket

CUSTOMER = {"id": {"$ref": f"requester:u{ANN}"}}
AGENT = {"id": {"$ref": f"user:{DANA}"}}
FALLBACK = {"id": {"$ref": "user:fallback"}}
AT = "2024-03-01T09:00:00Z"


def outcome(shop: Shop, record: Record, lookups: Lookups | None = None) -> Send:
    found = TICKET.transform(record, lookups or shop.lookups())
    assert isinstance(found, Send), found
    return found


def thread(shop: Shop, record: Record, lookups: Lookups | None = None) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = outcome(shop, record, lookups).payload["messages"]
    return messages


def test_an_incoming_message_is_the_customers_and_has_no_receiver(shop: Shop) -> None:
    (message,) = thread(shop, ticket())
    assert message == {
        "channel": "email", "via": "api", "from_agent": False, "public": True,
        "external_id": "st:demo:ticket_message:1", "created_datetime": AT, "sent_datetime": AT,
        "subject": "A question", "sender": CUSTOMER, "body_text": "Hello",
        "source": {
            "type": "email", "from": {"address": "ann@home.example", "name": "Ann"},
            "to": [{"address": "help@demo.example", "name": ""}], "cc": [],
        },
    }  # fmt: skip


OUT = {"TicketMessageID": 1, "MessageDirection": 1, "FromAddress": "help@demo.example",
       "ToAddress": "ann@home.example"}  # fmt: skip


def test_an_outgoing_message_is_the_agents_to_the_customer(shop: Shop) -> None:
    (message,) = thread(shop, ticket(messages=[{**OUT, "UserID_From": DANA}]))
    assert (message["from_agent"], message["sender"], message["receiver"]) == (True, AGENT, CUSTOMER)
    assert message["source"]["from"] == {"address": "help@demo.example", "name": "Dana Agent"}
    assert message["meta"] == {"smartertrack": {"agent": "Dana Agent"}}


def test_what_an_agent_who_is_gone_wrote_keeps_the_name(shop: Shop) -> None:
    (message,) = thread(shop, ticket(messages=[{**OUT, "UserID_From": GONE}]))
    assert message["sender"] == FALLBACK
    assert message["source"]["from"]["name"] == "Gus Gone"
    assert message["meta"]["smartertrack"]["agent"] == "Gus Gone"


def test_an_automatic_answer_on_an_unassigned_ticket_is_nobodys(shop: Shop) -> None:
    (message,) = thread(shop, ticket({"UserID": QUEUE}, messages=[{**OUT, "FromAddress": ""}]))
    assert message["sender"] == FALLBACK
    assert message["source"]["from"] == {"address": "help@demo.example", "name": ""}


@pytest.mark.parametrize(("author", "agent"), [(DANA, True), (ANN, False), (None, False)])
def test_of_a_message_without_a_direction_the_author_decides(shop: Shop, author: int | None, agent: bool) -> None:
    (message,) = thread(shop, ticket(messages=[{**OUT, "MessageDirection": None, "UserID_From": author}]))
    assert message["from_agent"] is agent
    assert ("receiver" in message) is agent


@pytest.mark.parametrize(("becomes", "agent"), [("outgoing", True), ("incoming", False)])
@pytest.mark.parametrize("author", [DANA, ANN])
def test_a_direction_that_a_person_mapped_counts_whoever_wrote_the_message(
    shop: Shop, author: int, becomes: str, agent: bool
) -> None:
    shop.mapped["directions"] = {"7": {"becomes": becomes}}
    (message,) = thread(shop, ticket(messages=[{**OUT, "MessageDirection": 7, "UserID_From": author}]))
    assert message["from_agent"] is agent


def test_a_direction_that_nobody_mapped_is_not_guessed(shop: Shop) -> None:
    record = ticket(messages=[{**OUT, "MessageDirection": 7, "UserID_From": DANA}])
    found = TICKET.transform(record, shop.lookups())
    assert found == Quarantine("message direction 7 is not in mapping.yaml", {"ticket_message": {"quarantined": 1}})


def test_a_draft_is_left_out_whatever_its_direction(shop: Shop) -> None:
    draft = {"TicketMessageID": 1, "MessageDirection": 7, "IsDraft": True}
    assert outcome(shop, ticket(messages=[draft])).children == {"ticket_message": {"skipped: draft_message": 1}}


def test_a_type_of_comment_is_named_by_its_table_by_a_person_or_by_its_number(shop: Shop) -> None:
    shop.mapped["comment_types"] = {"8": {"name": "Call-back"}}
    notes = thread(shop, ticket(messages=[], comments=[
        {"TicketCommentID": n, "CommentTypeID": code} for n, code in enumerate((2, 8, 9), 1)]))  # fmt: skip
    assert [note["meta"]["smartertrack"]["comment_type"] for note in notes] == ["Resolution", "Call-back", "Type 9"]
    assert [note["body_text"].partition(":")[0] for note in notes] == [
        "Resolution comment", "Call-back comment", "Type 9 comment"]  # fmt: skip


@pytest.mark.parametrize("direction", [0, 1])
@pytest.mark.parametrize("header", ["", None, "undisclosed-recipients:;", "broken <"])
def test_a_message_on_the_email_channel_always_says_from_and_to(shop: Shop, header: str | None, direction: int) -> None:
    (message,) = thread(shop, ticket(messages=[{**OUT, "MessageDirection": direction, "FromAddress": header,
                                                "ToAddress": header}]))  # fmt: skip
    assert message["source"]["from"]["address"]
    assert message["source"]["to"][0]["address"]


def test_copies_are_kept(shop: Shop) -> None:
    (message,) = thread(shop, ticket(messages=[{**OUT, "CcAddresses": "Smith, John <j@x.example>; k@x.example"}]))
    assert message["source"]["cc"] == [
        {"address": "j@x.example", "name": "Smith, John"}, {"address": "k@x.example", "name": ""},
    ]  # fmt: skip


def test_on_the_api_channel_messages_have_no_source(shop: Shop) -> None:
    shop.policy["ticket_channel"] = "api"
    (message,) = thread(shop, ticket())
    assert message["channel"] == "api"
    assert "source" not in message


def test_somebody_elses_message_on_a_ticket_is_that_customers(shop: Shop) -> None:
    one, two, three = thread(
        shop,
        ticket(messages=[
            {"TicketMessageID": 1, "UserID_From": BOB},
            {"TicketMessageID": 2, "FromAddress": "bob@home.example"},
            {"TicketMessageID": 3, "FromAddress": "ann@work.example"},
        ]),
    )  # fmt: skip
    assert one["sender"] == two["sender"] == {"id": {"$ref": f"requester:u{BOB}"}}
    assert three["sender"] == CUSTOMER  # an address that is no requester of its own


def test_parts_come_in_order_of_time_then_messages_before_comments_then_by_id(shop: Shop) -> None:
    record = ticket(
        messages=[
            {"TicketMessageID": 3, "DateReceivedUTC": minutes(9)},
            {"TicketMessageID": 2, "DateReceivedUTC": minutes(5)},
            {"TicketMessageID": 1, "DateReceivedUTC": minutes(5)},
        ],
        comments=[
            {"TicketCommentID": 8, "DateEnteredUTC": minutes(5)},
            {"TicketCommentID": 9, "DateEnteredUTC": OPENED},
        ],
    )
    assert [m["external_id"].removeprefix("st:demo:ticket_") for m in thread(shop, record)] == [
        "comment:9", "message:1", "message:2", "comment:8", "message:3",
    ]  # fmt: skip


def test_a_message_without_a_date_follows_the_one_before_it(shop: Shop) -> None:
    record = ticket(messages=[
        {"TicketMessageID": 1, "DateReceivedUTC": minutes(5)}, {"TicketMessageID": 2, "DateReceivedUTC": None},
        {"TicketMessageID": 3, "DateReceivedUTC": minutes(9)},
    ])  # fmt: skip
    found = thread(shop, record)
    assert [m["external_id"][-1] for m in found] == ["1", "2", "3"]
    assert found[1]["sent_datetime"] == "2024-03-01T09:05:00Z"


def test_drafts_stay_behind_and_are_counted(shop: Shop) -> None:
    found = outcome(shop, ticket(messages=[{"TicketMessageID": 1}, {"TicketMessageID": 2, "IsDraft": True}]))
    assert [m["external_id"] for m in found.payload["messages"]] == ["st:demo:ticket_message:1"]
    assert found.children["ticket_message"] == {"created": 1, "skipped: draft_message": 1}


@pytest.mark.parametrize("messages", [[], [{"TicketMessageID": 2, "IsDraft": True}]])
def test_a_ticket_without_messages_gets_one_note(shop: Shop, messages: list[Any]) -> None:
    (note,) = thread(shop, ticket(messages=messages))
    assert (note["channel"], note["public"], note["sender"]) == ("internal-note", False, FALLBACK)
    assert note["sent_datetime"] == AT


def test_mail_that_never_left_keeps_the_failure(shop: Shop) -> None:
    words = "550 no such user " * 50
    (message,) = thread(shop, ticket(messages=[{**OUT, "DeliveryStatus": 4, "LastDeliveryError": words}]))
    assert message["failed_datetime"] == message["sent_datetime"] == AT
    assert message["last_sending_error"] == {"error": words[:500]}
    (well,) = thread(shop, ticket(messages=[{**OUT, "DeliveryStatus": 0, "LastDeliveryError": words}]))
    assert "failed_datetime" not in well


@pytest.mark.parametrize(
    ("text", "markup", "wanted"),
    [
        ("plain", None, {"body_text": "plain"}),
        (None, "<p>rich</p>", {"body_html": "<p>rich</p>"}),
        ("plain", "<p>rich</p>", {"body_text": "plain", "body_html": "<p>rich</p>"}),
        (None, None, {"body_text": ""}),
        ("", "", {"body_text": ""}),
        ("Grüße 😀 \ufffd Ã¼", None, {"body_text": "Grüße 😀 \ufffd Ã¼"}),
        pytest.param("x" * 2_000_000, None, {"body_text": "x" * 2_000_000}, id="huge"),
    ],
)
def test_bodies_are_those_that_are_there_as_they_are(
    shop: Shop, text: str | None, markup: str | None, wanted: dict[str, str]
) -> None:
    (message,) = thread(shop, ticket(messages=[{"TicketMessageID": 1, "BodyText": text, "BodyHTML": markup}]))
    assert {name: body for name, body in message.items() if name.startswith("body_")} == wanted


def test_a_thousand_messages_are_one_thread(shop: Shop) -> None:
    found = thread(shop, ticket(messages=[{"TicketMessageID": n} for n in range(1, 1001)]))
    assert len({message["external_id"] for message in found}) == 1000


# --- comments ------------------------------------------------------------------------------------------


def comment(shop: Shop, **row: Any) -> dict[str, Any]:
    (_, note) = thread(shop, ticket(comments=[{"TicketCommentID": 8, **row}]))
    return note


def test_a_comment_is_an_internal_note_of_its_author(shop: Shop) -> None:
    assert comment(shop) == {
        "channel": "internal-note", "via": "internal-note", "from_agent": True, "public": False,
        "external_id": "st:demo:ticket_comment:8", "created_datetime": AT, "sent_datetime": AT, "sender": AGENT,
        "body_text": "Noted", "meta": {"smartertrack": {"comment_type": "General", "agent": "Dana Agent"}},
    }  # fmt: skip


def test_the_type_and_the_name_of_somebody_gone_stand_in_front(shop: Shop) -> None:
    assert comment(shop, CommentTypeID=2)["body_text"] == "Resolution comment:\n\nNoted"
    assert comment(shop, UserID=GONE)["body_text"] == "Comment by Gus Gone:\n\nNoted"
    found = comment(shop, UserID=GONE, CommentTypeID=2, CommentText="<p>Noted</p>")
    assert found["body_html"] == "<p><em>Resolution comment by Gus Gone:</em></p><p>Noted</p>"
    assert found["sender"] == FALLBACK


@pytest.mark.parametrize("text", ["a < b > c", "write to <ann@home.example>", "press <Enter>", "", None])
def test_a_comment_in_plain_text_is_no_html(shop: Shop, text: str | None) -> None:
    assert comment(shop, CommentText=text)["body_text"] == (text or "")


def test_a_comment_of_unknown_type_and_author_is_kept(shop: Shop) -> None:
    found = comment(shop, CommentTypeID=77, UserID=9999, DateEnteredUTC=None)
    assert found["body_text"] == "Type 77 comment by Unknown agent:\n\nNoted"


# --- attachments ---------------------------------------------------------------------------------------


def with_files(shop: Shop, *names: str) -> Lookups:
    lookups = shop.lookups()
    lookups.files = Files({name: [IndexedFile(name, 10)] for name in names})
    return lookups


def file(key: int, **more: Any) -> dict[str, Any]:
    return {"TicketAttachmentID": key, "FileNameOnDisk": f"{key}.att", "Length": 10, "TicketMessageID": 1, **more}


def test_attachments_hang_on_their_message_and_strays_on_the_first(shop: Shop) -> None:
    record = ticket(
        messages=[{"TicketMessageID": 1}, {"TicketMessageID": 2, "DateReceivedUTC": minutes(5)}],
        attachments=[file(5, TicketMessageID=2), file(6, TicketMessageID=0), file(7, TicketMessageID=999)],
    )
    first, second = thread(shop, record, with_files(shop, "5.att", "6.att", "7.att"))
    assert [a["$attachment"] for a in first["attachments"]] == ["6", "7"]
    assert second["attachments"] == [
        {"$attachment": "5", "name": "photo.png", "content_type": "image/png", "size": 10, "public": False}
    ]


def test_attachments_of_a_ticket_without_messages_hang_on_its_first_note(shop: Shop) -> None:
    lookups = with_files(shop, "5.att")
    for comments in ([], [{"TicketCommentID": 8}]):
        (note,) = thread(
            shop, ticket(messages=[], comments=comments, attachments=[file(5, TicketMessageID=0)]), lookups
        )
        assert [a["$attachment"] for a in note["attachments"]] == ["5"]


def test_files_that_cannot_go_up_are_named_and_those_left_out_are_not(shop: Shop) -> None:
    shop.target["upload_limit_bytes"] = 100
    record = ticket(attachments=[
        file(5, FileNameOriginal="gone.pdf"), file(6, FileNameOriginal="huge.zip", Length=101),
        file(7, IsDeleted=True), file(8, OfDraft=True),
    ])  # fmt: skip
    (message,) = thread(shop, record, with_files(shop, "6.att", "7.att", "8.att"))
    assert message["meta"]["smartertrack"]["missing_attachments"] == ["gone.pdf", "huge.zip"]
    assert "attachments" not in message


def test_an_image_in_the_text_is_shown_from_its_upload_also_where_an_answer_quotes_it(shop: Shop) -> None:
    body = '<p><img src="cid:pic@1"></p>'
    record = ticket(
        messages=[{"TicketMessageID": 1, "BodyHTML": body}, {"TicketMessageID": 2, "BodyHTML": f"Re: {body}"}],
        attachments=[file(5, CidTagName="<pic@1>", Embedded=True)],
    )
    first, second = thread(shop, record, with_files(shop, "5.att"))
    assert first["body_html"] == '<p><img src="st-attachment:5"></p>'
    assert second["body_html"] == 'Re: <p><img src="st-attachment:5"></p>'
    assert first["attachments"][0]["public"] is True


def test_an_image_whose_file_is_gone_keeps_its_reference(shop: Shop) -> None:
    body = '<img src="cid:pic@1">'
    record = ticket(messages=[{"TicketMessageID": 1, "BodyHTML": body}], attachments=[file(5, CidTagName="pic@1")])
    (message,) = thread(shop, record, with_files(shop))
    assert message["body_html"] == body
