"""The messages of a ticket that is in Gorgias: what it lacks is added, what is another one now is replaced, by rule.

Gorgias has a PUT of messages, but one that says nothing of when it was sent could send it, so a message is deleted and
made again, with the same external id and dates. What changed is told by fingerprints of what was sent, in the entry of
the ticket (``messages``): what Gorgias makes of a body is no change. Only messages of ours are touched. A run that dies
between the two finds the message missing, and adds it.

A thread is in order of time, and messages of one moment are in the order in which they were made: behind one that is
made again, those of the same moment are, too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from migrator_lib.errors import RecordUnanswered, Unanswered
from migrator_lib.external_id import parse
from migrator_lib.gorgias.api import Json
from migrator_lib.gorgias.contract.replies import Message
from migrator_lib.ledger import Entry
from migrator_lib.load.context import SENDS, LoadContext
from migrator_lib.objects import PARTS
from migrator_lib.objects.base import payload_hash
from migrator_lib.objects.conversation import compared_message
from migrator_lib.objects.notes import FOLLOWING
from migrator_lib.parameters import Parameters

SENT = "messages"
"""Name in the detail of a ticket's entry: the fingerprints of all its messages that were sent, one behind the other."""
STAYS = "stays"
"""In the same place: external ids of messages of ours that the thread does not have any more, and that stay by rule."""
DIGITS = 8


def digest(message: Mapping[str, Any]) -> str:
    """Return the fingerprint of a message as its payload has it, with references."""
    return payload_hash(dict(message))[:DIGITS]


def digests(messages: Iterable[Mapping[str, Any]]) -> str:
    """Return the fingerprints of messages, one behind the other; of a note that stands for no message there is none."""
    return "".join(digest(message) for message in messages if message.get("external_id"))


def as_set(text: str | None) -> frozenset[str] | None:
    """Return fingerprints that the ledger keeps; None where it keeps none, since an older version sent the ticket."""
    return None if text is None else frozenset(text[n : n + DIGITS] for n in range(0, len(text), DIGITS))


def both(known: Collection[str], text: str) -> str:
    """Return those of the fingerprints that the ledger keeps in ``text`` which are known, one behind the other."""
    return "".join(one for n in range(0, len(text), DIGITS) if (one := text[n : n + DIGITS]) in known)


def sent(entry: Entry, messages: Iterable[Mapping[str, Any]]) -> list[bool]:
    """Return of each message, as its payload has it, whether it was sent; where nobody knows, each was."""
    known = as_set(entry.detail.get(SENT))
    return [known is None or not message.get("external_id") or digest(message) in known for message in messages]


def named_in(message: Any) -> set[str]:
    """Return what a message refers to: ``user:9``, ``attachment:5``."""
    if isinstance(message, Mapping):
        own = {message["$ref"]} if "$ref" in message else set()
        own |= {f"attachment:{message['$attachment']}"} if "$attachment" in message else set()
        return own.union(*(named_in(value) for value in message.values()))
    return set().union(*map(named_in, message)) if isinstance(message, list) else set()


def planned(messages: Iterable[Mapping[str, Any]], changed: Collection[str], there: Collection[str]) -> tuple[int, int]:
    """Return how many messages would be added, and made again, if nobody changed the thread in Gorgias.

    Args:
        messages: as they should be, in order.
        changed: external ids of those that were not sent as they are now.
        there: external ids of those that were sent.
    """
    added = replaced = 0
    named = (message for message in messages if message.get("external_id"))
    for _, moment in groupby(named, key=lambda message: message["created_datetime"]):
        again = False
        for message in moment:
            name = message["external_id"]
            if name not in there:
                added, again = added + 1, True
            elif name in changed or again:
                replaced, again = replaced + 1, True
    return added, replaced


