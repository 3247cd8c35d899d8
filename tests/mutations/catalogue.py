"""Everything that can be wrong in an account after a load, and as what it must be found: for a test and a measurement.

The fields are those that payloads write, whatever the reconciliation compares. What is changed looks like a fault, not
like an agent's work: no event tells of it, and no date of a change moves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from migrator_lib.external_id import parse
from migrator_lib.ledger import Entry
from migrator_lib.objects import CONVERSATIONS, ON_TICKETS, PEOPLE, SETUP
from migrator_lib.simulators.gorgias.store import Store
from tests.loading import TARGET
from tests.mutations.payloads import NOBODY, Path, another, at, general, leaves, named, put, sent, stored, threads
from tests.mutations.world import World

Document = dict[str, Any]
Named = tuple[str, str]
KINDS = {
    "user": "user", "department": "team", "brand_team": "team", "brand": "tag", "tag": "tag", "macro": "macro",
    "ticket_field": "custom_field", "person_field": "custom_field", "requester": "customer", "organization": "customer",
    "survey": "survey", **{obj.name: "ticket" for obj in CONVERSATIONS},
}  # fmt: skip
"""Object to what an account calls its things."""
BY_NAME = ("department", "brand_team", "brand", "tag")
"""Objects without an external id: the company may have others of the same name."""
LONG_AGO = "2024-03-01T10:00:00"
"""Before the load wrote anything."""


@dataclass(frozen=True)
class Expected:
    """A record that must be found, and in what it differs."""

    record: Named
    states: tuple[str, ...] = ("mismatched",)
    fields: frozenset[str] = frozenset()
    """Of its differences; empty where its state says all."""


@dataclass(frozen=True)
class Mutation:
    """One change of an account."""

    record: Named
    field: str
    """What is changed; a dash where it is the record as a whole."""
    words: str
    apply: Callable[[Store], None]
    expected: tuple[Expected, ...]
    touched: frozenset[Named] = frozenset()
    """Records that also may be told of, since they hold, or are held by, what is changed."""
    alone: bool = False
    """Whether nothing else may be changed beside it."""
    echoes: bool = False
    """Whether others refer to what is changed, and are told of, too."""

    @property
    def taken(self) -> set[Named]:
        """The records of which nothing else is changed at the same time."""
        return {self.record, *(one.record for one in self.expected), *self.touched}


@dataclass(frozen=True)
class Written:
    """What was written of one record, and where it is."""

    record: Named
    thing: tuple[str, int]
    """Kind and id of its document in the account."""
    payload: Document
    ticket: frozenset[Named] = frozenset()
    """Of a message, the record whose thread it is in."""
    files: frozenset[Named] = frozenset()
    inside: str = ""
    """What stands before the names of its fields where it has no name, and is told with its ticket."""


@dataclass
class Catalogue:
    """All mutations of one world's account."""

    world: World
    _load: Counter[Named] = field(default_factory=Counter)
    """How many fields of a record are changed: they are spread, so that many can be changed at once."""

    def all(self) -> list[Mutation]:
        """Return every mutation: each field of each object, then whole records, pairs and threads."""
        return [*self._fields(), *self._records(), *self._threads(), *self._pairs()]

    # --- fields --------------------------------------------------------------------------------------

    def _fields(self) -> Iterator[Mutation]:
        """Yield a change of each field that some payload writes: once for each object."""
        written: dict[tuple[str, str], list[tuple[Written, Path]]] = {}
        for one in (*self._written(), *self._written_messages()):
            for path in leaves(one.payload):
                written.setdefault((one.record[0], one.inside + general(path)), []).append((one, path))
        for (_, name), places in written.items():
            one, path = min(places, key=lambda place: self._load[place[0].record])
            self._load[one.record] += 1
            yield self._changed(one, path, name)

    def _changed(self, one: Written, path: Path, name: str) -> Mutation:
        if one.thing[0] == "message" and path == ("external_id",):  # nothing else tells which it was
            expected = Expected(one.record, ("missing",))
        else:
            expected = Expected(one.record, fields=frozenset({one.inside + named(path)}))
        held = (
            one.files
            if path[0] in ("attachments", "external_id")
            else one.ticket
            if path == ("created_datetime",)
            else frozenset()
        )
        return Mutation(one.record, name, "another value", setter(one.thing, stored(path)), (expected,), held)

    def _written(self) -> Iterator[Written]:
        for obj in (*SETUP, *PEOPLE, *CONVERSATIONS, *ON_TICKETS):
            for key, payload in sent(self.world, obj):
                known = self.entry(obj.name, key)
                if known.state == "created":
                    yield Written((obj.name, key), (KINDS[obj.name], int(known.target_id or 0)), payload)

    def _written_messages(self) -> Iterator[Written]:
        for name, key, messages in threads(self.world):
            ticket = frozenset({(name, key)})
            for message in messages:
                record = parse(message.get("external_id"), "demo")
                thing = "message", self._message(message.get("external_id"), (name, key))
                if record is None:
                    yield Written((name, key), thing, message, inside="messages.")
                else:
                    yield Written(record, thing, message, ticket, self._files(message))

    def _files(self, message: Document) -> frozenset[Named]:
        return frozenset(("attachment", one["$attachment"]) for one in message.get("attachments", ()))

    # --- records -------------------------------------------------------------------------------------

    def _records(self) -> Iterator[Mutation]:
        for obj in (*SETUP, *PEOPLE, *CONVERSATIONS, *ON_TICKETS):
            made = [key for key, _ in sent(self.world, obj) if self.entry(obj.name, key).state == "created"]
            record, kind = (obj.name, made[-1]), KINDS[obj.name]
            thing = int(self.entry(*record).target_id or 0)
            yield Mutation(
                record, "-", "dropped", lambda s, k=kind, t=thing: s.delete(k, t),  # type: ignore[misc]
                (Expected(record, ("missing",)),), alone=True, echoes=True,
            )  # fmt: skip
            if obj.name in BY_NAME:
                continue
            new = obj.name, {"survey": "ticket-4242", "requester": "u4242"}.get(obj.name, "4242")
            copy = _copier(kind, thing, f"st:demo:{obj.name}:{new[1]}")
            yield Mutation(new, "-", "added", copy, (Expected(new, ("unexpected",)),))
            if obj.name != "survey":  # one for each ticket
                yield Mutation(record, "-", "doubled", _copier(kind, thing), (Expected(record, ("duplicate",)),))

    def _threads(self) -> Iterator[Mutation]:
        """Yield what may be wrong with whole messages; of each kind of message one is dropped, and so on."""
        seen = set[str]()
        for name, key, messages in threads(self.world):
            for message in messages:
                record = parse(message.get("external_id"), "demo")
                if record is not None and record[0] not in seen:
                    seen.add(record[0])
                    held = frozenset({(name, key)}) | self._files(message)
                    yield from self._of_message(record, self._message(message["external_id"], (name, key)), held)

    def _of_message(self, record: Named, there: int, held: frozenset[Named]) -> Iterator[Mutation]:
        def drop(store: Store) -> None:
            store.delete("message", there)

        yield Mutation(record, "-", "dropped", drop, (Expected(record, ("missing",)),), held)
        yield Mutation(record, "-", "doubled", _copier("message", there), (Expected(record, ("duplicate",)),), held)
        new = record[0], "4242"
        copy = _copier("message", there, f"st:demo:{record[0]}:4242")
        yield Mutation(new, "-", "added", copy, (Expected(new, ("unexpected",)),), held)
        other = next(ticket for ticket in (("ticket", "6"), ("ticket", "5")) if ticket not in held)
        yield Mutation(
            record, "ticket", "moved to another ticket", _mover(there, self._ticket(*other)),
            (Expected(record, fields=frozenset({"ticket"})),), held | {other},
        )  # fmt: skip

    # --- pairs ---------------------------------------------------------------------------------------

    def _pairs(self) -> Iterator[Mutation]:
        files = ("ticket_message", "200"), ("ticket_message", "300")
        told = (*(Expected(one, fields=frozenset({"attachments"})) for one in files),)
        held = frozenset({("attachment", "2"), ("attachment", "3")})
        yield self.swapped(files, ("attachments",), "swapped with another message's", told, held)
        order = ("ticket_message", "600"), ("ticket_message", "602")
        dates = frozenset({"created_datetime", "sent_datetime"})
        both = (
            *(Expected(one, fields=dates) for one in order), Expected(("ticket", "6"), fields=frozenset({"messages"}))
        )  # fmt: skip
        yield self.swapped(order, ("created_datetime", "sent_datetime"), "two messages reordered", both)
        authors = ("ticket_message", "400"), ("ticket_message", "500")
        yield self.swapped(authors, ("sender",), "authors swapped", _each(authors, "sender"))
        agents = ("ticket_comment", "2"), ("ticket_comment", "3")
        yield self.swapped(agents, ("sender",), "authors swapped", _each(agents, "sender"))
        customers = ("ticket", "2"), ("ticket", "3")
        yield self.swapped(customers, ("customer",), "customers of two tickets swapped", _each(customers, "customer"))
        yield self._trashed(("ticket", "6"))
        team = "department", "g1-11"
        thing = "team", int(self.entry(*team).target_id or 0)
        yield Mutation(team, "members", "a member less", setter(thing, ("members",), lambda held: held[:-1]),
                       (Expected(team, fields=frozenset({"members"})),))  # fmt: skip
        note = "ticket_comment", "4"
        message = "message", self._message("st:demo:ticket_comment:4", ("ticket", "4"))
        yield Mutation(note, "public", "a note turned public", setter(message, ("public",), lambda _: True),
                       (Expected(note, fields=frozenset({"public"})),))  # fmt: skip

    def _trashed(self, record: Named) -> Mutation:
        thing = "ticket", int(self.entry(*record).target_id or 0)
        return Mutation(
            record, "trashed_datetime", "put into the trash", setter(thing, ("trashed_datetime",), lambda _: LONG_AGO),
            (Expected(record, ("missing",)),), alone=True,
        )  # fmt: skip

    def swapped(
        self, pair: tuple[Named, Named], names: Sequence[str], words: str, expected: tuple[Expected, ...],
        touched: frozenset[Named] = frozenset(),
    ) -> Mutation:  # fmt: skip
        """Return the swap of fields between two messages, or two tickets."""
        kind = KINDS.get(pair[0][0], "message")
        external_ids = [f"st:demo:{obj}:{key}" for obj, key in pair]

        def apply(store: Store) -> None:
            (one,), (other,) = (store.by(kind, "external_id", name) for name in external_ids)
            for name in names:
                one[name], other[name] = other[name], one[name]
            store.replace(kind, one)
            store.replace(kind, other)

        return Mutation(pair[0], " + ".join(names), words, apply, expected, touched, alone=True)

    # --- where things are ----------------------------------------------------------------------------

    def entry(self, obj: str, key: str) -> Entry:
        """Return what the ledger knows of a record."""
        found = self.world.ledger.entry(TARGET, obj, key)
        assert found is not None, (obj, key)
        return found

    def thing(self, record: Named) -> tuple[str, int]:
        """Return kind and Gorgias id of a record, or of a message of a ticket."""
        if record[0] in KINDS:
            return KINDS[record[0]], int(self.entry(*record).target_id or 0)
        (found,) = self.world.account.store.by("message", "external_id", f"st:demo:{record[0]}:{record[1]}")
        return "message", int(found["id"])

    def _ticket(self, obj: str, key: str) -> int:
        return int(self.entry(obj, key).target_id or 0)

    def _message(self, external_id: str | None, ticket: Named) -> int:
        """Return the Gorgias id of a message; of the one that has no name where its ticket holds no other."""
        held = self.world.account.store.by("message", "parent", self._ticket(*ticket))
        (found,) = (one for one in held if one["external_id"] == external_id)
        return int(found["id"])


