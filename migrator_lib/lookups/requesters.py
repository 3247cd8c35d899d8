"""Requesters: who is the customer of a ticket, a chat or a call, by account, address, number or name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from migrator_lib import contacts
from migrator_lib.contacts import Asker, Contact
from migrator_lib.lookups.organizations import Organizations
from migrator_lib.lookups.text import is_email, lowered, requester_key_of_address
from migrator_lib.parameters import Parameters
from migrator_lib.staging import Row, Staged

UNKNOWN_REQUESTER = "unknown"
PHONE_NAMES = ("phone", "phone number", "telephone", "telephone number", "mobile", "mobile phone", "cell phone")


class Requesters(Organizations):
    """Look-ups of customers."""

    @cached_property
    def requester_of_address(self) -> dict[str, str]:
        """Lowered address to the key of the requester who has it; accounts come first, lowest id first.

        What is no address (``none``, ``n/a``) makes no two accounts one.
        """
        found: dict[str, str] = {}
        for user_id in sorted(self.requester_accounts):
            address = lowered(self.users[user_id]["Email"])
            if is_email(address):
                found.setdefault(address, f"u{user_id}")
        for account, address in self.ticket_requesters:
            if account not in self.requester_accounts and lowered(address):
                found.setdefault(lowered(address), requester_key_of_address(address))
        return found

    @cached_property
    def sharing(self) -> dict[str, list[int]]:
        """Requester's key to the other accounts with the same address, which are one customer with it, by id."""
        found: dict[str, list[int]] = {}
        for user_id in sorted(self.requester_accounts):
            owner = self.requester_of_account(user_id)
            if owner != f"u{user_id}":
                found.setdefault(owner, []).append(user_id)
        return found

    @cached_property
    def shared_mailboxes(self) -> set[str]:
        """The requesters (by key) whose address is that of accounts with several names: of a mailbox, not a person."""

        def name(user_id: int) -> str:
            return " ".join(str(self.users[user_id]["DisplayName"] or "").lower().split())

        accounts = ((owner, (int(owner[1:]), *others)) for owner, others in self.sharing.items())
        return {owner for owner, ids in accounts if len({name(one) for one in ids} - {""}) > 1}

    @cached_property
    def phone_fields(self) -> set[int]:
        """Custom fields of users that hold phone numbers.

        UNVERIFIED: SmarterTrack's table of users has no column for it, so it is most likely a custom field with a
        special mapping. Taken are those whose special mapping or whole name says so, or those that engagement.yaml
        names.
        """
        named = self.parameters.organizations.phone_fields
        return set(named) or {
            key
            for key, row in self.custom_fields.items()
            if "phone" in lowered(row.get("SpecialMapping")) or lowered(row["DisplayName"]) in PHONE_NAMES
        }

    @cached_property
    def requester_of_phone(self) -> dict[str, str]:
        """Phone number, as it is compared, to the first account without a valid address that has it as its channel.

        A number of an organization is the organization's.
        """
        found: dict[str, str] = {}
        for user_id in sorted(self.requester_accounts if self.phone_fields else ()):
            if not is_email(lowered(self.users[user_id]["Email"])):
                for row in self.user_fields.get(user_id, ()):
                    number = contacts.phone_of(row["DataContent"]) if row["CustomFieldID"] in self.phone_fields else ""
                    if number and number not in self.organization_of_phone:
                        found.setdefault(number, f"u{user_id}")
        return found

    @cached_property
    def numbers_of(self) -> dict[str, list[str]]:
        """Requester's key to the phone numbers that are its channels."""
        found: dict[str, list[str]] = {}
        for number, key in self.requester_of_phone.items():
            found.setdefault(key, []).append(number)
        return found

    @cached_property
    def requester_accounts(self) -> set[int]:
        """Accounts that are requesters: everyone who is no agent, and agents who opened tickets themselves."""
        asked = {user_id for user_id, _ in self.ticket_requesters if user_id in self.users}
        plain = {i for i, row in self.users.items() if i not in self.agents and not row.get("IsQueue")}
        return plain | {i for i in asked if not self.users[i].get("IsQueue")}

    def requester_of_account(self, user_id: int) -> str:
        """Return the key of the requester whom an account becomes: its own, or the one who has its address before.

        An account whose address is none (``n/a``) is its own, also where a ticket without an account says the same.
        """
        address, own = lowered(self.users[user_id]["Email"]), f"u{user_id}"
        return self.requester_of_address.get(address, own) if is_email(address) else own

    def requester_key(self, user_id: int | None, address: str | None) -> str:
        """Return the key of the requester of a ticket: by account, else by address, else the unknown one."""
        if user_id is not None and user_id in self.requester_accounts:
            return self.requester_of_account(user_id)
        return self.requester_of_address.get(lowered(address), UNKNOWN_REQUESTER)

    def contact(self, who: Asker) -> Contact:
        """Return the customer of a chat or call, and by which rule (:mod:`migrator_lib.contacts`)."""
        if who.account in self.requester_accounts:
            return Contact(f"requester:{self.requester_key(who.account, None)}", "by_account")
        if is_email(who.address) and lowered(who.address) in self.requester_of_address:
            return Contact(f"requester:{self.requester_of_address[lowered(who.address)]}", "by_address")
        if who.phone:
            return self._contact_of_phone(who)
        if who.name:
            return Contact(f"requester:{who.own_key}", "by_name")
        return Contact(f"requester:{UNKNOWN_REQUESTER}", "unknown")

    def _contact_of_phone(self, who: Asker) -> Contact:
        if who.phone in self.organization_of_phone:
            return Contact(f"organization:{self.organization_of_phone[who.phone]}", "by_organization")
        if who.phone in self.requester_of_phone:
            return Contact(f"requester:{self.requester_of_phone[who.phone]}", "by_caller")
        other = self.callers.get(who.phone)
        if other is not None and is_known(other, self.users):
            return Contact(self.contact(other).reference, "by_caller")
        return Contact(f"requester:{who.own_key}", "by_phone")

    def owner_of_number(self, phone: str) -> str:
        """Return the reference of the customer of a call that tells nothing but this number."""
        return self.contact(Asker("call", 0, None, "", "", phone)).reference


