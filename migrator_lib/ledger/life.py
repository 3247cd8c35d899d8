"""The life of one record: from its source row, by its payload and what the journal holds, to its address in Gorgias."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from migrator_lib.ledger.facts import fingerprint, of_payload, of_row
from migrator_lib.ledger.ledger import Ledger
from migrator_lib.ledger.schema import PENDING, Entry
from migrator_lib.lookups import Lookups
from migrator_lib.masking import mask_text
from migrator_lib.objects import ATTACHMENT, CONVERSATIONS
from migrator_lib.objects import find as find_object
from migrator_lib.objects.base import HandOver, Merge, MigrationObject, Outcome, Quarantine, Record, Send, Skip
from migrator_lib.objects.conversation import Conversation
from migrator_lib.staging import ConversationRecord, Staged

ACTIONS = {
    "create": "about to be created", "update": "about to be changed", "trash": "about to go into the trash",
    "restore": "about to be taken out of the trash", "remove": "about to be removed by a roll-back",
    "put_back": "about to be put back by a roll-back", "replace": "a message about to be made anew",
}  # fmt: skip
"""Actions of intents, in words."""
PAGES = {obj.name: "/app/ticket/{id}" for obj in CONVERSATIONS}
"""Where an agent sees what it became; of other objects the API's address is told."""


@dataclass(frozen=True)
class Event:
    """What the journal holds of one moment."""

    seq: int
    at: str
    words: str
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """What travels with the record: a message of the payload, a file that goes up before it, or a number by state."""

    what: str
    state: str
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Life:
    """All that is known of one record."""

    engagement: str
    target: str
    object: str
    key: str
    title: str
    state: str
    state_words: str
    url: str
    source: dict[str, str]
    """Column to what may be told of it; empty where the record is not staged."""
    becomes: str
    """What the mapping makes of it now."""
    payload_hash: str
    sent_hash: str
    """Of the payload that was sent last, where it was."""
    payload: dict[str, str]
    parts: list[Part]
    events: list[Event]

    def as_json(self) -> dict[str, Any]:
        """Return it for a program."""
        return asdict(self)


@dataclass(frozen=True)
class Reader:
    """Reads lives. ``lookups`` is None where there is no mapping yet."""

    engagement: str
    ledger: Ledger
    target: str
    staged: Staged
    lookups: Lookups | None
    account_url: str

    def read(self, obj: str, key: str) -> Life:
        """Return the life of one record."""
        of, entry = find_object(obj), self.ledger.entry(self.target, obj, key)
        record = None if self.lookups is None else self._record(of, key, self.lookups)
        outcome = None if record is None or self.lookups is None else of.transform(record, self.lookups)
        payload = outcome.payload if isinstance(outcome, Send) else {}
        return Life(
            engagement=self.engagement, target=self.target, object=obj, key=key, title=f"{of.title} {key}",
            state=entry.state if entry else "never sent", state_words=_state_words(entry),
            url=self._url(of, entry), source={} if record is None else of_row(record.data),
            becomes=self._becomes(of, outcome), payload_hash=outcome.hash if isinstance(outcome, Send) else "",
            sent_hash=(entry.payload_hash if entry else None) or "", payload=dict(of_payload(payload)),
            parts=[*_messages(payload, entry, outcome), *self._files(record), *_counted(entry)],
            events=self._events(obj, key),
        )  # fmt: skip

    def _record(self, of: MigrationObject, key: str, lookups: Lookups) -> Record | None:
        if isinstance(of, Conversation) and key.isdigit():
            found = of.records(self.staged, lookups, only=[int(key)])
        else:
            found = of.records(self.staged, lookups)
        return next((record for record in found if record.key == key), None)

    def _becomes(self, of: MigrationObject, outcome: Outcome | None) -> str:
        match outcome:
            case Send():
                return of.becomes
            case Skip(rule):
                return f"left out by the rule {rule}"
            case Merge(into, rule):
                return f"merged into {of.name}:{into} by the rule {rule}"
            case HandOver(document):
                return f"handed over in {document}"
            case Quarantine(reason):
                return f"nothing: {mask_text(reason)}"
        if self.lookups is None:
            return "not known: there is no mapping, or nothing is staged"
        return "not known: it is not staged"

    def _url(self, of: MigrationObject, entry: Entry | None) -> str:
        if entry is None or entry.target_id is None:
            return ""
        if of is ATTACHMENT:
            return entry.target_id
        page = PAGES.get(of.name, f"/api/{of.path}/{{id}}")
        return self.account_url.rstrip("/") + page.format(id=entry.target_id)

    def _files(self, record: Record | None) -> Iterator[Part]:
        one = record.data if record else None
        if not isinstance(one, ConversationRecord):
            return
        keys = [row["AttachmentKey"] for row in one.attachments]
        known = self.ledger.known(self.target, ATTACHMENT.name, keys)
        for key in keys:
            entry = known.get(key)
            facts = {} if entry is None else _facts(url=entry.target_id, rule=entry.rule, reason=entry.reason)
            yield Part(f"{ATTACHMENT.name}:{key}", entry.state if entry else "never sent", facts)

    def _events(self, obj: str, key: str) -> list[Event]:
        return [_event(row) for row in self.ledger.journal(self.target, obj, key)]


