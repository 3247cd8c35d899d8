"""Nothing that could send mail passes, whatever the payload; what only stores passes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from migrator_lib.errors import MailGuardError
from migrator_lib.gorgias import mail_guard, purpose
from migrator_lib.gorgias.mail_guard import check

PERSON = st.fixed_dictionaries({"id": st.integers(min_value=1)})
PAST = datetime.now() - timedelta(days=2)
MOMENT = st.datetimes(min_value=datetime(1999, 1, 1), max_value=PAST).map(lambda moment: moment.isoformat() + "Z")
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
    wrong: list[Any] = [None, "", "soon", "true", True, False, 0, 1, 1.7e9, [], {}, ["2020-01-01T00:00:00Z"]]
    return st.sampled_from(wrong) | future()


def future() -> st.SearchStrategy[str]:
    """Moments that have not come yet, with a zone and without."""
    ahead = st.timedeltas(min_value=timedelta(hours=1), max_value=timedelta(days=20_000))
    zones = st.sampled_from(["Z", "", "+00:00", "-11:00"])
    return st.builds(lambda after, zone: (_naive_now() + after).isoformat() + zone, ahead, zones)


def _naive_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def more_than_an_id() -> st.SearchStrategy[Any]:
    extra = st.dictionaries(st.sampled_from(["email", "name", "channels", "meta"]), NOISE, min_size=1)
    with_id = st.builds(lambda person, more: {**person, **more}, PERSON, extra)
    others = st.sampled_from([{}, "jane@b.example", 7, [{"id": 1}], {"id": None}, {"id": {"email": "a"}}, {"id": True}])
    return st.one_of(with_id, extra, others)


def acting() -> st.SearchStrategy[dict[str, Any]]:
    """What makes a message one that is sent, acts, or touches a person."""
    return st.one_of(
        no_moment().map(lambda value: {"sent_datetime": value}),
        st.sampled_from(["actions", "mention_ids", "macros"]).map(lambda key: {key: [1]}),
        st.tuples(st.sampled_from(["sender", "receiver"]), more_than_an_id()).map(lambda pair: {pair[0]: pair[1]}),
        st.just({"integration_id": 5, "from_agent": True}),
        st.sampled_from(["Sent_datetime", "send", "scheduled_datetime", "sent_datetime ", "auto_reply"]).map(
            lambda key: {key: True}
        ),
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
    with pytest.raises(MailGuardError, match="'action'"):
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


ONE_BY_ONE: list[dict[str, Any]] = [
    {"actions": [{"name": "replyToTicket"}]}, {"mention_ids": [3]}, {"macros": [{"id": 1}]}, {"integration_id": 5},
    {"sender": {"id": 1, "name": "x"}}, {"receiver": {"id": 1, "email": "a@b.example"}}, {"sent_datetime": None},
]  # fmt: skip


@pytest.mark.parametrize("what", ONE_BY_ONE, ids=[next(iter(what)) for what in ONE_BY_ONE])
@pytest.mark.parametrize("path", ["tickets", "tickets/12/messages"])
def test_each_thing_that_acts_stops_a_message_that_is_silent_but_for_it(path: str, what: dict[str, Any]) -> None:
    whole = path == "tickets"
    check("POST", path, body={"via": "api", "messages": [SENT]} if whole else SENT)
    acting_one = {**SENT, **what}
    with pytest.raises(MailGuardError, match=next(iter(what))):
        check("POST", path, body={"via": "api", "messages": [acting_one]} if whole else acting_one)


def test_a_message_that_does_not_say_whose_it_is_counts_as_an_agents() -> None:
    unsaid = {key: value for key, value in SENT.items() if key != "from_agent"}
    with pytest.raises(MailGuardError, match="integration_id"):
        check("POST", "tickets/12/messages", body={**unsaid, "integration_id": 5})


@pytest.mark.parametrize(("hours", "zone", "is_past"), [(2, -11, False), (-2, 11, True)])
def test_a_date_counts_by_its_zone(hours: int, zone: int, is_past: bool) -> None:
    """Two hours ahead is ahead, though the clock on the wall there shows an hour that is over here."""
    moment = datetime.now(UTC) + timedelta(hours=hours)
    value = moment.astimezone(timezone(timedelta(hours=zone))).isoformat()
    assert mail_guard.is_past(value) is is_past


@given(messages())
def test_a_change_of_a_ticket_holds_no_messages(message: dict[str, Any]) -> None:
    with pytest.raises(MailGuardError):
        check("PUT", "tickets/1", body={"status": "closed", "messages": [message]})


ID, PERSON_PAYLOAD = {"ids": [1]}, {"name": "Ann", "channels": []}
SENT = {"channel": "email", "via": "api", "from_agent": True, "sent_datetime": "2020-01-01T00:00:00Z"}
MACRO = {"name": "Hello", "actions": [{"name": "setResponseText", "arguments": {"body_text": "Hello"}}]}
MACRO = {"name": "Hello", "actions": [{"name": "setResponseText", "arguments": {"body_text": "Hello"}}]}
SURVEY = {"ticket_id": 1, "customer_id": 2, "score": 5, "sent_datetime": "2020-01-01T00:00:00Z"}
ARTICLE = {"category_id": 1, "translation": {"locale": "en-US", "title": "Returns", "content": "<p>Hello</p>"}}
HARMLESS: list[tuple[str, str, Any]] = [
    ("GET", "account", None), ("GET", "tickets/1/messages/2", None), ("PUT", "tickets/1", {"status": "closed"}),
    ("PUT", "tickets/1", {"snooze_datetime": None}), ("DELETE", "tickets/1", None),
    ("POST", "tickets/1/messages", SENT), ("DELETE", "tickets/1/messages/2", None),
    ("PUT", "tickets/1/custom-fields", [{"id": 1, "value": "x"}]), ("POST", "tickets/1/tags", {"names": ["vip"]}),
    ("POST", "customers", PERSON_PAYLOAD), ("DELETE", "customers", ID), ("PUT", "customers/1", {"name": "Ann"}),
    ("DELETE", "customers/1", None), ("PUT", "customers/1/custom-fields", []), ("PUT", "users/1", {"active": False}),
    ("DELETE", "users/1", None), ("POST", "teams", {"name": "Care", "members": [{"id": 1}]}),
    ("PUT", "teams/1", {"members": []}), ("DELETE", "teams/1", None), ("POST", "tags", {"name": "vip"}),
    ("DELETE", "tags", ID), ("PUT", "tags/1", {"description": "x"}), ("DELETE", "tags/1", None),
    ("POST", "custom-fields", {"label": "x"}), ("PUT", "custom-fields/1", {"deactivated_datetime": "2000-01-01"}),
    ("POST", "macros", MACRO), ("PUT", "macros/1", MACRO), ("DELETE", "macros/1", None), ("PUT", "macros/archive", ID),
    ("POST", "upload", None), ("POST", "satisfaction-surveys", SURVEY),
    ("PUT", "satisfaction-surveys/1", {**SURVEY, "should_send_datetime": None}),
    ("POST", "jobs", {"type": "deleteTicket", "params": {"ticket_ids": [1, 2]}}), ("DELETE", "jobs/1", None),
    ("POST", "help-center/auth", {}), ("POST", "help-center/help-centers/1/articles", ARTICLE),
    ("PUT", "help-center/help-centers/1/articles/2/translations/en-US", ARTICLE),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body"), HARMLESS)
def test_harmless_requests_pass(method: str, path: str, body: object) -> None:
    check(method, path, body=body)


ACTING_REQUESTS = [
    ("PUT", "macros/unarchive"), ("PUT", "tickets/1/messages/2"), ("POST", "integrations"), ("PUT", "rules/1"),
    ("PUT", "integrations/1"), ("PUT", "account/settings/1"), ("POST", "rules"), ("DELETE", "rules/1"),
    ("PUT", "customers/merge"), ("PUT", "customers/1/data"), ("POST", "search"), ("POST", "rules/priorities"),
    ("POST", "tickets/1"), ("DELETE", "tickets"), ("DELETE", "users"), ("PATCH", "tickets/1"), ("post", "tickets"),
    ("POST", "tickets/\u0661/messages"), ("POST", "account/settings"), ("PUT", "users"), ("HEAD", "tickets"),
    ("POST", "help-center/help-centers/1/publish"), ("POST", "tickets/1/messages/2"), ("get", "tickets"),
]  # fmt: skip
PATHS = [
    "tickets/1/messages?action=force", "tickets/", "/tickets", "tickets\n", "Tickets",
    "tickets/../satisfaction-surveys",
    "tickets/1/messages/", "tickets//1", "%74ickets", "tickets%2F1%2Fmessages", "tickets/./1", "tickets#x", "tickets;x",
    "tickets\\1", "//evil.example/api/tickets", "https://evil.example/tickets", "@evil.example/tickets", "", " tickets",
    "tickets/1/../../jobs", "tickets\x00", "tickets/1/messages%3Faction=force", "TICKETS/1", "tickets/1/%2e%2e/2",
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), ACTING_REQUESTS)
def test_requests_that_are_not_on_the_list_are_stopped(method: str, path: str) -> None:
    with pytest.raises(MailGuardError, match="not on the list"):
        check(method, path, body={"messages": []})


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_path_that_is_not_plain_is_stopped(method: str, path: str) -> None:
    with pytest.raises(MailGuardError, match="not on the list"):
        check(method, path, body=SENT)


@pytest.mark.parametrize("path", [path for path in PATHS if path.lower() not in ("tickets", "tickets/1")])
def test_not_even_a_reading_request_takes_a_path_that_is_not_plain(path: str) -> None:
    with pytest.raises(MailGuardError, match="not on the list"):
        check("GET", path)


@given(st.sampled_from(["POST", "PUT", "DELETE", "PATCH"]), st.text(alphabet="abcdefgtickes-/0123456789", max_size=30))
def test_made_up_writes_are_stopped(method: str, path: str) -> None:
    known = {"tickets", "tags", "customers", "teams", "users", "custom-fields", "upload", "jobs", "macros"}
    assume(path.split("/")[0] not in known)
    with pytest.raises(MailGuardError):
        check(method, path, body={})


ACTING_BODIES = [
    ("PUT", "tickets/1", {"snooze_datetime": "2030-01-01T00:00:00Z"}),
    ("PUT", "tickets/1", {"snooze_datetime": "2020-01-01T00:00:00Z"}),
    ("PUT", "tickets/1", {"created_datetime": "2020-01-01T00:00:00Z"}),
    ("POST", "satisfaction-surveys", {**SURVEY, "should_send_datetime": "2020-01-01T00:00:00Z"}),
    ("POST", "satisfaction-surveys", {**SURVEY, "sent_datetime": None}),
    ("POST", "satisfaction-surveys", {**SURVEY, "send_now": True}),
    ("PUT", "satisfaction-surveys/1", {"ticket_id": 1, "customer_id": 2}),
    ("PUT", "users/1", {"active": True}), ("PUT", "users/1", {"email": "a@b.example"}), ("PUT", "users/1", None),
    ("POST", "teams", {"name": "x", "members": [{"id": 1, "email": "a@b.example"}]}),
    ("PUT", "teams/1", {"members": {"id": 1}}),
    ("POST", "macros", {"name": "x", "actions": [{"name": "replyToTicket", "arguments": {"body_text": "Bye"}}]}),
    ("PUT", "macros/1", {"name": "x", "actions": [{"name": "setResponseText"}, {"name": "http", "arguments": {}}]}),
    ("POST", "macros", {"name": "x", "actions": {"name": "setResponseText"}}), ("POST", "macros", {"run": True}),
    ("POST", "jobs", {"type": "applyMacro", "params": {"ticket_ids": [1]}}),
    ("POST", "jobs", {"type": "updateTicket", "params": {"ticket_ids": [1]}}),
    ("POST", "jobs", {"type": "deleteTicket", "params": {"view_id": 1}}),
    ("POST", "jobs", {"type": "deleteTicket", "params": {"ticket_ids": [1], "updates": {"status": "open"}}}),
    ("POST", "jobs", {"type": "deleteTicket", "params": {"ticket_ids": "all"}}),
    ("POST", "jobs", {"type": "deleteTicket", "params": {"ticket_ids": [1]}, "scheduled_datetime": "2030-01-01"}),
    ("POST", "customers", {**PERSON_PAYLOAD, "invite": True}), ("POST", "customers", [PERSON_PAYLOAD]),
    ("PUT", "tickets/1/custom-fields", {"id": 1, "value": 1}),
    ("PUT", "tickets/1/custom-fields", [{"id": 1, "value": 1, "run": 1}]),
    ("POST", "tags", [{"name": "vip"}]), ("POST", "tickets", [{"messages": [SENT]}]),
    ("POST", "tickets/1/messages", [SENT]), ("PUT", "tickets/1", [{"status": "open"}]),
    ("POST", "help-center/help-centers/1/articles", [ARTICLE]),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body"), ACTING_BODIES)
def test_a_body_that_acts_or_that_nobody_knows_is_stopped(method: str, path: str, body: object) -> None:
    with pytest.raises(MailGuardError):
        check(method, path, body=body)


@pytest.mark.parametrize(("method", "path", "body"), [(m, p, b) for m, p, b in HARMLESS if m != "GET"])
@pytest.mark.parametrize("params", [{"action": "retry"}, {"source_id": 1}, {"_method": "PUT"}])
def test_a_query_that_is_not_known_is_stopped(method: str, path: str, body: object, params: dict[str, Any]) -> None:
    with pytest.raises(MailGuardError, match="query"):
        check(method, path, params=params, body=body)


def test_an_upload_names_its_type_in_the_query() -> None:
    check("POST", "upload", params={"type": "attachment"})


def test_users_are_created_only_with_leave() -> None:
    with pytest.raises(MailGuardError, match="invitation"):
        check("POST", "users", body={})
    check("POST", "users", body={}, allow_invitations=True)


# --- what is the company's own -------------------------------------------------------------------------


def test_a_rule_is_changed_only_by_the_request_that_has_leave() -> None:
    off = {"deactivated_datetime": "2026-07-01T08:00:00Z"}
    with purpose.switching("rules/7", off):
        check("PUT", "rules/7", body=dict(off))
        for method, path, body in (
            ("PUT", "rules/7", {"deactivated_datetime": None}), ("PUT", "rules/8", off), ("POST", "rules/7", off),
            ("DELETE", "rules/7", off), ("PUT", "rules/7", {**off, "code": "send()"}), ("PUT", "integrations/7", off),
        ):  # fmt: skip
            with pytest.raises(MailGuardError):
                check(method, path, body=body)
        with pytest.raises(MailGuardError):
            check("PUT", "rules/7", body=off, params={"action": "run"})
    with pytest.raises(MailGuardError):
        check("PUT", "rules/7", body=off)


def test_leave_is_for_what_is_switched_and_for_nothing_else() -> None:
    unsent = {**SENT, "sent_datetime": None}
    with purpose.switching("tickets/1/messages", unsent), pytest.raises(MailGuardError):
        check("POST", "tickets/1/messages", body=unsent)
    with purpose.switching("tickets/1", {"snooze_datetime": "2030-01-01"}), pytest.raises(MailGuardError):
        check("PUT", "tickets/1", body={"snooze_datetime": "2030-01-01"})


def test_a_refusal_shows_no_content_and_says_what_to_do() -> None:
    body = {"messages": [{"body_text": "the private words", "sender": {"email": "jane@private.example"}}]}
    with pytest.raises(MailGuardError) as caught:
        check("POST", "tickets", body=body)
    assert "Nothing left this machine" in str(caught.value)
    assert "Next: " in str(caught.value)
    assert "private" not in str(caught.value)
