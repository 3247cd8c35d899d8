"""The account, its settings, tags, custom fields, and what acts in it, against a simulated account."""

from __future__ import annotations

from typing import Any

import pytest

from migrator_lib.errors import RecordRejected
from migrator_lib.gorgias import purpose
from tests.gorgias.making import OLD, customer, field, ticket
from tests.simulated_account import SimulatedGorgias

RULE = {"name": "Hello", "code": "", "event_types": "ticket-created"}
HTTP = {"url": "https://x.example", "method": "POST", "request_content_type": "application/json",
        "response_content_type": "application/json", "triggers": {"ticket-created": True}}  # fmt: skip


# --- the account ---------------------------------------------------------------------------------------


def test_the_account_tells_its_domain(gorgias: SimulatedGorgias) -> None:
    assert gorgias.api.account.get().domain == "demo"


def test_settings_are_listed_and_one_is_changed_by_a_request_that_was_named(gorgias: SimulatedGorgias) -> None:
    put(gorgias, "setting", {"type": "auto-merge", "data": {"enabled": True}})
    setting = next(one for one in gorgias.api.account.settings() if one.type == "auto-merge")
    off = {"type": "auto-merge", "data": {"enabled": False}}
    with purpose.switching(f"account/settings/{setting.id}", off):
        gorgias.api.account.update_setting(setting.id, off)
    assert [one.data for one in gorgias.api.account.settings() if one.type == "auto-merge"] == [{"enabled": False}]


def put(gorgias: SimulatedGorgias, kind: str, thing: dict[str, Any]) -> int:
    """Put something into the account, as an admin does who is nobody of the migration."""
    store = gorgias.account.store
    with store.transaction():
        thing_id = int(store.next_id(kind))
        store.put(kind, {"id": thing_id, "uri": f"/api/{kind}/{thing_id}/", "created_datetime": OLD, **thing})
    return thing_id


# --- tags ----------------------------------------------------------------------------------------------


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


def test_a_tag_is_made_read_changed_and_deleted(gorgias: SimulatedGorgias) -> None:
    made = gorgias.api.tags.create({"name": "VIP", "description": "x"})
    gorgias.api.tags.update(made.id, {"description": "y"})
    found = gorgias.api.tags.get(made.id)
    assert (found.name, found.description) == ("VIP", "y")
    for _ in range(2):  # one that is gone is no error
        gorgias.api.tags.delete(made.id)
    assert list(gorgias.api.tags.every()) == []


def test_many_tags_are_deleted_at_once_and_leave_their_tickets(gorgias: SimulatedGorgias) -> None:
    made = [gorgias.api.tags.create({"name": f"tag {n}"}).id for n in range(3)]
    held = ticket(gorgias, customer(gorgias), tags=[{"name": "tag 0"}, {"name": "tag 2"}])
    gorgias.api.tags.delete_many(made[:2])
    assert [tag.name for tag in gorgias.api.tags.every()] == ["tag 2"]
    assert [tag.name for tag in gorgias.api.tickets.tags(held)] == ["tag 2"]


# --- custom fields -------------------------------------------------------------------------------------


def test_custom_fields_are_asked_by_what_they_belong_to(gorgias: SimulatedGorgias) -> None:
    for kind in ("Ticket", "Customer"):
        field(gorgias, f"Of {kind}", kind)
    assert [found.label for found in gorgias.api.custom_fields.every("Ticket")] == ["Of Ticket"]
    assert [found.label for found in gorgias.api.custom_fields.every("Customer")] == ["Of Customer"]


def test_a_field_is_not_deleted_but_archived(gorgias: SimulatedGorgias) -> None:
    kept, archived = field(gorgias), field(gorgias, "Size")
    gorgias.api.custom_fields.update(archived, {"deactivated_datetime": OLD})
    assert [found.id for found in gorgias.api.custom_fields.every("Ticket")] == [kept]
    assert archived in [found.id for found in gorgias.api.custom_fields.every("Ticket", archived=True)]
    found = gorgias.api.custom_fields.get(archived)
    assert (found.label, found.definition.data_type) == ("Size", "text")
    assert found.deactivated_datetime


# --- what acts -----------------------------------------------------------------------------------------


