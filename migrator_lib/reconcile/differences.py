"""Differences between what was meant and what is there, in words that may be shared.

Both sides are canonical already (``compared`` of an object, ``compared_message``). What is shown of a value tells an
engineer what is wrong and nobody what was written: a body is its length and a fingerprint, a person is initials, and a
value of a custom field is its first character.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from migrator_lib.gorgias.api import Json
from migrator_lib.masking import mask_email, mask_name, mask_text
from migrator_lib.proofs.behaviour import Behaviour

SHOWN_CHARACTERS = 60
NOTHING = "(nothing)"
MOST_PAIRED = 20
"""Members of two lists that are looked at one by one."""
PROSE = {"body_html", "body_text", "full_subject", "content", "excerpt"}
PEOPLE = {"name", "user_name", "requester"}


@dataclass(frozen=True)
class Difference:
    """One field that is not as it was meant; both sides in short safe text."""

    field: str
    """Path of the field: ``status``, ``meta.department``, ``custom_fields.17``."""
    expected: str
    actual: str


def fingerprint(text: str | None) -> str:
    """Return the length of a text in characters and the first 8 hexadecimal digits of its SHA-256."""
    if not text:
        return "empty"
    return f"{len(text):,} characters, {hashlib.sha256(text.encode()).hexdigest()[:8]}"


def shortened(text: str) -> str:
    """Return a text on one line, addresses masked, of up to 60 characters."""
    line = mask_text(" ".join(text.split()))
    return line if len(line) <= SHOWN_CHARACTERS else line[: SHOWN_CHARACTERS - 1] + "…"


def masked_value(value: object) -> str:
    """Return the first character of a value, and its length: enough to tell one value of a field from another."""
    text = str(value)
    return f"{text[:1]}*** ({len(text):,} characters)"


def shown(field: str, value: Any) -> str:
    """Return a field's value in short safe text.

    Args:
        field: its path; the last part says what kind of value it is.
        value: a text, number, truth, list or mapping of the canonical form.
    """
    if value is None or value == "" or value == []:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        address, name = value.get("address"), value.get("name")
        if address:
            return mask_email(address)
        return _scalar(field, name) if field == "attachments" and name else f"{len(value)} values"
    if isinstance(value, list):
        return ", ".join(shown(field, item) for item in value)
    return _scalar(field, value)


def _scalar(field: str, value: object) -> str:
    text, parts = str(value), field.split(".")
    if parts[0] == "attachments" and parts[-1] in ("attachments", "name", "url"):
        return f"a file {_suffix(text)}({fingerprint(text)})"
    if parts[-1] in PROSE:
        return fingerprint(text)
    if parts[-1] in PEOPLE:
        return mask_name(text) if "@" not in text else mask_email(text)
    if parts[-1] == "email" or parts[-1] == "address":
        return mask_email(text)
    if parts[0] == "custom_fields":
        return masked_value(text)
    return shortened(text)


def _suffix(name: str) -> str:
    _, dot, suffix = name.rpartition(".")
    return f".{suffix} " if dot and suffix.isalnum() and len(suffix) <= 5 else ""


def compare(expected: Json, actual: Json) -> list[Difference]:
    """Return every field in which two canonical forms differ, in the order of the expected one."""
    found: list[Difference] = []
    _walk("", expected, actual, found)
    return found


def ours(differences: Sequence[Difference], behaviour: Behaviour, kind: str = "ticket") -> list[Difference]:
    """Return those differences that are not the doing of an account that behaves like this.

    Args:
        differences: of one record.
        behaviour: of the account.
        kind: what the record is in Gorgias, one word: ``ticket``, ``message``, ``customer``.
    """
    return [one for one in differences if not _is_its_doing(one, behaviour, kind)]


def _is_its_doing(one: Difference, behaviour: Behaviour, kind: str) -> bool:
    path = f"{kind}.{one.field}"
    if any(path == name or path.startswith(f"{name}.") for name in behaviour.not_kept):
        return True
    if kind != "ticket":
        return False
    if one.field in behaviour.not_compared:
        return True
    same_but_for_case = one.expected.casefold() == one.actual.casefold()
    return one.field == "tags" and not behaviour.tag_case_matters and same_but_for_case


def _walk(path: str, expected: Any, actual: Any, found: list[Difference]) -> None:
    if _same(expected, actual):
        return
    one, other = _by_name(expected), _by_name(actual)
    if one is not None and other is not None:
        for name in dict.fromkeys((*one, *other)):
            _walk(f"{path}.{name}" if path else str(name), one.get(name), other.get(name), found)
    elif _are_mappings(expected) and _are_mappings(actual) and (pairs := _pairs(expected, actual)) is not None:
        for left, right in pairs:
            _walk(path, left, right, found)
    else:
        found.append(_difference(path, expected, actual))


def _are_mappings(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _pairs(expected: list[Json], actual: list[Json]) -> list[tuple[Json, Json]] | None:
    """Return what differs of two lists of equal length in pairs that have most in common; None where they do not fit.

    So one file with another name is told as another name, and not as a list that is another one.
    """
    left = [one for one in expected if one not in actual]
    right = [one for one in actual if one not in expected]
    if len(expected) != len(actual) or len(left) != len(right) or len(left) > MOST_PAIRED or not left:
        return None
    pairs = []
    for one in left:
        best = max(right, key=lambda other: sum(_same(value, other.get(name)) for name, value in one.items()))
        right.remove(best)
        pairs.append((one, best))
    return pairs


def _same(expected: Any, actual: Any) -> bool:
    """Whether two values are the same, whatever they hold; yes and 1 are not."""
    kind = type(expected)
    if expected != actual or (kind is bool) != (type(actual) is bool):
        return False
    if kind is dict:
        return all(_same(value, actual[name]) for name, value in expected.items())
    return kind is not list or all(map(_same, expected, actual))


def _by_name(value: Any) -> Mapping[Any, Any] | None:
    """Return a mapping, or [id, value] pairs as one; None for everything else, and where an id comes twice."""
    if isinstance(value, Mapping):
        return value
    if not isinstance(value, list) or not all(
        isinstance(item, list) and len(item) == 2 and isinstance(item[0], int) for item in value
    ):
        return None
    found = dict(value)
    return found if len(found) == len(value) else None


def _difference(path: str, expected: Any, actual: Any) -> Difference:
    one, other = _only(expected, actual), _only(actual, expected)
    left, right = shown(path, one), shown(path, other)
    if left == right or (left.casefold() == right.casefold() and _folded(one) != _folded(other)):
        # what differs is behind the mask, or is the order
        right += ", but not the same"
    return Difference(path, left, right)


def _folded(value: Any) -> Any:
    return list(map(_folded, value)) if isinstance(value, list) else str(value).casefold()


def _only(value: Any, other: Any) -> Any:
    """Return what of a list the other list lacks; everything where they differ in order alone."""
    if not isinstance(value, list) or not isinstance(other, list):
        return value
    missing = Counter(map(repr, value)) - Counter(map(repr, other))
    surplus = Counter(map(repr, other)) - Counter(map(repr, value))
    if not missing and not surplus:
        return value
    return [item for item in value if _taken(missing, repr(item))]


def _taken(counter: Counter[str], item: str) -> bool:
    if counter[item] <= 0:
        return False
    counter[item] -= 1
    return True


def matched_by(name: str, expected: Sequence[Json], actual: Sequence[Json]) -> list[tuple[Json | None, Json | None]]:
    """Return pairs of what belongs together by a field such as ``external_id``; what lacks it pairs in order.

    The order is that of ``expected``; what nobody expected comes last, beside None.
    """
    waiting: dict[Any, list[Json]] = {}
    for thing in actual:
        waiting.setdefault(thing.get(name) or None, []).append(thing)
    pairs: list[tuple[Json | None, Json | None]] = []
    for thing in expected:
        candidates = waiting.get(thing.get(name) or None)
        pairs.append((thing, candidates.pop(0) if candidates else None))
    return pairs + [(None, thing) for left in waiting.values() for thing in left]