def _messages(payload: Mapping[str, Any], entry: Entry | None, outcome: Outcome | None) -> Iterator[Part]:
    """Yield the messages of a payload: they are in Gorgias where just this payload was sent, and its outcome known."""
    sent = isinstance(outcome, Send) and entry is not None and (entry.state, entry.payload_hash) == (
        "created", outcome.hash,
    )  # fmt: skip
    messages: Sequence[Mapping[str, Any]] = payload.get("messages", ())
    for message in messages:
        text = message.get("body_html") or message.get("body_text") or ""
        facts = {
            "sent": str(message.get("sent_datetime")),
            "by": "agent" if message.get("from_agent") else "customer",
            "text": fingerprint(text),
            "files": str(len(message.get("attachments") or ())),
        }
        yield Part(str(message.get("external_id")), "created" if sent else "in the payload", facts)


def _event(row: Mapping[str, Any]) -> Event:
    detail: Mapping[str, Any] = row["detail"]
    if row["event"] == "intent":
        words = ACTIONS.get(detail["action"], f"about to: {detail['action']}")
        facts = _facts(payload=(detail.get("payload_hash") or "")[:12], external_id=detail.get("external_id"))
        return Event(row["seq"], row["at"], words, facts)
    said = detail.get("said") or {}
    words = str(detail.get("state", row["event"])).replace("_", " ")
    facts = _facts(
        id=detail.get("target_id"), rule=detail.get("rule"), reason=detail.get("reason"),
        payload=(detail.get("payload_hash") or "")[:12], stated=said.get("words"), by=said.get("by"),
        before=_before(detail.get("before")),
    )  # fmt: skip
    return Event(row["seq"], row["at"], words, facts)


def _before(image: object) -> str:
    if isinstance(image, Mapping):
        return f"kept: {', '.join(sorted(map(str, image)))}"
    return "" if image is None else f"kept: {fingerprint(image)}"


def _facts(**named: str | None) -> dict[str, str]:
    return {name.replace("_", " "): mask_text(value) for name, value in named.items() if value}


def _counted(entry: Entry | None) -> Iterator[Part]:
    """Yield what the ledger counts of the parts of a record: messages, values of fields."""
    parts: Mapping[str, Mapping[str, int]] = entry.detail.get("parts") or {} if entry else {}
    for name in sorted(parts):
        for state, number in sorted(parts[name].items()):
            yield Part(name, state, {"number": str(number)})


def _state_words(entry: Entry | None) -> str:
    if entry is None:
        return "The ledger holds nothing of it."
    words = [f"rule {entry.rule}" if entry.rule else "", mask_text(entry.reason) if entry.reason else ""]
    if entry.state == PENDING:
        words.append("it was sent, and what came of it is not known: the next load looks it up first")
    if entry.detail.get("updating"):
        words.append("a change of it is under way")
    return "; ".join(word for word in words if word)
