"""A delta reaches every ticket that it changes, also those whose own rows are as they were."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from migrator_lib.delta import pages
from migrator_lib.delta.reach import Reach, reach, without_file
from migrator_lib.objects import TICKET
from migrator_lib.objects.base import Send
from migrator_lib.progress import Progress
from migrator_lib.staging import Staged
from tests.loading import PNG, TARGET, loader
from tests.shop import ANN, BASE, BOB, DANA, GONE, Shop
from tests.updating import Loaded, loaded

CARL = "carl@there.example"
OTHER = {"UserID": DANA, "UserID_Customer": BOB, "CustomerEmailAddress": "bob@home.example"}
WRITES_OF_CARL, ASSIGNED_TO_GONE, NOTED_BY_NOBODY, OF_ANN, UNTOUCHED, OF_EVA, WORKED_ON = 1, 2, 3, 4, 5, 6, 7


def before(folder: Path) -> Shop:
    shop = Shop(folder)
    shop.add("Users", {"UserID": 77, "Email": "left@demo.example", "DisplayName": "Lee Left"})
    shop.add(
        "Tickets",
        {**OTHER, "TicketID": WRITES_OF_CARL},
        {**OTHER, "TicketID": ASSIGNED_TO_GONE, "UserID": GONE},
        {**OTHER, "TicketID": NOTED_BY_NOBODY, "UserID": None},
        {**OTHER, "TicketID": OF_ANN, "UserID_Customer": ANN, "CustomerEmailAddress": "ann@home.example"},
        {**OTHER, "TicketID": UNTOUCHED, "UserID": None},
        {**OTHER, "TicketID": OF_EVA, "UserID": None, "UserID_Customer": None, "CustomerEmailAddress": "e@x.example"},
        {**OTHER, "TicketID": WORKED_ON, "UserID": None},
    )
    shop.add("TimeLogs", {"TicketID": WORKED_ON, "TimeLogID": 1, "UserID": 77})
    shop.add("TicketLinks", {"TicketID": WORKED_ON, "TicketLinkID": 9, "TicketID_Secondary": OF_EVA})
    bob = {"UserID_From": BOB, "FromAddress": "Bob <bob@home.example>"}
    shop.add(
        "TicketMessages",
        {**bob, "TicketID": WRITES_OF_CARL, "TicketMessageID": 1},
        {**bob, "TicketID": WRITES_OF_CARL, "TicketMessageID": 2, "UserID_From": None,
         "FromAddress": "Carl <Carl@There.example>"},
        {**bob, "TicketID": ASSIGNED_TO_GONE, "TicketMessageID": 3, "UserID_From": None, "FromAddress": "e@x.example"},
        {**bob, "TicketID": UNTOUCHED, "TicketMessageID": 4},
        {**bob, "TicketID": NOTED_BY_NOBODY, "TicketMessageID": 5},
    )  # fmt: skip
    shop.add("TicketComments", {"TicketID": NOTED_BY_NOBODY, "TicketCommentID": 1, "UserID": 77})
    return shop


def change(shop: Shop, user: int, **values: object) -> None:
    """Change a user's row."""
    shop.tables["Users"] = [
        {**row, **values} if row["UserID"] == user else row for row in shop.tables.get("Users", BASE["Users"])
    ]


def carl_registers(shop: Shop) -> None:
    shop.add("Users", {"UserID": 99, "Email": CARL})


def carl_writes_a_ticket(shop: Shop) -> None:
    shop.add("Tickets", {**OTHER, "TicketID": 9, "UserID_Customer": None, "CustomerEmailAddress": CARL})


def the_only_ticket_of_somebody_is_merged_away(shop: Shop) -> None:
    shop.tables["Tickets"] = [row for row in shop.tables["Tickets"] if row["TicketID"] != OF_EVA]


def an_agent_comes_back(shop: Shop) -> None:
    change(shop, GONE, IsDeleted=False)


def an_agent_is_called_otherwise(shop: Shop) -> None:
    change(shop, GONE, DisplayName="Gustav")


