"""The contract: what a body may hold, and what is read of a reply."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from migrator_lib.gorgias.contract import bodies, replies
from migrator_lib.gorgias.contract.fields import LEGACY_CHANNELS, Strict
from tests.gorgias.schemas import ANYTHING, valid

BODIES = [getattr(bodies, name) for name in bodies.__all__]
REPLIES = [
    thing for thing in vars(replies).values()
    if isinstance(thing, type) and issubclass(thing, replies.Reply) and thing is not replies.Reply
]  # fmt: skip
MESSAGE = {"channel": "email", "via": "api", "from_agent": True}
TICKET = {"via": "api", "messages": [MESSAGE]}


def refused(model: type[BaseModel], body: Any) -> list[str]:
    """Return the places in a body that the contract refuses."""
    with pytest.raises(ValidationError) as caught:
        model.model_validate(body)
    return [".".join(map(str, problem["loc"])) for problem in caught.value.errors()]


# --- bodies --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", BODIES, ids=lambda model: model.__name__)
@settings(max_examples=5)
@given(data=st.data())
def test_what_a_bodys_schema_allows_is_taken_and_comes_out_as_it_went_in(
    model: type[Strict], data: st.DataObject
) -> None:
    body = data.draw(valid(model.model_json_schema()))
    taken = model.model_validate(body)
    again = taken.model_dump(by_alias=True, exclude_unset=True)
    assert same(again, body)
    assert model.model_validate(again) == taken


def same(one: Any, other: Any) -> bool:
    """Whether two bodies are the same but for how a date is written."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            key.endswith("_datetime") or key == "version" or same(one[key], other[key]) for key in one
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


@pytest.mark.parametrize("model", BODIES, ids=lambda model: model.__name__)
@settings(max_examples=1)
@given(data=st.data())
def test_an_unknown_key_of_a_body_is_refused(model: type[Strict], data: st.DataObject) -> None:
    body = data.draw(valid(model.model_json_schema()))
    assert refused(model, {**body, "colour": "red"}) == ["colour"]


def test_every_problem_is_named_by_its_place() -> None:
    bad = {"channel": "email", "from_agent": "yes", "colour": "red"}
    assert sorted(refused(bodies.TicketCreate, {"via": "api", "messages": [MESSAGE, bad]})) == [
        "messages.1.colour", "messages.1.from_agent", "messages.1.via",
    ]  # fmt: skip


@pytest.mark.parametrize("channel", [*LEGACY_CHANNELS, "tiktok-shop", "custom-chat", "google-business-messages"])
def test_a_channel_is_one_of_every_accounts_or_a_slug_of_ones_own(channel: str) -> None:
    assert bodies.Message.model_validate({**MESSAGE, "channel": channel}).channel == channel


@pytest.mark.parametrize("channel", ["", "E-Mail", "carrier pigeon", "-x", "x-", "x\n", 1, None])
def test_what_is_no_slug_is_no_channel(channel: Any) -> None:
    assert refused(bodies.Message, {**MESSAGE, "channel": channel}) == ["channel"]


@pytest.mark.parametrize(("number", "fits"), [(0, False), (1, True), (500, True), (501, False)])
def test_a_ticket_has_1_to_500_messages(number: int, fits: bool) -> None:
    body = {**TICKET, "messages": [MESSAGE] * number}
    if fits:
        bodies.TicketCreate.model_validate(body)
    else:
        assert refused(bodies.TicketCreate, body) == ["messages"]


@pytest.mark.parametrize("name", ["created_datetime", "messages"])
def test_a_change_of_a_ticket_holds_neither_its_creation_date_nor_messages(name: str) -> None:
    assert refused(bodies.TicketUpdate, {name: TICKET.get(name, "2020-01-01T00:00:00Z")}) == [name]


@pytest.mark.parametrize(("score", "fits"), [(0, False), (1, True), (5, True), (6, False), (4.5, False), (None, True)])
def test_a_surveys_score_is_1_to_5(score: Any, fits: bool) -> None:
    body = {"ticket_id": 1, "customer_id": 2, "score": score}
    if fits:
        bodies.SurveyCreate.model_validate(body)
    else:
        assert refused(bodies.SurveyCreate, body) == ["score"]


