"""The Voice add-on: asked for only where something becomes channel phone, and what the account tells of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from migrator_lib import voice
from migrator_lib.engagement import Engagement
from migrator_lib.gates import find
from migrator_lib.mapping import EngagementMapping
from migrator_lib.parameters import Parameters
from tests.gorgias.test_api_setup import put
from tests.homes import trivial_home
from tests.simulated_account import SimulatedGorgias


def parameters(call_logs: str = "migrate") -> Parameters:
    account = {"email": "migration@demo.example", "api_key": "env:KEY"}
    return Parameters.model_validate(
        {
            "engagement": "demo", "company": "Fernhill", "source": {"url": "sqlite:///x"},
            "target": {"production": account, "sandbox": account, "mailbox": "help@demo.example"},
            "agents": {"fallback": "support@demo.example"}, "policy": {"call_logs": call_logs},
        }
    )  # fmt: skip


def audited(number: int | None) -> dict[str, Any]:
    return {"counts": [{"name": "ticket", "number": 5}, {"name": "call_log", "number": number}]}


@pytest.mark.parametrize(
    ("audit", "there", "wanted"),
    [(None, 0, False), (None, 3, True), (audited(60), 0, True), (audited(0), 0, False), (audited(None), 0, False),
     (audited(0), 1, True)],
)  # fmt: skip
def test_the_gate_is_there_where_there_are_call_logs(audit: dict[str, Any] | None, there: int, wanted: bool) -> None:
    assert voice.in_scope(parameters(), audit, there) is wanted
    assert voice.in_scope(parameters("skip"), audit, there) is False


HOLDS = {"9": {"name": "Channel", "becomes": "text", "label": "Channel", "holds": "channel"}}
WORDS = {"phone": {"name": "Phone", "becomes": "phone"}, "e-mail": {"name": "E-mail", "becomes": "email"}}


@pytest.mark.parametrize(
    ("fields", "channels", "words"),
    [(HOLDS, WORDS, ["Phone"]), ({}, WORDS, []), (HOLDS, {"e-mail": WORDS["e-mail"]}, [])],
)
def test_tickets_are_of_channel_phone_by_the_word_of_a_field_that_holds_it(
    fields: dict[str, Any], channels: dict[str, Any], words: list[str]
) -> None:
    mapping = EngagementMapping.model_validate({"ticket_fields": fields, "channels": channels})
    assert voice.words(mapping) == words


def test_the_gate_is_there_where_the_mapping_puts_tickets_on_channel_phone(tmp_path: Path) -> None:
    engagement = Engagement(trivial_home(tmp_path), "demo", step="05_load")
    seen = []
    for becomes in ("phone", "email"):
        engagement.paths.mapping_file.write_text(
            "ticket_fields: {9: {name: Channel, becomes: text, label: Channel, holds: channel}}\n"
            f"channels: {{phone: {{name: Phone, becomes: {becomes}}}}}\n"
        )
        seen.append(voice.GATE in {state.name for state in engagement.gate_states()})
    engagement.close()
    assert seen == [True, False]


def test_it_stands_before_the_sample_and_the_load() -> None:
    gate = find(voice.GATE)
    assert (gate.before, "05_load" in gate.and_before) == ("03_sample_migration", True)
    assert "Voice add-on" in gate.statement


def test_an_account_without_phones_says_so(gorgias: SimulatedGorgias) -> None:
    assert voice.told(gorgias.api) == (
        "The production account has no phone integration, and it has had no call yet."
    )  # fmt: skip


def test_phones_and_calls_speak_for_the_add_on(gorgias: SimulatedGorgias) -> None:
    put(gorgias, "integration", {"name": "Main line", "type": "phone", "deactivated_datetime": None})
    put(gorgias, "integration", {"name": "Old line", "type": "phone", "deactivated_datetime": "2020-01-01T00:00:00"})
    put(gorgias, "voice_call", {"provider": "twilio"})
    assert voice.told(gorgias.api) == "The production account has 1 phone integration, and it has had calls."
