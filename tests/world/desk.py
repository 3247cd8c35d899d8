"""The source of a simulated world: a help desk on SQLite that things happen to, and stages of it."""

from __future__ import annotations

import atexit
import shutil
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import sqlalchemy as sa

from migrator_lib import delta
from migrator_lib.delta import Changes
from migrator_lib.lookups import Lookups
from migrator_lib.parameters import Parameters
from migrator_lib.smartertrack.tables import Chosen, source_table
from migrator_lib.staging import Staged
from tests.delta.moving import Doing, Moving
from tests.shop import ANN, BOB, DANA, GONE, Shop
from tests.world.talks import CODES, Talking, rate

MEMORY = Path("/dev/shm")
FILES = 3
RATED = ({"TicketID": 2}, {"TicketID": 3}, {"TicketID": 3}, {"ChatID": 1}, {"TicketID": 77})
"""Whose survey was answered: one ticket's twice, and one's that the source does not hold."""
STAFF, REQUESTERS = (DANA, GONE, None), (ANN, BOB, None)


def scratch(name: str) -> Path:
    """Return a new folder that goes with the process; in memory where there is any, as no power is cut here."""
    folder = Path(mkdtemp(prefix=name, dir=MEMORY if MEMORY.is_dir() else None))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def definitions() -> Shop:
    """Return a shop with everything but tickets, staged as ``definitions``; made once for each process."""
    shop = Shop(scratch("world-definitions-"))
    shop.add("Tags", *({"TagID": n, "Name": f"tag {n}"} for n in (1, 2)))
    shop.add("CustomDataFields", {"CustomFieldID": 1, "DisplayName": "Color"})
    shop.mapped["ticket_fields"] = {"1": {"name": "Color", "becomes": "text", "label": "Color"}}
    shop.add("Organizations", {"OrganizationID": 1, "OrganizationName": "Co", "PhoneNumber": "+44 1632 960009"})
    shop.add("OrganizationFilters", {"OrganizationFilterID": 1, "OrganizationID": 1, "FilterType": "Email",
                                     "FilterValue": "office@co.example"})  # fmt: skip
    shop.mapped |= {**CODES, "survey_questions": {"1": {"name": "How satisfied?", "becomes": "score"}}}
    shop.add("CannedReplies", *({"CannedReplyID": n, "Subject": f"Reply {n}", "Body": f"<p>Hello {n}</p>",
                                 "IsForTickets": True, "IsForChats": True} for n in (1, 2)))  # fmt: skip
    for n, where in enumerate(RATED):
        rate(shop, n, where)
    for n in range(FILES):
        shop.file(f"{n}.bin", content(n))
    shop.write("definitions")
    return shop


def content(number: int) -> bytes:
    """Return what a file holds."""
    return f"file {number}".encode() * (number + 1)


class Desk(Talking):
    """A help desk whose tickets, chats and calls have people, states, and files that are there."""

    def __init__(self, folder: Path) -> None:
        self.shop = definitions()
        shutil.copy(_empty(), folder / "source.sqlite3")
        super().__init__(f"sqlite:///{folder / 'source.sqlite3'}", folder)

    def begin(self) -> None:
        """Forget what was staged."""
        super().begin()
        shutil.rmtree(self.folder / str(self.examples - 1), ignore_errors=True)

    def fill(self) -> None:
        """Begin anew: a few tickets, chats and calls that have something of everything."""
        super().fill()
        self.do(*self.talks())

    def ticket(self, key: int, at: datetime) -> list[sa.Executable]:
        """A ticket with an agent, a requester, a state and two messages."""
        account = REQUESTERS[key % 3]
        address = {ANN: "ann@home.example", BOB: "bob@home.example"}.get(account or 0, f"guest{key % 7}@there.example")
        status = 1 + key % 3
        values = {
            "TicketNumber": f"100-{key:08X}-0001", "DateOpenedUTC": at, "Subject": f"T {key}", "DepartmentID": 1,
            "GroupID": 11, "TicketPriorityID": 1 + key % 2, "TicketStatusID": status, "UserID": STAFF[key % 3],
            "UserID_Customer": account, "CustomerEmailAddress": address,
            "DateClosedUTC": at + timedelta(hours=1) if status == 3 else None,
        }  # fmt: skip
        return [self.insert("Tickets", TicketID=key, **values), self.message(key, key, at)]

    def message(self, ticket: int, key: int, at: datetime, **more: Any) -> sa.Executable:
        """A message by the ticket's requester, or by an agent."""
        outgoing = key % 2
        sender = "support@demo.example" if outgoing else f"guest{ticket % 7}@there.example"
        picture = f'<img src="cid:{ticket}@pic">' if key % 4 == 0 else ""
        values = {"FromAddress": sender, "UserID_From": DANA if outgoing else None,
                  "BodyHTML": f"<p>{key}</p>{picture}"}  # fmt: skip
        return super().message(ticket, key, at, **{**values, **more})

    def attachment(self, ticket: int, key: int, at: datetime) -> sa.Executable:
        """One of few files: several rows may name the same."""
        return self.insert("TicketAttachments", TicketID=ticket, TicketAttachmentID=key,
                           TicketMessageID=key if key == ticket else 0, CidTagName=f"{key}@pic",
                           **_file(key, at))  # fmt: skip

    def file_of(self, table: str, owner: int, key: int, at: datetime) -> sa.Executable:
        """A file of a chat or a call: one of the same few."""
        owned, own = source_table(table).key
        return self.insert(table, **{owned: owner, own: key}, **_file(key, at))

    def stage(self, name: str, only: Chosen | None, meanwhile: Sequence[Doing] = ()) -> Path:
        """Stage tickets, chats and calls, and the definitions as they always are."""
        folder = super().stage(name, only, meanwhile)
        place = self.shop.folder / "staged" / "definitions"
        for table in place.iterdir():
            if not (folder / table.name).exists():
                (folder / table.name).symlink_to(table)
        return folder

    def read_delta(self, mark: delta.Watermark) -> tuple[delta.Watermark, Changes]:
        """Stage what the watermark leads to, and what only a comparison of everything finds; return the next mark."""
        began = delta.take(self.database)
        traced = self.changes(only=self.since(mark).by_family)
        found = traced | self.changes(leave_out=traced.touched)
        self.lay_over(found)
        return began, found

    def lookups(self, staged: Staged, parameters: Parameters | None = None) -> Lookups:
        """Return the look-ups under the mapping that is proposed for the definitions."""
        return Lookups.of(staged, _mapping(), parameters or self.shop.parameters())


def _file(key: int, at: datetime) -> dict[str, Any]:
    """Return what all rows of attachments say of a file; several may name the same."""
    number = key % FILES
    return {"FileNameOriginal": f"{number}.pdf", "FileNameOnDisk": f"{number}.bin", "CreationDateUTC": at,
            "Length": len(content(number))}  # fmt: skip


@cache
def the_desk() -> Desk:
    """Return the help desk of this process's worlds, which ``fill`` begins anew: to open it takes longer than a day."""
    return Desk(scratch("world-desk-"))


@cache
def _mapping() -> Any:
    shop = definitions()
    return shop.mapping(Staged([shop.folder / "staged" / "definitions"]))


@cache
def _empty() -> Path:
    """Return a database with the tables, and nothing in them: making them takes longer than all of the rest."""
    folder = scratch("world-empty-")
    Moving(f"sqlite:///{folder / 'source.sqlite3'}", folder).close()
    return folder / "source.sqlite3"
