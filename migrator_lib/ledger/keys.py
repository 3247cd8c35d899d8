"""Finding the record that somebody means: by its key, ticket number, external id, Gorgias id or address."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import urlsplit

from migrator_lib.errors import ParameterError
from migrator_lib.external_id import parse
from migrator_lib.ledger.ledger import Ledger
from migrator_lib.objects import ATTACHMENT, CONVERSATIONS, OBJECTS, TICKET
from migrator_lib.objects.conversation import ID_OF
from migrator_lib.objects.homes import INSIDE, homes
from migrator_lib.smartertrack.tables import FAMILIES
from migrator_lib.staging import Staged

NAMES = [obj.name for obj in OBJECTS]
TICKETS = tuple(obj.name for obj in CONVERSATIONS)
KINDS = {
    "ticket": TICKETS, "tickets": TICKETS, "customer": ("requester",), "customers": ("requester",), "users": ("user",),
}  # fmt: skip
"""Words of Gorgias' addresses, and what of the object map they tell of."""
FORMS = "ticket:4711, a SmarterTrack ticket number, an external id (st:...), a Gorgias id, or an address in Gorgias"

Found = tuple[str, str]
"""Object and source key."""


def find(text: str, ledger: Ledger, target: str, staged: Staged, engagement: str) -> Found:
    """Return the one record that ``text`` means.

    Raises:
        ParameterError: it means none, or several: naming them.
    """
    found = list(dict.fromkeys(_candidates(text.strip(), ledger, target, staged, engagement)))
    if len(found) == 1:
        return found[0]
    if found:
        named = ", ".join(f"{obj}:{key}" for obj, key in found[:10])
        raise ParameterError(f"'{text}' may be any of {named}.", next_step="write which: the object, a colon, its key.")
    raise ParameterError(
        f"'{text}' is no record that the {target} ledger or the staged data know.", next_step=f"give {FORMS}."
    )


def _candidates(text: str, ledger: Ledger, target: str, staged: Staged, engagement: str) -> Iterator[Found]:
    carried = parse(text, engagement)
    if carried is None and text.partition(":")[0] in (*NAMES, *INSIDE):
        obj, _, key = text.partition(":")
        carried = obj, key
    if carried is not None:
        yield from _named(*carried, staged, ledger, target)
        return
    if "://" in text:
        yield from _at_address(text, ledger, target)
        return
    for entry in ledger.with_id(target, text):
        if entry.object in NAMES:  # probes of a sandbox are no records of the source
            yield entry.object, entry.source_key
    for obj in NAMES:
        if ledger.entry(target, obj, text) is not None:
            yield obj, text
    yield from _numbered(text, staged)


def _named(obj: str, key: str, staged: Staged, ledger: Ledger, target: str) -> Iterator[Found]:
    """Yield a record by its own name; what travels inside a ticket leads to what became that ticket."""
    of = homes(staged, [(obj, key)]).get((obj, key)) if obj in INSIDE else (obj, key)
    if of is not None and (ledger.entry(target, *of) is not None or _is_staged(*of, staged) or obj in ID_OF):
        yield of


def _is_staged(obj: str, key: str, staged: Staged) -> bool:
    """Whether it is a ticket, a chat or a call log that is staged."""
    family = next((one.family for one in CONVERSATIONS if one.name == obj), None)
    if family is None or not key.isdigit():
        return False
    return any(str(row[family.key]) == key for row in staged.columns(family.root.name, []))


def _at_address(url: str, ledger: Ledger, target: str) -> Iterator[Found]:
    for entry in ledger.with_id(target, url):
        if entry.object == ATTACHMENT.name:
            yield entry.object, entry.source_key
    for kind, number in pairwise(urlsplit(url).path.split("/")):
        if kind in KINDS and number.isdigit():
            for entry in ledger.with_id(target, number):
                if entry.object in KINDS[kind]:
                    yield entry.object, entry.source_key


def _numbered(number: str, staged: Staged) -> Iterator[Found]:
    """Yield the ticket (chat, call log) that has a number, or that was merged and had it."""
    for family in FAMILIES:
        for row in staged.columns(family.root.name, [family.number]):
            if str(row[family.number]) == number:
                yield family.name, str(row[family.key])
    for row in staged.columns("TicketMerges", ["TicketNumber"]):
        if str(row["TicketNumber"]) == number:
            yield TICKET.name, f"m{number}"
