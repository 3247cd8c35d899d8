"""The risk register: every trap is there, and reacts to what was found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from migrator_lib.audit import Audit
from migrator_lib.audit.estimate import estimate
from migrator_lib.audit.risks import Risk, register
from migrator_lib.audit.traps import ORDER, TRAPS

Change = Callable[[Audit], Audit]


def risk(audit: Audit, name: str) -> Risk:
    return next(line for line in register(audit, estimate(audit)) if line.name == name)


def signed(audit: Audit, *names: str) -> Audit:
    gates = tuple(replace(gate, state="met") if gate.name in names else gate for gate in audit.gates)
    return replace(audit, gates=gates)


def within(part: str, **values: Any) -> Change:
    return lambda audit: replace(audit, **{part: replace(getattr(audit, part), **values)})


def counted(name: str, number: int) -> Change:
    def change(audit: Audit) -> Audit:
        rows = (replace(row, number=number) if row.name == name else row for row in audit.counts)
        return replace(audit, counts=tuple(rows))

    return change


NAMED = {
    "licence_activation", "backup_duty", "worker_threads", "ceiling_512", "ai_agent_fees", "overage", "rate_limits",
    "personal_data_visible", "locale_calls",
}  # fmt: skip


def test_every_known_trap_has_its_line(audit: Audit) -> None:
    lines = register(audit, estimate(audit))
    assert {line.name for line in lines} == {trap.name for trap in TRAPS}
    assert len({trap.name for trap in TRAPS}) == len(TRAPS)
    assert {line.name for line in lines} >= NAMED
    assert all(line.found and line.to_do and line.source for line in lines)


def test_the_gravest_come_first(audit: Audit) -> None:
    order = [ORDER.index(line.severity) for line in register(audit, estimate(audit))]
    assert order == sorted(order)


@pytest.mark.parametrize("name", [trap.name for trap in TRAPS if trap.name != "secrets_in_database"])
def test_every_line_reacts_to_a_fact(audit: Audit, name: str) -> None:
    assert risk(CHANGES[name](audit), name).found != risk(audit, name).found


CHANGES: dict[str, Change] = {
    "licence_activation": lambda audit: signed(audit, "licence"),
    "backup_duty": lambda audit: signed(audit, "backup_proof"),
    "worker_threads": within("threads", state="stopped"),
    "ceiling_512": lambda audit: replace(audit, ceilings={"CustomDataFieldsInTickets": 4000}),
    "automatic_timers": within("threads", timers=0),
    "deleted_tickets": within("tickets", deleted=0),
    "files_shared_and_purged": within("storage", files=None),
    "requesters_without_account": within("people", addresses=0),
    "organization_overlap": within("members", in_several=2),
    "raw_mail_purged": within("messages", number=7),
    "schema_drift": within("source", unknown=("st_agents",)),
    "ai_agent_fees": lambda audit: replace(audit, ai_share=0.5),
    "overage": within("tickets", answered_by_month={"2026-05": 400}),
    "rate_limits": within("tickets", moved=500_000),
    "personal_data_visible": counted("requester", 9),
    "locale_calls": counted("kb_article", 12),
    "mail_sent_by_import": within("messages", number=7),
    "rules_and_webhooks": within("tickets", moved=9),
    "billing_of_imports": within("tickets", answered_by_month={"2026-05": 400}),
    "voice": within("talks", calls_moved=9),
    "duplicates": within("tickets", moved=9),
    "active_fields": counted("ticket_field", 26),
    "messages_per_call": within("messages", long_threads=1),
    "upload_limit": within("storage", oversized=1),
    "invitations": within("people", agents=9),
    "no_place": counted("news_item", 3),
}


@pytest.mark.parametrize(
    ("name", "change", "severity"),
    [
        ("backup_duty", lambda audit: audit, "high"),
        ("backup_duty", lambda audit: signed(audit, "backup_proof"), "low"),
        ("licence_activation", within("source", read_from="live"), "high"),
        ("licence_activation", lambda audit: signed(audit, "licence"), "low"),
        ("worker_threads", within("threads", state="stopped"), "high"),
        ("worker_threads", lambda audit: signed(audit, "worker_threads"), "low"),
        ("ceiling_512", lambda audit: audit, "high"),
        ("ceiling_512", lambda audit: replace(audit, fields=()), "low"),
        ("ceiling_512", lambda audit: replace(audit, fields=(), ceilings={}), "medium"),
        ("automatic_timers", within("source", read_from="live"), "high"),
        ("active_fields", counted("ticket_field", 25), "low"),
        ("active_fields", counted("ticket_field", 26), "high"),
        ("overage", within("tickets", answered_by_month={"2026-05": 2_000}), "high"),
        ("rate_limits", within("messages", per_day=100_000.0), "high"),
        ("locale_calls", lambda audit: replace(audit, languages=3), "medium"),
    ],
)
def test_severity_follows_from_facts(audit: Audit, name: str, change: Change, severity: str) -> None:
    assert risk(change(audit), name).severity == severity
