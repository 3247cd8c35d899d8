"""The preflight: engine, version, prefix, and which tables and columns are there, missing or unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migrator_lib.audit import Audit, costs, preflight, run_audit
from migrator_lib.audit.quality import notes
from migrator_lib.simulators.smartertrack.schema import Writer
from migrator_lib.smartertrack.tables import ALL_TABLES, AUDITED
from tests.audit.desk import ADDRESS, BODY, SECRET, More, Open


def sql(*statements: str) -> More:
    def more(write: Writer) -> None:
        for statement in statements:
            write._connection.exec_driver_sql(statement)

    return more


def test_the_page_holds_product_engine_prefix_connection_and_tables(audit: Audit) -> None:
    page = preflight.preflight(audit)
    for words in ("100.0.9651, built 04 June 2026", "Enterprise", "SQLite 3.", "st_, as source.prefix says",
                  "166 of the 166 known ones", "0 of something else", "restored backup", "Driver", "Isolation",
                  "the file is opened read-only", "D:\\Files", "CustomDataFieldsInTickets takes", "512 characters",
                  "No table and no column that is read is missing"):  # fmt: skip
        assert words in page, words


def test_no_persons_data_and_no_text_is_on_it(audit: Audit) -> None:
    page = preflight.preflight(audit) + preflight.code_columns(audit)
    for private in (ADDRESS, "Ida Bloom", BODY, SECRET, "Call her"):
        assert private not in page


def test_an_address_in_a_column_of_codes_is_masked_on_it(engage: Open) -> None:
    def more(write: Writer) -> None:
        write.add("OrganizationFilters", OrganizationFilterID=1, OrganizationID=1, FilterType=ADDRESS)

    page = preflight.code_columns(run_audit(engage(more=more)))
    assert ADDRESS not in page
    assert "i***@***.example" in page


@pytest.mark.parametrize(("read_from", "warned"), [("live", True), ("snapshot", False)])
def test_only_the_live_database_is_warned_of(audit: Audit, read_from: str, warned: bool) -> None:
    page = preflight.preflight(replace(audit, source=replace(audit.source, read_from=read_from)))
    assert ("Read a restored backup or a snapshot instead" in page) is warned


def test_what_a_missing_table_or_column_costs_is_on_the_page(engage: Open) -> None:
    audit = run_audit(
        engage(without=("Chats", "TicketMerges"), sql=("ALTER TABLE st_TicketMessages DROP COLUMN IsDraft",))
    )
    page = preflight.preflight(audit)
    for words in ("are missing: 3", "st_Chats", "live chats do not move", "cannot be found by them",
                  "st_TicketMessages.IsDraft", "drafts are not told apart"):  # fmt: skip
        assert words in page, words


def test_a_table_that_the_login_may_not_read_is_on_the_page_and_not_missing(engage: Open) -> None:
    engagement = engage(without=("Chats",))
    binding = engagement.source.binding
    binding.unreadable, binding.missing_optional = binding.missing_optional, []
    page = preflight.preflight(run_audit(engagement))
    for words in ("may not read: 1", "migrator grants", "st_Chats", "live chats do not move",
                  "No table and no column that is read is missing"):  # fmt: skip
        assert words in page, words


def test_every_optional_table_says_what_it_costs() -> None:
    optional = [table.name for table in ALL_TABLES if not table.required]
    assert set(optional) >= {table.name for table in AUDITED}
    for name in optional:
        assert costs.of_missing(f"ST_{name.upper()}", "st_") == costs.TABLES[name]


def test_costs_are_of_tables_and_columns_that_are_read() -> None:
    tables = {table.name: table for table in ALL_TABLES}
    assert set(costs.TABLES) <= set(tables)
    for name in costs.COLUMNS:
        table, _, column = name.partition(".")
        assert column in tables[table].columns
        assert column not in tables[table].required


def test_a_column_of_no_special_cost_names_what_it_is_left_out_of() -> None:
    assert costs.of_missing("st_TicketMessages.SmtpMessageGuid", "st_") == "left out: Ticket"


def test_unknown_tables_that_may_hold_tags_or_agents_stand_out(engage: Open) -> None:
    tables = ("st_TagsInTickets", "st_agents", "st_Odd", "other")
    audit = run_audit(engage(more=sql(*(f"CREATE TABLE {name} (id int)" for name in tables))))
    assert (audit.source.unknown, audit.source.foreign) == (("st_Odd", "st_TagsInTickets", "st_agents"), 1)
    page = preflight.preflight(audit)
    head, _, folded = page.partition("Tables that are not known: 3")
    assert head.count(costs.TICKET_TAGS) == 1
    assert head.count(costs.AGENTS) == 1
    assert "st_Odd" not in head
    assert "st_Odd" in folded


def test_unknown_columns_of_tables_that_are_read_are_named(engage: Open) -> None:
    audit = run_audit(engage(more=sql("ALTER TABLE st_Tickets ADD COLUMN SentimentScore int")))
    assert audit.source.unknown_columns == ("st_Tickets.SentimentScore",)
    assert "st_Tickets.SentimentScore" in preflight.preflight(audit)


def test_rows_of_every_table_that_is_read_are_counted(audit: Audit) -> None:
    assert set(audit.source.rows) == {table.name for table in ALL_TABLES}
    assert (audit.source.rows["Tickets"], audit.source.rows["TicketMessages"], audit.source.rows["Chats"]) == (3, 5, 0)


def test_where_the_column_is_longer_values_of_512_characters_do_not_fill_it(
    engage: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator_lib.audit.fields.ceilings", lambda source: {"CustomDataFieldsInTickets": 4000})

    def more(write: Writer) -> None:
        for key, n in ((1, 4000), (3, 513)):
            write.add("CustomDataFieldsInTickets", TicketID=key, CustomFieldID=2, DataContent="y" * n)

    order, reason = run_audit(engage(more=more)).fields
    assert (order.near_ceiling, order.at_ceiling) == (1, 0)
    assert (reason.near_ceiling, reason.at_ceiling) == (0, 1)


def test_where_no_length_is_told_only_values_of_just_512_characters_may_have_been_cut(
    engage: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator_lib.audit.fields.ceilings", lambda source: {"CustomDataFieldsInTickets": None})

    def more(write: Writer) -> None:
        for key, n in ((1, 600), (2, 512), (3, 513)):
            write.add("CustomDataFieldsInTickets", TicketID=key, CustomFieldID=2, DataContent="y" * n)

    assert run_audit(engage(more=more)).fields[1].at_ceiling == 1


def test_each_column_of_field_values_is_held_against_its_own_length(engage: Open) -> None:
    def more(write: Writer) -> None:
        for key, n in ((1, 512), (2, 511)):
            write.add("CustomDataFieldsForUsers", UserID=101, CustomFieldID=key, DataContent="y" * n)

    audit = run_audit(engage(more=more))
    assert audit.ceilings == {"CustomDataFieldsInTickets": 512, "CustomDataFieldsForUsers": 512}
    assert [field.at_ceiling for field in audit.fields] == [2, 0]
    assert next(note.number for note in notes(audit) if "fill their column" in note.what) == 2


def test_a_prefix_that_was_found_is_told_from_one_that_was_configured(audit: Audit) -> None:
    page = preflight.preflight(replace(audit, source=replace(audit.source, prefix="desk_", prefix_found=True)))
    assert "desk_, found in the database" in page
