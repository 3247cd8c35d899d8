"""Rules: what the account does on an event. Source: developers.gorgias.com, create-rule, update-rules-priorities."""

from __future__ import annotations

from typing import Any

from migrator_lib.gorgias.contract import replies
from migrator_lib.gorgias.contract.bodies import RuleCreate, RulePriorities, RuleUpdate
from migrator_lib.simulators.gorgias.account import Account, active, reference_problem
from migrator_lib.simulators.gorgias.behaviour import events
from migrator_lib.simulators.gorgias.resources.handlers import create, delete, get, listing, put, restamped, stamped
from migrator_lib.simulators.gorgias.resources.settings import limit_of
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.web.endpoint import PAGING, Endpoint, order_by
from migrator_lib.simulators.gorgias.web.request import Call
from migrator_lib.simulators.gorgias.web.validation import Refused, parse, refuse

EVENT_TYPES = {
    events.CREATED, events.UPDATED, events.MESSAGE_CREATED, events.ASSIGNED, events.UNSNOOZED, events.RESPONDED
}  # fmt: skip
DEFAULTS: Document = {
    "description": None, "code_ast": {}, "event_types": "", "priority": 0, "type": "user", "deactivated_datetime": None,
}  # fmt: skip


def _check(account: Account, given: Document, action: str, rule_id: int | None) -> None:
    named = {name.strip() for name in (given.get("event_types") or "").split(",")} - {""}
    if named - EVENT_TYPES:
        raise refuse(400, action, "event_types", "Not a valid choice.")
    others = [rule for rule in active(account.store.by_kind("rule")) if rule["id"] != rule_id]
    most = limit_of(account, "max_active_rules")
    if most is not None and not given.get("deactivated_datetime") and len(others) >= most:
        raise refuse(400, action, "deactivated_datetime", f"At most {most} rules may be active.")


def create_rule(account: Account, body: Any) -> Document:
    """``POST /api/rules``."""
    given = parse(RuleCreate, body, "create rule").model_dump(exclude_none=True)
    _check(account, given, "create rule", None)
    return stamped(account, "rule", "rules", {**DEFAULTS, **given})


def update_rule(account: Account, rule: Document, body: Any) -> Document:
    """``PUT /api/rules/{id}``: everything anew, so that what is left out is as at first."""
    given = parse(RuleUpdate, body, "update rule").model_dump(exclude_none=True)
    _check(account, given, "update rule", rule["id"])
    return restamped(account, "rule", rule, {**DEFAULTS, "type": rule.get("type", "user"), **given})


def _set_priorities(account: Account, call: Call) -> None:
    for given in parse(RulePriorities, call.body, "update priorities").priorities:
        rule = account.store.get("rule", given.id)
        if rule is None:
            raise Refused(400, "Failed to update priorities", reference_problem("priorities"))
        restamped(account, "rule", rule, {"priority": given.priority})


ROUTES = (
    Endpoint(
        "GET", "rules", 200, listing("rule", size=100), "List rules, 100 a page", reply=replies.Rule, listed=True,
        query=(*PAGING, order_by("created_datetime", "name", "id")),
    ),
    Endpoint("POST", "rules", 201, create(create_rule), "Create a rule", RuleCreate, replies.Rule),
    Endpoint("POST", "rules/priorities", 202, _set_priorities, "Say which rules run first", RulePriorities),
    Endpoint("GET", "rules/{id}", 200, get("rule"), "Get a rule", reply=replies.Rule),
    Endpoint(
        "PUT", "rules/{id}", 202, put("rule", update_rule), "Replace a rule; a deactivation date switches it off",
        RuleUpdate,
    ),
    Endpoint("DELETE", "rules/{id}", 204, delete("rule"), "Delete a rule"),
)  # fmt: skip
