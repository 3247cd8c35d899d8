"""Every probe against an account that answers as is expected, and against one that does not."""

from __future__ import annotations

from typing import Any

import pytest

from migrator_lib.errors import TargetDenied
from migrator_lib.ledger import Ledger
from migrator_lib.proofs.asking import ACCOUNT, KEPT, behaviour
from migrator_lib.proofs.behaviour import Behaviour
from migrator_lib.proofs.bench import Bench
from migrator_lib.proofs.catalogue import BY_NAME, PROBES
from migrator_lib.proofs.probe import Answer
from tests.proofs.conftest import settings
from tests.simulated_account import SimulatedGorgias

OTHERWISE: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("sent_datetime_silences", {"sent_datetime_silences_in_ticket_post": False}, {}),
    ("updated_datetime_survives", {"honours_updated_datetime": False}, {"updated_datetime": "lost"}),
    (
        "other_dates_survive", {"honours_last_message_datetime": False}, {"dates_lost": ("last_message_datetime",)},
    ),
    ("priority_survives", {"priority_is_kept": False}, {"priority_kept": False}),
    ("overflow_message_reopens", {"reopens_on_api_message": False}, {}),
    ("tags_made_on_the_fly", {"tags_made_on_the_fly": False}, {"tags_made_on_the_fly": False}),
    ("chat_and_phone_taken", {"channels_refused": ["chat"]}, {"channels_refused": ("chat",)}),
    (
        "chat_and_phone_taken", {"channels_refused": ["phone", "chat"]}, {"channels_refused": ("chat", "phone")},
    ),
    ("ticket_lookup_lag", {"lookup_lag_seconds": 30.0}, {}),
    ("customer_lookup_lag", {"lookup_lag_seconds": 30.0}, {}),
    ("lookup_is_exact", {"external_id_exact": False}, {}),
    ("list_has_messages", {"list_rows_have_messages": True}, {}),
    ("choices_enforced", {"choices_enforced": False}, {}),
    ("customer_without_channels", {"channels_required": False}, {}),
    ("customer_with_tickets", {"customer_with_tickets_deletable": False}, {}),
    ("upload_limit", {"upload_limit_bytes": 2_600_000}, {"upload_limit_bytes": 2_500_000}),
    ("survey_stays_unsent", {"undated_surveys_stay_unsent": False}, {"surveys_stay_unsent": False}),
    ("foreign_urls", {"foreign_attachment_urls": "copied"}, {}),
    ("foreign_urls", {"foreign_attachment_urls": "refused"}, {}),
    ("attachments_per_message", {"max_attachments": 6}, {"attachments_per_message": 5}),
    ("empty_ticket_stays", {"deleted_message_leaves_ticket": False}, {}),
]  # fmt: skip


def test_an_account_as_it_is_assumed_to_be_answers_as_expected(bench: Bench) -> None:
    answers = {probe.name: probe.ask(bench) for probe in PROBES}
    assert {name: a.seen for name, a in answers.items() if a.answer != "expected"} == {
        "inactive_user": "agents.missing is not 'create', so no user is ever made"
    }
    followed = {probe.name: probe.follows(answers[probe.name]) for probe in PROBES}
    # the one thing that is done only where it was seen to work
    assert {name: follows for name, follows in followed.items() if follows} == {
        "delete_job_works": {"delete_job": True}
    }
    assert not [probe.name for probe in PROBES if probe.blocks(answers[probe.name])]


@pytest.mark.parametrize(
    ("name", "knobs", "changes"), OTHERWISE, ids=[f"{n}-{list(k.values())}" for n, k, _ in OTHERWISE]
)
def test_an_account_that_answers_otherwise_changes_what_is_done(
    name: str, knobs: dict[str, Any], changes: dict[str, Any], bench: Bench, gorgias: SimulatedGorgias
) -> None:
    for knob, value in knobs.items():
        setattr(gorgias.account.knobs, knob, value)
    probe = BY_NAME[name]
    answer = probe.ask(bench)
    assert answer.answer == "other", answer.seen
    assert changes.items() <= dict(probe.follows(answer)).items()
    assert probe.blocks(answer) is probe.closes
    Behaviour(**probe.follows(answer))


