"""Loading a ticket (chat, call log): its thread, also where one call cannot take it, and changes of one that is there.

A change takes several calls. Before the first the ledger notes that it is under way, and whether an agent had touched
the ticket before, since afterwards our own calls cannot be told from an agent's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from migrator_lib.errors import RecordUnusable
from migrator_lib.gorgias.api import Json
from migrator_lib.gorgias.contract.replies import Thing, Ticket
from migrator_lib.gorgias.mail_guard import is_ahead, is_past
from migrator_lib.ledger import GONE, Entry
from migrator_lib.ledger.written import TRASHED, as_written
from migrator_lib.load.agents import LEFT_ALONE, SENT_HASH, listed, put_back, state_of, was_touched
from migrator_lib.load.context import LoadContext
from migrator_lib.load.files import Uploads
from migrator_lib.load.messages import SENT, STAYS, Done, Thread, ThreadWriter, as_set, both, digests
from migrator_lib.load.trash import Trash, is_ours, kept
from migrator_lib.load.updates import UPDATING
from migrator_lib.objects import ATTACHMENT
from migrator_lib.objects.base import Record, Send, Skip
from migrator_lib.objects.conversation import moment
from migrator_lib.objects.thread import CALL_LIMIT

CALL_BYTES = 8_000_000
"""Size of the messages in one call; Gorgias' own limit is not documented."""
RESENT_ON_UPDATE = (
    "subject", "channel", "status", "priority", "customer", "assignee_user", "assignee_team", "tags", "custom_fields",
    "spam", "meta", "from_agent", "language", "opened_datetime", "closed_datetime", "snooze_datetime",
    "last_message_datetime", "last_received_message_datetime", "updated_datetime",
)  # fmt: skip
FINAL_DATES = (
    "opened_datetime", "closed_datetime", "last_message_datetime", "last_received_message_datetime", "updated_datetime",
)  # fmt: skip
"""What is read again behind a ticket's last call: adding messages opens and dates it anew."""
MERGED_AFTER_LOAD = "merged_after_load"
LEFT_OUT = {
    "deleted_ticket": "deleted in SmarterTrack",
    "spam_ticket": "marked as spam in SmarterTrack",
    "deleted_chat": "deleted in SmarterTrack",
    "calls_out_of_scope": "out of scope by policy.call_logs",
    "deleted_call": "deleted in SmarterTrack",
}
FORGOTTEN = ("refused", UPDATING, LEFT_ALONE)
"""What an entry's detail says of a ticket only while it is there."""


def first_call(messages: Sequence[Json], most: int | None = None) -> Sequence[Json]:
    """Return the messages that go with the ticket itself: up to 500, and not too large, but at least one.

    Args:
        messages: the whole thread, in order.
        most: bytes that one call takes, where it is known.
    """
    size = 0
    for n, message in enumerate(messages[:CALL_LIMIT]):
        size += len(json.dumps(message))
        if size > (most or CALL_BYTES) and n:
            return messages[:n]
    return messages[:CALL_LIMIT]


