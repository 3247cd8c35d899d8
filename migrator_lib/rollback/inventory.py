"""An inventory of one account by list pages: of each thing its id, a hash of what it holds, and what it refers to.

It holds no name, no address and no text, so it may stay on disk. One kind after the other is read and kept whole, so
that an inventory that was interrupted goes on with the kind it had not finished. It costs one call for a hundred
things. Source of every list: developers.gorgias.com, list-tickets and its like.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from migrator_lib.errors import RecordRejected
from migrator_lib.gorgias.api import GorgiasApi, Json
from migrator_lib.gorgias.contract.replies import Thing
from migrator_lib.load.updates import fingerprints
from migrator_lib.objects import find
from migrator_lib.objects.base import payload_hash
from migrator_lib.objects.conversation import moment
from migrator_lib.objects.requester import comparable_values, our_note
from migrator_lib.progress import Progress
from migrator_lib.proofs.behaviour import Behaviour
from migrator_lib.rollback.table_file import TableFile
from migrator_lib.side_effects.effect import OF_THE_SERVER
from migrator_lib.storage import refusals

VERSION = 2
"""Of what a hash covers: inventories of two versions cannot be compared."""
NAMED = re.compile(r"(team|user|macro|custom_?field)s?(?:_id|\.id|id)?\W{1,20}?(\d+)\b", re.IGNORECASE)
"""A team, user, macro or field that code, an action or a filter names by its id; how exactly they do is UNVERIFIED."""
VOLATILE = (*OF_THE_SERVER, "usage", "is_unread", "satisfaction_survey", "messages", "last_login_datetime")
"""Keys that change without anybody changing the thing, or that only some lists show."""
EMPTY: tuple[Any, ...] = (None, "", [], {})
AT_ONCE_SECONDS = 5.0
"""A customer that was last changed no later than this after it was made was changed by nobody since."""
KINDS: Mapping[str, str] = {
    "tickets": "Tickets", "customers": "Customers", "tags": "Tags", "teams": "Teams", "users": "Users (agents)",
    "custom-fields": "Custom fields", "macros": "Macros", "views": "Views", "rules": "Rules",
    "integrations": "Integrations", "settings": "Settings of the account",
}  # fmt: skip
"""What is listed, and what it is called: all but messages, which are counted with their ticket where lists tell."""
COMPARED = {
    "customers": find("requester"), "tags": find("tag"), "teams": find("department"),
    "custom-fields": find("ticket_field"), "macros": find("macro"),
}  # fmt: skip
"""Kind to an object whose fields are compared as those of all objects that become such a thing."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS thing (
  kind TEXT, id INTEGER, external_id TEXT, hash TEXT NOT NULL, facts TEXT NOT NULL, PRIMARY KEY (kind, id));
