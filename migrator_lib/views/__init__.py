"""What the notebooks from extract to cutover show: status first, then numbers, then details that are folded away."""

from migrator_lib.views.counts import (
    LISTED,
    TO_LISTS,
    accounts_chart,
    accounts_table,
    expected,
    quarantine_rows,
    quarantine_table,
    rules_table,
    usage,
)
from migrator_lib.views.cutover import (
    changes_tables,
    cutover_status,
    frozen,
    verified_again,
)
from migrator_lib.views.extract import (
    attachments,
    bad_dates,
    bad_values,
    extract_status,
    extract_tables,
)
from migrator_lib.views.load import (
    conflicts,
    load_counts,
    load_order,
    load_status,
)
from migrator_lib.views.people import (
    CASES,
    agents_who_are_gone,
    people_to_look_at,
)
from migrator_lib.views.reconcile import (
    MADE_OTHERWISE,
    changes_table,
    duplicates,
    finding_row,
    findings_table,
    reconcile_counts,
    reconcile_status,
)

__all__ = [
    "CASES",
    "LISTED",
    "MADE_OTHERWISE",
    "TO_LISTS",
    "accounts_chart",
    "accounts_table",
    "agents_who_are_gone",
    "attachments",
    "bad_dates",
    "bad_values",
    "changes_table",
    "changes_tables",
    "conflicts",
    "cutover_status",
    "duplicates",
    "expected",
    "extract_status",
    "extract_tables",
    "finding_row",
    "findings_table",
    "frozen",
    "load_counts",
    "load_order",
    "load_status",
    "people_to_look_at",
    "quarantine_rows",
    "quarantine_table",
    "reconcile_counts",
    "reconcile_status",
    "rules_table",
    "usage",
    "verified_again",
]
