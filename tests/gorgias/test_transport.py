"""What leaves, what is sent again and what is not, and how it is told."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import threading
import traceback
from typing import Any

import pytest
import requests
import urllib3.util.connection

from migrator_lib.clock import ManualClock
from migrator_lib.errors import (
    MailGuardError,
    RecordMoved,
    RecordRejected,
    RecordUnusable,
    TargetDenied,
    TargetUnreachable,
    Unanswered,
)
from migrator_lib.gorgias.auth import api_key
from migrator_lib.gorgias.download import Content
from migrator_lib.gorgias.retry import ATTEMPTS, throttled
from migrator_lib.gorgias.transport import Transport, Upload
from tests.gorgias.told import API_KEY, EMAIL, Act, Told, hang_up, reply, reset, transport_to

PERSON = "jane@private.example"
SAFE_TO_REPEAT = [("GET", "tickets/7"), ("PUT", "tags/7"), ("DELETE", "tickets/7")]
FAULTS = {
    "500": reply(500, {"error": {"msg": "oops"}}),
    "502 page": reply(502, b"<html>Bad gateway</html>"),
    "503 without a body": reply(503),
    "408": reply(408),
    "reset": reset,
    "hang up": hang_up,
    "body breaks off": reply(200, b'{"id":', announced=20),
    "body is no JSON": reply(200, b"<html>Welcome to the hotel's network</html>"),
}
any_fault = pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())


def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"http://127.0.0.1:{listening.getsockname()[1]}/acme"


# --- what is sent --------------------------------------------------------------------------------------


def test_a_request_carries_credentials_query_and_json(transport: Transport, told: Told) -> None:
    transport.call("GET", "tickets", params={"ticket_ids": [1, 2]}, body={"name": "Größe"})
    (method, target, headers, body), *_ = told.seen
    assert (method, target) == ("GET", "/acme/api/tickets?ticket_ids=1&ticket_ids=2")
    assert headers["authorization"] == "Basic " + base64.b64encode(f"{EMAIL}:{API_KEY}".encode()).decode()
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == {"name": "Größe"}


def test_a_key_with_letters_beyond_latin_1_is_sent_as_utf_8(told: Told, clock: ManualClock) -> None:
    transport = transport_to(told.url, clock)
    other = Transport(told.url, auth=api_key("a@b.example", "schlüssel-鍵"), gate=transport.gate, clock=clock)
    other.call("GET", "account")
    assert base64.b64decode(told.seen[0][2]["authorization"].split()[1]).decode() == "a@b.example:schlüssel-鍵"


def test_an_upload_is_multipart_and_its_field_is_named_as_the_file(transport: Transport, told: Told) -> None:
    told.script = [reply(201, [{"url": "u"}])]
    upload = Upload("Rechnung März.pdf", b"%PDF\x00\xff", "application/pdf")
    assert transport.call("POST", "upload", params={"type": "attachment"}, upload=upload) == [{"url": "u"}]
    _, target, headers, body = told.seen[0]
    assert target == "/acme/api/upload?type=attachment"
    assert headers["content-type"].startswith("multipart/form-data")
    assert 'name="Rechnung März.pdf"'.encode() in body
    assert b"Content-Type: application/pdf\r\n\r\n%PDF\x00\xff\r\n" in body


def test_the_mail_guard_comes_before_the_gate_and_the_wire(transport: Transport, told: Told) -> None:
    with pytest.raises(MailGuardError):
        transport.call("POST", "tickets", body={"via": "api", "messages": [{"channel": "email"}]})
    assert (told.seen, transport.gate.calls) == ([], 0)


def test_invitations_need_leave(told: Told, clock: ManualClock, transport: Transport) -> None:
    user = {"email": "a@b.example", "name": "A", "role": {"name": "agent"}}
    with pytest.raises(MailGuardError, match="invitation"):
        transport.call("POST", "users", body=user)
    transport_to(told.url, clock, allow_invitations=True).call("POST", "users", body=user)
    assert told.methods == ["POST"]


def test_a_number_that_json_has_not_concerns_the_record_alone(transport: Transport, told: Told) -> None:
    with pytest.raises(RecordUnusable, match="NaN"):
        transport.call("PUT", "customers/1/custom-fields", body=[{"id": 1, "value": float("nan")}])
    assert told.seen == []


def test_the_environment_names_no_proxy_for_a_simulated_account(
    transport: Transport, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", closed_port())
    monkeypatch.delenv("NO_PROXY", raising=False)
    transport.call("GET", "account")
    assert told.methods == ["GET"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_no_name_of_this_machine_goes_through_a_proxy(clock: ManualClock, host: str) -> None:
    assert transport_to(f"http://{host}:9/acme", clock)._session().trust_env is False
    assert transport_to("https://acme.gorgias.com", clock)._session().trust_env is True


# --- what comes back -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "path", "status"), [("PUT", "tags/1", 202), ("DELETE", "tags/1", 204)])
def test_an_empty_reply_is_none(transport: Transport, told: Told, method: str, path: str, status: int) -> None:
    told.script = [reply(status)]
    assert transport.call(method, path) is None


def test_the_level_of_the_bucket_reaches_the_gate(transport: Transport, told: Told, clock: ManualClock) -> None:
    told.script = [reply(200, {}, {"X-Gorgias-Account-Api-Call-Limit": "40/40"})]
    transport.call("GET", "account")
    before = clock.monotonic()
    transport.call("GET", "account")
    # until a leaky bucket is at its middle at least, and until a window is over at most: nothing tells which it is yet
    assert (40 + 1 - 20) / 2 <= clock.monotonic() - before <= 20.0 + 0.1


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_stops_the_run_and_is_not_tried_again(transport: Transport, told: Told, status: int) -> None:
    told.script = [reply(status, {"error": {"msg": "Invalid credentials"}})]
    with pytest.raises(TargetDenied, match=rf"{status}: Invalid credentials[\s\S]*Next: check target"):
        transport.call("GET", "account")
    assert len(told.seen) == 1


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("status", [400, 404, 409, 413])
def test_a_refused_record_carries_the_servers_words_and_data(
    transport: Transport, told: Told, status: int, method: str
) -> None:
    data = {"messages": {"3": {"sender": ["Missing data for required field."]}}}
    told.script = [reply(status, {"error": {"msg": "Failed to create ticket", "data": data}})]
    with pytest.raises(RecordRejected) as caught:
        transport.call(method, "tags" if method == "POST" else "tags/1", body={})
    assert caught.value.status == status
    assert caught.value.data == {"messages.3.sender": ["Missing data for required field."]}
    assert "Failed to create ticket" in str(caught.value)
    assert "(messages.3.sender: Missing data for required field.)" in str(caught.value)
    assert "Next: " in str(caught.value)
    assert len(told.seen) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html><head><title>Not today</title></head><body>...</body></html>", "a page 'Not today'"),
        ({"error": "in words"}, "in words"),
        ({"detail": "elsewhere"}, "elsewhere"),
        ([1], r"\[1\]"),
        (None, "400"),
    ],
)
def test_a_refusal_in_another_shape_still_says_what_it_says(
    transport: Transport, told: Told, body: Any, words: str
) -> None:
    told.script = [reply(400, body)]
    with pytest.raises(RecordRejected, match=words):
        transport.call("POST", "tags", body={})


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_redirect_is_not_followed(transport: Transport, told: Told, method: str) -> None:
    told.script = [reply(301, None, {"Location": f"{told.url}/api/customers/9"})]
    with pytest.raises(RecordRejected) as caught:
        transport.call(method, "customers/8")
    assert caught.value.status == 301
    assert len(told.seen) == 1


# --- 429 -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_429_is_waited_out_and_sent_again_whatever_the_method(
    transport: Transport, told: Told, clock: ManualClock, method: str
) -> None:
    told.script = [reply(429, {"error": {"msg": "Too many"}}, {"Retry-after": "12"})]
    path = "tags" if method == "POST" else "tags/1"
    assert transport.call(method, path, body={"name": "x"}) == {"id": 1}
    assert told.methods == [method, method]
    assert clock.monotonic() >= 12
    assert transport.gate.throttled == 1


def test_429_is_no_try(transport: Transport, told: Told) -> None:
    throttled = reply(429, None, {"Retry-after": "1"})
    told.script = [*[throttled] * (ATTEMPTS + 3), reply(500), throttled, reply(500)]
    assert transport.call("GET", "account") == {"id": 1}
    assert len(told.seen) == ATTEMPTS + 3 + 4


@pytest.mark.parametrize("header", [None, "soon", ""])
def test_429_without_a_number_waits_a_second(
    transport: Transport, told: Told, clock: ManualClock, header: str | None
) -> None:
    told.script = [reply(429, None, {} if header is None else {"Retry-after": header})]
    transport.call("GET", "account")
    assert 1 <= clock.monotonic() < 2


# --- faults that may pass ------------------------------------------------------------------------------


@any_fault
@pytest.mark.parametrize(("method", "path"), SAFE_TO_REPEAT)
def test_what_is_safe_to_repeat_is_sent_again(
    transport: Transport, told: Told, fault: Act, method: str, path: str
) -> None:
    told.script = [fault, fault]
    assert transport.call(method, path, body={} if method == "PUT" else None) == {"id": 1}
    assert told.methods == [method] * 3


@any_fault
def test_a_post_is_sent_once_and_its_outcome_is_left_open(transport: Transport, told: Told, fault: Act) -> None:
    told.script = [fault]
    with pytest.raises(Unanswered):
        transport.call("POST", "tags", body={"name": "x"})
    assert len(told.seen) == 1


def test_silence_is_a_fault_like_any_other(told: Told, clock: ManualClock) -> None:
    transport = transport_to(told.url, clock, timeout_seconds=0.1)
    told.script = [told.silence, told.silence]
    with pytest.raises(Unanswered, match="timed out"):
        transport.call("POST", "tags", body={})
    assert transport.call("GET", "account") == {"id": 1}
    assert told.methods == ["POST", "GET", "GET"]


@any_fault
def test_it_gives_up_after_so_many_tries_and_says_what_to_check(transport: Transport, told: Told, fault: Act) -> None:
    told.script = [fault] * 50
    with pytest.raises(TargetUnreachable, match=rf"after {ATTEMPTS} tries: .[\s\S]*Next: check that 127.0.0.1"):
        transport.call("GET", "account")
    assert len(told.seen) == ATTEMPTS


def test_the_pauses_grow_and_are_spent_on_the_clock(transport: Transport, told: Told, clock: ManualClock) -> None:
    told.script = [reply(500)] * (ATTEMPTS - 1)
    transport.call("GET", "account")
    least = sum(2**n for n in range(ATTEMPTS - 1))
    assert least <= clock.monotonic() <= least + ATTEMPTS


# --- a connection that was never made ------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_server_that_does_not_listen_is_tried_again_even_with_a_post(clock: ManualClock, method: str) -> None:
    transport = transport_to(closed_port(), clock)
    with pytest.raises(TargetUnreachable, match="Connection refused"):
        transport.call(method, "tags", body={})
    assert transport.gate.calls == ATTEMPTS


def test_a_post_arrives_once_the_server_listens(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    late = Told()
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        transport = transport_to(f"http://127.0.0.1:{bound.getsockname()[1]}/acme", clock)
        sleep = clock.sleep

        def sleep_and_begin(seconds: float) -> None:
            sleep(seconds)
            bound.listen()
            threading.Thread(target=late.serve, args=[bound], daemon=True).start()

        monkeypatch.setattr(clock, "sleep", sleep_and_begin)
        assert transport.call("POST", "tags", body={}) == {"id": 1}
        bound.shutdown(socket.SHUT_RDWR)
    assert late.methods == ["POST"]


@pytest.mark.parametrize(
    "error", [socket.gaierror(-2, "Name or service not known"), TimeoutError("timed out")], ids=["no name", "time-out"]
)
def test_a_post_to_a_name_or_host_that_is_not_there_is_known_not_to_have_happened(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def nobody(*_args: Any, **_options: Any) -> socket.socket:
        raise error

    monkeypatch.setattr(urllib3.util.connection, "create_connection", nobody)
    transport = transport_to("http://acme.invalid", clock)
    with pytest.raises(TargetUnreachable):
        transport.call("POST", "tags", body={})
    assert transport.gate.calls == ATTEMPTS


# --- what is told --------------------------------------------------------------------------------------


@any_fault
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_neither_key_nor_address_stands_in_what_is_raised(
    transport: Transport, told: Told, fault: Act, method: str
) -> None:
    told.script = [fault] * 50
    with pytest.raises((TargetUnreachable, Unanswered)) as caught:
        transport.call(
            method, "customers", params={"email": PERSON} if method == "GET" else None, body={"email": PERSON}
        )
    shown = "".join(traceback.format_exception(caught.value))
    for secret in (API_KEY, base64.b64encode(f"{EMAIL}:{API_KEY}".encode()).decode(), "jane@", "private.example"):
        assert secret not in shown


def test_a_refused_connection_tells_neither_key_nor_address(clock: ManualClock) -> None:
    transport = transport_to(closed_port(), clock)
    with pytest.raises(TargetUnreachable) as caught:
        transport.call("GET", "customers", params={"email": PERSON})
    shown = "".join(traceback.format_exception(caught.value))
    assert not any(secret in shown for secret in (API_KEY, "jane@", "private.example"))


# --- what a refusal says -------------------------------------------------------------------------------


def test_the_servers_words_stand_by_path(transport: Transport, told: Told) -> None:
    data = {
        "messages": [{"sender": ["Missing data for required field."]}, {"source": {"from": ["Unknown.", "Twice."]}}],
        "status": ["Not a valid choice."],
        "_schema": "As a whole.",
    }
    told.script = [reply(400, {"error": {"msg": "Failed", "data": data}})]
    with pytest.raises(RecordRejected) as caught:
        transport.call("PUT", "tags/1", body={})
    assert caught.value.data == {
        "messages.0.sender": ["Missing data for required field."],
        "messages.1.source.from": ["Unknown.", "Twice."],
        "status": ["Not a valid choice."],
        "_schema": ["As a whole."],
    }
    assert "messages.0.sender: Missing data for required field.; messages.1.source.from: Unknown. Twice.;" in str(
        caught.value
    )


TEXT = "My knee hurts since the accident, and I would not want anybody to read of it.\nKind regards"
QUOTING = {
    "whole": {"msg": "Failed", "data": {"name": [f"Not valid: {TEXT}"]}},
    "cut": {"msg": "Failed", "data": {"name": [f"{TEXT[:40]}... is too long"]}},
    "in the message": {"msg": f"Cannot save '{TEXT}'"},
    "in capitals": {"msg": f"Cannot save {TEXT.upper()}"},
    "in words alone": f"Cannot save {TEXT}",
    "elsewhere": None,
}


@pytest.mark.parametrize("error", QUOTING.values(), ids=QUOTING.keys())
def test_what_was_sent_is_never_told_again(transport: Transport, told: Told, error: Any) -> None:
    told.script = [reply(400, {"detail": TEXT} if error is None else {"error": error})]
    with pytest.raises(RecordRejected) as caught:
        transport.call("PUT", "tags/1", body={"name": TEXT, "description": "Knee"})
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value.data)
    assert not any(part in shown.lower() for part in ("my knee hurts", "accident", "would not want"))
    assert "…" in shown


def test_short_words_of_a_person_and_addresses_are_not_told_either(transport: Transport, told: Told) -> None:
    words = "Jane Roe (jane@private.example) is taken by john@private.example; one of open, closed"
    told.script = [reply(409, {"error": {"msg": words}})]
    body = {"name": "Jane Roe", "meta": {"status": "closed", "created_datetime": "2020-01-01"}}
    with pytest.raises(RecordRejected) as caught:
        transport.call("PUT", "customers/1", body=body)
    assert "409: … (j***@***.example) is taken by j***@***.example; one of open, closed\n" in str(caught.value)


def test_a_long_refusal_is_cut(transport: Transport, told: Told) -> None:
    data = {f"field{n}": ["wrong " * 1000] for n in range(100)}
    told.script = [reply(400, {"error": {"msg": "no " * 1000, "data": data}})]
    with pytest.raises(RecordRejected) as caught:
        transport.call("PUT", "tags/1", body={})
    assert len(str(caught.value)) < 1500
    assert len(caught.value.data) == 100
    assert all(len(words[0]) <= 200 for words in caught.value.data.values())


def test_what_is_too_large_says_how_large(transport: Transport, told: Told) -> None:
    told.script = [reply(413, b"<html><title>413 Request Entity Too Large</title></html>")]
    with pytest.raises(RecordRejected, match=r"a page '413 Request Entity Too Large'; the request has 2\.0 MB"):
        transport.call("POST", "upload", upload=Upload("a.bin", bytes(2_000_000), "application/octet-stream"))


# --- who was merged, and what moved --------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize(
    ("location", "new_id"),
    [("/acme/api/customers/9", 9), ("/acme/api/customers/9/", 9), ("9", 9), (None, None), ("/login", None)],
)
def test_a_merged_customer_tells_the_other_ones_id(
    transport: Transport, told: Told, method: str, location: str | None, new_id: int | None
) -> None:
    headers = {"Location": location} if location else {}
    told.script = [reply(301, {"error": {"msg": "was merged with another one"}}, headers)]
    with pytest.raises(RecordMoved, match="merged with another one") as caught:
        transport.call(method, "customers/8", body={} if method == "PUT" else None)
    assert (caught.value.status, caught.value.new_id) == (301, new_id)
    assert len(told.seen) == 1


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_an_account_that_has_another_address_stops_the_run_and_tells_it(
    transport: Transport, told: Told, method: str
) -> None:
    told.script = [reply(301, None, {"Location": "https://acme-new.gorgias.com/acme/api/customers/8"})]
    with pytest.raises(TargetUnreachable, match=r"Next: set target\.\*\.url to https://acme-new\.gorgias\.com in"):
        transport.call(method, "customers/8", body={} if method == "PUT" else None)


# --- 403 -----------------------------------------------------------------------------------------------

FIREWALL = reply(403, b"<html><title>Request blocked</title></html>")


def test_a_text_that_a_firewall_minds_concerns_its_record_alone(transport: Transport, told: Told) -> None:
    told.script = [FIREWALL, reply(200, {"domain": "acme"})]
    with pytest.raises(RecordRejected, match="403: a page 'Request blocked'"):
        transport.call("POST", "tags", body={"name": "' OR 1=1 --"})
    assert [path for _, path, *_ in told.seen] == ["/acme/api/tags", "/acme/api/account"]


def test_a_firewall_that_lets_nothing_pass_stops_the_run(transport: Transport, told: Told) -> None:
    told.script = [FIREWALL] * 2
    with pytest.raises(TargetDenied):
        transport.call("POST", "tags", body={"name": "x"})
    assert len(told.seen) == 2


# --- sent again ----------------------------------------------------------------------------------------

GONE = reply(404, {"error": {"msg": "not found"}})


@any_fault
def test_a_deletion_that_finds_nothing_when_sent_again_went_through(
    transport: Transport, told: Told, fault: Act
) -> None:
    told.script = [fault, GONE]
    assert transport.call("DELETE", "tickets/7") is None


def test_a_deletion_of_nothing_is_an_error_the_first_time(transport: Transport, told: Told) -> None:
    told.script = [reply(429, None, {"Retry-after": "1"}), GONE]
    with pytest.raises(RecordRejected):
        transport.call("DELETE", "tickets/7")


def test_a_change_of_nothing_is_an_error_also_when_sent_again(transport: Transport, told: Told) -> None:
    told.script = [reset, GONE]
    with pytest.raises(RecordRejected):
        transport.call("PUT", "tickets/7", body={})


def test_a_post_that_never_arrived_and_then_was_not_answered_is_in_doubt(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    make, tries = urllib3.util.connection.create_connection, iter(range(9))

    def not_at_first(*args: Any, **options: Any) -> socket.socket:
        if next(tries) == 0:
            raise ConnectionRefusedError(111, "Connection refused")
        return make(*args, **options)

    monkeypatch.setattr(urllib3.util.connection, "create_connection", not_at_first)
    told.script = [reset]
    with pytest.raises(Unanswered):
        transport_to(told.url, clock).call("POST", "tags", body={})
    assert told.methods == ["POST"]


def test_a_server_that_asks_for_more_time_gets_it(transport: Transport, told: Told, clock: ManualClock) -> None:
    told.script = [reply(503, None, {"Retry-after": "120"})]
    transport.call("GET", "account")
    assert clock.monotonic() >= 120


def test_machines_that_were_sent_away_together_do_not_come_back_together() -> None:
    waits = {throttled("10").retry_after for _ in range(20)}
    assert min(waits) >= 10
    assert max(waits) < 11
    assert len(waits) > 10


@pytest.mark.parametrize("header", ["inf", "nan", "-5", "0"])
def test_a_wait_that_is_none_is_short(header: str) -> None:
    assert 0.1 <= throttled(header).retry_after < 2


# --- what is large -------------------------------------------------------------------------------------


def test_what_is_large_may_take_longer(told: Told, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    transport = transport_to(told.url, clock, timeout_seconds=10, bytes_per_second=1000.0)
    given = []
    request = requests.Session.request

    def noted(*args: Any, **options: Any) -> Any:
        given.append(options["timeout"])
        return request(*args, **options)

    monkeypatch.setattr(requests.Session, "request", noted)
    transport.call("GET", "account")
    transport.call("POST", "upload", upload=Upload("a.bin", bytes(50_000), "application/octet-stream"))
    transport.call("PUT", "tags/1", body={"description": "x" * 20_000})
    (plain, upload, long) = [answer for _, answer in given]
    assert plain == 10
    assert 60 < upload < 61
    assert 30 < long < 31


def test_a_file_that_is_sent_again_is_sent_whole(transport: Transport, told: Told) -> None:
    content = bytes(range(256)) * 1000
    told.script = [reply(429, None, {"Retry-after": "1"}), reply(201, [{"url": "u"}])]
    transport.call("POST", "upload", upload=Upload("a.bin", content, "application/octet-stream"))
    assert [content in body for *_, body in told.seen] == [True, True]
    assert "content-length" in told.seen[0][2]


# --- files that come back ------------------------------------------------------------------------------


def content(data: bytes) -> Content:
    return Content(len(data), hashlib.sha256(data).hexdigest())


FILE = "/api/attachment/download/h/name"


def test_a_private_file_is_read_where_it_lies_without_our_key(transport: Transport, told: Told) -> None:
    signed = f"{told.url}/signed?sig=1".replace("127.0.0.1", "localhost")
    told.script = [reply(307, None, {"Location": signed}), reply(200, b"\x89PNG\x00")]
    assert transport.download(f"{told.url}{FILE}", most_bytes=100) == content(b"\x89PNG\x00")
    (_, first, with_key, _), (_, second, without, _) = told.seen
    assert (first, second) == (f"/acme{FILE}", "/acme/signed?sig=1")
    assert "authorization" in with_key
    assert "authorization" not in without
    assert without["accept-encoding"] == "identity"


def test_a_file_elsewhere_is_asked_for_where_its_host_is_named_and_never_with_our_key(
    told: Told, clock: ManualClock
) -> None:
    told.script = [reply(200, b"x")]
    elsewhere = transport_to("http://127.0.0.1:9/acme", clock)
    with pytest.raises(RecordUnusable, match=r"127\.0\.0\.1.+none of the account's") as caught:
        elsewhere.download(f"{told.url}{FILE}", most_bytes=9)
    assert "reconcile.file_hosts" in caught.value.next_step
    assert told.seen == []
    assert elsewhere.download(f"{told.url}{FILE}", most_bytes=9, hosts=("127.0.0.1",)) == content(b"x")
    assert "authorization" not in told.seen[0][2]


def test_a_file_by_another_scheme_or_outside_the_api_is_not_asked_for(told: Told, clock: ManualClock) -> None:
    there = transport_to(told.url.replace("http:", "https:"), clock)
    for url in (f"{told.url}{FILE}", told.url.replace("http:", "https:") + "/file", "file:///etc/hosts", "name"):
        with pytest.raises(RecordUnusable):
            there.download(url, most_bytes=9)
    with pytest.raises(RecordUnusable):  # named, but everybody could read on the way
        transport_to("https://acme.gorgias.com", clock).download("http://files.example/a", most_bytes=9,
                                                                 hosts=("files.example",))  # fmt: skip
    assert told.seen == []


def test_a_signed_address_that_is_not_encrypted_is_not_followed(transport: Transport, told: Told) -> None:
    told.script = [reply(307, None, {"Location": "http://storage.example/signed"})]
    with pytest.raises(RecordUnusable, match=r"storage\.example unencrypted"):
        transport.download(f"{told.url}{FILE}", most_bytes=9)


@pytest.mark.parametrize(("status", "asked"), [(403, 2), (308, 4)])
def test_a_storage_that_refuses_or_leads_on_and_on_tells_nothing_of_our_key(
    transport: Transport, told: Told, status: int, asked: int
) -> None:
    on = {"Location": f"{told.url}/signed"}
    told.script = [reply(307, None, on), *(reply(status, None, on if status == 308 else {}) for _ in range(9))]
    with pytest.raises(RecordRejected, match=rf"answered with {status} by 127\.0\.0\.1") as caught:
        transport.download(f"{told.url}{FILE}", most_bytes=9)
    assert not isinstance(caught.value, RecordMoved)
    assert len(told.seen) == asked


def test_a_file_that_is_larger_than_it_may_be_is_not_read_to_its_end(transport: Transport, told: Told) -> None:
    told.script = [reply(200, bytes(100))]
    assert transport.download(f"{told.url}{FILE}", most_bytes=10).sha256 is None


def test_a_file_that_breaks_off_is_read_anew(transport: Transport, told: Told) -> None:
    told.script = [reply(200, b"hal", announced=3), reply(200, b"halves")]
    assert transport.download(f"{told.url}{FILE}", most_bytes=10) == content(b"halves")


def test_a_file_that_is_not_there_is_told(transport: Transport, told: Told) -> None:
    told.script = [reply(502), reply(404, b"<html>")]
    with pytest.raises(RecordRejected, match="404"):
        transport.download(f"{told.url}{FILE}", most_bytes=9)
