"""What becomes of a loaded agent, team, field, tag or customer whose payload is another one than was sent.

Three states of every field are compared: as we left it (a fingerprint in the ledger, ``sent``), as it is in Gorgias,
and as the payload has it now. What is there as we left it is changed; what somebody changed there is left alone and
listed; what is right already needs no call. So a change that was cut off is simply looked at again, and what is not
ours (matched) is never changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from migrator_lib.errors import RecordRejected
from migrator_lib.gorgias.api import Json
from migrator_lib.gorgias.contract.replies import Thing
from migrator_lib.ledger import GONE, Entry
from migrator_lib.ledger.written import LEFT_ALONE, WRITTEN, as_written
from migrator_lib.load.context import LoadContext
from migrator_lib.objects import ON_TICKETS, PEOPLE, SETUP
from migrator_lib.objects.base import MigrationObject, Send

NOT_THERE = (301, 404)
"""How Gorgias answers for a customer who was merged with another, and for what was deleted."""
VALUES = "custom_fields"
UPDATING = "updating"
"""In the detail of an entry: a change is under way, or was cut off. What it ``sends`` are fingerprints."""
MADE_ANEW = "made_anew"
"""The rule of what is left behind in Gorgias when its record is made anew."""
FORGOTTEN = ("lost", LEFT_ALONE, WRITTEN, UPDATING)
"""What an entry's detail says only until its record is changed, or looked at, once more."""


def flat(canonical: Json) -> Json:
    """Return canonical fields with each value of a custom field by itself, as ``custom_fields.<id>``."""
    values = {f"{VALUES}.{i}": value for i, value in canonical.get(VALUES) or ()}
    return {name: value for name, value in canonical.items() if name != VALUES} | values


