"""SLA rule: SmarterTrack has no SLA table; what acts like one is found where it is kept.

Those places are: business hours of brands and departments, and the departments' timers for closing, locking and
deleting. (Time-based automation events are in the workflow inventory.) SLA policies cannot be made by Gorgias' API,
so all become a written inventory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migrator_lib.lookups import Lookups
from migrator_lib.objects.base import HandedOver, Record
from migrator_lib.staging import Staged

TIMERS = (("AutoClose", "Hours"), ("AutoLock", "Hours"), ("AutoDelete", "Days"))


class SlaRule(HandedOver):
    """Timers of departments (``autoclose-d3``), and business hours (``hours-b1``, ``hours-d2``)."""

    name = "sla_rule"
    title = "SLA rule"
    becomes = "written inventory"
    reads = ("Departments", "BusinessHours")
    document = "SLA inventory"

    def records(self, staged: Staged, lookups: Lookups) -> Iterator[Record]:
        """Yield timers that are on, then each set of business hours."""
        for department, row in sorted(lookups.departments.items()):
            for timer, unit in TIMERS:
                if row.get(f"{timer}Enabled"):
                    yield Record(f"{timer.lower()}-d{department}", {"timer": timer, "after": row[f"{timer}{unit}"]})
        hours: dict[str, list[Any]] = {}
        for row in staged.rows("BusinessHours"):
            owner = f"b{row['BrandID']}" if row.get("BrandID") is not None else f"d{row.get('DepartmentID')}"
            hours.setdefault(f"hours-{owner}", []).append(row)
        for key in sorted(hours):
            yield Record(key, hours[key])
