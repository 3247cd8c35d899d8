"""What an account does by itself is found, by kind, and what no API can switch off is told to a person."""

from __future__ import annotations

import json

import pytest

from migrator_lib.ledger import Ledger
from migrator_lib.side_effects import Switch, look
from migrator_lib.side_effects.effect import all_false, effect_of, has_true
from migrator_lib.side_effects.found import INVITATIONS, NOT_BY_API
from tests.side_effects.acting import ALL
from tests.simulated_account import SimulatedGorgias


def test_rules_integrations_and_settings_that_are_on_are_found_and_those_that_are_off_are_not(
    acting: SimulatedGorgias,
) -> None:
    assert [effect.words for effect in look(acting.api).effects] == [
        "rule 'Auto-reply'", "rule 'Tag returns'", "HTTP integration 'ERP'",
        "setting 'satisfaction-surveys': satisfaction surveys are sent",
        "setting 'auto-merge': open tickets of one customer are merged",
        "setting 'ticket-assignment': tickets are assigned automatically",
    ]  # fmt: skip


def test_what_no_api_switches_off_is_told_with_mailboxes_and_settings_that_nobody_knows(
    acting: SimulatedGorgias,
) -> None:
    assert look(acting.api).by_hand == (
        *NOT_BY_API, "auto-replies of the email integration 'Support mailbox'",
        "the setting 'wake-up-calls', which is not known here and looks switched on",
    )  # fmt: skip
    assert INVITATIONS in look(acting.api, invites=True).by_hand


def test_nothing_is_found_where_nothing_is_on(gorgias: SimulatedGorgias) -> None:
    assert look(gorgias.api).effects == ()
    assert look(gorgias.api).by_hand == NOT_BY_API


@pytest.mark.parametrize(
    ("data", "on"),
    [
        ({"enabled": True}, True), ({"enabled": False}, False), ({"tickets": {"enabled": True, "days": 5}}, True),
        ({"auto_assign_to_teams": [3, 4]}, True), ({"auto_assign_to_teams": []}, False), ({"days": 5}, False),
        (None, False), ({"channels": [{"email": True}]}, True), ({"enabled": 1}, False),
    ],
)  # fmt: skip
def test_a_setting_is_on_while_anything_in_it_is(data: object, on: bool) -> None:
    assert has_true(data) is on
    assert not has_true(all_false(data))
    if not on:
        assert all_false(data) == data


def test_secrets_of_other_systems_are_not_in_the_ledger(acting: SimulatedGorgias, ledger: Ledger) -> None:
    Switch(acting.api, ledger, "production").off(look(acting.api).effects, ALL)
    (entry,) = ledger.entries("production:effects", "integrations")
    journal = ledger.journal("production:effects", "integrations", entry.source_key)
    assert "s3cret" not in json.dumps([dict(entry.detail), journal])
    assert entry.detail["original"]["http"]["method"] == "POST"


def test_a_changed_secret_is_a_change() -> None:
    one, other = ({"id": 1, "type": "http", "http": {"headers": {"key": key}}} for key in ("a", "b"))
    assert not effect_of("integrations", one).equals(effect_of("integrations", other))
    assert effect_of("integrations", one).equals(effect_of("integrations", dict(one)))