def fingerprint(value: object) -> str:
    """Return 8 hexadecimal digits by which a value is known again."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:8]


def fingerprints(canonical: Json) -> dict[str, str]:
    """Return what the ledger keeps of a record that was sent: field to fingerprint; empty fields have none."""
    return {name: fingerprint(value) for name, value in flat(canonical).items() if not _is_empty(value)}


@dataclass(frozen=True)
class Judged:
    """The fields that are not in Gorgias as they should be."""

    ours: frozenset[str]
    """There as we left them, so that they may be changed."""
    theirs: frozenset[str]
    """Changed by somebody, or nobody can tell."""


def judge(
    sent: Mapping[str, str] | None, there: Json, wanted: Json, cut_off: Mapping[str, str | None] | None = None
) -> Judged:
    """Tell who changed what.

    Args:
        sent: fingerprints of what was sent; None where the ledger has none, since an older version sent it.
        there: :func:`flat` fields as they are in Gorgias.
        wanted: the same as they should be.
        cut_off: fingerprints of what a change that was cut off may have sent.
    """
    ours: set[str] = set()
    theirs: set[str] = set()
    coming = cut_off or {}
    for name in {*wanted, *(sent or {}), *coming}:
        found = there.get(name)
        if _same(found, wanted.get(name)):
            continue
        print_of = _fingerprint_or_none(found)
        as_left = sent is not None and print_of == sent.get(name)
        (ours if as_left or (name in coming and print_of == coming[name]) else theirs).add(name)
    return Judged(frozenset(ours), frozenset(theirs))


def _same(one: object, other: object) -> bool:
    return one == other or (_is_empty(one) and _is_empty(other))


def _is_empty(value: object) -> bool:
    return value is None or value == "" or value == []


def _fingerprint_or_none(value: object) -> str | None:
    return None if _is_empty(value) else fingerprint(value)


def named(obj: MigrationObject, payload: Json) -> dict[str, str]:
    """Return what the ledger keeps of the name by which something that was there already was matched."""
    return {"named": fingerprint(obj.natural_key(payload))}


class Updates:
    """Brings what was loaded before the first ticket up to date."""

    def __init__(self, context: LoadContext) -> None:
        self.context = context

    def again(self, obj: MigrationObject, outcome: Send, known: Entry, existing: Mapping[str, Thing]) -> str | None:
        """Bring one record up to date; return what was done, or None where it is to be matched or made anew.

        Raises:
            RecordError: the change was refused, or nobody can make it.
        """
        if known.state != "created":
            return None if self._is_another_now(obj, outcome, known) else "unchanged"
        if not differs(known, outcome, self.context.ids):
            return "unchanged"
        if UPDATING in known.detail:
            self.context.let_arrive()
            existing = obj.existing(self.context.api) if obj in SETUP else existing
        there = self._there(obj, known, existing)
        if there is None:
            if not obj.made_anew_if_gone:
                return self._gone(obj, outcome, known)
            self._leave_behind(known)
            return None
        if self._belongs_to_another(obj, outcome, known, existing):
            self._leave_behind(known)
            self._list(f"{obj.name} {known.source_key}: its new name is there already; what was made before stays")
            return None
        return self.change(obj, outcome, known, there)

    def _is_another_now(self, obj: MigrationObject, outcome: Send, known: Entry) -> bool:
        """Whether something that was there already was matched by another name than the mapping has now."""
        name = known.detail.get("named")
        return obj in SETUP and known.state == "matched" and name not in (None, named(obj, outcome.payload)["named"])

    def _belongs_to_another(
        self, obj: MigrationObject, outcome: Send, known: Entry, existing: Mapping[str, Thing]
    ) -> bool:
        """Whether its new name is that of something else in Gorgias."""
        other = existing.get(obj.natural_key(outcome.payload) or "") if obj in SETUP else None
        return other is not None and str(other.id) != known.target_id

    def _there(self, obj: MigrationObject, known: Entry, existing: Mapping[str, Thing]) -> Thing | None:
        if obj in (*PEOPLE, *ON_TICKETS):
            api = self.context.api
            try:
                return (api.customers if obj in PEOPLE else api.surveys).get(int(known.target_id or 0))
            except RecordRejected as error:
                if error.status not in NOT_THERE:
                    raise
                return None
        return next((thing for thing in existing.values() if str(thing.id) == known.target_id), None)

    def _gone(self, obj: MigrationObject, outcome: Send, known: Entry) -> str:
        self._list(f"{obj.name} {known.source_key}: changed in the source, and not in Gorgias any more")
        self.context.settle(replace(known, payload_hash=outcome.hash, detail={**known.detail, **as_written(known)}))
        return "left alone"

    def _whole(self, obj: MigrationObject, thing: Thing) -> Json:
        """Return a thing with its values of custom fields, which are asked for where it came without."""
        there = thing.as_json()
        if obj in PEOPLE and VALUES not in there:
            there[VALUES] = [value.as_json() for value in self.context.api.customers.custom_fields(thing.id)]
        return there

    def change(self, obj: MigrationObject, outcome: Send, known: Entry, thing: Thing) -> str | None:
        """Bring what is in Gorgias up to date, and settle it; None where it was undone, and is to be made anew."""
        there = self._whole(obj, thing)
        resolver = self.context.resolver()
        payload = resolver.resolve(outcome.payload)
        found, expected = obj.compared(there), obj.compared(payload)
        wanted, sent = flat(obj.meant(expected, found)), known.detail.get("sent")
        judged = judge(sent, flat(found), wanted, known.detail.get(UPDATING, {}).get("sends"))
        if judged.ours & obj.fixed:
            self._retire(obj, known, judged.ours & obj.fixed)
            return None
        if judged.ours:
            change = obj.change(payload, there, judged.ours)
            self.context.settle(_under_way(known, flat(found), wanted, judged.ours))
            self.context.ledger.intend(self.context.target, replace(known, payload_hash=outcome.hash), action="update")
            obj.update(self.context.api, str(known.target_id), change)
        if judged.theirs:
            fields = ", ".join(sorted(judged.theirs))
            self._list(f"{obj.name} {known.source_key}: changed in Gorgias since it was loaded ({fields})")
        left = {name: digest for name, digest in (sent or {}).items() if name in judged.theirs}
        kept = {name: digest for name, digest in fingerprints(expected).items() if name not in judged.theirs}
        theirs = {LEFT_ALONE: sorted(judged.theirs), **as_written(known)} if judged.theirs else {}
        if not judged.ours:
            theirs |= as_written(known)
        detail = {name: value for name, value in known.detail.items() if name not in FORGOTTEN}
        detail |= {"parts": outcome.children, "sent": kept | left, **lost(resolver.lost), **theirs}
        before = {name: flat(found).get(name) for name in sorted(judged.ours)} if judged.ours else None
        self.context.settle(replace(known, payload_hash=outcome.hash, reason=None, detail=detail), before=before)
        return "updated" if judged.ours else "left alone" if judged.theirs else "unchanged"

    def _retire(self, obj: MigrationObject, known: Entry, fields: frozenset[str]) -> None:
        """Put aside what can never become what it should be; a run that dies here finds it so, and makes it anew."""
        words = f"{obj.name} {known.source_key}: another {', '.join(sorted(fields)).replace('_', ' ')} now"
        self._list(f"{words}, so it is made anew; what was made before is not used any more")
        self.context.ledger.intend(self.context.target, known, action="update")
        obj.retire(self.context.api, str(known.target_id))
        self._leave_behind(known)

    def _leave_behind(self, known: Entry) -> None:
        """Keep in the ledger what we made, and what no record is about any more: a roll-back takes it out, too."""
        was = {"was": {"state": known.state, "rule": known.rule}}
        key = f"{known.source_key} (made before: {known.target_id})"
        left = replace(known, source_key=key, state=GONE, rule=MADE_ANEW, detail={**known.detail, **was})
        self.context.ledger.settle(self.context.target, [left])

    def _list(self, words: str) -> None:
        self.context.report.conflicts.append(words)


def _under_way(known: Entry, there: Json, wanted: Json, fields: frozenset[str]) -> Entry:
    """Return the entry of a record whose fields are about to be changed: after a death both versions of them are ours.

    Args:
        known: its entry.
        there: its fields as they are in Gorgias: as we left them, or as a change that was cut off did.
        wanted: as they should be.
        fields: those that change.
    """
    left, sends = dict(known.detail.get("sent") or {}), {}
    for name in sorted(fields):
        left.pop(name, None)
        if not _is_empty(there.get(name)):
            left[name] = fingerprint(there[name])
        sends[name] = _fingerprint_or_none(wanted.get(name))
    under_way = {"sent": left, UPDATING: {"touched": False, "sends": sends}}
    return replace(known, detail={**known.detail, **as_written(known), **under_way})


def is_as_left(known: Entry, there: Mapping[str, str]) -> bool:
    """Whether a record is in Gorgias as we left it, or as a change that was cut off did.

    Args:
        known: its entry.
        there: :func:`fingerprints` of it as it is in Gorgias.
    """
    sent = known.detail.get("sent")
    if sent is None:
        return False
    sends = known.detail.get(UPDATING, {}).get("sends", {})
    return all(there.get(name) in (sent.get(name), sends.get(name, sent.get(name))) for name in {*sent, *there})


def lost(references: set[str]) -> dict[str, Any]:
    """Return what the ledger keeps of references that were left out, if there are any."""
    return {"lost": sorted(references)} if references else {}


def differs(known: Entry, outcome: Send, ids: Mapping[tuple[str, str], str]) -> bool:
    """Whether a record is not in Gorgias as its payload is now.

    The payload is not the one that was sent, or what it refers to was not there and is now, or a change was cut off: a
    source that is as it was before that change finds it half done.
    """
    again = (tuple(reference.split(":", 1)) in ids for reference in known.detail.get("lost", ()))
    return known.payload_hash != outcome.hash or UPDATING in known.detail or any(again)
