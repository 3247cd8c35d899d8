"""Tickets, their messages, tags and values, files and surveys, against a simulated account."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from migrator_lib.errors import RecordRejected, RecordUnusable
from migrator_lib.gorgias.download import Content
from tests.gorgias.making import DANA, OLD, customer, field, message, note, ticket
from tests.simulated_account import SimulatedGorgias

# --- tickets -------------------------------------------------------------------------------------------


def test_a_ticket_is_made_read_changed_and_deleted(gorgias: SimulatedGorgias) -> None:
    jane = customer(gorgias)
    made = ticket(gorgias, jane, subject="Shoes", external_id="st:demo:ticket:1", assignee_user={"id": DANA})
    gorgias.api.tickets.update(made, {"status": "closed", "closed_datetime": OLD, "priority": "high"})
    found = gorgias.api.tickets.get(made)
    assert (found.subject, found.external_id, found.status, found.priority) == (
        "Shoes", "st:demo:ticket:1", "closed", "high",
    )  # fmt: skip
    assert found.customer is not None
    assert found.assignee_user is not None
    assert (found.customer.id, found.assignee_user.id) == (jane, DANA)
    assert [one.sent_datetime for one in found.messages or ()] == ["2020-01-01T00:00:00.000000"]
    gorgias.api.tickets.delete(made)
    with pytest.raises(RecordRejected) as caught:
        gorgias.api.tickets.get(made)
    assert caught.value.status == 404


def test_what_a_ticket_is_read_with_is_everything_that_came(gorgias: SimulatedGorgias) -> None:
    made = ticket(gorgias, customer(gorgias), meta={"smartertrack": {"ticket_number": "A-1"}})
    found = gorgias.api.tickets.get(made).as_json()
    assert found == gorgias.api.transport.call("GET", f"tickets/{made}")
    assert found["meta"] == {"smartertrack": {"ticket_number": "A-1"}}


def test_a_ticket_shows_values_of_fields_only_where_they_are_asked_for(gorgias: SimulatedGorgias) -> None:
    colour = field(gorgias)
    made = ticket(gorgias, customer(gorgias), custom_fields=[{"id": colour, "value": "red"}])
    assert gorgias.api.tickets.get(made).custom_fields is None
    assert gorgias.api.tickets.get(made, custom_fields=True).custom_fields


def test_tickets_come_with_custom_fields_and_without_the_trash(gorgias: SimulatedGorgias) -> None:
    jane = customer(gorgias)
    kept = ticket(gorgias, jane)
    ticket(gorgias, jane, trashed_datetime=OLD)
    rows = [row for page in gorgias.api.tickets.pages() for row in page]
    assert [(row.id, row.custom_fields) for row in rows] == [(kept, [])]


def test_filters_of_a_list_take_the_place_of_what_is_usual(gorgias: SimulatedGorgias) -> None:
    jane, john = customer(gorgias), customer(gorgias, "john@shop.example")
    of_jane = {ticket(gorgias, jane), ticket(gorgias, jane, trashed_datetime=OLD)}
    ticket(gorgias, john)
    rows = [row for page in gorgias.api.tickets.pages(customer_id=jane, trashed="true") for row in page]
    assert {row.id for row in rows} == of_jane


def test_a_ticket_that_changes_during_the_walk_is_not_passed_over(gorgias: SimulatedGorgias) -> None:
    jane = customer(gorgias)
    made = [ticket(gorgias, jane) for _ in range(120)]
    seen: set[int] = set()
    for number, page in enumerate(gorgias.api.tickets.pages()):
        seen.update(row.id for row in page)
        if number == 0:
            for changed in (made[5], made[110]):
                gorgias.api.tickets.update(changed, {"subject": "changed"})
    assert seen == set(made)


def test_tickets_by_external_id_are_a_list_since_they_may_be_several(gorgias: SimulatedGorgias) -> None:
    jane = customer(gorgias)
    twice = [ticket(gorgias, jane, external_id="st:demo:ticket:1") for _ in range(2)]
    ticket(gorgias, jane, external_id="st:demo:ticket:10")
    found = gorgias.api.tickets.by_external_id("st:demo:ticket:1")
    assert sorted(row.id for row in found) == twice


@pytest.mark.parametrize("exact", [True, False])
def test_only_the_very_external_id_is_found_whatever_the_filter_takes(gorgias: SimulatedGorgias, exact: bool) -> None:
    gorgias.account.knobs = gorgias.account.knobs.model_copy(update={"external_id_exact": exact})
    jane = customer(gorgias)
    wanted = ticket(gorgias, jane, external_id="st:demo:ticket:1")
    ticket(gorgias, jane, external_id="st:demo:ticket:10")
    assert [row.id for row in gorgias.api.tickets.by_external_id("st:demo:ticket:1")] == [wanted]


# --- messages ------------------------------------------------------------------------------------------


def test_messages_come_oldest_first_of_one_ticket_or_of_all(gorgias: SimulatedGorgias) -> None:
    jane = customer(gorgias)
    first, second = ticket(gorgias, jane), ticket(gorgias, jane)
    for year in (2022, 2021):
        gorgias.api.messages.create(first, note(f"{year}-01-01T00:00:00Z"))
    of_one = [str(m.created_datetime)[:4] for page in gorgias.api.messages.pages(first) for m in page]
    of_all = [m.ticket_id for page in gorgias.api.messages.pages() for m in page]
    assert of_one == ["2020", "2021", "2022"]
    assert of_all == [first, second, first, first]


def test_a_message_is_made_read_and_deleted(gorgias: SimulatedGorgias) -> None:
    made = ticket(gorgias, customer(gorgias))
    added = gorgias.api.messages.create(made, note(external_id="st:demo:ticket_comment:1"))
    found = gorgias.api.messages.get(made, added.id)
    assert (found.ticket_id, found.external_id, found.public) == (made, "st:demo:ticket_comment:1", False)
    assert found.sender is not None
    assert found.sender.id == DANA
    for _ in range(2):  # one that is gone is no error
        gorgias.api.messages.delete(made, added.id)
    assert [m.id for page in gorgias.api.messages.pages(made) for m in page if m.id == added.id] == []


def test_a_message_of_a_ticket_that_is_not_there_is_refused(gorgias: SimulatedGorgias) -> None:
    with pytest.raises(RecordRejected) as caught:
        gorgias.api.messages.create(4711, message(customer(gorgias)))
    assert caught.value.status == 404


# --- tags ----------------------------------------------------------------------------------------------


def names(gorgias: SimulatedGorgias, made: int) -> list[str]:
    return sorted(tag.name for tag in gorgias.api.tickets.tags(made))


def test_tags_of_a_ticket_are_added_replaced_and_removed(gorgias: SimulatedGorgias) -> None:
    made = ticket(gorgias, customer(gorgias), tags=[{"name": "first"}])
    gorgias.api.tickets.add_tags(made, names=["VIP", "vip"])
    assert names(gorgias, made) == ["VIP", "first", "vip"]
    by_name = {tag.name: tag.id for tag in gorgias.api.tags.every()}
    gorgias.api.tickets.remove_tags(made, ids=[by_name["vip"]])
    assert names(gorgias, made) == ["VIP", "first"]
    gorgias.api.tickets.replace_tags(made, names=["second"])
    assert names(gorgias, made) == ["second"]
    gorgias.api.tickets.replace_tags(made)
    assert names(gorgias, made) == []


# --- values of fields ----------------------------------------------------------------------------------


def test_values_of_a_tickets_fields_are_replaced_as_a_whole(gorgias: SimulatedGorgias) -> None:
    colour, size = field(gorgias), field(gorgias, "Size")
    made = ticket(gorgias, customer(gorgias), custom_fields=[{"id": colour, "value": "red"}])
    gorgias.api.tickets.replace_custom_fields(made, [{"id": size, "value": "XL"}])
    assert [(one.definition_id, one.value) for one in gorgias.api.tickets.custom_fields(made)] == [(size, "XL")]


# --- files ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("public", "kind"), [(False, "attachment"), (True, "public_attachment")])
def test_upload_returns_the_files_url(gorgias: SimulatedGorgias, public: bool, kind: str) -> None:
    file = gorgias.api.uploads.send("Größe & Form.png", b"\x89PNG\x00", "image/png", public=public)
    assert (file.name, file.content_type, file.size) == ("Größe & Form.png", "image/png", 5)
    assert f"/{kind}/" in file.url
    stored = gorgias.account.store.file(file.url.rsplit("/", 1)[1])
    assert stored == ("Größe & Form.png", "image/png", public, b"\x89PNG\x00")


@pytest.mark.parametrize("public", [True, False])
def test_an_uploaded_file_is_read_back_by_its_url(gorgias: SimulatedGorgias, public: bool) -> None:
    file = gorgias.api.uploads.send("a.bin", bytes(range(256)), "application/octet-stream", public=public)
    digest = hashlib.sha256(bytes(range(256))).hexdigest()
    assert gorgias.api.uploads.content(file.url, most_bytes=256) == Content(256, digest)
    with pytest.raises(RecordRejected) as caught:
        gorgias.api.uploads.content(file.url[:-1] + "x", most_bytes=256)
    assert caught.value.status == 404


# --- surveys -------------------------------------------------------------------------------------------


def survey(gorgias: SimulatedGorgias, **more: Any) -> dict[str, Any]:
    jane = customer(gorgias)
    return {"ticket_id": ticket(gorgias, jane), "customer_id": jane, "sent_datetime": OLD, **more}


def test_a_survey_is_made_read_and_replaced(gorgias: SimulatedGorgias) -> None:
    body = survey(gorgias, score=5, body_text="Good", scored_datetime=OLD, created_datetime=OLD)
    made = gorgias.api.surveys.create(body)
    assert (made.score, made.body_text, made.should_send_datetime) == (5, "Good", None)
    gorgias.api.surveys.update(made.id, {**body, "score": 1, "body_text": None})
    found = gorgias.api.surveys.get(made.id)
    assert (found.score, found.body_text, found.ticket_id) == (1, None, body["ticket_id"])
    assert [one.id for page in gorgias.api.surveys.pages() for one in page] == [made.id]
    assert gorgias.account.store.outbox() == []


def test_a_ticket_has_one_survey_alone(gorgias: SimulatedGorgias) -> None:
    body = survey(gorgias, score=5)
    gorgias.api.surveys.create(body)
    with pytest.raises(RecordRejected) as caught:
        gorgias.api.surveys.create(body)
    assert caught.value.status == 409


def test_a_score_that_is_none_keeps_a_survey_from_leaving(gorgias: SimulatedGorgias) -> None:
    with pytest.raises(RecordUnusable, match="score: Input should be less than or equal to 5"):
        gorgias.api.surveys.create(survey(gorgias, score=10))
    assert list(gorgias.api.surveys.pages()) == []
