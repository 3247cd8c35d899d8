"""Looking for hard tickets in sources that are not as the simulated one is."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from migrator_lib import sample
from migrator_lib.engagement import Engagement
from migrator_lib.plan import make_plan
from migrator_lib.sample import pages as sample_pages
from migrator_lib.sample.choice import Choice, choose
from migrator_lib.sample.required import Requirement
from tests.desk import Desk, desk


@pytest.fixture
def planned(tmp_path: Path) -> Iterator[Desk]:
    """A desk of its own, whose mapping was proposed."""
    with desk(tmp_path) as made:
        engagement = made.open("02_schema_design")
        make_plan(engagement)
        engagement.close()
        yield made


def ask(made: Desk, *statements: str) -> list[int]:
    """Run statements on the source; return the first column of what they give."""
    connection = sqlite3.connect(made.root / "source.sqlite3")
    with connection:
        found = [row[0] for statement in statements for row in connection.execute(statement)]
    connection.close()
    return found


def chosen(made: Desk) -> Choice:
    return asked(made)[0]


def asked(made: Desk) -> tuple[Choice, int]:
    """Return the choice, and the number of statements that the source was sent for it."""
    engagement: Engagement = made.open("03_sample_migration", execute=False)
    sent: list[str] = []
    sa.event.listen(engagement.source.engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
    try:
        return choose(engagement, again=True), len(sent)
    finally:
        engagement.close()


def test_attachments_choose_tickets_where_no_column_says_which_are_deleted(planned: Desk) -> None:
    ask(planned, "UPDATE st_TicketAttachments SET IsDeleted = 0")
    before = chosen(planned)
    ask(planned, "ALTER TABLE st_TicketAttachments DROP COLUMN IsDeleted")
    assert any("most attachments" in kinds for kinds in before.reasons.values())
    assert chosen(planned).reasons == before.reasons


def test_flags_that_the_database_holds_as_words_choose_the_same_tickets(planned: Desk) -> None:
    before = chosen(planned)
    for table, column in (("Tickets", "IsDeleted"), ("Tickets", "IsSpam"), ("TicketMessages", "IsDraft"),
                          ("TicketAttachments", "IsDeleted")):  # fmt: skip
        ask(planned, f"UPDATE st_{table} SET {column} = CASE {column} WHEN 1 THEN 'True' ELSE 'False' END")
    assert chosen(planned).reasons == before.reasons


@pytest.mark.parametrize("text", ["Привет", ""])
def test_a_shop_that_writes_no_latin_or_nothing_is_not_asked_for_each_of_its_tickets(planned: Desk, text: str) -> None:
    usual = "How do I return a tent?"
    ask(planned, f"UPDATE st_TicketMessages SET BodyText = '{usual}', BodyHTML = ''")
    _, before = asked(planned)
    ask(planned, f"UPDATE st_TicketMessages SET BodyText = '{text}'")
    choice, statements = asked(planned)
    kind = "non-Latin text" if text else "empty body"
    assert any(kind in kinds for kinds in choice.reasons.values())
    assert statements <= before + 5


def test_going_without_a_sample_goes_through_all_of_the_notebook(planned: Desk) -> None:
    engagement: Engagement = planned.open("03_sample_migration")
    try:
        choice = choose(engagement, Requirement((), skipped=True, by="Ada", note="few tickets"))
        staged = sample.extract(engagement, choice)
        sample.load(engagement, staged)
        assert planned.sandbox.store.count("ticket") == 0
        review = sample.review(engagement, choice, staged)
        assert review.records == []
        assert "No sample was moved" in sample_pages.status(review)
        assert engagement.ledger.meta("sample_digest") is None
        assert all(file.exists() for file in sample_pages.write_pages(engagement, review))
        assert sample_pages.what_it_tells(engagement, review)
    finally:
        engagement.close()
