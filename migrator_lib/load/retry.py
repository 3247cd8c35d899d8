"""Loading some records once more, and nothing else: what was in quarantine, by the loader's own way."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from migrator_lib.load.context import LoadReport, references
from migrator_lib.load.knowledge import Publisher
from migrator_lib.load.loader import Loader
from migrator_lib.load.recipe import keep_last, loads, note
from migrator_lib.objects import CONVERSATIONS, INVENTORIES, ON_TICKETS, PEOPLE, SETUP
from migrator_lib.objects.base import MigrationObject


class Retrier(Loader):
    """Loads chosen records of one stage into one account, in the order of dependence."""

    def only(
        self, keys: Mapping[str, Collection[str]], *, knowledge: bool = False, anew: bool = False
    ) -> LoadReport:  # fmt: skip
        """Load these records.

        Args:
            keys: object to source keys.
            knowledge: whether the knowledge base is published, too; it is whole, and what is there stays.
            anew: whether they were read from the source anew: whom they brought with them is loaded, too, and who is
                in no record any more leaves the accounts.
        """
        self._find_fallback_agent()
        last = next(iter(loads(self.context.ledger, self.context.target)), None)
        if not self.rehearsal:
            note(self.context.ledger, self.context.target, self.lookups, [one.name for one in self.staged.folders])
        brought = self._brought(keys) if anew else {}
        for obj in (*SETUP, *PEOPLE):
            self._some(obj, {*keys.get(obj.name, ()), *brought.get(obj.name, ())})
        for conversation in CONVERSATIONS:
            ids = {int(key) for key in keys.get(conversation.name, ()) if key.isdigit()}
            if ids:
                self._load_all(conversation, ids)
        for obj in ON_TICKETS:
            self._some(obj, keys.get(obj.name, ()))
        if knowledge and self.packages is not None:
            Publisher(self.context, self.staged, self.packages, self.rehearsal).run()
        for obj in INVENTORIES:
            self._some(obj, keys.get(obj.name, ()))
        if anew and not self.rehearsal:
            self._note_other_records_that_are_gone()
        if last is not None and not self.rehearsal:
            # a mapping that changed is not loaded by yet: all other records are still as the one before made them
            keep_last(self.context.ledger, self.context.target, last)
        return self.report

    def _brought(self, keys: Mapping[str, Collection[str]]) -> dict[str, set[str]]:
        """Return object to keys of the people whom these tickets, chats and calls need, and nobody has heard of."""
        needed: set[str] = set()
        for obj in CONVERSATIONS:
            ids = {int(key) for key in keys.get(obj.name, ()) if key.isdigit()}
            records = obj.records(self.staged, self.lookups, ids) if ids else ()
            needed |= references(obj.transform(record, self.lookups) for record in records)
        found: dict[str, set[str]] = {}
        for person in PEOPLE:
            own = {one.partition(":")[2] for one in needed if one.startswith(f"{person.name}:")}
            found[person.name] = own - set(self.context.ledger.known(self.context.target, person.name, sorted(own)))
        return found

    def _some(self, obj: MigrationObject, keys: Collection[str]) -> None:
        if not keys:
            return
        records = (record for record in obj.records(self.staged, self.lookups) if record.key in keys)
        self._load(obj, records, existing=obj.existing(self.context.api) if obj in SETUP else None)
