"""What crosses the border: bodies are checked before they leave, replies before they are used; no value is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator_lib.errors import MailGuardError, RecordUnusable, ReplyUnusable, Unanswered
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.gorgias.contract.bodies import TicketUpdate
from tests.gorgias.recorder import Recorder
from tests.gorgias.told import Told, reply

PERSON = "jane.roe@shop.example"
MESSAGE = {"channel": "email", "via": "api", "from_agent": True}
SETTINGS = {"input_type": "input"}
HTTP = {"url": "https://x.example", "method": "POST", "request_content_type": "a/b", "response_content_type": "a/b"}
SURVEY = {"ticket_id": 1, "customer_id": 2}
RULE = {"name": "Hello", "code": ""}
Act = Callable[[GorgiasApi, Any], Any]

CREATIONS: dict[str, tuple[Act, dict[str, Any]]] = {
    "tickets": (lambda api, body: api.tickets.create(body), {"via": "api", "messages": [MESSAGE]}),
    "tickets/3/messages": (lambda api, body: api.messages.create(3, body), MESSAGE),
    "customers": (lambda api, body: api.customers.create(body), {"channels": []}),
    "users": (
        lambda api, body: api.users.create(body), {"email": PERSON, "name": "Jane", "role": {"name": "agent"}},
    ),
    "teams": (lambda api, body: api.teams.create(body), {"name": "A"}),
    "tags": (lambda api, body: api.tags.create(body), {"name": "A"}),
    "custom-fields": (
        lambda api, body: api.custom_fields.create(body),
        {"object_type": "Ticket", "label": "A", "definition": {"data_type": "text", "input_settings": SETTINGS}},
    ),
    "satisfaction-surveys": (lambda api, body: api.surveys.create(body), SURVEY),
    "jobs": (lambda api, body: api.jobs.create(body), {"type": "deleteTicket", "params": {"ticket_ids": [1]}}),
    "rules": (lambda api, body: api.rules.create(body), RULE),
    "integrations": (
        lambda api, body: api.integrations.create(body), {"name": "Hook", "type": "http", "http": HTTP},
    ),
    "macros": (lambda api, body: api.macros.create(body), {"name": "Hello"}),
    "account/settings": (lambda api, body: api.account.create_setting(body), {"type": "business-hours"}),
}  # fmt: skip
CHANGES: dict[str, tuple[Act, Any]] = {
    "tickets/3": (lambda api, body: api.tickets.update(3, body), {"status": "closed"}),
    "tickets/3/messages/4": (lambda api, body: api.messages.update(3, 4, body), MESSAGE),
    "customers/3": (lambda api, body: api.customers.update(3, body), {"name": "Jane"}),
    "users/3": (lambda api, body: api.users.update(3, body), {"active": False}),
    "teams/3": (lambda api, body: api.teams.update(3, body), {"members": [{"id": 1}]}),
    "tags/3": (lambda api, body: api.tags.update(3, body), {"description": "x"}),
    "custom-fields/3": (lambda api, body: api.custom_fields.update(3, body), {"required": False}),
    "satisfaction-surveys/3": (lambda api, body: api.surveys.update(3, body), SURVEY),
    "rules/3": (lambda api, body: api.rules.update(3, body), {**RULE, "deactivated_datetime": "2020-01-01T00:00:00Z"}),
    "integrations/3": (lambda api, body: api.integrations.update(3, body), {"name": "Hook"}),
    "macros/3": (lambda api, body: api.macros.update(3, body), {"name": "Hello", "actions": []}),
    "account/settings/3": (lambda api, body: api.account.update_setting(3, body), {"type": "auto-merge", "data": {}}),
}
NAMED = {"tags": {"name": "A"}, "teams": {"name": "A"}}
WHAT_A_REPLY_TELLS: dict[str, dict[str, Any]] = {
    **NAMED, "custom-fields": {"label": "A", "definition": {"data_type": "text"}},
}  # fmt: skip


def answering(path: str) -> Recorder:
    """Return a transport that answers a creation as its endpoint does."""
    return Recorder(lambda _: {"id": 7, **WHAT_A_REPLY_TELLS.get(path, {})})


# --- bodies --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", CREATIONS)
def test_what_is_made_is_posted_as_it_was_given_and_comes_back_as_its_model(path: str) -> None:
    transport, (create, body) = answering(path), CREATIONS[path]
    made = create(GorgiasApi(transport), body)
    assert transport.sent == [("POST", path, None, body)]
    assert transport.sent[0][3] is body
    assert made.id == 7


@pytest.mark.parametrize("path", CHANGES)
def test_what_is_changed_is_put_as_it_was_given_and_says_nothing(path: str) -> None:
    transport, (change, body) = Recorder(lambda _: None), CHANGES[path]
    assert change(GorgiasApi(transport), body) is None
    assert transport.sent == [("PUT", path, None, body)]
    assert transport.sent[0][3] is body


@pytest.mark.parametrize("path", [*CREATIONS, *CHANGES])
@pytest.mark.parametrize("colour", ["red", PERSON, {"deep": PERSON}])
def test_an_unknown_key_keeps_a_body_from_leaving(path: str, colour: Any) -> None:
    transport, (act, body) = Recorder(), {**CREATIONS, **CHANGES}[path]
    with pytest.raises(RecordUnusable, match="colour: Extra inputs are not permitted") as caught:
        act(GorgiasApi(transport), {**body, "colour": colour})
    assert f"/api/{path} " in str(caught.value)
    assert caught.value.next_step
    assert PERSON not in str(caught.value)
    assert transport.sent == []


def test_every_place_that_does_not_fit_is_named_and_no_value_told() -> None:
    good = {**MESSAGE, "body_text": PERSON}
    bad = {"channel": "email", "via": PERSON, "from_agent": PERSON, "source": {"from": {"address": ""}}}
    body = {"via": "api", "messages": [good, bad], "priority": PERSON, "subject": PERSON * 100}
    transport = Recorder()
    with pytest.raises(RecordUnusable) as caught:
        GorgiasApi(transport).tickets.create(body)
    words = str(caught.value)
    for place in ("priority:", "subject:", "messages.1.via:", "messages.1.from_agent:", "messages.1.source.from"):
        assert place in words
    assert "messages.0" not in words
    assert PERSON not in words
    assert transport.sent == []


def test_of_many_problems_some_are_told_and_the_others_counted() -> None:
    with pytest.raises(RecordUnusable, match="; and 45 more"):
        GorgiasApi(Recorder()).tickets.create({"via": "api", "messages": [{"channel": "email", "via": "api"}] * 50})


PRIVATE = st.recursive(
    st.just(PERSON), lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "name"]), inner)
)
FIELDS = sorted(TicketUpdate.model_fields)


@settings(max_examples=60)
@given(body=PRIVATE | st.dictionaries(st.sampled_from(FIELDS), PRIVATE, min_size=1))
def test_a_body_leaves_or_is_refused_and_nothing_that_it_holds_is_told(body: Any) -> None:
    transport = Recorder()
    refusal = None
    try:
        GorgiasApi(transport).tickets.update(3, body)
    except RecordUnusable as error:
        refusal = error
    assert transport.sent == ([] if refusal else [("PUT", "tickets/3", None, body)])
    assert PERSON not in str(refusal)


@pytest.mark.parametrize(
    ("act", "sent"),
    [
        (lambda api: api.tickets.add_tags(3, names=["A"]), ("POST", "tickets/3/tags", None, {"names": ["A"]})),
        (lambda api: api.tickets.remove_tags(3, ids=[1]), ("DELETE", "tickets/3/tags", None, {"ids": [1]})),
        (lambda api: api.tickets.replace_tags(3), ("PUT", "tickets/3/tags", None, {"names": []})),
        (lambda api: api.customers.delete_many([1, 2]), ("DELETE", "customers", None, {"ids": [1, 2]})),
        (lambda api: api.tags.delete_many([1]), ("DELETE", "tags", None, {"ids": [1]})),
        (lambda api: api.tags.merge(3, [1, 2]), ("PUT", "tags/3/merge", None, {"source_tags_ids": [1, 2]})),
        (lambda api: api.customers.merge(1, 2),
         ("PUT", "customers/merge", {"source_id": 1, "target_id": 2}, {})),
        (lambda api: api.macros.archive([1]), ("PUT", "macros/archive", None, {"ids": [1]})),
        (lambda api: api.macros.unarchive([1]), ("PUT", "macros/unarchive", None, {"ids": [1]})),
        (lambda api: api.jobs.cancel(3), ("DELETE", "jobs/3", None, None)),
        (lambda api: api.rules.delete(3), ("DELETE", "rules/3", None, None)),
        (lambda api: api.integrations.delete(3), ("DELETE", "integrations/3", None, None)),
        (lambda api: api.macros.delete(3), ("DELETE", "macros/3", None, None)),
    ],
)  # fmt: skip
def test_what_has_a_body_or_query_of_its_own_sends_it_as_documented(act: Any, sent: Any) -> None:
    transport = Recorder(lambda _: None)
    act(GorgiasApi(transport))
    assert transport.sent == [sent]


@pytest.mark.parametrize(
    "act",
    [
        lambda api: api.customers.delete_many([]),
        lambda api: api.tags.delete_many([]),
        lambda api: api.tags.merge(3, []),
        lambda api: api.macros.archive(range(31)),
        lambda api: api.tickets.add_tags(3, names=[""]),
        lambda api: api.tickets.replace_custom_fields(3, [{"id": 1, "value": [1]}]),
        lambda api: api.customers.replace_custom_fields(3, [{"value": "x"}]),
    ],
)
def test_lists_that_gorgias_would_not_take_do_not_leave(act: Any) -> None:
    transport = Recorder()
    with pytest.raises(RecordUnusable):
        act(GorgiasApi(transport))
    assert transport.sent == []


@pytest.mark.parametrize(
    "act",
    [
        lambda api: api.customers.merge(1, 2),
        lambda api: api.tags.merge(1, [2]),
        lambda api: api.messages.update(1, 2, MESSAGE),
        lambda api: api.rules.create(RULE),
        lambda api: api.rules.update(1, RULE),
        lambda api: api.rules.delete(1),
        lambda api: api.integrations.create({"name": "Hook", "type": "http", "http": HTTP}),
        lambda api: api.account.create_setting({"type": "business-hours"}),
        lambda api: api.account.update_setting(1, {"type": "business-hours"}),
    ],
)
def test_what_acts_or_cannot_be_undone_is_stopped_by_the_mail_guard(told: Told, transport: Any, act: Any) -> None:
    with pytest.raises(MailGuardError):
        act(GorgiasApi(transport))
    assert told.seen == []


# --- replies -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", CREATIONS)
@pytest.mark.parametrize("came", [None, [], "", {"object": PERSON}, {"id": PERSON}, {"id": None}])
def test_a_creation_whose_reply_tells_no_id_has_to_be_looked_up(path: str, came: Any) -> None:
    create, body = CREATIONS[path]
    with pytest.raises(Unanswered, match=f"POST /api/{path}") as caught:
        create(GorgiasApi(Recorder(lambda _: came)), body)
    assert PERSON not in str(caught.value)


@pytest.mark.parametrize("came", [None, [], "", {}, {"id": PERSON}, {"id": 1, "tags": [PERSON]}])
def test_a_read_whose_reply_cannot_be_used_halts_with_what_to_do_next(came: Any) -> None:
    with pytest.raises(ReplyUnusable, match="GET /api/tickets/3") as caught:
        GorgiasApi(Recorder(lambda _: came)).tickets.get(3)
    assert "run again" in caught.value.next_step
    assert PERSON not in str(caught.value)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_an_empty_reply_is_fine_where_nothing_is_told(told: Told, transport: Any, status: int) -> None:
    told.script = [reply(status) for _ in range(5)]
    api = GorgiasApi(transport)
    api.tickets.update(1, {"status": "closed"})
    api.tickets.add_tags(1, names=["A"])
    api.tickets.delete(1)
    api.customers.delete_many([1])
    api.tickets.replace_custom_fields(1, [{"id": 1, "value": "x"}])
    assert told.methods == ["PUT", "POST", "DELETE", "DELETE", "PUT"]


@pytest.mark.parametrize("wrapped", [True, False])
@pytest.mark.parametrize(
    "value", [{"id": 9, "value": "x"}, {"field": {"id": 9, "label": "A"}, "value": "x", "prediction": None}]
)
def test_values_of_custom_fields_come_bare_or_wrapped(wrapped: bool, value: Any) -> None:
    api = GorgiasApi(Recorder(lambda _: {"data": [value]} if wrapped else [value]))
    for found in (api.tickets.custom_fields(3), api.customers.custom_fields(3)):
        assert [(one.definition_id, one.value) for one in found] == [(9, "x")]


@pytest.mark.parametrize("came", [None, "no", {}, {"data": None}, [1]])
def test_what_is_no_list_of_values_is_told_so(came: Any) -> None:
    with pytest.raises(ReplyUnusable, match="GET /api/tickets/3/custom-fields"):
        GorgiasApi(Recorder(lambda _: came)).tickets.custom_fields(3)


@pytest.mark.parametrize("size", [5, "5"])
def test_the_size_of_an_upload_may_come_as_text(size: Any) -> None:
    transport = Recorder(lambda _: [{"url": "https://x.example/a", "name": "a", "size": size, "new": 1}])
    file = GorgiasApi(transport).uploads.send("a", b"12345", "text/plain", public=False)
    assert (file.url, file.size, file.as_json()["new"]) == ("https://x.example/a", 5, 1)
