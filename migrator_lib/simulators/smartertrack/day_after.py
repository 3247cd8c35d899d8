"""A day of work in the simulated shop after it was built, so that a cutover has a delta to fetch.

What happens is what a delta must find: new tickets, new messages and comments on old ones, a closed ticket opened
again, tickets closed, one deleted, and one merged into another. A merged ticket's row is gone afterwards: its parts
belong to the surviving ticket, and its number is only in TicketMerges.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from migrator_lib.simulators.smartertrack import rows, stories, tickets
from migrator_lib.simulators.smartertrack.files import FileTree, pdf
from migrator_lib.simulators.smartertrack.history import DELETED, MERGED, RECEIVED, STATUS_CHANGED
from migrator_lib.simulators.smartertrack.people import FIRST_CUSTOMER, Customer, World
from migrator_lib.simulators.smartertrack.schema import CEILING, Writer, metadata
from migrator_lib.simulators.smartertrack.shop import AGENTS, Shop, mailbox
from migrator_lib.simulators.smartertrack.thread import ACTIVE, CLOSED, INCOMING, LOCKED, OUTGOING, WAITING

BEGIN = datetime(2026, 7, 1, 7, 30)
END = datetime(2026, 7, 1, 17, 0)
MARKER = ("Simulator", "DayAfter")
LATE, LATE_MARKER = datetime(2026, 7, 2, 8, 10), ("Simulator", "LateMessage")
"""A message that comes when everybody should have moved on, and what says that it came."""
KINDS = ("new_tickets", "messages", "reopened", "comments", "closed", "attachments", "merged", "deleted")
NEW_TICKETS, MESSAGES, COMMENTS, CLOSURES = 8, 12, 5, 6
COUNTERS = {"TicketMessages": "TicketMessageID", "TicketComments": "TicketCommentID", "TicketAttachments": "TicketAttachmentID",
            "TicketEmails": "TicketEmailID", "TicketLinks": "TicketLinkID", "Tasks": "TaskID", "TimeLogs": "TimeLogID",
            "TagsInTasks": "TagsInTasksID", "SurveysOffered": "SurveyOfferedID",
            "SurveyQuestionAnswers": "SurveyQuestionAnswerID"}  # fmt: skip
PARTS = (
    ("TicketMessages", "TicketID"), ("TicketComments", "TicketID"), ("TicketAttachments", "TicketID"),
    ("TicketEmails", "TicketID"), ("TicketEventLogs", "TicketID"), ("TicketMerges", "TicketID"), ("Tasks", "TicketID"),
    ("TimeLogs", "TicketID"), ("TicketLinks", "TicketID"), ("TicketLinks", "TicketID_Secondary"), ("Threads", "TicketID"),
    ("SurveyOfferedUserContext", "TicketID"),
)  # fmt: skip
"""Tables, and columns that name the ticket, whose rows follow a merged ticket into the surviving one."""


def advance(url: str, files_root: Path, *, seed: int = 7, prefix: str = "st_") -> dict[str, int]:
    """Let a day pass in a help desk that :func:`build` made. It passes once: a second call changes nothing.

    Returns:
        What happened, by kind (:data:`KINDS`); all zeros where the day has passed before. Small help desks may have
        too few open tickets for all of it.
    """
    engine = sa.create_engine(url)
    try:
        with engine.begin() as connection:
            day = _Day(connection, files_root, seed, prefix)
            if day.has_passed():
                return dict.fromkeys(KINDS, 0)
            day.pass_()
            return day.done
    finally:
        engine.dispose()


def write_late(url: str, files_root: Path, *, seed: int = 7, prefix: str = "st_") -> int:
    """Let a customer write into an open ticket on the morning after that day, as mail that still arrives does. Once.

    Returns:
        How many messages came: 1, or 0 where it came before or no ticket is open.
    """
    engine = sa.create_engine(url)
    try:
        with engine.begin() as connection:
            day = _Day(connection, files_root, seed, prefix)
            waiting = day.waiting()
            if day.has_passed(LATE_MARKER) or not waiting:
                return 0
            day.message(waiting[-1], LATE, incoming=True)
            day.mark(LATE_MARKER)
            return 1
    finally:
        engine.dispose()


class _Day:
    """One day; every step takes tickets that no step before it has touched."""

    def __init__(self, connection: sa.Connection, files_root: Path, seed: int, prefix: str) -> None:
        self.connection = connection
        self.tables = metadata(prefix)
        self.prefix = prefix
        self.done = dict.fromkeys(KINDS, 0)
        world = World(seed, self._highest("Tickets", "TicketID"), self._customers())
        self.shop = Shop(world, Writer(connection, self.tables, prefix), FileTree(files_root))
        self.shop.ids = {table: self._highest(table, key) for table, key in COUNTERS.items()}
        self.shop.length_limit = None if connection.dialect.name == "sqlite" else CEILING
        self.rng = world.rng("day after")
        self.untouched: list[dict[str, Any]] = []
        self.closed: list[dict[str, Any]] = []
        """Tickets that were closed before this day."""

    def has_passed(self, marker: tuple[str, str] = MARKER) -> bool:
        """Whether a marker is there."""
        settings = self._table("GlobalSettings").c
        marked = (settings.SettingCategory == marker[0]) & (settings.SettingName == marker[1])
        return self.connection.execute(sa.select(settings.SettingName).where(marked)).first() is not None

    def pass_(self) -> None:
        """Do the day's work and set the marker."""
        self.untouched, self.closed = self._tickets(ACTIVE, WAITING), self._tickets(CLOSED)
        self._merge()
        self._delete()
        self._close()
        self._messages()
        self._reopen()
        self._comments()
        self._new_tickets()
        servers = self._table("Servers")
        self.connection.execute(servers.update().values({servers.c.DateLastHeartbeatUTC.name: END}))
        self.mark(MARKER)

    def mark(self, marker: tuple[str, str]) -> None:
        """Set a marker, and write everything."""
        value = json.dumps(self.done)
        self.shop.write.add("GlobalSettings", SettingCategory=marker[0], SettingName=marker[1], SettingValue=value)
        self.shop.write.close()

    def waiting(self) -> list[dict[str, Any]]:
        """Return the latest tickets that are open, oldest first."""
        return self._tickets(ACTIVE, WAITING)

    # --- steps -------------------------------------------------------------------------------------

    def _new_tickets(self) -> None:
        for k in range(NEW_TICKETS):
            opened = BEGIN + timedelta(minutes=55 * k + self.rng.randint(0, 50))
            ticket = tickets.think_up(self.shop, self.shop.world.tickets + 1 + k, opened, END)
            rows.write(self.shop, ticket)
            self.done["new_tickets"] += 1

    def _messages(self) -> None:
        """Write messages on open tickets; a ticket may get several if there are few."""
        chosen = self._take(MESSAGES - 1)
        for k in range(MESSAGES - 1 if chosen else 0):
            ticket = chosen[k % len(chosen)]
            message_id = self.message(ticket, self._moment(k), incoming=k % 3 != 1)
            if k == 1:
                self._attach(ticket, message_id, self._moment(k))
            self._update(ticket, TicketStatusID=WAITING if k % 3 == 1 else ACTIVE)

    def _reopen(self) -> None:
        for ticket in self.closed[-1:]:
            moment = self._moment(MESSAGES)
            self.message(ticket, moment, incoming=True)
            self._update(ticket, TicketStatusID=ACTIVE, DateClosedUTC=None)
            self._event(ticket, STATUS_CHANGED, moment, TicketStatusID=ACTIVE, OldTicketStatusID=CLOSED)
            self.done["reopened"] += 1

    def _comments(self) -> None:
        for k, ticket in enumerate(self.closed[-1 - COMMENTS : -1]):
            self.shop.write.add(
                "TicketComments", TicketCommentID=self.shop.next_id("TicketComments"), TicketID=ticket["TicketID"],
                CommentTypeID=1, UserID=AGENTS[0].user_id, DateEnteredUTC=self._moment(k), CommentText=stories.NOTES[""][0],
            )  # fmt: skip
            self.done["comments"] += 1

    def _close(self) -> None:
        for k, ticket in enumerate(self._take(min(CLOSURES, len(self.untouched) - 1))):
            self._update(ticket, TicketStatusID=CLOSED, DateClosedUTC=self._moment(k))
            self._event(
                ticket,
                STATUS_CHANGED,
                self._moment(k),
                TicketStatusID=CLOSED,
                OldTicketStatusID=ticket["TicketStatusID"],
            )
            self.done["closed"] += 1

    def _delete(self) -> None:
        for ticket in self._take(1 if len(self.untouched) > 2 else 0):
            moment = self._moment(3)
            self._update(ticket, IsDeleted=True, TicketStatusID=LOCKED, DateDeletedUTC=moment, DateClosedUTC=moment)
            self._event(ticket, DELETED, moment, TicketStatusID=LOCKED)
            self.done["deleted"] += 1

    def _merge(self) -> None:
        """Merge the second of two open tickets into the first."""
        if len(self.untouched) < 4:
            return
        survivor, merged = self._take(2)
        old, new = merged["TicketID"], survivor["TicketID"]
        for name, column in PARTS:
            table = self._table(name)
            self.connection.execute(sa.update(table).where(table.c[column] == old).values({column: new}))
        for name in ("CustomDataFieldsInTickets", "TicketTimings", "Tickets"):
            table = self._table(name)
            self.connection.execute(sa.delete(table).where(table.c.TicketID == old))
        self.shop.write.add("TicketMerges", TicketNumber=merged["TicketNumber"], TicketID=new)
        self._event(survivor, MERGED, self._moment(2))
        self.done["merged"] += 1

    # --- rows --------------------------------------------------------------------------------------

    def message(self, ticket: dict[str, Any], moment: datetime, *, incoming: bool) -> int:
        """Write a message, and the event of it; return its id."""
        message_id = self.shop.next_id("TicketMessages")
        agent, (name, support) = AGENTS[0], mailbox(ticket["DepartmentID"])
        customer, text = (
            ticket["CustomerEmailAddress"],
            self.rng.choice(stories.CHASES if incoming else stories.UPDATES),
        )
        self.shop.write.add(
            "TicketMessages", TicketMessageID=message_id, TicketID=ticket["TicketID"], DateReceivedUTC=moment,
            UserID_From=ticket["UserID_Customer"] if incoming else agent.user_id, Subject=f"Re: {ticket['Subject']}",
            BodyText=text, BodyHTML=f"<div>{text}</div>", MessageDirection=INCOMING if incoming else OUTGOING,
            FromAddress=customer if incoming else f"{agent.name} <{support}>", ToAddress=f"{name} <{support}>" if incoming else customer,
            CcAddresses="",
        )  # fmt: skip
        by = ticket["UserID_Customer"] if incoming else agent.user_id
        self._event(ticket, RECEIVED, moment, TicketMessageID=message_id, UserIDTakingAction=by)
        self.done["messages"] += 1
        return message_id

    def _attach(self, ticket: dict[str, Any], message_id: int, moment: datetime) -> None:
        stored = self.shop.files.store(pdf(self.rng), self.rng, f"TicketAttachments/{moment:%Y/%m}")
        self.shop.write.add(
            "TicketAttachments", TicketAttachmentID=self.shop.next_id("TicketAttachments"), TicketID=ticket["TicketID"],
            TicketMessageID=message_id, FileNameOriginal="Return label.pdf", FileNameOnDisk=stored.name_on_disk,
            CidTagName="", Length=stored.length, Crc=stored.crc, CreationDateUTC=moment,
        )  # fmt: skip
        self.done["attachments"] += 1

    def _event(self, ticket: dict[str, Any], kind: int, moment: datetime, **more: Any) -> None:
        same = ("DepartmentID", "GroupID", "UserID", "TicketStatusID", "TicketPriorityID", "TicketID")
        values = {name: ticket[name] for name in same} | {"UserIDTakingAction": AGENTS[0].user_id} | more
        self.shop.write.add("TicketEventLogs", EventDateUTC=moment, Uniquifier=self.shop.uniquifier(moment),
                            EventTypeID=kind, **values)  # fmt: skip

    def _update(self, ticket: dict[str, Any], **values: Any) -> None:
        table = self._table("Tickets")
        self.connection.execute(sa.update(table).where(table.c.TicketID == ticket["TicketID"]).values(**values))

    def _moment(self, k: int) -> datetime:
        """Return a moment of its own for the ``k``-th thing of a kind."""
        return BEGIN + timedelta(minutes=17 * k, seconds=self.rng.randint(0, 59))

    # --- the help desk as it is ---------------------------------------------------------------------

    def _table(self, name: str) -> sa.Table:
        return self.tables.tables[self.prefix + name]

    def _take(self, count: int) -> list[dict[str, Any]]:
        count = max(count, 0)
        taken, self.untouched = self.untouched[:count], self.untouched[count:]
        return taken

    def _tickets(self, *statuses: int) -> list[dict[str, Any]]:
        """Return the last 60 tickets of these states that can be worked on, oldest first."""
        table = self._table("Tickets")
        wanted: Sequence[sa.ColumnElement[bool]] = (
            table.c.TicketStatusID.in_(statuses), table.c.IsDeleted.is_(False), table.c.IsSpam.is_(False),
            table.c.CustomerEmailAddress != "", table.c.TicketPriorityID < 9,
        )  # fmt: skip
        found = sa.select(table).where(*wanted).order_by(table.c.TicketID.desc()).limit(60)
        return [dict(row) for row in self.connection.execute(found).mappings()][::-1]

    def _customers(self) -> list[Customer]:
        table = self._table("Users")
        found = sa.select(table.c.UserID, table.c.DisplayName, table.c.Email, table.c.Language)
        found = found.where(table.c.UserID >= FIRST_CUSTOMER, table.c.IsDeleted.is_(False)).order_by(table.c.UserID)
        known = [Customer(*row) for row in self.connection.execute(found.limit(200))]
        return [*known, Customer(None, "Nadine Vogel", "nadine.vogel@postbox.example")]

    def _highest(self, table: str, key: str) -> int:
        column = self._table(table).c[key]
        return self.connection.execute(sa.select(sa.func.max(column))).scalar() or 0
