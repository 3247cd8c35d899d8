"""Whose chat or call it was: the customer, and the named rule by which that is told.

In this order: the account (``by_account``), the e-mail address (``by_address``), of a call the number: an organization
that has it (``by_organization``), somebody known who called from it or was called (``by_caller``), else a customer of
that number (``by_phone``); then the name alone, which makes a customer for this one chat or call (``by_name``), since
two people may have it; and at last the one unknown customer (``unknown``). Gorgias has a number on one customer only.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

PHONE_DIGITS = range(5, 16)
"""Digits of a telephone number (ITU E.164: at most 15); what has fewer is an extension or no number at all."""
Kind = Literal["chat", "call"]
RULES = {
    "by_account": "it names their account",
    "by_address": "it names their address",
    "by_organization": "its number is an organization's",
    "by_caller": "its number is somebody's, as another call or their account tells",
    "by_phone": "its number alone is known: a customer of that number",
    "by_name": "a name alone is known: a customer for this one chat or call",
    "unknown": "nothing is known: the unknown customer",
}
"""Rule by which the customer of a chat or call is told, in the order in which they are tried, to words."""
WORDS = re.compile(r"[A-Za-z@]{2}|\d\s*[xX#]\s*\d")
"""Withheld, anonymous, unknown; the address of an internet telephone; an extension, which many people may share."""


@dataclass(frozen=True)
class Contact:
    """The customer of a chat or call."""

    reference: str
    """``requester:u12`` or ``organization:3``."""
    rule: str

    @property
    def customer(self) -> dict[str, Any]:
        """The customer as a payload refers to one."""
        return {"id": {"$ref": self.reference}}


@dataclass(frozen=True)
class Asker:
    """The customer as a chat or call names one."""

    kind: Kind
    id: int
    account: int | None
    address: str
    name: str
    phone: str = ""
    """As Gorgias is given it; empty where there is none, or where it is withheld."""

    @property
    def own_key(self) -> str:
        """Source key of a customer of this number; else of one who is named here, and nothing else: ``c17``, ``l4``."""
        if self.phone:
            return "p" + hashlib.sha256(self.phone.encode()).hexdigest()[:16]  # so that no number is in an external id
        return f"{'c' if self.kind == 'chat' else 'l'}{self.id}"


def of_chat(row: Mapping[str, Any]) -> Asker:
    """Return the customer of a chat, a row of Chats."""
    return Asker("chat", row["ChatID"], row["CustomerUserID"], (row["CustomerEmailAddress"] or "").strip(),
                 (row["CustomerDisplayName"] or "").strip())  # fmt: skip


def of_call(row: Mapping[str, Any]) -> Asker:
    """Return the customer of a call, a row of CallLogs."""
    return Asker("call", row["CallLogID"], row["CustomerUserID"], (row["CustomerEmailAddress"] or "").strip(),
                 (row["CustomerName"] or "").strip(), phone_of(row["CustomerPhoneNumber"]))  # fmt: skip


CHAT_COLUMNS = ("CustomerUserID", "CustomerEmailAddress", "CustomerDisplayName", "IsDeleted")
CALL_COLUMNS = ("CustomerUserID", "CustomerEmailAddress", "CustomerName", "CustomerPhoneNumber", "IsDeleted")


def askers(chats: Iterable[Mapping[str, Any]], calls: Iterable[Mapping[str, Any]]) -> Iterator[Asker]:
    """Yield the customers of chats and calls that are not deleted."""
    yield from (of_chat(row) for row in chats if not row["IsDeleted"])
    yield from (of_call(row) for row in calls if not row["IsDeleted"])


def phone_of(text: str | None) -> str:
    """Return a telephone number as it is compared and sent: digits, with a plus in front of an international one.

    Empty for a withheld one, and for whatever else is no number.
    """
    bare = (text or "").replace("(0)", "").strip()
    digits = re.sub(r"\D", "", bare)
    if WORDS.search(bare):
        return ""
    if bare.startswith("00"):
        bare, digits = "+", digits[2:]
    if len(digits) not in PHONE_DIGITS:
        return ""
    return f"+{digits}" if bare.startswith("+") else digits
