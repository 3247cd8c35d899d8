"""Who a report must not name: requesters, as the staged data knows them.

Names are kept as hashes of their words, 8 bytes each, and telephone numbers as digits, so that hundreds of thousands of
people are a few megabytes. A name is one of two words or more: a single one (``May``, ``Will``) cannot be told from a
word of the text, and is not looked for.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from migrator_lib.contacts import phone_of
from migrator_lib.lookups.agents import agents_of, employee_roles
from migrator_lib.lookups.text import addresses, lowered
from migrator_lib.staging import Row, Staged

WORD = re.compile(r"[^\W\d_]+")
MOST_WORDS = 6
SHORTEST = 5
"""Letters of a name, all words together; what is shorter are initials."""
NUMBER_DIGITS = range(7, 16)
COUNTRY = 3
"""Digits of the longest country code, with which a number may be written or not."""


def words_of(name: str) -> tuple[str, ...]:
    """Return a name's words as they are compared."""
    return tuple(WORD.findall(unicodedata.normalize("NFKC", name).casefold()))


class People:
    """Names and telephone numbers of requesters."""

    def __init__(
        self, names: Iterable[str], phones: Iterable[str] = (), known: Iterable[str] = (), own: str = ""
    ) -> None:
        """Note who is not to be named.

        Args:
            names: of requesters, as the source writes them.
            phones: their numbers, likewise.
            known: names that stay: agents, whoever signed, departments, brands.
            own: what the runbook itself says; a name of its everyday words counts only where it is written as a name,
                and one of its phrases (``Live chat``) is none.
        """
        stay = {key for name in known for key in _keys(words_of(name))}
        said = words_of(own)
        phrases, everyday = f" {' '.join(said)} ", frozenset(said)
        rare, common, self.first = set[int](), set[int](), set[str]()
        for name in names:
            words = words_of(name)
            is_common = everyday.issuperset(words)
            if is_common and f" {' '.join(words)} " in phrases:
                continue
            for key in _keys(words):
                if key not in stay:
                    (common if is_common else rare).add(hash(key))
                    self.first.add(key[0])
        self._rare, self._common = array("q", sorted(rare)), array("q", sorted(common))
        self.names = len(rare) + len(common)
        """How many are known, in either order of their words."""
        self.numbers = {digits for phone in phones for digits in _written(phone)}

    def is_name(self, words: tuple[str, ...], *, capital: bool) -> bool:
        """Whether words are a requester's name. One of everyday words alone counts only where it is written as one."""
        key = hash(words)
        return _holds(self._rare, key) or (capital and _holds(self._common, key))


def _holds(numbers: array[int], number: int) -> bool:
    at = bisect_left(numbers, number)
    return at < len(numbers) and numbers[at] == number


def _keys(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield a name's words in both orders in which it is written, where it is one that can be told from others."""
    told = [word for word in words if len(word) > 1]
    if len(told) > 1 and len(words) <= MOST_WORDS and sum(map(len, words)) >= SHORTEST:
        yield words
        yield words[-1], *words[:-1]


def _written(phone: str) -> Iterator[str]:
    """Yield the digits of a number as they may be written: whole, and without its country code."""
    digits = re.sub(r"\D", "", phone_of(phone))
    if len(digits) in NUMBER_DIGITS:
        yield digits
        if phone_of(phone).startswith("+"):
            yield from (digits[n:] for n in range(1, COUNTRY + 1) if len(digits) - n > NUMBER_DIGITS.start)
        else:
            yield digits.removeprefix("0")


# --- from the staged data ------------------------------------------------------------------------------


def of_stage(staged: Staged, signers: Iterable[str], own: str) -> People:
    """Return the requesters of staged data: accounts that are no agents, who chatted and called, and who wrote.

    Args:
        staged: the extract with every delta.
        signers: names that stand under signatures, and others that stay.
        own: see :class:`People`.
    """
    agents = _agents(staged)
    stay = [*signers, *agents.values(), *_definitions(staged)]
    return People(_names(staged, agents), _phones(staged), stay, own)


def _agents(staged: Staged) -> dict[int, str]:
    """Return the company's own people by their ids."""
    held = employee_roles(staged)
    may_be = {row["UserID"] for row in staged.rows("UsersInGroups")} | set(held)
    users = {row["UserID"]: row for row in staged.layers("Users") if row["UserID"] in may_be}
    return {one: str(users[one]["DisplayName"] or "") for one in agents_of(users, staged, held)}


def _definitions(staged: Staged) -> Iterator[str]:
    """Yield what departments, groups and brands are called: it is no person, whoever else is called so."""
    for table, column in (("Departments", "DisplayName"), ("Groups", "GroupName"), ("Brands", "BrandName")):
        yield from (str(row[column] or "") for row in staged.rows(table))


def _names(staged: Staged, agents: dict[int, str]) -> Iterator[str]:
    yield from (str(row["DisplayName"] or "") for row in staged.layers("Users") if row["UserID"] not in agents)
    for table, column in (("Chats", "CustomerDisplayName"), ("CallLogs", "CustomerName")):
        yield from (str(row[column] or "") for row in staged.columns(table, [column]))
    senders = ("FromAddress", "CcAddresses")  # who is copied has no account, as a rule
    for row in staged.columns("TicketMessages", senders):
        for text in filter(None, (row[name] for name in senders)):
            if "<" in text or "(" in text:
                yield from (one["name"] for one in addresses(text))


def _phones(staged: Staged) -> Iterator[str]:
    yield from (str(row["CustomerPhoneNumber"] or "") for row in staged.columns("CallLogs", ["CustomerPhoneNumber"]))
    fields = {row["CustomFieldID"] for row in staged.rows("CustomDataFields") if _is_phone_field(row)}
    for row in staged.layers("CustomDataFieldsForUsers"):
        value = str(row["DataContent"] or "").strip()
        if row["CustomFieldID"] in fields or value.startswith(("+", "0")):
            yield value


def _is_phone_field(row: Row) -> bool:
    """Whether a custom field of people holds numbers, as far as its name or meaning says so."""
    meaning = lowered(row.get("SpecialMapping")) + lowered(row["DisplayName"])
    return any(word in meaning for word in ("phone", "mobile", "fax", "telefon"))
