"""Custom fields of tickets become Ticket fields. Gorgias has text, number and boolean; 25 may be active.

A value that its field cannot take is not lost: it is kept in the meta of its ticket or customer, and counted.
What SmarterTrack keeps outside its custom fields (a ticket's number, how long a call took) gets added fields, keys
``added-<name>``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from migrator_lib import canonical
from migrator_lib.errors import RecordUnusable
from migrator_lib.gorgias.api import GorgiasApi, Json
from migrator_lib.gorgias.contract.replies import CustomField, Thing
from migrator_lib.lookups import Lookups
from migrator_lib.mapping import FIELD_LIMIT, LONG, AddedField, EngagementMapping, FieldMapping
from migrator_lib.objects.base import MappedField, MigrationObject, Outcome, Quarantine, Record, Send, Skip
from migrator_lib.staging import Row, Staged
from migrator_lib.values import boolean_of, choice_of, iso_date, number_of

ADDED = "added-"
"""What stands before an added field's name in its source key."""
NEAR = 80
"""How far before its limit, in characters, a long value is split at a space rather than within a word."""


def definition(entry: FieldMapping | AddedField) -> Json:
    """Return the definition of a mapped field (developers.gorgias.com, create-custom-field)."""
    match entry.becomes:
        case "number":
            return {"data_type": "number", "input_settings": {"input_type": "input_number"}}
        case "boolean":
            return {"data_type": "boolean", "input_settings": {"input_type": "dropdown"}}
        case "dropdown" if isinstance(entry, FieldMapping):
            return {
                "data_type": "text",
                "input_settings": {"input_type": "dropdown", "choices": list(entry.choices)},
            }
        case _:
            return {"data_type": "text", "input_settings": {"input_type": "input"}}


def value(entry: FieldMapping, text: str | None) -> str | float | bool | None:
    """Return a source value as its field takes it; None where it is empty or does not fit."""
    if text is None or not text.strip():
        return None
    match entry.becomes:
        case "number":
            return number_of(text)
        case "boolean":
            return boolean_of(text)
        case "dropdown":
            return choice_of(text, entry.choices)
        case "date as text":
            return iso_date(text, entry.slashes)
        case _:
            return text


@dataclass
class Values:
    """What became of the custom field values of one ticket or person."""

    sent: list[Json] = field(default_factory=list)
    unfit: dict[str, str] = field(default_factory=dict)
    """Label (or ``field <id>``) to the value as it stands in the source."""
    long: dict[str, str] = field(default_factory=dict)
    """Label to the whole of a value that was cut."""
    rest: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Field to its label, and to what was cut off and goes into a note (:func:`migrator_lib.objects.notes`)."""
    states: dict[str, int] = field(default_factory=dict)

    def count(self, state: str) -> None:
        """Count one value."""
        self.states[state] = self.states.get(state, 0) + 1


def values(obj: str, entries: Mapping[str, FieldMapping], rows: Sequence[Row]) -> Values:
    """Return values as Gorgias takes them, those that do not fit, and a count that adds up to the rows.

    Args:
        obj: ticket_field or person_field, for references.
        entries: the mapping's fields.
        rows: CustomFieldID and DataContent, in field order.
    """
    found = Values()
    active = set(active_keys(entries))
    for row in rows:
        key, text = str(row["CustomFieldID"]), row["DataContent"]
        entry = entries.get(key)
        if text is None or not text.strip():
            found.count("skipped: empty_value")
        elif entry is not None and entry.becomes == "nothing":
            found.count("skipped: mapped_to_nothing")
        elif entry is None or key not in active or (converted := value(entry, text)) is None:
            found.unfit[entry.label if entry else f"field {key}"] = text
            found.count("quarantined")
        else:
            sent = _fitted(found, obj, key, entry, converted)
            found.sent.append({"id": {"$ref": f"{obj}:{key}"}, "value": sent})
    return found


def _fitted(
    found: Values, obj: str, key: str, entry: FieldMapping, value: str | float | bool
) -> str | float | bool:  # fmt: skip
    """Return a value as it is sent: a long one as its field says. People have no thread, so nothing is split there."""
    if not isinstance(value, str) or entry.becomes != "text" or len(value) <= LONG:
        found.count("created")
        return value
    if entry.long_values == "accept":
        found.count("created: long_value_accepted")
        return value
    if entry.long_values == "split" and obj != "person_field":
        found.count("created: long_value_split")
        cut = _between_words(value)
        found.rest[key] = (entry.label, value[cut:].lstrip())
        return value[:cut].rstrip()
    found.count("created: long_value_trimmed")
    found.long[entry.label] = value
    return value[:LONG]


def _between_words(value: str) -> int:
    """Return where a long value is split: at the last space before its limit, if one is near: no word is cut then."""
    space = value.rfind(" ", LONG - NEAR, LONG + 1)
    return LONG if space < 0 else space


def active_keys(entries: Mapping[str, FieldMapping]) -> list[str]:
    """Return the fields that there is room for: the first by id, up to Gorgias' limit of active ones."""
    wanted = sorted((key for key, entry in entries.items() if entry.becomes != "nothing"), key=lambda k: (len(k), k))
    return wanted[:FIELD_LIMIT]


