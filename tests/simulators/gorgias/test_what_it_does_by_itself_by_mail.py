"""What goes out by mail, and when; what a message does besides being one; what is asked later."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from migrator_lib.clock import ManualClock
from migrator_lib.simulators.gorgias import Account
from migrator_lib.simulators.gorgias.admin_client import outbox
from tests.simulated_account import SEED, SimulatedGorgias
from tests.simulators.gorgias.asking import AGENT, OLD, Asker, incoming, note, outgoing, ticket, without


@pytest.fixture
def clock(gorgias: SimulatedGorgias) -> ManualClock:
    """The account's clock, which stands still unless it is moved."""
    gorgias.account.clock = clock = ManualClock()
    return clock


def plant(ask: Asker, kind: str, thing_id: int = 1, **document: Any) -> None:
    ask.account.store.put(kind, {"id": thing_id, **document})


def mails(ask: Asker) -> list[tuple[str, str, str]]:
    return [(mail["kind"], mail["recipient"], mail["reason"]) for mail in outbox(ask.url)]


def unsent(customer: int, **more: Any) -> dict[str, Any]:
    return without(outgoing(customer, **more), "sent_datetime")


# --- outgoing messages ---------------------------------------------------------------------------------


def test_a_message_goes_out_some_seconds_later_and_stands_in_the_outbox_at_once(ask: Asker, clock: ManualClock) -> None:
    jane = ask.customer()
    made = ask.make("tickets", ticket(unsent(jane)))
    path = f"tickets/{made['id']}/messages/{made['messages'][0]['id']}"
    (mail,) = outbox(ask.url)
    assert mail["at"] == "2026-01-01T00:00:05.000000"
    clock.advance(4.9)
    assert ask("GET", path).json()["sent_datetime"] is None
    clock.advance(60)
    assert ask("GET", path).json()["sent_datetime"] == mail["at"]
    assert len(outbox(ask.url)) == 1


def test_mail_goes_to_everybody_whom_the_message_names_once(ask: Asker) -> None:
    source = {"from": {"address": "help@shop.example"}, "to": [{"address": "Jane@shop.example"}],
              "cc": [{"address": "boss@shop.example"}], "bcc": [{"address": "spy@shop.example"}]}  # fmt: skip
    ask.make("tickets", ticket(unsent(ask.customer(), source=source)))
    assert [recipient for _, recipient, _ in mails(ask)] == [
        "jane@shop.example", "boss@shop.example", "spy@shop.example",
    ]  # fmt: skip


@pytest.mark.parametrize("way", ["delete the message", "delete the ticket", "cancel"])
def test_what_is_taken_back_in_time_is_not_sent(ask: Asker, clock: ManualClock, way: str) -> None:
    jane = ask.customer()
    path = f"tickets/{ask.make('tickets', ticket(incoming(jane)))['id']}"
    action = {"action": "cancel"} if way == "cancel" else None
    message = ask("POST", f"{path}/messages", unsent(jane), params=action).json()
    if way != "cancel":
        ask("DELETE", path if way == "delete the ticket" else f"{path}/messages/{message['id']}")
    clock.advance(60)
    ask("GET", "account")
    assert outbox(ask.url) == []


def test_the_date_of_sending_may_silence_in_one_place_and_not_in_the_other(ask: Asker) -> None:
    ask.account.knobs.sent_datetime_silences_in_ticket_post = False
    jane = ask.customer()
    made = ask.make("tickets", ticket(incoming(jane), outgoing(jane), note()))
    assert mails(ask) == [("message", "jane@shop.example", "no sent_datetime")]
    ask.make(f"tickets/{made['id']}/messages", outgoing(jane))
    assert len(mails(ask)) == 1


def test_what_is_to_go_out_survives_the_end_of_the_process(tmp_path: Path) -> None:
    from migrator_lib.simulators.gorgias.behaviour.clockwork import catch_up
    from migrator_lib.simulators.gorgias.resources import tickets

    seed = {**SEED, "customers": [{"email": "jane@shop.example"}]}
    first = Account("demo", tmp_path / "x.sqlite3", seed=seed, clock=ManualClock())
    with first.store.transaction():
        made = tickets.create_ticket(first, ticket(unsent(20_000)))
    first.store.close()
    clock = ManualClock()
    second = Account("demo", tmp_path / "x.sqlite3", seed=seed, clock=clock)
    clock.advance(6)
    catch_up(second)
    (message,) = second.store.by("message", "parent", made["id"])
    assert message["sent_datetime"] == "2026-01-01T00:00:05.000000"
    second.store.close()


