"""Which records a new try takes up: those that are asked for, and what waits for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from migrator_lib.errors import ParameterError
from migrator_lib.ledger import PENDING, Entry, Ledger
from migrator_lib.objects import ATTACHMENT, CONVERSATIONS, KNOWLEDGE, OBJECTS, PARTS, PEOPLE, SETUP
from migrator_lib.reconcile.accounts import NO_TICKET, UNREADABLE

QUARANTINED = "quarantined"
NAMES = tuple(obj.name for obj in OBJECTS)
WAITS_FOR = re.compile(r"\((\w+:[^)]+)\) is not in Gorgias")
"""How a reason names the record that another one waits for (:class:`~migrator_lib.objects.base.Resolver`)."""
Homes = Callable[[str, Sequence[str]], Mapping[str, tuple[str, str]]]
"""Returns key to (object, key) of the ticket, chat or call that attachments hang on."""


@dataclass
class Chosen:
    """What a new try takes up."""

    keys: dict[str, set[str]] = field(default_factory=dict)
    """Object to source keys, of what a load can reach. Of a file, the ticket that it hangs on."""
    asked: list[Entry] = field(default_factory=list)
    """What was asked for, and what waits for it: as it stands in quarantine."""
    beyond: list[Entry] = field(default_factory=list)
    """Of these, what no load reaches: its row has to be staged whole, or its ticket to come back."""
    _asked: set[tuple[str, str]] = field(default_factory=set)

    def ask(self, entry: Entry) -> bool:
        """Note an entry as one that is asked for, or waits for one that is; return whether it was not noted before."""
        new = (entry.object, entry.source_key) not in self._asked
        if new:
            self._asked.add((entry.object, entry.source_key))
            self.asked.append(entry)
        return new

    def add(self, obj: str, key: str) -> bool:
        """Take up one record; return whether it was not taken up before."""
        keys = self.keys.setdefault(obj, set())
        known = key in keys
        keys.add(key)
        return not known

    @property
    def knowledge(self) -> bool:
        """Whether the knowledge base is published anew: for an article, a category, or a file of an article."""
        return any(self.keys.get(name) for name in (*(obj.name for obj in KNOWLEDGE), ATTACHMENT.name))

    @property
    def references(self) -> set[str]:
        """What others refer to it by: ``requester:u12``."""
        return {f"{obj}:{key}" for obj, keys in self.keys.items() for key in keys}


def choose(ledger: Ledger, target: str, homes: Homes, obj: str = "", key: str = "") -> Chosen:
    """Return what a new try takes up; an intent that was left without an outcome, in any case.

    Args:
        ledger: of the engagement.
        target: the account.
        homes: leads from attachments to what they hang on.
        obj: name of the object that is asked for; all, if empty.
        key: source key of the one record that is asked for; all of the object, if empty. Of what was refused inside a
            ticket, the ticket: ``ticket:4711``.

    Raises:
        ParameterError: there is no such object, or no such record in quarantine.
    """
    chosen = Chosen()
    for entry in _asked(ledger, target, obj, key):
        _take(chosen, entry, homes)
    if key and not chosen.asked:
        raise ParameterError(
            f"{obj} {key} is not in quarantine.", next_step="choose of reports/<engagement>/quarantine.html."
        )
    for entry in ledger.entries(target, state=PENDING):
        if entry.object in NAMES:  # of a try that was killed: the accounts lack its outcome
            _take(chosen, entry, homes)
    _take_waiting(chosen, ledger, target, homes)
    _take_lost(chosen, ledger, target)
    return chosen


def _asked(ledger: Ledger, target: str, obj: str, key: str) -> Iterator[Entry]:
    if obj and obj not in (*NAMES, *PARTS):
        raise ParameterError(f"There is no object '{obj}'.", next_step=f"choose of: {', '.join((*NAMES, *PARTS))}.")
    home, _, of = key.partition(":")
    for entry in ledger.entries(target, obj or None, QUARANTINED):
        if key in ("", entry.source_key):
            yield entry
    for conversation in CONVERSATIONS:
        if obj in ("", conversation.name) or (obj in PARTS and home in ("", conversation.name)):
            for entry in ledger.entries(target, conversation.name, "created"):
                wanted = key in ("", entry.source_key) or (obj in PARTS and entry.source_key == of)
                if wanted and _holds(entry, obj if obj in PARTS else ""):
                    yield entry


def _holds(entry: Entry, part: str) -> bool:
    """Whether something inside a ticket (chat, call log) that is in Gorgias was refused: of one kind, or of any."""
    parts: Mapping[str, Mapping[str, int]] = entry.detail.get("parts") or {}
    return any(states.get(QUARANTINED) for name, states in parts.items() if part in ("", name))


def _take(chosen: Chosen, entry: Entry, homes: Homes) -> bool:
    """Take up an entry, and return whether a load has more to do by it: a file and its ticket are one thing to load."""
    new = chosen.ask(entry)
    if entry.rule in (NO_TICKET, UNREADABLE) or entry.object not in NAMES:
        chosen.beyond += [entry] if new else []
        return False
    obj, key = entry.object, entry.source_key
    if obj == ATTACHMENT.name:
        obj, key = homes(obj, [key]).get(key, (obj, key))
    return chosen.add(obj, key)


def _take_waiting(chosen: Chosen, ledger: Ledger, target: str, homes: Homes) -> None:
    """Take up what is in quarantine for want of something that is tried; and so on, as long as there is more."""
    more = bool(chosen.keys)
    while more:
        more, references = False, chosen.references
        for entry in ledger.entries(target, state=QUARANTINED):
            waits = WAITS_FOR.search(entry.reason or "")
            if waits and waits[1] in references and entry.object != ATTACHMENT.name:
                more = _take(chosen, entry, homes) or more


def _take_lost(chosen: Chosen, ledger: Ledger, target: str) -> None:
    """Take up what went to Gorgias without somebody, or something, that is tried: it gets it then."""
    definitions = (*SETUP, *PEOPLE)
    if not any(chosen.keys.get(obj.name) for obj in definitions):
        return
    references = chosen.references
    for obj in (*definitions, *CONVERSATIONS):
        for entry in ledger.entries(target, obj.name, "created"):
            if not references.isdisjoint(entry.detail.get("lost", ())):
                chosen.add(obj.name, entry.source_key)