def active_added(mapping: EngagementMapping) -> list[str]:
    """Return the added fields that custom fields leave room for: the number first, by which a ticket is found."""
    wanted = (name for name, entry in mapping.added_fields.items() if entry.becomes != "nothing")
    room = FIELD_LIMIT - len(active_keys(mapping.ticket_fields))
    return sorted(wanted, key=lambda name: (name != "ticket_number", name))[:room]


def added(name: str, content: str | float | bool | None, lookups: Lookups) -> list[Json]:
    """Return the value of an added field, as a ticket's ``custom_fields`` hold it.

    Nothing where the content is empty, where the mapping makes no such field, or where it does not fit the type that a
    person chose: whoever calls this keeps the content in the ticket's meta too.
    """
    if content is None or content == "" or name not in active_added(lookups.mapping):
        return []
    match lookups.mapping.added_fields[name].becomes:
        case "number":
            converted: str | float | bool | None = number_of(str(content))
        case "boolean":
            converted = boolean_of(str(content))
        case _:
            converted = str(content)
    return [] if converted is None else [{"id": {"$ref": f"ticket_field:{ADDED}{name}"}, "value": converted}]


class TicketField(MigrationObject):
    """Definitions of ticket fields."""

    name = "ticket_field"
    title = "Custom field of tickets"
    becomes = "Ticket field"
    reads = ("CustomDataFields", "CustomDataFieldsInTickets")
    path = "custom-fields"
    undo = "archived: Gorgias deletes no fields"
    object_type: Literal["Ticket", "Customer"] = "Ticket"
    verified = "read back; label, type and choices compared"
    fields: tuple[MappedField, ...] = (
        MappedField("CustomDataFields.CustomFieldID", "custom_field.external_id"),
        MappedField("CustomDataFields.DisplayName", "custom_field.label", "as mapped"),
        MappedField("CustomDataFields.DataType", "", "its codes are not published; the type is told by the values"),
        MappedField("CustomDataFields.Options", "custom_field.definition", "choices, where it becomes a dropdown"),
        MappedField("CustomDataFields.SpecialMapping", "", "says something of fields of people alone"),
        MappedField("CustomDataFields.DefaultValue + CustomDataFields.IsGlobal", "", "Gorgias fills in nothing"),
        MappedField("CustomDataFieldsInTickets.TicketID + CustomDataFieldsInTickets.CustomFieldID + "
                    "CustomDataFieldsInTickets.DataContent", "ticket.custom_fields",
                    "typed as mapped; what does not fit is kept in ticket.meta and counted"),
    )  # fmt: skip

    def entries(self, lookups: Lookups) -> Mapping[str, FieldMapping]:
        """Return the mapping's entries of this kind."""
        return lookups.mapping.ticket_fields

    def added_entries(self, lookups: Lookups) -> Mapping[str, AddedField]:
        """Return what the mapping adds of this kind."""
        return lookups.mapping.added_fields if self.object_type == "Ticket" else {}

    def records(self, staged: Staged, lookups: Lookups) -> Iterator[Record]:
        """Yield the fields that the mapping knows or that tickets have values in, by id; then those that it adds."""
        used = self.used(staged, lookups) | {int(key) for key in self.entries(lookups)}
        for field_id in sorted(used):
            yield Record(str(field_id), lookups.custom_fields.get(field_id))
        for name, entry in sorted(self.added_entries(lookups).items()):
            yield Record(f"{ADDED}{name}", entry)

    def used(self, staged: Staged, lookups: Lookups) -> set[int]:
        """Return the fields that have values."""
        return staged.distinct("CustomDataFieldsInTickets", "CustomFieldID")

    def transform(self, record: Record, lookups: Lookups) -> Outcome:
        """A field of the mapped type; beyond the limit of active fields a person must choose."""
        entry = self._entry(record, lookups)
        if entry is None:
            return Quarantine("not in mapping.yaml, or not in the source any more: run notebook 02 again")
        if entry.becomes == "nothing":
            return Skip("mapped_to_nothing")
        if record.key not in self._active(lookups):
            return Quarantine(f"more than {FIELD_LIMIT} fields are mapped: set 'becomes: nothing' for some")
        return Send(
            {
                "object_type": self.object_type,
                "label": entry.label,
                "external_id": lookups.external_id(self.name, record.key),
                "definition": definition(entry),
            }
        )

    def _entry(self, record: Record, lookups: Lookups) -> FieldMapping | AddedField | None:
        """Return the mapping's entry of a field; None where it has none, or where the source lost the field."""
        if isinstance(record.data, AddedField):
            return record.data
        return None if record.data is None else self.entries(lookups).get(record.key)

    def _active(self, lookups: Lookups) -> set[str]:
        """Return the keys that Gorgias has room for."""
        more = active_added(lookups.mapping) if self.added_entries(lookups) else []
        return {*active_keys(self.entries(lookups)), *(f"{ADDED}{name}" for name in more)}

    def natural_key(self, thing: Mapping[str, Any]) -> str | None:
        """Label, since fields that are there already carry other external ids."""
        return str(thing.get("label", "")).strip().lower()

    def existing(self, api: GorgiasApi) -> dict[str, CustomField]:
        """All active fields of this kind by label; of several the oldest."""
        return dict(sorted(self.listed(api), key=lambda pair: -pair[1].id))

    def listed(self, api: GorgiasApi) -> list[tuple[str, CustomField]]:
        """All active fields of this kind with their labels; Gorgias lets several have the same."""
        return [(str(self.natural_key({"label": one.label})), one) for one in api.custom_fields.every(self.object_type)]

    def check_match(self, payload: Json, found: Thing) -> None:
        """Refuse a field of the same label and another type, or one whose choices would refuse values.

        Raises:
            RecordUnusable: values would not fit.
        """
        assert isinstance(found, CustomField)
        wanted, there = payload["definition"], found.definition.as_json()
        if wanted["data_type"] != there["data_type"]:
            raise RecordUnusable(
                f"a field '{payload['label']}' of type {there['data_type']} is in Gorgias, {wanted['data_type']} is "
                "needed",
                next_step="change 'label' of this field in mapping.yaml, and sign it again.",
            )
        choices = _choices(there)
        missing = [choice for choice in _choices(wanted) if choice not in choices]
        if choices and (missing or not _choices(wanted)):
            raise RecordUnusable(
                f"a dropdown '{payload['label']}' is in Gorgias, and does not offer "
                + (", ".join(f"'{choice}'" for choice in missing) or "free text"),
                next_step="add the choices in Gorgias, or change 'label' of this field in mapping.yaml and sign it "
                "again.",
            )

    def create(self, api: GorgiasApi, payload: Json) -> str:
        """Create the field and return its Gorgias id."""
        return str(api.custom_fields.create(payload).id)

    def remove(self, api: GorgiasApi, target_id: str) -> None:
        """Archive."""
        api.custom_fields.update(int(target_id), {"deactivated_datetime": "2000-01-01T00:00:00Z"})

    def compared(self, thing: Json) -> Json:
        """Label, type, how it is filled in, and choices."""
        return {
            "label": canonical.text(thing.get("label")),
            "data_type": thing["definition"]["data_type"],
            "input_type": (thing["definition"].get("input_settings") or {}).get("input_type"),
            "choices": canonical.tidy(_choices(thing["definition"])),
        }

    lasting = ("external_id", "object_type")
    made_anew_if_gone = True
    fixed = frozenset({"data_type"})

    def meant(self, expected: Json, there: Json) -> Json:
        """More choices may be there than the mapping has: values may be in use, so an update takes none away."""
        if not expected["choices"]:
            return expected
        more = [choice for choice in there["choices"] if choice not in expected["choices"]]
        return {**expected, "choices": [*expected["choices"], *more]}

    def retire(self, api: GorgiasApi, target_id: str) -> None:
        """Archive: a field's type is for good."""
        self.remove(api, target_id)

    def change(self, payload: Json, there: Json, fields: Collection[str]) -> Json:
        """Label, or how it is filled in, and with what."""
        body: Json = {"label": payload["label"]} if "label" in fields else {}
        if {"choices", "input_type"} & set(fields):
            settings = payload["definition"]["input_settings"]
            choices = self.meant(self.compared(payload), self.compared(there))["choices"]
            body["definition"] = {
                **payload["definition"],
                "input_settings": {**settings, **({"choices": choices} if choices else {})},
            }
        return body

    def update(self, api: GorgiasApi, target_id: str, payload: Json) -> None:
        """Change the definition."""
        api.custom_fields.update(int(target_id), payload)


def _choices(definition: Mapping[str, Any]) -> list[Any]:
    """Return the choices of a text field; those of a boolean are its own."""
    settings = definition.get("input_settings") or {}
    return list(settings.get("choices") or ()) if definition["data_type"] == "text" else []
