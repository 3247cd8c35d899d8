"""Load: every staged record to Gorgias, exactly once, in the order of dependence.

A record that is in Gorgias with the same payload is not touched. One record that Gorgias refuses is quarantined with
Gorgias' words, and the others go on. How one record is sent is told in :mod:`migrator_lib.load.sending`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

from migrator_lib.errors import ParameterError, TargetUnreachable, Unanswered
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.ledger import GONE, SETTLED, Entry, Ledger
from migrator_lib.ledger.written import TRASHED, as_written
from migrator_lib.load.context import SENDS, LoadContext, LoadReport, entry_of, is_same, references
from migrator_lib.load.crew import Crew, Hands, Threads
from migrator_lib.load.failing import may_be_there
from migrator_lib.load.knowledge import Publisher
from migrator_lib.load.order import FIRST, HISTORY, noted, open_first
from migrator_lib.load.recipe import lookups_by, note, recipes
from migrator_lib.load.sending import Existing, Sender
from migrator_lib.load.tickets import MERGED_AFTER_LOAD
from migrator_lib.load.updates import differs
from migrator_lib.load.versions import Versions
from migrator_lib.lookups import Lookups, lowered
from migrator_lib.objects import CONVERSATIONS, INVENTORIES, KNOWLEDGE, ON_TICKETS, PEOPLE, SETUP, TICKET
from migrator_lib.objects.base import Merge, MigrationObject, Outcome, Record, Send, Skip
from migrator_lib.objects.conversation import Conversation
from migrator_lib.objects.survey import place_of
from migrator_lib.objects.ticket import tags_beside
from migrator_lib.progress import Progress
from migrator_lib.smartertrack.files import FilesRoot
from migrator_lib.smartertrack.tables import Chosen, chosen_of
from migrator_lib.staging import ConversationRecord, Staged

BATCH = 250
NOT_IN_SOURCE_ANY_MORE = "not_in_source_any_more"


def batched(items: Iterable[Record], size: int = BATCH) -> Iterator[list[Record]]:
    """Yield lists of up to ``size`` items."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


