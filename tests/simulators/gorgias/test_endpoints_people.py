"""Users, teams and customers: look-ups, what a deletion leaves, and merges. Facts: create-user, merge-customers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulated_account import EMAIL
from tests.simulators.gorgias.asking import AGENT, OLD, Asker, field, incoming, outgoing, ticket

OWNER, FALLBACK = 1, 2


def ids(ask: Asker, path: str) -> list[int]:
    return [row["id"] for row in ask("GET", path).json()["data"]]


def channel(address: str, kind: str = "email") -> dict[str, Any]:
    return {"type": kind, "address": address, "preferred": True}


# --- users and teams -----------------------------------------------------------------------------------


def test_users_are_found_by_part_of_a_name_and_by_role(ask: Asker) -> None:
    assert ids(ask, "users?search=DANA") == [AGENT]
    assert ids(ask, "users?search=dana@demo") == [AGENT]
    assert ids(ask, "users?roles=admin") == [OWNER]
    assert ids(ask, "users?roles[]=admin&roles[]=agent") == [OWNER, FALLBACK, AGENT]


@pytest.mark.parametrize("key", ["channels", "customer", "data", "roles"])
def test_a_user_is_no_customer(ask: Asker, key: str) -> None:
    assert ask.refusal("PUT", f"users/{AGENT}", {key: {}}) == {key: ["Unknown field."]}


def test_another_address_wants_the_password_and_is_free(ask: Asker) -> None:
    path = f"users/{AGENT}"
    assert "password_confirmation" in ask.refusal("PUT", path, {"email": "new@demo.example"})
    taken = {"email": "Support@demo.example", "password_confirmation": "x"}
    assert "email" in ask.refusal("PUT", path, taken, status=409)
    assert ask("PUT", path, {"email": "new@demo.example", "password_confirmation": "x"}).status_code == 202
    assert ids(ask, "users?email=new@demo.example") == [AGENT]
    assert "password_confirmation" not in ask("GET", path).json()


def test_a_deleted_user_leaves_tickets_and_teams_without_him(ask: Asker) -> None:
    made = ask.make("tickets", ticket(incoming(ask.customer()), assignee_user={"id": AGENT}))
    team = ask.make("teams", {"name": "A", "members": [{"id": AGENT}, {"id": FALLBACK}]})
    assert ask("DELETE", f"users/{AGENT}").status_code == 204
    assert ask("GET", f"tickets/{made['id']}").json()["assignee_user"] is None
    assert [member["id"] for member in ask("GET", f"teams/{team['id']}").json()["members"]] == [FALLBACK]


def test_the_owner_of_an_account_stays(ask: Asker) -> None:
    ask.refusal("DELETE", f"users/{OWNER}", status=403)
    assert ask("GET", "users/0").json()["email"] == EMAIL
    assert ask("DELETE", "users").status_code == 405


def test_a_deleted_team_leaves_tickets_without_one(ask: Asker) -> None:
    team = ask.make("teams", {"name": "A"})["id"]
    made = ask.make("tickets", ticket(incoming(ask.customer()), assignee_team={"id": team}))
    ask("DELETE", f"teams/{team}")
    assert ask("GET", f"tickets/{made['id']}").json()["assignee_team"] is None


def test_members_of_a_team_replace_all(ask: Asker) -> None:
    team = ask.make("teams", {"name": "A", "members": [{"id": AGENT}]})["id"]
    ask("PUT", f"teams/{team}", {"members": [{"id": FALLBACK}]})
    assert [member["id"] for member in ask("GET", f"teams/{team}").json()["members"]] == [FALLBACK]
    assert "members" in ask.refusal("PUT", f"teams/{team}", {"members": [{"id": 99}]})


# --- customers -----------------------------------------------------------------------------------------


def test_customers_are_found_by_what_they_are(ask: Asker) -> None:
    jane = ask.customer(name="Jane", language="fr", timezone="Europe/Paris", external_id="st:1")
    john = ask.customer("john@shop.example", name="John")
    ask("PUT", f"customers/{john}", {"channels": [channel("john@shop.example"), channel("+331", "phone")]})
    for filters in ("name=Jane", "language=fr", "timezone=Europe/Paris", "email=JANE@shop.example", "external_id=st:1"):
        assert ids(ask, f"customers?{filters}") == [jane], filters
    for filters in (
        "channel_type=phone",
        "channel_type=phone&channel_address=%2B331",
        "channel_address=john@shop.example",
    ):
        assert ids(ask, f"customers?{filters}") == [john], filters
    for filters in ("email=none@shop.example", "name=Jane&email=john@shop.example", "channel_type=sms"):
        assert ids(ask, f"customers?{filters}") == [], filters


@pytest.mark.parametrize(
    "more",
    [{"language": "english"}, {"language": "en-US"}, {"timezone": "Central European Time"}, {"timezone": "+02:00"}],
)
def test_a_language_has_two_letters_and_a_timezone_a_place(ask: Asker, more: dict[str, str]) -> None:
    assert list(ask.refusal("POST", "customers", {"channels": [], **more})) == list(more)


def test_data_of_a_customer_is_replaced_unless_it_is_older(ask: Asker) -> None:
    jane = ask.customer()
    path = f"customers/{jane}/data"
    for data, version, left in (({"a": 1}, "2024-01-02T00:00:00Z", {"a": 1}), ([2], "2024-01-01T00:00:00Z", {"a": 1}),
                                ("x", "2024-01-03T00:00:00Z", "x"), (None, None, None)):  # fmt: skip
        reply = ask("PUT", path, {"data": data, "version": version})
        assert (reply.status_code, reply.content) == (202, b"")
        assert ask("GET", f"customers/{jane}").json()["data"] == left


def test_channels_replace_all(ask: Asker) -> None:
    jane = ask.customer()
    ask("PUT", f"customers/{jane}", {"channels": [channel("+331", "phone")]})
    assert [c["address"] for c in ask("GET", f"customers/{jane}").json()["channels"]] == ["+331"]
    assert ids(ask, "customers?email=jane@shop.example") == []


def test_a_customer_with_tickets_is_deleted_or_not_as_the_account_has_it(ask: Asker) -> None:
    jane = ask.customer()
    ask.make("tickets", ticket(incoming(jane)))
    ask.account.knobs.customer_with_tickets_deletable = False
    for path, body in ((f"customers/{jane}", None), ("customers", {"ids": [jane]})):
        ask.refusal("DELETE", path, body, status=409)
    ask.account.knobs.customer_with_tickets_deletable = True
    assert ask("DELETE", f"customers/{jane}").status_code == 204


def merge(ask: Asker, source: int, target: int, body: Any = None) -> Any:
    return ask("PUT", "customers/merge", body, params={"source_id": source, "target_id": target})


def test_what_a_merged_customer_had_is_the_others(ask: Asker) -> None:
    one, two = (ask.make("custom-fields", field("Customer", label))["id"] for label in ("One", "Two"))
    values = [{"id": one, "value": "jane's"}, {"id": two, "value": "jane's"}]
    jane = ask.customer(note="Likes tea", name="Jane", custom_fields=values)
    john = ask.customer("john@shop.example", name="John", custom_fields=[{"id": one, "value": "john's"}])
    made = ask.make("tickets", ticket(incoming(jane), outgoing(jane)))
    survey = ask.make("satisfaction-surveys", {"customer_id": jane, "ticket_id": made["id"], "score": 5})
    reply = merge(ask, jane, john)
    assert (reply.status_code, reply.content) == (202, b"")
    kept = ask("GET", f"customers/{john}").json()
    assert [c["address"] for c in kept["channels"]] == ["john@shop.example", "jane@shop.example"]
    assert (kept["name"], kept["note"], kept["email"]) == ("John", "Likes tea", "john@shop.example")
    assert {v["field"]["id"]: v["value"] for v in kept["custom_fields"]} == {one: "john's", two: "jane's"}
    assert ids(ask, "customers?email=jane@shop.example") == [john]
    read = ask("GET", f"tickets/{made['id']}").json()
    assert read["customer"]["id"] == john
    assert [(m["sender"]["id"], (m["receiver"] or {}).get("id")) for m in read["messages"]] == [
        (john, None), (AGENT, john)]  # fmt: skip
    assert ids(ask, f"tickets?customer_id={john}") == [made["id"]]
    assert ask("GET", f"satisfaction-surveys/{survey['id']}").json()["customer_id"] == john


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_customer_that_was_merged_answers_301_with_the_others_id(ask: Asker, method: str) -> None:
    jane, john, jim = (ask.customer(f"{name}@shop.example") for name in ("jane", "john", "jim"))
    merge(ask, jane, john)
    merge(ask, john, jim)
    reply = ask(method, f"customers/{jane}", {} if method == "PUT" else None)
    assert reply.status_code == 301
    assert reply.json()["error"] == {
        "msg": f"Customer with id {jane} was merged with another one.",
        "data": {"id": jim},
    }
    assert reply.headers["Location"] == f"/demo/api/customers/{jim}"
    assert ids(ask, "customers") == [jim]
    assert ask("GET", f"customers/{jane}/custom-fields").status_code == 301
    assert merge(ask, jane, jim).status_code == 301


def test_a_merge_may_say_what_the_one_who_stays_is_like(ask: Asker) -> None:
    jane, john = ask.customer(), ask.customer("john@shop.example")
    assert merge(ask, jane, john, {"name": "Jane and John", "email": "jane@shop.example"}).status_code == 202
    kept = ask("GET", f"customers/{john}").json()
    assert (kept["name"], kept["email"]) == ("Jane and John", "jane@shop.example")


def test_a_merge_needs_two_customers_who_fit(ask: Asker) -> None:
    jane, john = ask.customer(), ask.customer("john@shop.example")
    assert "target_id" in ask.refusal("PUT", f"customers/merge?source_id={jane}")
    assert "source_id" in ask.refusal("PUT", f"customers/merge?source_id=x&target_id={john}")
    assert "target_id" in ask.refusal("PUT", f"customers/merge?source_id={jane}&target_id={jane}")
    ask.refusal("PUT", f"customers/merge?source_id={jane}&target_id=99", status=404)
    assert "colour" in merge(ask, jane, john, {"colour": "red"}).json()["error"]["data"]
    assert sorted(ids(ask, "customers")) == [jane, john], "a merge that was refused did half of it"
    for customer in (jane, john):
        held = ask.account.store.get("customer", customer) or {}
        ask.account.store.replace("customer", {**held, "integrations": {"7": {}}})
    assert ask.refusal("PUT", f"customers/merge?source_id={jane}&target_id={john}", status=409) == {
        "integrations": ["7"]
    }


@pytest.mark.parametrize("required", [True, False])
def test_channels_are_required_or_not_as_the_account_has_it(ask: Asker, required: bool) -> None:
    ask.account.knobs.channels_required = required
    assert ask("POST", "customers", {"name": "Jane"}).status_code == (400 if required else 201)


@pytest.mark.parametrize("taken", [True, False])
def test_an_inactive_user_is_made_or_not_as_the_account_has_it(ask: Asker, taken: bool) -> None:
    ask.account.knobs.active_false_on_create = taken
    user = {"email": "old@demo.example", "name": "Old", "role": {"name": "agent"}, "active": False}
    assert ask("POST", "users", user).status_code == (201 if taken else 400)


def test_a_change_is_answered_with_nothing_or_the_thing_as_the_account_has_it(ask: Asker) -> None:
    jane = ask.customer()
    assert ask("PUT", f"customers/{jane}", {"name": "J"}).content == b""
    ask.account.knobs.puts_answer_with_the_object = True
    assert ask("PUT", f"customers/{jane}", {"name": "Jane", "external_id": OLD}).json()["name"] == "Jane"