def somebody_who_was_an_agent_once_is_called_otherwise(shop: Shop) -> None:
    change(shop, 77, DisplayName="Lea Left")


def an_agent_becomes_a_customer(shop: Shop) -> None:
    shop.tables["UsersInGroups"] = [row for row in BASE["UsersInGroups"] if row["UserID"] != DANA]


def a_customer_is_removed(shop: Shop) -> None:
    shop.tables["Users"] = [row for row in shop.tables["Users"] if row["UserID"] != ANN]


def an_account_takes_the_address_of_another(shop: Shop) -> None:
    change(shop, ANN, Email="bob@home.example")  # who is first of the two has the address


def a_link_is_made(shop: Shop) -> None:
    shop.add("TicketLinks", {"TicketID": OF_ANN, "TicketLinkID": 1, "TicketID_Secondary": OF_EVA})


def a_link_goes(shop: Shop) -> None:
    shop.tables["TicketLinks"] = []


CASES = {
    carl_registers: {WRITES_OF_CARL},
    carl_writes_a_ticket: {WRITES_OF_CARL},
    the_only_ticket_of_somebody_is_merged_away: {ASSIGNED_TO_GONE, WORKED_ON},
    an_agent_comes_back: {ASSIGNED_TO_GONE},
    an_agent_is_called_otherwise: {ASSIGNED_TO_GONE},
    somebody_who_was_an_agent_once_is_called_otherwise: {NOTED_BY_NOBODY, WORKED_ON},
    an_agent_becomes_a_customer: {WRITES_OF_CARL, OF_ANN},
    a_customer_is_removed: {OF_ANN},
    a_link_is_made: {OF_ANN, OF_EVA},
    a_link_goes: {WORKED_ON, OF_EVA},
}


def hashes(shop: Shop, staged: Staged) -> dict[str, str]:
    lookups = shop.lookups(staged)
    outcomes = ((record.key, TICKET.transform(record, lookups)) for record in TICKET.records(staged, lookups))
    return {key: outcome.hash for key, outcome in outcomes if isinstance(outcome, Send)}


def reached(shop: Shop, *states: Staged) -> Reach:
    return reach(states, shop.parameters(), Progress(shop.folder / "progress.json", "07_cutover"))


def differing(shop: Shop, old: Staged, new: Staged) -> set[int]:
    """Return the tickets that are in both, and are sent otherwise."""
    was, now = hashes(shop, old), hashes(shop, new)
    return {int(key) for key in was.keys() & now.keys() if was[key] != now[key]}


@pytest.mark.parametrize(("happens", "shown_in"), CASES.items(), ids=[one.__name__ for one in CASES])
def test_exactly_the_tickets_that_show_who_changed_are_found_without_a_payload(
    tmp_path: Path, happens: Callable[[Shop], None], shown_in: set[int]
) -> None:
    shop = before(tmp_path)
    old = shop.stage("full")
    happens(shop)
    new = shop.stage("later")
    assert differing(shop, old, new) == shown_in, "what the load would send"
    assert reached(shop, old, new).tickets - {9} == shown_in


def test_whoever_shares_an_address_with_an_account_that_changed_is_found_too(tmp_path: Path) -> None:
    shop = before(tmp_path)
    old = shop.stage("full")
    an_account_takes_the_address_of_another(shop)
    new = shop.stage("later")
    changed = differing(shop, old, new)
    assert {UNTOUCHED, WRITES_OF_CARL} <= changed
    assert changed <= reached(shop, old, new).tickets


def test_a_definition_that_any_ticket_may_show_is_said_to_reach_all(tmp_path: Path) -> None:
    shop = before(tmp_path)
    old = shop.stage("full")
    shop.tables["Groups"] = [{**BASE["Groups"][0], "GroupName": "Parcels"}]
    found = reached(shop, old, shop.stage("later"))
    assert found.definitions == {"Groups"}
    assert "Groups changed, which any ticket may show" in str(pages.reached(found))


