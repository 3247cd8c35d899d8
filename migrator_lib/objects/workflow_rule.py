"""Workflow rule: what acts by itself in SmarterTrack becomes a written inventory that an admin rebuilds rules from.

Its automation events, and what is kept elsewhere: auto-responders of departments, alerts of groups, and rules that
spread tickets over agents anew.
"""

from __future__ import annotations

from collections.abc import Iterator

from migrator_lib.lookups import Lookups
from migrator_lib.objects.base import HandedOver, MappedField, Record
from migrator_lib.staging import Staged

INVENTORY, ROUTING = "workflow_inventory", "routing_guide"


def _listed(table: str, columns: str, target: str = INVENTORY, how: str = "") -> tuple[MappedField, ...]:
    return tuple(MappedField(f"{table}.{column}", target, how) for column in columns.split())


class WorkflowRule(HandedOver):
    """Events (``5``), auto-responders (``autoresponder-2``), alerts (``alert-g1-2``), rebalancing (``rebalance-1``)."""

    name = "workflow_rule"
    title = "Workflow rule"
    becomes = "written inventory"
    reads = ("Events", "EventConditions", "EventActions", "EventInputs", "AutoResponders", "RebalanceRules")
    table = "Events"
    key = "EventID"
    document = "workflow inventory"
    fields = (
        *_listed("Events", "EventID Name EventGroup Owner IsRepeating IsActive Enabled"),
        MappedField("Events.RepeatFrequency", INVENTORY, "whether it repeats; Gorgias' rules have no frequency"),
        MappedField("Events.GroupID", "", "number of the folder that agents see it in"),
        MappedField("Events.DateLastModifiedUTC", "", "tells a delta what changed"),
        *_listed("EventConditions", "EventID EventKey EventCondition EventValue1 EventValue2 EventType"),
        MappedField("EventConditions.EventConditionID", "", "number of the row"),
        *_listed("EventActions", "EventID EventActionID EventKey"),
        MappedField("EventActions.IsConstrained", INVENTORY, "that it acts once in a while only"),
        MappedField("EventActions.ConstraintFrequency", INVENTORY, "how often it may act"),
        *_listed("EventInputs", "EventActionID EventKey EventValue"),
        MappedField("EventInputs.EventInputID", "", "number of the row"),
        *_listed("AutoResponders", "AutoResponderID DisplayName Subject"),
        MappedField("AutoResponders.Body", INVENTORY, "its size; the text in the administrator's copy"),
        *_listed(
            "RebalanceRules",
            "RebalanceRuleID RuleName DepartmentID GroupID IncludeAllUsersInGroup ExecuteOnIntervalSeconds "
            "ExecuteOnAgentActivate ExecuteOnAgentDeactivate HoldSecondsCompose HoldSecondsTicketRead "
            "HoldSecondsTicketAssigned HoldSecondsPinnedTicket",
        ),
    )

    def records(self, staged: Staged, lookups: Lookups) -> Iterator[Record]:
        """Yield events, then auto-responders, groups' alerts and rebalancing rules."""
        yield from super().records(staged, lookups)
        for row in staged.rows("AutoResponders"):
            yield Record(f"autoresponder-{row['AutoResponderID']}", row)
        for (department, group), row in sorted(lookups.groups.items()):
            if row.get("AlertOption") or row.get("AlertAddress"):
                yield Record(f"alert-g{department}-{group}", row)
        for row in staged.rows("RebalanceRules"):
            yield Record(f"rebalance-{row['RebalanceRuleID']}", row)
