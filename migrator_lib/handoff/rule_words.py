"""SmarterTrack's conditions and actions in the words of Gorgias' rule builder (docs.gorgias.com, rule glossary).

SmarterTrack publishes no list of its event keys, so a key is understood by the words in it; values that the mapping
knows (a priority, a status, a department) are said as they are called in Gorgias.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from migrator_lib.lookups import Lookups

Part = Mapping[str, object]
PLACEHOLDER = re.compile(r"#\w+#")
CUSTOMER = re.compile(r"#\w*(customer|requester|user)\w*#", re.IGNORECASE)
TIMES = ("minute", "hour", "day", "week")
BY_HAND = "(by hand)"
OPERATORS = (
    (("notequal", "isnot", "not equal"), "IS NOT"),
    (("equal", "is"), "IS"),
    (("notcontain", "not contain"), "DOES NOT CONTAIN ANY OF"),
    (("contain",), "CONTAINS ANY OF"),
    (("greater", "more", "above"), "GREATER THAN"),
    (("less", "below"), "LESS THAN"),
)
FIELDS = (
    (("priorit",), "ticket priority"),
    (("status",), "ticket status"),
    (("department", "group"), "ticket assignee team"),
    (("agent", "owner", "assign"), "ticket assignee user"),
    (("subject",), "ticket subject"),
    (("body", "message", "content", "text"), "message body"),
    (("brand",), "ticket tags"),
    (("tag",), "ticket tags"),
    (("language",), "ticket language"),
    (("rating", "score", "survey"), "satisfaction survey score"),
    (("email", "customer", "from", "address"), "customer email"),
    (("channel", "source"), "ticket channel"),
)
"""Words of a condition's key to what Gorgias' rule builder calls it; the first that fits counts."""


def condition(part: Part, lookups: Lookups) -> str:
    """Return a condition as it is set in Gorgias; empty for a time, which no condition holds."""
    key, value = str(part.get("EventKey") or "").lower(), str(part.get("EventValue1") or "")
    if any(unit in key for unit in TIMES):
        return ""
    field = next((words for known, words in FIELDS if any(word in key for word in known)), "")
    if not field:
        return f"{part.get('EventKey')} {part.get('EventCondition')} {value} {BY_HAND}"
    said = str(part.get("EventCondition") or "").lower()
    operator = next((words for known, words in OPERATORS if any(word in said for word in known)), said.upper() or "IS")
    if field == "ticket tags" and operator == "IS":
        operator = "CONTAINS ANY OF"
    return f"{field} {operator} {translated(field, value, lookups)}".strip()


def translated(field: str, value: str, lookups: Lookups) -> str:
    """Return a value as it is called in Gorgias."""
    mapping, wanted = lookups.mapping, value.strip().lower()
    if field == "ticket priority":
        return next((e.becomes for e in mapping.priorities.values() if e.name.lower() == wanted), value)
    if field == "ticket status":
        status = next((e for e in mapping.statuses.values() if e.name.lower() == wanted), None)
        kept = f" AND ticket tags CONTAINS ANY OF {status.tag}" if status and status.tag else ""
        return f"{status.becomes}{kept}" if status else value
    if field == "ticket assignee team":
        return next((e.team for e in mapping.teams.values() if e.name.lower() == wanted), value)
    if field == "ticket tags":
        brand = next((e.tag for e in mapping.brands.values() if e.name.lower() == wanted), "")
        return brand or next((e.becomes for e in mapping.tags.values() if e.name.lower() == wanted), value)
    return value


def action(key: str, inputs: Sequence[Part], lookups: Lookups) -> str:
    """Return an action as it is set in Gorgias."""
    text, given = key.lower(), {str(row["EventKey"]).lower(): str(row["EventValue"] or "") for row in inputs}
    first = next(iter(given.values()), "")
    if "mail" in text or "notif" in text or "sms" in text:
        return _mail(given)
    if "priorit" in text:
        return f"Set priority: {translated('ticket priority', first, lookups)}"
    if "status" in text or "close" in text or "reopen" in text:
        return f"Set status: {translated('ticket status', first, lookups).partition(' AND ')[0] or 'closed'}"
    if "assign" in text or "transfer" in text:
        return _assign(given, lookups)
    if "tag" in text:
        return f"Add tags: {translated('ticket tags', first, lookups)}"
    if "comment" in text or "note" in text:
        return f"Add internal note: {first}"
    if "task" in text:
        return "Add tags: to-do, and a view that shows it (Gorgias has no tasks)"
    if "createticket" in text:
        return "none: Gorgias makes a ticket of every conversation by itself"
    if "delete" in text:
        return "Delete ticket; think twice"
    return f"'{key}' {BY_HAND}"


def _mail(given: Mapping[str, str]) -> str:
    to = next((value for name, value in given.items() if name in ("to", "address", "email")), "")
    about = "".join(f", {name}: {value}" for name, value in given.items() if value != to)
    if CUSTOMER.search(to):
        return f"Reply to customer{about} (it counts as a billable ticket)"
    return f"Send email: to {to or '(choose)'}{about}"


def _assign(given: Mapping[str, str], lookups: Lookups) -> str:
    for name, value in given.items():
        if "group" in name or "department" in name:
            return f"Assign team: {translated('ticket assignee team', value, lookups)}"
        if "agent" in name or "user" in name:
            found = [row for row in lookups.users.values() if value.lower() in _names(row)]
            return f"Assign agent: {found[0].get('DisplayName') or value}" if found else f"Assign agent: {value}"
    return "Assign agent or team (choose)"


def _names(user: Mapping[str, object]) -> set[str]:
    return {str(user.get(name) or "").lower() for name in ("UserName", "Email", "DisplayName")} - {""}
