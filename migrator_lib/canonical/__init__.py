"""Canonical values: what means the same has one form, of whatever zone, spelling, quoting or order it comes.

Both sides of a comparison are made canonical, so that equal forms, and equal hashes of them, are equal meaning. What is
made alike here can never be found as a difference: it is only what no reader of a help desk sees, and what no rule of
Gorgias can ask for. How Gorgias re-formats what it is given is UNVERIFIED; HTML is in
:mod:`migrator_lib.canonical.markup`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any


def moment(text: str | None) -> str | None:
    """Return a timestamp in UTC, to the microsecond, without its zone; one without a zone is UTC (as of replies)."""
    if not text:
        return None
    parsed = datetime.fromisoformat(text)
    aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def composed(text: str) -> str:
    """Return a text with letters and their accents as one character each (NFC), as far as there are such."""
    return text if text.isascii() or unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def text(given: str | None) -> str:
    """Return plain text: ends of lines as LF, nothing blank at the end of a line or of all, letters composed."""
    if not given:
        return ""
    found = composed(given)
    if "\r" in found:
        found = found.replace("\r\n", "\n").replace("\r", "\n")
    if " \n" in found or "\t\n" in found:
        found = "\n".join(line.rstrip(" \t") for line in found.split("\n"))
    return found.rstrip(" \t\n")


def address(given: str | None) -> str:
    """Return an e-mail address, or a number, without blanks around it and in lower case."""
    return (given or "").strip().lower()


def tidy(given: Any) -> Any:
    """Return a value of JSON: texts canonical, whole numbers without a point, and no member that says nothing."""
    if isinstance(given, str):
        return text(given)
    if isinstance(given, float) and given.is_integer():
        return int(given)
    if isinstance(given, Mapping):
        return {name: tidy(value) for name, value in given.items() if value is not None}
    return [tidy(value) for value in given] if isinstance(given, list) else given


def kept_by_smartertrack(meta: Any) -> Any:
    """Return what a migration keeps in the meta of anything; the rest of a meta is others'."""
    found = meta.get("smartertrack") if isinstance(meta, Mapping) else None
    return None if found is None else tidy(found)


def in_order(things: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the members of a set, each a mapping with the same names, in an order of their own."""
    return sorted(things, key=lambda one: [str(value) for value in one.values()])