@pytest.mark.parametrize(
    ("by_values", "value", "follows"), [(True, "values", {"values_in_update": False}), (False, None, {})]
)
def test_a_ticket_whose_own_change_removes_no_value_may_have_it_removed_otherwise(
    by_values: bool, value: str | None, follows: dict[str, Any], bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench.api.tickets, "update", lambda _ticket, _body: None)
    if not by_values:
        monkeypatch.setattr(bench.api.tickets, "replace_custom_fields", lambda _ticket, _values: None)
    probe = BY_NAME["put_replaces_values"]
    answer = probe.ask(bench)
    assert (answer.answer, answer.value) == ("other", value)
    assert dict(probe.follows(answer)) == follows


CLEAN = '<p>One &amp; <b>two</b><br><a href="https://shop.example/?a=1&amp;b=2">three</a></p>'
"""What a mail reader shows of it."""


@pytest.mark.parametrize(
    ("html", "follows"), [(CLEAN, {"sanitises_html": True}), (CLEAN.replace("b=2", "b=3"), {}), ("", {})]
)
def test_html_is_compared_without_what_no_reader_shows_only_where_that_alone_is_gone(
    html: str, follows: dict[str, Any], bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe, first = BY_NAME["html_survives"], Bench.first_message
    monkeypatch.setattr(Bench, "first_message", lambda *of: first(*of).model_copy(update={"body_html": html}))
    answer = probe.ask(bench)
    assert (answer.answer, dict(probe.follows(answer))) == ("other", follows)
    assert dict(probe.follows(Answer(answer="other", by="target.proofs"))) == {}


def test_small_print_that_is_not_kept_is_not_compared_and_all_else_is(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread, probe = Bench.thread, BY_NAME["small_print_is_kept"]
    other = {"via": "helpdesk", "subject": "Another", "meta": None, "body_text": ""}
    monkeypatch.setattr(Bench, "thread", lambda *of: [one.model_copy(update=other) for one in thread(*of)])
    answer = probe.ask(bench)
    assert dict(probe.follows(answer)) == {"not_kept": ("message.meta", "message.via")}
    assert answer.seen == "not kept: message.meta, message.via"
    assert dict(probe.follows(Answer(answer="other", by="target.proofs"))) == {}


def test_what_a_probe_and_what_a_person_found_not_to_be_kept_are_both_left_out(ledger: Ledger) -> None:
    given = settings(proofs={"small_print_is_kept": "other"}, not_kept=["customer.note"])
    assert behaviour(ledger, given).not_kept == ("customer.note",)
    note = {"answer": "other", "seen": "not kept", "value": "message.via,customer.note", "at": "2026-01-01"}
    ledger.set_meta(KEPT, {ACCOUNT: {"small_print_is_kept": note}})
    assert behaviour(ledger, settings(not_kept=["customer.note"])).not_kept == ("customer.note", "message.via")


def test_what_the_key_may_not_do_leaves_one_question_open_and_not_all(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(_body: Any) -> None:
        raise TargetDenied("Gorgias refused POST /api/jobs with 403: this plan has no jobs")

    monkeypatch.setattr(bench.api.jobs, "create", denied)
    answer = BY_NAME["delete_job_works"].ask(bench)
    assert (answer.answer, "403" in answer.seen) == ("not answered", True)


def test_a_list_of_messages_that_lags_is_waited_for(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    pages, asked = bench.api.messages.pages, iter([True, True])
    monkeypatch.setattr(
        bench.api.messages, "pages", lambda ticket_id: iter([]) if next(asked, False) else pages(ticket_id)
    )
    assert BY_NAME["sent_datetime_silences"].ask(bench).answer == "expected"


def test_messages_that_are_never_listed_are_no_sign_of_mail(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.api.messages, "pages", lambda ticket_id: iter([]))
    answer = BY_NAME["sent_datetime_silences"].ask(bench)
    assert (answer.answer, answer.seen) == ("not answered", "the ticket's messages are never listed")