class Loader:
    """Loads one stage into one account.

    A rehearsal writes nothing, neither to Gorgias nor to the ledger, and counts what it ``would create`` and ``would
    update``. (It cannot tell requesters who are customers already: those are found when their address is refused.)
    """

    def __init__(
        self,
        *,
        api: GorgiasApi,
        target: str,
        ledger: Ledger,
        staged: Staged,
        lookups: Lookups,
        files_root: FilesRoot | None,
        progress: Progress,
        rehearsal: bool = False,
        crew: Crew | None = None,
        packages: Path | None = None,
    ) -> None:
        """Take what is loaded, and where it goes; without a folder for ``packages`` the knowledge base is left out."""
        self.staged = staged
        self.packages = packages
        self.lookups = lookups
        self.rehearsal = rehearsal
        self.crew = crew or Threads()
        self.context = LoadContext(
            api, target, ledger, lookups, files_root, staged.blobs, progress,
            ids=ledger.ids(target, [obj.name for obj in (*SETUP, *PEOPLE)]),
        )  # fmt: skip
        self.context.versions = Versions(staged, lookups, self._by_earlier_recipes).payload
        self.sender = Sender(self.context)
        self.turns = api.gate.turns
        self._known_tickets: dict[tuple[str, str], str] = {}
        self.report = self.context.report

    # --- the whole ---------------------------------------------------------------------------------

    def run(self, *, only: set[str] | None = None, tickets: Chosen | None = None) -> LoadReport:
        """Load everything.

        Args:
            only: references (``requester:u12``) of the people to load, or None for all (a sample loads few).
            tickets: ids of the tickets to load (chats and call logs: by the object's name), or None for all (a delta
                loads few).
        """
        self._find_fallback_agent()
        if not self.rehearsal:
            note(self.context.ledger, self.context.target, self.lookups, [one.name for one in self.staged.folders])
        self._load_setup()
        if self.lookups.parameters.load.order == "open_first" and only is None and tickets is None:
            self._load_open_first()
        else:
            self._load_people(only)
            self._load_conversations(tickets)
        self._load_on_tickets(None if only is None else tickets)
        if self.packages is not None and only is None:
            Publisher(self.context, self.staged, self.packages, self.rehearsal).run()
        for obj in INVENTORIES:
            self._load(obj, obj.records(self.staged, self.lookups))
        if only is None:  # a sample says nothing of other tickets
            self._take_out_tickets_that_are_gone()
            self._list_others_that_are_gone()
        if only is None and not self.rehearsal:
            self._note_other_records_that_are_gone()
        return self.report

    def _by_earlier_recipes(self) -> list[Lookups]:
        """Return the look-ups by the recipes that were loaded by before, the last one first."""
        kept = recipes(self.context.ledger, self.context.target)
        return [lookups_by(one, self.lookups) for one in kept.values()]

    def _find_fallback_agent(self) -> None:
        email = lowered(self.lookups.parameters.agents.fallback)
        for user in self.context.api.users.every():
            if lowered(user.email) == email:
                self.context.fallback_user = user.id
                return
        raise ParameterError(
            f"The fallback agent {email} is no user of this Gorgias account.",
            next_step="create that user in Gorgias, or set agents.fallback to the e-mail of one who is there.",
        )

    def _load_setup(self) -> None:
        for obj in SETUP:
            self._load(obj, obj.records(self.staged, self.lookups), existing=obj.existing(self.context.api))
        if not self.context.behaviour.tags_made_on_the_fly and not self.rehearsal:
            self._make_tags()

    def _make_tags(self) -> None:
        """Make the tags that no object of the map makes, since this account makes none of those that a ticket names.

        One whose call was not answered is looked for before it is made again.
        """
        last: Unanswered | None = None
        for _ in range(SENDS):
            there = {tag.name for tag in self.context.api.tags.every()}
            try:
                for name in sorted(tags_beside(self.lookups) - there):
                    self.context.api.tags.create({"name": name})
            except Unanswered as unanswered:
                last = unanswered
            else:
                return
        raise TargetUnreachable(
            f"Gorgias failed {SENDS} times on a tag; the last time: {last}",
            next_step="run again when Gorgias' status page shows nothing.",
        )

    def _load_people(self, only: set[str] | None) -> None:
        for obj in PEOPLE:
            records = obj.records(self.staged, self.lookups)
            self._load(obj, (r for r in records if only is None or f"{obj.name}:{r.key}" in only))

    def _load_conversations(self, chosen: Chosen | None) -> None:
        for obj in CONVERSATIONS:
            self._load_all(obj, None if chosen is None else chosen_of(chosen, obj.family))

    def _load_all(self, obj: Conversation, only: Collection[int] | None = None) -> None:
        """Load all tickets (chats, call logs), or only these."""
        total = obj.count(self.staged) if only is None else len(only)
        self._load(obj, obj.records(self.staged, self.lookups, only), total=total)

    def _load_on_tickets(self, chosen: Chosen | None) -> None:
        """Load what hangs on tickets: all, or of a sample what hangs on its own."""
        families = {obj.name: obj.family for obj in CONVERSATIONS}

        def is_chosen(record: Record) -> bool:
            place = place_of(record.key)
            return place is not None and int(place[1]) in chosen_of(chosen or (), families[place[0]])

        for obj in ON_TICKETS:
            records = obj.records(self.staged, self.lookups)
            wanted = records if chosen is None else filter(is_chosen, records)
            self._load(obj, wanted, total=self.staged.count(obj.reads[0]) if chosen is None else None)

    def _know_tickets(self, batch: Sequence[Record]) -> None:
        """Keep the Gorgias ids of the tickets that a batch hangs on, and of no others: there are too many."""
        for reference in self._known_tickets:
            del self.context.ids[reference]
        self._known_tickets = {}
        places = [place for record in batch if (place := place_of(record.key))]
        for obj in CONVERSATIONS:
            keys = [key for name, key in places if name == obj.name]
            for key, entry in self.context.ledger.known(self.context.target, obj.name, keys).items():
                if entry.target_id is not None and entry.state == "created":
                    self._known_tickets[obj.name, key] = entry.target_id
        self.context.ids.update(self._known_tickets)

    def _load_open_first(self) -> None:
        """Load the tickets that agents go on working with, each batch with the people it needs; then all the others."""
        order, asked = open_first(self.staged, self.lookups), set[str]()
        people = {obj.name: {r.key: r for r in obj.records(self.staged, self.lookups)} for obj in PEOPLE}
        first = TICKET.in_order(self.staged, self.lookups, order.first)
        before = partial(self._load_needed, people=people, asked=asked)
        self._load(TICKET, first, total=len(order.first), title=FIRST, before=before)
        self.report.first = noted(self.context, len(order.first), rehearsal=self.rehearsal)
        for obj in PEOPLE:
            rest = people.pop(obj.name).items()
            self._load(obj, (record for key, record in rest if f"{obj.name}:{key}" not in asked))
        history = TICKET.in_order(self.staged, self.lookups, order.history)
        self._load(TICKET, history, total=len(order.history), title=HISTORY, before=self._expect_numbers)
        for obj in CONVERSATIONS:
            if obj is not TICKET:  # what is over: nobody waits for it
                self._load_all(obj)

    def _expect_numbers(self, _: Hands, batch: Sequence[Record]) -> None:
        """Count the numbers that were merged into these tickets, which are records of their own."""
        self.context.progress.expect(sum(not isinstance(record.data, ConversationRecord) for record in batch))

    def _load_needed(
        self, hands: Hands, batch: Sequence[Record], *, people: Mapping[str, Mapping[str, Record]], asked: set[str]
    ) -> None:
        """Load the people whom a batch of tickets needs, and nobody asked for before.

        Args:
            hands: that do it.
            batch: of tickets.
            people: all of them, by object and key: a batch costs what it needs, however many there are.
            asked: references of those who were asked for; it grows.
        """
        self._expect_numbers(hands, batch)
        needed = references(TICKET.transform(record, self.lookups) for record in batch) - asked
        for obj in PEOPLE:
            kind, known = f"{obj.name}:", people[obj.name]
            keys = (reference.removeprefix(kind) for reference in sorted(needed) if reference.startswith(kind))
            wanted = [known[key] for key in keys if key in known]
            if wanted:
                self.context.progress.expect(len(wanted))
                self._load_batch(hands, obj, wanted, {})
        asked |= needed

    def _take_out_tickets_that_are_gone(self) -> None:
        """Take out tickets that have been merged into another since they were loaded or left out; list those that stay.

        One that Gorgias refused to take out in an earlier load is tried again.
        """
        columns = self.staged.columns
        merged = {row["TicketNumber"] for row in columns("TicketMerges", ["TicketNumber"])}
        numbers = {str(row["TicketID"]): row["TicketNumber"] for row in columns("Tickets", ["TicketNumber"])}
        gone = {str(ticket) for ticket in self.staged.gone_tickets()}
        for entry in self.context.ledger.entries(self.context.target, TICKET.name):
            if entry.source_key in gone:
                self._take_out(entry)
            elif entry.source_key.startswith("m"):
                self._take_out_number(entry, merged)
            elif entry.state != "created":
                continue
            elif entry.source_key not in numbers:
                self.report.conflicts.append(f"ticket {entry.source_key}: loaded, and not in the source any more")
            elif numbers[entry.source_key] in merged:
                self.report.conflicts.append(f"ticket {entry.source_key}: loaded, and merged into another one since")

    def _list_others_that_are_gone(self) -> None:
        """List chats and call logs that were loaded and that the source was staged without since: they stay."""
        for obj in (one for one in CONVERSATIONS if one is not TICKET):
            there = self.staged.ids(obj.family)
            for entry in self.context.ledger.entries(self.context.target, obj.name, "created"):
                if int(entry.source_key) not in there:
                    self.report.conflicts.append(
                        f"{obj.name} {entry.source_key}: loaded, and not in the source any more"
                    )

    def _take_out(self, known: Entry) -> None:
        """Take out one ticket that was merged away; where it never was in Gorgias, only the accounts lose it."""
        if known.state == GONE and not known.detail.get("refused"):
            return
        if self.rehearsal:
            if known.target_id is not None:
                self.context.count(TICKET.name, "would trash")
            return
        entry = self._made_by_a_run_that_died(TICKET, known) or replace(known, target_id=None)
        if entry.target_id is None:
            self.context.settle(replace(entry, state=GONE, rule=MERGED_AFTER_LOAD))
        else:
            self.context.count(TICKET.name, self.sender.tickets.take_out(entry))

    def _take_out_number(self, entry: Entry, merged: Collection[str]) -> None:
        """Take out of the accounts a number that is merged no more: its ticket is back, or the survivor is gone."""
        if entry.source_key[1:] not in merged and entry.state in SETTLED and not self.rehearsal:
            self.context.settle(replace(entry, state=GONE, rule=NOT_IN_SOURCE_ANY_MORE))

    def _note_other_records_that_are_gone(self) -> None:
        """Take out of the accounts what is no source record any more: somebody whose only ticket was merged away.

        What was made of it stays in Gorgias, and is listed. ``was`` in the entry's detail says how it ended before, in
        case that it comes back.
        """
        for obj in (*SETUP, *PEOPLE, *ON_TICKETS, *KNOWLEDGE, *INVENTORIES):
            there = {record.key for record in obj.records(self.staged, self.lookups)}
            for entry in self.context.ledger.entries(self.context.target, obj.name):
                if entry.source_key in there or entry.state not in SETTLED:
                    continue
                was = {"state": entry.state, "rule": entry.rule}
                self.context.settle(
                    replace(entry, state=GONE, rule=NOT_IN_SOURCE_ANY_MORE, detail={**entry.detail, "was": was})
                )
                if entry.state == "created":
                    self.report.conflicts.append(
                        f"{obj.name} {entry.source_key}: loaded, and not in the source any more"
                    )

    # --- batches -----------------------------------------------------------------------------------

    def _load(
        self,
        obj: MigrationObject,
        records: Iterable[Record],
        *,
        existing: Existing | None = None,
        total: int | None = None,
        title: str = "",
        before: Callable[[Hands, Sequence[Record]], None] | None = None,
    ) -> None:
        """Load records of one object; ``before`` is done before each batch of them, by the same hands."""
        if total is None:
            records = list(records)
            total = len(records)
        self.context.progress.begin(title or obj.title, total)
        self.turns.most = self.context.settings.workers
        with self.crew.at_work(self.turns.most) as hands:
            for batch in batched(records):
                if before is not None:
                    before(hands, batch)
                self._load_batch(hands, obj, batch, existing or {})
                if isinstance(obj, Conversation):
                    self.context.read_back(title or obj.title)
            self._load_once_more(hands, obj)
            if isinstance(obj, Conversation):
                self.context.read_back(title or obj.title, over=True)
        self.context.progress.end()

    def _load_once_more(self, hands: Hands, obj: MigrationObject) -> None:
        """Try once more what Gorgias failed on, people before tickets: whatever it was may have passed meanwhile."""
        for person in PEOPLE if isinstance(obj, Conversation) else ():
            self._load_once_more(hands, person)
        keys = set(self.context.failing.put_off(obj.name))
        if not keys:
            return
        existing = obj.existing(self.context.api) if obj in SETUP else {}
        if isinstance(obj, Conversation):
            records = obj.records(self.staged, self.lookups, {int(key) for key in keys})
        else:
            records = obj.records(self.staged, self.lookups)
        self.context.progress.expect(len(keys))
        with self.context.failing.once_more():
            for batch in batched(record for record in records if record.key in keys):
                self._load_batch(hands, obj, batch, existing)

    def _load_batch(self, hands: Hands, obj: MigrationObject, batch: Sequence[Record], existing: Existing) -> None:
        if obj in ON_TICKETS:
            self._know_tickets(batch)
        known = self.context.ledger.known(self.context.target, obj.name, [record.key for record in batch])
        outcomes = [(record, obj.transform(record, self.lookups)) for record in batch]
        if self.rehearsal:
            for record, outcome in outcomes:
                self.context.count(obj.name, self._would(obj, record, outcome, known.get(record.key), existing))
            self.context.progress.advance(len(batch))
            return
        conversation = obj if isinstance(obj, Conversation) else None
        leaving = {r.key for r, o in outcomes if conversation and self._is_to_be_trashed(o, known.get(r.key))}
        settled = [(r, o) for r, o in outcomes if not isinstance(o, Send) and r.key not in leaving]
        self.context.settle(*(e for r, o in settled for e in self._without_call(obj, r, o, known.get(r.key))))
        self.context.progress.advance(len(settled))
        hands(
            [
                partial(self._send, obj, record, outcome, known.get(record.key), existing)
                for record, outcome in outcomes
                if isinstance(outcome, Send)
            ]
        )
        if conversation is not None:
            leave = partial(self._leave_out, conversation)
            hands([partial(leave, r, o, known[r.key]) for r, o in outcomes if r.key in leaving])

    def _send(
        self, obj: MigrationObject, record: Record, outcome: Send, known: Entry | None, existing: Existing
    ) -> None:
        """Send one record when it is its turn: as many are in hand as the rate and the way to Gorgias need."""
        with self.turns.turn():
            self.context.progress.heed()
            self.sender.send(obj, record, outcome, known, existing)

    def _is_to_be_trashed(self, outcome: Outcome, known: Entry | None) -> bool:
        """Whether a ticket (chat, call) is left out that an earlier load brought to Gorgias, or may have."""
        if self.lookups.parameters.delta.deleted_tickets == "keep" or not isinstance(outcome, Skip):
            return False
        return known is not None and (known.state == "created" or may_be_there(known))

    def _leave_out(self, obj: Conversation, record: Record, outcome: Outcome, known: Entry) -> None:
        """Trash a ticket that the source left out since; where it never was in Gorgias, only the accounts say so."""
        assert isinstance(outcome, Skip)
        with self.turns.turn():
            self.context.progress.heed()
            there = self._made_by_a_run_that_died(obj, known)
            if there is None:
                self.context.settle(*self._without_call(obj, record, outcome, None))
                self.context.progress.advance()
                return
            stays = _left_alone(there, entry_of(record, obj, outcome))
            self.context.finished(obj.name, self.sender.tickets.leave_out(record, outcome, there, stays))

    def _would(
        self, obj: MigrationObject, record: Record, outcome: Outcome, known: Entry | None, existing: Existing
    ) -> str:
        """Return what a load would do with a record."""
        if not isinstance(outcome, Send):
            if isinstance(obj, Conversation) and self._is_to_be_trashed(outcome, known):
                return "would trash"
            entry = entry_of(record, obj, outcome)
            return "unchanged" if is_same(known, entry) else entry.state
        if known is not None and known.target_id is not None:
            ours = known.state == "created" and differs(known, outcome, self.context.ids)
            return "would update" if ours else "unchanged"
        if obj.natural_key(outcome.payload) in existing:
            return "matched"
        hand_over = obj.handed_over_if_absent and self.lookups.parameters.agents.missing == "hand_over"
        return "handed_over" if hand_over else "would create"

    # --- what needs no call ------------------------------------------------------------------------

    def _without_call(self, obj: MigrationObject, record: Record, outcome: Outcome, known: Entry | None) -> list[Entry]:
        """Return the entries of a record that is not sent, and of the attachments that stay behind with it."""
        entry = entry_of(record, obj, outcome)
        one = record.data if isinstance(record.data, ConversationRecord) else None
        if one:
            entry = replace(entry, detail={**entry.detail, "files": len(one.attachments)})
        known = self._made_by_a_run_that_died(obj, known)
        if is_same(known, entry):
            self.context.count(obj.name, "unchanged")
            return []
        if known is not None and known.state == "created":
            if isinstance(outcome, Merge) and known.target_id is not None:
                self.context.given_up[obj.name, known.target_id] = known, entry
            self.report.conflicts.append(
                f"{obj.name} {record.key}: loaded, and now {entry.state} ({entry.rule or entry.reason})"
            )
            files = self.sender.tickets.uploads.new_on(one) if one else []
            left = _left_alone(known, entry)
            return [left, *files] if left != known else files
        self.context.count(obj.name, entry.state)
        files = self.sender.tickets.uploads.left_behind(one, entry.state, entry.reason) if one else []
        return [_still_there(known, entry), *files]

    def _made_by_a_run_that_died(self, obj: MigrationObject, known: Entry | None) -> Entry | None:
        """Return the entry of an intent without an outcome as it ended in Gorgias."""
        if known is None or not may_be_there(known) or obj not in (*PEOPLE, *CONVERSATIONS):
            return known
        found = self.context.look_up(obj, {"external_id": known.external_id})
        return None if found is None else replace(known, state="created", target_id=str(found.id))


