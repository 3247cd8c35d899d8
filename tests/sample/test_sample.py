"""The sample: what is chosen, that it is compared in full, and what its pages show."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from migrator_lib import gates, sample
from migrator_lib.reconcile.differences import fingerprint
from migrator_lib.sample import pages as sample_pages
from migrator_lib.sample.choice import choose
from migrator_lib.sample.confidence import most_wrong
from migrator_lib.sample.scan import is_non_latin
from tests.desk import leaks
from tests.sample.conftest import STEP, Sampled, change

pytestmark = pytest.mark.xdist_group("sample")  # what its tests share is made once

# --- choosing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "oddity"),
    [
        ("draft: must not be sent", "draft"),
        ("deleted: must be left out", "deleted"),
        ("spam: must be left out", "spam"),
        ("merged in SmarterTrack", "merged"),
        ("inactive agent", "ticket_of_inactive_agent"),
        ("no requester at all", "requester_without_account_or_address"),
        ("longest thread", "long_thread"),
    ],
)
def test_every_hard_kind_is_in_the_sample(sampled: Sampled, kind: str, oddity: str) -> None:
    known = sampled.desk.world.expected[oddity]
    ticket = sampled.record(kind).record
    marks = {ticket.id, *(m["TicketMessageID"] for m in ticket.messages)}
    assert marks & set(known) or (kind == "inactive agent" and ticket.row["UserID"] in {14, 15, 16})


def test_what_a_part_says_chose_its_ticket(sampled: Sampled) -> None:
    bodies = sampled.record("empty body").record.messages
    assert any(not (m["BodyText"] or "").strip() and not (m["BodyHTML"] or "").strip() for m in bodies)
    assert any(
        len(row["DataContent"]) >= 511 for row in sampled.record("value of 511 characters or more").record.fields
    )
    assert any(row["CidTagName"] for row in sampled.record("inline image").record.attachments)
    assert any(m["LastDeliveryError"] for m in sampled.record("mail that could not be delivered").record.messages)
    assert any(is_non_latin(m["BodyText"]) for m in sampled.record("non-Latin text").record.messages)
    assert sampled.record("requester without account").record.row["UserID_Customer"] is None
    assert sampled.record("internal note").record.comments


@pytest.mark.parametrize(
    ("kind", "largest"),
    [
        ("longest thread", "SELECT TicketID, COUNT(*) FROM st_TicketMessages GROUP BY 1"),
        ("most attachments", "SELECT TicketID, COUNT(*) FROM st_TicketAttachments WHERE NOT IsDeleted GROUP BY 1"),
        ("largest file", "SELECT TicketID, MAX(Length) FROM st_TicketAttachments WHERE NOT IsDeleted GROUP BY 1"),
        ("longest live chat", "SELECT ChatID, COUNT(*) FROM st_ChatMessages GROUP BY ChatID"),
    ],
)  # fmt: skip
def test_what_is_the_largest_is_the_largest_of_all_that_move(sampled: Sampled, kind: str, largest: str) -> None:
    root, key = ("Chats", "ChatID") if "chat" in kind else ("Tickets", "TicketID")
    spam = " OR IsSpam" if root == "Tickets" else ""
    left_out = set(rows(sampled, f"SELECT {key}, 0 FROM st_{root} WHERE IsDeleted{spam}"))
    sizes = {one: n for one, n in rows(sampled, largest).items() if one not in left_out}
    assert sizes[sampled.record(kind).record.id] == max(sizes.values())


def rows(of: Sampled, statement: str) -> dict[int, int]:
    """Return id to number, as the source says."""
    with closing(sqlite3.connect(of.desk.root / "source.sqlite3")) as connection:
        return dict(connection.execute(statement).fetchall())


def test_every_channel_and_every_type_of_custom_field_is_in_the_sample(sampled: Sampled) -> None:
    mapping = sampled.review.lookups.mapping
    values = [row for one in sampled.review.records for row in one.record.fields if (row["DataContent"] or "").strip()]
    types = {mapping.ticket_fields[str(row["CustomFieldID"])].becomes for row in values}
    assert {"text", "dropdown", "number", "boolean", "date as text"} <= types
    kinds = {kind for kinds in sampled.choice.reasons.values() for kind in kinds} | set(sampled.choice.not_found)
    assert mapping.channels
    assert {f"channel '{entry.name}'" for entry in mapping.channels.values()} <= kinds


def test_a_follow_up_is_chosen_for_being_one(sampled: Sampled) -> None:
    assert sampled.record("follow-up").record.row["RequiresFollowUp"]
    assert sampled.record("linked to another").record.kind == "ticket"


def test_every_status_and_department_is_in_the_sample(sampled: Sampled) -> None:
    for column in ("TicketStatusID", "DepartmentID"):
        tickets = [one for one in sampled.review.records if one.record.kind == "ticket"]
        chosen = {ticket.record.row[column] for ticket in tickets}
        assert chosen == {value for value, _ in sampled.engagement.source.frequencies("Tickets", column)}
    kinds = {kind for kinds in sampled.choice.reasons.values() for kind in kinds}
    for department, row in sampled.review.lookups.departments.items():
        named = kinds if department in chosen else sampled.choice.not_found
        assert any(f"department '{row['DisplayName']}'" in kind for kind in named)


def test_a_kind_that_no_ticket_is_of_is_named(sampled: Sampled) -> None:
    chosen = {kind for kinds in sampled.choice.reasons.values() for kind in kinds}
    assert not chosen & set(sampled.choice.not_found)
    assert all(sampled.choice.reasons.values())


def test_random_tickets_fill_the_sample_to_its_size(sampled: Sampled) -> None:
    drawn = [ticket for ticket in sampled.choice.reasons if sampled.choice.is_random(ticket)]
    assert len(drawn) == 10  # a third of the size, since more than 20 are hard in a way of their own
    hard = len(sampled.choice.reasons) - 10
    assert hard > 20


def test_the_same_seed_draws_the_same_sample_and_another_one_does_not(sampled: Sampled) -> None:
    assert choose(sampled.engagement, again=True).reasons == sampled.choice.reasons
    sampled.desk.change(sample={"size": 30, "seed": 99})
    other = sampled.desk.open(STEP)
    try:
        assert choose(other).reasons != sampled.choice.reasons
    finally:
        other.close()
        sampled.desk.change(sample={"size": 30})
        choose(sampled.engagement, again=True)


def test_a_choice_once_made_is_kept(sampled: Sampled) -> None:
    made = sampled.engagement.ledger.meta("sample_chosen")
    sampled.engagement.ledger.set_meta("sample_chosen", {**made, "reasons": [["ticket:7", ["kept"]]]})
    try:
        assert choose(sampled.engagement).reasons == {"ticket:7": ["kept"]}
    finally:
        sampled.engagement.ledger.set_meta("sample_chosen", made)


@pytest.mark.parametrize(
    ("text", "foreign"),
    [("Grüße, žluťoučký", False), ("Tiếng Việt", False), ("مرحبا", True), ("Привет", True),
     ("12 € ✓ 😀", False), (None, False)],
)  # fmt: skip
def test_letters_of_another_script_are_told_from_accents_and_pictures(text: str | None, foreign: bool) -> None:
    assert is_non_latin(text) is foreign


# --- loading and comparing -----------------------------------------------------------------------------


def test_a_rehearsal_writes_nothing_and_shows_what_would_be_sent(sampled: Sampled) -> None:
    assert sampled.rehearsed_calls == []
    meant = {ticket.name: ticket for ticket in sampled.rehearsed.records}
    for ticket in sampled.moved:
        assert meant[ticket.name].outcome == "rehearsed"
        assert meant[ticket.name].payload_hash == ticket.payload_hash
        assert len(meant[ticket.name].parts) == len(ticket.parts)


def test_everything_that_could_move_is_as_it_was_meant(sampled: Sampled) -> None:
    wrong = [ticket for ticket in sampled.review.records if not ticket.is_right]
    assert [(ticket.name, ticket.outcome) for ticket in wrong] == [
        ("ticket:1", "in quarantine: priority 9 is not in mapping.yaml")
    ]
    assert len(sampled.moved) > 20
    assert sum(len(ticket.parts) for ticket in sampled.moved) > 500


def test_what_must_be_left_out_is_not_in_the_sandbox(sampled: Sampled) -> None:
    for kind in ("deleted: must be left out", "spam: must be left out"):
        ticket = sampled.record(kind)
        assert ticket.outcome.startswith("left out: ")
        assert not sampled.desk.sandbox.store.by("ticket", "external_id", f"st:desk:ticket:{ticket.key}")


def test_only_the_people_that_the_sample_needs_are_loaded(sampled: Sampled) -> None:
    store = sampled.desk.sandbox.store
    people = [ticket["customer"] for ticket in store.by_kind("ticket")]
    people += [m[role] for m in store.by_kind("message") for role in ("sender", "receiver") if m[role]]
    users = {user["id"] for user in store.by_kind("user")}
    assert store.count("customer")
    assert {customer["id"] for customer in store.by_kind("customer")} == {person["id"] for person in people} - users
    assert not [c for c in store.by_kind("customer") if ":organization:" in str(c["external_id"])]


def test_nobody_is_mailed(sampled: Sampled) -> None:
    assert sampled.desk.sandbox.store.outbox() == []


def test_loading_the_sample_again_changes_nothing(sampled: Sampled) -> None:
    before = sampled.desk.sandbox.store.count("message")
    report = sample.load(sampled.engagement, sample.extract(sampled.engagement, sampled.choice))
    assert report.created() == 0
    assert sampled.desk.sandbox.store.count("message") == before
    assert sample.digest(sampled.again()) == sampled.digest


def test_a_changed_field_is_found_and_names_its_line_of_the_mapping(spoiled: Sampled) -> None:
    ticket = spoiled.moved[0]
    change(spoiled, "ticket", int(ticket.target_id or 0), priority="critical", tags=[])
    review = spoiled.again()
    found = next(other for other in review.records if other.name == ticket.name)
    assert {"priority", "tags"} <= {difference.field for difference in found.differences}
    assert f"priorities.{ticket.record.row['TicketPriorityID']}.becomes" in sample_pages.differences(review)
    assert sample.digest(review) != spoiled.digest


def test_a_changed_value_of_a_field_is_named_by_the_key_of_the_source(spoiled: Sampled) -> None:
    ticket = next(t for t in spoiled.moved if t.expected and t.expected["custom_fields"])
    there = spoiled.desk.sandbox.store.get("ticket", int(ticket.target_id or 0))
    assert there is not None
    change(spoiled, "ticket", there["id"], custom_fields=there["custom_fields"][1:])
    found = next(other for other in spoiled.again().records if other.name == ticket.name)
    (difference,) = found.differences
    name, _, key = difference.field.partition(".")
    assert name == "custom_fields"
    assert key in spoiled.review.lookups.mapping.ticket_fields


def test_a_changed_body_is_found_and_not_shown(spoiled: Sampled) -> None:
    ticket = next(t for t in spoiled.moved if len(t.parts) > 1)
    message = spoiled.desk.sandbox.store.by("message", "parent", int(ticket.target_id or 0))[0]
    change(spoiled, "message", message["id"], body_html="", body_text="Somebody else wrote this, and at length.")
    review = spoiled.again()
    text = sample_pages.differences(review)
    assert fingerprint("Somebody else wrote this, and at length.") in text
    assert "Somebody else" not in text


def test_a_message_that_is_missing_or_surplus_is_found(spoiled: Sampled) -> None:
    ticket = next(t for t in spoiled.moved if 2 < len(t.parts) < 20)
    store = spoiled.desk.sandbox.store
    first = store.by("message", "parent", int(ticket.target_id or 0))[0]
    with store.transaction():
        store.put("message", {**first, "id": 999_999, "external_id": "st:desk:ticket_message:999999"},
                  parent=first["ticket_id"])  # fmt: skip
        store.delete("message", first["id"])
    found = next(other for other in spoiled.again().records if other.name == ticket.name)
    assert {(d.expected, d.actual) for d in found.all_differences} == {("there", "missing"), ("nothing", "is there")}


def test_a_ticket_that_is_there_twice_is_found(spoiled: Sampled) -> None:
    ticket = spoiled.moved[0]
    store = spoiled.desk.sandbox.store
    there = store.get("ticket", int(ticket.target_id or 0))
    assert there is not None
    with store.transaction():
        store.put("ticket", {**there, "id": 888_888}, parent=(there["customer"] or {}).get("id"))
    found = next(other for other in spoiled.again().records if other.name == ticket.name)
    assert [(d.field, d.actual) for d in found.differences] == [("ticket", "2 times")]


def test_a_signature_is_bound_to_what_was_reviewed(spoiled: Sampled) -> None:
    spoiled.again()
    gate = gates.find("sample")
    subject = spoiled.engagement.gate_subject(gate)
    assert subject == spoiled.digest
    signoffs = gates.SignOffs(spoiled.engagement.paths.signoffs_file)
    signoffs.sign(gate, by="Ada", subject=str(subject))
    assert signoffs.state(gate, spoiled.engagement.gate_subject(gate)).state == "met"
    change(spoiled, "ticket", int(spoiled.moved[0].target_id or 0), priority="critical")
    spoiled.again()
    assert signoffs.state(gate, spoiled.engagement.gate_subject(gate)).state == "stale"


# --- what it tells -------------------------------------------------------------------------------------


def test_the_statement_counts_random_records_alone(sampled: Sampled) -> None:
    drawn = sum(one.is_random for one in sampled.review.records)
    hard = len(sampled.review.records) - drawn
    moving = [one for one in sampled.review.records if not one.is_random and not one.outcome.startswith("left out")]
    assert sampled.review.population == sampled.alive - len(moving)
    words = sample_pages.what_it_tells(sampled.engagement, sampled.review)
    assert f"None of the {drawn} records drawn at random is wrong" in words
    assert f"{most_wrong(0, drawn, sampled.review.population)} of {sampled.review.population}" in words
    assert f"The {hard} chosen for being hard are not counted" in words


# --- pages ---------------------------------------------------------------------------------------------


def test_the_review_page_shows_no_body_and_no_requester(sampled: Sampled) -> None:
    review_page, full_page = sample_pages.write_pages(sampled.engagement, sampled.review)
    assert review_page.parent == sampled.engagement.paths.documents
    assert leaks(sampled.engagement, review_page) == []
    assert full_page.parent == sampled.engagement.paths.state
    assert len(leaks(sampled.engagement, full_page)) > 20


def test_the_review_page_leads_to_both_originals_and_to_the_signature(sampled: Sampled) -> None:
    page, _ = sample_pages.write_pages(sampled.engagement, sampled.review)
    text = page.read_text(encoding="utf-8")
    url = sampled.engagement.account_url("sandbox")
    for ticket in sampled.moved:
        assert f'href="{url}/app/ticket/{ticket.target_id}"' in text
        assert ticket.title in text
    assert "migrator sign desk sample --by" in text
