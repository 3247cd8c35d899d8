"""Loading a hand-made shop into a simulated account, and looking at what is there."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from migrator_lib.control import Control
from migrator_lib.external_id import parse
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.ledger import Ledger
from migrator_lib.load import Loader, LoadReport
from migrator_lib.objects.notes import FOLLOWING
from migrator_lib.progress import Progress
from migrator_lib.simulators.gorgias import Account
from migrator_lib.simulators.gorgias.store import Store
from migrator_lib.smartertrack.files import FilesRoot
from migrator_lib.staging import Staged
from tests.shop import ANN, BOB, DANA, GONE, Shop, minutes

TARGET = "production"
PNG = b"\x89PNG picture"


def loader(
    shop: Shop, api: GorgiasApi, ledger: Ledger, staged: Staged | None = None, control: Control | None = None,
    **more: Any,
) -> Loader:  # fmt: skip
    staged = staged or shop.stage()
    return Loader(
        api=api, target=TARGET, ledger=ledger, staged=staged, lookups=shop.lookups(staged),
        files_root=FilesRoot.at(shop.files),
        progress=Progress(shop.folder / "progress.json", "05_load", lambda: ledger.renew_lease(), control), **more,
    )  # fmt: skip


def load(shop: Shop, api: GorgiasApi, ledger: Ledger, staged: Staged | None = None) -> LoadReport:
    return loader(shop, api, ledger, staged).run()


def thread(account: Account, key: int | str) -> list[str]:
    """Return the source keys of what people wrote on a ticket, in the order of its time."""
    (ticket,) = tickets(account, key)
    return [name.removeprefix("st:demo:ticket_") for name in thread_of(account, ticket)]


def thread_of(account: Account, ticket: dict[str, Any]) -> list[str]:
    """Return the external ids of what people wrote on a ticket, in the order of its time."""
    messages = account.store.by("message", "parent", ticket["id"])
    messages = [m for m in messages if (parse(m["external_id"], "demo") or ("",))[0] not in FOLLOWING]
    messages.sort(key=lambda message: (message["created_datetime"], message["id"]))
    return [str(message["external_id"]) for message in messages]


def tickets(account: Account, key: int | str) -> list[dict[str, Any]]:
    return account.store.by("ticket", "external_id", f"st:demo:ticket:{key}")


def ticket(account: Account, key: int | str) -> dict[str, Any]:
    (found,) = tickets(account, key)
    return found


def customer(account: Account, key: str) -> dict[str, Any]:
    (found,) = account.store.by("customer", "external_id", f"st:demo:requester:{key}")
    return found


def writes(account: Account) -> int:
    """Return how many POST, PUT and DELETE requests the account was sent."""
    return sum(n for endpoint, n in account.stats.by_endpoint.items() if not endpoint.startswith("GET"))


def everything(store: Store) -> dict[str, Counter[str]]:
    """Return the external ids (or names) of all that an account holds, with how often each is there."""
    found: dict[str, Counter[str]] = {}
    for kind in ("customer", "ticket", "message", "custom_field", "team", "tag", "macro", "survey"):
        with store.lock:
            documents = store.by_kind(kind)
        if kind == "survey":  # it carries its external id within
            documents = [document["meta"]["smartertrack"] for document in documents]
        keys = ("external_id", "name", "body_text")
        names = (next(filter(None, map(document.get, keys)), None) for document in documents)
        if documents or kind not in ("macro", "survey"):  # most shops have none
            found[kind] = Counter(str(name) for name in names)
    return found


def filled(folder: Path, tickets: int = 6) -> Shop:
    """Return a shop with some of everything."""
    shop = Shop(folder)
    shop.add("Tags", {"TagID": 1, "Name": "vip"})
    shop.add("Tasks", {"TaskID": 1, "TicketID": 1}).add("TagsInTasks", {"TagsInTasksID": 1, "TaskID": 1, "TagID": 1})
    shop.add("CustomDataFields", {"CustomFieldID": 4, "DisplayName": "Parcels"})
    shop.mapped["ticket_fields"] = {"4": {"name": "Parcels", "becomes": "number", "label": "Parcels"}}
    shop.add("Organizations", {"OrganizationID": 1, "OrganizationName": "Co", "PhoneNumber": "+44 1632 960009"})
    shop.add("OrganizationFilters", {"OrganizationFilterID": 1, "OrganizationID": 1, "FilterType": "Email",
                                     "FilterValue": "office@co.example"})  # fmt: skip
    shop.add("Events", {"EventID": 1, "Name": "Escalate"})
    shop.file("5.att", PNG)
    for number in range(1, tickets + 1):
        _ticket(shop, number)
    return shop


def _ticket(shop: Shop, number: int) -> None:
    account = (ANN, BOB, None)[number % 3]
    address = ("ann@home.example", "bob@home.example", f"guest{number}@there.example")[number % 3]
    key, first = {"TicketID": number}, number * 100
    people = {"UserID_Customer": account, "CustomerEmailAddress": address, "UserID": (DANA, GONE)[number % 2]}
    shop.add("Tickets", {**key, **people, "TicketStatusID": 1 + number % 3})
    for n in range(1 + number % 4):
        message = {"MessageDirection": n % 2, "DateReceivedUTC": minutes(n), "UserID_From": DANA if n % 2 else None}
        markup = '<img src="cid:pic@1">' if number == 1 else None
        shop.add("TicketMessages", {**key, "TicketMessageID": first + n, "BodyHTML": markup, **message})
    if number % 2:
        shop.add("TicketComments", {**key, "TicketCommentID": number, "DateEnteredUTC": minutes(30)})
        shop.add("CustomDataFieldsInTickets", {**key, "CustomFieldID": 4, "DataContent": str(number)})
    if number in (1, 2):
        file = {"FileNameOnDisk": "5.att", "Length": len(PNG), "CidTagName": "pic@1" if number == 1 else None}
        shop.add("TicketAttachments", {**key, "TicketAttachmentID": number, "TicketMessageID": first, **file})
