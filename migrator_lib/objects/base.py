"""What every object of the map has in common: what it reads, what it becomes, how it is checked and undone.

A module of this package is one object. The steps (load, reconcile, roll-back) are generic over them.

A payload may hold references, since ids in Gorgias are not known when it is made::

    {"$ref": "requester:u12"}        the Gorgias id of that record
    "st-attachment:55" in HTML       the URL of that attachment
    {"$attachment": "55"}            an entry of a message's attachment list

They are resolved when it is sent, so a payload and its hash depend on source and mapping alone.
"""

from __future__ import annotations

import hashlib
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from migrator_lib.errors import NotUpdatable, RecordUnusable
from migrator_lib.gorgias.api import GorgiasApi, Json
from migrator_lib.gorgias.contract.replies import Thing

if TYPE_CHECKING:
    from migrator_lib.lookups import Lookups
    from migrator_lib.staging import Staged

Children = dict[str, dict[str, int]]
"""Outcomes of a record's parts: object to state (or 'skipped: rule') to number."""


def created(states: Mapping[str, int]) -> int:
    """Return how many of a record's parts are made, those by a named rule (``created: long_value_split``) too."""
    return sum(n for label, n in states.items() if label.partition(": ")[0] == "created")


@dataclass(frozen=True)
class Record:
    """One source record: its key, and whatever its object's ``transform`` needs."""

    key: str
    data: Any


@dataclass(frozen=True)
class Send:
    """The record becomes this payload."""

    payload: Json
    children: Children = field(default_factory=dict)

    @property
    def hash(self) -> str:
        """SHA-256 of the payload's canonical JSON."""
        return payload_hash(self.payload)


@dataclass(frozen=True)
class Skip:
    """The record is left out by a named rule."""

    rule: str
    children: Children = field(default_factory=dict)


@dataclass(frozen=True)
class Merge:
    """The record ends in another record of the same object."""

    into: str
    rule: str


@dataclass(frozen=True)
class HandOver:
    """The record is written to a handoff document, since Gorgias has no place for it."""

    document: str


@dataclass(frozen=True)
class Quarantine:
    """The record cannot go on; the reason says why."""

    reason: str
    children: Children = field(default_factory=dict)


Outcome = Send | Skip | Merge | HandOver | Quarantine


