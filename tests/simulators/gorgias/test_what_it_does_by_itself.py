"""Mail, rules, integrations, and what moves without being asked: where the product hurts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from migrator_lib.simulators.gorgias import Account
from migrator_lib.simulators.gorgias.admin_client import outbox, stats
from tests.simulated_account import SEED
from tests.simulators.gorgias.asking import OLD, Asker, incoming, note, outgoing, ticket, without

LATER = "2021-06-01T00:00:00Z"


def plant(ask: Asker, kind: str, **document: Any) -> None:
    ask.account.store.put(kind, {"id": 1, **document})


def test_messages_sent_long_ago_send_nothing(ask: Asker) -> None:
    jane = ask.customer()
    made = ask.make("tickets", ticket(incoming(jane), outgoing(jane), note()))
    ask.make(f"tickets/{made['id']}/messages", outgoing(jane))
    assert outbox(ask.url) == []
    assert stats(ask.url)["mail_sent"] == 0


def test_an_outgoing_message_without_its_date_is_mailed(ask: Asker) -> None:
    jane = ask.customer()
    unsent = without(outgoing(jane), "sent_datetime")
    made = ask.make("tickets", ticket(incoming(jane), unsent))
    ask.make(f"tickets/{made['id']}/messages", unsent)
    assert [(mail["kind"], mail["recipient"]) for mail in outbox(ask.url)] == [("message", "jane@shop.example")] * 2
    assert stats(ask.url)["mail_sent"] == 2


def test_incoming_messages_and_notes_are_not_mailed_even_without_a_date(ask: Asker) -> None:
    unsent = [without(message, "sent_datetime") for message in (incoming(ask.customer()), note())]
    ask.make("tickets", ticket(*unsent))
    assert outbox(ask.url) == []


@pytest.mark.parametrize("action", ["force", "retry"])
def test_an_action_sends_what_was_sent_before(ask: Asker, action: str) -> None:
    jane = ask.customer()
    made = ask.make("tickets", ticket(incoming(jane)))
    ask("POST", f"tickets/{made['id']}/messages", outgoing(jane), params={"action": action})
    assert [mail["reason"] for mail in outbox(ask.url)] == ["action"]


@pytest.mark.parametrize("key", ["actions", "macros", "mention_ids"])
def test_what_acts_acts(ask: Asker, key: str) -> None:
    ask.make("tickets", ticket(note(**{key: [1]})))
    assert [mail["reason"] for mail in outbox(ask.url)] == [key]


def test_a_new_user_is_invited_and_the_seeds_are_not(ask: Asker) -> None:
    ask.make("users", {"email": "kim@demo.example", "name": "Kim", "role": {"name": "agent"}})
    assert [(mail["kind"], mail["recipient"]) for mail in outbox(ask.url)] == [("invitation", "kim@demo.example")]


def test_what_is_refused_sends_nothing(ask: Asker) -> None:
    jane = ask.customer()
    bad = [without(outgoing(jane), "sent_datetime"), incoming(jane, sender={"id": 99})]
    ask.refusal("POST", "tickets", ticket(*bad))
    assert outbox(ask.url) == []
    assert stats(ask.url)["objects"]["message"] == 0


@pytest.mark.parametrize(
    ("event", "channel", "deactivated", "mails"),
    [
        ("ticket-created", "email", None, 1),
        ("ticket-message-created", "email", None, 2),
        ("ticket-updated", "email", None, 1),
        ("ticket-created", "api", None, 0),
        ("ticket-created", "email", OLD, 0),
    ],
)
def test_active_rules_answer(ask: Asker, event: str, channel: str, deactivated: str | None, mails: int) -> None:
    plant(ask, "rule", name="Hi", event_types=[event], auto_reply=True, deactivated_datetime=deactivated)
    jane = ask.customer()
    made = ask.make("tickets", ticket(incoming(jane), channel=channel))
    ask.make(f"tickets/{made['id']}/messages", incoming(jane))
    ask("PUT", f"tickets/{made['id']}", {"subject": "x"})
    assert [mail["kind"] for mail in outbox(ask.url)] == ["auto-reply"] * mails


def test_active_http_integrations_are_called(ask: Asker) -> None:
    plant(ask, "integration", type="http", url="https://erp.shop.example", triggers=["ticket-created"])
    ask.make("tickets", ticket(incoming(ask.customer())))
    assert [(mail["kind"], mail["recipient"]) for mail in outbox(ask.url)] == [("webhook", "https://erp.shop.example")]
    plant(ask, "integration", type="http", url="x", triggers=["ticket-created"], deactivated_datetime=OLD)
    ask.make("tickets", ticket(incoming(20_000)))
    assert len(outbox(ask.url)) == 1


def test_an_integration_that_names_no_events_is_called_on_those_of_the_product(ask: Asker) -> None:
    plant(ask, "integration", type="http", url="https://erp.shop.example")
    made = ask.make("tickets", ticket(incoming(ask.customer()), status="closed"))
    ask("PUT", f"tickets/{made['id']}", {"status": "open"})
    assert [mail["reason"] for mail in outbox(ask.url)] == [
        "ticket-created",
        "ticket-message-created",
        "ticket-updated",
    ]


def test_a_seed_of_unsent_messages_sends_nothing(tmp_path: Path) -> None:
    seed = {**SEED, "customers": [{"email": "jane@shop.example"}],
            "tickets": [ticket(without(outgoing(20_000), "sent_datetime"))]}  # fmt: skip
    account = Account("demo", tmp_path / "x.sqlite3", seed=seed)
    assert account.store.count("ticket") == 1
    assert account.store.outbox() == []
    account.store.close()


def test_a_customers_message_opens_a_closed_ticket_and_an_agents_does_not(ask: Asker) -> None:
    jane = ask.customer()
    made = ask.make("tickets", ticket(incoming(jane), status="closed", closed_datetime=OLD))
    path = f"tickets/{made['id']}"
    ask.make(f"{path}/messages", outgoing(jane))
    assert ask("GET", path).json()["status"] == "closed"
    ask.make(f"{path}/messages", incoming(jane))
    read = ask("GET", path).json()
    assert (read["status"], read["closed_datetime"]) == ("open", None)
    ask("PUT", path, {"status": "closed", "closed_datetime": LATER})
    assert ask("GET", path).json()["closed_datetime"] == "2021-06-01T00:00:00.000000"
    ask("PUT", path, {"status": "open"})
    assert ask("GET", path).json()["closed_datetime"] is None


@pytest.mark.parametrize("write", ["message", "put", "tags"])
def test_any_write_moves_the_date_of_change(ask: Asker, write: str) -> None:
    jane = ask.customer()
    made = ask.make("tickets", ticket(incoming(jane), updated_datetime=OLD))
    path = f"tickets/{made['id']}"
    assert ask("GET", path).json()["updated_datetime"].startswith("2020-01-01")
    if write == "message":
        ask.make(f"{path}/messages", outgoing(jane, created_datetime=LATER))
        assert ask("GET", path).json()["last_message_datetime"].startswith("2021-06-01")
    elif write == "put":
        ask("PUT", path, {"subject": "x"})
    else:
        ask("POST", f"{path}/tags", {"names": ["a"]})
    assert not ask("GET", path).json()["updated_datetime"].startswith("2020-01-01")
    ask("PUT", path, {"updated_datetime": LATER})
    assert ask("GET", path).json()["updated_datetime"].startswith("2021-06-01")


def test_ids_of_customers_are_none_of_users(ask: Asker) -> None:
    jane = ask.customer()
    assert ask("GET", f"users/{jane}").status_code == 404
    assert ask("GET", "customers/1").status_code == 404