def goes(name: str, parameters: Parameters) -> bool:
    """Whether a message of ours that its thread does not have any more is deleted, by rule.

    Args:
        name: its external id.
        parameters: the engagement's.
    """
    obj = (parse(name, parameters.engagement) or ("",))[0]
    if obj in FOLLOWING:
        return parameters.delta.edited_messages == "replace"
    return obj in PARTS and parameters.delta.removed_messages == "remove"


@dataclass(frozen=True)
class Thread:
    """The thread of a ticket as it should be."""

    messages: Sequence[Json]
    """Resolved payloads, in order."""
    unresolved: Sequence[Json]
    """The same with references."""
    sent: frozenset[str] | None
    """Fingerprints of what was sent; None where nobody knows."""
    found: frozenset[str] = frozenset()
    """References that were not in Gorgias when it was sent, and are now."""
    sure: bool = True
    """Whether all that was sent is there: no change is under way."""
    stays: Sequence[str] = ()
    """External ids of messages that it does not have any more, and that stayed by rule so far."""

    @classmethod
    def of(cls, payload: Json, outcome: Json, known: Mapping[str, Any], lost: Sequence[str]) -> Thread:
        """Return the thread of a ticket.

        Args:
            payload: the resolved payload of the ticket.
            outcome: the same with references.
            known: the detail of its entry as it was.
            lost: references that cannot be resolved now either.
        """
        pairs = [(m, u) for m, u in zip(payload["messages"], outcome["messages"], strict=True) if m.get("external_id")]
        found = frozenset(known.get("lost", ())) - frozenset(lost)
        sure = "updating" not in known
        unresolved = [u for _, u in pairs]
        return cls([m for m, _ in pairs], unresolved, as_set(known.get(SENT)), found, sure, known.get(STAYS, ()))

    def changed(self) -> set[str]:
        """Return the external ids of messages that were not sent as they are now; new ones are among them."""
        if self.sent is None:
            return {message["external_id"] for message in self.messages}
        return {
            message["external_id"]
            for message in self.unresolved
            if digest(message) not in self.sent or (self.found and named_in(message) & self.found)
        }

    def gone(self) -> bool:
        """Whether something was sent that the thread does not have any more, as it was."""
        return self.sent is None or not self.sent <= {digest(message) for message in self.unresolved}


@dataclass
class Done:
    """What became of a thread."""

    sent: str
    """Fingerprints for the ledger."""
    added: int = 0
    replaced: int = 0
    removed: int = 0
    stays: list[str] = field(default_factory=list)
    """External ids of those that the thread does not have any more, and that stay by rule."""

    @property
    def writes(self) -> int:
        """How many messages were written or deleted."""
        return self.added + self.replaced + self.removed


class ThreadWriter:
    """Brings the threads of loaded tickets up to date."""

    def __init__(self, context: LoadContext) -> None:
        self.context = context
        rules = context.lookups.parameters.delta
        self.replaces, self.removes = rules.edited_messages == "replace", rules.removed_messages == "remove"

    def bring(self, entry: Entry, thread: Thread) -> Done:
        """Add, replace and remove messages, in order, by rule.

        Args:
            entry: of the ticket, which is in Gorgias.
            thread: as it should be.

        Raises:
            RecordError: Gorgias refused one, or failed on it again and again.
        """
        changed = thread.changed()
        done = Done(digests(thread.unresolved), stays=list(thread.stays))
        if thread.sure and not changed and not ((self.removes or self.replaces) and thread.gone()):
            return done
        there = _There(self.context, entry)
        for _, moment in groupby(thread.messages, key=lambda message: message["created_datetime"]):
            again, before = False, ""
            for message in moment:
                self.context.progress.advance(0)
                name = message["external_id"]
                again = again or (not thread.sure and there.is_behind(before, name))  # a run died while they were made
                again = self._one(there, message, changed, done, again=again)
                before = name
        self._remove(there, thread, done)
        if not self.replaces:
            kept = [m for m in thread.unresolved if m["external_id"] not in there.other]
            done.sent = digests(kept)
        return done

    def _one(self, there: _There, message: Json, changed: set[str], done: Done, *, again: bool) -> bool:
        """Bring one message up to date; return whether those of the same moment behind it have to be made again."""
        name = message["external_id"]
        found = there.named(name)
        if not found:
            there.post(message)
            done.added += 1
            return True
        right = [one for one in found if compared_message(one.as_json()) == compared_message(message)]
        if name in changed and not right and not self.replaces:
            there.other.add(name)
            return again
        if again or (name in changed and not right):
            there.replace(message, found)
            done.replaced += 1
            return True
        if name in changed and len(found) > 1:  # a run died between making it again and deleting the old one
            there.delete([one for one in found if one.id != right[-1].id])
        return again

    def _remove(self, there: _There, thread: Thread, done: Done) -> None:
        """Delete messages of ours that the thread does not have any more, where the rule says so.

        A note of ours that follows the source (a task, a link, further attachments of a message) is no message: it goes
        when messages are replaced.
        """
        wanted, done.stays = {message["external_id"] for message in thread.messages}, []
        for name in [name for name in there.names() if name not in wanted]:
            if goes(name, self.context.lookups.parameters):
                there.delete(there.named(name), name)
                done.removed += 1
            else:
                done.stays.append(name)