class TicketWriter:
    """Writes tickets and their threads."""

    def __init__(self, context: LoadContext) -> None:
        self.context = context
        self.uploads = Uploads(context)
        self.trash = Trash(context)
        self.thread = ThreadWriter(context)

    def ready(self, record: Record, outcome: Send) -> tuple[Json, Entry]:
        """Upload the files of a ticket; return its payload as it is sent, and its entry.

        Raises:
            RecordUnusable: a person the ticket cannot do without is not in Gorgias, a message has a date that has not
                come yet, or the contract does not know such a ticket; nothing was uploaded.
        """
        _check_dates(outcome.payload)
        unsent = _still_asleep(self.context.resolver().resolve(outcome.payload))
        if record.data.attachments:
            self.context.api.tickets.check(unsent)
        resolver = self.context.resolver(self.uploads.of(record.data))
        payload = _still_asleep(resolver.resolve(outcome.payload))
        if not self.context.behaviour.source_type_taken:
            payload["messages"] = [_without_source_type(message) for message in payload["messages"]]
        detail = {
            "parts": outcome.children,
            "files": len(record.data.attachments),
            "updated": payload["updated_datetime"],
            SENT: digests(outcome.payload["messages"]),
            **({"lost": sorted(resolver.lost)} if resolver.lost else {}),
        }
        entry = Entry(
            record.data.kind, record.key, "created", payload_hash=outcome.hash, external_id=payload["external_id"],
            detail=detail,
        )  # fmt: skip
        return payload, entry

    def created(self, entry: Entry, outcome: Send, payload: Json, *, sent: int) -> str:
        """Settle a ticket that was just made with its first ``sent`` messages; send the others."""
        complete = sent == len(payload["messages"])
        if complete and not self._needs_more(payload):
            self.context.settle(self._dated(entry))
            self.context.sent(entry, payload)
        else:
            self._bring_up_to_date(entry, outcome, payload, None, complete=complete)
        return "created"

    def _needs_more(self, payload: Json) -> bool:
        """Whether this account keeps something only if it is put once more after a ticket was made."""
        known = self.context.behaviour
        return known.updated_datetime == "put" or (not known.values_in_create and bool(payload["custom_fields"]))

    def _puts_values(self) -> bool:
        """Whether this account keeps, or forgets, values only if they are put by themselves."""
        return not (self.context.behaviour.values_in_create and self.context.behaviour.values_in_update)

    def _dated(self, entry: Entry, there: Ticket | None = None) -> Entry:
        """Return an entry with the date that the ticket has now, where Gorgias sets it: by it a change is seen."""
        if self.context.behaviour.updated_datetime != "lost":
            return entry
        there = there or self.context.api.tickets.get(_id(entry))
        return replace(entry, detail={**entry.detail, "updated": there.updated_datetime})

    def _checked(self, entry: Entry, payload: Json) -> Entry:
        """Return the entry of a ticket that took several calls, read once behind the last: what is wrong is put anew.

        What Gorgias does not keep then either is listed, and stands in the entry as its reason.
        """
        there = self.context.api.tickets.get(_id(entry))
        wrong = self._wrong(payload, there)
        if wrong:
            again = {name: payload.get(name) for name in dict.fromkeys((*wrong, "updated_datetime"))}
            self.context.api.tickets.update(_id(entry), again)
            there = self.context.api.tickets.get(_id(entry))
            wrong = self._wrong(payload, there)
        entry = self._dated(entry, there)
        if not wrong:
            return entry
        words = f"Gorgias does not keep what it was given twice: {', '.join(wrong)}"
        self.context.report.conflicts.append(f"{entry.object} {entry.source_key}: {words}")
        return replace(entry, reason=words)

    def _wrong(self, payload: Json, there: Ticket) -> list[str]:
        """Return the dates that are not as they were given, and the status; not those that the account never keeps."""
        told, ignored = there.as_json(), self.context.behaviour.not_compared
        dates = [
            name for name in FINAL_DATES
            if name in told and name not in ignored and moment(told[name]) != moment(payload.get(name))
        ]  # fmt: skip
        return dates if there.status == payload["status"] else ["status", *dates]

    def found(self, record: Record, outcome: Send, known: Entry, ticket: Thing) -> str:
        """Settle a ticket that is in Gorgias though its call was not answered, in this run or one that died.

        Where it needs more calls and an agent has worked on it meanwhile, only what it lacks is added.
        """
        assert isinstance(ticket, Ticket)
        touched = self._was_touched_unanswered(known, ticket)
        under_way = {**known.detail, UPDATING: {"touched": touched}}
        there = replace(known, state="created", target_id=str(ticket.id), payload_hash=None, detail=under_way)
        self.context.settle(there)  # from here on it is never sent again, whatever comes
        payload, entry = self.ready(record, outcome)
        entry = replace(entry, target_id=there.target_id)
        first = first_call(payload["messages"], self.context.behaviour.call_bytes)
        as_sent = known.payload_hash == outcome.hash and known.detail.get("lost") == entry.detail.get("lost")
        complete = len(first) == len(payload["messages"]) and as_sent
        if complete and not self._needs_more(payload):
            self.context.settle(self._dated(entry))
            self.context.sent(entry, payload)
        elif touched:
            there = replace(there, payload_hash=known.payload_hash)
            self._add_to_an_agents(outcome, entry, payload, there, ticket, kept(ticket))
        else:
            self._bring_up_to_date(entry, outcome, payload, there, complete=complete)
        return "created"

    def _was_touched_unanswered(self, known: Entry, ticket: Ticket) -> bool:
        """Whether somebody wrote to a ticket since it was made, where its date tells."""
        sent = known.detail.get("updated")
        tells = sent is not None and self.context.behaviour.updated_datetime == "kept"
        return tells and moment(ticket.updated_datetime) != moment(sent)

    def again(self, record: Record, outcome: Send, known: Entry) -> str:
        """Bring a loaded ticket up to date, if it or what it refers to changed; what an agent changed stays.

        One that we put into the trash is taken out again: the source has it as a ticket once more.
        """
        same = known.payload_hash == outcome.hash and UPDATING not in known.detail
        same = same and not self._was_lost_and_is_there(record, known)
        if same and known.state == "created" and TRASHED not in known.detail:
            self._account_again(record, outcome, known)
            return "unchanged"
        if UPDATING in known.detail:
            self.context.let_arrive()
        payload, entry = self.ready(record, outcome)
        there = self.context.api.tickets.get(_id(known))
        touched, before = was_touched(known, there), kept(there)
        if is_ours(known, there) and not touched:
            there = self.trash.take_out(known, there)
        entry = replace(entry, target_id=known.target_id)
        self.context.ledger.intend(self.context.target, entry, action="update")
        if touched:
            self._add_to_an_agents(outcome, entry, payload, known, there, before)
        else:
            self._bring_up_to_date(entry, outcome, payload, replace(known, state="created"), before=before)
        return "updated"

    def take_out(self, known: Entry) -> str:
        """Trash a ticket that was merged into another one after it was loaded, since its parts are there now.

        A ticket that an agent has changed stays, and is listed; so does one that Gorgias refuses to trash, which the
        next load tries again (``refused`` in the entry's detail).
        """
        detail = {name: value for name, value in known.detail.items() if name not in FORGOTTEN} | {"parts": {}}
        gone = replace(known, state=GONE, rule=MERGED_AFTER_LOAD, reason=None, detail=detail)
        return self.trash.put(known, gone, gone, why="merged into another")

    def leave_out(self, record: Record, outcome: Skip, known: Entry, stays: Entry) -> str:
        """Trash a ticket that the source deleted after it was loaded, or took for spam, where that is left out.

        Args:
            record: the ticket as it is now.
            outcome: by which rule it is left out.
            known: its entry.
            stays: its entry if it stays in Gorgias, since an agent has changed it or Gorgias refuses.
        """
        self.context.settle(*self.uploads.new_on(record.data))  # those stay behind, whether the ticket goes or stays
        files = self.uploads.left_behind(record.data, "skipped", None)
        parts = {"parts": outcome.children, "files": len(record.data.attachments)}
        detail = {name: value for name, value in known.detail.items() if name not in FORGOTTEN} | parts
        gone = replace(known, state="skipped", rule=outcome.rule, reason=None, detail=detail)
        return self.trash.put(
            known, gone, stays, why=LEFT_OUT.get(outcome.rule, outcome.rule), files=files,
            new_files=self.uploads.new_on(record.data),
        )  # fmt: skip

    def _account_again(self, record: Record, outcome: Send, known: Entry) -> None:
        """Account for parts that came since and are not sent: drafts, attachments without a file."""
        detail = {**known.detail, "parts": outcome.children, "files": len(record.data.attachments)}
        if detail != known.detail:
            self.uploads.of(record.data)
            self.context.settle(replace(known, detail={**detail, **as_written(known)}))

    def _was_lost_and_is_there(self, record: Record, known: Entry) -> bool:
        lost = [tuple(reference.split(":", 1)) for reference in known.detail.get("lost", ())]
        files = {key for obj, key in lost if obj == ATTACHMENT.name}
        there = any(reference in self.context.ids for reference in lost)
        return there or bool(files and self.uploads.are_back(record.data, files))

    def _bring_up_to_date(
        self, entry: Entry, outcome: Send, payload: Json, known: Entry | None, *, before: object = None,
        complete: bool = False,
    ) -> None:  # fmt: skip
        """Bring the thread up to date, then the ticket's fields again; adding messages opens and re-dates it."""
        base = known or replace(entry, payload_hash=None)
        under_way = {**base.detail, UPDATING: {"touched": False}, **_sent_both_ways(base, entry)}
        self.context.settle(replace(base, detail=under_way))
        ticket_id = _id(entry)
        if not complete:
            entry, _ = self._bring_thread(entry, outcome, payload, under_way if known is None else known.detail)
        if self._puts_values():
            self.context.api.tickets.replace_custom_fields(ticket_id, payload["custom_fields"])
        self.context.api.tickets.update(ticket_id, _changes(payload))
        self.context.settle(self._checked(entry, payload), before=before)
        self.context.sent(entry, payload)

    def _add_to_an_agents(
        self, outcome: Send, entry: Entry, payload: Json, known: Entry, there: Ticket, before: object
    ) -> None:
        """Add what came to the thread of a ticket that an agent works on; all else stays as the agent has it."""
        ticket_id, had = _id(entry), state_of(known, there)
        under_way = {**known.detail, UPDATING: {"touched": True, "agents": had}, **_sent_both_ways(known, entry)}
        self.context.settle(replace(known, state="created", detail=under_way))
        messages = [message for message in payload["messages"] if message.get("external_id")]
        entry, done = self._bring_thread(entry, outcome, payload, known.detail)
        if done.writes or UPDATING in known.detail:
            self.context.api.tickets.update(ticket_id, put_back(had, messages))
        sent = known.detail.get(SENT_HASH) or known.payload_hash
        now = self.context.api.tickets.get(ticket_id, custom_fields=True).as_json()
        left = self.context.versions(known.object, int(known.source_key), sent) if sent else None
        rows = listed(
            payload,
            now,
            left,
            resolver=self.context.resolver(),
            behaviour=self.context.behaviour,
            messages=done.added,
        )
        kept_of_known = {
            "updated": known.detail.get("updated"), SENT_HASH: sent, LEFT_ALONE: rows, **as_written(known)
        }  # fmt: skip
        self.context.report.conflicts.append(
            f"{entry.object} {entry.source_key}: changed in Gorgias since it was loaded"
        )
        self.context.settle(replace(entry, detail={**entry.detail, **kept_of_known}), before=before)

    def _bring_thread(
        self, entry: Entry, outcome: Send, payload: Json, known: Mapping[str, Any]
    ) -> tuple[Entry, Done]:  # fmt: skip
        """Bring the messages up to date; return the entry with what was sent of them, and what was done."""
        thread = Thread.of(payload, outcome.payload, known, entry.detail.get("lost", ()))
        done = self.thread.bring(entry, thread)
        stays = {STAYS: done.stays} if done.stays else {}
        return replace(entry, detail={**entry.detail, SENT: done.sent, **stays}), done


