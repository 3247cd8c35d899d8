"""Removing what probes made: tickets first, then the people, tags and users; a field is archived.

Uploaded files stay, since Gorgias has no way to delete one (developers.gorgias.com, upload-files); nothing refers to
them. What a killed run left is found by its external id or name, and removed by the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from migrator_lib.clock import attempts
from migrator_lib.errors import RecordRejected
from migrator_lib.ledger import GONE, Entry
from migrator_lib.lookups import iso
from migrator_lib.proofs.bench import OBJECT, Bench

ORDER = ("ticket", "customer", "tag", "user", "field")
ABSENT = (301, 404)
"""What a deletion is answered with where the thing is gone, or was merged into another one."""


def tidy(bench: Bench) -> list[str]:
    """Remove everything that probes made in the account; return what could not be, in words.

    Raises:
        TargetError: the account cannot be reached.
    """
    left: dict[str, list[Entry]] = {kind: [] for kind in ORDER}
    for entry in bench.ledger.entries(bench.target, OBJECT):
        if entry.state != GONE:
            left[entry.source_key.partition(":")[0]].append(entry)
    failed = []
    for kind, entries in left.items():
        done = []
        for entry in entries:
            try:
                _remove(bench, kind, entry)
                done.append(replace(entry, state=GONE))
            except RecordRejected as error:
                failed.append(f"{entry.source_key.replace(':', ' ', 1)}: {error.message}")
        bench.ledger.settle(bench.target, done)
    return failed


def _remove(bench: Bench, kind: str, entry: Entry) -> None:
    for thing in _ids(bench, kind, entry):
        try:
            match kind:
                case "ticket":
                    bench.api.tickets.delete(thing)
                case "customer":
                    bench.api.customers.delete(thing)
                case "tag":
                    bench.api.tags.delete(thing)
                case "user":
                    bench.api.users.delete(thing)
                case "field":
                    bench.api.custom_fields.update(thing, {"deactivated_datetime": iso(bench.clock.now())})
        except RecordRejected as error:
            if error.status not in ABSENT:
                raise


def _ids(bench: Bench, kind: str, entry: Entry) -> list[int]:
    """Return the ids of a thing; one whose creation was not answered is looked up."""
    if entry.target_id is not None:
        return [int(entry.target_id)]
    api, named = bench.api, entry.external_id or ""
    match kind:
        case "tag":
            name = entry.source_key.partition(":")[2]
            return [tag.id for tag in api.tags.every() if tag.name == name]
        case "user":
            return [user.id for user in api.users.every() if user.external_id == named]
        case "field":
            return [field.id for field in api.custom_fields.every("Ticket") if field.external_id == named]
        case "customer":
            return _patiently(bench, lambda: (c.id for c in api.customers.by(external_id=named)))
    return _patiently(bench, lambda: (ticket.id for ticket in api.tickets.by_external_id(named)))


def _patiently(bench: Bench, look: Callable[[], Iterable[int]]) -> list[int]:
    """Look up what may have been made a moment ago, as long as a look-up may lag."""
    for _ in attempts(bench.wait, bench.settings.lookup_lag_seconds):
        if found := list(look()):
            return found
    return []