class _There:
    """The messages of one ticket as they are in Gorgias."""

    def __init__(self, context: LoadContext, entry: Entry) -> None:
        assert entry.target_id is not None
        self.context = context
        self.entry = entry
        self.ticket_id = int(entry.target_id)
        self.other: set[str] = set()
        """External ids of messages that differ, and stay so by rule."""
        self._read()

    def _read(self) -> None:
        pages = self.context.api.messages.pages(self.ticket_id)
        self._messages = {message.id: message for page in pages for message in page}

    def named(self, name: str) -> list[Message]:
        """Return what carries an external id, oldest first."""
        return [message for message in self._messages.values() if message.external_id == name]

    def is_behind(self, name: str, other: str) -> bool:
        """Whether a message was made after another one, of those that are there."""
        first, second = self.named(name), self.named(other)
        return bool(first and second) and max(one.id for one in first) > max(one.id for one in second)

    def names(self) -> list[str]:
        """Return all external ids."""
        return list(dict.fromkeys(m.external_id for m in self._messages.values() if m.external_id))

    def post(self, message: Json, *, beside: int = 0) -> None:
        """Add a message; one whose answer was lost is looked for before it is sent again.

        Args:
            message: its payload.
            beside: how many of its external id are there already.
        """
        last = ""
        for _ in range(SENDS):
            try:
                made = self.context.api.messages.create(self.ticket_id, message)
                self._messages[made.id] = made
                return
            except Unanswered as unanswered:
                last = unanswered.message
                self.context.api.clock.sleep(self.context.settings.lookup_lag_seconds)
                self._read()
                if len(self.named(message["external_id"])) > beside:
                    return
        raise RecordUnanswered(
            f"Gorgias failed {SENDS} times on a message of ticket {self.ticket_id}; the last time: {last}",
            next_step="run again when Gorgias' status page shows nothing: the thread is read first.",
        )

    def replace(self, message: Json, old: Sequence[Message]) -> None:
        """Delete a message and make it again; the only one of a ticket is made first, since the ticket might go too."""
        self._intend(message["external_id"])
        if len(self._messages) > len(old):
            self.delete(old)
            self.post(message)
        else:
            self.post(message, beside=len(old))
            self.delete(old)

    def delete(self, old: Sequence[Message], name: str = "") -> None:
        """Delete messages; ``name`` is the external id of one that is not made again, and noted in the journal."""
        if name:
            self._intend(name)
        for message in old:
            self.context.api.messages.delete(self.ticket_id, message.id)
            self._messages.pop(message.id, None)

    def _intend(self, name: str) -> None:
        self.context.ledger.intend(self.context.target, replace(self.entry, external_id=name), action="replace")
