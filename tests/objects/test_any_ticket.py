"""Whatever rows a ticket has, its payload can be sent, mails nobody, and accounts for every part once."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from migrator_lib.external_id import parse as parse_external_id
from migrator_lib.gorgias import mail_guard
from migrator_lib.gorgias.contract.bodies import Message, TicketCreate
from migrator_lib.load.context import references
from migrator_lib.load.tickets import first_call
from migrator_lib.lookups import Lookups
from migrator_lib.objects import TICKET
from migrator_lib.objects.base import Quarantine, Record, Resolver, Send
from migrator_lib.simulators.gorgias.web.validation import parse
from migrator_lib.smartertrack.matching import Files, IndexedFile
from tests.shop import ANN, BOB, DANA, GONE, QUEUE, Shop, minutes, ticket

PEOPLE = st.sampled_from((None, QUEUE, DANA, GONE, ANN, BOB, 999))
TEXT = st.none() | st.text(max_size=60) | st.sampled_from(('<p><img src="cid:pic@1"></p>', "x\0y", "ü" * 1200))
HEADER = TEXT | st.sampled_from(("Ann <ann@home.example>", "bob@home.example; c@x.example", "Lee, Ann <l@x.example>"))
MOMENT = st.none() | st.integers(0, 5000).map(minutes)
FLAG = st.none() | st.booleans()
TICKET_ROW = st.fixed_dictionaries({
    "DateOpenedUTC": MOMENT, "DateClosedUTC": MOMENT, "TicketPriorityID": st.sampled_from((1, 2, 9)),
    "TicketStatusID": st.sampled_from((1, 2, 3, 9)), "DepartmentID": st.sampled_from((1, 9, None)),
    "GroupID": st.sampled_from((11, 9, None)), "UserID": PEOPLE, "UserID_Customer": PEOPLE,
    "CustomerEmailAddress": HEADER, "Subject": TEXT, "IsDeleted": FLAG, "IsSpam": FLAG, "RequiresFollowUp": FLAG,
    "DateFollowUpUTC": MOMENT, "IsPinnedToAgent": FLAG,
})  # fmt: skip
MOVES = st.fixed_dictionaries({
    "DateOpenedUTC": st.integers(0, 5000).map(minutes), "TicketPriorityID": st.sampled_from((1, 2)),
    "TicketStatusID": st.sampled_from((1, 2, 3)), "IsDeleted": st.sampled_from((None, False)),
    "IsSpam": st.sampled_from((None, False)),
})  # fmt: skip
"""What most tickets are that move: of any rows, seven of eight do not."""
MESSAGE = st.fixed_dictionaries({
    "DateReceivedUTC": MOMENT, "Subject": TEXT, "BodyText": TEXT, "BodyHTML": TEXT,
    "MessageDirection": st.sampled_from((None, 0, 1, 7)), "FromAddress": HEADER, "ToAddress": HEADER,
    "CcAddresses": HEADER, "UserID_From": PEOPLE, "DeliveryStatus": st.sampled_from((None, 0, 3)),
    "LastDeliveryError": TEXT, "IsDraft": FLAG,
})  # fmt: skip
COMMENT = st.fixed_dictionaries({
    "CommentTypeID": st.sampled_from((1, 2, 9)), "UserID": PEOPLE, "DateEnteredUTC": MOMENT, "CommentText": TEXT,
})  # fmt: skip
ATTACHMENT = st.fixed_dictionaries({
    "TicketMessageID": st.integers(0, 4), "FileNameOriginal": TEXT,
    "FileNameOnDisk": st.sampled_from((None, "", "a.att", "gone")), "CidTagName": st.sampled_from((None, "<pic@1>")),
    "Length": st.sampled_from((None, 0, 10, 10**9)), "IsDeleted": FLAG, "OfDraft": FLAG, "Embedded": FLAG,
})  # fmt: skip
TASK = st.fixed_dictionaries({
    "TaskStatusID": st.sampled_from((1, 9, None)), "TaskPriorityID": st.sampled_from((1, None)), "UserID": PEOPLE,
    "Subject": TEXT, "Description": TEXT, "DateCreatedUTC": MOMENT, "DateDueUTC": MOMENT, "DateCompletedUTC": MOMENT,
    "IsDeleted": FLAG,
})  # fmt: skip
TIME_LOG = st.fixed_dictionaries({
    "UserID": PEOPLE, "Subject": TEXT, "Description": TEXT, "DateCreatedUTC": MOMENT, "DateStartUTC": MOMENT,
    "DateEndUTC": MOMENT, "IsBillable": FLAG, "IsDeleted": FLAG, "TagID": st.sampled_from((None, 1, 99)),
})  # fmt: skip
LINK = st.sampled_from(({"TicketID_Secondary": 8}, {"ChatID": 3}, {"CallLogID": 4}, {}))
FIELD = st.sampled_from((None, "", "7", "seven", "03/04/2024", "Red", "True", "long " * 200, "Phone", "Carrier pigeon"))
KINDS = ("text", "number", "boolean", "dropdown", "date as text", "nothing")
FIELDS: dict[str, dict[str, Any]] = {
    str(n): {"name": "x", "becomes": kind, "label": f"Field {n}", "choices": ["Red"]} for n, kind in enumerate(KINDS, 1)
}
FIELDS["7"] = {"name": "x", "becomes": "text", "label": "Split", "long_values": "split", "holds": "channel"}


def numbered(rows: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    return [{key: n, **row} for n, row in enumerate(rows, 1)]


@st.composite
def records(draw: st.DrawFn, *, moving: bool = False) -> Record:
    """Draw a ticket; a ``moving`` one has nothing of its own that keeps it from Gorgias."""
    return ticket(
        {**draw(TICKET_ROW), **(draw(MOVES) if moving else {})},
        messages=numbered(draw(st.lists(MESSAGE, max_size=5)), "TicketMessageID"),
        comments=numbered(draw(st.lists(COMMENT, max_size=3)), "TicketCommentID"),
        attachments=numbered(draw(st.lists(ATTACHMENT, max_size=3)), "TicketAttachmentID"),
        fields=numbered([{"DataContent": text} for text in draw(st.lists(FIELD, max_size=8))], "CustomFieldID"),
        merges=draw(st.lists(st.sampled_from(("OLD-1", "OLD-2")), unique=True)),
        tag_ids=draw(st.lists(st.integers(1, 3), unique=True)),
        tasks=numbered(draw(st.lists(TASK, max_size=2)), "TaskID"),
        time_logs=numbered(draw(st.lists(TIME_LOG, max_size=2)), "TimeLogID"),
        links=numbered(draw(st.lists(LINK, max_size=2)), "TicketLinkID"),
    )


@pytest.fixture(scope="module")
def lookups(tmp_path_factory: pytest.TempPathFactory) -> Lookups:
    """Return look-ups of a shop where one file is on the disk."""
    shop = Shop(tmp_path_factory.mktemp("shop"))
    shop.mapped["ticket_fields"] = FIELDS
    shop.mapped["channels"] = {"phone": {"name": "Phone", "becomes": "phone"}}
    shop.mapped["added_fields"] = {"ticket_number": {"becomes": "text", "label": "SmarterTrack number"}}
    shop.add("Tags", {"TagID": 1, "Name": "vip"}, {"TagID": 2, "Name": "old", "IsDeleted": True})
    found = shop.lookups()
    found.files = Files({"a.att": [IndexedFile("a.att", 10)]})
    return found


def known(record: Record, lookups: Lookups) -> Send | None:
    """Return the outcome of a record, with its requester known to the look-ups, or None where it does not move."""
    row = record.data.row
    requester = row["UserID_Customer"], row["CustomerEmailAddress"] or ""
    found = replace(lookups, ticket_requesters=[requester])
    outcome = TICKET.transform(record, found)
    return outcome if isinstance(outcome, Send) else None


@given(record=records(moving=True))
@settings(max_examples=100, deadline=None)
def test_every_ticket_can_be_sent_and_mails_nobody(lookups: Lookups, record: Record) -> None:
    outcome = known(record, lookups)
    assume(outcome is not None)
    assert outcome is not None
    refs = {tuple(ref.split(":", 1)): str(n) for n, ref in enumerate(sorted(references([outcome])), 1)}
    files = {("attachment", str(n)): f"https://files.example/{n}" for n in range(1, 4)}
    resolver = Resolver({**refs, **files}, 99)  # type: ignore[dict-item]
    payload = resolver.resolve(outcome.payload)
    sent = first_call(payload["messages"])
    body = {**payload, "messages": sent}
    mail_guard.check("POST", "tickets", body=body)
    parse(TicketCreate, body, "create ticket")
    for message in payload["messages"][len(sent) :]:
        mail_guard.check("POST", "tickets/1/messages", body=message)
        parse(Message, message, "create message")
    assert not resolver.lost
    assert "\0" not in str(payload)
    for message in payload["messages"]:
        note = message["channel"] == "internal-note"
        assert ("receiver" in message) is (message["from_agent"] and not note)
        assert message["public"] is not note
        assert message["channel"] != "email" or message["source"]["from"]["address"]


@given(record=records())
@settings(max_examples=300, deadline=None)
def test_every_part_is_accounted_for_once_and_sent_once(lookups: Lookups, record: Record) -> None:
    outcome = TICKET.transform(record, lookups)
    data = record.data
    assert not isinstance(outcome, Quarantine) or outcome.reason
    children = outcome.children  # type: ignore[union-attr]
    totals = {part: sum(states.values()) for part, states in children.items()}
    parts = {
        "ticket_message": data.messages, "ticket_comment": data.comments, "ticket_field_value": data.fields,
        "task": data.tasks, "time_log": data.time_logs, "ticket_link": data.links,
    }  # fmt: skip
    assert totals == {part: len(rows) for part, rows in parts.items() if rows}
    if isinstance(outcome, Send):
        named = Counter(
            parse_external_id(message["external_id"], "demo")
            for message in outcome.payload["messages"]
            if "external_id" in message
        )
        wanted = [("ticket_message", str(m["TicketMessageID"])) for m in data.messages if not m["IsDraft"]]
        wanted += [("ticket_comment", str(c["TicketCommentID"])) for c in data.comments]
        wanted += [("task", str(task["TaskID"])) for task in data.tasks if not task["IsDeleted"]]
        wanted += [("time_log", str(log["TimeLogID"])) for log in data.time_logs if not log["IsDeleted"]]
        wanted += [("merged_numbers", "7")] * bool(data.merges)
        wanted += [("follow_up", "7")] * bool(data.row["RequiresFollowUp"])
        split = [
            row["CustomFieldID"]
            for row in data.fields
            if row["CustomFieldID"] == 7 and len(row["DataContent"] or "") > 512
        ]
        wanted += [("long_value", f"ticket-7-{key}") for key in split]
        assert named == Counter(wanted)
        hung = [a["$attachment"] for m in outcome.payload["messages"] for a in m.get("attachments", ())]
        assert len(hung) == len(set(hung))
        moments = [message["created_datetime"] for message in outcome.payload["messages"]]
        assert moments == sorted(moments)


@given(record=records())
@settings(max_examples=100, deadline=None)
def test_the_same_rows_make_the_same_payload(lookups: Lookups, record: Record) -> None:
    first, again = TICKET.transform(record, lookups), TICKET.transform(record, lookups)
    assert first == again
    if isinstance(first, Send) and isinstance(again, Send):
        assert first.hash == again.hash
