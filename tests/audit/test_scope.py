"""The scope document: complete, and without anybody's data."""

from __future__ import annotations

import html
import re
from dataclasses import replace

from migrator_lib.audit import Audit, members_page, parts, preflight, run_audit, scope, verdict
from migrator_lib.audit.facts import Access
from migrator_lib.masking import EMAIL_IN_TEXT
from migrator_lib.object_map import ROWS
from tests.audit.desk import ADDRESS, BODY, SECRET, Open

SHOWN = (
    parts.status, preflight.unmapped, preflight.preflight, preflight.code_columns, parts.access, parts.counts,
    parts.parts_inside, parts.tickets, parts.by_month, parts.fields, parts.storage, parts.quality, parts.readiness,
    members_page.members,
)  # fmt: skip
"""What notebook 01 shows of the facts."""


def test_the_document_is_written_where_documents_are(engage: Open) -> None:
    engagement = engage()
    file = scope.write(engagement, run_audit(engagement))
    assert file == engagement.paths.documents / "scope.html"
    assert "Fernhill Outfitters" in file.read_text(encoding="utf-8")


def test_no_persons_data_no_secret_and_no_text(audit: Audit) -> None:
    shown = scope.document(audit) + "".join(part(audit) for part in SHOWN) + verdict.judgement(audit)
    for private in (ADDRESS, "new@postbox.example", "Ida Bloom", "Margit", BODY, SECRET, "FO-1"):
        assert private not in shown
    assert EMAIL_IN_TEXT.search(re.sub(r"<style>.*?</style>", "", shown, flags=re.DOTALL)) is None


def test_an_address_in_gorgias_own_words_is_masked(audit: Audit) -> None:
    refused = Access("production", False, "Gorgias refused: user anna@shop.example is inactive", "TargetDenied", "")
    page = scope.document(replace(audit, access=(refused,)))
    assert "anna@shop.example" not in page
    assert "a***@***.example" in page


def test_every_row_of_the_map_is_in_scope_with_its_number(audit: Audit) -> None:
    page = scope.document(audit)
    for row in ROWS:
        if row.objects:
            assert f"<td>{html.escape(row.title)}</td>" in page
    assert page.count("in scope, in writing") == 4


def test_what_is_by_hand_is_named_with_its_number(audit: Audit) -> None:
    counts = tuple(replace(row, number=22) if row.name == "news_item" else row for row in audit.counts)
    page = scope.by_hand(replace(audit, counts=counts))
    assert "News item: 22, in a written document" in page
    assert "may only SELECT" in page


def test_duties_tell_where_their_gates_stand(audit: Audit) -> None:
    gates = tuple(replace(gate, state="met") if gate.name == "backup_proof" else gate for gate in audit.gates)
    before, after = scope.duties(audit), scope.duties(replace(audit, gates=gates))
    assert before.count(">open<") == 6
    assert (after.count(">open<"), after.count(">met<")) == (5, 1)


def test_a_name_that_is_markup_stays_a_name(audit: Audit) -> None:
    fields = (replace(audit.fields[0], name="<script>alert(1)</script>"),)
    assert "<script>" not in parts.fields(replace(audit, fields=fields))


def test_what_is_there_is_never_said_to_be_zero_percent() -> None:
    assert (parts.percentage(0.0), parts.percentage(0.0004), parts.percentage(0.25)) == ("0.0%", "below 0.1%", "25.0%")


def test_formulas_stand_beside_their_numbers(audit: Audit) -> None:
    page = scope.document(audit)
    assert "4 teams, tags, fields and macros + 20 reads" in page
    assert "$60 + 0 tickets beyond 300 at $40 per 100" in page
    assert "the mean of the four rounded up" in page
