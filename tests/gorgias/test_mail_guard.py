"""Nothing that could send mail passes, whatever the payload; what only stores passes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from migrator_lib.errors import MailGuardError
from migrator_lib.gorgias.mail_guard import FORBIDDEN_IN_MESSAGES, check

PERSON = st.fixed_dictionaries({"id": st.integers(min_value=1)})
MOMENT = st.datetimes(min_value=datetime(1999, 1, 1)).map(lambda moment: moment.isoformat() + "Z")
TEXT = st.text(max_size=20)
NOISE = st.one_of(st.none(), st.booleans(), st.integers(), TEXT, st.lists(TEXT, max_size=2))


def messages() -> st.SearchStrategy[dict[str, Any]]:
    """Messages as the transform makes them: sent long ago, people by id alone."""
    return st.fixed_dictionaries(
        {"channel": st.sampled_from(["email", "phone", "internal-note"]), "via": st.just("api"),
         "from_agent": st.booleans(), "sent_datetime": MOMENT, "sender": PERSON},
        optional={"receiver": PERSON, "public": st.booleans(), "body_html": TEXT, "external_id": TEXT,
                  "source": st.just({"from": {"address": "a@b.example"}}), "attachments": st.just([])},
    )  # fmt: skip


def tickets() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"via": st.just("api"), "messages": st.lists(messages(), min_size=1, max_size=4)},
        optional={"customer": PERSON, "assignee_user": st.none() | PERSON, "assignee_team": st.none() | PERSON,
                  "status": st.sampled_from(["open", "closed"]), "subject": TEXT, "meta": st.just({"a": 1})},
    )  # fmt: skip


def no_moment() -> st.SearchStrategy[Any]:
    return st.sampled_from([None, "", "soon", "true", True, False, 0, 1, 1.7e9, [], {}, ["2020-01-01T00:00:00Z"]])


def more_than_an_id() -> st.SearchStrategy[Any]:
    extra = st.dictionaries(st.sampled_from(["email", "name", "channels", "meta"]), NOISE, min_size=1)
    with_id = st.builds(lambda person, more: {**person, **more}, PERSON, extra)
    return st.one_of(with_id, extra, st.just({}), st.just("jane@b.example"), st.just(7), st.just([{"id": 1}]))


def acting() -> st.SearchStrategy[dict[str, Any]]:
    """What makes a message one that is sent, acts, or touches a person."""
    return st.one_of(
        no_moment().map(lambda value: {"sent_datetime": value}),
        st.sampled_from(FORBIDDEN_IN_MESSAGES).map(lambda key: {key: [1]}),
        st.tuples(st.sampled_from(["sender", "receiver"]), more_than_an_id()).map(lambda pair: {pair[0]: pair[1]}),
    )


@given(tickets())
def test_a_ticket_of_messages_sent_long_ago_passes(ticket: dict[str, Any]) -> None:
    check("POST", "tickets", body=ticket)


@given(tickets(), acting(), st.data())
def test_one_acting_message_anywhere_stops_the_ticket(ticket: dict[str, Any], what: Any, data: st.DataObject) -> None:
    thread = ticket["messages"]
    index = data.draw(st.integers(0, len(thread) - 1))
    thread[index] = {**thread[index], **what}
    with pytest.raises(MailGuardError):
        check("POST", "tickets", body=ticket)


@given(tickets(), st.data())
def test_a_message_that_lacks_its_date_altogether_stops_the_ticket(ticket: dict[str, Any], data: st.DataObject) -> None:
    del ticket["messages"][data.draw(st.integers(0, len(ticket["messages"]) - 1))]["sent_datetime"]
    with pytest.raises(MailGuardError, match="sent_datetime"):
        check("POST", "tickets", body=ticket)


@given(messages(), acting())
def test_an_acting_message_alone_is_stopped_and_a_quiet_one_passes(message: dict[str, Any], what: Any) -> None:
    check("POST", "tickets/12/messages", body=message)
    with pytest.raises(MailGuardError):
        check("POST", "tickets/12/messages", body={**message, **what})


@given(messages(), NOISE)
def test_a_message_with_an_action_is_stopped(message: dict[str, Any], action: Any) -> None:
    with pytest.raises(MailGuardError, match="action"):
        check("POST", "tickets/12/messages", params={"action": action}, body=message)


@given(
    st.sampled_from(["POST", "PUT"]),
    st.sampled_from(["customer", "assignee_user", "assignee_team"]),
    more_than_an_id(),
    tickets(),
)
def test_a_ticket_names_people_by_id_alone(method: str, role: str, person: Any, ticket: dict[str, Any]) -> None:
    if method == "PUT":
        del ticket["messages"]
    path = "tickets" if method == "POST" else "tickets/3"
    with pytest.raises(MailGuardError, match=role):
        check(method, path, body={**ticket, role: person})


@pytest.mark.parametrize("thread", [None, "text", {"0": {}}, 7, [None], ["text"], [[]]])
def test_a_thread_that_is_none_is_stopped(thread: object) -> None:
    with pytest.raises(MailGuardError):
        check("POST", "tickets", body={"via": "api", "messages": thread})


@pytest.mark.parametrize("body", [None, [], "text", [{"messages": []}]])
@pytest.mark.parametrize("request_", ["POST tickets", "PUT tickets/1", "POST tickets/1/messages"])
def test_a_body_that_cannot_be_read_is_stopped(request_: str, body: object) -> None:
    method, path = request_.split()
    with pytest.raises(MailGuardError):
        check(method, path, body=body)


@given(messages())
def test_a_change_of_a_ticket_holds_no_messages(message: dict[str, Any]) -> None:
    with pytest.raises(MailGuardError):
        check("PUT", "tickets/1", body={"status": "closed", "messages": [message]})


HARMLESS = [
    ("GET", "account"), ("GET", "tickets/1/messages/2"), ("PUT", "tickets/1"), ("DELETE", "tickets/1"),
    ("DELETE", "tickets/1/messages/2"), ("PUT", "tickets/1/custom-fields"), ("POST", "tickets/1/tags"),
    ("POST", "customers"), ("DELETE", "customers"), ("PUT", "customers/1"), ("DELETE", "customers/1"),
    ("PUT", "customers/1/custom-fields"), ("PUT", "users/1"), ("DELETE", "users/1"), ("POST", "teams"),
    ("PUT", "teams/1"), ("DELETE", "teams/1"), ("POST", "tags"), ("DELETE", "tags"), ("PUT", "tags/1"),
    ("DELETE", "tags/1"), ("POST", "custom-fields"), ("PUT", "custom-fields/1"), ("POST", "upload"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), HARMLESS)
def test_harmless_requests_pass(method: str, path: str) -> None:
    check(method, path, body={"name": "x"})


ACTING_REQUESTS = [
    ("POST", "satisfaction-surveys"), ("PUT", "satisfaction-surveys/1"), ("POST", "jobs"), ("POST", "macros"),
    ("PUT", "tickets/1/messages/2"), ("POST", "integrations"), ("PUT", "rules/1"), ("PUT", "customers/merge"),
    ("POST", "tickets/1"), ("DELETE", "tickets"), ("DELETE", "users"), ("PATCH", "tickets/1"), ("post", "tickets"),
    ("POST", "tickets/1/messages?action=force"), ("POST", "tickets/"), ("POST", "/tickets"), ("POST", "tickets\n"),
    ("POST", "tickets/../satisfaction-surveys"), ("POST", "tickets/1/messages/"), ("POST", "account/settings"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), ACTING_REQUESTS)
def test_requests_that_are_not_on_the_list_are_stopped(method: str, path: str) -> None:
    with pytest.raises(MailGuardError, match="not on the list"):
        check(method, path, body={"messages": []})


@given(st.sampled_from(["POST", "PUT", "DELETE", "PATCH"]), st.text(alphabet="abcdefgtickes-/0123456789", max_size=30))
def test_made_up_writes_are_stopped(method: str, path: str) -> None:
    known = {"tickets", "tags", "customers", "teams", "users", "custom-fields", "upload"}
    assume(path.split("/")[0] not in known)
    with pytest.raises(MailGuardError):
        check(method, path, body={})


def test_users_are_created_only_with_leave() -> None:
    with pytest.raises(MailGuardError, match="invitation"):
        check("POST", "users", body={})
    check("POST", "users", body={}, allow_invitations=True)


def test_a_refusal_shows_no_content_and_says_what_to_do() -> None:
    body = {"messages": [{"body_text": "the private words", "sender": {"email": "jane@private.example"}}]}
    with pytest.raises(MailGuardError) as caught:
        check("POST", "tickets", body=body)
    assert "Nothing left this machine" in str(caught.value)
    assert "Next: " in str(caught.value)
    assert "private" not in str(caught.value)
