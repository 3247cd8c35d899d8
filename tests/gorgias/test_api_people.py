"""Customers, users and teams, against a simulated account."""

from __future__ import annotations

import pytest
import requests

from migrator_lib.errors import RecordMoved, RecordRejected
from tests.gorgias.making import DANA, customer, field, ticket
from tests.simulated_account import API_KEY, EMAIL, SimulatedGorgias, client

# --- customers -----------------------------------------------------------------------------------------


def test_a_customer_is_made_read_changed_and_deleted(gorgias: SimulatedGorgias) -> None:
    jane = customer(gorgias)
    gorgias.api.customers.update(jane, {"name": "Jane Roe", "channels": [{"type": "phone", "address": "0123"}]})
    found = gorgias.api.customers.get(jane)
    assert (found.name, found.external_id) == ("Jane Roe", "st:jane@shop.example")
    assert ("phone", "0123") in [(channel.type, channel.address) for channel in found.channels or ()]
    for _ in range(2):  # one that is gone is no error
        gorgias.api.customers.delete(jane)
    with pytest.raises(RecordRejected) as caught:
        gorgias.api.customers.get(jane)
    assert caught.value.status == 404


@pytest.mark.parametrize(
    "filters",
    [
        {"external_id": "st:jane@shop.example"},
        {"email": "JANE@shop.example"},
        {"channel_type": "email", "channel_address": "jane@shop.example"},
    ],
)
def test_customers_are_found_by_each_key(gorgias: SimulatedGorgias, filters: dict[str, str]) -> None:
    jane = customer(gorgias)
    customer(gorgias, "john@shop.example")
    assert [found.id for found in gorgias.api.customers.by(**filters)] == [jane]
    assert gorgias.api.customers.by(external_id="st:nobody") == []


def test_an_address_of_another_customer_is_refused_with_409_by_its_place(gorgias: SimulatedGorgias) -> None:
    customer(gorgias)
    with pytest.raises(RecordRejected) as caught:
        customer(gorgias)
    assert caught.value.status == 409
    assert "channels" in str(caught.value.data)
    assert "jane@shop.example" not in str(caught.value)


def test_many_customers_are_deleted_at_once_and_those_gone_are_no_error(gorgias: SimulatedGorgias) -> None:
    made = [customer(gorgias, f"c{n}@shop.example") for n in range(3)]
    gorgias.api.customers.delete_many([*made[:2], 4711])
    assert [one.id for page in gorgias.api.customers.pages() for one in page] == made[2:]


def test_a_customer_that_was_merged_tells_who_has_its_place(gorgias: SimulatedGorgias) -> None:
    jane, john = customer(gorgias), customer(gorgias, "john@shop.example")
    merge(gorgias, jane, into=john)
    for act in (gorgias.api.customers.get, gorgias.api.customers.delete):
        with pytest.raises(RecordMoved) as caught:
            act(jane)
        assert (caught.value.status, caught.value.new_id) == (301, john)
    with pytest.raises(RecordMoved):
        gorgias.api.customers.update(jane, {"name": "Jane"})
    assert gorgias.api.customers.get(john).name != "Jane", "the change went to another customer"


def merge(gorgias: SimulatedGorgias, source: int, into: int) -> None:
    """Merge as somebody in Gorgias does; no migration may."""
    with requests.Session() as session:
        session.trust_env = False
        params = {"source_id": source, "target_id": into}
        reply = session.put(f"{gorgias.url}/api/customers/merge", params=params, auth=(EMAIL, API_KEY), json={})
    assert reply.ok


def test_values_of_a_customers_fields_are_replaced_as_a_whole(gorgias: SimulatedGorgias) -> None:
    kind, size = field(gorgias, "Kind", "Customer"), field(gorgias, "Size", "Customer")
    jane = customer(gorgias)
    gorgias.api.customers.replace_custom_fields(jane, [{"id": kind, "value": "x"}])
    gorgias.api.customers.replace_custom_fields(jane, [{"id": size, "value": "XL"}])
    assert [(one.definition_id, one.value) for one in gorgias.api.customers.custom_fields(jane)] == [(size, "XL")]


# --- users ---------------------------------------------------------------------------------------------


def test_users_are_listed_and_the_keys_own_is_known(gorgias: SimulatedGorgias) -> None:
    assert [user.id for user in gorgias.api.users.every()] == [1, 2, 3]
    me = gorgias.api.users.me()
    assert me.role is not None
    assert (me.id, me.email, me.role.name) == (1, EMAIL, "admin")


def test_a_user_is_made_read_deactivated_and_deleted(gorgias: SimulatedGorgias) -> None:
    api = client(gorgias.url, gorgias.clock, allow_invitations=True)
    made = api.users.create({"email": "kim@demo.example", "name": "Kim", "role": {"name": "agent"}})
    assert made.active is True
    api.users.update(made.id, {"active": False})
    assert api.users.get(made.id).active is False
    for _ in range(2):  # one that is gone is no error
        api.users.delete(made.id)
    assert made.id not in [user.id for user in api.users.every()]


# --- teams ---------------------------------------------------------------------------------------------


def test_a_team_is_made_read_changed_and_deleted(gorgias: SimulatedGorgias) -> None:
    made = gorgias.api.teams.create({"name": "Second line", "members": [{"id": DANA}]})
    gorgias.api.teams.update(made.id, {"members": [{"id": 1}]})
    assert [member.id for member in gorgias.api.teams.get(made.id).members or ()] == [1]
    held = ticket(gorgias, customer(gorgias), assignee_team={"id": made.id})
    assert [team.name for team in gorgias.api.teams.every()] == ["Second line"]
    for _ in range(2):  # one that is gone is no error
        gorgias.api.teams.delete(made.id)
    assert gorgias.api.tickets.get(held).assignee_team is None