def test_a_surveys_text_has_up_to_1000_characters_and_a_change_names_its_ticket_again() -> None:
    body = {"ticket_id": 1, "customer_id": 2, "body_text": "x" * 1000}
    bodies.SurveyCreate.model_validate(body)
    assert refused(bodies.SurveyCreate, {**body, "body_text": "x" * 1001}) == ["body_text"]
    assert refused(bodies.SurveyUpdate, {"score": 5}) == ["customer_id", "ticket_id"]


def test_only_http_integrations_can_be_made() -> None:
    http = {"url": "https://x.example", "method": "POST", "request_content_type": "a/b", "response_content_type": "a/b"}
    body = {"name": "Hook", "type": "http", "http": http}
    bodies.IntegrationCreate.model_validate(body)
    assert refused(bodies.IntegrationCreate, {**body, "type": "email"}) == ["type"]


@pytest.mark.parametrize(("number", "fits"), [(0, False), (1, True), (30, True), (31, False)])
def test_up_to_30_macros_are_archived_at_once(number: int, fits: bool) -> None:
    body = {"ids": list(range(number))}
    if fits:
        bodies.MacroIds.model_validate(body)
    else:
        assert refused(bodies.MacroIds, body) == ["ids"]


@pytest.mark.parametrize("kind", ["importTicket", "importCustomer", ""])
def test_no_job_imports_anything(kind: str) -> None:
    assert refused(bodies.JobCreate, {"type": kind}) == ["type"]


# --- replies -------------------------------------------------------------------------------------------


def tolerant(model: type[replies.Reply]) -> st.SearchStrategy[dict[str, Any]]:
    """Return replies as the model knows them, with keys that it does not."""
    known = valid(model.model_json_schema())
    return st.tuples(st.dictionaries(st.from_regex("new_[a-z]{1,5}", fullmatch=True), ANYTHING), known).map(
        lambda both: {**both[0], **both[1]}
    )


@pytest.mark.parametrize("model", REPLIES, ids=lambda model: model.__name__)
@settings(max_examples=5)
@given(data=st.data())
def test_a_reply_is_kept_whole_whatever_new_keys_it_has(model: type[replies.Reply], data: st.DataObject) -> None:
    came = data.draw(tolerant(model))
    assert model.model_validate(came).as_json() == came


def test_of_a_reply_only_what_is_relied_on_has_to_be_there() -> None:
    asked = {model.__name__: sorted(n for n, f in model.model_fields.items() if f.is_required()) for model in REPLIES}
    assert {name: fields for name, fields in asked.items() if fields not in ([], ["id"])} == {
        "CustomField": ["definition", "id", "label"], "Definition": ["data_type"], "File": ["url"],
        "Tag": ["id", "name"], "TagOfTicket": ["name"], "Team": ["id", "name"],
    }  # fmt: skip


@pytest.mark.parametrize(
    "values", [[{"id": 7, "value": "x"}], [{"field": {"id": 7}, "value": "x", "prediction": None}]]
)
@pytest.mark.parametrize("wrapped", [True, False])
def test_values_of_fields_come_bare_or_wrapped_and_name_their_field_in_two_ways(
    values: list[Any], wrapped: bool
) -> None:
    came = {"id": 1, "custom_fields": {"data": values} if wrapped else values}
    ticket = replies.Ticket.model_validate(came)
    found = ticket.custom_fields.data if isinstance(ticket.custom_fields, replies.FieldValues) else ticket.custom_fields
    assert [(value.definition_id, value.value) for value in found or ()] == [(7, "x")]
    assert ticket.as_json() == came


@pytest.mark.parametrize(("size", "wanted"), [("12", 12), (12, 12), (None, None)])
def test_a_files_size_may_come_as_text(size: Any, wanted: int | None) -> None:
    assert replies.File.model_validate({"url": "https://x.example/a", "size": size}).size == wanted


def test_a_number_where_text_is_known_is_taken_as_text() -> None:
    assert replies.Customer.model_validate({"id": 1, "external_id": 4711}).external_id == "4711"