def _still_there(known: Entry | None, entry: Entry) -> Entry:
    """Return the entry of a ticket that is left out, with what says where in Gorgias' trash it lies."""
    if known is None or known.target_id is None:
        return entry
    detail = {name: known.detail[name] for name in (TRASHED, "updated") if name in known.detail} | dict(entry.detail)
    return replace(known, state=entry.state, rule=entry.rule, reason=entry.reason, detail=detail)


def _at_most(states: Mapping[str, int], most: int) -> dict[str, int]:
    """Return outcomes of parts, of which there are no more than so many now: those in Gorgias count first."""
    kept = {}
    for state in sorted(states, key=lambda state: state != "created"):
        kept[state] = min(states[state], most)
        most -= kept[state]
    return {state: n for state, n in kept.items() if n}


def _left_alone(known: Entry, entry: Entry) -> Entry:
    """Return the entry of a record that stays in Gorgias as it is; parts that came since are accounted as left out.

    Parts that the source has no more leave the accounts, though they stay in Gorgias, too.
    """
    parts = {name: dict(states) for name, states in known.detail.get("parts", {}).items()}
    if "parts" in entry.detail:
        there_now = {name: sum(states.values()) for name, states in entry.detail["parts"].items()}
        parts = {name: _at_most(states, there_now[name]) for name, states in parts.items() if there_now.get(name)}
    for name, states in entry.detail.get("parts", {}).items():
        new = sum(states.values()) - sum(parts.get(name, {}).values())
        if new > 0:
            there = parts.setdefault(name, {})
            label = next(iter(states))
            there[label] = there.get(label, 0) + new
    if parts == known.detail.get("parts", {}):
        return known
    return replace(known, detail={**known.detail, "parts": parts, **as_written(known)})