def _each(pair: Sequence[Named], name: str) -> tuple[Expected, ...]:
    return tuple(Expected(one, fields=frozenset({name})) for one in pair)


def setter(
    thing: tuple[str, int], path: Path, change: Callable[[Any], Any] | None = None
) -> Callable[[Store], None]:  # fmt: skip
    """Return what changes one value of a document."""

    def apply(store: Store) -> None:
        document = store.get(*thing)
        assert document is not None, thing
        was = at(document, path)
        if was == [] and path == ("custom_fields",):
            mine = (one for one in store.by_kind("custom_field") if one["object_type"].lower() == thing[0])
            put(document, path, [{"field": {"id": next(mine)["id"]}, "value": "x"}])
        else:
            put(document, path, change(was) if change else another(was, path))
        store.replace(thing[0], document)

    return apply


def _copier(kind: str, thing: int, external_id: str = "") -> Callable[[Store], None]:
    """Return what puts a copy of a thing beside it, under its own external id or another one."""

    def apply(store: Store) -> None:
        copy = store.get(kind, thing)
        assert copy is not None
        copy["id"] = NOBODY + thing * 2 + bool(external_id)
        if external_id and kind == "survey":
            copy |= {"ticket_id": NOBODY, "meta": {"smartertrack": {"external_id": external_id}}}
        elif external_id:
            copy["external_id"] = external_id
            copy |= {"email": "new@demo.example"} if kind == "user" else {}
        store.put(kind, copy, parent=copy.get("ticket_id"), name=copy.get("object_type"))

    return apply


def _mover(message: int, ticket: int) -> Callable[[Store], None]:
    def apply(store: Store) -> None:
        document = store.get("message", message)
        assert document is not None
        store.put("message", {**document, "ticket_id": ticket}, parent=ticket)

    return apply


def rounds(mutations: Sequence[Mutation]) -> list[list[Mutation]]:
    """Return mutations in groups of which no two concern one record; each group is compared at once."""
    found: list[tuple[set[Named], list[Mutation]]] = []
    for one in mutations:
        fitting = (group for group in found if not one.alone and not group[1][0].alone and not group[0] & one.taken)
        taken, members = next(fitting, (set(), []))
        if not members:
            found.append((taken, members))
        taken |= one.taken
        members.append(one)
    return [members for _, members in found]