def test_nothing_acts_on_what_the_seed_holds_and_its_snoozed_tickets_come_back(tmp_path: Path) -> None:
    from migrator_lib.simulators.gorgias.behaviour.clockwork import catch_up

    seed = {
        **SEED, "customers": [{"email": "jane@shop.example"}],
        "tickets": [
            ticket(incoming(20_000), status="closed"),
            ticket(unsent(20_000), snooze_datetime="2026-01-01T01:00:00"),
            ticket(note(mention_ids=[AGENT])),
        ],
        "rules": [{"name": "Hi", "event_types": "ticket-created", "auto_reply": True}],
        "settings": [{"type": kind, "data": {"enabled": True}} for kind in ("satisfaction-surveys", "auto-merge")],
    }  # fmt: skip
    clock = ManualClock()
    account = Account("demo", None, seed=seed, clock=clock)
    assert (account.store.outbox(), account.store.fired(), account.store.count("ticket")) == ([], [], 3)
    clock.advance(7200)
    catch_up(account)
    assert [found["what"] for found in account.store.fired()] == ["unsnooze"]
    account.store.close()


# --- what a message does -------------------------------------------------------------------------------


def test_agents_who_are_mentioned_are_told(ask: Asker) -> None:
    ask.make("tickets", ticket(note(mention_ids=[AGENT])))
    assert mails(ask) == [("mention", "dana@demo.example", "mention_ids")]


def test_actions_and_macros_of_a_message_are_carried_out(ask: Asker) -> None:
    plant(ask, "macro", 5, name="Done", actions=[{"name": "setStatus", "arguments": {"status": "closed"}}])
    actions = [{"name": "addTags", "arguments": {"tags": "vip, late"}}, {"name": "sing"}]
    made = ask.make("tickets", ticket(note(actions=actions, macros=[{"id": 5}])))
    read = ask("GET", f"tickets/{made['id']}").json()
    assert ([tag["name"] for tag in read["tags"]], read["status"]) == (["vip", "late"], "closed")
    assert mails(ask) == [("action", f"ticket {made['id']}", key) for key in ("actions", "macros")]
    assert [(found["what"], found["name"]) for found in ask.account.store.fired()] == [("action", "sing")]


# --- surveys -------------------------------------------------------------------------------------------


def surveys_on(ask: Asker, **data: Any) -> None:
    plant(ask, "setting", type="satisfaction-surveys", data={"enabled": True, **data})


@pytest.mark.parametrize("created_closed", [True, False])
def test_a_ticket_that_is_closed_has_its_customer_asked(ask: Asker, clock: ManualClock, created_closed: bool) -> None:
    surveys_on(ask)
    made = ask.make("tickets", ticket(incoming(ask.customer()), status="closed" if created_closed else "open"))
    ask("PUT", f"tickets/{made['id']}", {"status": "closed"})
    assert mails(ask) == [("survey", "jane@shop.example", "a ticket was closed")]
    clock.advance(3600)
    (survey,) = ask("GET", "satisfaction-surveys").json()["data"]
    assert (survey["ticket_id"], survey["sent_datetime"]) == (made["id"], "2026-01-01T01:00:00.000000")


def test_a_ticket_that_is_open_again_in_time_has_nobody_asked(ask: Asker, clock: ManualClock) -> None:
    surveys_on(ask, send_after_seconds=60)
    jane = ask.customer()
    path = f"tickets/{ask.make('tickets', ticket(incoming(jane), status='closed'))['id']}"
    ask.make(f"{path}/messages", incoming(jane))
    clock.advance(120)
    assert (ask("GET", "satisfaction-surveys").json()["data"], mails(ask)) == ([], [])
    ask("PUT", path, {"status": "closed"})
    assert len(mails(ask)) == 1


@pytest.mark.parametrize(("when", "sent"), [(None, 0), ("2026-01-01T02:00:00", 1), (OLD, 1)])
def test_a_survey_goes_out_if_it_has_a_date_for_that(
    ask: Asker, clock: ManualClock, when: str | None, sent: int
) -> None:
    jane = ask.customer()
    made = ask.make("tickets", ticket(incoming(jane)))
    survey = {"customer_id": jane, "ticket_id": made["id"], "score": 5, "should_send_datetime": when}
    path = f"satisfaction-surveys/{ask.make('satisfaction-surveys', survey)['id']}"
    assert len(mails(ask)) == sent
    clock.advance(3 * 3600)
    assert bool(ask("GET", path).json()["sent_datetime"]) == bool(sent)
    ask("PUT", f"tickets/{made['id']}", {"status": "closed"})
    assert len(mails(ask)) == sent, "the setting is off"


def test_no_second_survey_goes_out_for_a_ticket(ask: Asker) -> None:
    surveys_on(ask)
    jane = ask.customer()
    made = ask.make("tickets", ticket(incoming(jane)))
    ask.make("satisfaction-surveys", {"customer_id": jane, "ticket_id": made["id"], "score": 4, "sent_datetime": OLD})
    ask("PUT", f"tickets/{made['id']}", {"status": "closed"})
    assert mails(ask) == []
