"""What uses what: a tag, a macro or an integration that a rule or a macro needs cannot be deleted.

Source: developers.gorgias.com, delete-tag, delete-macro and delete-integration. Rules are JavaScript; the account looks
for names in quotes and for ids, and does not understand more of it.
"""

from __future__ import annotations

import json
import re
from typing import Any

from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.store import Document

QUOTED = re.compile(r"""'([^']*)'|"([^"]*)\"""")


def _names(text: str) -> set[str]:
    """Return what stands in quotes, and what stands between commas there."""
    quoted = [one or other for one, other in QUOTED.findall(text)]
    return {part.strip() for whole in quoted for part in (whole, *whole.split(","))}


def _code(rule: Document) -> str:
    return f"{rule.get('code') or ''} {json.dumps(rule.get('code_ast') or '')} {json.dumps(rule.get('actions') or '')}"


def _called(kind: str, thing: Document) -> str:
    return f"{kind} {thing['id']}"


def _tags_of_actions(actions: Any) -> set[str]:
    tags: set[str] = set()
    for action in actions or []:
        arguments = action.get("arguments") if isinstance(action, dict) else None
        given = arguments.get("tags") if isinstance(arguments, dict) else None
        named = given.split(",") if isinstance(given, str) else given if isinstance(given, list) else []
        tags |= {str(tag).strip() for tag in named}
    return tags


def users_of_tag(account: Account, name: str) -> list[str]:
    """Return the rules and macros that name a tag, as ``rule 7``."""
    rules = [_called("rule", rule) for rule in account.store.by_kind("rule") if name in _names(_code(rule))]
    macros = account.store.by_kind("macro")
    return rules + [_called("macro", macro) for macro in macros if name in _tags_of_actions(macro.get("actions"))]


def rules_with(account: Account, what: str, thing_id: int) -> list[str]:
    """Return the rules that name an id after a word such as ``macro`` or ``integration``, as ``rule 7``."""
    said = re.compile(rf"{what}\w*(?:\.id)?\W{{1,20}}{thing_id}\b", re.IGNORECASE)
    return [_called("rule", rule) for rule in account.store.by_kind("rule") if said.search(_code(rule))]


def switch_off_views(account: Account, name: str) -> None:
    """Deactivate the views whose filters name a tag, or an integration's id, that is no more."""
    for view in account.store.by_kind("view"):
        if name in _names(view.get("filters") or "") and not view.get("deactivated_datetime"):
            view["deactivated_datetime"] = account.now()
            account.store.replace("view", view)
