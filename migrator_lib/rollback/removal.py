"""Carrying a plan out: each batch is looked at again, written down, removed, and seen to be gone.

Tickets go by a job ``deleteTicket`` where the sandbox showed that it works, and one by one where it does not or where
the job leaves some; customers and tags by bulk; teams one by one; users are deactivated and fields archived, since
Gorgias deletes none without harm. What Gorgias refuses to remove stays, with its words. Every intent is durable before
its request, every outcome is written when the thing was seen to be gone, so a run that dies is simply run again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from migrator_lib.clock import attempts
from migrator_lib.errors import RecordError, RecordRejected, TargetDenied, Unanswered
from migrator_lib.gorgias.contract.replies import Job, Ticket
from migrator_lib.ledger import REMOVED, Entry
from migrator_lib.ledger.written import as_written
from migrator_lib.masking import mask_text
from migrator_lib.objects import ON_TICKETS, find
from migrator_lib.objects.conversation import moment
from migrator_lib.objects.survey import place_of
from migrator_lib.rollback.context import ORDER, Context
from migrator_lib.rollback.inventory import Inventory, Item, item_of
from migrator_lib.rollback.plan import Plan, Planned
from migrator_lib.rollback.planning import (
    CHANGED,
    IN_USE,
    NAMED,
    UNLIKE,
    attachments_of,
    is_as_sent,
    people_in,
    references_of,
)
from migrator_lib.rollback.recent import Recent

BATCH = 100
"""As many tickets as a list takes ids of, and as many customers as one call deletes."""
DELETES = "deleteTicket"
JOB_SECONDS, SECONDS_A_TICKET = 120.0, 2.0
"""How long a job is waited for: to begin, and for each ticket. How fast one goes is not documented."""
JOB_ENDED = ("done", "errored", "canceled")
STUBBORN = "Gorgias answered that it was removed, and still has it"
IN_TRASH = "deleted, and kept in the trash by Gorgias"
WAS_GONE = "was gone already"
PROTECTED = "protected"
"""In the detail of an entry: why a roll-back left it in Gorgias."""


@dataclass(frozen=True)
class _Way:
    """How things of a kind other than tickets are removed."""

    one: Callable[[int], None]
    active: Callable[[], Iterable[int]]
    """The ids of those that are there (and, where nothing is deleted, active)."""
    many: Callable[[Sequence[int]], None] | None = None


class Removal:
    """Removes what the plan of one account says."""

    def __init__(self, context: Context, plan: Plan, there: Inventory) -> None:
        self.context = context
        self.plan = plan
        self.there = there
        self.recent = Recent(context, plan, there)

    def run(self) -> None:
        """Remove everything that is to go, and write down what stays.

        Raises:
            TargetError: the account cannot be reached or refuses the key.
        """
        for kind in ORDER:
            counts = self.plan.counts()[kind]
            self.context.progress.begin(f"Removing: {kind}", counts.get("remove", 0), done=counts.get("removed", 0))
            if kind == "tickets":
                self._tickets()
            else:
                self._kind(kind, self._ways()[kind])
            self.context.progress.end()
        self._gone_before()
        self._files()
        self._on_tickets()
        self._note_protected()

    # --- tickets -----------------------------------------------------------------------------------

    def _tickets(self) -> None:
        self._await_jobs_of_a_run_that_died()
        while batch := self.plan.waiting("tickets", "sent", BATCH) or self.plan.waiting("tickets", "", BATCH):
            self._batch_of_tickets(batch)  # those of a run that died come first

    def _batch_of_tickets(self, batch: Sequence[Planned]) -> None:
        there = self._there(batch)
        gone = [item for item in batch if item.id not in there]
        touched = [item for item in batch if item.id in there and _changed(item, there[item.id])]
        for item in touched:
            self.plan.use(references_of(item_of("tickets", there[item.id].as_json()).facts))
            self.plan.use(people_in(self.context, item.id))
        self.plan.protect(touched, CHANGED)
        go = [item for item in batch if item.id in there and item not in touched]
        self._removed([item for item in gone if item.done == "sent"])
        self._removed([item for item in gone if item.done != "sent"], WAS_GONE)
        if go:
            self._intend(go)
            self._delete_tickets(go)
        self.context.progress.advance(len(batch))

    def _there(self, batch: Iterable[Planned]) -> dict[int, Ticket]:
        """Return those tickets of a batch that the account has, in the trash or not."""
        ids = [item.id for item in batch]
        pages = self.context.api.tickets.pages(ticket_ids=ids, trashed="true") if ids else ()
        return {ticket.id: ticket for page in pages for ticket in page if ticket.id in ids}

    def _delete_tickets(self, go: Sequence[Planned]) -> None:
        left = list(go)
        if self.context.behaviour.delete_job and len(go) > 1:
            self._job(go)
            left = self._settle_gone(go)
        for item in left:
            self._try(item, self.context.api.tickets.delete)
        left = self._settle_gone([item for item in left if self.plan.goes("tickets", item.id)], patient=True)
        for item in left:
            self._stubborn(item)

    def _settle_gone(self, items: Sequence[Planned], *, patient: bool = False) -> list[Planned]:
        """Settle those that the account has no more; return the others. ``patient``: lists may lag behind."""
        for _ in attempts(self._wait, self.context.behaviour.lookup_lag_seconds if patient else 0.0):
            there = self._there(items)
            self._removed([item for item in items if item.id not in there])
            items = [item for item in items if item.id in there]
            if not items:
                break
        return list(items)

    def _job(self, go: Sequence[Planned]) -> None:
        """Have a job delete a batch, and wait until it has ended; what it leaves is deleted one by one."""
        body = {"type": DELETES, "params": {"ticket_ids": [item.id for item in go]}}
        with suppress(Unanswered, RecordError, TargetDenied):  # one that began all the same deletes what is to go
            self._await(self.context.api.jobs.create(body), len(go))

    def _await(self, job: Job, tickets: int) -> None:
        """Wait until a job has ended; one that takes too long is called off."""
        waited, pause, limit = 0.0, 2.0, JOB_SECONDS + SECONDS_A_TICKET * tickets
        while job.status not in JOB_ENDED and waited < limit:
            self._wait(pause)
            waited, pause = waited + pause, min(pause * 1.5, 15.0)
            job = self.context.api.jobs.get(job.id)
        if job.status not in JOB_ENDED:
            self.context.api.jobs.cancel(job.id)

    def _await_jobs_of_a_run_that_died(self) -> None:
        """Wait for jobs that are still at work: what they have not deleted yet may be touched, and is to be seen."""
        sent = {item.id for item in self.plan.waiting("tickets", "sent", BATCH)}
        if not sent or not self.context.behaviour.delete_job:
            return
        with suppress(RecordError, TargetDenied):
            for job in self.context.api.jobs.every():
                params = job.params if isinstance(job.params, Mapping) else {}
                if job.type == DELETES and job.status not in JOB_ENDED and sent & {*(params.get("ticket_ids") or ())}:
                    self._await(job, BATCH)

    def _stubborn(self, item: Planned) -> None:
        """Settle a ticket that lists still show after it was deleted: gone, in the trash, or there against all word."""
        try:
            there = self.context.api.tickets.get(item.id)
        except RecordRejected as error:
            if error.status != 404:
                raise
            self._removed([item])
            return
        if there.trashed_datetime:
            self._removed([item], IN_TRASH)
        else:
            self.plan.protect([item], STUBBORN)

    # --- everything else ---------------------------------------------------------------------------

    def _ways(self) -> Mapping[str, _Way]:
        api = self.context.api

        def undo(name: str) -> Callable[[int], None]:
            return lambda thing: find(name).remove(api, str(thing))

        def fields() -> Iterator[int]:
            yield from (field.id for field in api.custom_fields.every("Ticket"))
            yield from (field.id for field in api.custom_fields.every("Customer"))

        return {
            "customers": _Way(undo("requester"), lambda: (c.id for page in api.customers.pages() for c in page),
                              api.customers.delete_many),
            "macros": _Way(undo("macro"), lambda: (macro.id for macro in api.macros.every())),
            "tags": _Way(undo("tag"), lambda: (tag.id for tag in api.tags.every()), api.tags.delete_many),
            "teams": _Way(undo("department"), lambda: (team.id for team in api.teams.every())),
            "users": _Way(undo("user"), lambda: (user.id for user in api.users.every() if user.active is not False)),
            "custom-fields": _Way(undo("ticket_field"), fields),
        }  # fmt: skip

    def _kind(self, kind: str, way: _Way) -> None:
        while begun := self.plan.waiting(kind, "sent", BATCH):
            self.plan.mark(begun, "")  # by a run that died: whoever is gone already is no error
        if not self.plan.waiting(kind, "", 1):
            return
        if kind != "customers":
            self._look_at_setup(kind)
        while batch := self.plan.waiting(kind, "", BATCH):
            go = self._still_to_go(kind, batch)
            self._intend(go)
            self._remove(go, way)
            self.context.progress.advance(len(batch))
        self._confirm(kind, way)

    def _look_at_setup(self, kind: str) -> None:
        """Let what somebody changed since the plan was made stay, and the tags that something names by now."""
        changed, words = self.recent.look_at_setup(kind)
        self._protect([one for one in self._planned(kind, changed) if one.decision == "remove"], CHANGED)
        if kind == "tags":
            left = self.plan.items(kind, "remove")
            named = [one for one in left if (item := self.there.get(kind, one.id)) and item.facts["name"] in words]
            self._protect([one for one in named if not one.done], NAMED)

    def _still_to_go(self, kind: str, batch: Sequence[Planned]) -> list[Planned]:
        """Return those of a batch that nobody has begun to use, or changed, since the plan was made."""
        self.recent.look()
        changed = self.recent.changed_customers(batch) if kind == "customers" else {}
        used = [item for item in batch if self.plan.is_used(kind, item.id)]
        edited = [item for item in batch if item not in used and item.id in changed
                  and not self._is_as_sent(item, changed[item.id])]  # fmt: skip
        self._protect(used, IN_USE)
        self._protect(edited, UNLIKE)
        return [item for item in batch if item not in used and item not in edited]

    def _is_as_sent(self, item: Planned, now: Item) -> bool:
        entry = self.context.ledger.entry(self.context.target, item.object, item.source_key)
        return entry is not None and is_as_sent(entry, now)

    def _protect(self, items: Sequence[Planned], reason: str) -> None:
        """Let things stay, and with them what they refer to."""
        self.plan.protect(items, reason)
        for item in items:
            there = self.there.get(item.kind, item.id)
            facts = there.facts if there else {}
            self.plan.use(("custom-fields", one) for one in facts.get("custom-fields", ()))
            self.plan.use(("users", one) for one in facts.get("members", ()))

    def _remove(self, go: Sequence[Planned], way: _Way) -> None:
        if way.many is not None and len(go) > 1:
            try:
                way.many([item.id for item in go])
                return
            except RecordError:
                pass  # one of them cannot go: which, is seen one by one
        for item in go:
            self._try(item, way.one)

    def _try(self, item: Planned, remove: Callable[[int], None]) -> None:
        """Remove one thing; what Gorgias refuses to remove stays, with Gorgias' words."""
        try:
            remove(item.id)
        except RecordRejected as error:
            if error.status not in (301, 404):
                self._protect([item], f"Gorgias refused: {mask_text(error.message)}"[:300])

    def _confirm(self, kind: str, way: _Way) -> None:
        """See by the list what is gone, and settle it; what is still there after some patience stays."""
        left: set[int] = set()
        for _ in attempts(self._wait, self.context.behaviour.lookup_lag_seconds):
            left = self._sent_and_there(kind, way)
            while batch := [item for item in self.plan.waiting(kind, "sent", BATCH + len(left)) if item.id not in left]:
                self._removed(batch)
            if not left:
                break
        if left:
            self._once_more(kind, way, left)

    def _sent_and_there(self, kind: str, way: _Way) -> set[int]:
        found = set()
        for thing in way.active():
            item = self.plan.get(kind, thing)
            if item is not None and item.decision == "remove" and item.done == "sent":
                found.add(thing)
        return found

    def _once_more(self, kind: str, way: _Way, left: set[int]) -> None:
        """Remove one by one what is still there; what stays even then is told."""
        for item in self._planned(kind, left):
            self._try(item, way.one)
        still = self._sent_and_there(kind, way)
        self._removed([item for item in self._planned(kind, left - still) if item.decision == "remove"])
        self._protect(self._planned(kind, still), STUBBORN)

    def _planned(self, kind: str, ids: Iterable[int]) -> list[Planned]:
        found = [self.plan.get(kind, one) for one in sorted(ids)]
        return [item for item in found if item is not None]

    def _wait(self, seconds: float) -> None:
        self.context.progress.advance(0)
        self.context.api.clock.sleep(seconds)

    # --- the ledger --------------------------------------------------------------------------------

    def _intend(self, go: Sequence[Planned]) -> None:
        """Write down, durably, that these are about to be removed."""
        for item in go:
            entry = self.context.ledger.entry(self.context.target, item.object, item.source_key)
            self.context.ledger.intend(self.context.target, entry or _made_up(item), action="remove")
        self.plan.mark(go, "sent")

    def _removed(self, items: Sequence[Planned], reason: str | None = None) -> None:
        """Settle things that are gone, and all records that ended in them."""
        entries = [entry for item in items for entry in self._entries(item)]
        self.context.ledger.settle(self.context.target, [removed(entry, reason) for entry in entries])
        self.plan.mark(items, "removed")

    def _entries(self, item: Planned) -> list[Entry]:
        """Return the entries of all records that ended in a thing, and are not settled yet."""
        found = [self.context.ledger.entry(self.context.target, obj, key) for obj, key in self.plan.keys(item)]
        known = [entry for entry in found if entry is not None]
        if any((entry.detail.get("was") or {}).get("target_id") == str(item.id) for entry in known):
            known = [entry for entry in known if entry.state != REMOVED]  # by a run that died
        elif all(entry.state == REMOVED for entry in known):
            return [_made_up(item)]
        return [entry for entry in known if entry.state != REMOVED and entry.target_id in (None, str(item.id))]

    def _gone_before(self) -> None:
        """Settle what the plan did not find in the account any more."""
        for item in self.plan.items(decision="gone"):
            if item.done != "removed":
                self._removed([item], WAS_GONE)

    def _on_tickets(self) -> None:
        """Settle the ratings of tickets that are gone: they went with them, and a later load sends them anew."""
        stay = {(item.object, item.source_key) for item in self.plan.items("tickets", "protect")}
        batch: list[Entry] = []
        for obj in ON_TICKETS:
            for entry in self.context.ledger.entries(self.context.target, obj.name, state="created"):
                if place_of(entry.source_key) not in stay:
                    batch.append(removed(entry, "went with its ticket"))
                if len(batch) >= BATCH:
                    self.context.ledger.settle(self.context.target, batch)
                    batch = []
        self.context.ledger.settle(self.context.target, batch)

    def _files(self) -> None:
        """Settle the files of tickets that are gone: they stay in Gorgias, and a later load sends them anew."""
        stay = {(item.object, item.source_key) for item in self.plan.items("tickets", "protect")}
        batch: list[Entry] = []
        for entry in attachments_of(self.context, stay):
            batch.append(removed(entry, "its ticket is gone; Gorgias deletes no files"))
            if len(batch) >= BATCH:
                self.context.ledger.settle(self.context.target, batch)
                batch = []
        self.context.ledger.settle(self.context.target, batch)

    def _note_protected(self) -> None:
        """Write into the ledger why something stays."""
        batch: list[Entry] = []
        for item in self.plan.items(decision="protect"):
            entry = self.context.ledger.entry(self.context.target, item.object, item.source_key)
            if entry is not None and entry.target_id is not None and entry.detail.get(PROTECTED) != item.reason:
                detail = {**entry.detail, **as_written(entry), PROTECTED: item.reason}
                batch.append(replace(entry, detail=detail))
        self.context.ledger.settle(self.context.target, batch)


def removed(entry: Entry, reason: str | None) -> Entry:
    """Return the entry of a record whose thing was taken out of Gorgias."""
    was = {"state": entry.state, "rule": entry.rule, "target_id": entry.target_id}
    return replace(
        entry, state=REMOVED, rule=None, reason=reason, payload_hash=None, target_id=None, detail={"was": was}
    )


def _made_up(item: Planned) -> Entry:
    """Return an entry of what no record was: a tag that Gorgias made by itself, or a copy."""
    return Entry(item.object, item.source_key, "created", target_id=str(item.id))


def _changed(item: Planned, there: Ticket) -> bool:
    return moment(there.updated_datetime) != item.updated