def ticket_requesters(staged: Staged) -> list[tuple[int | None, str]]:
    """Return the distinct (account, address) pairs of all tickets, by their first ticket.

    In the order of tickets, not of stages, so that a delta does not change who comes first.
    """
    found: dict[tuple[int | None, str], int] = {}
    for row in staged.columns("Tickets", ["UserID_Customer", "CustomerEmailAddress"]):
        pair = row["UserID_Customer"], row["CustomerEmailAddress"] or ""
        found[pair] = min(found.get(pair, row["TicketID"]), row["TicketID"])
    return sorted(found, key=lambda pair: (found[pair], str(pair)))


def askers(staged: Staged, parameters: Parameters) -> Iterator[Asker]:
    """Yield the customers of all chats, and of the calls that are in scope; deleted ones count for nothing."""
    calls = staged.columns("CallLogs", contacts.CALL_COLUMNS) if parameters.policy.call_logs == "migrate" else ()
    return contacts.askers(staged.columns("Chats", contacts.CHAT_COLUMNS), calls)


def is_known(who: Asker, users: Mapping[int, Row]) -> bool:
    """Whether an account or an address tells who it is."""
    account = users.get(who.account) if who.account is not None else None
    return (account is not None and not account.get("IsQueue")) or is_email(who.address)


def of_chats_and_calls(
    found: Iterable[Asker], users: Mapping[int, Row]
) -> tuple[list[tuple[int | None, str]], dict[str, Asker]]:
    """Return (account, address) pairs as of tickets, (None, "") where nothing tells who it was; and who had a number.

    In the order of chats and calls, not of stages. Of a number the first whom an account or an address tells counts,
    else the first.
    """
    pairs: dict[tuple[int | None, str], tuple[bool, int]] = {}
    by_phone: dict[str, tuple[bool, int, Asker]] = {}
    for who in found:
        place, known = (who.kind == "call", who.id), is_known(who, users)
        if known or not (who.phone or who.name):
            pair = who.account, who.address if is_email(who.address) else ""
            pairs[pair] = min(pairs.get(pair, place), place)
        if who.phone:
            own = (not known, who.id, who)
            by_phone[who.phone] = min(by_phone.get(who.phone, own), own, key=lambda one: one[:2])
    return sorted(pairs, key=lambda pair: (pairs[pair], str(pair))), {phone: one[2] for phone, one in by_phone.items()}
