"""Proposals for custom fields: type by options and values, label by what the account has, and for which is room."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from migrator_lib.chunks import Row
from migrator_lib.errors import RecordUnusable
from migrator_lib.gorgias.contract.replies import CustomField
from migrator_lib.mapping import FIELD_LIMIT, LONG, AddedField, FieldMapping
from migrator_lib.objects.ticket_field import TicketField, definition
from migrator_lib.plan.proposal.names import Names, free, plain
from migrator_lib.plan.proposal.profile import NEAR_CEILING, ValueProfile
from migrator_lib.plan.proposal.tickets import is_channel, options_of, words_of

FEW = 5
"""Values below which a type is not sure."""
IDENTIFIERS = {"number", "no", "nr", "nummer", "id", "code", "zip", "postcode", "phone", "mobile", "telefon", "fax",
               "reference", "ref", "sku", "serial", "account", "iban"}  # fmt: skip
"""Words of fields whose digits name something: nobody adds them up."""
DISPOSITIONS = {"disposition", "call disposition", "call outcome", "call result", "wrap up code", "wrap up"}
HOLDING = {
    "": "",
    "channel": "; it looks like the channel of tickets, which it gives them",
    "disposition": "; it looks like how calls ended",
}
NEARLY = 0.8
"""A field that is left out for want of room is asked when it has at least this share of the values of the last kept."""
Places = Mapping[str, CustomField]
"""Fields of the account, by lowered label."""
NOTHING_THERE: Places = {}
FIRST = ("ticket_number", "status")
"""Added fields that go before custom fields: by which a ticket is found, and what a person asked for."""


class Typed(NamedTuple):
    """The type that a field is proposed to have."""

    becomes: str
    confidence: float
    reason: str


def propose_type(name: str, options: Sequence[str], profile: ValueProfile) -> Typed:
    """Return the type that a field's options and values suggest (type codes are not published), and why."""
    n, strays = profile.values, len(profile.distinct - {option[:100] for option in options})
    sure = 0.95 if n >= FEW else 0.7
    if options and strays:
        others = f"but a dropdown would refuse values that are none of them: {strays}"
        return Typed("text", 0.8, f"has {len(options)} options, {others}")
    if options:
        return Typed("dropdown", sure, f"{len(options)} options, and every value is one of them")
    if n and profile.booleans == profile.numbers == n:
        return Typed("boolean", 0.5, f"all {n} values are 0 or 1: yes and no, or numbers?")
    if n and profile.booleans == n:
        return Typed("boolean", sure, f"all {n} values are yes or no")
    if n and profile.numbers == n and IDENTIFIERS & set(plain(name).split()):
        return Typed("text", 0.8, f"all {n} values are numbers, but its name says that they name something")
    if n and profile.numbers == n:
        return Typed("number", sure, f"all {n} values are numbers")
    if n and profile.dates == n:
        return _date(n, profile, sure)
    return Typed("text", 0.95 if n else 0.7, f"{n} values, no narrower type fits all")


def _date(n: int, profile: ValueProfile, sure: float) -> Typed:
    if profile.slashes and profile.date_order is None:
        words = "which of two numbers is the month cannot be told"
        more = "for 'date as text' say also 'slashes: day/month' or 'slashes: month/day'"
        return Typed("text", 0.5, f"all {n} values are dates, but {words}: {more}")
    return Typed("date as text", sure, f"all {n} values are dates; Gorgias has no date field")


def propose_field(
    row: Row, profile: ValueProfile, taken: set[str], places: Places = NOTHING_THERE, *, has_notes: bool = True
) -> FieldMapping:
    """Propose a custom field.

    Args:
        row: its definition.
        profile: what its values look like.
        taken: labels that are in use, lowered.
        places: fields that the account has.
        has_notes: whether what is too long can go into a note, as with tickets.
    """
    field_id, name, options = row["CustomFieldID"], row["DisplayName"] or "", options_of(row)
    becomes, confidence, reason = propose_type(name, options, profile)
    long_values, words = _long(profile, has_notes=has_notes)
    label = name.strip()[:235] or f"Field {field_id}"
    entry: dict[str, Any] = {
        "name": name,
        "becomes": becomes,
        "label": label,
        "choices": options if becomes == "dropdown" else (),
        "slashes": profile.date_order if becomes == "date as text" else None,
        "long_values": long_values,
        "holds": (holds := _holds(row, profile)),
        "confidence": confidence,
        "reason": reason + words + HOLDING[holds],
    }
    entry |= _place(FieldMapping.model_validate(entry), places)
    wanted = str(entry["label"])
    entry["label"] = free(wanted, taken, lambda n: f"{wanted[:235]} ({field_id}{'' if n == 2 else f'-{n}'})")
    return FieldMapping.model_validate(entry)


def _holds(row: Row, profile: ValueProfile) -> Literal["", "channel", "disposition"]:
    name = row["DisplayName"] or ""
    if is_channel(name, words_of(row, profile)):
        return "channel"
    return "disposition" if plain(name) in DISPOSITIONS else ""


