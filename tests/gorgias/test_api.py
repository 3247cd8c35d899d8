"""One method, one endpoint, against a simulated account."""

from __future__ import annotations

from typing import Any

import pytest

from migrator_lib.errors import RecordRejected, Unanswered
from migrator_lib.gorgias.api import GorgiasApi
from tests.gorgias.told import Told, reply
from tests.simulated_account import EMAIL, SimulatedGorgias

OLD = "2020-01-01T00:00:00Z"


def customer(gorgias: SimulatedGorgias, address: str = "jane@shop.example") -> int:
    channels = [{"type": "email", "address": address, "preferred": True}]
    made = gorgias.api.customers.create({"email": address, "channels": channels, "external_id": f"st:{address}"})
    return made.id


def ticket(gorgias: SimulatedGorgias, customer_id: int, **more: Any) -> int:
    message = {
        "channel": "phone", "via": "api", "from_agent": False, "sender": {"id": customer_id}, "sent_datetime": OLD,
        "created_datetime": OLD, "body_text": "Hello",
    }  # fmt: skip
    body = {"via": "api", "messages": [message], "customer": {"id": customer_id}, **more}
    return gorgias.api.tickets.create(body).id


def test_account(gorgias: SimulatedGorgias) -> None:
    assert gorgias.api.account.get().domain == "demo"


def test_users(gorgias: SimulatedGorgias) -> None:
    assert [user.id for user in gorgias.api.users.every()] == [1, 2, 3]
    assert next(gorgias.api.users.every()).email == EMAIL


def test_teams(gorgias: SimulatedGorgias) -> None:
    gorgias.api.teams.create({"name": "Second line", "members": [{"id": 3}]})
    assert [(team.name, [member.id for member in team.members or ()]) for team in gorgias.api.teams.every()] == [
        ("Second line", [3])
    ]


@pytest.mark.parametrize("number", [0, 1, 99, 100, 101, 250])
def test_every_row_of_every_page_comes_once(gorgias: SimulatedGorgias, number: int) -> None:
    names = [f"tag {n}" for n in range(number)]
    with gorgias.account.store.transaction():
        for n, name in enumerate(names, 1):
            gorgias.account.store.put("tag", {"id": n, "name": name}, name=name)
    assert [tag.name for tag in gorgias.api.tags.every()] == names


def test_pages_hold_as_much_as_they_may(gorgias: SimulatedGorgias) -> None:
    with gorgias.account.store.transaction():
        for n in range(1, 251):
            gorgias.account.store.put("customer", {"id": n, "email": None})
    assert [len(page) for page in gorgias.api.customers.pages()] == [100, 100, 50]


def test_custom_fields_are_asked_by_what_they_belong_to(gorgias: SimulatedGorgias) -> None:
    definition = {"data_type": "text", "input_settings": {"input_type": "input"}}
    for kind in ("Ticket", "Customer"):
        gorgias.api.custom_fields.create({"object_type": kind, "label": f"Of {kind}", "definition": definition})
    assert [field.label for field in gorgias.api.custom_fields.every("Ticket")] == ["Of Ticket"]
    assert [field.label for field in gorgias.api.custom_fields.every("Customer")] == ["Of Customer"]


@pytest.mark.parametrize(
    "filters",
    [
        {"external_id": "st:jane@shop.example"},
        {"email": "JANE@shop.example"},
        {"channel_type": "email", "channel_address": "jane@shop.example"},
    ],
)
def test_customers_are_found_by_each_key(gorgias: SimulatedGorgias, filters: dict[str, str]) -> None:
    jane = customer(gorgias)
    customer(gorgias, "john@shop.example")
    assert [found.id for found in gorgias.api.customers.by(**filters)] == [jane]
    assert gorgias.api.customers.by(external_id="st:nobody") == []


def test_tickets_come_with_custom_fields_and_without_the_trash(gorgias: SimulatedGorgias) -> None:
    jane = customer(gorgias)
    kept = ticket(gorgias, jane)
    ticket(gorgias, jane, trashed_datetime=OLD)
    rows = [row for page in gorgias.api.tickets.pages() for row in page]
    assert [(row.id, row.custom_fields) for row in rows] == [(kept, [])]


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


def test_messages_come_oldest_first_of_one_ticket_or_of_all(gorgias: SimulatedGorgias) -> None:
    jane = customer(gorgias)
    first, second = ticket(gorgias, jane), ticket(gorgias, jane)
    for year in (2022, 2021):
        gorgias.api.messages.create(
            first,
            {"channel": "internal-note", "via": "api", "from_agent": True, "sender": {"id": 3}, "public": False,
             "sent_datetime": OLD, "created_datetime": f"{year}-01-01T00:00:00Z"},
        )  # fmt: skip
    of_one = [str(m.created_datetime)[:4] for page in gorgias.api.messages.pages(first) for m in page]
    of_all = [m.ticket_id for page in gorgias.api.messages.pages() for m in page]
    assert of_one == ["2020", "2021", "2022"]
    assert of_all == [first, second, first, first]


def test_update_takes_a_reply_without_a_body(gorgias: SimulatedGorgias) -> None:
    made = ticket(gorgias, customer(gorgias))
    gorgias.api.tickets.replace_tags(made, names=["VIP"])
    assert [tag.name for tag in gorgias.api.tags.every()] == ["VIP"]


def test_what_is_deleted_already_is_no_error(gorgias: SimulatedGorgias) -> None:
    made = ticket(gorgias, customer(gorgias))
    gorgias.api.tickets.delete(made)
    gorgias.api.tickets.delete(made)
    assert gorgias.account.store.get("ticket", made) is None


def test_other_refusals_of_a_deletion_are_errors(told: Told, transport: Any) -> None:
    told.script = [reply(409, {"error": {"msg": "in use"}})]
    with pytest.raises(RecordRejected, match="in use"):
        GorgiasApi(transport).tags.delete(1)


@pytest.mark.parametrize(("public", "kind"), [(False, "attachment"), (True, "public_attachment")])
def test_upload_returns_the_files_url(gorgias: SimulatedGorgias, public: bool, kind: str) -> None:
    file = gorgias.api.uploads.send("Größe & Form.png", b"\x89PNG\x00", "image/png", public=public)
    assert (file.name, file.content_type, file.size) == ("Größe & Form.png", "image/png", 5)
    assert f"/{kind}/" in file.url
    stored = gorgias.account.store.file(file.url.rsplit("/", 1)[1])
    assert stored == ("Größe & Form.png", "image/png", public, b"\x89PNG\x00")


@pytest.mark.parametrize("body", [None, [], {"object": "list"}])
def test_a_creation_that_does_not_tell_its_id_is_unanswered(told: Told, transport: Any, body: Any) -> None:
    told.script = [reply(201, body)]
    with pytest.raises(Unanswered):
        GorgiasApi(transport).tags.create({"name": "x"})


@pytest.mark.parametrize("body", [None, [], [{}]])
def test_an_upload_that_does_not_tell_its_url_is_unanswered(told: Told, transport: Any, body: Any) -> None:
    told.script = [reply(201, body)]
    with pytest.raises(Unanswered):
        GorgiasApi(transport).uploads.send("a", b"", "text/plain", public=False)
