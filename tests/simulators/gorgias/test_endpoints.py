"""Statuses, replies, pages and look-ups of the account's endpoints."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.simulated_account import API_KEY, EMAIL
from tests.simulators.gorgias.asking import AGENT, OLD, Asker, field, incoming, note, outgoing, ticket

NAIVE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}")


def rows(reply: Any) -> list[dict[str, Any]]:
    return list(reply.json()["data"])


# --- who may ask ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("auth", [None, (EMAIL, "wrong"), ("other@demo.example", API_KEY)])
def test_wrong_credentials_are_401(ask: Asker, auth: Any) -> None:
    reply = ask("GET", "account", auth=auth)
    assert reply.status_code == 401
    assert "msg" in reply.json()["error"]


@pytest.mark.parametrize("path", ["users", "teams", "custom-fields"])
def test_the_key_acts_with_its_users_role(ask: Asker, path: str) -> None:
    user = ask("GET", "users/0").json()
    assert user["email"] == EMAIL
    jane = ask.customer()
    for role, for_set_up, for_tickets in (("agent", 403, 201), ("observer-agent", 403, 403), ("admin", 400, 201)):
        ask.account.store.put("user", {**user, "role": {"name": role}}, name=EMAIL)
        assert ask("POST", path, {}).status_code == for_set_up
        assert ask("POST", "tickets", ticket(incoming(jane))).status_code == for_tickets
        assert ask("GET", path, params={"object_type": "Ticket"}).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["users/99", "teams/99", "tags/99", "custom-fields/99", "customers/99", "tickets/99", "tickets/99/custom-fields",
     "tickets/99/tags", "tickets/99/messages/1", "customers/99/custom-fields", "nonsense", "tickets/abc"],
)  # fmt: skip
def test_what_is_not_there_is_404(ask: Asker, path: str) -> None:
    assert ask.refusal("GET", path, status=404) is None


# --- replies -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "body", "change"),
    [
        ("users", {"email": "a@b.example", "name": "A", "role": {"name": "agent"}}, {"name": "B"}),
        ("teams", {"name": "A"}, {"name": "B"}),
        ("tags", {"name": "A"}, {"name": "B"}),
        ("customers", {"channels": [], "name": "A"}, {"name": "B"}),
    ],
)
def test_create_change_and_delete(ask: Asker, kind: str, body: Any, change: Any) -> None:
    made = ask.make(kind, body)
    path = f"{kind}/{made['id']}"
    assert made["uri"] == f"/api/{path}/"
    assert ask("GET", path).json() == made
    assert ask("PUT", path, change).status_code == 202
    assert ask("GET", path).json()["name"] == "B"
    gone = ask("DELETE", path)
    assert (gone.status_code, gone.content) == (204, b"")
    assert ask("GET", path).status_code == 404


def test_a_ticket_is_created_whole_and_read_back(ask: Asker) -> None:
    jane = ask.customer()
    team = ask.make("teams", {"name": "Second line"})["id"]
    wanted = {
        "subject": "Hello", "status": "closed", "priority": "high", "channel": "email", "spam": True,
        "external_id": "st:1", "meta": {"smartertrack": {"n": 1}}, "closed_datetime": "2020-02-01T10:00:00+02:00",
        "created_datetime": OLD, "updated_datetime": "2021-01-01T00:00:00Z",
    }  # fmt: skip
    body = ticket(incoming(jane), outgoing(jane), note(), assignee_user={"id": AGENT}, assignee_team={"id": team})
    made = ask.make("tickets", {**body, **wanted})
    read = ask("GET", f"tickets/{made['id']}").json()
    assert {name: read[name] for name in wanted} == {
        **wanted, "closed_datetime": "2020-02-01T08:00:00.000000", "created_datetime": "2020-01-01T00:00:00.000000",
        "updated_datetime": "2021-01-01T00:00:00.000000",
    }  # fmt: skip
    assert (read["customer"]["id"], read["assignee_user"]["id"], read["assignee_team"]["id"]) == (jane, AGENT, team)
    assert [(m["from_agent"], m["public"], m["sender"]["id"]) for m in read["messages"]] == [
        (False, True, jane), (True, True, AGENT), (True, False, AGENT)]  # fmt: skip


def test_timestamps_are_naive_with_microseconds(ask: Asker) -> None:
    jane = ask.customer()
    made = ask.make("tickets", ticket(incoming(jane)))
    things = [ask("GET", path).json() for path in (f"tickets/{made['id']}", f"customers/{jane}", "users/1")]
    found = [v for thing in (*things, *made["messages"]) for k, v in thing.items() if k.endswith("_datetime") and v]
    assert len(found) >= 8
    assert all(NAIVE.fullmatch(text) for text in found)


def test_lists_of_tickets_hold_no_messages_and_custom_fields_only_where_asked(ask: Asker) -> None:
    ask.make("tickets", ticket(incoming(ask.customer())))
    (plain,), (full,) = rows(ask("GET", "tickets")), rows(ask("GET", "tickets?relationships=custom_fields"))
    assert ("messages" in plain, "custom_fields" in plain, "custom_fields" in full) == (False, False, True)


def test_values_put_replace_all_others(ask: Asker) -> None:
    one, two = (ask.make("custom-fields", field(label=label))["id"] for label in ("One", "Two"))
    made = ask.make("tickets", ticket(incoming(ask.customer()), custom_fields=[{"id": one, "value": "a"}]))
    path = f"tickets/{made['id']}/custom-fields"
    assert ask("PUT", path, [{"id": two, "value": "b"}]).status_code == 202
    assert [(v["field"]["id"], v["value"]) for v in rows(ask("GET", path))] == [(two, "b")]


def test_values_of_a_customer_are_read_and_replaced(ask: Asker) -> None:
    one = ask.make("custom-fields", field("Customer"))["id"]
    jane = ask.customer(custom_fields=[{"id": one, "value": "a"}])
    assert [v["value"] for v in rows(ask("GET", f"customers/{jane}/custom-fields"))] == ["a"]
    assert ask("PUT", f"customers/{jane}/custom-fields", []).status_code == 202
    assert rows(ask("GET", f"customers/{jane}/custom-fields")) == []


def test_tags_of_a_ticket_are_added_replaced_and_removed_without_a_reply(ask: Asker) -> None:
    made = ask.make("tickets", ticket(incoming(ask.customer()), tags=[{"name": "a"}, {"name": "a"}, {"name": "A"}]))
    path = f"tickets/{made['id']}/tags"
    assert [tag["name"] for tag in rows(ask("GET", path))] == ["a", "A"]
    steps = [("POST", {"names": ["b"]}, 201, ["a", "A", "b"]), ("PUT", {"names": ["c", "b"]}, 202, ["c", "b"]),
             ("DELETE", {"names": ["b"]}, 204, ["c"])]  # fmt: skip
    for method, body, status, left in steps:
        reply = ask(method, path, body)
        assert (reply.status_code, reply.content) == (status, b"")
        assert [tag["name"] for tag in rows(ask("GET", path))] == left
    assert sorted(tag["name"] for tag in rows(ask("GET", "tags"))) == ["A", "a", "b", "c"]


def test_tags_in_a_change_of_the_ticket_replace(ask: Asker) -> None:
    made = ask.make("tickets", ticket(incoming(ask.customer()), tags=[{"name": "a"}]))
    assert ask("PUT", f"tickets/{made['id']}", {"tags": [{"name": "b"}]}).status_code == 202
    assert [tag["name"] for tag in ask("GET", f"tickets/{made['id']}").json()["tags"]] == ["b"]


def test_a_deleted_ticket_takes_its_messages_with_it(ask: Asker) -> None:
    jane = ask.customer()
    kept, gone = (ask.make("tickets", ticket(incoming(jane)))["id"] for _ in range(2))
    assert ask("DELETE", f"tickets/{gone}").status_code == 204
    assert [m["ticket_id"] for m in rows(ask("GET", "messages"))] == [kept]


def test_a_message_is_read_and_deleted_in_its_own_ticket_only(ask: Asker) -> None:
    jane = ask.customer()
    one, other = (ask.make("tickets", ticket(incoming(jane))) for _ in range(2))
    message = one["messages"][0]["id"]
    assert ask("GET", f"tickets/{one['id']}/messages/{message}").json()["id"] == message
    assert ask("DELETE", f"tickets/{other['id']}/messages/{message}").status_code == 404
    assert ask("DELETE", f"tickets/{one['id']}/messages/{message}").status_code == 204
    assert ask("GET", f"tickets/{one['id']}").json()["messages"] == []


def test_a_person_named_inside_a_ticket_with_more_than_an_id_is_changed_or_made(ask: Asker) -> None:
    jane = ask.customer(name="Jane")
    ask.make("tickets", ticket(incoming(jane, sender={"id": jane, "name": "Mallory"})))
    assert ask("GET", f"customers/{jane}").json()["name"] == "Mallory"
    ask.make("tickets", ticket(incoming(jane, sender={"email": "new@shop.example"})))
    assert len(rows(ask("GET", "customers?email=new@shop.example"))) == 1


def test_bulk_deletion_wants_ids_and_passes_over_what_is_gone(ask: Asker) -> None:
    jane, john = ask.customer(), ask.customer("john@shop.example")
    assert "ids" in ask.refusal("DELETE", "customers", {})
    assert ask("DELETE", "customers", {"ids": [jane, 99]}).status_code == 204
    assert [c["id"] for c in rows(ask("GET", "customers"))] == [john]


# --- uploads -------------------------------------------------------------------------------------------


def upload(ask: Asker, *files: tuple[str, tuple[str, bytes, str]], kind: str = "attachment") -> Any:
    return ask("POST", "upload", params={"type": kind}, files=list(files))


def test_the_forms_field_names_the_file_and_not_the_filename(ask: Asker) -> None:
    reply = upload(ask, ("label.txt", ("other.txt", b"abc", "text/plain")), ("b.bin", ("x", b"", "image/gif")))
    assert reply.status_code == 201
    assert [(f["name"], f["content_type"], f["size"]) for f in reply.json()] == [
        ("label.txt", "text/plain", 3), ("b.bin", "image/gif", 0)]  # fmt: skip
    assert len({f["url"] for f in reply.json()}) == 2


def test_a_file_too_large_is_413_and_nothing_of_the_request_stays(ask: Asker) -> None:
    ask.account.knobs.upload_limit_bytes = 10
    reply = upload(ask, ("a", ("a", b"x" * 10, "text/plain")), ("b", ("b", b"x" * 11, "text/plain")))
    assert reply.status_code == 413
    assert upload(ask, ("a", ("a", b"x" * 10, "text/plain"))).json()[0]["url"].endswith("-1")


def test_an_upload_needs_a_file_and_a_known_type(ask: Asker) -> None:
    assert ask("POST", "upload").status_code == 400
    assert upload(ask, ("a", ("a", b"x", "text/plain")), kind="selfie").status_code == 400


# --- lists ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("limit", "status"), [("0", 400), ("1", 200), ("100", 200), ("101", 400), ("x", 400)])
def test_a_page_holds_1_to_100(ask: Asker, limit: str, status: int) -> None:
    assert ask("GET", f"tags?limit={limit}").status_code == status


@pytest.mark.parametrize("order", ["colour", "id:sideways", ":"])
def test_an_order_that_is_none_is_refused(ask: Asker, order: str) -> None:
    assert "order_by" in ask.refusal("GET", f"tickets?order_by={order}")


def test_messages_are_ordered_by_creation_alone(ask: Asker) -> None:
    assert "order_by" in ask.refusal("GET", "messages?order_by=updated_datetime:asc")
    assert ask("GET", "messages?order_by=created_datetime:asc").status_code == 200


@pytest.mark.parametrize("order", ["id:asc", "id:desc", "created_datetime:asc", "updated_datetime:desc", "name:asc"])
def test_pages_follow_their_cursor_in_any_order_and_end(ask: Asker, order: str) -> None:
    jane = ask.customer()
    dates: dict[int, dict[str, str]] = {}
    for n in (3, 1, 7, 2, 6, 5, 4):
        day = {"created_datetime": f"2020-01-0{n}T00:00:00Z", "updated_datetime": f"2020-02-0{8 - n}T00:00:00Z"}
        dates[ask.make("tickets", ticket(incoming(jane), **day))["id"]] = day
    seen: list[int] = []
    reply = ask("GET", f"tickets?limit=3&order_by={order}").json()
    while True:
        seen += [row["id"] for row in reply["data"]]
        assert reply["object"] == "list"
        assert set(reply["meta"]) == {"prev_cursor", "next_cursor", "total_resources"}
        if not reply["meta"]["next_cursor"]:
            break
        reply = ask("GET", "tickets", params={"limit": 3, "cursor": reply["meta"]["next_cursor"]}).json()
    column, _, way = order.partition(":")
    assert seen == sorted(dates, key=lambda i: (dates[i].get(column, ""), i), reverse=way == "desc")


def test_thirty_come_by_default(ask: Asker) -> None:
    for n in range(31):
        ask.make("tags", {"name": str(n)})
    assert len(rows(ask("GET", "tags"))) == 30


def test_a_cursor_ends_with_its_time_and_nonsense_is_none(ask: Asker) -> None:
    for n in range(2):
        ask.make("tags", {"name": str(n)})
    cursor = ask("GET", "tags?limit=1").json()["meta"]["next_cursor"]
    ask.account.cursor_seconds = 0.0
    assert "expired" in str(ask.refusal("GET", f"tags?cursor={cursor}"))
    for nonsense in ("x", "bm9uc2Vuc2U=", "WzFd", "WzEsMiwzLCJhIl0="):
        assert "cursor" in ask.refusal("GET", f"tags?cursor={nonsense}")


def test_trashed_tickets_are_in_lists_unless_they_are_left_out(ask: Asker) -> None:
    jane = ask.customer()
    kept = ask.make("tickets", ticket(incoming(jane), external_id="st:1"))["id"]
    trashed = ask.make("tickets", ticket(incoming(jane), external_id="st:1", trashed_datetime=OLD))["id"]
    for filters in ("", f"customer_id={jane}", "external_id=st:1", f"ticket_ids={kept}&ticket_ids={trashed}"):
        assert {t["id"] for t in rows(ask("GET", f"tickets?{filters}"))} == {kept, trashed}
        assert {t["id"] for t in rows(ask("GET", f"tickets?{filters}&trashed=false"))} == {kept}
    ask("PUT", f"tickets/{trashed}", {"trashed_datetime": None})
    assert {t["id"] for t in rows(ask("GET", "tickets?trashed=false"))} == {kept, trashed}


def test_look_ups_page_too(ask: Asker) -> None:
    jane = ask.customer()
    for _ in range(3):
        ask.make("tickets", ticket(incoming(jane), external_id="st:1"))
    reply = ask("GET", "tickets?external_id=st:1&limit=2").json()
    rest = ask("GET", "tickets", params={"external_id": "st:1", "cursor": reply["meta"]["next_cursor"]})
    assert (len(reply["data"]), len(rows(rest))) == (2, 1)


def test_users_are_found_by_email_and_external_id(ask: Asker) -> None:
    user = {"email": "Kim@Demo.example", "name": "Kim", "role": {"name": "agent"}, "external_id": "st:9"}
    made = ask.make("users", user)["id"]
    for filters in ("email=kim@demo.example", "external_id=st:9"):
        assert [found["id"] for found in rows(ask("GET", f"users?{filters}"))] == [made]


def test_external_ids_are_not_unique(ask: Asker) -> None:
    jane = ask.customer()
    made = {ask.make("tickets", ticket(incoming(jane), external_id="st:1"))["id"] for _ in range(2)}
    assert len(made) == 2