def test_who_signed_in_or_changed_nothing_that_a_ticket_shows_reaches_no_ticket(tmp_path: Path) -> None:
    shop = before(tmp_path)
    old = shop.stage("full")
    change(shop, BOB, Language="fr", IsEmailVerified=True)
    found = reached(shop, old, shop.stage("later"))
    assert found == Reach()
    assert str(pages.reached(found)) == ""


def test_what_changed_and_changed_back_is_looked_at_since_a_load_may_have_begun_between(tmp_path: Path) -> None:
    shop = before(tmp_path)
    old = shop.stage("full")
    an_agent_is_called_otherwise(shop)
    between = shop.stage("between")
    change(shop, GONE, DisplayName="Gus Gone")
    new = shop.stage("later")
    assert reached(shop, old, new).tickets == frozenset()
    assert reached(shop, old, between, new).tickets == {ASSIGNED_TO_GONE}


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Loaded]:
    with loaded(tmp_path) as made:
        yield made


def test_what_a_delta_reaches_is_all_that_is_to_be_sent(there: Loaded) -> None:
    there.load()
    old = there.staged()
    tickets = [row["TicketID"] for row in there.shop.tables["Tickets"]]
    change(there.shop, DANA, DisplayName="Dana Director")
    there.shop.add("Users", {"UserID": 99, "Email": CARL})
    new = there.shop.stage("later")
    found = reached(there.shop, old, new)
    assert found.tickets <= set(tickets)
    assert found.tickets
    loader(there.shop, there.api, there.ledger, new).run(tickets=found.tickets)
    there.calls()
    assert loader(there.shop, there.api, there.ledger, new).run().updated() == 0
    assert not any(name.startswith("PUT") for name in there.calls())


def test_a_ticket_that_went_without_a_file_is_looked_at_again_since_the_file_may_have_come(there: Loaded) -> None:
    there.shop.add("TicketAttachments", {"TicketID": 2, "TicketAttachmentID": 70, "FileNameOnDisk": "late.png"})
    there.load()
    old = there.staged()
    found = without_file(there.ledger, TARGET, old)
    assert found.filed == {2}
    there.shop.file("late.png", PNG)
    new = there.staged()
    loader(there.shop, there.api, there.ledger, new).run(tickets=found.filed)
    assert there.entry("attachment", 70).state == "created"
    assert without_file(there.ledger, TARGET, new) == Reach()
    assert "1 ticket went without a file" in str(pages.reached(found))
    assert found.beside({2}) == Reach()


def test_a_call_follows_its_number_when_another_call_tells_whose_it_is(tmp_path: Path) -> None:
    nobody = {"CustomerUserID": None, "CustomerEmailAddress": "", "CustomerName": ""}
    shop = before(tmp_path).add(
        "CallLogs",
        {"CallLogID": 1, **nobody},
        {"CallLogID": 2, **nobody, "CustomerPhoneNumber": "+44 1632 960777"},
    )
    old = shop.stage("full")
    shop.add("CallLogs", {"CallLogID": 3})  # of Ann's, from the number of the first
    assert reached(shop, old, shop.stage("later")).others >= {("call_log", 1)}
    assert ("call_log", 2) not in reached(shop, old, shop.stage("later")).others


def test_a_page_tells_how_many_and_why(tmp_path: Path) -> None:
    shop = before(tmp_path)
    old = shop.stage("full")
    carl_registers(shop)
    found = reached(shop, old, shop.stage("later"))
    told = str(pages.reached(found))
    assert "1 person came, went or changed" in told
    assert "1 ticket that did not change may show them" in told
    assert CARL not in told + repr(found)
    carl_writes_a_ticket(shop)
    an_agent_is_called_otherwise(shop)
    the_only_ticket_of_somebody_is_merged_away(shop)
    assert reached(shop, old, shop.stage("later still")).people == 3  # Carl, who registered, counts once
    assert "No ticket shows any of them" in str(pages.reached(found.beside({WRITES_OF_CARL})))
