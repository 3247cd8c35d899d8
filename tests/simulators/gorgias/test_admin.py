"""The simulator's own API: seeing behind the scenes, and setting the scene."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.simulators.gorgias.asking import Asker, incoming, outgoing, ticket, without


def admin(ask: Asker, method: str, path: str, body: Any = None) -> Any:
    """Ask without credentials; return what came, or the status where nothing did."""
    reply = ask.session.request(method, f"{ask.url}/_simulator/{path}", json=body, timeout=30)
    return reply.json() if reply.content else reply.status_code


def test_stats_count_calls_and_things(ask: Asker) -> None:
    ask.make("tickets", ticket(incoming(ask.customer())))
    stats = admin(ask, "GET", "stats")
    assert stats["calls"] == 2
    assert stats["objects"]["ticket"] == stats["objects"]["message"] == 1
    assert stats["by_endpoint"] == {"POST customers": 1, "POST tickets": 1}
    assert (stats["mail_sent"], stats["throttled"]) == (0, 0)


def test_mail_that_would_have_been_sent_can_be_seen_and_forgotten(ask: Asker) -> None:
    ask.make("tickets", ticket(without(outgoing(ask.customer()), "sent_datetime")))
    (mail,) = admin(ask, "GET", "outbox")
    assert mail["recipient"] == "jane@shop.example"
    assert admin(ask, "DELETE", "outbox") == 204
    assert admin(ask, "GET", "outbox") == []


def test_what_acted_by_itself_can_be_seen(ask: Asker) -> None:
    assert admin(ask, "GET", "fired") == []
    with ask.account.store.transaction():
        ask.account.store.fire("rule", "Auto-reply", "ticket-created", 1, ask.account.now())
    (fired,) = admin(ask, "GET", "fired")
    assert (fired["what"], fired["name"]) == ("rule", "Auto-reply")


def test_a_fault_comes_once_and_what_is_left_can_be_called_off(ask: Asker) -> None:
    admin(ask, "POST", "faults", [{"kind": "http_500_before", "times": 2}])
    assert ask("GET", "account").status_code == 500
    assert admin(ask, "GET", "faults")[0]["times"] == 1
    assert admin(ask, "DELETE", "faults") == 204
    assert ask("GET", "account").status_code == 200


def test_faults_by_chance_can_be_set(ask: Asker) -> None:
    assert admin(ask, "PUT", "profile", {"name": "flaky", "seed": 3}) == 204
    assert admin(ask, "GET", "profile")["chances"]["http_500_before"] > 0
    assert admin(ask, "PUT", "profile", {"name": None}) == 204
    assert admin(ask, "GET", "profile") == {}


def test_knobs_can_be_turned(ask: Asker) -> None:
    assert admin(ask, "GET", "knobs")["invites_users"] is True
    assert admin(ask, "PUT", "knobs", {"invites_users": False})["invites_users"] is False
    ask.make("users", {"email": "new@demo.example", "name": "New", "role": {"name": "agent"}})
    assert admin(ask, "GET", "outbox") == []


def test_the_clock_can_be_moved_on(ask: Asker) -> None:
    before = datetime.fromisoformat(admin(ask, "GET", "clock")["now"])
    after = datetime.fromisoformat(admin(ask, "POST", "clock", {"seconds": 86_400 * 30})["now"])
    assert after - before >= timedelta(days=30)
    made = ask.make("tags", {"name": "late"})["created_datetime"]
    assert datetime.fromisoformat(made) >= after


def test_the_key_can_be_given_another_role(ask: Asker) -> None:
    assert admin(ask, "PUT", "role", {"name": "observer-agent"}) == {"name": "observer-agent"}
    assert ask("POST", "tags", {"name": "vip"}).status_code == 403
    assert admin(ask, "PUT", "role", {"name": "admin"}) == {"name": "admin"}
    assert ask("POST", "tags", {"name": "vip"}).status_code == 201


def test_the_rate_limit_can_be_set(ask: Asker) -> None:
    rate = admin(ask, "PUT", "rate", {"size": "oauth", "bucket": "window", "foreign_share": 0.25})
    assert (rate["limit"], rate["bucket"], rate["foreign_share"]) == (80, "window", 0.25)
    assert ask("GET", "account").headers["X-Gorgias-Account-Api-Call-Limit"].endswith("/80")
    rate = admin(ask, "PUT", "rate", {"size": "unlimited", "foreign_share": 0})
    assert (rate["bucket"], rate["foreign_share"]) == ("window", 0)
    assert {ask("GET", "account").status_code for _ in range(100)} == {200}


def test_reset_goes_back_to_the_seed_and_its_ids(ask: Asker) -> None:
    first = ask.make("tags", {"name": "a"})["id"]
    assert admin(ask, "POST", "reset") == {"users": 3, "tickets": 0}
    assert ask("GET", "tags").json()["data"] == []
    assert ask.make("tags", {"name": "b"})["id"] == first


def test_another_seed_can_be_loaded(ask: Asker) -> None:
    seed = {"users": [{"email": ask.account.user_email, "name": "Me", "role": "admin"}], "tags": [{"name": "vip"}]}
    assert admin(ask, "POST", "reset", seed)["users"] == 1
    assert [tag["name"] for tag in ask("GET", "tags").json()["data"]] == ["vip"]


@pytest.mark.parametrize(
    "seed",
    [
        {"userz": []},
        {"users": [{"email": "somebody@else.example", "name": "Else"}]},
        {"tags": [{"name": ""}]},
        {"teams": [{"name": "Care", "members": ["nobody@demo.example"]}]},
    ],
)
def test_a_seed_that_cannot_be_held_changes_nothing(ask: Asker, seed: Any) -> None:
    ask.make("tags", {"name": "kept"})
    assert admin(ask, "POST", "reset", seed)["error"]["msg"]
    assert [tag["name"] for tag in ask("GET", "tags").json()["data"]] == ["kept"]
    assert ask("GET", "users/0").json()["email"] == ask.account.user_email


def test_what_was_saved_can_be_restored(ask: Asker) -> None:
    jane = ask.customer()
    ask.make("tickets", ticket(incoming(jane), external_id="st:1"))
    assert admin(ask, "PUT", "snapshots/before") == 204
    kept = ask("GET", "tickets").json()["data"]
    ask.make("tickets", ticket(incoming(jane)))
    assert ask("DELETE", f"customers/{jane}").status_code in (204, 409)
    assert admin(ask, "GET", "snapshots") == ["before"]
    assert admin(ask, "POST", "snapshots/before/restore") == 204
    assert ask("GET", "tickets").json()["data"] == kept
    assert ask("GET", f"customers/{jane}").status_code == 200
    assert admin(ask, "DELETE", "snapshots/before") == 204
    assert "error" in admin(ask, "POST", "snapshots/before/restore")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "clock", {"seconds": -1}), ("PUT", "role", {"name": "king"}), ("PUT", "rate", {"size": "huge"}),
        ("PUT", "rate", {"foreign_share": 1}), ("POST", "faults", [{"kind": "earthquake"}]), ("POST", "faults", {}),
        ("PUT", "knobs", {"unknown": True}), ("PUT", "profile", {"name": "stormy"}), ("POST", "clock", None),
    ],
)  # fmt: skip
def test_what_cannot_be_set_is_refused_as_the_api_refuses(ask: Asker, method: str, path: str, body: Any) -> None:
    reply = ask.session.request(method, f"{ask.url}/_simulator/{path}", json=body, timeout=30)
    assert reply.status_code == 400
    assert reply.json()["error"]["data"]
