"""Rules, integrations, auto-merge, auto-assignment and snoozing: what changes tickets without being asked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator_lib.clock import ManualClock
from migrator_lib.simulators.gorgias import Account
from migrator_lib.simulators.gorgias.admin_client import outbox
from migrator_lib.simulators.gorgias.behaviour.actions import ACTIONS
from migrator_lib.simulators.gorgias.behaviour.rule_code import blocks, is_met
from migrator_lib.simulators.gorgias.resources import tickets
from tests.simulated_account import SEED, SimulatedGorgias
from tests.simulators.gorgias.asking import AGENT, OLD, Asker, incoming, note, outgoing, ticket


@pytest.fixture
def clock(gorgias: SimulatedGorgias) -> ManualClock:
    """The account's clock, which stands still unless it is moved."""
    gorgias.account.clock = clock = ManualClock()
    return clock


def plant(ask: Asker, kind: str, thing_id: int = 1, **document: Any) -> None:
    ask.account.store.put(kind, {"id": thing_id, **document})


def rule(ask: Asker, code: str, events: str = "ticket-created", thing_id: int = 1, **more: Any) -> None:
    plant(ask, "rule", thing_id, name=f"Rule {thing_id}", event_types=events, code=code, **more)


def fired(ask: Asker) -> list[tuple[str, str, str]]:
    return [(found["what"], found["name"], found["event"]) for found in ask.account.store.fired()]


def read(ask: Asker, made: dict[str, Any]) -> dict[str, Any]:
    return dict(ask("GET", f"tickets/{made['id']}").json())


# --- rules ---------------------------------------------------------------------------------------------


def test_a_rule_answers_tags_and_closes_and_that_is_told(ask: Asker, clock: ManualClock) -> None:
    rule(ask, "if (eq(ticket.channel, 'email')) { Action('replyToTicket', {body_text: 'Thanks, {{name}}'}); "
              "Action('addTags', {tags: 'new'}); Action('setStatus', {status: 'closed'}); }")  # fmt: skip
    made = ask.make("tickets", ticket(incoming(ask.customer())))
    found = read(ask, made)
    assert ([tag["name"] for tag in found["tags"]], found["status"]) == (["new"], "closed")
    first, reply = found["messages"]
    assert (first["via"], reply["via"], reply["rule_id"], reply["from_agent"]) == ("api", "rule", 1, True)
    assert (reply["public"], reply["body_text"]) == (True, "Thanks, {{name}}")
    assert [(mail["kind"], mail["recipient"], mail["reason"]) for mail in outbox(ask.url)] == [
        ("auto-reply", "jane@shop.example", "rule Rule 1")
    ]
    assert fired(ask) == [("rule", "Rule 1", "ticket-created")]
    clock.advance(10)
    assert read(ask, made)["messages"][1]["sent_datetime"] == "2026-01-01T00:00:05.000000"


@pytest.mark.parametrize("left_alone", [True, False])
def test_a_rule_does_not_answer_what_came_by_api_and_does_the_rest(ask: Asker, left_alone: bool) -> None:
    ask.account.knobs.auto_replies_leave_api_alone = left_alone
    rule(ask, "Action('replyToTicket', {body_text: 'Thanks'}); Action('addTags', {tags: 'new'})")
    found = read(ask, ask.make("tickets", ticket(incoming(ask.customer()), channel="api")))
    assert len(found["messages"]) == (1 if left_alone else 2)
    assert [tag["name"] for tag in found["tags"]] == ["new"]
    assert len(outbox(ask.url)) == (0 if left_alone else 1)


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        ("eq(ticket.channel, 'email')", True),
        ("!eq(ticket.channel, 'email')", False),
        ("neq(ticket.channel, 'email')", False),
        ("eq(ticket.channel, 'chat') || contains(message.body_text, 'hell')", True),
        ("eq(ticket.channel, 'email') && containsAny(ticket.tags.name, ['a', 'vip'])", True),
        ("eq(ticket.channel, 'email') && notContains(ticket.tags.name, 'vip')", False),
        ("isEmpty(ticket.assignee_user)", True),
        ("isNotEmpty(ticket.assignee_user.id)", False),
        ("eq(ticket.spam, false)", True),
        ("somethingNew(ticket.channel, 'chat')", True),
    ],
)
def test_conditions_are_tested(ask: Asker, condition: str, met: bool) -> None:
    rule(ask, f"if ({condition}) {{ Action('setSubject', {{subject: 'met'}}) }}")
    found = read(ask, ask.make("tickets", ticket(incoming(ask.customer()), tags=[{"name": "vip"}])))
    assert found["subject"] == ("met" if met else None)
    assert fired(ask) == ([("rule", "Rule 1", "ticket-created")] if met else [])


@pytest.mark.parametrize(
    "code", ["", "if (", "if (eq(ticket.id, 1)", "Action(", "Action('x', {", "Action('x', {a: [})"]
)
def test_code_that_is_broken_breaks_nothing(code: str) -> None:
    for block in blocks(code):
        is_met(block.condition, {"ticket": {}, "message": {}})


