"""Addresses, moments and names of files, as they are compared and as Gorgias is sent them."""

from __future__ import annotations

import hashlib
import mimetypes
import re
from datetime import datetime

EMAIL = re.compile(r"[^@\s<>,;:\"()]+@[^@\s<>,;:\"()]+\.[^@\s<>,;:\"()]+")
EMAIL_MAXIMUM = 320


def iso(moment: datetime | None) -> str | None:
    """Return an aware datetime as Gorgias is sent it: ISO 8601, UTC, with Z."""
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def lowered(email: str | None) -> str:
    """Return an e-mail address as it is compared: trimmed, lower case."""
    return (email or "").strip().lower()


def is_email(text: str) -> bool:
    """Whether Gorgias would take this as an address (<= 320 characters, one @, a dot behind it)."""
    return len(text) <= EMAIL_MAXIMUM and EMAIL.fullmatch(text) is not None


def addresses(header: str | None) -> list[dict[str, str]]:
    """Return the {address, name} pairs of an address header, as far as it can be read.

    Separators , and ; are both in use, ``Name (address)`` is SmarterTrack's own form (its web service), and names with
    a comma come without quotes, so a name is whatever stands between two addresses.
    """
    text = re.sub(r'"[^"]*"(?=\s*<)', lambda quoted: quoted[0].replace("@", "\0"), header or "")
    found, end = [], 0
    for match in EMAIL.finditer(text):
        if re.match(r"['\s]*<[^<>\s]+@", text[match.end() :]):
            continue  # an address as the name of the one that follows
        name = text[end : match.start()].replace("\0", "@").strip(" \t\r\n,;<>()").strip("\"' ")
        if is_email(match[0]):
            found.append({"address": match[0], "name": name})
        end = match.end()
    return found


def requester_key_of_address(email: str) -> str:
    """Return the source key of a requester who has no account: a hash, so that no address is in an external id."""
    return "e" + hashlib.sha256(lowered(email).encode()).hexdigest()[:16]


_TYPES = mimetypes.MimeTypes()
"""Python's own list: the machine's would make payloads differ between machines."""


def content_type(name: str) -> str:
    """Return the media type that a file's name suggests."""
    return _TYPES.guess_type(name)[0] or "application/octet-stream"
