"""Reading a rule's code: the JavaScript that Gorgias' editor of rules writes, as far as it is simple.

    if (eq(ticket.channel, 'email') && contains(message.body_text, 'refund')) { Action('addTags', {tags: 'refund'}); }

Conditions that are not understood count as met, so that a rule rather acts than not. Source of the form:
developers.gorgias.com, create-rule.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from migrator_lib.simulators.gorgias.store import Document

Action = tuple[str, Document]


@dataclass(frozen=True)
class Block:
    """Actions, and the conditions under which they are carried out."""

    condition: str
    actions: tuple[Action, ...]


IF = re.compile(r"\bif\s*\(")
ACTION = re.compile(r"""\bAction\(\s*['"](\w+)['"]\s*(?:,\s*(?=\{))?""")
TEST = re.compile(r"""(!?)\b(\w+)\(\s*([\w.]+)\s*(?:,\s*(.+))?\)$""", re.DOTALL)


def blocks(code: str) -> Iterator[Block]:
    """Yield the blocks of a rule in the order of its code."""
    at = 0
    while True:
        found = IF.search(code, at)
        plain = _actions(code[at : found.start() if found else None])
        if plain:
            yield Block("", plain)
        if found is None:
            return
        closed = _end(code, found.end() - 1)
        opened = code.find("{", closed)
        at = _end(code, opened) if opened >= 0 else len(code)
        body = code[opened + 1 : at - 1] if opened >= 0 else code[closed:]
        yield Block(code[found.end() : closed - 1].strip(), _actions(body))


def _end(code: str, opened: int) -> int:
    """Return where the bracket that opens at a place is closed; the end of the code if it is not."""
    depth, quote = 0, ""
    for place in range(opened, len(code)):
        sign = code[place]
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in "({[":
            depth += 1
        elif sign in ")}]":
            depth -= 1
            if not depth:
                return place + 1
    return len(code)


def _actions(code: str) -> tuple[Action, ...]:
    return tuple((found[1], _object(code, found.end())) for found in ACTION.finditer(code))


def _object(code: str, at: int) -> Document:
    """Return the object that stands at a place; JavaScript's are YAML's flow mappings, if they are simple."""
    if code[at : at + 1] != "{":
        return {}
    found = _value(code[at : _end(code, at)])
    return found if isinstance(found, dict) else {}


def _value(text: str) -> Any:
    """Return what a literal stands for; None for what is none, or for nothing that JSON has."""
    try:
        found = YAML(typ="safe", pure=True).load(text)
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
    except (YAMLError, ValueError, TypeError, RecursionError):
        return None
    return found


def is_met(condition: str, scope: Document) -> bool:
    """Whether a condition is met by ``{"ticket": ..., "message": ...}``; ``||`` binds weaker than ``&&``."""
    if not condition:
        return True
    return any(all(_test(part, scope) for part in _split(either, "&&")) for either in _split(condition, "||"))


def _split(text: str, sign: str) -> list[str]:
    return [part.strip() for part in text.split(sign)]


def _test(text: str, scope: Document) -> bool:
    found = TEST.match(text)
    known = TESTS.get(found[2]) if found else None
    if found is None or known is None:
        return True
    met = known(_look_up(found[3], scope), _value(found[4] or "null"))
    return met is not bool(found[1])


def _look_up(path: str, scope: Any) -> Any:
    for name in path.split("."):
        if isinstance(scope, list):
            scope = [one.get(name) for one in scope if isinstance(one, dict)]
        else:
            scope = scope.get(name) if isinstance(scope, dict) else None
    return scope


def _contains(there: Any, wanted: Any) -> bool:
    held = there if isinstance(there, list) else str(there or "").lower()
    return any((one if isinstance(held, list) else str(one).lower()) in held for one in _listed(wanted))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda there, wanted: bool(there == wanted),
    "neq": lambda there, wanted: bool(there != wanted),
    "contains": _contains,
    "containsAny": _contains,
    "notContains": lambda there, wanted: not _contains(there, wanted),
    "isEmpty": lambda there, _wanted: not there,
    "isNotEmpty": lambda there, _wanted: bool(there),
}
