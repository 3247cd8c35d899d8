"""Values of custom fields: untyped text in SmarterTrack, text, number or boolean in Gorgias.

A value is read as a narrower type only where nothing of it is lost: ``00123`` is no number, and ``03/04/2024`` is a
date only where it is known which of the two is the month.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

Slashes = Literal["day/month", "month/day"]
"""How dates with slashes are written in a field."""
BOOLEANS = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False, "on": True, "off": False}
NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:[.,]\d{1,9})?")
THOUSANDS = re.compile(r"-?\d{1,3},\d{3}")
OPTION_ID = re.compile(r"(?P<name>.*\S)\s*\[(?P<id>\d+)\]")
DATE = re.compile(
    r"(?:(?P<y1>\d{4})[-/](?P<m>\d{1,2})[-/](?P<d>\d{1,2})|(?P<a>\d{1,2})(?P<sep>[./])(?P<b>\d{1,2})(?P=sep)(?P<y2>\d{4}))"
    r"(?:[ T](?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d+)?)?"
    r"(?:\s*(?P<half>[AP]M))?\s*(?P<zone>Z|[+-]\d\d:?\d\d)?)?",
    re.IGNORECASE,
)


def number_of(text: str) -> int | float | None:
    """Return the number that a text is; None for leading zeros, thousands (``1,234``), exponents and the rest."""
    text = text.strip()
    if not NUMBER.fullmatch(text) or THOUSANDS.fullmatch(text):
        return None
    number = float(text.replace(",", "."))
    return int(number) if number.is_integer() else number


def boolean_of(text: str) -> bool | None:
    """Return the yes or no that a text is, or None."""
    return BOOLEANS.get(text.strip().lower())


def choice_of(text: str, choices: Sequence[str]) -> str | None:
    """Return the choice that a text means, or None.

    An option may carry an id behind its name (``Acme [299]``), and a value have both, either, or the name alone: it is
    taken where it means one choice and no other.
    """
    text = text.strip()
    if text in choices:
        return text
    meant = _parts(text)
    found = [choice for choice in choices if _means(meant, _parts(choice))]
    return found[0] if len(found) == 1 else None


def _parts(text: str) -> tuple[str, str]:
    """Return name and id of an option; a number alone is an id."""
    found = OPTION_ID.fullmatch(text.strip())
    return (found["name"].strip(), found["id"]) if found else (text.strip(), "")


def _means(value: tuple[str, str], choice: tuple[str, str]) -> bool:
    (name, own), (of_choice, other) = value, choice
    if own and other:
        return own == other and name == of_choice
    return name == of_choice or (bool(other) and name == other)


def has_slashes(text: str) -> bool:
    """Whether a text is a date written with slashes and the year last."""
    found = DATE.fullmatch(text.strip())
    return found is not None and found["sep"] == "/"


def iso_date(text: str, slashes: Slashes | None = None) -> str | None:
    """Return a date as ISO 8601, with its time unless that is midnight; None if it is no date.

    Args:
        text: year first, or ``d.m.yyyy``, or with slashes and the year last.
        slashes: how the field's dates with slashes are written; None takes only those that can be read one way.
    """
    found = DATE.fullmatch(text.strip())
    if not found:
        return None
    if found["y1"]:
        return _iso(found, int(found["y1"]), int(found["m"]), int(found["d"]))
    year, a, b = int(found["y2"]), int(found["a"]), int(found["b"])
    if found["sep"] == "." or slashes == "day/month":
        return _iso(found, year, b, a)
    if slashes == "month/day":
        return _iso(found, year, a, b)
    readings = {_iso(found, year, a, b), _iso(found, year, b, a)} - {None}
    return readings.pop() if len(readings) == 1 else None


def _iso(found: re.Match[str], year: int, month: int, day: int) -> str | None:
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    if found["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found["half"].upper() == "PM" else 0)
    try:
        moment = datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None
    zone = (found["zone"] or "").upper()
    if not zone and (hour, minute, second) == (0, 0, 0):
        return moment.date().isoformat()
    return moment.isoformat() + zone
