"""Facts of what was read back, made inside SQLite from the snapshot of the account: no thing of it is read into memory.

What carries no external id of the engagement's is somebody else's: of tickets, their messages and what hangs on them,
only ours are facts; of people, teams, tags, fields and macros all are, since ours refer to them.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from migrator_lib.canary.content import OBJECT as CANARY
from migrator_lib.objects import ON_TICKETS, PEOPLE, TICKET, USER
from migrator_lib.proofs.bench import OBJECT as PROBE

if TYPE_CHECKING:
    from migrator_lib.expectations.columns import Column

_SYNTHETIC = f"('{CANARY}', '{PROBE}')"
"""Objects that are no records: what proves silence, and what is asked of the sandbox."""
_KEYED = "CASE WHEN source_key IS NULL THEN 'id ' || id ELSE object || ':' || source_key END"
_OURS = "CASE WHEN source_key IS NOT NULL THEN object END"
_THINGS = (
    "SELECT {keyed} AS key, id, {ours} AS object, {beside} body FROM snapshot.thing "
    "WHERE kind='{kind}' AND object NOT IN {synthetic}{only}"
)
_NAMED = "substr(external_id, {prefix} + 1)"
_OBJECT = f"substr({_NAMED}, 1, instr({_NAMED}, ':') - 1)"
_MESSAGES = (
    "SELECT {named} AS key, id, {object} AS object, ticket AS owner, body FROM snapshot.message "
    "WHERE external_id IS NOT NULL AND {object} NOT IN {synthetic}"
)
_EACH = (
    "SELECT whole.key AS key, whole.id AS id, whole.object AS object, whole.id AS owner, "
    "json_object('each', CASE WHEN one.type IN ('object', 'array') THEN json(one.value) ELSE one.value END) AS body "
    "FROM ({whole}) AS whole, json_each({list}) AS one"
)


_NUMBER = "SELECT count(*) FROM snapshot.message WHERE message.ticket = thing.id"
_OUR_MESSAGES = _MESSAGES.format(named=_NAMED, object=_OBJECT, synthetic=_SYNTHETIC)


def _things(kind: str, *, ours: bool = False, beside: str = "") -> str:
    only = " AND source_key IS NOT NULL" if ours else ""
    return _THINGS.format(keyed=_KEYED, ours=_OURS, kind=kind, only=only, synthetic=_SYNTHETIC, beside=beside)


def _values(whole: str) -> str:
    """Return the custom field values of things: lists bring them bare, or in an envelope."""
    values = "coalesce(json_extract(body, '$.custom_fields.data'), json_extract(body, '$.custom_fields'), '[]')"
    return _EACH.format(whole=whole, list=values)


TICKETS = _things(TICKET.name, ours=True)
KINDS: Mapping[str, str] = {
    "user": _things(USER.name),
    "team": _things("department"),
    "tag": _things("tag"),
    "ticket_field": _things("ticket_field"),
    "customer_field": _things("person_field"),
    "macro": _things("macro"),
    "customer": _things(PEOPLE[0].name),
    "customer_value": _values(_things(PEOPLE[0].name, ours=True)),
    "ticket": _things(TICKET.name, ours=True, beside=f"({_NUMBER}) AS messages,"),
    "ticket_value": _values(TICKETS),
    "ticket_tag": _EACH.format(whole=TICKETS, list="coalesce(json_extract(body, '$.tags'), '[]')"),
    "message": _OUR_MESSAGES,
    "attachment": _EACH.format(whole=_OUR_MESSAGES, list="coalesce(json_extract(body, '$.attachments'), '[]')"),
    "survey": _things(ON_TICKETS[0].name),
}
"""What can be read of the snapshot: name to a statement that yields key, id, object, body, and what is beside it. What
hangs on something stands in its body as ``$.each``."""
BESIDE: Mapping[str, str] = {
    "ticket": "messages",
    **dict.fromkeys(("customer_value", "ticket_value", "ticket_tag", "message", "attachment"), "owner"),
}
"""What is known of a kind beside its body: of a ticket the number of its messages, whoever wrote them; of what hangs on
something the Gorgias id of that."""

_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_EXPRESSIONS: Mapping[str, str] = {
    "value": "{of}",
    "length": "length({path})",
    "filled": "({path} IS NOT NULL AND trim({path}) NOT IN ('', '[]', '{{}}'))",
    "digest": "keyed_digest({path})",
    "flag": "CASE WHEN {path} IS NOT NULL THEN {path} != 0 END",
    "number": "CAST({path} AS INTEGER)",
    "moment": "CAST(strftime('%s', {path}) AS INTEGER)",
    "code": "short_code({path})",
}
"""How a column of facts is made of a body, in SQL."""


def digester() -> Callable[[object], int | None]:
    """Return a function that makes texts numbers, equal texts equal ones, with a key that nobody keeps."""
    key = secrets.token_bytes(16)

    def digest(text: object) -> int | None:
        if text is None or text == "":
            return None
        return int.from_bytes(hashlib.blake2b(str(text).encode(), digest_size=8, key=key).digest(), "big", signed=True)

    return digest


def short_code(text: object) -> str | None:
    """Return a text that may be a code; any other as ``other``."""
    if text is None:
        return None
    return str(text) if _CODE.fullmatch(str(text)) else "other"


def attach(facts: sqlite3.Connection, snapshot: Path) -> None:
    """Let a file of facts read a snapshot of an account."""
    facts.create_function("keyed_digest", 1, digester(), deterministic=True)
    facts.create_function("short_code", 1, short_code, deterministic=True)
    facts.execute("ATTACH ? AS snapshot", (snapshot.absolute().as_uri() + "?mode=ro",))


def copy(facts: sqlite3.Connection, table: str, kind: str, columns: list[Column], prefix: str) -> int:
    """Fill a table of facts; return its rows.

    Args:
        facts: with the snapshot attached.
        table: name of the table.
        kind: one of :data:`KINDS`.
        columns: of the table, in its order.
        prefix: what every external id of the engagement begins with (``st:acme:``).
    """
    found = KINDS[kind].replace("{prefix}", str(len(prefix)))
    made = [_EXPRESSIONS[one.how].format(of=one.of, path=f"json_extract(body, '{one.of}')") for one in columns]
    statement = f"INSERT INTO {table} SELECT {', '.join(made)} FROM ({found})"  # noqa: S608 (all of it is ours)
    return facts.execute(statement).rowcount