CREATE INDEX IF NOT EXISTS thing_external ON thing (kind, external_id) WHERE external_id IS NOT NULL;
CREATE TABLE IF NOT EXISTS finished (kind TEXT PRIMARY KEY);
"""


@dataclass(frozen=True)
class Item:
    """One thing of an account, as the inventory keeps it."""

    kind: str
    id: int
    external_id: str | None
    hash: str
    facts: Json
    """What it refers to and when it was changed; see :func:`facts_of`."""


class Inventory(TableFile):
    """The inventory in one file."""

    schema = SCHEMA
    keeps = "an inventory of the account"

    def read(self, api: GorgiasApi, progress: Progress, behaviour: Behaviour | None = None) -> None:
        """Read every kind that was not read to its end yet.

        Raises:
            TargetError: the account cannot be read.
        """
        known = behaviour or Behaviour()
        finished = {row[0] for row in self._rows("SELECT kind FROM finished")}
        for kind, pages in _lists(api, known).items():
            if kind in finished:
                continue
            progress.begin(f"Listing: {KINDS[kind]}", 0)
            self._rows("DELETE FROM thing WHERE kind=?", kind)
            for page in _where_there(pages):
                self._add(kind, [thing.as_json() for thing in page])
                progress.advance(len(page))
            self._rows("INSERT OR REPLACE INTO finished VALUES (?)", kind)
            progress.end()

    def _add(self, kind: str, page: Sequence[Json]) -> None:
        """Keep a page; what comes twice, since it changed while pages were turned, is kept as it came last."""
        items = [item_of(kind, row) for row in page]
        rows = [(item.kind, item.id, item.external_id, item.hash, _dumped(item.facts)) for item in items]
        self._many("INSERT OR REPLACE INTO thing VALUES (?,?,?,?,?)", rows)

    def get(self, kind: str, thing_id: int) -> Item | None:
        """Return one thing, or None where the account has none of this id."""
        return next(map(_item, self._rows("SELECT * FROM thing WHERE kind=? AND id=?", kind, thing_id)), None)

    def by_external_id(self, kind: str, external_id: str) -> list[Item]:
        """Return what carries an external id, oldest first."""
        statement = "SELECT * FROM thing WHERE kind=? AND external_id=? ORDER BY id"
        return [_item(row) for row in self._rows(statement, kind, external_id)]

    def things(self, kind: str) -> Iterator[Item]:
        """Yield the things of a kind by id, in constant memory."""
        last = -1
        while rows := self._rows("SELECT * FROM thing WHERE kind=? AND id>? ORDER BY id LIMIT 500", kind, last):
            yield from map(_item, rows)
            last = rows[-1][1]

    def latest(self, kind: str) -> str | None:
        """Return the latest date of change of a kind, canonical; None where nothing has one."""
        found = self._rows("SELECT max(json_extract(facts, '$.updated')) FROM thing WHERE kind=?", kind)[0][0]
        return None if found is None else str(found)

    def count(self, kind: str) -> int:
        """Return the number of things of a kind."""
        return int(self._rows("SELECT count(*) FROM thing WHERE kind=?", kind)[0][0])


def discard(file: Path) -> None:
    """Remove an inventory, with what SQLite keeps beside it while it is open, or after a kill.

    Raises:
        StorageError: the disk does not let us.
    """
    with refusals(f"{file} could not be removed"):
        for more in ("", "-wal", "-shm"):
            file.with_name(file.name + more).unlink(missing_ok=True)


def _item(row: Sequence[Any]) -> Item:
    return Item(row[0], row[1], row[2], row[3], json.loads(row[4]))


def _dumped(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _lists(api: GorgiasApi, behaviour: Behaviour) -> dict[str, Callable[[], Iterable[Sequence[Thing]]]]:
    """Return how the pages of each kind are read; short lists are one page."""

    def fields() -> Iterator[Sequence[Thing]]:
        for archived in (False, True):
            yield list(api.custom_fields.every("Ticket", archived=archived))
            yield list(api.custom_fields.every("Customer", archived=archived))

    return {
        "tickets": lambda: api.tickets.pages(trashed="true", order_by=behaviour.tickets_order),
        "customers": api.customers.pages,
        "tags": lambda: [list(api.tags.every())],
        "teams": lambda: [list(api.teams.every())],
        "users": lambda: [list(api.users.every())],
        "custom-fields": fields,
        "macros": lambda: [list(api.macros.every()), list(api.macros.every(archived=True))],
        "views": lambda: [list(api.views.every())],
        "rules": lambda: [list(api.rules.every())],
        "integrations": lambda: [list(api.integrations.every())],
        "settings": lambda: [api.account.settings()],
    }


def listed(api: GorgiasApi, kind: str) -> Iterator[Item]:
    """Yield the things of a kind as the account lists them now.

    Raises:
        TargetError: the account cannot be read.
    """
    for page in _where_there(_lists(api, Behaviour())[kind]):
        yield from (item_of(kind, thing.as_json()) for thing in page)


def _where_there(pages: Callable[[], Iterable[Sequence[Thing]]]) -> Iterator[Sequence[Thing]]:
    """Yield pages of a list; none where the plan of this account does not have it."""
    try:
        yield from pages()
    except RecordRejected as error:
        if error.status != 404:
            raise


# --- one thing -----------------------------------------------------------------------------------------


def item_of(kind: str, row: Json) -> Item:
    """Return what an inventory keeps of a row of a list."""
    return Item(kind, row["id"], row.get("external_id"), content_hash(row), facts_of(kind, row))


def content_hash(row: Mapping[str, Any]) -> str:
    """Return the SHA-256 of all that people choose of a thing; empty is as good as not there."""
    return payload_hash({key: value for key, value in row.items() if key not in VOLATILE and value not in EMPTY})


def facts_of(kind: str, row: Mapping[str, Any]) -> Json:
    """Return what later decisions need of a row of a list.

    ``updated``: when it was last changed, canonical. Of a ticket: ids of customer, user, team, tags and fields that it
    refers to, and how many messages it has, where lists tell it. Of a customer: the fields with values, ``still``,
    whether nobody changed it since it was made, and ``foreign``, whether it has what no migration gives it. Of a team
    its members, of a user their role. Of a tag the hash of its name. Of a macro, rule or view: the hashes of the words
    that stand in quotes there, and may be tags; and (kind, id) of teams, users, macros and fields that it ``named``.
    ``fields``, where a load compares them: the fingerprints that the ledger, too, keeps of what was sent.
    """
    facts: Json = {"updated": moment(row.get("updated_datetime"))}
    match kind:
        case "tickets":
            facts |= _references(row)
            facts["messages"] = row.get("messages_count")
            facts["trashed"] = bool(row.get("trashed_datetime"))
        case "customers":
            facts |= {"still": _is_still(row), "foreign": _is_added_to(row), "custom-fields": _fields_of(row)}
        case "tags":
            facts["name"] = hash_of(row.get("name"))
        case "teams":
            facts["members"] = sorted(member["id"] for member in row.get("members") or () if member.get("id"))
        case "custom-fields":
            facts["archived"] = bool(row.get("deactivated_datetime"))
        case "users":
            facts["active"] = row.get("active") is not False
            facts["role"] = (row.get("role") or {}).get("name")
        case "macros" | "rules" | "views":
            facts["words"] = sorted(hash_of(word) for word in _quoted(row))
            facts["named"] = sorted(_named(row))
            facts["archived"] = bool(row.get("archived_datetime"))
    if kind in COMPARED:
        facts["fields"] = fingerprints(COMPARED[kind].compared(dict(row)))
    return facts


def hash_of(text: Any) -> str:
    """Return a short hash of a name."""
    return payload_hash(str(text))[:16]


def _references(row: Mapping[str, Any]) -> Json:
    def one(name: str) -> int | None:
        found = row.get(name)
        return found.get("id") if isinstance(found, Mapping) else None

    return {
        "customers": one("customer"), "users": one("assignee_user"), "teams": one("assignee_team"),
        "tags": sorted(tag["id"] for tag in row.get("tags") or () if tag.get("id")),
        "custom-fields": _fields_of(row),
    }  # fmt: skip


def _fields_of(row: Mapping[str, Any]) -> list[int]:
    return sorted(pair[0] for pair in comparable_values(dict(row)) if pair[0] is not None)


def _is_still(row: Mapping[str, Any]) -> bool:
    made, changed = moment(row.get("created_datetime")), moment(row.get("updated_datetime"))
    if made is None or changed is None:
        return False
    passed = datetime.fromisoformat(changed) - datetime.fromisoformat(made)
    return abs(passed.total_seconds()) <= AT_ONCE_SECONDS


def _is_added_to(row: Mapping[str, Any]) -> bool:
    """Whether a customer has what no migration gives one: data of another system, a note, a channel of another kind."""
    others = any(channel.get("type") not in ("email", "phone") for channel in row.get("channels") or ())
    note = row.get("note") and not our_note(row)
    return bool(others or note or any(row.get(name) for name in ("data", "integrations")))


def _quoted(row: Mapping[str, Any]) -> set[str]:
    """Return what stands between quotes in what a macro, rule or view does, and between commas there."""
    words: set[str] = set()

    def walk(node: Any) -> None:
        if isinstance(node, Mapping):
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)
        elif isinstance(node, str):
            for whole in (node, *node.replace('"', "'").split("'")):
                words.update(part.strip() for part in (whole, *whole.split(",")))

    walk({key: row.get(key) for key in ("code", "code_ast", "actions", "filters")})
    return {word for word in words if word}


def _named(row: Mapping[str, Any]) -> set[tuple[str, int]]:
    """Return (kind, id) of the teams, users, macros and fields that a macro, rule or view names."""
    text = json.dumps({key: row.get(key) for key in ("code", "code_ast", "actions", "filters")})
    kinds = {"team": "teams", "user": "users", "macro": "macros"}
    found = {(kinds.get(what.lower(), "custom-fields"), int(thing)) for what, thing in NAMED.findall(text)}
    shared = {"shared_with_teams": "teams", "shared_with_users": "users"}
    return found | {(kind, one) for key, kind in shared.items() for one in row.get(key) or () if isinstance(one, int)}
