"""What mends what: every reason that the program gives is known, and its advice can be followed."""

from __future__ import annotations

import pytest

from migrator_lib.gorgias.transport import TRY_ANEW
from migrator_lib.ledger import Entry
from migrator_lib.objects import attachment
from migrator_lib.quarantine.mends import KINDS, NEXT, kind_of, mender
from migrator_lib.reconcile.accounts import NO_TICKET, UNREADABLE
from tests.shop import Shop

REASONS = {
    attachment.MISSING: "file is not there",
    attachment.AMBIGUOUS.format(n=2): "several files may be it",
    attachment.DIFFERS: "file is damaged or was replaced",
    attachment.UNREADABLE.format(why="Permission denied"): "file cannot be read",
    "the file is not what it was when it was indexed: it was damaged or replaced": "file is damaged or was replaced",
    "the file is larger than target.upload_limit_bytes (25,000,000)": "file is too large",
    "Gorgias answered POST /api/tickets with 413: Too large; the request has 21.0 MB": "too large for one call",
    "Gorgias answered POST /api/tickets with 400: Bad request (subject: Too long.)": "refused by Gorgias",
    "its customer (requester:u7) is not in Gorgias": "waits for another record",
    "status 9 is not in mapping.yaml": "not in the mapping",
    "the agent has no valid e-mail address, and Gorgias knows users by it": "agent without a valid address",
    "DateOpenedUTC is empty or no date, and a ticket's creation date cannot be mended later":
        "date is missing or has not come yet",
    "2 of its messages have a date that has not come yet, at which Gorgias could send them":
        "date is missing or has not come yet",
    "it forwards in a circle: 28 → 28": "article leads to none",
    "Gorgias failed on it 4 times, and no look-up finds it; the last time: reset": "Gorgias did not answer for it",
    "Gorgias failed 4 times on a file of 9 bytes; the last time: reset": "Gorgias did not answer for it",
    "Gorgias fails on it, though it answers other calls: 500": "Gorgias did not answer for it",
    "POST /api/tickets was not sent, since Gorgias would not take it: subject: too long":
        "a value that Gorgias would not take",
    "nobody has heard of this": "something else",
}  # fmt: skip


@pytest.mark.parametrize(("reason", "kind"), REASONS.items())
def test_a_reason_is_of_the_kind_that_its_words_tell(reason: str, kind: str) -> None:
    assert kind_of("", reason).words == kind


def test_a_rule_tells_the_kind_before_any_words() -> None:
    assert kind_of(NO_TICKET, attachment.MISSING).words == "hangs on a ticket that is not there"
    assert kind_of(UNREADABLE, "whatever").words == "cannot be read"


def test_every_kind_is_met_by_a_reason_or_a_rule_and_its_advice_has_no_gap(shop: Shop) -> None:
    mend = mender(shop.parameters(), 25_000_000)
    told = [mend(Entry("ticket", "1", "quarantined", reason=reason)) for reason in REASONS]
    told += [mend(Entry("ticket", "1", "quarantined", rule=rule, reason="r")) for rule in (NO_TICKET, UNREADABLE)]
    assert {one.kind for one in told} == set(KINDS)
    assert not [one.advice for one in told if "{" in one.advice or not one.advice.endswith(".")]


def test_what_an_error_says_itself_goes_before_what_its_kind_says_and_addresses_are_masked(shop: Shop) -> None:
    mend = mender(shop.parameters(), 1)
    own = mend(Entry("tag", "1", "quarantined", reason=f"ann@home.example is odd{NEXT}look at it."))
    assert (own.reason, own.advice) == ("a***@***.example is odd", "look at it.")
    refused = mend(Entry("tag", "1", "quarantined", reason=f"Gorgias answered no{NEXT}{TRY_ANEW}"))
    assert refused.advice == refused.kind.advice