def test_a_second_block_has_a_condition_of_its_own() -> None:
    code = "if (eq(a.b, 1)) { Action('one', {t: ')}'}) } if (eq(a.b, 2)) { Action('two') } Action('always', {n: 1})"
    found = [(block.condition, block.actions) for block in blocks(code)]
    assert found == [
        ("eq(a.b, 1)", (("one", {"t": ")}"}),)), ("eq(a.b, 2)", (("two", {}),)), ("", (("always", {"n": 1}),)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("event", "times"),
    [
        ("ticket-created", 1), ("ticket-updated", 2), ("ticket-message-created", 2), ("ticket-assigned", 1),
        ("ticket-self-unsnoozed", 1), ("satisfaction-survey-responded", 1),
    ],
)  # fmt: skip
def test_each_event_has_its_cause(ask: Asker, clock: ManualClock, event: str, times: int) -> None:
    rule(ask, "Action('addTags', {tags: 'x'})", f"{event}, never")
    jane = ask.customer()
    path = f"tickets/{ask.make('tickets', ticket(incoming(jane)))['id']}"
    ask.make(f"{path}/messages", outgoing(jane))
    ask("PUT", path, {"assignee_user": {"id": AGENT}})
    ask("PUT", path, {"snooze_datetime": "2026-01-02T00:00:00"})
    ask.make("satisfaction-surveys", {"customer_id": jane, "ticket_id": int(path[8:]), "score": 5})
    clock.advance(2 * 86_400)
    ask("GET", path)
    assert [found for found in fired(ask) if found[0] == "rule"] == [("rule", "Rule 1", event)] * times


def test_the_highest_priority_runs_first_and_what_rules_do_starts_none(ask: Asker) -> None:
    rule(ask, "Action('setSubject', {subject: 'low'})", "ticket-created", 1, priority=1)
    rule(ask, "Action('setSubject', {subject: 'high'})", "ticket-created", 2, priority=9)
    rule(ask, "Action('setSubject', {subject: 'again'})", "ticket-updated", 3, priority=5)
    assert read(ask, ask.make("tickets", ticket(incoming(ask.customer()))))["subject"] == "low"
    assert [name for _, name, _ in fired(ask)] == ["Rule 2", "Rule 1"]


def test_what_a_rule_does_calls_integrations(ask: Asker) -> None:
    rule(ask, "Action('setAssignee', {assignee_user: {id: 3}})")
    http = {"url": "https://erp.shop.example", "triggers": {"ticket-assigned": True, "ticket-created": False}}
    plant(ask, "integration", name="ERP", type="http", http=http)
    ask.make("tickets", ticket(incoming(ask.customer())))
    assert [(mail["kind"], mail["reason"]) for mail in outbox(ask.url)] == [("webhook", "ticket-assigned")]
    assert fired(ask) == [("rule", "Rule 1", "ticket-created"), ("integration", "ERP", "ticket-assigned")]


def test_what_acts_on_nothing_says_nothing(ask: Asker) -> None:
    rule(ask, "Action('addTags', {tags: 'x'})", deactivated_datetime=OLD)
    jane = ask.customer()
    made = ask.make("tickets", ticket(incoming(jane), status="closed"))
    ask.make(f"tickets/{made['id']}/messages", incoming(jane))
    assert (fired(ask), outbox(ask.url)) == ([], [])


# --- auto-merge ----------------------------------------------------------------------------------------


def merge_within(ask: Asker, days: int) -> None:
    plant(ask, "setting", type="auto-merge", data={"enabled": True, "days": days})


def test_open_tickets_of_a_customer_become_one(ask: Asker) -> None:
    merge_within(ask, 5)
    jane = ask.customer()
    first, second = (ask.make("tickets", ticket(incoming(jane), tags=[{"name": name}])) for name in ("a", "b"))
    into, gone = read(ask, first), read(ask, second)
    assert [message["ticket_id"] for message in into["messages"]] == [first["id"]] * 2
    assert ([tag["name"] for tag in into["tags"]], into["messages_count"]) == (["a", "b"], 2)
    assert (gone["messages"], bool(gone["trashed_datetime"])) == ([], True)
    assert fired(ask) == [("auto-merge", f"into {first['id']}", "ticket-created")]


@pytest.mark.parametrize("why", ["closed", "other customer", "too old", "at most 180 days", "off"])
def test_others_are_left_alone(ask: Asker, why: str) -> None:
    merge_within(ask, 5000 if why == "at most 180 days" else 5)
    if why == "off":
        plant(ask, "setting", type="auto-merge", data={"enabled": False})
    jane, joe = ask.customer(), ask.customer("joe@shop.example")
    old = {"too old": "2026-06-01T00:00:00", "at most 180 days": "2026-01-01T00:00:00"}
    ask.make("tickets", ticket(incoming(jane), created_datetime=old.get(why, "2026-07-10T00:00:00"),
                               status="closed" if why == "closed" else "open"))  # fmt: skip
    customer = joe if why == "other customer" else jane
    ask.make("tickets", ticket(incoming(customer), created_datetime="2026-07-11T00:00:00"))
    assert fired(ask) == []


def test_a_ticket_that_opens_again_is_merged_as_well(ask: Asker) -> None:
    merge_within(ask, 5)
    jane = ask.customer()
    first = ask.make("tickets", ticket(incoming(jane)))
    second = ask.make("tickets", ticket(incoming(jane), status="closed"))
    ask.make(f"tickets/{second['id']}/messages", incoming(jane))
    assert read(ask, first)["messages_count"] == 3


# --- auto-assignment -----------------------------------------------------------------------------------


def test_open_tickets_are_given_to_the_members_of_teams_in_turn(ask: Asker) -> None:
    ask.make("teams", {"name": "First", "members": [{"id": 2}, {"id": 3}]})
    other = ask.make("teams", {"name": "Second", "members": [{"id": 1}]})
    plant(ask, "setting", type="ticket-assignment", data={"auto_assign_to_teams": [1]})
    jane = ask.customer()
    made = [ask.make("tickets", ticket(incoming(jane))) for _ in range(3)]
    assert [read(ask, one)["assignee_user"]["id"] for one in made] == [2, 3, 2]
    mine = ask.make("tickets", ticket(incoming(jane), assignee_user={"id": 1}))
    closed = ask.make("tickets", ticket(incoming(jane), status="closed"))
    theirs = ask.make("tickets", ticket(incoming(jane), assignee_team={"id": other["id"]}))
    assert [(read(ask, one)["assignee_user"] or {}).get("id") for one in (mine, closed, theirs)] == [1, None, 1]
    assert [what for what, _, _ in fired(ask)] == ["auto-assignment"] * 4


# --- snoozing ------------------------------------------------------------------------------------------


def test_a_snoozed_ticket_comes_back_at_its_time(ask: Asker, clock: ManualClock) -> None:
    made = ask.make("tickets", ticket(incoming(ask.customer()), snooze_datetime="2026-01-01T01:00:00", status="closed"))
    clock.advance(3599)
    assert read(ask, made)["status"] == "closed"
    clock.advance(2)
    found = read(ask, made)
    assert (found["status"], found["snooze_datetime"]) == ("open", None)
    assert found["updated_datetime"] == "2026-01-01T01:00:00.000000"
    assert [name for _, _, name in fired(ask)] == ["ticket-self-unsnoozed"]


@pytest.mark.parametrize("until", [None, OLD])
def test_a_snooze_that_is_taken_back_or_past_does_nothing(ask: Asker, clock: ManualClock, until: str | None) -> None:
    made = ask.make("tickets", ticket(incoming(ask.customer()), snooze_datetime="2026-01-01T01:00:00", status="closed"))
    ask("PUT", f"tickets/{made['id']}", {"snooze_datetime": until})
    clock.advance(7200)
    assert (read(ask, made)["status"], fired(ask)) == ("closed", [])


# --- whatever it is told -------------------------------------------------------------------------------

SNIPPETS = (
    "if (", ")", "{", "}", "Action('", "addTags'", ", {tags: ", "'a,b'", "[1, {name: x}]", "eq(ticket.id, ", "&&", "||",
    "2020-13-45", "\\ud800", "!", '"', "setAssignee'", "{assignee_user: {id: ", "1e999", "9" * 20, "\n",
)  # fmt: skip
NAMES = ("tags", "status", "assignee_user", "id", "name", "subject", "snooze_datetime", "body_text")
PLAIN = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
JSON = st.recursive(
    PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(NAMES), inner), max_leaves=6
)  # fmt: skip


@given(
    code=st.lists(st.sampled_from(SNIPPETS), max_size=12).map("".join),
    name=st.sampled_from([*ACTIONS]),
    arguments=JSON,
    data=JSON,
)
@settings(max_examples=60)
def test_no_code_action_or_setting_breaks_an_account(code: str, name: str, arguments: Any, data: Any) -> None:
    rules = [{"name": "Odd", "event_types": "ticket-created", "code": code}]
    kinds = ("satisfaction-surveys", "auto-merge", "ticket-assignment")
    switches = [
        {
            "type": kind,
            "data": {"enabled": True, "days": data, "send_after_seconds": data, "auto_assign_to_teams": data},
        }
        for kind in kinds
    ]
    account = Account("odd", None, seed={**SEED, "rules": rules, "settings": switches}, clock=ManualClock())
    message = note(actions=[{"name": name, "arguments": arguments}, arguments], macros=[data])
    with account.store.transaction():
        made = tickets.create_ticket(account, ticket(message))
        tickets.create_ticket(account, ticket(note(), status="closed"))
    assert account.store.get("ticket", made["id"]) is not None
    account.store.close()
