"""Workflow rule: SmarterTrack's automation events become a written inventory that an admin rebuilds rules from."""

from migrator_lib.objects.base import HandedOver


class WorkflowRule(HandedOver):
    """Events with their conditions and actions."""

    name = "workflow_rule"
    title = "Workflow rule"
    becomes = "written inventory"
    reads = ("Events", "EventConditions", "EventActions", "EventInputs")
    table = "Events"
    key = "EventID"
    document = "workflow inventory"
