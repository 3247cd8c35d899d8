"""The filters of views and jobs: ``eq(ticket.status, 'open') && containsAny(ticket.tags.name, ['vip', 'VIP'])``.

Source: developers.gorgias.com, create-view. Only calls of these functions with ``&&`` between them are understood; the
names of functions beyond ``eq`` are UNVERIFIED.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.web.paging import Keep
from migrator_lib.simulators.gorgias.web.validation import Refused

Test = Callable[[list[Any], Any], bool]
"""Of the values at a place and what they are compared with."""


def _same(one: Any, other: Any) -> bool:
    return one == other or (one is not None and str(one) == str(other))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _has(values: list[Any], wanted: Any) -> bool:
    return any(_same(value, wanted) for value in values)


def _ordered(way: Callable[[Any, Any], bool]) -> Test:
    return lambda values, other: any(value is not None and way(str(value), str(other)) for value in values)


TESTS: dict[str, Test] = {
    "eq": lambda values, other: _has(values, other),
    "neq": lambda values, other: not _has(values, other),
    "isEmpty": lambda values, _: not any(values),
    "isNotEmpty": lambda values, _: any(values),
    "contains": lambda values, other: any(str(other).lower() in str(value).lower() for value in values),
    "containsAny": lambda values, other: any(_has(values, wanted) for wanted in _listed(other)),
    "containsAll": lambda values, other: all(_has(values, wanted) for wanted in _listed(other)),
    "notContains": lambda values, other: not any(str(other).lower() in str(value).lower() for value in values),
    "notContainsAny": lambda values, other: not any(_has(values, wanted) for wanted in _listed(other)),
    "gt": _ordered(lambda one, other: one > other),
    "gte": _ordered(lambda one, other: one >= other),
    "lt": _ordered(lambda one, other: one < other),
    "lte": _ordered(lambda one, other: one <= other),
}
CALL = re.compile(
    r"""\s*(?P<test>\w+)\(\s*ticket\.(?P<place>[\w.]+)\s*"""
    r"""(?:,\s*(?P<other>'[^']*'|"[^"]*"|-?\d+(?:\.\d+)?|true|false|null|\[[^\]]*\]))?\s*\)\s*(?P<more>&&|$)"""
)
WORDS = {"true": True, "false": False, "null": None}


def _values(document: Any, place: list[str]) -> list[Any]:
    """Return what stands at a place: several things below a list."""
    if isinstance(document, list):
        return [value for element in document for value in _values(element, place)]
    if not place:
        return [document]
    return _values(document.get(place[0]), place[1:]) if isinstance(document, dict) else []


def _literal(text: str | None, account: Account) -> Any:
    if text is None or text in WORDS:
        return WORDS.get(text or "null")
    value = ast.literal_eval(text)
    return account.me()["id"] if value == "{{current_user.id}}" else value


def _test(match: re.Match[str], account: Account) -> Keep:
    test, place, other = TESTS[match["test"]], match["place"].split("."), _literal(match["other"], account)
    return lambda ticket: test(_values(ticket, place), other)


def chosen_by(account: Account, filters: str | None) -> Keep:
    """Return whether a ticket is in a view with these filters; without any, every ticket is.

    Raises:
        Refused: 400, they are not understood.
    """
    text, at, tests = (filters or "").strip(), 0, []
    while at < len(text):
        match = CALL.match(text, at)
        try:
            if match is None or match["test"] not in TESTS or (match["more"] and match.end() == len(text)):
                raise ValueError
            tests.append(_test(match, account))
        except (ValueError, SyntaxError) as error:
            raise Refused(400, "Failed to read filters", {"filters": ["Not a valid filter expression."]}) from error
        at = match.end()
    return lambda ticket: all(test(ticket) for test in tests)


def of_view(account: Account, view: Document) -> Keep:
    """Return whether a ticket is in a view. Trashed tickets and spam are in none that does not ask for them."""
    filters = view.get("filters") or ""
    keep = chosen_by(account, filters)
    hidden = [name for name in ("trashed_datetime", "spam") if name not in filters]
    return lambda ticket: keep(ticket) and not any(ticket.get(name) for name in hidden)
