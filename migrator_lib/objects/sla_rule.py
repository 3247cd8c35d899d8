"""SLA rule: SmarterTrack has no SLA table; what acts like one is found where it is kept.

Those places are: the departments' timers for closing, locking and deleting, their settings that sound like a service
level, business hours and holidays of brands and departments. (Events that wait for a time are workflow rules, and stand
in the SLA inventory too.) SLA policies cannot be made by Gorgias' API, so all become a written inventory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrator_lib.lookups import Lookups
from migrator_lib.objects.base import HandedOver, MappedField, Record
from migrator_lib.staging import Row, Staged

TIMERS = (("AutoClose", "Hours"), ("AutoLock", "Hours"), ("AutoDelete", "Days"), ("AutoDeleteCallLog", "Days"))
LIKE_AN_SLA = re.compile(r"sla|response|resol|idle|overdue|target|escalat|timer|minutes|hours|alert", re.IGNORECASE)
"""Names of departments' settings that sound like a service level."""
INVENTORY = "sla_inventory"


class SlaRule(HandedOver):
    """Timers (``autoclose-d3``), settings (``setting-d3-...``), hours (``hours-b1``) and holidays (``holidays-b1``)."""

    name = "sla_rule"
    title = "SLA rule"
    becomes = "written inventory"
    reads = ("Departments", "BusinessHours", "BusinessHolidays", "DepartmentSettings")
    document = "SLA inventory"
    fields = (
        *(MappedField(f"Departments.{timer}Enabled + Departments.{timer}{unit}", INVENTORY) for timer, unit in TIMERS),
        MappedField("Departments.AutoCloseSendEmailToClient", INVENTORY, "that the customer is told"),
        MappedField("Departments.UseBrandHours", INVENTORY, "whose hours count for the department"),
        MappedField("Departments.UseBrandHolidays", INVENTORY, "whose holidays count for the department"),
        MappedField("DepartmentSettings.DepartmentID + DepartmentSettings.SettingName", INVENTORY,
                    "the name alone: a value may be a secret"),
        MappedField("BusinessHours.BrandID + BusinessHours.DepartmentID", INVENTORY, "whose hours they are"),
        MappedField("BusinessHours.DayOfWeek + BusinessHours.TimeStartUTC + BusinessHours.TimeStopUTC", INVENTORY,
                    "days with equal hours gathered"),
        MappedField("BusinessHours.BusinessHourID", "", "number of the row"),
        MappedField("BusinessHolidays.BrandID + BusinessHolidays.DepartmentID", INVENTORY, "whose holidays they are"),
        MappedField("BusinessHolidays.Name", INVENTORY),
        MappedField("BusinessHolidays.Date", INVENTORY),
        MappedField("BusinessHolidays.BusinessHolidayID", "", "number of the row"),
    )  # fmt: skip

    def records(self, staged: Staged, lookups: Lookups) -> Iterator[Record]:
        """Yield timers that are on, settings, then each set of business hours and of holidays."""
        for department, row in sorted(lookups.departments.items()):
            for timer, unit in TIMERS:
                if row.get(f"{timer}Enabled"):
                    mails = timer == "AutoClose" and bool(row.get("AutoCloseSendEmailToClient"))
                    data = {"timer": timer, "after": row[f"{timer}{unit}"], "mails": mails}
                    yield Record(f"{timer.lower()}-d{department}", data)
        for row in staged.rows("DepartmentSettings"):
            if LIKE_AN_SLA.search(str(row["SettingName"])):
                yield Record(f"setting-d{row['DepartmentID']}-{row['SettingName']}", row)
        for what, table in (("hours", "BusinessHours"), ("holidays", "BusinessHolidays")):
            for owner, rows in sorted(_by_owner(staged.rows(table)).items()):
                yield Record(f"{what}-{owner}", rows)


def _by_owner(rows: list[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        owner = f"b{row['BrandID']}" if row.get("BrandID") is not None else f"d{row.get('DepartmentID')}"
        found.setdefault(owner, []).append(row)
    return found
