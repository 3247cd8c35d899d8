"""Taking away what is in Gorgias too often, one thing at a time: intent before, outcome after, safe to repeat.

A ticket goes into the trash, from where it can be taken back, and is in no list from then on, so that the next sweep is
clean; a message and a customer without tickets are deleted. What somebody touched stays, and so does what changed
between the reading and the deed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from migrator_lib.errors import RecordError, RecordRejected
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.gorgias.contract.replies import Ticket
from migrator_lib.ledger import Entry, Ledger
from migrator_lib.ledger.written import as_written
from migrator_lib.load.agents import was_touched
from migrator_lib.load.trash import kept
from migrator_lib.load.updates import UPDATING
from migrator_lib.lookups import iso
from migrator_lib.objects import TICKET
from migrator_lib.objects.conversation import moment
from migrator_lib.progress import Progress
from migrator_lib.sweep.finding import ITS_TICKETS, UNSETTLED, WORKED_ON, Extra

EXTRAS = "extras"
"""In the detail of a record's entry: Gorgias ids of what was there beside it, and was taken away."""


@dataclass(frozen=True)
class Done:
    """What became of one thing too many."""

    extra: Extra
    outcome: str
    """trashed, deleted, would be trashed, would be deleted, gone already, or left."""
    words: str = ""
    """Why it was left."""


class Mender:
    """Takes extras away from one account."""

    def __init__(
        self, api: GorgiasApi, ledger: Ledger, target: str, progress: Progress, *, rehearsal: bool = False
    ) -> None:
        self.api = api
        self.ledger = ledger
        self.target = target
        self.progress = progress
        self.rehearsal = rehearsal

    def mend(self, extras: Sequence[Extra]) -> list[Done]:
        """Take away what nobody touched; what is left says why.

        Raises:
            StopRequested: the run is asked to stop; what was done is done, and the next sweep goes on.
            TargetError: the account cannot be reached or refuses the key.
        """
        self.progress.begin("Taking duplicates away", len(extras))
        done = [self._one(extra) for extra in extras]
        self.progress.end()
        return done

    def _one(self, extra: Extra) -> Done:
        self.progress.heed()
        try:
            done = self._mended(extra)
        except RecordError as error:
            done = Done(extra, "left", error.message)
        self.progress.advance()
        return done

    def _mended(self, extra: Extra) -> Done:
        deed = "trashed" if extra.kind == TICKET.name else "deleted"
        entry = self.ledger.entry(self.target, *extra.owner)
        if extra.why_left or entry is None:
            return Done(extra, "left", extra.why_left or UNSETTLED)
        if self.rehearsal:
            return Done(extra, f"would be {deed}")
        if extra.kind == TICKET.name:
            return self._ticket(extra, entry)
        return self._message(extra, entry) if extra.ticket is not None else self._customer(extra, entry)

    # --- each kind ---------------------------------------------------------------------------------

    def _ticket(self, extra: Extra, entry: Entry) -> Done:
        there = self._get(extra.target_id)
        if there is None or there.trashed_datetime:
            return self._settled(extra, entry, "gone already")
        if moment(there.updated_datetime) != moment(extra.updated):
            return Done(extra, "left", WORKED_ON)
        entry = self._marked(extra, entry)
        self.ledger.settle(self.target, [entry])  # a roll-back has to know what lies in the trash, whatever comes
        self.ledger.intend(self.target, entry, action="trash")
        dated = moment(there.updated_datetime)  # by which a roll-back sees later that nobody worked on it
        at = iso(self.api.clock.now().replace(microsecond=0))
        self.api.tickets.update(
            there.id, {"trashed_datetime": at, **({"updated_datetime": f"{dated}Z"} if dated else {})}
        )  # fmt: skip
        return self._settled(extra, entry, "trashed", before={"extra": there.id, **kept(there)})

    def _message(self, extra: Extra, entry: Entry) -> Done:
        """Delete a message; where that dates its ticket anew, and nobody had touched it, it gets its date back.

        If this dies in between, the ledger has a change of the ticket under way, and the next load finishes it.
        """
        assert extra.ticket is not None
        ticket = self.api.tickets.get(extra.ticket)
        before = {"extra": extra.target_id, "ticket": extra.ticket}
        ours = not was_touched(entry, ticket)
        if ours:
            under_way = {**entry.detail, **as_written(entry), UPDATING: {"touched": False}}
            self.ledger.settle(self.target, [replace(entry, detail=under_way)])
        self.ledger.intend(self.target, entry, action="remove")
        self.api.messages.delete(extra.ticket, extra.target_id)
        if ours and UPDATING not in entry.detail:
            entry = self._dated(entry, extra.ticket)
        return self._settled(extra, entry, "deleted", before=before)

    def _dated(self, entry: Entry, ticket_id: int) -> Entry:
        """Give a ticket of ours its date back; return its entry, with another date if Gorgias does not keep that."""
        wanted = moment(entry.detail.get("updated"))
        there = self.api.tickets.get(ticket_id)
        if wanted is None or moment(there.updated_datetime) == wanted:
            return entry
        self.api.tickets.update(ticket_id, {"updated_datetime": f"{wanted}Z"})
        there = self.api.tickets.get(ticket_id)
        if moment(there.updated_datetime) == wanted:
            return entry
        return replace(entry, detail={**entry.detail, "updated": there.updated_datetime})

    def _customer(self, extra: Extra, entry: Entry) -> Done:
        tickets = self.api.tickets.pages(customer_id=extra.target_id, trashed="true")
        if any(page for page in tickets):
            return Done(extra, "left", ITS_TICKETS)
        self.ledger.intend(self.target, entry, action="remove")
        self.api.customers.delete(extra.target_id)
        return self._settled(extra, entry, "deleted", before={"extra": extra.target_id})

    def _get(self, ticket_id: int) -> Ticket | None:
        try:
            return self.api.tickets.get(ticket_id)
        except RecordRejected as error:
            if error.status != 404:
                raise
            return None

    def _settled(self, extra: Extra, entry: Entry, outcome: str, before: Any = None) -> Done:
        self.ledger.settle(self.target, [self._marked(extra, entry)], before=before)
        return Done(extra, outcome)

    def _marked(self, extra: Extra, entry: Entry) -> Entry:
        """Return the entry of a record with the Gorgias id of what was there beside it."""
        taken = sorted({*entry.detail.get(EXTRAS, ()), extra.target_id})
        more = {EXTRAS: taken} if extra.kind != "message" else {}
        return replace(entry, detail={**entry.detail, **as_written(entry), **more})
