"""Two payloads of one record, field by field: which differ, and what of it may be shown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from migrator_lib.gorgias.api import Json
from migrator_lib.masking import mask_name
from migrator_lib.reconcile.differences import NOTHING, masked_value, shortened, shown

MESSAGES = "messages"
ADDED, REMOVED = "messages.added", "messages.removed"
"""Fields under which messages are counted that only one of two payloads has."""
NAMES = ("agent",)
"""Last parts of fields that hold a name, beside those that the reconciliation knows."""
KINDS = {True: "text", False: "a number or yes and no"}
NUMBERS = ("phone", "website", "unfit_values")


@dataclass(frozen=True)
class Change:
    """One field of a record that is another one now."""

    field: str
    """``status``, ``meta.department``, ``custom_fields.4``, ``messages.channel``."""
    before: str
    after: str
    times: int = 1
    """In how many messages."""


def flat(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a payload that may change, by path; messages are not among them."""
    found: dict[str, Any] = {}
    for name, value in payload.items():
        if name in (MESSAGES, "external_id", "object_type"):
            continue
        if name == "meta":
            found |= {f"meta.{key}": one for key, one in (value.get("smartertrack") or {}).items()}
        elif name == "custom_fields":
            found |= {f"custom_fields.{_key(one['id'])}": one["value"] for one in value}
        elif name == "definition":
            found |= _definition(value)
        else:
            found[name] = _plain(value)
    return found


def _definition(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return the type and the choices of a custom field: how it is filled in follows from these."""
    return {"data_type": definition["data_type"], "choices": definition["input_settings"].get("choices")}


def _key(reference: Any) -> str:
    """Return the source key that a reference ends with."""
    return str(reference["$ref"]).partition(":")[2] if isinstance(reference, Mapping) else str(reference)


def _plain(value: Any) -> Any:
    """Return a value with references and tags as text."""
    if isinstance(value, Mapping):
        inner = value.get("id")
        if isinstance(inner, Mapping) and "$ref" in inner:
            return inner["$ref"]
        return value["name"] if set(value) == {"name"} else {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def changes(before: Json, after: Json, *, of_things: bool = False) -> list[Change]:
    """Return every field in which two payloads of one record differ, those of messages gathered by field.

    Args:
        before: what was sent.
        after: what would be sent now.
        of_things: the record is a team, field or tag, whose name may be shown.
    """
    return [*_fields("", flat(before), flat(after), of_things=of_things), *_messages(before, after)]


def _fields(
    front: str, before: Mapping[str, Any], after: Mapping[str, Any], *, of_things: bool = False
) -> Iterator[Change]:  # fmt: skip
    for name in dict.fromkeys((*before, *after)):
        one, other = before.get(name), after.get(name)
        if _text(one) != _text(other):
            yield Change(front + name, *_both(name, one, other, of_things))


def _text(value: Any) -> str:
    """Return a value as JSON has it: 1, 1.0 and yes are three."""
    return json.dumps(value, sort_keys=True)


def _both(name: str, one: Any, other: Any, of_things: bool) -> tuple[str, str]:
    left, right = (masked(name, value, of_things=of_things) for value in (one, other))
    if left != right:
        return left, right
    same_kind = isinstance(one, str) == isinstance(other, str)
    return left, f"{right}, but not the same" if same_kind else f"{right}, as {KINDS[isinstance(other, str)]}"


def masked(name: str, value: Any, *, of_things: bool = False) -> str:
    """Return a field's value in short safe text: no body, no person, no value of a custom field."""
    if value in (None, "", []):
        return NOTHING
    if of_things and name == "name":
        return shortened(str(value))
    last = name.rpartition(".")[2]
    if last in NAMES:
        return mask_name(str(value))
    return masked_value(value) if last in NUMBERS else shown(name, value)


def _messages(before: Json, after: Json) -> Iterator[Change]:
    """Yield what differs in messages that both have, by field, and how many only one of the two has."""
    left, right = _by_name(before), _by_name(after)
    gathered: dict[str, Change] = {}
    for name in left.keys() & right.keys():
        for one in _fields(f"{MESSAGES}.", _of_message(left[name]), _of_message(right[name])):
            first = gathered.setdefault(one.field, Change(one.field, one.before, one.after, 0))
            gathered[one.field] = Change(one.field, first.before, first.after, first.times + 1)
    yield from gathered.values()
    for field, number in ((ADDED, len(right.keys() - left.keys())), (REMOVED, len(left.keys() - right.keys()))):
        if number:
            yield Change(field, NOTHING, f"{number:,}", number)


def _by_name(payload: Json) -> dict[str, Json]:
    return {message["external_id"]: message for message in payload.get(MESSAGES, ()) if message.get("external_id")}


def _of_message(message: Json) -> dict[str, Any]:
    """Return the fields of a message; of its attachments what people would see: their names."""
    fields = {name: value for name, value in message.items() if name not in ("meta", "external_id")}
    fields |= {f"meta.{key}": one for key, one in ((message.get("meta") or {}).get("smartertrack") or {}).items()}
    if "attachments" in fields:
        fields["attachments"] = [one["name"] for one in fields["attachments"]]
    return {name: _plain(value) for name, value in fields.items()}