def _id(known: Entry) -> int:
    """Return the Gorgias id of a ticket that is there."""
    assert known.target_id is not None
    return int(known.target_id)


def _sent_both_ways(known: Entry, entry: Entry) -> dict[str, str]:
    """Return what the ledger keeps of a thread while it is brought up to date: the messages that are not to change.

    What a cut-off change has left of the others is looked at by the next one, also where the source is by then as it
    was before.
    """
    before = as_set(known.detail.get(SENT))
    return {} if before is None else {SENT: both(before, entry.detail[SENT])}


def _check_dates(payload: Mapping[str, Any]) -> None:
    """Pass if every message was sent in the past: one of the future could be sent then, and does not leave."""
    ahead = sum(not is_past(message["sent_datetime"]) for message in payload["messages"])
    if ahead:
        raise RecordUnusable(
            f"{ahead} of its messages have a date that has not come yet, at which Gorgias could send them",
            next_step="correct the date in SmarterTrack (or this machine's clock, if it is slow), then extract again.",
        )


def _still_asleep(payload: Json) -> Json:
    """Return a ticket without a snooze that has passed: it would have woken by now, and is open."""
    if is_ahead(payload.get("snooze_datetime")):
        return payload
    return {name: value for name, value in payload.items() if name != "snooze_datetime"}


def _without_source_type(message: Json) -> Json:
    """Return a message whose addresses say nothing of their type."""
    source = message.get("source")
    if not source:
        return message
    return {**message, "source": {name: value for name, value in source.items() if name != "type"}}


def _changes(payload: Mapping[str, Any]) -> Json:
    """Return the fields that a change sends: all that can be changed, empty where the payload has them no more."""
    changes = {name: payload[name] for name in RESENT_ON_UPDATE if name in payload}
    for name in ("assignee_user", "assignee_team", "closed_datetime", "snooze_datetime"):
        changes.setdefault(name, None)
    return changes