def _long(profile: ValueProfile, *, has_notes: bool) -> tuple[str, str]:
    """Return what becomes of over-long values, and the words that say so."""
    if profile.long:
        way = "split" if has_notes else "trim"
        where = "the rest goes into an internal note" if has_notes else "the whole stays in the meta"
        of = f"{profile.long} (longest {profile.longest})"
        return way, f"; values longer than {LONG} characters: {of}; they are cut, and {where}"
    if profile.near_ceiling:
        of = f"{profile.near_ceiling} (longest {profile.longest})"
        return "accept", f"; values of {NEAR_CEILING[0]} characters or more: {of}"
    return "accept", ""


def _place(entry: FieldMapping, places: Places) -> dict[str, Any]:
    """Return what changes of a proposal by the account: the label of the same or a like field that takes its values."""
    match = Names(field.label for field in places.values()).match(entry.label)
    if match is None:
        return {}
    if _fits(entry, places[match.name.strip().lower()]):
        confidence = min(entry.confidence, match.confidence)
        return {"label": match.name, "confidence": confidence, "reason": f"{entry.reason}; {match.reason}"}
    if match.confidence < 1 and plain(match.name) != plain(entry.label):
        return {}
    words = f"the account has a field '{match.name}' that does not take these values, so one of its own is proposed"
    return {"label": f"{entry.label} (SmarterTrack)", "confidence": 0.5, "reason": f"{entry.reason}; {words}"}


def _fits(entry: FieldMapping, there: CustomField) -> bool:
    try:
        TicketField().check_match({"label": entry.label, "definition": definition(entry)}, there)
    except RecordUnusable:
        return False
    return True


def propose_fields(
    rows: Sequence[Row],
    profiles: Mapping[int, ValueProfile],
    places: Places = NOTHING_THERE,
    *,
    known: Mapping[str, FieldMapping] | None = None,
    has_notes: bool = True,
) -> dict[str, FieldMapping]:
    """Propose every custom field that has values, in id order; labels of ``known`` ones are not given twice."""
    found: dict[str, FieldMapping] = {}
    for row in (row for row in rows if row["CustomFieldID"] in profiles):
        key = str(row["CustomFieldID"])
        others = {other: entry for other, entry in (known or {}).items() if other != key}
        taken = _labels(found) | _labels(others)
        found[key] = propose_field(row, profiles[row["CustomFieldID"]], taken, places, has_notes=has_notes)
    return found


def with_room(
    fields: Mapping[str, FieldMapping],
    profiles: Mapping[int, ValueProfile],
    places: Places,
    *,
    more: Sequence[str] = (),
    kept: Mapping[str, FieldMapping] | None = None,
) -> dict[str, FieldMapping]:
    """Return fields with the least used as ``nothing``, where there are more than Gorgias keeps active.

    Args:
        fields: as proposed.
        profiles: how many values each has.
        places: active fields of the account.
        more: labels of further fields that need room.
        kept: fields that a person decided on: they stand.
    """
    kept = kept or {}
    standing = {**fields, **kept}
    surplus = len(_labels(standing) | {label.strip().lower() for label in more} | set(places)) - FIELD_LIMIT
    uses: Callable[[str], int] = lambda key: profiles[int(key)].values if int(key) in profiles else 0  # noqa: E731
    may_go = [
        key
        for key, entry in fields.items()
        if key not in kept
        and entry.becomes != "nothing"
        and not entry.holds
        and entry.label.strip().lower() not in places
    ]
    ranked = sorted(may_go, key=lambda key: (uses(key), -int(key)))
    gone, stays = ranked[: max(surplus, 0)], ranked[max(surplus, 0) :]
    return {**fields, **{key: _left_out(fields[key], uses(key), uses(stays[0]) if stays else 0) for key in gone}}


def _left_out(entry: FieldMapping, uses: int, next_one: int) -> FieldMapping:
    close = uses > 0 and uses >= NEARLY * next_one
    reason = (
        f"{entry.reason}; left out, since Gorgias keeps {FIELD_LIMIT} active fields, and it is among the least used: "
        f"{uses} values, and the least used one that stays has {next_one}"
    )
    return entry.model_copy(
        update={"becomes": "nothing", "confidence": 0.5 if close else 0.8, "reason": reason, "choices": ()}
    )


def added_with_room(
    added: Mapping[str, AddedField], fields: Mapping[str, FieldMapping], places: Places
) -> dict[str, AddedField]:
    """Return added fields, with ``nothing`` for those that custom fields leave no room for."""
    taken = _labels(fields) | set(places)
    found: dict[str, AddedField] = {}
    for name, entry in sorted(added.items(), key=lambda pair: (pair[0] not in FIRST, pair[0])):
        label = entry.label.strip().lower()
        if len(taken | {label}) > FIELD_LIMIT:
            reason = f"{entry.reason}; left out, since Gorgias keeps {FIELD_LIMIT} active fields: it stays in the meta"
            entry = entry.model_copy(update={"becomes": "nothing", "confidence": 0.8, "reason": reason})
        else:
            taken.add(label)
        found[name] = entry
    return found


def _labels(fields: Mapping[str, FieldMapping]) -> set[str]:
    """Return the labels of fields that become something, lowered."""
    return {entry.label.strip().lower() for entry in fields.values() if entry.becomes != "nothing"}
