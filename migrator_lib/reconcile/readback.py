"""What an account holds, read by list pages and kept on disk, so that memory does not grow with the account.

Read once for each reconciliation, about one call for a hundred records.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from migrator_lib.external_id import parse
from migrator_lib.gorgias.api import GorgiasApi, Json
from migrator_lib.gorgias.contract.replies import Customer, Message, Survey, Thing, Ticket
from migrator_lib.objects import ON_TICKETS, PEOPLE, SETUP, TICKET
from migrator_lib.objects.base import MigrationObject
from migrator_lib.objects.conversation import moment
from migrator_lib.progress import Progress
from migrator_lib.proofs.behaviour import Behaviour
from migrator_lib.proofs.bench import OBJECT as PROBE
from migrator_lib.storage import refusals

SCHEMA = """
CREATE TABLE thing (
  kind TEXT, id INTEGER, object TEXT, source_key TEXT, natural TEXT, body TEXT, seen INTEGER DEFAULT 0,
  PRIMARY KEY (kind, id));
CREATE INDEX thing_key ON thing (object, source_key);
CREATE INDEX thing_natural ON thing (object, natural);
CREATE TABLE message (ticket INTEGER, at TEXT, id INTEGER PRIMARY KEY, external_id TEXT, body TEXT);
CREATE INDEX message_ticket ON message (ticket, at, id);
CREATE INDEX message_external ON message (external_id);
CREATE TABLE attached (url TEXT, external_id TEXT, PRIMARY KEY (url, external_id)) WITHOUT ROWID;
"""
OF_OTHERS = """\
SELECT count(*) FROM thing
WHERE kind=? AND source_key IS NULL AND substr(json_extract(body, '$.created_datetime'), 1, 19) >= ?
"""
NAMED_MESSAGE = """\
SELECT body FROM message WHERE external_id=?
AND EXISTS (SELECT 1 FROM thing WHERE kind=? AND id=message.ticket) ORDER BY id LIMIT 1
"""
IN_OTHERS_TICKETS = """\
SELECT id, external_id, ticket FROM message WHERE external_id IS NOT NULL
AND EXISTS (SELECT 1 FROM thing WHERE kind=? AND id=message.ticket AND source_key IS NULL) ORDER BY id
"""


def list_of(obj: MigrationObject) -> tuple[str, str]:
    """Return what tells the list of an object of set-up from others': some are all teams, or all tags, alike."""
    return obj.path, str(getattr(obj, "object_type", ""))


