"""The assistant: what leaves the machine for it, what is taken of its answers, and what is not."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import ValidationError

from migrator_lib.chunks import Row
from migrator_lib.errors import ParameterError
from migrator_lib.mapping import CONFIDENT, EngagementMapping
from migrator_lib.parameters import MappingAssistant
from migrator_lib.plan.assistant import consult
from migrator_lib.plan.proposal import Facts, ValueProfile, propose_from

OPTIONS = "Rückgabe wegen Größe\nQuittung 4711"
VALUES = ["0", "1", "1", "0", "1"]
ROWS: dict[str, list[Row]] = {
    "TicketStatuses": [
        {"TicketStatusID": 1, "EnglishName": "Open", "DisplayName": None, "IsOpen": True, "IsActive": True,
         "IsLocked": None},
        {"TicketStatusID": 9, "EnglishName": "Limbo", "DisplayName": None, "IsOpen": None, "IsActive": None,
         "IsLocked": None},
    ],
    "TicketPriorities": [
        {"TicketPriorityID": 7, "EnglishName": "Whenever", "DisplayName": None},
        {"TicketPriorityID": 8, "EnglishName": "Ask ida@shop.example", "DisplayName": None},
        {"TicketPriorityID": 9, "EnglishName": "Ida Bloom first", "DisplayName": None},
        {"TicketPriorityID": 10, "EnglishName": "Ida's", "DisplayName": None},
        {"TicketPriorityID": 11, "EnglishName": "For Harbour Hotels", "DisplayName": None},
    ],
    "CustomDataFields": [
        {"CustomFieldID": 5, "DisplayName": "Refunded", "Options": None},
        {"CustomFieldID": 6, "DisplayName": "Reason", "Options": OPTIONS},
    ],
    "Users": [{"UserID": 1, "DisplayName": "Ida Bloom", "UserName": "ibloom"}],
    "UsersInRoles": [{"UserID": 1, "RoleID": 4}],
    "Organizations": [{"OrganizationID": 1, "OrganizationName": "Harbour Hotels"}],
}  # fmt: skip


def rows(table: str) -> Sequence[Row]:
    return ROWS.get(table, [])


def profile(texts: Sequence[str]) -> ValueProfile:
    made = ValueProfile()
    for text in texts:
        made.add(text)
    return made


FACTS = Facts(rows, {5: profile(VALUES), 6: profile(["Quittung 4711", "etwas anderes, sehr geheim"])}, {})
CONCERNS = {"priorities": {"7": 12}}


@dataclass
class Endpoint:
    """A made-up API of a language model."""

    url: str = ""
    answers: list[tuple[int, str]] = field(default_factory=list)
    """Status and body, one for each request; the last one again and again."""
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def says(self, *proposals: dict[str, Any]) -> None:
        self.answers = [(200, said(json.dumps({"proposals": list(proposals)})))]

    @property
    def settings(self) -> MappingAssistant:
        return MappingAssistant(url=self.url, model="parrot-1", timeout_seconds=5)


def said(content: str) -> str:
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": content}}]})


@contextmanager
def serving(endpoint: Endpoint) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            endpoint.asked.append({"path": self.path, "raw": body.decode(), **json.loads(body)})
            endpoint.headers.append(dict(self.headers))
            status, text = endpoint.answers[min(len(endpoint.asked), len(endpoint.answers)) - 1]
            self.send_response(status)
            if status == 302:
                self.send_header("Location", endpoint.url + "/elsewhere")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    endpoint.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    made = Endpoint()
    with serving(made):
        yield made


RULES = propose_from(FACTS)


def ask(settings: MappingAssistant, facts: Facts = FACTS) -> tuple[EngagementMapping, list[str], list[float]]:
    waits: list[float] = []
    found, notes = consult(settings, RULES, facts, CONCERNS, waits.append)
    return found, notes, waits


def test_it_is_off_by_default_and_nobody_is_asked() -> None:
    found, notes, _ = ask(MappingAssistant())
    assert (found, notes) == (RULES, [])


def test_what_leaves_is_names_types_and_counts_and_nothing_else(endpoint: Endpoint) -> None:
    endpoint.says()
    ask(endpoint.settings)
    (request,) = endpoint.asked
    assert request["path"] == "/v1/chat/completions"
    entries = json.loads(request["messages"][1]["content"])["entries"]
    assert {one["id"] for one in entries} == {"statuses.9", "priorities.7", "ticket_fields.5"}
    assert all(set(one) == {"id", "kind", "name", "figures", "choices"} for one in entries)
    assert next(one for one in entries if one["id"] == "priorities.7") == {
        "id": "priorities.7", "kind": "priority of tickets", "name": "Whenever", "figures": {"records": 12},
        "choices": ["critical", "high", "normal", "low"],
    }  # fmt: skip
    assert all(type(n) is int for one in entries for n in one["figures"].values())
    assert next(one for one in entries if one["id"] == "ticket_fields.5")["figures"]["numbers"] == 5


def test_no_value_no_option_no_address_and_no_persons_name_leaves(endpoint: Endpoint) -> None:
    unsure = RULES.model_dump()
    for section in unsure.values():
        for entry in section.values():
            entry["confidence"] = 0.1  # so that everything is asked that may be
    endpoint.says()
    consult(endpoint.settings, EngagementMapping.model_validate(unsure), FACTS, CONCERNS, lambda _: None)
    sent = endpoint.asked[0]["raw"]
    told = sent + json.loads(sent)["messages"][1]["content"]  # escaped and not
    assert '"ticket_fields.6' in json.loads(sent)["messages"][1]["content"]
    for private in ("Quittung", "Rückgabe", "R\\u00fcckgabe", "Größe", "geheim", "anderes", "@", "Ida", "Bloom",
                    "ibloom", "Harbour"):  # fmt: skip
        assert private not in told


def test_a_proposal_of_it_is_taken_says_so_and_is_no_surer_than_is_allowed(endpoint: Endpoint) -> None:
    endpoint.says({"id": "priorities.7", "becomes": "low", "confidence": 0.99})
    found, notes, _ = ask(endpoint.settings)
    entry = found.priorities["7"]
    assert (entry.becomes, entry.confidence) == ("low", 0.5)
    assert entry.confidence < CONFIDENT  # so a person is asked
    assert entry.reason == "proposed by parrot-1; the rules say normal: name not known: please choose"
    assert notes == ["parrot-1 was asked of 3 entries, and proposed 1 that can be."]
    sure = endpoint.settings.model_copy(update={"most_confidence": 0.8})
    assert ask(sure)[0].priorities["7"].confidence == 0.8


def test_what_stands_in_the_mapping_already_is_not_asked(endpoint: Endpoint) -> None:
    endpoint.says()
    known = EngagementMapping.model_validate({"priorities": {"7": {"name": "Whenever", "becomes": "low"}}})
    ask(endpoint.settings, Facts(rows, FACTS.ticket_profiles, {}, known=known))
    assert "priorities.7" not in endpoint.asked[0]["raw"]


def test_a_type_that_would_refuse_values_is_no_choice(endpoint: Endpoint) -> None:
    endpoint.says({"id": "ticket_fields.5", "becomes": "date as text", "confidence": 0.5})
    assert ask(endpoint.settings)[0] == RULES
    endpoint.says({"id": "ticket_fields.5", "becomes": "number", "confidence": 0.5})
    assert ask(endpoint.settings)[0].ticket_fields["5"].becomes == "number"


@pytest.mark.parametrize(
    "content",
    [
        "I would say normal.", "", "{", '{"proposals": 3}', '{"proposals": [3, null, {}]}', "[" * 3000 + "{}",
        '{"proposals": [{"id": "priorities.7", "becomes": "purple", "confidence": 0.5}]}',
        '{"proposals": [{"id": "priorities.7", "becomes": "low", "confidence": 7}]}',
        '{"proposals": [{"id": "priorities.999", "becomes": "low", "confidence": 0.5}]}',
        '{"proposals": [{"id": "tags.1", "becomes": "low", "confidence": 0.5}]}',
        '{"proposals": [{"id": "directions.0", "becomes": "outgoing", "confidence": 1}]}',
    ],
)  # fmt: skip
def test_nonsense_leaves_the_rules_proposal(endpoint: Endpoint, content: str) -> None:
    endpoint.answers = [(200, said(content))]
    assert ask(endpoint.settings)[0] == RULES


def test_one_bad_proposal_does_not_spoil_the_others_and_a_fence_is_seen_through(endpoint: Endpoint) -> None:
    good = {"id": "statuses.9", "becomes": "closed", "confidence": 0.4}
    endpoint.answers = [(200, said("```json\n" + json.dumps({"proposals": [{"id": 1}, good]}) + "\n```"))]
    assert ask(endpoint.settings)[0].statuses["9"].becomes == "closed"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_it_is_tried_again_where_that_may_help_and_then_left(endpoint: Endpoint, status: int) -> None:
    endpoint.answers = [(status, "busy")]
    found, notes, waits = ask(endpoint.settings)
    assert (found, len(endpoint.asked), len(waits)) == (RULES, 3, 2)
    assert notes[0] == "parrot-1 could not be asked (HTTPError): what the rules propose stands."
    endpoint.asked.clear()
    proposal = {"proposals": [{"id": "priorities.7", "becomes": "high", "confidence": 0.3}]}
    endpoint.answers = [(status, "busy"), (200, said(json.dumps(proposal)))]
    assert ask(endpoint.settings)[0].priorities["7"].becomes == "high"


@pytest.mark.parametrize("answer", [(401, "no"), (404, "no"), (200, "<html>"), (200, "{}"), (200, "[]"), (302, "x"),
                                    (200, "x" * 1_100_000)])  # fmt: skip
def test_what_is_no_such_api_is_asked_once(endpoint: Endpoint, answer: tuple[int, str]) -> None:
    endpoint.answers = [answer]
    found, notes, _ = ask(endpoint.settings)
    assert (found, len(endpoint.asked)) == (RULES, 1)
    assert "could not be asked" in notes[0]


def test_an_address_where_nothing_is_leaves_the_rules_proposal() -> None:
    endpoint = Endpoint()
    with serving(endpoint):
        pass
    found, notes, waits = ask(endpoint.settings)
    assert (found, len(waits)) == (RULES, 2)
    assert "could not be asked (ConnectionError)" in notes[0]


def test_its_key_is_a_reference_and_goes_in_a_header(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint.says()
    settings = endpoint.settings.model_copy(update={"api_key": "env:PARROT_KEY"})
    monkeypatch.delenv("PARROT_KEY", raising=False)
    with pytest.raises(ParameterError, match="PARROT_KEY"):
        ask(settings)
    monkeypatch.setenv("PARROT_KEY", "s3cret")
    ask(settings)
    assert endpoint.headers[0]["Authorization"] == "Bearer s3cret"
    assert "s3cret" not in endpoint.asked[0]["raw"]


@pytest.mark.parametrize(
    "given",
    [{"url": "http://models.example/v1", "model": "x"}, {"url": "https://models.example/v1"}, {"api_key": "s3cret"},
     {"most_confidence": 2}],
)  # fmt: skip
def test_settings_that_would_not_do_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MappingAssistant.model_validate(given)
