"""Messages of tickets that are in Gorgias: what is another one now is made again, and nobody else's is touched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.load.messages import SENT, as_set, digests, named_in
from migrator_lib.simulators.gorgias.resources import messages, tickets, users
from tests.loading import PNG, TARGET, customer, ticket
from tests.shop import ANN, BOB, DANA, minutes
from tests.updating import Loaded, loaded


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Loaded]:
    with loaded(tmp_path) as found:
        yield found


def row(desk: Loaded, table: str, **key: int) -> dict[str, Any]:
    """Return the row of a table with this key, to be changed."""
    return next(r for r in desk.shop.tables[table] if all(r[name] == value for name, value in key.items()))


def names(desk: Loaded, key: int) -> list[str]:
    return [str(m["external_id"]).removeprefix("st:demo:ticket_") for m in desk.messages(key)]


def written(desk: Loaded) -> dict[str, int]:
    return {name: n for name, n in desk.calls().items() if not name.startswith("GET")}


def test_an_edited_comment_is_made_again_and_nothing_else_of_its_ticket(desk: Loaded) -> None:
    desk.load()
    before = {m["external_id"]: m["id"] for m in desk.messages(3)}
    row(desk, "TicketComments", TicketCommentID=3)["CommentText"] = "Edited"
    desk.calls()
    report = desk.load()
    assert written(desk) == {"DELETE tickets/{id}/messages/{message_id}": 1, "POST tickets/{id}/messages": 1,
                             "PUT tickets/{id}": 1}  # fmt: skip
    after = {m["external_id"]: m["id"] for m in desk.messages(3)}
    assert {name for name in after if after[name] != before[name]} == {"st:demo:ticket_comment:3"}
    assert desk.messages(3)[-1]["body_text"] == "Edited"
    assert report.counts["ticket", "updated"] == 1
    assert desk.reconcile().wrong == 0
    desk.load()
    assert written(desk) == {}


def test_the_journal_has_it_before_a_message_is_made_again(desk: Loaded) -> None:
    desk.load()
    row(desk, "TicketComments", TicketCommentID=3)["CommentText"] = "Edited"
    desk.load()
    (intent,) = [e for e in desk.ledger.journal(TARGET, "ticket", "3") if e["detail"].get("action") == "replace"]
    assert intent["detail"]["external_id"] == "st:demo:ticket_comment:3"
    desk.ledger.verify()


def test_a_ticket_whose_requester_is_another_one_now_shows_its_old_messages_as_theirs(desk: Loaded) -> None:
    desk.load()
    row(desk, "Tickets", TicketID=3).update(UserID_Customer=ANN, CustomerEmailAddress="ann@home.example")
    for message in (r for r in desk.shop.tables["TicketMessages"] if r["TicketID"] == 3):
        message["FromAddress"] = ""
    desk.load()
    ann = customer(desk.account, f"u{ANN}")["id"]
    assert ticket(desk.account, 3)["customer"]["id"] == ann
    assert {(m["sender"] if not m["from_agent"] else m["receiver"] or {"id": ann})["id"] for m in desk.messages(3)} == {
        ann
    }
    assert desk.reconcile().wrong == 0


def test_another_channel_by_policy_makes_all_messages_again_in_their_order_and_tickets_close_again(
    desk: Loaded,
) -> None:
    desk.load()
    order = names(desk, 3)
    desk.shop.policy["ticket_channel"] = "api"
    desk.load()
    assert names(desk, 3) == order
    assert {m["channel"] for m in desk.messages(3)} == {"api", "internal-note"}
    assert ticket(desk.account, 2)["status"] == "closed"
    assert desk.reconcile().wrong == 0
    assert desk.account.store.outbox() == []


def test_only_the_mapping_of_tickets_changed_so_threads_are_not_even_read(desk: Loaded) -> None:
    desk.load()
    row(desk, "Tickets", TicketID=1)["Subject"] = "Another"
    desk.calls()
    desk.load()
    calls = desk.calls()
    assert "GET messages" not in calls
    # read before, and read again behind the last write
    assert {name: n for name, n in calls.items() if "tickets" in name} == {"GET tickets/{id}": 2, "PUT tickets/{id}": 1}


def test_messages_of_one_moment_keep_their_order_when_the_first_is_made_again(desk: Loaded) -> None:
    for comment in (41, 42, 43):
        desk.shop.add("TicketComments", {"TicketID": 2, "TicketCommentID": comment, "DateEnteredUTC": minutes(30)})
    desk.load()
    row(desk, "TicketComments", TicketCommentID=42)["CommentText"] = "Edited"
    desk.calls()
    desk.load()
    assert written(desk)["POST tickets/{id}/messages"] == 2  # that one, and the one behind it
    assert names(desk, 2)[-3:] == ["comment:41", "comment:42", "comment:43"]
    assert desk.reconcile().wrong == 0


def test_what_people_wrote_in_gorgias_is_not_touched_and_an_agents_status_stays(desk: Loaded) -> None:
    desk.load()
    there = ticket(desk.account, 3)
    note = {"channel": "internal-note", "via": "internal-note", "from_agent": True, "public": False,
            "sender": {"id": 3}, "sent_datetime": "2026-01-01T00:00:00Z", "body_text": "Mine"}  # fmt: skip
    with desk.account.store.transaction():
        messages.create_message(desk.account, there, note)
        tickets.update_ticket(desk.account, ticket(desk.account, 3), {"status": "closed"})
    mine = next(m for m in desk.messages(3) if m["body_text"] == "Mine")
    row(desk, "TicketMessages", TicketMessageID=300)["BodyText"] = "Another text"
    report = desk.load()
    assert desk.account.store.get("message", mine["id"]) == mine
    assert desk.messages(3)[0]["body_text"] == "Another text"
    assert ticket(desk.account, 3)["status"] == "closed"  # though a customer's message was posted
    assert report.conflicts == ["ticket 3: changed in Gorgias since it was loaded"]


def test_what_an_agent_changed_is_told_from_what_the_mapping_changed(desk: Loaded) -> None:
    desk.load()
    with desk.account.store.transaction():
        tickets.update_ticket(desk.account, ticket(desk.account, 1), {"status": "closed"})
    desk.shop.mapped["statuses"] = {
        key: {"name": name, "becomes": "open", "tag": tag}
        for key, name, tag in (("1", "Active", None), ("2", "Waiting", "on hold"), ("3", "Closed", None))
    }
    desk.load()
    rows = {row["field"]: row["who"] for row in desk.entry("ticket", 1).detail["left_alone"]}
    assert rows == {"status": "changed in Gorgias", "tags": "changed in SmarterTrack"}


def test_what_gorgias_made_of_a_body_is_no_reason_to_make_it_again(desk: Loaded) -> None:
    desk.load()
    message = desk.messages(3)[0]
    with desk.account.store.transaction():
        desk.account.store.put("message", {**message, "body_text": "sanitized"}, parent=message["ticket_id"])
    row(desk, "TicketComments", TicketCommentID=3)["CommentText"] = "Edited"
    desk.calls()
    desk.load()
    assert written(desk)["POST tickets/{id}/messages"] == 1
    assert desk.messages(3)[0]["body_text"] == "sanitized"


def test_of_a_ticket_that_an_older_version_sent_what_differs_from_what_is_there_is_made_again(desk: Loaded) -> None:
    desk.load()
    known = desk.entry("ticket", 3)
    desk.ledger.settle(TARGET, [replace(known, detail={n: v for n, v in known.detail.items() if n != SENT})])
    row(desk, "TicketComments", TicketCommentID=3)["CommentText"] = "Edited"
    desk.calls()
    desk.load()
    assert written(desk)["POST tickets/{id}/messages"] == 1
    assert desk.entry("ticket", 3).detail[SENT] != ""


def test_by_rule_edited_messages_stay_and_are_made_again_when_the_rule_changes(desk: Loaded) -> None:
    desk.load()
    desk.shop.delta["edited_messages"] = "keep"
    row(desk, "TicketComments", TicketCommentID=3)["CommentText"] = "Edited"
    desk.load()
    assert desk.messages(3)[-1]["body_text"] == "Noted"
    desk.shop.delta.clear()
    row(desk, "Tickets", TicketID=3)["Subject"] = "Another"
    desk.load()
    assert desk.messages(3)[-1]["body_text"] == "Edited"


@pytest.mark.parametrize(("rule", "left"), [("keep", True), ("remove", False)])
def test_a_message_that_the_source_does_not_hold_any_more_stays_or_goes_by_rule(
    desk: Loaded, rule: str, left: bool
) -> None:
    desk.load()
    desk.shop.delta["removed_messages"] = rule
    desk.shop.tables["TicketMessages"] = [r for r in desk.shop.tables["TicketMessages"] if r["TicketMessageID"] != 301]
    desk.load()
    assert ("message:301" in names(desk, 3)) is left
    assert desk.reconcile().wrong == 0
    desk.calls()
    desk.load()
    assert written(desk) == {}


class Killed(BaseException):
    """Nothing of ours is done behind it."""


@pytest.mark.parametrize(("method", "ticket_leaves"), [("create", False), ("delete", True)])
def test_a_run_that_dies_between_deleting_a_message_and_making_it_again_is_made_good_by_the_next(
    desk: Loaded, monkeypatch: pytest.MonkeyPatch, method: str, ticket_leaves: bool
) -> None:
    desk.account.knobs.deleted_message_leaves_ticket = not ticket_leaves
    desk.shop.tables["TicketComments"] = []
    desk.shop.tables["TicketMessages"] = [r for r in desk.shop.tables["TicketMessages"] if r["TicketMessageID"] != 101]
    desk.load()  # ticket 1 has one message
    for message in (100, 200):
        row(desk, "TicketMessages", TicketMessageID=message)["Subject"] = "Edited"
    with monkeypatch.context() as context:

        def die(*_: Any) -> None:
            raise Killed

        context.setattr(desk.api.messages, method, die)
        with pytest.raises(Killed):
            desk.load()
    desk.load()
    for key in (1, 2):
        assert len(names(desk, key)) == len(set(names(desk, key)))
        assert desk.messages(key)[0]["subject"] == "Edited"
    assert desk.reconcile().wrong == 0


def test_once_an_agent_is_there_the_messages_of_theirs_are_from_them(desk: Loaded) -> None:
    desk.shop.add("Users", {"UserID": 9, "Email": "new@demo.example", "DisplayName": "Nora New"})
    desk.shop.add("UsersInGroups", {"DepartmentID": 1, "GroupID": 11, "UserID": 9})
    row(desk, "TicketComments", TicketCommentID=3)["UserID"] = 9
    desk.load()
    assert desk.messages(3)[-1]["sender"]["email"] == "support@demo.example"
    with desk.account.store.transaction():
        users.create_user(
            desk.account, {"email": "new@demo.example", "name": "Nora", "role": {"name": "agent"}}, invite=False
        )
    desk.load()
    assert desk.messages(3)[-1]["sender"]["email"] == "new@demo.example"
    assert desk.reconcile().wrong == 0


# --- files that were missing ---------------------------------------------------------------------------


def test_a_file_that_was_missing_when_its_ticket_was_sent_is_on_its_message_once_it_is_there(desk: Loaded) -> None:
    place = desk.shop.files / "App_Data" / "TicketAttachments" / "5.att"
    place.unlink()
    desk.load()
    assert desk.messages(2)[0]["attachments"] == []
    desk.shop.file("5.att", PNG)
    desk.load()
    assert [a["name"] for a in desk.messages(2)[0]["attachments"]] == ["photo.png"]
    assert desk.entry("attachment", 2).state == "created"
    assert desk.reconcile().wrong == 0


def test_a_file_that_could_not_be_read_behind_the_extract_is_sent_by_the_next_load_that_can(desk: Loaded) -> None:
    staged = desk.staged()
    desk.shop.file("5.att", b"\x89PNG damaged")
    desk.load(staged=staged)
    assert desk.entry("ticket", 2).detail["lost"] == ["attachment:2"]
    desk.calls()
    desk.load(staged=staged)
    assert written(desk) == {}
    desk.shop.file("5.att", PNG)
    desk.load(staged=staged)
    assert len(desk.messages(2)[0]["attachments"]) == 1
    assert "lost" not in desk.entry("ticket", 2).detail


def test_a_file_that_gorgias_refused_is_not_sent_again_for_its_own_sake(desk: Loaded) -> None:
    desk.account.knobs.upload_limit_bytes = 3
    desk.load()
    desk.calls()
    desk.load()
    assert written(desk) == {}


# --- fingerprints --------------------------------------------------------------------------------------


def test_fingerprints_stand_one_behind_the_other_and_a_note_without_a_name_has_none() -> None:
    first, second = {"external_id": "a", "body_text": "x"}, {"external_id": "b", "body_text": "x"}
    assert as_set(digests([first, {"body_text": "x"}, second])) == {digests([first]), digests([second])}
    assert digests([{**first, "meta": {"smartertrack": {"agent": "Gus"}}}]) != digests([first])
    assert as_set(None) is None
    assert as_set("") == frozenset()


def test_what_a_message_refers_to_is_found_in_people_and_files() -> None:
    message = {"sender": {"id": {"$ref": f"user:{DANA}"}}, "receiver": {"id": {"$ref": f"requester:u{BOB}"}},
               "attachments": [{"$attachment": "5", "name": "x"}]}  # fmt: skip
    assert named_in(message) == {f"user:{DANA}", f"requester:u{BOB}", "attachment:5"}
