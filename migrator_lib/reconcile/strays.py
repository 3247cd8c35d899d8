"""Messages that carry an external id of ours and stand where none of that name should: nothing lists them by name.

A message that the source does not hold any more stays by rule (``delta.removed_messages``): the load notes which do, or
looks at none, and then the stages that were loaded before tell.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from migrator_lib.external_id import parse
from migrator_lib.gorgias.api import Json
from migrator_lib.ledger import Entry
from migrator_lib.load.messages import STAYS
from migrator_lib.objects.homes import homes
from migrator_lib.reconcile.context import Context
from migrator_lib.reconcile.result import Finding
from migrator_lib.staging import Staged

MOST = 100_000
"""Such messages that are kept in memory; more are a fault of their own, and counted no further."""
WORDS = "carries this engagement's external id, and nothing of that name should be in its ticket"


class Strays:
    """Collects them while threads are compared."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._found: dict[int, str] = {}
        self._moved: set[str] = set()
        self._renamed: set[int] = set()

    def note(self, there: Collection[Json], wanted: Collection[str], entry: Entry | None) -> None:
        """Note what a thread holds beside what it should, and beside what the load left there by rule."""
        engagement = self.context.lookups.parameters.engagement
        known = {*wanted, *(entry.detail.get(STAYS, ()) if entry else ())}
        for message in there:
            name = message.get("external_id")
            if name and name not in known and len(self._found) < MOST and parse(name, engagement) is not None:
                self._found[int(message["id"])] = name

    def renamed(self, ticket: int) -> None:
        """Note a ticket of ours that does not carry its external id any more: its thread is compared all the same."""
        self._renamed.add(ticket)

    def moved(self, name: str) -> None:
        """Note a message that was told of already: it is in another ticket than its own."""
        self._moved.add(name)

    def findings(self, told: Collection[int]) -> Iterator[Finding]:
        """Yield what should not be there, once everything is compared.

        Args:
            told: Gorgias ids of messages that were told of as being there twice.
        """
        engagement = self.context.lookups.parameters.engagement
        for message, name, ticket in self.context.read.messages_of_others_tickets():
            if ticket not in self._renamed and len(self._found) < MOST:
                self._found.setdefault(message, name)
        odd = {message: name for message, name in self._found.items() if message not in told}
        kept = self._kept_by_rule({name for name in odd.values() if name not in self._moved})
        for message, name in sorted(odd.items()):
            named = parse(name, engagement)
            if named is not None and name not in self._moved and name not in kept:
                yield Finding(*named, "unexpected", target_id=message, words=WORDS)

    def _kept_by_rule(self, names: set[str]) -> set[str]:
        """Return those that some stage had, where the rules let the load look at no thread for what it lacks."""
        context, rules = self.context, self.context.lookups.parameters.delta
        if not names or rules.edited_messages == "replace" or rules.removed_messages == "remove":
            return set()
        by_name = {name: parse(name, context.lookups.parameters.engagement) for name in names}
        wanted, folders = {named for named in by_name.values() if named is not None}, context.staged.folders
        had = set[tuple[str, str]]()
        for stages in range(len(folders), 0, -1):
            had |= homes(Staged(folders[:stages]), wanted - had).keys()
        return {name for name, named in by_name.items() if named in had}
