"""What may be told of a source row and of a payload: which fields there are and how long, no text, people masked."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from migrator_lib.masking import mask_email, mask_text

TOLD = {"TicketNumber", "status", "priority", "channel", "via", "external_id", "type", "content_type"}
"""Fields whose words are no person's."""
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)?")


SHORT = 40
"""Bytes below which a hash could be tried out: a name, a telephone number."""


def fingerprint(value: object) -> str:
    """Return how long a value is and, of a longer one, the begin of its SHA-256: it tells whether two are the same."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=True, default=str)
    data = text.encode("utf-8", "surrogatepass")
    if len(data) < SHORT:
        return f"{len(data)} bytes"
    return f"{len(data):,} bytes, sha256 {hashlib.sha256(data).hexdigest()[:12]}"


def told(name: str, value: Any) -> str:
    """Return what may be told of one field's value."""
    match value:
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case {"$ref": reference}:
            return f"the id of {reference}"
        case {"id": inner, **rest} if not rest:
            return told(name, inner)
        case list() if value and all(isinstance(each, Mapping) for each in value):
            return f"{len(value)} in it, {fingerprint(value)}"
        case str() if name in TOLD or MOMENT.fullmatch(value):
            return mask_text(value)
        case str() if "@" in value and " " not in value and len(value) < 320:
            return mask_email(value)
    return fingerprint(value)


def of_row(data: Any) -> dict[str, str]:
    """Return what may be told of the row that a record was staged as; columns that hold nothing are left out."""
    row = _row(data)
    return {name: told(name, value) for name, value in row.items() if value not in (None, "", b"")}


def _row(data: Any) -> Mapping[str, Any]:
    if isinstance(data, tuple) and data:
        data = data[0]
    found = getattr(data, "row", data)
    return found if isinstance(found, Mapping) else {"value": found}


def of_payload(payload: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield name and what may be told of every field of a payload."""
    for name in sorted(payload):
        yield name, told(name, payload[name])
