"""What is different between two mappings: section, key, field, before and after. What is not signed is not compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from migrator_lib.mapping.model import UNSIGNED, EngagementMapping, Entry

SHOWN = 20
"""Differences that an error lists; pages have all."""


@dataclass(frozen=True)
class Difference:
    """One field of an entry that is another one; or a whole entry that is new or gone, then with no field."""

    section: str
    key: str
    name: str
    field: str
    before: str
    after: str

    def words(self) -> str:
        """Return the difference as a line of text."""
        named = f"{self.section}.{self.key}" + (f" ('{self.name}')" if self.name else "")
        if not self.field:
            return f"{named}: {'is new: ' + self.after if self.after else 'is gone: ' + self.before}"
        return f"{named}: {self.field} was {self.before}, and is {self.after}"


def differences(before: EngagementMapping, after: EngagementMapping) -> list[Difference]:
    """Return what is different, by section and key."""
    return [
        found
        for section in EngagementMapping.model_fields
        for found in _of_section(section, getattr(before, section), getattr(after, section))
    ]


def _of_section(section: str, before: dict[str, Entry], after: dict[str, Entry]) -> Iterator[Difference]:
    for key in dict.fromkeys([*before, *after]):
        was, now = before.get(key), after.get(key)
        name = str(getattr(now or was, "name", ""))
        if was is None or now is None:
            yield Difference(section, key, name, "", _whole(was), _whole(now))
            continue
        for field in type(now).model_fields:
            if field not in UNSIGNED and getattr(was, field) != getattr(now, field):
                yield Difference(section, key, name, field, _shown(getattr(was, field)), _shown(getattr(now, field)))


def _whole(entry: Entry | None) -> str:
    """Return a whole entry in words."""
    if entry is None:
        return ""
    kept = entry.model_dump(exclude_defaults=True, exclude={*UNSIGNED, "name"})
    return ", ".join(f"{field} {_shown(value)}" for field, value in kept.items()) or "as by default"


def _shown(value: Any) -> str:
    if value in (None, "", ()):
        return "(empty)"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(str(one) for one in value) + "]"
    return f"'{value}'" if isinstance(value, str) else str(value)


def listed(found: Sequence[Difference]) -> list[str]:
    """Return differences as lines, at most :data:`SHOWN`, and how many more there are."""
    lines = [one.words() for one in found[:SHOWN]]
    more = len(found) - len(lines)
    return [*lines, f"and {more:,} more"] if more else lines
