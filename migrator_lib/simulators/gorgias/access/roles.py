"""Who may do what: a key acts with the role of its user, and a 403 says that the role lacks the permission.

Source: docs.gorgias.com/en-US/user-permissions-196938: each role may do what the one before it may. Everybody may list
and read by API. The table there speaks of the pages of the product; that the API keeps to it is assumed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

OBSERVER, LITE, BASIC, LEAD, ADMIN = RANKS = ("observer-agent", "lite-agent", "basic-agent", "agent", "admin")
ALIASES = {"internal-agent": ADMIN, "bot": LEAD}
"""Roles that the product gives to its own users: seen in replies, never given by a request."""

WRITES: tuple[tuple[str, str, str], ...] = (
    # method (or every one), beginning of the path, lowest role; the first that fits counts
    ("", "upload", OBSERVER),
    ("", "search", OBSERVER),
    ("PUT", "views/{id}/items", OBSERVER),
    ("DELETE", "tickets/{id}/", LITE),
    ("DELETE", "tickets", LEAD),
    ("", "tickets", LITE),
    ("", "messages", LITE),
    ("DELETE", "customers/{id}/", LITE),
    ("DELETE", "customers", LEAD),
    ("", "customers", LITE),
    ("", "satisfaction-surveys", LEAD),
    ("", "jobs", LEAD),
    ("", "tags", LEAD),
    ("", "macros", LEAD),
    ("", "rules", LEAD),
    ("", "views", LEAD),
    ("", "", ADMIN),  # users, teams, custom fields, integrations, settings of the account
)


@cache
def lowest(method: str, path: str) -> str:
    """Return the lowest role that may call an endpoint, which is told by its path's pattern."""
    if method == "GET":
        return OBSERVER
    return next(role for way, start, role in WRITES if way in ("", method) and path.startswith(start))


def _is_note(body: Any) -> bool:
    return isinstance(body, dict) and body.get("channel") == "internal-note"


def forbids(role: Callable[[], str], method: str, path: str, body: Any) -> bool:
    """Return whether a role may not make a request.

    Args:
        role: tells the role; asked only where it matters.
        method: of the request.
        path: the endpoint's pattern, such as ``tickets/{id}``.
        body: of the request: an observer may leave internal notes, and no other message.
    """
    least = lowest(method, path)
    if least == OBSERVER:
        return False
    name = role()
    name = ALIASES.get(name, name)
    if name == OBSERVER and (method, path) == ("POST", "tickets/{id}/messages") and _is_note(body):
        return False
    return name not in RANKS or RANKS.index(name) < RANKS.index(least)
