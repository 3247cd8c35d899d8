"""The object map: every object stands in it once, README has it as the modules say it, and no field is left unsaid."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from migrator_lib import object_map, object_map_readme
from migrator_lib.handoff import field_map
from migrator_lib.object_map import ROWS
from migrator_lib.objects import OBJECTS, PARTS
from migrator_lib.objects.base import MigrationObject, Send
from migrator_lib.reconcile.accounts import Account
from migrator_lib.smartertrack.tables import ALL_TABLES, source_table
from tests.shop import Shop

README = Path(__file__).parent.parent / "README.md"
SOURCE = re.compile(r"\b([A-Z]\w+)\.([A-Z]\w+)\b")
CONSTANT = {"via", "from_agent", "object_type", "required", "priority", "public"}
"""Keys of payloads that hold nothing of the source, but say how Gorgias is to take it."""
NOT_YET: set[str] = set()
"""Objects whose fields are told next."""


def columns_read(obj: MigrationObject) -> set[str]:
    tables = [source_table(name) for name in obj.reads if name in {table.name for table in ALL_TABLES}]
    return {f"{table.name}.{column}" for table in tables for column in table.columns}


def columns_told(obj: MigrationObject) -> set[str]:
    return {f"{table}.{column}" for field in obj.fields for table, column in SOURCE.findall(field.source)}


def test_every_object_and_every_part_is_in_one_row_of_the_map() -> None:
    names = [name for row in ROWS for name in row.names]
    assert sorted(names) == sorted([*(obj.name for obj in OBJECTS), *PARTS])


def test_every_row_says_what_it_becomes_how_it_is_verified_and_how_it_is_undone() -> None:
    assert len(ROWS) >= 16
    for row in ROWS:
        assert row.modules or not row.objects
        assert all((row.becomes, row.verified, row.undo))


def test_readme_has_the_map_as_the_modules_say_it() -> None:
    text = README.read_text(encoding="utf-8")
    table = object_map_readme.without_numbers(object_map_readme.table_of(text))
    assert table == object_map_readme.without_numbers(object_map.markdown({})), "run: make demo map"


def test_the_numbers_of_a_run_are_written_into_readme_and_nothing_else_changes() -> None:
    text = README.read_text(encoding="utf-8")
    numbers = {"ticket": {"source": 1004, "created": 1000, "handed_over": 4}, "task": {"source": 3, "created": 3},
               "brand": {"source": 2, "created": 2}, "brand_team": {"source": 2, "skipped": 2}}  # fmt: skip
    made = object_map_readme.written(text, numbers)
    assert "| 1,004: 1,000 created, 4 handed over |\n" in made
    assert "| 4: 2 created, 2 skipped |\n" in made
    assert "| 3: 3 created |\n" in made
    again = object_map_readme.written(made, numbers)
    assert again == made
    assert object_map_readme.without_numbers(object_map_readme.table_of(made)) == object_map_readme.without_numbers(
        object_map_readme.table_of(text)
    )


def test_what_became_of_a_row_is_summed_and_its_parts_stand_beside_it() -> None:
    found = object_map.outcomes(
        [
            Account("brand", "Brand", 2, {"created": 2}),
            Account("brand_team", "Team of a brand", 2, {"skipped": 2}),
            Account("ticket", "Ticket", 5, {"created": 4, "quarantined": 1}),
            Account("ticket_message", "Message of a ticket", 9, {"created": 9}),
        ]
    )
    rows = {row["SmarterTrack"]: row for row in found}
    assert (rows["Brand"]["source"], rows["Brand"]["created"], rows["Brand"]["skipped"]) == (4, 2, 2)
    ticket = "Ticket, with messages and internal comments"
    assert (rows[ticket]["source"], rows[ticket]["quarantined"]) == (5, 1)
    assert rows[f"{ticket}: message of a ticket"]["created"] == 9


@pytest.mark.parametrize("obj", OBJECTS, ids=lambda obj: obj.name)
def test_an_object_says_of_its_fields_where_each_goes_or_why_it_goes_nowhere(obj: MigrationObject) -> None:
    assert obj.fields
    assert all(field.target or field.how for field in obj.fields)
    for field in obj.fields:
        for table, column in SOURCE.findall(field.source):
            assert column in source_table(table).columns, f"{table}.{column} is not read"


def test_every_column_that_is_read_for_an_object_is_told_of() -> None:
    told = {column for obj in OBJECTS for column in columns_told(obj)}
    untold = {obj.name: sorted(columns_read(obj) - told) for obj in OBJECTS}
    assert {name: columns for name, columns in untold.items() if columns} == {}


def keys(payload: dict[str, Any]) -> set[str]:
    """Return the keys of a payload, and those of its messages."""
    return {*payload, *(key for message in payload.get("messages", ()) for key in message)}


def test_everything_that_a_payload_holds_is_told_of(shop: Shop) -> None:
    staged = shop.stage()
    lookups = shop.lookups(staged)
    untold: dict[str, set[str]] = {}
    sent: set[str] = set()
    for obj in OBJECTS:
        words = set(re.findall(r"\w+", " ".join(f"{field.target} {field.how}" for field in obj.fields)))
        for record in obj.records(staged, lookups):
            outcome = obj.transform(record, lookups)
            if isinstance(outcome, Send):
                sent.add(obj.name)
                untold.setdefault(obj.name, set()).update(keys(outcome.payload) - words - CONSTANT)
    assert {name: left for name, left in untold.items() if left} == {}
    assert {"ticket", "requester", "organization", "department", "ticket_field", "tag"} <= sent


def test_the_fields_of_every_row_are_listed_in_its_document() -> None:
    for row in ROWS:
        listed = field_map.fields(row)
        assert len(listed) == sum(len(obj.fields) for obj in row.modules)
        assert all(line["Gorgias"] for line in listed)
