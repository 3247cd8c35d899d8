"""What Gorgias has no place for: each record is handed over to a written document, none is dropped."""

from __future__ import annotations

from typing import Any

import pytest

from migrator_lib.objects import INVENTORIES, OBJECTS, find
from migrator_lib.objects.base import HandOver, MigrationObject
from tests.shop import Shop, minutes


def handed_over(shop: Shop, obj: MigrationObject) -> dict[str, str]:
    staged = shop.stage()
    lookups = shop.lookups(staged)
    found = {}
    for record in obj.records(staged, lookups):
        outcome = obj.transform(record, lookups)
        assert isinstance(outcome, HandOver)
        assert record.key not in found
        found[record.key] = outcome.document
    return found


@pytest.mark.parametrize(
    ("name", "table", "row"),
    [
        ("workflow_rule", "Events", {"EventID": 5, "Name": None}),
        ("community_post", "Threads", {"ThreadID": 5, "Subject": None, "BrandID": None}),
        ("news_item", "NewsItems", {"NewsItemID": 5, "Subject": "", "IsDeleted": True}),
    ],
)
def test_every_row_is_handed_over_also_deleted_and_empty_ones(
    shop: Shop, name: str, table: str, row: dict[str, Any]
) -> None:
    key = next(iter(row))
    shop.add(table, row, {**row, key: 6})
    assert list(handed_over(shop, find(name))) == ["5", "6"]


def test_timers_that_are_on_and_business_hours_are_sla_rules(shop: Shop) -> None:
    shop.tables["Departments"] = [
        {"DepartmentID": 1, "DisplayName": "x", "IsDeleted": False, "AutoCloseEnabled": True, "AutoCloseHours": 24},
        {"DepartmentID": 2, "DisplayName": "y", "IsDeleted": False, "AutoLockEnabled": False, "AutoLockHours": 24},
        {"DepartmentID": 3, "DisplayName": "z", "IsDeleted": False, "AutoDeleteEnabled": True, "AutoDeleteDays": None},
    ]
    times = {"TimeStartUTC": minutes(0), "TimeStopUTC": minutes(9)}
    shop.add("BusinessHours", {"BusinessHourID": 1, "DayOfWeek": 1, "BrandID": 1, **times},
             {"BusinessHourID": 2, "DayOfWeek": 2, "BrandID": 1, **times},
             {"BusinessHourID": 3, "DayOfWeek": 1, "DepartmentID": 2, **times})  # fmt: skip
    assert list(handed_over(shop, find("sla_rule"))) == ["autoclose-d1", "autodelete-d3", "hours-b1", "hours-d2"]


def test_a_source_without_any_of_it_hands_nothing_over(shop: Shop) -> None:
    for obj in INVENTORIES:
        assert handed_over(shop, obj) == {}


def test_every_object_has_a_name_of_its_own_and_says_what_it_is() -> None:
    assert len({obj.name for obj in OBJECTS}) == len(OBJECTS)
    for obj in OBJECTS:
        assert obj.title
        assert obj.becomes
        assert obj.reads
        assert obj.undo