def test_rules_are_listed_read_and_switched_off_by_a_request_that_was_named(gorgias: SimulatedGorgias) -> None:
    rule = put(gorgias, "rule", {**RULE, "deactivated_datetime": None})
    assert [(one.id, one.name, one.deactivated_datetime) for one in gorgias.api.rules.every()] == [
        (rule, "Hello", None)
    ]
    off = {**RULE, "deactivated_datetime": OLD}
    with purpose.switching(f"rules/{rule}", off):
        gorgias.api.rules.update(rule, off)
    assert gorgias.api.rules.get(rule).deactivated_datetime == "2020-01-01T00:00:00.000000"


def test_integrations_are_listed_read_and_switched_off_by_a_request_that_was_named(gorgias: SimulatedGorgias) -> None:
    hook = put(gorgias, "integration", {"name": "Hook", "type": "http", "http": HTTP, "deactivated_datetime": None})
    assert [(one.id, one.type, one.http) for one in gorgias.api.integrations.every()] == [(hook, "http", HTTP)]
    off = {"name": "Hook", "deactivated_datetime": OLD}
    with purpose.switching(f"integrations/{hook}", off):
        gorgias.api.integrations.update(hook, off)
    found = gorgias.api.integrations.get(hook)
    assert found.deactivated_datetime == "2020-01-01T00:00:00.000000"
    assert found.http is not None


def test_macros_and_views_are_listed(gorgias: SimulatedGorgias) -> None:
    macro = put(gorgias, "macro", {"name": "Hello", "actions": [], "archived_datetime": None})
    view = put(gorgias, "view", {"name": "Open"})
    assert [(one.id, one.name) for one in gorgias.api.macros.every()] == [(macro, "Hello")]
    assert gorgias.api.macros.get(macro).name == "Hello"
    assert [(one.id, one.name) for one in gorgias.api.views.every()] == [(view, "Open")]


# --- jobs and events -----------------------------------------------------------------------------------


def test_a_job_deletes_tickets_in_the_background(gorgias: SimulatedGorgias) -> None:
    jane = customer(gorgias)
    gone, kept = ticket(gorgias, jane), ticket(gorgias, jane)
    job = gorgias.api.jobs.create({"type": "deleteTicket", "params": {"ticket_ids": [gone]}})
    gorgias.clock.advance(3600)  # type: ignore[attr-defined]
    assert gorgias.api.jobs.get(job.id).status == "done"
    assert [one.id for one in gorgias.api.jobs.every()] == [job.id]
    assert [row.id for page in gorgias.api.tickets.pages() for row in page] == [kept]


def test_a_job_is_cancelled(gorgias: SimulatedGorgias) -> None:
    made = ticket(gorgias, customer(gorgias))
    job = gorgias.api.jobs.create({"type": "deleteTicket", "params": {"ticket_ids": [made]}})
    gorgias.api.jobs.cancel(job.id)
    assert gorgias.api.jobs.get(job.id).status in ("canceled", "done")  # time runs on meanwhile


def test_events_tell_what_happened_oldest_first(gorgias: SimulatedGorgias) -> None:
    made = ticket(gorgias, customer(gorgias))
    gorgias.api.tickets.update(made, {"priority": "high"})
    chosen = {"object_type": "Ticket", "object_id": made}
    events = [event for page in gorgias.api.events.pages(**chosen) for event in page]
    assert [event.type for event in events][:1] == ["ticket-created"]
    assert {event.object_id for event in events} == {made}
    assert gorgias.api.events.get(events[0].id).type == "ticket-created"


@pytest.mark.parametrize("path", ["tickets", "customers", "users", "teams", "tags", "rules", "integrations", "macros"])
def test_a_resource_is_found_by_its_path(gorgias: SimulatedGorgias, path: str) -> None:
    resource = gorgias.api.resource(path)
    resource.delete  # noqa: B018 - that it is there
    assert getattr(gorgias.api, path) is resource


def test_what_is_refused_is_told_by_its_place(gorgias: SimulatedGorgias) -> None:
    with pytest.raises(RecordRejected) as caught:
        ticket(gorgias, customer(gorgias), custom_fields=[{"id": 4711, "value": "x"}])
    assert caught.value.status == 400
    assert "custom_fields" in str(caught.value.data)