def payload_hash(payload: object) -> str:
    """Return the SHA-256 of a payload's canonical JSON."""
    text = json.dumps(payload, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass
class Resolver:
    """Turns references into Gorgias ids, from what the ledger knows of one target."""

    ids: Mapping[tuple[str, str], str]
    fallback_user: int | None = None
    lost: set[str] = field(default_factory=set)
    """References that were left out of payloads, or replaced by the fallback agent, since they are not in Gorgias."""

    def id_of(self, reference: str, *, fall_back: bool = True) -> int | None:
        """Return the Gorgias id that ``object:key`` has, or None. An agent without one is the fallback agent."""
        obj, _, key = reference.partition(":")
        found = self.ids.get((obj, key))
        if found is not None:
            return int(found)
        if reference != "user:fallback":
            self.lost.add(reference)
        return self.fallback_user if obj == "user" and fall_back else None

    def url_of(self, attachment: str) -> str | None:
        """Return the URL of an uploaded attachment, or None."""
        found = self.ids.get(("attachment", attachment))
        if found is None:
            self.lost.add(f"attachment:{attachment}")
        return found

    def resolve(self, payload: Json) -> Json:
        """Return the payload as it is sent: NUL characters, which no database behind JSON takes, are left out.

        Raises:
            RecordUnusable: a person the record cannot do without is not in Gorgias.
        """
        resolved = self._walk(payload)
        assert isinstance(resolved, dict)
        return resolved

    def _walk(self, node: Any) -> Any:
        if isinstance(node, Mapping):
            return self._walk_mapping(node)
        if isinstance(node, list):
            return [walked for walked in map(self._walk, node) if walked is not None]
        if isinstance(node, str):
            node = node.replace("\0", "")
            if "st-attachment:" in node:
                return re.sub(r"st-attachment:([a-z]?\d+)", lambda m: self.url_of(m[1]) or m[0], node)
        return node

    def _members(self, members: list[Json]) -> list[Json]:
        """Return the members of a team who are in Gorgias: the fallback agent stands in for nobody here."""
        found = [self.id_of(member["id"]["$ref"], fall_back=False) for member in members]
        return [{"id": user} for user in dict.fromkeys(found) if user is not None]

    def _walk_mapping(self, node: Mapping[str, Any]) -> Any:
        if "$attachment" in node:
            url = self.url_of(node["$attachment"])
            return None if url is None else {"url": url, **{k: v for k, v in node.items() if k != "$attachment"}}
        if "$ref" in node:
            return self.id_of(node["$ref"])
        result = {}
        for name, value in node.items():
            walked = self._members(value) if name == "members" else self._walk(value)
            if isinstance(value, Mapping) and "id" in value and isinstance(walked, Mapping) and walked["id"] is None:
                if name in ("customer", "sender", "receiver"):
                    raise RecordUnusable(
                        f"its {name} ({value['id']['$ref']}) is not in Gorgias",
                        next_step="mend and retry that record first; then run again.",
                    )
                continue
            if name in ("customer_id", "ticket_id") and walked is None and value is not None:
                raise RecordUnusable(
                    f"its {name.removesuffix('_id')} ({value['$ref']}) is not in Gorgias",
                    next_step="mend and retry that record first; then run again.",
                )
            result[name] = walked
        if "value" in result and "id" in result and result["id"] is None:
            return None
        return result


@dataclass(frozen=True)
class MappedField:
    """One field of the source and where it goes."""

    source: str
    """``Table.Column``; several with `` + `` between them."""
    target: str
    """Where it stands in Gorgias (``ticket.subject``), in a document (``sla_inventory``), or empty: nowhere."""
    how: str = ""
    """What is done to it; why it goes nowhere."""


class MigrationObject(ABC):
    """One row of the object map."""

    name: str
    """As in the accounts, external ids and file names: ``ticket``."""
    title: str
    becomes: str
    """What it is in Gorgias."""
    reads: tuple[str, ...] = ()
    """Source tables."""
    path: str = ""
    """API path of its collection, without ``/api/``."""
    undo: str = "deleted"
    """How roll-back undoes it, in words."""
    verified: str = "read back and compared field by field"
    """How it is verified, in words."""
    fields: tuple[MappedField, ...] = ()
    """Every column that is read of it, and what becomes of it: for people to read, and held against the tables."""
    handed_over_if_absent = False

    @abstractmethod
    def records(self, staged: Staged, lookups: Lookups) -> Iterator[Record]:
        """Yield every source record, each once, in a fixed order."""

    @abstractmethod
    def transform(self, record: Record, lookups: Lookups) -> Outcome:
        """Return what becomes of a record. Pure: no I/O, same input, same outcome."""

    def natural_key(self, thing: Mapping[str, Any]) -> str | None:
        """Return what makes a payload and a thing in Gorgias the same, where no external id does."""
        return None

    def existing(self, api: GorgiasApi) -> Mapping[str, Thing]:
        """Return what the account holds already, by natural key. Empty where that is asked record by record."""
        return {}

    def listed(self, api: GorgiasApi) -> Iterable[tuple[str, Thing]]:
        """Return the same as pairs of natural key and thing; what is there twice, twice, where that can be told."""
        return self.existing(api).items()

    def find(self, api: GorgiasApi, payload: Json) -> Sequence[Thing]:
        """Return what in Gorgias carries this payload's external id or natural key, asked anew."""
        key = self.natural_key(payload)
        found = self.existing(api)
        return [found[key]] if key is not None and key in found else []

    def check_match(self, payload: Json, found: Thing) -> None:
        """Refuse what is in Gorgias under the same natural key, and is something else.

        Raises:
            RecordUnusable: records would not fit.
        """
        return

    def create(self, api: GorgiasApi, payload: Json) -> str:
        """Create it and return its Gorgias id."""
        return str(api.resource(self.path).create(payload).id)

    def remove(self, api: GorgiasApi, target_id: str) -> None:
        """Undo a creation."""
        api.resource(self.path).delete(int(target_id))

    # --- what is compared, and changed after it was made -------------------------------------------

    made_anew_if_gone = False
    """Whether one that we made and that is not in Gorgias any more is made once more when its payload changes."""
    fixed: frozenset[str] = frozenset()
    """Fields that are never changed in place: what differs in one is left behind, and made anew."""

    def compared(self, thing: Json) -> Json:
        """Return the fields that are compared, canonical, of a resolved payload or of a thing read back."""
        return {}

    lasting: tuple[str, ...] = ()
    """What marks a record as ours, or as what it is, and never changes: read back and compared, never updated."""

    @property
    def kind(self) -> str:
        """What it is in Gorgias, one word: ``ticket``, ``customer_field``."""
        return self.becomes.lower().replace(" ", "_")

    def verified_form(self, thing: Json) -> Json:
        """Return all that is compared when it is read back: what :meth:`compared` has, and what is ``lasting``."""
        return {**{name: thing.get(name) for name in self.lasting}, **self.compared(thing)}

    def meant(self, expected: Json, there: Json) -> Json:
        """Return what should be there: what is expected, and what more may stand there without being wrong.

        Args:
            expected: :meth:`compared` of the resolved payload.
            there: :meth:`compared` of the thing that was read back.
        """
        return expected

    def retire(self, api: GorgiasApi, target_id: str) -> None:
        """Put aside what is left behind when it is made anew; unless told otherwise it stays as it is."""
        return

    def change(self, payload: Json, there: Json, fields: Collection[str]) -> Json:
        """Return the body of a change.

        Args:
            payload: the resolved payload.
            there: the thing as it was read.
            fields: names of :meth:`compared` that change; of the value of a custom field ``custom_fields.<id>``.

        Raises:
            NotUpdatable: Gorgias lets nobody change these.
        """
        raise NotUpdatable(
            f"{', '.join(sorted(fields))} changed since it was loaded, and no request of this program changes that in "
            "Gorgias",
            next_step="change it in Gorgias by hand.",
        )

    def update(self, api: GorgiasApi, target_id: str, payload: Json) -> None:
        """Change what was made; the payload holds what :meth:`change` returned, and nothing else changes."""
        api.resource(self.path).update(int(target_id), payload)


class HandedOver(MigrationObject):
    """An object that Gorgias has no place for: every record goes to a written document."""

    document: str
    table: str
    key: str
    undo = "nothing to undo"

    def records(self, staged: Staged, lookups: Lookups) -> Iterator[Record]:
        """Yield the rows of the table."""
        for row in staged.rows(self.table):
            yield Record(str(row[self.key]), row)

    def transform(self, record: Record, lookups: Lookups) -> Outcome:
        """Hand over."""
        return HandOver(self.document)