class ReadBack:
    """A snapshot of one account. Everything here raises StorageError where the disk is full or does not let us."""

    def __init__(self, file: Path, engagement: str) -> None:
        self.engagement = engagement
        self._file = file
        with self._refusals():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.unlink(missing_ok=True)
            self._connection = sqlite3.connect(file, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode=OFF")
            self._connection.execute("PRAGMA synchronous=OFF")
            self._connection.executescript(SCHEMA)

    def _refusals(self) -> AbstractContextManager[None]:
        return refusals(f"{self._file}, which keeps what was read back, could not be written or read")

    def close(self) -> None:
        """Forget the snapshot: it holds people's data."""
        self._connection.close()
        with self._refusals():
            self._file.unlink(missing_ok=True)

    def read(self, api: GorgiasApi, progress: Progress, behaviour: Behaviour | None = None) -> None:
        """Read everything that the migration can have made, as far as the account's lists show it."""
        known = behaviour or Behaviour()
        lists: dict[tuple[str, str], list[tuple[str, Thing]]] = {}
        for obj in SETUP:
            progress.begin(f"Reading back: {obj.title}", 0)
            which = list_of(obj)
            if which not in lists:
                lists[which] = list(obj.listed(api))
            self._add(obj.name, ((thing, natural) for natural, thing in lists[which]))
        progress.begin("Reading back: customers", 0)
        for customers in api.customers.pages():
            whole = (self._with_values(api, one) for one in customers)
            self._add(PEOPLE[0].name, ((one, PEOPLE[0].natural_key({"email": one.email})) for one in whole))
            progress.advance(len(customers))
        progress.begin("Reading back: tickets", 0)
        for tickets in api.tickets.pages(order_by=known.tickets_order):
            self._add(TICKET.name, ((self._whole(api, ticket, known), None) for ticket in tickets))
            progress.advance(len(tickets))
        (rating,) = ON_TICKETS
        progress.begin("Reading back: satisfaction surveys", 0)
        for surveys in api.surveys.pages():
            self._add(rating.name, ((_named(one), rating.natural_key({"ticket_id": one.ticket_id})) for one in surveys))
            progress.advance(len(surveys))
        progress.begin("Reading back: messages", 0)
        for messages in api.messages.pages():
            self._add_messages(messages)
            progress.advance(len(messages))
        progress.end()

    def _whole(self, api: GorgiasApi, ticket: Ticket, behaviour: Behaviour) -> Ticket:
        """Return a ticket of ours with its custom field values, which are asked for where lists lack them."""
        if behaviour.values_in_lists or parse(ticket.external_id, self.engagement) is None:
            return ticket
        return ticket.model_copy(update={"custom_fields": api.tickets.custom_fields(ticket.id)})

    def _with_values(self, api: GorgiasApi, customer: Customer) -> Customer:
        """Return a customer of ours with their custom field values; where the list lacks them, by a call for each."""
        if "custom_fields" in customer.model_fields_set or parse(customer.external_id, self.engagement) is None:
            return customer
        return customer.model_copy(update={"custom_fields": api.customers.custom_fields(customer.id)})

    def _add(self, obj: str, things: Iterable[tuple[Thing, str | None]]) -> None:
        """Keep things under the object that their external id names, else under ``obj``.

        What comes twice, since it changed while the pages were turned, is kept as it came last.
        """
        rows = []
        for thing, natural in things:
            named = parse(thing.external_id, self.engagement)
            where, key = named or (obj, None)
            rows.append((obj, thing.id, where, key, natural, json.dumps(thing.as_json())))
        self._insert("INSERT OR REPLACE INTO thing VALUES (?,?,?,?,?,?,0)", rows)

    def _add_messages(self, page: list[Message]) -> None:
        rows = [(m.ticket_id, m.created_datetime, m.id, self._ours(m), json.dumps(m.as_json())) for m in page]
        self._insert("INSERT OR REPLACE INTO message VALUES (?,?,?,?,?)", rows)
        ours = ((m.external_id, m.as_json().get("attachments") or ()) for m in page if self._ours(m))
        held = [(file.get("url") or "", name) for name, files in ours for file in files]
        self._insert("INSERT OR IGNORE INTO attached VALUES (?,?)", held)

    def _ours(self, message: Message) -> str | None:
        """Return the external id of a message, if it is one of this engagement."""
        return message.external_id if parse(message.external_id, self.engagement) else None

    def _insert(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        with self._refusals():
            self._connection.execute("BEGIN")
            self._connection.executemany(statement, rows)
            self._connection.execute("COMMIT")

    def _rows(self, statement: str, *values: object) -> list[Any]:
        with self._refusals():
            return self._connection.execute(statement, values).fetchall()

    def by_key(self, obj: str, key: str, *, meant: str | None = None) -> list[Json]:
        """Return what carries the external id of a record, oldest first; the first of them counts as seen.

        The one that is ``meant``, by its Gorgias id, comes before all others; and what is in the trash comes last.
        """
        order = "id=? DESC, json_extract(body, '$.trashed_datetime') IS NOT NULL, id"
        wanted = "SELECT rowid, body FROM thing WHERE object=? AND source_key=?"
        rows = self._rows(f"{wanted} ORDER BY {order}", obj, key, int(meant) if meant and meant.isdigit() else -1)
        self._see(rows)
        return [json.loads(row[1]) for row in rows]

    def by_natural(self, obj: str, natural: str | None) -> Json | None:
        """Return what has a natural key (a name, an address), whoever made it."""
        if natural is None:
            return None
        rows = self._rows(
            "SELECT rowid, body FROM thing WHERE object=? AND natural=? ORDER BY id LIMIT 1", obj, natural
        )
        self._see(rows)
        return json.loads(rows[0][1]) if rows else None

    def by_id(self, kind: str, thing: int, record: tuple[str, str]) -> Json | None:
        """Return what has an id, unless it carries the external id of another record."""
        wanted = "SELECT rowid, body, object, source_key FROM thing WHERE kind=? AND id=?"
        rows = self._rows(wanted, kind, thing)
        if not rows or (rows[0][3] is not None and tuple(rows[0][2:]) != record):
            return None
        self._see(rows)
        found: Json = json.loads(rows[0][1])
        return found

    def message_named(self, external_id: str) -> Json | None:
        """Return a message by its external id, in whatever ticket of the list it is."""
        rows = self._rows(NAMED_MESSAGE, external_id, TICKET.name)
        return json.loads(rows[0][0]) if rows else None

    def messages_of_others_tickets(self) -> Iterator[tuple[int, str, int]]:
        """Yield (Gorgias id, external id, ticket) of messages of ours that are in a ticket which is none of ours."""
        with self._refusals():
            yield from self._connection.execute(IN_OTHERS_TICKETS, (TICKET.name,))

    def _see(self, rows: list[tuple[int, str]]) -> None:
        if rows:
            self._rows("UPDATE thing SET seen=1 WHERE rowid=?", rows[0][0])

    def unseen(self) -> Iterator[tuple[str, str, int]]:
        """Yield (object, source key, Gorgias id) of what carries our external id and was not asked for.

        What a probe made and could not be removed yet is no record.
        """
        ours = "SELECT object, source_key, id FROM thing WHERE source_key IS NOT NULL AND seen=0 AND object!=?"
        with self._refusals():
            yield from self._connection.execute(f"{ours} ORDER BY object, id", (PROBE,))

    def several(self, obj: str) -> Iterator[tuple[str, list[Json]]]:
        """Yield (source key, things) of what carries the same external id more than once, but for the trash."""
        keys = "SELECT source_key FROM thing WHERE object=? AND source_key IS NOT NULL GROUP BY source_key"
        for (key,) in self._rows(f"{keys} HAVING count(*)>1 ORDER BY min(id)", obj):
            shown = self.shown(obj, key)
            if len(shown) > 1:
                yield key, shown

    def shown(self, obj: str, key: str) -> list[Json]:
        """Return what carries the external id of a record and is not in the trash, oldest first."""
        rows = self._rows("SELECT body FROM thing WHERE object=? AND source_key=? ORDER BY id", obj, key)
        things = [json.loads(row[0]) for row in rows]
        return [thing for thing in things if not thing.get("trashed_datetime")]

    def several_messages(self) -> Iterator[tuple[str, list[Json]]]:
        """Yield (external id, messages) of ours that are there more than once, oldest first."""
        twice = "SELECT external_id FROM message WHERE external_id IS NOT NULL GROUP BY external_id HAVING count(*)>1"
        for (name,) in self._rows(f"{twice} ORDER BY min(id)"):
            rows = self._rows("SELECT body FROM message WHERE external_id=? ORDER BY id", name)
            yield name, [json.loads(row[0]) for row in rows]

    def holders(self, url: str) -> list[str]:
        """Return the external ids of our messages that hold a file's address."""
        return [name for (name,) in self._rows("SELECT external_id FROM attached WHERE url=?", url)]

    def record_of_ticket(self, ticket: int) -> tuple[str, str] | None:
        """Return object and source key of a ticket of ours; None where it is none, or lies in the trash."""
        rows = self._rows("SELECT object, source_key, body FROM thing WHERE kind='ticket' AND id=?", ticket)
        if not rows or rows[0][1] is None or json.loads(rows[0][2]).get("trashed_datetime"):
            return None
        return rows[0][0], rows[0][1]

    def tickets_of(self, customer: int) -> int:
        """Return how many tickets a customer has."""
        counted = "SELECT count(*) FROM thing WHERE kind='ticket' AND json_extract(body, '$.customer.id')=?"
        return int(self._rows(counted, customer)[0][0])

    def see(self, kind: str, thing: int) -> None:
        """Let a thing count as seen."""
        self._rows("UPDATE thing SET seen=1 WHERE kind=? AND id=?", kind, thing)

    def messages(self, ticket: int) -> list[Json]:
        """Return a ticket's messages in order of time."""
        rows = self._rows("SELECT body FROM message WHERE ticket=? ORDER BY at, id", ticket)
        return [json.loads(row[0]) for row in rows]

    def tickets_of_others(self, since: str) -> int:
        """Return how many tickets were made since a moment (ISO) by anybody but this engagement."""
        return int(self._rows(OF_OTHERS, TICKET.name, str(moment(since))[:19])[0][0])

    def counts(self) -> dict[str, int]:
        """Return object to number of things read, messages included."""
        found = dict(self._rows("SELECT object, count(*) FROM thing GROUP BY object"))
        return {**found, "message": self._rows("SELECT count(*) FROM message")[0][0]}


def _named(survey: Survey) -> Survey:
    """Return a survey with the external id that its meta has: surveys have no place of their own for one."""
    meta = survey.meta.get("smartertrack") if isinstance(survey.meta, dict) else None
    name = meta.get("external_id") if isinstance(meta, dict) else None
    return survey.model_copy(update={"external_id": name}) if isinstance(name, str) else survey
